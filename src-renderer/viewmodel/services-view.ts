/**
 * A Service's calls as a flow: three columns, ribbons as thick as the calls they stand for; and what is worth saying of each endpoint.
 *
 * ```
 *  clients          how it was asked              endpoints
 *  ┌ client-a ┐════╗
 *  └──────────┘    ╠══► ┌ ClusterIP 10.96.0.9:80 ┐════► ┌ web-a  45 of 90 ┐
 *  ┌ client-b ┐════╝    └────────────────────────┘════► └ web-b  45 of 90 ┘
 * ```
 * d3's bundle has no sankey: with three columns in a given order no layout has to be searched for.
 */
import type {
  CallEnd,
  Latency,
  ServiceEndpointInfo,
  ServiceErrors,
  ServiceKind,
  ServiceReport,
} from "../../src-shared/contract/map";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { endpointFilter, textLiteral } from "../../src-shared/model/filter-text";
import { addressValue, anyOf, endpointValue, type FilterValue } from "./filter-value";
import { formatCount, formatDuration, formatNoun } from "./quantity";
import type { ConnectionScope } from "./selection-step";

export interface FlowNode {
  readonly id: string;
  readonly column: 0 | 1 | 2;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly label: string;
  readonly subtitle: string;
  readonly connections: number;
  /** "plain", "quiet": nothing was sent there, "bad": something went wrong there. */
  readonly tone: "plain" | "quiet" | "bad";
  readonly scope: ConnectionScope | null;
  /** What its menu can ask for; null: nothing. */
  readonly value: FilterValue | null;
}

export interface FlowRibbon {
  readonly id: string;
  /** SVG path of its area. */
  readonly path: string;
  readonly failed: boolean;
  readonly title: string;
  /** Of both of its ends: behind a translation no packet has both addresses. */
  readonly values: readonly FilterValue[];
}

export interface ServiceFlow {
  readonly nodes: readonly FlowNode[];
  readonly ribbons: readonly FlowRibbon[];
  readonly widthPx: number;
  readonly heightPx: number;
}

const MOST_W = 210;
const LEAST_W = 150;
/** Between the columns, for the ribbons. */
const LEAST_BETWEEN = 70;
const LEAST_H = 40;
const GAP = 12;
const TOP = 26;
/** Height that the most used column's ribbons share. */
const FLOW_PX = 170;
/** More clients than this are drawn as one; the table below names more of them. */
const MOST_CLIENTS = 12;

interface Draft {
  readonly id: string;
  readonly column: 0 | 1 | 2;
  readonly label: string;
  readonly subtitle: string;
  connections: number;
  readonly tone: FlowNode["tone"];
  readonly scope: ConnectionScope | null;
  readonly value: FilterValue | null;
}

interface Link {
  readonly from: string;
  readonly to: string;
  connections: number;
  failed: number;
}

