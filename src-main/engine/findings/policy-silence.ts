/**
 * Connection attempts that vanish without an answer: what a dropping rule looks like from outside. Whether a NetworkPolicy is
 * the rule is worked out from the imported objects, so it is an inference and says so.
 *
 * ```
 * SYN ─► … ─► last seen at X         (nothing: no SYN-ACK, no RST, no ICMP)        SYN again after 1, 3, 7 s
 * ```
 */
import { evaluateNetworkPolicies, type PolicyEnd, type PolicyVerdict } from "../../../src-shared/model/network-policy";
import type { TransportProtocol } from "../../../src-shared/model/kubernetes";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Endpoint, Journey } from "../../../src-shared/reconstruct/result";
import { addressesInConflict } from "./arp-conflict";
import { failedAttempt, rowsOf, timesText } from "./attempts";
import {
  count,
  type FindingContext,
  type FindingDraft,
  type FindingFamily,
  firstRow,
  placeText,
  TCP_SYN,
  upsert,
} from "./context";
import type { RoutedBack } from "./routed-back";
import { kubectl, onNode, tcpdump } from "./shell";
import { type Said, scansAsOne, type SilentGroup, SingleSyns } from "./silent-scan";

export function policySilence(context: FindingContext, routedBack: RoutedBack): FindingFamily {
  const groups = new Map<string, SilentGroup>();
  const singles = new SingleSyns(context);
  return {
    visit(connection, journeys, claimed) {
      singles.hear(connection, journeys);
      const attempt = failedAttempt(context, connection, journeys);
      if (!attempt || attempt.resets.length + attempt.complaints.length > 0) return;
      if (attempt.syns.some((j) => claimed.has(j.index))) return;
      // One SYN without an answer may be the end of the recording.
      if (attempt.syns.length < 2) {
        singles.take(connection, attempt);
        return;
      }
      const verdict = policyVerdict(context, connection);
      const denied = verdict && !verdict.allowed;
      const key = `${connection.client.ip}>${endpointText(connection.server)} after ${context.pointId(attempt.lastSeen)}${denied ? " policy" : ""}`;
      const group = groups.get(key) ?? { first: connection, attempt, verdict, connections: [], rows: [] };
      groups.set(key, group);
      group.connections.push(connection);
      group.rows.push(...rowsOf(attempt.syns));
      for (const journey of attempt.syns) claimed.add(journey.index);
    },
    // What goes round in a loop is not dropped by a rule: the loop is told.
    finish: () => {
      const taken = takenAround(context, [...groups.values()]);
      const said = [...groups, ...singles.ofScans()].flatMap(([key, group]) =>
        group.rows.some((row) => routedBack.isLooped(row)) ? [] : [sayOf(context, key, group, taken.get(group) ?? 0)],
      );
      return scansAsOne(context, said).map((draft) => context.finding(draft));
    },
  };
}

/**
 * Of each group, how many connections between the same two were taken, if some were begun before its last one and some after its first:
 * a rule that drops was not there meanwhile.
 */
function takenAround(context: FindingContext, groups: readonly SilentGroup[]): ReadonlyMap<SilentGroup, number> {
  const around = new Map<SilentGroup, { before: boolean; after: boolean; taken: number }>();
  if (groups.length === 0) return new Map();
  const pairOf = ({ client, server }: Connection): string => `${client.ip}>${endpointText(server)}`;
  const byPair = new Map<string, SilentGroup[]>();
  for (const group of groups) upsert(byPair, pairOf(group.first), () => []).push(group);
  const { join } = context;
  for (let i = 0; i < join.connectionCount; i++) {
    const connection = join.unrelated(i);
    if (connection.protocol !== "tcp") continue;
    const mine = byPair.get(pairOf(connection));
    if (!mine || !isTaken(context, join.journeys(i))) continue;
    for (const group of mine) {
      const one = upsert(around, group, () => ({ before: false, after: false, taken: 0 }));
      one.taken++;
      one.after ||= Number(connection.firstTime) > Number(group.first.firstTime);
      one.before ||= Number(connection.firstTime) < Number((group.connections.at(-1) ?? group.first).firstTime);
    }
  }
  return new Map([...around].map(([group, { before, after, taken }]) => [group, before && after ? taken : 0]));
}

