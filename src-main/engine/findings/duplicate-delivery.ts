/**
 * The same packet at the same point more often than its path explains.
 *
 * ```
 * delivered twice    the network made a copy (a bridge loop, multicast flooding, a bond without LACP): every point behind has two
 *
 *                    A ──1──► B ──1──►╡╞══2══► C ══2══► D        one finding, about the hop B to C, where the copies begin
 *
 * captured twice     every packet of a point is there twice, at once: the capture made the copy (mirrored port)
 * ```
 * A sender that repeats is something else: its repetition has another IP identification. Nor is a bridge's own tap that shows a
 * packet twice where its ports do not: with br_netfilter a translated packet goes through the bridge once more, under its MAC.
 */
import type { Finding } from "../../../src-shared/model/finding";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { count, durationText, type FindingContext, type FindingFamily, isSeenOnce, median, upsert } from "./context";
import { onNode, shellWord } from "./shell";

interface Group {
  /** Points on both sides of the hop that makes copies, in the order of the first journey; before is -1 where no point is. */
  readonly before: number;
  readonly behind: number;
  /** Points with copies. */
  readonly points: Set<number>;
  readonly gapsNs: number[];
  readonly rows: number[];
  readonly connections: Connection[];
  packets: number;
}

/** A stretch of a journey whose points have the packet twice. */
interface Stretch {
  readonly before: number;
  readonly points: number[];
  /** At the first of them. */
  readonly rows: readonly number[];
  /** A point behind it has the packet once: it was not the network that made the copy. */
  isOver: boolean;
}

/** A copy follows its original at once; a protocol that says the same every second with one identification makes no copies. */
const COPY_NS = 100e6;
/** Share of a point's packets that must be doubled for the capture to be the cause. */
const MIRRORED_SHARE = 0.5;

export function duplicateDeliveries(context: FindingContext): FindingFamily {
  const { sightings } = context.join;
  const groups = new Map<string, Group>();
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
        for (const { before, points, rows, isOver } of stretches(context, connection, journey, byPoint)) {
          const behind = points[0] as number;
          // Routed past the point before: it shows several interfaces in one (merged without their names), and a bridge beside its ports.
          if (before === behind) continue;
          const isLocal = before < 0 || (isOver && points.length === 1);
          // Both directions of one wire belong together.
          const key = isLocal ? `${behind}` : [before, behind].sort((a, b) => a - b).join(" ");
          const group = upsert(groups, key, () => ({
            before: isLocal ? -1 : before,
            behind,
            points: new Set<number>(),
            gapsNs: [],
            rows: [],
            connections: [],
            packets: 0,
          }));
          group.packets++;
          for (const point of points) group.points.add(point);
          for (const [a, b] of copies(context, rows)) {
            group.gapsNs.push(Math.abs(context.ns(b) - context.ns(a)));
            group.rows.push(a, b);
          }
          if (group.connections.at(-1) !== connection) group.connections.push(connection);
        }
      }
    },
    finish: () =>
      [...groups.values()].map((group) =>
        say(context, group, Math.max(...[group.before, group.behind].map((p) => journeysAt[p] ?? 0), 1)),
      ),
  };
}

/** Where on its way a packet is there twice, in hop order. Points whose copies are their own doing are passed over. */
function stretches(
  context: FindingContext,
  connection: Connection,
  journey: Journey,
  byPoint: ReadonlyMap<number, readonly number[]>,
): readonly Stretch[] {
  const found: Stretch[] = [];
  let open: Stretch | undefined;
  let before = -1;
  for (const { point, rows } of crossings(context, journey)) {
    // The "any" device shows a packet at every interface it passes: that is what it is for.
    if (context.observer.cookedPoints.has(point) || isOwnCopy(context, connection, byPoint, point)) continue;
    if (copies(context, rows).length > 0) {
      if (!open) found.push((open = { before, points: [], rows, isOver: false }));
      open.points.push(point);
      continue;
    }
    if (open) open.isOver = true;
    open = undefined;
    before = point;
  }
  return found;
}

