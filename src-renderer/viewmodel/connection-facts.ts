/** A connection in words: who asked for what, who answered, what was changed on the way; each line with its evidence. */
import type { ConnectionJson, EndpointJson } from "../../src-shared/contract/join";
import { endpointText, nameWithPort } from "../../src-shared/model/endpoint-text";
import { protocolWord } from "../../src-shared/model/protocol-word";
import type { PointNames } from "./point-names";
import { formatBytes, formatNoun } from "./quantity";

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Why it is believed, or whether it is inferred; null: told by the packets themselves. */
  readonly note: string | null;
}

function shownText(endpoint: EndpointJson | null): string {
  return endpoint ? endpointText(endpoint) : "not shown by these files";
}

function placed(endpoint: ConnectionJson["client"]): string {
  const where = [
    endpoint.pod === null ? (endpoint.name ?? null) : `pod ${endpoint.pod}`,
    endpoint.node === null ? null : `on ${endpoint.node}`,
  ];
  const text = where.filter(Boolean).join(" ");
  return text === "" ? endpointText(endpoint) : `${text} (${endpointText(endpoint)})`;
}

/** What named the end, with the containers and processes it told; null: no comment and no interface did. */
function named({ namedBy, container, process }: ConnectionJson["client"]): string | null {
  if (namedBy === undefined) return null;
  const more = [
    container === undefined ? null : `container ${container}`,
    process === undefined ? null : `process ${process}`,
  ].filter(Boolean);
  return [`named by ${namedBy === "comment" ? "packets' comments" : "the interface"}`, ...more].join(", ");
}

/** "TCP default/web-a:47004 → default/shop:80": its ends as the table of connections has them. */
export function connectionName({ protocol, client, requested, server, service }: ConnectionJson): string {
  const asked = requested ?? server;
  const pod = service ?? (requested ? null : server.pod);
  const from = client.pod === null ? endpointText(client) : nameWithPort(client.pod, client.port);
  const to = pod === null ? endpointText(asked) : nameWithPort(pod, asked.port);
  return `${protocolWord(protocol)} ${from} → ${to}`;
}

export function connectionFacts(c: ConnectionJson, names: PointNames): readonly Fact[] {
  const inferred = (what: string): string | null => (c.inferred.includes(what) ? "inferred from the traffic" : null);
  const told = (what: "client" | "requested"): string | null =>
    c.told?.includes(what) ? "told by conntrack, not shown by these files" : null;
  const facts: Fact[] = [
    {
      label: "Client",
      value: placed(c.client),
      note: told("client") ?? named(c.client) ?? inferred("pod") ?? inferred("node"),
    },
    {
      label: "Asked for",
      value: `${c.service === null ? "" : `Service ${c.service}, `}${shownText(c.requested)}`,
      note: told("requested") ?? inferred("service"),
    },
    { label: "Answered by", value: placed(c.server), note: named(c.server) ?? inferred("pod") ?? inferred("node") },
    { label: "Server saw", value: shownText(c.seenByServerAs), note: null },
    {
      label: "Kind",
      value: `${words(c.kind)}, ${words(c.locality)}${c.hairpin ? ", hairpin" : ""}`,
      note: inferred("kind"),
    },
  ];
  for (const t of c.translations) {
    const where = t.between.flatMap((id) => (id === null ? [] : [names(id)])).join(" and ");
    facts.push({
      label: t.kind.toUpperCase(),
      value: `${endpointText(t.from)} → ${endpointText(t.to)}${t.node === null ? "" : ` on ${t.node}`}${where === "" ? "" : `, between ${where}`}`,
      note: `evidence: ${t.evidence.join(", ")}`,
    });
  }
  for (const e of c.encapsulations) {
    const parts = [e.kind, e.vni === null ? null : `VNI ${e.vni}`, e.port === null ? null : `UDP ${e.port}`];
    facts.push({
      label: "Tunnel",
      value: `${parts.filter(Boolean).join(", ")}: ${e.outer.src} → ${e.outer.dst}`,
      note: null,
    });
  }
  facts.push(
    {
      label: "Path",
      value: c.path.map(names).join(" → ") || "seen at one point only",
      note: c.otherPaths > 0 ? `${formatNoun(c.otherPaths, "packet")} went otherwise` : null,
    },
    { label: "Way back", value: c.returnPath.map(names).join(" → ") || "not seen", note: null },
    {
      label: "Packets",
      value: `${formatNoun(c.packets.distinct, "packet")}, ${formatNoun(c.packets.sightings, "sighting")}, ${c.packets.missing === 0 ? "none missing" : `${c.packets.missing} missing`}`,
      note: null,
    },
    {
      label: "Bytes",
      value: `${formatBytes(c.bytes.fromClient)} from the client, ${formatBytes(c.bytes.fromServer)} from the server`,
      note: null,
    },
    { label: "State", value: c.state, note: c.ambiguous ? "ambiguous: another join is equally good" : null },
  );
  return facts;
}

/** "pod-to-service" → "pod to Service" */
function words(name: string): string {
  return name.replace(/-/g, " ").replace(/\bservice\b/, "Service");
}

/** What came before a connection and what followed from it: one line each, leading to the other connection. */
export interface RelatedFact {
  readonly label: string;
  /** Id of the other connection. */
  readonly connection: string;
  readonly text: string;
  readonly note: string | null;
}

const RELATIONS: Readonly<Record<string, readonly [label: string, isBefore: boolean]>> = {
  "dns-lookup": ["Name looked up", true],
  "ingress-from": ["Through a proxy, from", true],
  "ingress-to": ["Through a proxy, to", false],
  "dns-for": ["Looked up for", false],
};

/** The section "Before and after": what came before first. */
export function relatedFacts(c: ConnectionJson): readonly RelatedFact[] {
  const isBefore = (relation: string): boolean => RELATIONS[relation]?.[1] ?? false;
  return [...c.related]
    .sort((a, b) => Number(isBefore(b.relation)) - Number(isBefore(a.relation)))
    .map(({ relation, connection, detail, ambiguous }) => ({
      label: RELATIONS[relation]?.[0] ?? relation,
      connection,
      text: detail,
      note: ambiguous ? "not certain" : null,
    }));
}
