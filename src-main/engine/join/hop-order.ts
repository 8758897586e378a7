/**
 * Order of points where a packet's times are equal. The kernel stamps a packet when it comes in, and every device above that one shows
 * it with this stamp: a bridge or a bond, a VLAN's device. What is sent passes them the other way and is stamped at each:
 *
 * ```
 *   comes in   veth1 12.000 005   cni0 12.000 005      one stamp: which of them is first is told by what is sent
 *   is sent    cni0  12.000 037   veth1 12.000 041     cni0 lies above veth1
 * ```
 * A point that shares stamps with two others, which share none with each other, is a bridge. Some kernels stamp again at a bridge now and
 * then: what else a card sent to the same one, stamped at each device, tells in which order its frames pass two that share a stamp, whatever
 * these are called.
 */
import type { ConnectionTable } from "./connection-table";
import type { FactReader } from "./connection-facts";
import type { JoinInput } from "./join-input";
import type { PacketMatcher } from "./packet-matching";
import { namedRole } from "./point-names";
import type { SightingColumns } from "./sighting-columns";

/** Share of the packets with two stamps that tells which of two points lies above the other. */
const MOST = 0.9;

/** Connections and packets of each that are looked at. */
const CONNECTIONS = 500;
const PACKETS = 200;

/**
 * Rank of each point: bridges after others, what lies above others after these; otherwise by name, so that the order of interfaces in
 * a file changes nothing.
 */
export function rankPoints(
  input: JoinInput,
  table: ConnectionTable,
  facts: FactReader,
  matcher: PacketMatcher,
  pointOfFlow: Int32Array,
): { readonly rank: Uint16Array; readonly bridges: ReadonlySet<number> } {
  const { columns, fileOfPoint } = input;
  const count = fileOfPoint.length;
  const partners = Array.from({ length: count }, () => new Set<number>());
  /** By two points of one file (first * count + second): packets with an earlier stamp at the first. */
  const earlier = new Map<number, number>();
  const step = Math.max(1, Math.floor(table.count / CONNECTIONS));
  const eachPair = (take: (x: number, y: number, px: number, py: number) => void): void => {
    for (let c = 0; c < table.count; c += step) {
      const { toServer, toClient } = facts.rows(c);
      const protocol = columns.protocol(table.root[c] as number);
      for (const rows of [toServer, toClient])
        matcher.eachUnambiguous(rows.subarray(0, PACKETS), protocol, (same) => {
          for (let i = 0; i < same.length; i++)
            for (let k = i + 1; k < same.length; k++) {
              const x = same[i] as number;
              const y = same[k] as number;
              const px = pointOfFlow[columns.flow(x)] as number;
              const py = pointOfFlow[columns.flow(y)] as number;
              if (px !== py && fileOfPoint[px] === fileOfPoint[py]) take(x, y, px, py);
            }
        });
    }
  };
  eachPair((x, y, px, py) => {
    const later = columns.timeNs(y) - columns.timeNs(x);
    if (later === 0) {
      partners[px]?.add(py);
      partners[py]?.add(px);
    } else {
      const pair = later > 0 ? px * count + py : py * count + px;
      earlier.set(pair, (earlier.get(pair) ?? 0) + 1);
    }
  });
  const sharesWithStrangers = partners.map((of) =>
    [...of].some((x) => [...of].some((y) => x !== y && !partners[x]?.has(y))),
  );
  const isBridge = (p: number): boolean =>
    namedRole(input.pointNames[p]) === "bridge" || sharesWithStrangers[p] === true;
  const isUndecided = partners.some((of, p) => !isBridge(p) && [...of].some((q) => !isBridge(q)));
  const passed = isUndecided ? orderOfFrames(input, eachPair) : new Map<number, number>();
  /** How many others a point lies above. */
  const height = partners.map((of, p) => {
    let lower = 0;
    for (const q of of) {
      const order = passed.get(p * count + q);
      const [first, second] = [earlier.get(p * count + q) ?? 0, earlier.get(q * count + p) ?? 0];
      if (order === undefined ? first > 0 && first >= (first + second) * MOST : order > 0) lower++;
    }
    return lower;
  });
  const points = Array.from({ length: count }, (_, p) => p);
  const key = (p: number): string => `${input.pointNames[p] ?? ""} ${input.fileNames[fileOfPoint[p] ?? 0] ?? ""}`;
  points.sort(
    (a, b) =>
      Number(isBridge(a)) - Number(isBridge(b)) ||
      (height[a] as number) - (height[b] as number) ||
      compare(key(a), key(b)) ||
      a - b,
  );
  const rank = new Uint16Array(count);
  points.forEach((p, i) => {
    rank[p] = i;
  });
  return { rank, bridges: new Set(points.filter((p) => sharesWithStrangers[p])) };
}

/** What one card sent to another one, at two points. */
interface SeenTwice {
  /** Those seen at the first later, less those seen there earlier. */
  apart: number;
  seen: number;
  /** Some have one stamp at both. */
  isShared: boolean;
}

/**
 * Of two points (first * count + second) that share stamps of frames from one card to another: 1, what else was sent so passes the first later
 * than the second, -1 earlier. Absent: nothing tells, or cards differ.
 */
function orderOfFrames(
  { columns, fileOfPoint }: JoinInput,
  eachPair: (take: (x: number, y: number, px: number, py: number) => void) => void,
): ReadonlyMap<number, number> {
  const count = fileOfPoint.length;
  /** By both MACs, then by two points. */
  const byCards = new Map<string, Map<number, SeenTwice>>();
  eachPair((x, y, px, py) => {
    const cards = macsOf(columns, x);
    if (cards === undefined || cards !== macsOf(columns, y)) return;
    let pairs = byCards.get(cards);
    if (!pairs) byCards.set(cards, (pairs = new Map<number, SeenTwice>()));
    const pair = Math.min(px, py) * count + Math.max(px, py);
    let one = pairs.get(pair);
    if (!one) pairs.set(pair, (one = { apart: 0, seen: 0, isShared: false }));
    const later = Math.sign(columns.timeNs(x) - columns.timeNs(y));
    if (later === 0) one.isShared = true;
    else {
      one.apart += px < py ? later : -later;
      one.seen++;
    }
  });
  const order = new Map<number, number>();
  for (const pairs of byCards.values())
    for (const [pair, { apart, seen, isShared }] of pairs) {
      if (!isShared || Math.abs(apart) < seen * (2 * MOST - 1) || seen === 0) continue;
      const known = order.get(pair);
      order.set(pair, known === undefined || known === Math.sign(apart) ? Math.sign(apart) : 0);
    }
  for (const [pair, sign] of [...order]) {
    if (sign === 0) order.delete(pair);
    else order.set((pair % count) * count + Math.floor(pair / count), -sign);
  }
  return order;
}

/** Source and destination; undefined: the link has none. */
function macsOf(columns: SightingColumns, row: number): string | undefined {
  const [flow, direction] = [columns.flow(row), columns.direction(row)];
  if (columns.macSeen(flow, direction) !== 1) return undefined;
  const at = columns.macsAt(flow, direction);
  const macs = columns.bytes.subarray(at, at + 12);
  return macs.some((byte) => byte !== 0) ? macs.join() : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