/** A way may cross a point twice, routed or wrapped in between: each crossing with its rows, in hop order. */
function crossings(
  context: FindingContext,
  journey: Journey,
): readonly { readonly point: number; readonly rows: readonly number[] }[] {
  const { sightings: s } = context.join;
  const found = new Map<string, { readonly point: number; readonly rows: number[] }>();
  for (const row of journey.sightings) {
    const point = s.point(row);
    const key = `${point} ${s.depth(row)} ${s.ttl(row)} ${s.source(row)} ${s.destination(row)}`;
    upsert(found, key, () => ({ point, rows: [] })).rows.push(row);
  }
  return [...found.values()];
}

/** Pairs of rows of one point that are one packet, seen twice. */
function copies(context: FindingContext, rows: readonly number[]): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let i = 1; i < rows.length; i++) {
    const [a, b] = [rows[i - 1] as number, rows[i] as number];
    if (isCopy(context, a, b)) pairs.push([a, b]);
  }
  return pairs;
}

function say(context: FindingContext, group: Group, crossed: number): Finding {
  const { before, behind, points, gapsNs, rows, connections, packets } = group;
  const ends = [before, behind].filter((p) => p >= 0);
  const share = packets / crossed;
  const mirrored = share >= MIRRORED_SHARE && points.size === 1;
  const gap = durationText(median(gapsNs));
  const hop = ends.map((p) => context.pointText(p)).join(" and ");
  const { node, interface: device } = context.point(behind);
  const isOneMachine = before >= 0 && context.point(before).machine === context.point(behind).machine;
  return context.finding({
    kind: "duplicate-delivery",
    about: ends.map((p) => context.pointId(p)).join(">"),
    severity: mirrored ? "note" : "warn",
    title: mirrored
      ? `${context.pointText(behind)} shows its packets twice: captured twice`
      : before < 0
        ? `${count(packets, "packet")} delivered twice at ${hop}`
        : `${count(packets, "packet")} delivered twice: the copies begin between ${hop}`,
    text: `${packets} of ${count(crossed, "packet")} are there again, the same in every field a copy keeps, ${gap} later in the median${points.size > 1 ? `, at ${points.size} points: at the first behind that hop and on from there` : ""}.`,
    inference: mirrored,
    where: [
      ...ends.map((p) => context.pointId(p)),
      ...ends.flatMap((p) => {
        const on = context.point(p).node;
        return on === null ? [] : [on];
      }),
    ],
    evidence: [
      "addresses, ports, TTL, identification, length and sequence numbers are the same",
      `${(share * 100).toFixed(0)} % of the packets there`,
      ...(before < 0 ? [] : ["on the other side of the hop each of them is there once"]),
    ],
    fits: mirrored
      ? ["the port is mirrored both ways, or the capture shows packets on the way in and on the way out"]
      : [
          // Between two points of one machine nothing but that machine made the copy.
          ...(isOneMachine ? ["a rule that copies packets (iptables TEE, nft dup, tc mirred)"] : []),
          "a bridge loop or a bond that sends on two links",
          "flooding of a MAC address the bridge does not know",
        ],
    ruledOut: ["retransmission: that has another IP identification", "routing: the TTL is the same"],
    rows,
    connections,
    check: mirrored
      ? []
      : [
          onNode(node, `bridge -d link show; bridge fdb show dev ${shellWord(device ?? "br0")}`),
          onNode(node, "cat /proc/net/bonding/* 2>/dev/null"),
          ...(isOneMachine ? [onNode(node, "iptables-save -c | grep TEE; nft list ruleset | grep dup")] : []),
        ],
  });
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
  return ports.length > 0
    ? !ports.some(([, rows]) => copies(context, rows).length > 0)
    : connection.translations.length > 0;
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
