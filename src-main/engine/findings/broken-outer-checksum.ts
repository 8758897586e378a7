/**
 * The tunnel's outer UDP checksum is wrong: the receiving kernel drops the packet without a word, and the SYN inside is sent
 * again after 1, 3, 7 seconds. The classic cause: the masquerade mark survives into the outer packet, which is then translated
 * with a checksum that a device was to fill in.
 *
 * ```
 * SYN ─► tunnel device ─► outer UDP, checksum ≠ 0 and wrong ─► (dropped: UdpInCsumErrors)
 *                         right or left to the NIC at the sender, wrong from the next point on: what lies between breaks it
 * ```
 * Believed only where a connection fails over it, or what waits for an answer (DNS, pings) gets none, and where no packet with such a sum
 * arrived on the same way: seen plain behind the tunnel, or answered. A receiver that takes one takes the others, too: what vanishes there
 * has another cause.
 */
import type { Finding } from "../../../src-shared/model/finding";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type Attempt, failedAttempt, sentText, timesText } from "./attempts";
import { count, type FindingContext, type FindingFamily, TCP_ACK, TCP_SYN, upsert } from "./context";
import { onNode, shellWord } from "./shell";
import type { SilentQuestions } from "./silent-questions";

const PROTOCOL_TCP = 6;
/** Times in a sentence. */
const MOST_TIMES = 6;

interface Group {
  /** Machine that put it into the tunnel; -1: not known. */
  readonly sender: number;
  /** Where the first wrong one was seen. */
  readonly point: number;
  /** The point before, where its sum was not wrong; -1: none. */
  readonly soundAt: number;
  readonly connections: Connection[];
  readonly rows: number[];
  /** What was sent in vain: SYNs, UDP packets, pings. */
  readonly sent: Set<string>;
  readonly example: string;
}

export function brokenOuterChecksums(context: FindingContext, questions: SilentQuestions): FindingFamily {
  const groups = new Map<string, Group>();
  const { sightings, points, topology } = context.join;
  const { wrong, counts } = context.observer.checksums;
  let taken: ReadonlySet<string> | undefined;

  /** Whether it is explained by a wrong sum. */
  function take(attempt: Attempt, connections: readonly Connection[]): boolean {
    const [connection] = connections;
    if (!connection || attempt.syns.length < 2) return false;
    const entered = attempt.syns.filter((j) => tunnelledRows(context, j).length > 0);
    const tunnelled = entered.map((j) => tunnelledRows(context, j));
    const first = tunnelled[0]?.find((row) => wrong.has(sightings.packet(row)));
    // Every SYN that entered the tunnel must end broken: one that was sound and unanswered has another cause.
    if (first === undefined || entered.some((j) => !isBroken(context, j))) return false;
    taken ??= waysThatTakeThem(context);
    const way = wayOf(context, first);
    if (taken.has(way)) return false;
    const point = sightings.point(first);
    const sent = sentText(connection);
    const sender = senderOf(context, first, entered[0] as Journey);
    const group = upsert(groups, way, () => ({
      sender,
      point,
      soundAt: tunnelled[0]?.[0] === first ? -1 : sightings.point(tunnelled[0]?.[0] as number),
      connections: [],
      rows: [],
      sent: new Set<string>(),
      example: `${endpointText(connection.client)} to ${endpointText(connection.requested ?? connection.server)}: ${sent} at ${timesText(context, attempt.syns.slice(0, MOST_TIMES))}`,
    }));
    group.sent.add(sent);
    group.connections.push(...connections);
    group.rows.push(...tunnelled.flat().filter((row) => wrong.has(sightings.packet(row))));
    return true;
  }

  return {
    visit(connection: Connection, journeys: readonly Journey[], claimed: Set<number>): void {
      if (wrong.size === 0) return;
      const attempt = failedAttempt(context, connection, journeys);
      if (!attempt || attempt.resets.length > 0 || !take(attempt, [connection])) return;
      for (const syn of attempt.syns) claimed.add(syn.index);
    },

    finish(): readonly Finding[] {
      if (wrong.size > 0)
        for (const group of questions.groups())
          if (group.asks === "ping" || group.asks === "dns")
            if (group.attempt.complaints.length === 0) group.isExplained ||= take(group.attempt, group.connections);
      return [...groups].map(([key, group]) => {
        const { point, soundAt } = group;
        const sent = [...group.sent].join(" and ");
        const isTcp = group.sent.has("SYNs");
        const sender = topology.machines[group.sender];
        const node =
          points.find((p) => p.machine === group.sender)?.node ??
          (sender && sender.nameSource !== "address" ? sender.name : null);
        const carrier = sightings.carrier(group.rows[0] as number);
        const outer = carrier < 0 ? "?" : `${sightings.source(carrier)} to ${sightings.destination(carrier)}`;
        const tunnel = sightings.tunnel(group.rows[0] as number);
        const device = points.find((p) => p.machine === group.sender && p.role === "tunnel-device")?.interface ?? null;
        const seen = counts.get(point);
        const onSender = node ?? (carrier < 0 ? null : sightings.source(carrier));
        const [before, behind] = [soundAt < 0 ? "" : context.pointText(soundAt), context.pointText(point)];
        return context.finding({
          kind: "broken-outer-checksum",
          about: key,
          severity: "error",
          title: `Wrong outer UDP checksum: ${isTcp ? "connections" : sent} through the tunnel from ${node ?? outer} ${isTcp ? "stall" : "are not answered"}`,
          text: `${count(group.connections.length, "connection")} through the ${tunnel?.kind ?? "UDP"} tunnel ${outer} never got an answer: the outer UDP checksum of their ${sent} is neither right nor zero${soundAt < 0 ? "" : ` from ${behind} on`}, so the receiver drops them silently.`,
          inference: false,
          where: [
            ...(soundAt < 0 ? [] : [context.pointId(soundAt)]),
            context.pointId(point),
            ...(node === null ? [] : [node]),
          ],
          evidence: [
            `outer UDP checksum does not match on ${count(new Set(group.rows.map((r) => sightings.packet(r))).size, "packet")}, first at ${behind}`,
            ...(soundAt < 0 ? [] : [`at ${before} the same packets' sums are right, none, or left to the device`]),
            `the inner packets are sound and sent again: ${group.example}`,
            ...(seen && seen.right + seen.none > 0
              ? [
                  `other tunnelled packets at the same point: ${seen.none} without a checksum, ${seen.right} with a right one`,
                ]
              : []),
          ],
          fits: [
            ...(soundAt < 0
              ? [
                  "the masquerade mark survives into the outer packet, which is translated with a checksum left to the device",
                ]
              : [`what lies between ${before} and ${behind} rewrites the packet and not its checksum`]),
            "the tunnel device leaves the checksum to a NIC that does not compute it",
          ],
          ruledOut: [
            "checksum offload seen on the sender: such a field holds the pseudo-header's sum, this one does not",
            `MTU: the packets are ${sent}`,
          ],
          rows: group.rows,
          connections: group.connections,
          check: [
            onNode(onSender, `ethtool -K ${shellWord(device ?? "flannel.1")} tx-checksum-ip-generic off`),
            onNode(
              onSender,
              "iptables-save -t nat | grep -- MASQUERADE   # is --random-fully there, and the mark cleared?",
            ),
            `nstat -az UdpInCsumErrors   # on ${carrier < 0 ? "the receiver" : sightings.destination(carrier)}`,
          ],
        });
      });
    },
  };
}

