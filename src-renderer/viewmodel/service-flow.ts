/**
 * A Service's calls as a flow: who asked, how they asked, who answered.
 *
 * ```
 *  clients          how it was asked              endpoints
 *  ┌ client-a ┐════╗
 *  └──────────┘    ╠══► ┌ ClusterIP 10.96.0.9:80 ┐════► ┌ web-a  45 of 90 ┐
 *  ┌ client-b ┐════╝    └────────────────────────┘════► └ web-b  45 of 90 ┘
 * ```
 * What each box says and where it leads; service-flow-place.ts says where it stands.
 */
import type { CallEnd, ServiceEndpointInfo, ServiceReport } from "../../src-shared/contract/map";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { textLiteral } from "../../src-shared/model/filter-text";
import { endpointValue } from "./filter-value";
import { formatNoun } from "./quantity";
import { type FlowDraft, type FlowLink, placeFlow, type ServiceFlow } from "./service-flow-place";
import { balanceOf, clientValue, failures, KIND_WORDS, serviceScope, serviceValue, titleOf } from "./service-words";

/** More clients than this are drawn as one; the table below names more of them. */
const MOST_CLIENTS = 12;

export function buildServiceFlow(report: ServiceReport, widthPx: number): ServiceFlow {
  const drafts: FlowDraft[] = [];
  const known = new Map<string, FlowDraft>();
  const node = (draft: FlowDraft): void => {
    if (known.has(draft.id)) return;
    known.set(draft.id, draft);
    drafts.push(draft);
  };
  const clientId = (at: number): string => (at < MOST_CLIENTS ? `client ${at}` : "client more");
  report.clients.forEach((client, at) => {
    const id = clientId(at);
    const old = known.get(id);
    if (old) old.connections += client.connections;
    else if (at < MOST_CLIENTS)
      node({
        id,
        column: 0,
        label: client.pod === null ? (client.host ?? client.ip) : shortName(client.pod),
        subtitle: endSubtitle(client, client.ip),
        connections: client.connections,
        tone: "plain",
        scope:
          client.ip === ""
            ? null
            : serviceScope(report, `${client.host ?? client.name} to ${titleOf(report)}`, { client: client.name }),
        value: clientValue(client),
      });
    else
      node({
        id,
        column: 0,
        label: formatNoun(report.clients.length - MOST_CLIENTS + report.moreClients, "more client"),
        subtitle: "",
        connections: client.connections,
        tone: "plain",
        scope: null,
        value: null,
      });
  });
  for (const ingress of report.ingresses)
    node({
      id: `ingress ${ingress.name} ${ingress.rule}`,
      column: 0,
      label: ingress.rule,
      subtitle: `Ingress ${ingress.name}`,
      connections: 0,
      tone: "quiet",
      scope: null,
      value: null,
    });
  const entryId = (at: number): string => (report.entries[at]?.by === "endpoint" ? "entry name" : `entry ${at}`);
  report.entries.forEach((entry, at) => {
    const id = entryId(at);
    const old = known.get(id);
    if (old) {
      old.connections += entry.connections;
      return;
    }
    node({
      id,
      column: 1,
      label: entry.by === "endpoint" ? titleOf(report) : entry.by === "unseen" ? "not recorded" : endpointText(entry),
      subtitle: ENTRY_WORDS[entry.by] ?? entry.by,
      connections: entry.connections,
      tone: entry.connections === 0 ? "quiet" : "plain",
      scope: serviceScope(report, titleOf(report), {}),
      value:
        entry.by === "unseen"
          ? null
          : entry.by === "endpoint"
            ? serviceValue(report)
            : endpointValue("Asked for", entry, report.protocol),
    });
  });
  if (report.externalName !== null)
    node({
      id: "entry name",
      column: 1,
      label: titleOf(report),
      subtitle: "CNAME, no translation",
      connections: report.connections,
      tone: "plain",
      scope: null,
      value: null,
    });
  else if (!drafts.some((draft) => draft.column === 1))
    node({
      id: "entry name",
      column: 1,
      label: titleOf(report),
      subtitle: KIND_WORDS[report.kind],
      connections: 0,
      tone: "quiet",
      scope: null,
      value: null,
    });
  const balance = balanceOf(report);
  report.endpoints.forEach((endpoint, at) =>
    node({
      id: `endpoint ${at}`,
      column: 2,
      label: endpoint.pod === null ? (endpoint.host ?? endpointText(endpoint)) : shortName(endpoint.pod),
      subtitle: balance[at]?.note ?? endpointSubtitle(endpoint),
      connections: endpoint.connections,
      tone: failures(endpoint.errors) > 0 ? "bad" : endpoint.connections === 0 ? "quiet" : "plain",
      scope: serviceScope(report, `${endpointText(endpoint)} of ${titleOf(report)}`, {
        endpoint: endpointText(endpoint),
      }),
      value: endpointValue("Endpoint", endpoint, report.protocol),
    }),
  );
  if (report.externalName !== null)
    node({
      id: "endpoint external",
      column: 2,
      label: report.externalName,
      subtitle: "outside the cluster's Services",
      connections: report.connections,
      tone: "plain",
      scope: null,
      value: {
        label: "Canonical name",
        text: report.externalName,
        filter: `dns.cname == ${textLiteral(report.externalName)}`,
      },
    });
  if (report.calls.some((call) => call.endpoint < 0))
    node({
      id: "endpoint nobody",
      column: 2,
      label: "nobody answered",
      subtitle: "no translation to an endpoint was seen",
      connections: report.calls.filter((c) => c.endpoint < 0).reduce((sum, c) => sum + c.connections, 0),
      tone: "bad",
      scope: null,
      value: null,
    });

  const links = new Map<string, FlowLink>();
  const link = (from: string, to: string, connections: number, failed: number): void => {
    const key = `${from} > ${to}`;
    const old = links.get(key);
    if (old) {
      old.connections += connections;
      old.failed += failed;
    } else links.set(key, { from, to, connections, failed });
  };
  for (const { client, entry, endpoint, connections, failed } of report.calls) {
    link(clientId(client), entryId(entry), connections, failed);
    link(entryId(entry), endpoint < 0 ? "endpoint nobody" : `endpoint ${endpoint}`, connections, failed);
  }
  const firstEntry = drafts.find((draft) => draft.column === 1)?.id ?? "";
  for (const draft of drafts) if (draft.id.startsWith("ingress ")) link(draft.id, firstEntry, 0, 0);
  if (report.externalName !== null) link("entry name", "endpoint external", 0, 0);
  return placeFlow(drafts, [...links.values()], widthPx);
}

