/**
 * The server sees a node's address in place of the client's: a NodePort or load balancer under externalTrafficPolicy Cluster,
 * or a masquerade rule that matches too much.
 *
 * ```
 * asked for            by whom           what hides the client
 * a node's address     outside, inside   kube-proxy masquerades all that comes over a node port, whoever asks
 * the Service's own    inside            a rule that matches what it should not
 * ```
 *
 * Not a finding: egress (that is what SNAT is for), hairpin (a pod must not get its own address as the peer's), and a node
 * that only changes between addresses of its own.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Finding } from "../../../src-shared/model/finding";
import type { Connection, Translation } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, firstRow, hostText, placeText, upsert } from "./context";
import { isIcmpReport } from "./echo";
import { kubectl, onNode } from "./shell";

interface Group {
  readonly first: Connection;
  /** The translation that made what the server saw of the first one. */
  readonly snat: Translation;
  readonly isInside: boolean;
  /** Asked for at a node's address, or another one that leads to the Service from outside. */
  readonly isByNode: boolean;
  /** Addresses that were asked for, and with their ports. */
  readonly requested: Set<string>;
  readonly endpoints: Set<string>;
  readonly clients: Set<string>;
  /** Addresses the server saw. */
  readonly seen: Set<string>;
  readonly connections: Connection[];
  readonly rows: number[];
}

/** Not pod-to-node: many networks masquerade that on purpose, and the model's rules tell it (model-rules/). */
const INSIDE = new Set(["pod-to-pod", "pod-to-service", "node-to-pod", "node-to-service"]);
/** Addresses in a sentence. */
const MOST_LISTED = 3;
const FROM_OUTSIDE = new Set(["external-to-service", "external-to-pod"]);

export function snatHidesClient(context: FindingContext): FindingFamily {
  const groups = new Map<string, Group>();
  return {
    visit(connection, journeys) {
      const { seenByServerAs: seen, client, hairpin, kind } = connection;
      if (!seen || hairpin || seen.ip === client.ip || isIcmpReport(context.join, connection)) return;
      if (!FROM_OUTSIDE.has(kind) && !INSIDE.has(kind)) return;
      const snats = connection.translations.filter((t) => t.kind === "snat" && t.from.ip !== t.to.ip);
      // Translated twice (on the client's node and on the one it asked): the last one is what the server sees.
      const snat = snats.findLast((t) => t.to.ip === seen.ip) ?? snats.at(-1);
      if (!snat) return;
      const isInside = INSIDE.has(kind);
      if (isInside && ownAddressChange(context, connection, seen.ip)) return;
      const asked = connection.requested ?? connection.server;
      const isByNode = isAskedByNode(context, connection);
      const target = connection.service ?? (isByNode ? `port ${asked.port}` : endpointText(asked));
      const group = upsert(
        groups,
        `${target}${isInside ? " inside" : ""}${isInside && isByNode ? " by node" : ""}`,
        () => ({
          first: connection,
          snat,
          isInside,
          isByNode,
          requested: new Set<string>(),
          endpoints: new Set<string>(),
          clients: new Set<string>(),
          seen: new Set<string>(),
          connections: [],
          rows: [],
        }),
      );
      group.requested.add(asked.ip);
      group.endpoints.add(`${connection.protocol} ${endpointText(asked)}`);
      group.clients.add(client.ip);
      group.seen.add(seen.ip);
      group.connections.push(connection);
      const opening = journeys.find((j) => j.direction === "to-server");
      if (opening) group.rows.push(...opening.sightings);
      else if (journeys[0]) group.rows.push(firstRow(journeys[0]));
    },
    finish: () => byService(groups).map(([key, group]) => say(context, key, group)),
  };
}

/** What was asked for by address goes with the Service that others asked for there: one of them had its name, from DNS. */
function byService(groups: ReadonlyMap<string, Group>): readonly (readonly [string, Group])[] {
  const flagsOf = ({ isInside, isByNode }: Group): string => `${isInside ? "inside" : ""} ${isByNode ? "by node" : ""}`;
  const services = new Map<string, Group>();
  for (const group of groups.values())
    if (group.first.service !== null)
      for (const endpoint of group.endpoints) services.set(`${endpoint} ${flagsOf(group)}`, group);
  return [...groups].filter(([, group]) => {
    if (group.first.service !== null) return true;
    const found = new Set([...group.endpoints].map((endpoint) => services.get(`${endpoint} ${flagsOf(group)}`)));
    const [service] = found;
    if (!service || found.size > 1) return true;
    for (const of of ["requested", "endpoints", "clients", "seen"] as const)
      for (const text of group[of]) service[of].add(text);
    service.connections.push(...group.connections);
    service.rows.push(...group.rows);
    return false;
  });
}

