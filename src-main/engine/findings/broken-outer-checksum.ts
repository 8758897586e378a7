/**
 * The tunnel's outer UDP checksum is wrong: the receiving kernel drops the packet without a word, and the SYN inside is sent
 * again after 1, 3, 7 seconds. The classic cause: the masquerade mark survives into the outer packet, which is then translated
 * with a checksum that a device was to fill in.
 *
 * ```
 * SYN ─► tunnel device ─► outer UDP, checksum ≠ 0 and wrong ─► (dropped: UdpInCsumErrors)
 * ```
 * Believed only where a connection fails over it, and where no packet with such a sum arrived on the same way: seen plain behind the
 * tunnel, or answered. A receiver that takes one takes the others, too: what vanishes there has another cause.
 */
import type { Finding } from "../../../src-shared/model/finding";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { failedAttempt, rowsOf, timesText } from "./attempts";
import { count, type FindingContext, type FindingFamily, TCP_ACK, TCP_SYN, upsert } from "./context";
import { onNode, shellWord } from "./shell";

interface Group {
  readonly machine: number;
  readonly point: number;
  readonly connections: Connection[];
  readonly rows: number[];
  readonly example: string;
}

export function brokenOuterChecksums(context: FindingContext): FindingFamily {
  const groups = new Map<string, Group>();
  const { sightings, points } = context.join;
  const { wrong, counts } = context.observer.checksums;
  let taken: ReadonlySet<string> | undefined;

  return {
    visit(connection: Connection, journeys: readonly Journey[], claimed: Set<number>): void {
      if (wrong.size === 0) return;
      const attempt = failedAttempt(context, connection, journeys);
      if (!attempt || attempt.syns.length < 2 || attempt.resets.length > 0) return;
      const rows = rowsOf(attempt.syns).filter((row) => wrong.has(sightings.packet(row)));
      const [first] = rows;
      if (first === undefined) return;
      // Every SYN that entered the tunnel must be broken: one that was sound and unanswered has another cause.
      const tunnelled = rowsOf(attempt.syns).filter((row) => sightings.carrier(row) >= 0);
      if (
        tunnelled.some(
          (row) => context.point(sightings.point(row)).role !== "tunnel-device" && !wrong.has(sightings.packet(row)),
        )
      )
        return;
      taken ??= waysThatTakeThem(context);
      if (rows.some((row) => taken?.has(wayOf(context, row)))) return;
      const point = sightings.point(first);
      const { machine } = context.point(point);
      const group = upsert(groups, `${machine}/${wayOf(context, first)}`, () => ({
        machine,
        point,
        connections: [],
        rows: [],
        example: `${endpointText(connection.client)} to ${endpointText(connection.requested ?? connection.server)}: SYNs at ${timesText(context, attempt.syns)}`,
      }));
      group.connections.push(connection);
      group.rows.push(...rows);
      for (const syn of attempt.syns) claimed.add(syn.index);
    },

    finish(): readonly Finding[] {
      return [...groups].map(([key, group]) => {
        const { node } = context.point(group.point);
        const carrier = sightings.carrier(group.rows[0] as number);
        const outer = carrier < 0 ? "?" : `${sightings.source(carrier)} to ${sightings.destination(carrier)}`;
        const tunnel = sightings.tunnel(group.rows[0] as number);
        const device = points.find((p) => p.machine === group.machine && p.role === "tunnel-device")?.interface ?? null;
        const seen = counts.get(group.point);
        return context.finding({
          kind: "broken-outer-checksum",
          about: key,
          severity: "error",
          title: `Wrong outer UDP checksum: connections through the tunnel from ${node ?? outer} stall`,
          text: `${count(group.connections.length, "connection")} through the ${tunnel?.kind ?? "UDP"} tunnel ${outer} never got an answer: the outer UDP checksum of their SYNs is neither right nor zero, so the receiver drops them silently.`,
          inference: false,
          where: [context.pointId(group.point), ...(node === null ? [] : [node])],
          evidence: [
            `outer UDP checksum does not match on ${count(new Set(group.rows.map((r) => sightings.packet(r))).size, "packet")} at ${context.pointText(group.point)}`,
            `the inner packets are sound and sent again: ${group.example}`,
            ...(seen && seen.right + seen.none > 0
              ? [
                  `other tunnelled packets at the same point: ${seen.none} without a checksum, ${seen.right} with a right one`,
                ]
              : []),
          ],
          fits: [
            "the masquerade mark survives into the outer packet, which is translated with a checksum left to the device",
            "the tunnel device leaves the checksum to a NIC that does not compute it",
          ],
          ruledOut: [
            "checksum offload seen on the sender: such a field holds the pseudo-header's sum, this one does not",
            "MTU: the packets are SYNs",
          ],
          rows: group.rows,
          connections: group.connections,
          check: [
            onNode(node, `ethtool -K ${shellWord(device ?? "flannel.1")} tx-checksum-ip-generic off`),
            onNode(
              node,
              "iptables-save -t nat | grep -- MASQUERADE   # is --random-fully there, and the mark cleared?",
            ),
            `nstat -az UdpInCsumErrors   # on ${carrier < 0 ? "the receiver" : sightings.destination(carrier)}`,
          ],
        });
      });
    },
  };
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
    const syns = journeys.filter((j) => isSyn(context, j));
    const broken = syns.filter((j) => j.sightings.some((row) => wrong.has(sightings.packet(row))));
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