/** The last that is seen of it in the tunnel has a wrong sum. */
function isBroken(context: FindingContext, journey: Journey): boolean {
  const last = tunnelledRows(context, journey).at(-1);
  return last !== undefined && context.observer.checksums.wrong.has(context.join.sightings.packet(last));
}

/** Rows of a journey inside the tunnel, in hop order; at the tunnel's own device it is not yet in it. */
function tunnelledRows(context: FindingContext, { sightings: rows }: Journey): readonly number[] {
  const { sightings } = context.join;
  return rows.filter(
    (row) => sightings.carrier(row) >= 0 && context.point(sightings.point(row)).role !== "tunnel-device",
  );
}

/** Machine of the tunnel's source, else the one where the packet is seen on its way into the tunnel; -1: neither is known. */
function senderOf(
  { join: { sightings, topology, points } }: FindingContext,
  row: number,
  { sightings: rows }: Journey,
): number {
  const carrier = sightings.carrier(row);
  const source = carrier < 0 ? "" : sightings.source(carrier);
  const known = topology.machines.findIndex((m) => m.addresses.includes(source));
  if (known >= 0) return known;
  const machine = points[sightings.point(row)]?.machine ?? -1;
  const before = rows.slice(0, rows.indexOf(row));
  return before.some((r) => sightings.carrier(r) < 0 && points[sightings.point(r)]?.machine === machine) ? machine : -1;
}

/** Ends of the tunnel: "192.168.0.1>192.168.0.2". */
function wayOf({ join: { sightings } }: FindingContext, row: number): string {
  const carrier = sightings.carrier(row);
  return carrier < 0 ? "" : `${sightings.source(carrier)}>${sightings.destination(carrier)}`;
}

/** Ways on which packets with a wrong sum arrived. One more look at every journey, only where a connection fails over such a sum. */
function waysThatTakeThem(context: FindingContext): ReadonlySet<string> {
  const { join, observer } = context;
  const { sightings } = join;
  const { wrong } = observer.checksums;
  const taken = new Set<string>();
  for (let i = 0; i < join.connectionCount; i++) {
    const journeys = join.journeys(i);
    // Of TCP the SYNs; of what else is asked, all of it.
    const row = journeys[0]?.sightings[0];
    const isTcp = row !== undefined && sightings.protocol(row) === PROTOCOL_TCP;
    const syns = journeys.filter((j) => j.direction === "to-server" && (!isTcp || isSyn(context, j)));
    const broken = syns.filter((j) => isBroken(context, j));
    // One sound SYN may be the one that is answered.
    const isTaken = broken.length === syns.length && journeys.some((j) => j.direction === "to-client");
    for (const { direction, sightings: rows } of journeys) {
      const last = rows.findLastIndex((row) => wrong.has(sightings.packet(row)));
      if (last < 0) continue;
      const isBehind = rows.slice(last + 1).some((row) => isOutOfTunnel(context, rows[last] as number, row));
      if (isBehind || (isTaken && direction === "to-server" && syns.length > 0))
        taken.add(wayOf(context, rows[last] as number));
    }
  }
  return taken;
}

/** Plain, and not at the machine that put it into the tunnel: clocks that tick slowly may put its tunnel device behind its NIC. */
function isOutOfTunnel({ join }: FindingContext, tunnelled: number, row: number): boolean {
  const { sightings, topology, points } = join;
  if (sightings.carrier(row) >= 0) return false;
  const sender = topology.machines.findIndex((m) =>
    m.addresses.includes(sightings.source(sightings.carrier(tunnelled))),
  );
  return points[sightings.point(row)]?.machine !== sender;
}

function isSyn({ join: { sightings } }: FindingContext, { direction, sightings: rows }: Journey): boolean {
  return direction === "to-server" && (sightings.tcpFlags(rows[0] as number) & (TCP_SYN | TCP_ACK)) === TCP_SYN;
}