export function buildServiceFlow(report: ServiceReport, widthPx: number): ServiceFlow {
  const drafts: Draft[] = [];
  const known = new Map<string, Draft>();
  const node = (draft: Draft): void => {
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

  const links = new Map<string, Link>();
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
  return place(drafts, [...links.values()], widthPx);
}

function place(drafts: readonly Draft[], links: readonly Link[], widthPx: number): ServiceFlow {
  const totals = [0, 1, 2].map((column) =>
    drafts.filter((d) => d.column === column).reduce((sum, d) => sum + d.connections, 0),
  );
  const scale = FLOW_PX / Math.max(1, ...totals);
  const width = Math.max(widthPx, LEAST_W * 3 + LEAST_BETWEEN * 2);
  const nodeW = Math.min(MOST_W, (width - LEAST_BETWEEN * 2) / 3);
  const xs = [0, (width - nodeW) / 2, width - nodeW];
  const heights = [TOP, TOP, TOP];
  const nodes = new Map<string, FlowNode>();
  for (const draft of drafts) {
    const h = Math.max(LEAST_H, draft.connections * scale);
    const y = heights[draft.column] ?? TOP;
    heights[draft.column] = y + h + GAP;
    nodes.set(draft.id, { ...draft, x: xs[draft.column] ?? 0, y, w: nodeW, h });
  }
  // Shorter columns stand in the middle of the tallest.
  const tallest = Math.max(...heights);
  for (const [id, node] of nodes)
    nodes.set(id, { ...node, y: node.y + (tallest - (heights[node.column] ?? tallest)) / 2 });
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const sum = (key: "from" | "to", id: string): number =>
    links.filter((l) => l[key] === id).reduce((total, l) => total + thicknessOf(l, scale), 0);
  // In the order of the boxes on both sides: fewer crossings.
  const place = new Map([...nodes.keys()].map((id, at) => [id, at]));
  const order = (id: string): number => place.get(id) ?? 0;
  const sorted = links.toSorted((a, b) => order(a.from) - order(b.from) || order(a.to) - order(b.to));
  const ribbons = sorted.flatMap((l): FlowRibbon[] => {
    const [from, to] = [nodes.get(l.from), nodes.get(l.to)];
    if (!from || !to) return [];
    const thickness = thicknessOf(l, scale);
    const start = (node: FlowNode, key: "from" | "to", used: Map<string, number>): number => {
      const at = used.get(node.id) ?? (node.h - Math.min(node.h, sum(key, node.id))) / 2;
      used.set(node.id, at + thickness);
      return node.y + at + thickness / 2;
    };
    const [y1, y2] = [start(from, "from", out), start(to, "to", into)];
    const [x1, x2] = [from.x + from.w, to.x];
    const failed = l.failed > 0 ? `, ${formatCount(l.failed)} failed` : "";
    return [
      {
        id: `${l.from} > ${l.to}`,
        path: ribbonPath(x1, y1, x2, y2, thickness),
        failed: l.failed > 0,
        values: [from.value, to.value].flatMap((value) => value ?? []),
        title: `${from.label} to ${to.label}: ${l.connections === 0 ? "leads there" : formatNoun(l.connections, "connection")}${failed}`,
      },
    ];
  });
  return { nodes: [...nodes.values()], ribbons, widthPx: width, heightPx: tallest };
}

/** An area between two curves: a stroke as thick would bulge over the boxes. */
function ribbonPath(x1: number, y1: number, x2: number, y2: number, thickness: number): string {
  const half = thickness / 2;
  const middle = round((x1 + x2) / 2);
  const [a, b, c, d] = [y1 - half, y2 - half, y2 + half, y1 + half].map(round);
  return `M${round(x1)} ${a}C${middle} ${a} ${middle} ${b} ${round(x2)} ${b}V${c}C${middle} ${c} ${middle} ${d} ${round(x1)} ${d}Z`;
}

function thicknessOf(link: Link, scale: number): number {
  return Math.max(1.5, link.connections * scale);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const ENTRY_WORDS: Readonly<Record<string, string>> = {
  "cluster-ip": "ClusterIP: translated (DNAT)",
  "node-port": "NodePort of a node: translated",
  "load-balancer": "load balancer's address",
  "external-ip": "external address",
  endpoint: "headless: the name is the endpoints'",
  unseen: "seen only behind the translation",
};

export const KIND_WORDS: Readonly<Record<ServiceKind, string>> = {
  ClusterIP: "ClusterIP",
  headless: "headless, no translation",
  NodePort: "NodePort",
  LoadBalancer: "LoadBalancer",
  ExternalName: "ExternalName, a CNAME",
  inferred: "inferred from DNAT",
};

export interface EndpointBalance {
  /** "never chosen", "78 of 90, 45 expected"; null: nothing to say. */
  readonly note: string | null;
  readonly uneven: boolean;
}

/**
 * Whether calls fall on endpoints as chance would have it: with k ready endpoints each gets n/k of n calls; more than three
 * standard deviations of a binomial from that is called uneven. With few calls nothing is said.
 */
export function balanceOf(report: ServiceReport): readonly EndpointBalance[] {
  const ready = report.endpoints.filter((e) => e.ready);
  const calls = ready.reduce((sum, e) => sum + e.connections, 0);
  const share = ready.length === 0 ? 0 : 1 / ready.length;
  const expected = calls * share;
  const deviation = Math.sqrt(calls * share * (1 - share));
  // Chosen by address or by node, not by chance.
  const byChance = !report.sessionAffinity && !report.localOnly && report.kind !== "headless" && ready.length > 1;
  return report.endpoints.map((endpoint): EndpointBalance => {
    if (!endpoint.ready) return { note: `not ready${endpoint.connections > 0 ? ", yet called" : ""}`, uneven: false };
    const { connections } = endpoint;
    const uneven = byChance && calls >= 10 && Math.abs(connections - expected) > 3 * deviation;
    if (connections === 0 && report.connections > 0)
      return { note: `never chosen${uneven ? `: 0 of ${calls}, ${rounded(expected)} expected` : ""}`, uneven };
    if (connections === 0) return { note: "not called in this recording", uneven: false };
    return uneven
      ? { note: `uneven: ${connections} of ${calls}, ${rounded(expected)} expected`, uneven }
      : { note: null, uneven };
  });
}

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

export function failures(errors: ServiceErrors): number {
  return errors.refused + errors.reset + errors.unanswered + errors.http5xx;
}

/** "2 refused, 1 without answer"; "": none. */
export function errorWords(errors: ServiceErrors): string {
  const words: [number, string][] = [
    [errors.refused, "refused"],
    [errors.reset, "reset"],
    [errors.unanswered, "without answer"],
    [errors.http5xx, "HTTP 5xx"],
  ];
  return words
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${formatCount(count)} ${word}`)
    .join(", ");
}

/** "0.31 ms, 95 %: 2 ms" */
export function latencyWords({ medianMs, p95Ms }: Latency): string {
  if (medianMs === null || p95Ms === null) return "";
  return `${formatDuration(medianMs / 1000)}, 95 %: ${formatDuration(p95Ms / 1000)}`;
}

export function titleOf(report: ServiceReport): string {
  return report.name ?? report.id;
}

export function serviceScope(
  report: ServiceReport,
  label: string,
  more: Readonly<Record<string, string>>,
): ConnectionScope | null {
  // A headless Service's connections are found by their endpoints: nothing on the wire names it.
  if (report.kind === "ExternalName" || report.kind === "headless") {
    if (report.kind === "headless" && more["endpoint"] !== undefined) return { kind: "endpoint", label, options: more };
    return null;
  }
  return { kind: "service", label, options: { service: report.id, ...more } };
}

/** Its packets: those to where it was asked, without such an address (headless) those of its endpoints. */
export function serviceValue(report: ServiceReport): FilterValue {
  const asked = report.entries.filter((entry) => entry.by !== "unseen" && entry.by !== "endpoint");
  const ends = asked.length > 0 ? asked : report.endpoints;
  return {
    label: "Service",
    text: titleOf(report),
    filter: anyOf(ends.map((end) => endpointFilter(end, report.protocol))),
  };
}

export function clientValue({ ip, name, host }: ServiceReport["clients"][number]): FilterValue {
  return addressValue("Client", ip, host ?? name);
}

/** What the cells of an endpoint's row stand for, by column; the first three, and nothing further. */
export function endpointValues(report: ServiceReport, endpoint: ServiceEndpointInfo): readonly FilterValue[] {
  const { ip, pod } = endpoint;
  return [
    endpointValue("Endpoint", endpoint, report.protocol),
    // A pod stands for its address: the filter knows no name that no joining told.
    addressValue(pod === null ? "Address" : "Pod", ip, pod ?? ip),
  ];
}

export function lookupValues(report: ServiceReport, lookup: ServiceReport["lookups"][number]): readonly FilterValue[] {
  const client = report.clients.find(({ name }) => name === lookup.client);
  return [
    client ? clientValue(client) : addressValue("Client", lookup.client, lookup.client),
    { label: "Name", text: lookup.name, filter: `dns.qry.name == ${textLiteral(lookup.name)}` },
  ];
}

/** What is special about a Service, in sentences. */
export function serviceNotes(report: ServiceReport): readonly string[] {
  const notes: string[] = [];
  if (report.kind === "headless") notes.push("Headless: DNS gives the endpoints' addresses, nothing is translated.");
  if (report.kind === "ExternalName")
    notes.push(
      `ExternalName: DNS answers with the CNAME ${report.externalName ?? ""}; there is no address to translate.`,
    );
  if (report.kind === "inferred") notes.push("Inferred from translated packets: no cluster file names it.");
  if (report.sessionAffinity)
    notes.push("Session affinity: a client stays with its endpoint, so the balance says nothing.");
  if (report.localOnly) notes.push("externalTrafficPolicy Local: calls from outside stay on the node they reach.");
  if (report.entries.some((entry) => entry.by === "unseen"))
    notes.push("Some calls were recorded only behind the translation: what was asked is not shown.");
  if (report.measured < report.connections)
    notes.push(
      `Latency and HTTP answers of ${formatCount(report.measured)} of ${formatNoun(report.connections, "connection")}.`,
    );
  return notes;
}

/** The endpoint's row of the table under the picture. */
export function endpointCells(
  endpoint: ServiceEndpointInfo,
  balance: EndpointBalance | undefined,
  calls: number,
): string[] {
  return [
    endpointText(endpoint),
    endpoint.pod ?? "",
    endpoint.node ?? "",
    formatCount(endpoint.connections),
    calls > 0 ? `${Math.round((100 * endpoint.connections) / calls)} %` : "",
    errorWords(endpoint.errors),
    latencyWords(endpoint.handshake),
    latencyWords(endpoint.firstByte),
    balance?.note ?? "",
  ];
}

export const ENDPOINT_COLUMNS = [
  "Endpoint",
  "Pod",
  "Node",
  "Connections",
  "Share",
  "Errors",
  "Connect, median",
  "First byte, median",
  "Note",
] as const;

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