function isTaken({ join: { sightings } }: FindingContext, journeys: readonly Journey[]): boolean {
  return journeys.some((j) => j.direction === "to-client" && (sightings.tcpFlags(firstRow(j)) & TCP_SYN) !== 0);
}

/** `taken`: connections between the same two that came about before and after. */
function sayOf(context: FindingContext, key: string, group: SilentGroup, taken: number): Said {
  const { first, attempt, verdict, connections, rows } = group;
  const denied = verdict !== null && !verdict.allowed && taken === 0;
  const last = context.point(attempt.lastSeen);
  const to = placeText(first.server);
  const deciding = denied ? (verdict.egress.allowed ? verdict.ingress : verdict.egress) : null;
  const reached = last.role === "pod-nic" && last.podAddress === first.server.ip && last.podAddress !== first.client.ip;
  const policies = context.cluster.networkPolicies(context.atMs(first));
  const fits: string[] = [];
  const ruledOut: string[] = [];
  if (isToItself(first))
    fits.push(
      "the address is led back to itself without SNAT: a host drops what comes in from its own address (hairpin without masquerade)",
    );
  const isTwice = addressesInConflict(context).has(first.server.ip);
  if (isTwice) fits.push("the other machine with this address gets the SYNs: see the address conflict");
  if (taken > 0)
    ruledOut.push(
      `a rule that drops, a missing route: ${count(taken, "connection")} between the same two came about before and after`,
    );
  if (deciding) fits.push(`${deciding.reason}`);
  else if (reached) fits.push("the program's listen queue is full, or a rule inside the pod drops");
  else if (taken > 0) fits.push("plain loss: several packets in a row");
  else if (verdict) ruledOut.push("NetworkPolicy: the imported policies allow it");
  else if (policies.length === 0)
    fits.push(
      `a NetworkPolicy or firewall rule that drops (${
        context.cluster.networkPolicies(null).length > 0
          ? "the imported NetworkPolicies were not there yet when these packets were sent"
          : "no NetworkPolicies were imported"
      })`,
    );
  if (reached) ruledOut.push(`anything before the pod: the SYNs are seen at ${context.pointText(attempt.lastSeen)}`);
  else if (taken === 0) {
    if (!deciding && !isToItself(first)) fits.push("the host or pod is gone, and nothing says so");
    fits.push("a return path check (rp_filter) or a missing route behind the last point seen");
    if (!deciding && connections.length === 1 && attempt.syns.length === 2)
      fits.push("plain loss: only two SYNs were sent");
  }
  ruledOut.push(
    `MTU: the lost packets are SYNs of ${context.join.sightings.ipLength(rows[0] as number)} bytes`,
    "a rule that rejects, or a closed port: both answer",
  );
  const drops = context.dropsAt(attempt.lastSeen);
  if (drops !== null && drops > 0)
    fits.push(`the capture lost ${drops} packets at ${context.pointText(attempt.lastSeen)}`);
  const cause = deciding
    ? "NetworkPolicies would drop it (inferred)"
    : reached
      ? "SYNs arrive and are not answered"
      : taken > 0
        ? "SYNs were lost"
        : "SYNs vanish without a word";
  const draft: FindingDraft = {
    kind: "policy-silence",
    about: key,
    severity: taken > 0 && !reached ? "note" : "warn",
    title: deciding
      ? `No answer from ${to}: NetworkPolicies would drop it (inferred)`
      : reached
        ? `${to} gets SYNs and does not answer`
        : isToItself(first)
          ? `${to} asks itself through a Service, and its SYNs vanish without a word`
          : `No answer from ${to}: SYNs vanish without a word`,
    text: `${count(connections.length, "connection")} from ${first.client.pod ?? first.client.ip} to ${endpointText(first.server)}: SYNs at ${timesText(context, attempt.syns)}, last seen at ${context.pointText(attempt.lastSeen)}, and no SYN-ACK, RST or ICMP error comes back.`,
    inference: true,
    where: [last.id, ...[first.client.pod, first.server.pod, last.node].filter((name) => name !== null)],
    evidence: [
      `${count(attempt.syns.length, "SYN")} of one connection, none answered`,
      ...(deciding ? [`evaluated from the imported objects: ${deciding.reason}`, ...(verdict?.caveats ?? [])] : []),
    ],
    fits,
    ruledOut,
    rows,
    connections,
    check: [
      ...(deciding
        ? deciding.isolatedBy.map((p) =>
            kubectl("get", "networkpolicy", `${p.meta.namespace}/${p.meta.name}`, " -o yaml"),
          )
        : first.server.pod === null
          ? []
          : [`kubectl get networkpolicy -A -o wide`]),
      onNode(first.server.node ?? last.node, tcpdump(null, first.server.ip, first.server.port, "tcp")),
      onNode(first.server.node ?? last.node, "iptables-save -c | grep -E 'DROP|REJECT'"),
    ],
  };
  return { group, cause, draft };
}