function say(context: FindingContext, key: string, group: Group): Finding {
  const { first, snat, isInside, isByNode, requested, clients, seen, connections, rows } = group;
  const service = first.service === null ? null : context.cluster.service(first.service, context.atMs(first));
  const policy = service?.externalTrafficPolicy ?? null;
  const { node } = snat;
  const asked = first.requested ?? first.server;
  const where = requested.size > 1 ? `port ${asked.port} of ${requested.size} nodes` : endpointText(asked);
  const target =
    first.service === null
      ? where.replace(/^p/, "P")
      : isInside && isByNode
        ? `${first.service} (${where})`
        : first.service;
  const addresses = listText([...seen], MOST_LISTED);
  const who = clients.size === 1 ? first.client.ip : count(clients.size, "client");
  return context.finding({
    kind: "snat-hides-client",
    about: key,
    severity: isInside && !isByNode ? "warn" : "note",
    title: `${target}: the server sees ${addresses} in place of ${who}`,
    text: `${count(connections.length, "connection")} from ${clients.size > 1 ? count(clients.size, "client") : connections.length > 1 ? hostText(first.client) : placeText(first.client)} ${connections.length === 1 ? "reaches" : "reach"} the server from ${addresses}, for example ${placeText(first.server)}${node === null ? "" : `, translated on ${node}`}: logs, rate limits and policies by address see the node, not the client.${isInside && isByNode ? " The client is inside: asking the Service's own address, it would be seen as itself." : ""}`,
    inference: false,
    where: [...snat.between.flatMap((p) => (p === null ? [] : [context.pointId(p)])), ...(node === null ? [] : [node])],
    evidence: [
      ...first.translations
        .filter((t) => t.kind === "snat")
        .map(
          (t) =>
            `SNAT ${endpointText(t.from)} to ${endpointText(t.to)}${t.node === null ? "" : ` on ${t.node}`}, by ${t.evidence.join(", ") || "the packets on both sides"}`,
        ),
      ...(policy !== null
        ? [`the imported Service says externalTrafficPolicy: ${policy}`]
        : service && (isByNode || !isInside)
          ? ["the imported Service says no externalTrafficPolicy, which means Cluster"]
          : []),
    ],
    fits: causes(first, { isInside, isByNode, policy }),
    ruledOut: [
      "an HTTP proxy: the TCP connection is the same one, sequence numbers go through",
      ...(policy === "Local" ? ["externalTrafficPolicy Cluster: the Service says Local"] : []),
    ],
    rows,
    connections,
    check: [
      ...(first.service === null
        ? []
        : [kubectl("get", "service", first.service, " -o jsonpath={.spec.externalTrafficPolicy}")]),
      onNode(node, "iptables-save -t nat | grep -E 'MASQUERADE|SNAT'"),
      onNode(node, `conntrack -L -p ${first.protocol === "udp" ? "udp" : "tcp"} --orig-src ${first.client.ip}`),
    ],
  });
}

function causes(
  { client, kind }: Connection,
  {
    isInside,
    isByNode,
    policy,
  }: { readonly isInside: boolean; readonly isByNode: boolean; readonly policy: string | null },
): string[] {
  if (isInside && !isByNode)
    return [
      "a masquerade rule that also matches traffic inside the cluster (cluster range not told to kube-proxy or the CNI)",
    ];
  const policyCluster =
    "externalTrafficPolicy Cluster: kube-proxy masquerades what comes over a node port, so that the answer comes back over this node";
  if (!isInside) return policy === "Local" ? ["a proxy or load balancer in front translates"] : [policyCluster];
  return [
    ...(policy === "Local" ? [] : [`${policyCluster}; a call from inside is no exception`]),
    ...(kind.startsWith("pod-")
      ? [
          `the node of ${client.pod ?? client.ip} masquerades what its pods send to addresses outside the pod network, and a node's is one`,
        ]
      : []),
  ];
}

/** It asked a node, or an address of the Service that is for those outside. */
function isAskedByNode(context: FindingContext, connection: Connection): boolean {
  const { requested, protocol } = connection;
  if (!requested || !connection.translations.some((t) => t.kind === "dnat")) return false;
  const { topology } = context.join;
  const at = context.atMs(connection);
  if (protocol === "tcp" || protocol === "udp" || protocol === "sctp") {
    const match = context.cluster.serviceAt(requested.ip, requested.port, protocol, at);
    if (match) return match.by !== "cluster-ip";
  }
  return (
    context.cluster.nodeAt(requested.ip, at) !== null ||
    topology.place(requested.ip)?.network === "node" ||
    topology.machines.some((m) => m.kind === "node" && m.addresses.includes(requested.ip))
  );
}

function listText(texts: readonly string[], most: number): string {
  return `${texts.slice(0, most).join(", ")}${texts.length > most ? ` and ${texts.length - most} more` : ""}`;
}

/** The client is a node and is seen under another address of the same node. */
function ownAddressChange(context: FindingContext, connection: Connection, seen: string): boolean {
  const { node } = connection.client;
  const place = context.join.topology.place(seen);
  return (
    connection.kind.startsWith("node-") &&
    ((node !== null && place?.node === node) ||
      context.join.topology.machines.some(
        (m) => m.addresses.includes(seen) && m.addresses.includes(connection.client.ip),
      ))
  );
}