const ENTRY_WORDS: Readonly<Record<string, string>> = {
  "cluster-ip": "ClusterIP: translated (DNAT)",
  "node-port": "NodePort of a node: translated",
  "load-balancer": "load balancer's address",
  "external-ip": "external address",
  endpoint: "headless: the name is the endpoints'",
  unseen: "seen only behind the translation",
};

const END_WORDS: Readonly<Record<CallEnd["kind"], string>> = {
  pod: "pod",
  node: "node",
  router: "router",
  outside: "outside",
  machine: "machine",
  unknown: "network unknown",
};

/** What it is, and its address where it is called otherwise: "172.20.1.11" of a pod with a name, "node · 10.0.0.1", "outside". */
function endSubtitle({ kind, host, pod }: CallEnd & { readonly pod: string | null }, address: string): string {
  if (pod !== null) return address;
  return host === null ? END_WORDS[kind] : `${END_WORDS[kind]} · ${address}`;
}

function endpointSubtitle(endpoint: ServiceEndpointInfo): string {
  const { kind, node } = endpoint;
  const is = endSubtitle(endpoint, endpointText(endpoint));
  return node === null || kind === "node" ? is : `${is} on ${node}`;
}

/** "web" of "default/web": the namespace is in the title. */
function shortName(name: string): string {
  return name.includes("/") ? name.slice(name.indexOf("/") + 1) : name;
}