/** Translated to the client itself, which is to get it from its own address. */
function isToItself({ client, server, seenByServerAs, translations }: Connection): boolean {
  return (
    client.ip === server.ip &&
    (seenByServerAs === null || seenByServerAs.ip === client.ip) &&
    translations.some((t) => t.kind === "dnat")
  );
}

/** Null where the imported objects decide nothing: none imported, or no pod of them takes part. */
export function policyVerdict(context: FindingContext, connection: Connection): PolicyVerdict | null {
  const { cluster } = context;
  const at = context.atMs(connection);
  if (cluster.networkPolicies(at).length === 0) return null;
  const end = (address: string): PolicyEnd => ({
    address,
    pod: cluster.podAt(address, at),
    node:
      (cluster.nodeAt(address, at) ?? (cluster.podAt(address, at) ? null : cluster.nodeOfPodRange(address, at)))?.meta
        .name ?? null,
  });
  const source = end(connection.client.ip);
  const servers = destinations(context, connection).map((server) => ({ server, end: end(server.ip) }));
  if (!source.pod && !servers.some((s) => s.end.pod)) return null;
  const verdicts = servers.map(({ server, end: destination }) =>
    evaluateNetworkPolicies(cluster, at, {
      // Behind SNAT the receiving side sees another client.
      source:
        connection.seenByServerAs && connection.seenByServerAs.ip !== connection.client.ip
          ? end(connection.seenByServerAs.ip)
          : source,
      destination,
      protocol: protocolOf(connection),
      port: server.port,
    }),
  );
  // Of several endpoints that could have been meant, all must be closed.
  return verdicts.find((v) => v.allowed) ?? verdicts[0] ?? null;
}

function protocolOf({ protocol }: Connection): TransportProtocol | "other" {
  return protocol === "tcp" || protocol === "udp" || protocol === "sctp" ? protocol : "other";
}

/** Where the connection led, or could have led if no translation is seen. */
function destinations(context: FindingContext, connection: Connection): readonly Endpoint[] {
  const { server } = connection;
  const at = context.atMs(connection);
  const protocol = protocolOf(connection);
  const match = protocol === "other" ? null : context.cluster.serviceAt(server.ip, server.port, protocol, at);
  if (!match?.port) return [server];
  return context.cluster
    .endpointsOf(`${match.service.meta.namespace}/${match.service.meta.name}`, match.port, at)
    .filter((e) => e.ready && e.port !== null)
    .map((e) => ({ ip: e.address, port: e.port ?? 0 }));
}
