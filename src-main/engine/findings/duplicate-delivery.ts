/**
 * The same packet at the same point more often than its path explains.
 *
 * ```
 * delivered twice    the receiver's point has it twice, some time apart: the network made a copy (a bridge loop, multicast
 *                    flooding, a bond without LACP)
 * captured twice     every packet of a point is there twice, at once: the capture made the copy (mirrored port)
 * ```
 * A sender that repeats is something else: its repetition has another IP identification. Nor is a bridge's own tap that shows a
 * packet twice where its ports do not: with br_netfilter a translated packet goes through the bridge once more, under its MAC.
 */
import type { Connection } from "../../../src-shared/reconstruct/result";
import { count, durationText, type FindingContext, type FindingFamily, isSeenOnce, median, upsert } from "./context";
import { onNode, shellWord } from "./shell";

interface Group {
  readonly point: number;
  readonly gapsNs: number[];
  readonly rows: number[];
  readonly connections: Connection[];
}

/** A copy follows its original at once; a protocol that says the same every second with one identification makes no copies. */
const COPY_NS = 100e6;
/** Share of a point's packets that must be doubled for the capture to be the cause. */
const MIRRORED_SHARE = 0.5;

export function duplicateDeliveries(context: FindingContext): FindingFamily {
  const { sightings } = context.join;
  const groups = new Map<number, Group>();
  const journeysAt = new Uint32Array(context.join.points.length);
  return {
    visit(connection, journeys) {
      for (const journey of journeys) {
        journey.points.forEach((point, i) => {
          if (journey.points.indexOf(point) === i) journeysAt[point] = (journeysAt[point] ?? 0) + 1;
        });
        if (isSeenOnce(journey)) continue;
        const byPoint = new Map<number, number[]>();
        for (const row of journey.sightings) upsert(byPoint, sightings.point(row), (): number[] => []).push(row);
        for (const [point, rows] of byPoint) {
          // The "any" device shows a packet at every interface it passes: that is what it is for.
          if (context.observer.cookedPoints.has(point) || isOwnCopy(context, connection, byPoint, point)) continue;
          for (let i = 1; i < rows.length; i++) {
            const [a, b] = [rows[i - 1] as number, rows[i] as number];
            if (!isCopy(context, a, b)) continue;
            const group = upsert(groups, point, () => ({ point, gapsNs: [], rows: [], connections: [] }));
            group.gapsNs.push(Math.abs(context.ns(b) - context.ns(a)));
            group.rows.push(a, b);
            if (group.connections.at(-1) !== connection) group.connections.push(connection);
          }
        }
      }
    },
    finish: () =>
      [...groups.values()].map(({ point, gapsNs, rows, connections }) => {
        const { id, node, interface: device } = context.point(point);
        const share = gapsNs.length / Math.max(1, journeysAt[point] ?? 1);
        const mirrored = share >= MIRRORED_SHARE;
        const gap = durationText(median(gapsNs));
        return context.finding({
          kind: "duplicate-delivery",
          about: id,
          severity: mirrored ? "note" : "warn",
          title: mirrored
            ? `${context.pointText(point)} shows its packets twice: captured twice`
            : `${count(gapsNs.length, "packet")} delivered twice at ${context.pointText(point)}`,
          text: `${gapsNs.length} of ${count(journeysAt[point] ?? 0, "packet")} are there again, the same in every field a copy keeps, ${gap} later in the median.`,
          inference: mirrored,
          where: [id, ...(node === null ? [] : [node])],
          evidence: [
            "addresses, ports, TTL, identification, length and sequence numbers are the same",
            `${(share * 100).toFixed(0)} % of the packets of this point`,
          ],
          fits: mirrored
            ? ["the port is mirrored both ways, or the capture shows packets on the way in and on the way out"]
            : ["a bridge loop or a bond that sends on two links", "flooding of a MAC address the bridge does not know"],
          ruledOut: ["retransmission: that has another IP identification", "routing: the TTL is the same"],
          rows,
          connections,
          check: mirrored
            ? []
            : [
                onNode(node, `bridge -d link show; bridge fdb show dev ${shellWord(device ?? "br0")}`),
                onNode(node, "cat /proc/net/bonding/* 2>/dev/null"),
              ],
        });
      }),
  };
}

/** Only the bridge shows the packet twice: none of its ports does, or there is a translation that explains it. */
function isOwnCopy(
  context: FindingContext,
  connection: Connection,
  byPoint: ReadonlyMap<number, readonly number[]>,
  point: number,
): boolean {
  const { role, machine } = context.point(point);
  if (role !== "bridge") return false;
  const ports = [...byPoint].filter(([p]) => p !== point && context.point(p).machine === machine);
  const isDoubled = (rows: readonly number[]): boolean =>
    rows.some((row, i) => i > 0 && isCopy(context, rows[i - 1] as number, row));
  return ports.length > 0 ? !ports.some(([, rows]) => isDoubled(rows)) : connection.translations.length > 0;
}

/** Both rows are one packet, seen twice in one place: nothing that a hop changes differs. Identification 0 proves nothing. */
function isCopy(context: FindingContext, a: number, b: number): boolean {
  const { sightings: s } = context.join;
  return (
    Math.abs(context.ns(b) - context.ns(a)) < COPY_NS &&
    s.identification(a) !== 0 &&
    s.identification(a) === s.identification(b) &&
    s.depth(a) === s.depth(b) &&
    s.ttl(a) === s.ttl(b) &&
    s.ipLength(a) === s.ipLength(b) &&
    s.tcpSeq(a) === s.tcpSeq(b) &&
    s.source(a) === s.source(b) &&
    s.destination(a) === s.destination(b) &&
    s.sourcePort(a) === s.sourcePort(b) &&
    s.destinationPort(a) === s.destinationPort(b) &&
    !s.fragment(a)
  );
}
