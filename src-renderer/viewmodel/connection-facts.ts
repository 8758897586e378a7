/** A connection in words: who asked for what, who answered, what was changed on the way; each line with its evidence. */
import type { ConnectionJson, EndpointJson } from "../../src-shared/contract/join";
import { endpointText, nameWithPort } from "../../src-shared/model/endpoint-text";
import { textLiteral } from "../../src-shared/model/filter-text";
import { protocolWord } from "../../src-shared/model/protocol-word";
import { tunnelValueFilter } from "../../src-shared/reconstruct/tunnel-filter";
import {
  addressValue,
  connectionValue,
  distinctValues,
  endpointValue,
  type FilterValue,
  natKindValue,
  podValue,
  pointValue,
  portValue,
  serviceNameValue,
  valuesInText,
} from "./filter-value";
import type { PointNames } from "./point-names";
import { formatBytes, formatNoun } from "./quantity";

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Why it is believed, or whether it is inferred; null: told by the packets themselves. */
  readonly note: string | null;
  /** What its menu asks for. */
  readonly values: readonly FilterValue[];
}

/** The end itself, its pod, its machine. A told end is in no packet: only the connection is. */
function endValues(
  label: string,
  c: ConnectionJson,
  end: EndpointJson | null,
  isTold: boolean,
): readonly FilterValue[] {
  if (end === null || isTold) return [connectionValue(c.id, connectionName(c))];
  return [endpointValue(label, end, c.protocol)];
}

function placeValues({ pod }: ConnectionJson["client"]): readonly FilterValue[] {
  return pod === null ? [] : [podValue(pod)];
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
  const isTold = (what: "client" | "requested"): boolean => c.told?.includes(what) ?? false;
  const whole = [connectionValue(c.id, connectionName(c))];
  const point = (id: string): FilterValue => pointValue({ id, name: names(id) });
  const facts: Fact[] = [
    {
      label: "Client",
      value: placed(c.client),
      note: told("client") ?? named(c.client) ?? inferred("pod") ?? inferred("node"),
      values: [...endValues("Client", c, c.client, isTold("client")), ...placeValues(c.client)],
    },
    {
      label: "Asked for",
      value: `${c.service === null ? "" : `Service ${c.service}, `}${shownText(c.requested)}`,
      note: told("requested") ?? inferred("service"),
      values: [
        ...endValues("Asked for", c, c.requested, isTold("requested")),
        ...(c.service === null ? [] : [serviceNameValue(c.service)]),
      ],
    },
    {
      label: "Answered by",
      value: placed(c.server),
      note: named(c.server) ?? inferred("pod") ?? inferred("node"),
      values: [...endValues("Answered by", c, c.server, false), ...placeValues(c.server)],
    },
    {
      label: "Server saw",
      value: shownText(c.seenByServerAs),
      note: null,
      values: endValues("Server saw", c, c.seenByServerAs, false),
    },
    {
      label: "Kind",
      value: `${words(c.kind)}, ${words(c.locality)}${c.hairpin ? ", hairpin" : ""}`,
      note: inferred("kind"),
      values: [{ label: "Kind", text: words(c.kind), filter: `connection.kind == ${textLiteral(c.kind)}` }],
    },
  ];
  for (const t of c.translations) {
    const between = t.between.filter((id) => id !== null);
    const where = between.map(names).join(" and ");
    facts.push({
      label: t.kind.toUpperCase(),
      value: `${endpointText(t.from)} → ${endpointText(t.to)}${t.node === null ? "" : ` on ${t.node}`}${where === "" ? "" : `, between ${where}`}`,
      note: `evidence: ${t.evidence.join(", ")}`,
      values: [
        natKindValue(t.kind),
        endpointValue("Before", t.from, c.protocol),
        endpointValue("After", t.to, c.protocol),
        ...between.map(point),
      ],
    });
  }
  for (const e of c.encapsulations) {
    const parts = [e.kind, e.vni === null ? null : `VNI ${e.vni}`, e.port === null ? null : `UDP ${e.port}`];
    facts.push({
      label: "Tunnel",
      value: `${parts.filter(Boolean).join(", ")}: ${e.outer.src} → ${e.outer.dst}`,
      note: null,
      values: distinctValues([
        { label: "Tunnel", text: e.kind, filter: tunnelValueFilter(e.kind, null) },
        ...(e.vni === null ? [] : [{ label: "VNI", text: String(e.vni), filter: tunnelValueFilter(e.kind, e.vni) }]),
        ...(e.port === null ? [] : [portValue("UDP port", "udp", e.port)]),
        addressValue("Outer source", e.outer.src),
        addressValue("Outer destination", e.outer.dst),
      ]),
    });
  }
  facts.push(
    {
      label: "Path",
      value: c.path.map(names).join(" → ") || "seen at one point only",
      note: c.otherPaths > 0 ? `${formatNoun(c.otherPaths, "packet")} went otherwise` : null,
      values: c.path.length > 0 ? distinctValues(c.path.map(point)) : whole,
    },
    {
      label: "Way back",
      value: c.returnPath.map(names).join(" → ") || "not seen",
      note: null,
      values: c.returnPath.length > 0 ? distinctValues(c.returnPath.map(point)) : whole,
    },
    {
      label: "Packets",
      value: `${formatNoun(c.packets.distinct, "packet")}, ${formatNoun(c.packets.sightings, "sighting")}, ${c.packets.missing === 0 ? "none missing" : `${c.packets.missing} missing`}`,
      note: null,
      values: whole,
    },
    {
      label: "Bytes",
      value: `${formatBytes(c.bytes.fromClient)} from the client, ${formatBytes(c.bytes.fromServer)} from the server`,
      note: null,
      values: whole,
    },
    {
      label: "State",
      value: c.state,
      note: c.ambiguous ? "ambiguous: another join is equally good" : null,
      values: whole,
    },
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
  readonly value: string;
  readonly note: string | null;
  readonly values: readonly FilterValue[];
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
      value: detail,
      note: ambiguous ? "not certain" : null,
      values: [connectionValue(connection), ...valuesInText(detail)],
    }));
}
