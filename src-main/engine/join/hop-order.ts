/**
 * Order of points where a packet's times are equal. The kernel stamps a packet when it comes in, and every device above that one shows
 * it with this stamp: a bridge or a bond, a VLAN's device. What is sent passes them the other way and is stamped at each:
 *
 * ```
 *   comes in   veth1 12.000 005   cni0 12.000 005      one stamp: which of them is first is told by what is sent
 *   is sent    cni0  12.000 037   veth1 12.000 041     cni0 lies above veth1
 * ```
 * A point that shares stamps with two others, which share none with each other, is a bridge.
 */
import type { ConnectionTable } from "./connection-table";
import type { FactReader } from "./connection-facts";
import type { JoinInput } from "./join-input";
import type { PacketMatcher } from "./packet-matching";
import { namedRole } from "./point-names";

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
            if (px === py || fileOfPoint[px] !== fileOfPoint[py]) continue;
            const later = columns.timeNs(y) - columns.timeNs(x);
            if (later === 0) {
              partners[px]?.add(py);
              partners[py]?.add(px);
            } else {
              const pair = later > 0 ? px * count + py : py * count + px;
              earlier.set(pair, (earlier.get(pair) ?? 0) + 1);
            }
          }
      });
  }
  const sharesWithStrangers = partners.map((of) =>
    [...of].some((x) => [...of].some((y) => x !== y && !partners[x]?.has(y))),
  );
  const isBridge = (p: number): boolean =>
    namedRole(input.pointNames[p]) === "bridge" || sharesWithStrangers[p] === true;
  /** How many others a point lies above. */
  const height = partners.map((of, p) => {
    let lower = 0;
    for (const q of of) {
      const [first, second] = [earlier.get(p * count + q) ?? 0, earlier.get(q * count + p) ?? 0];
      if (first > 0 && first >= (first + second) * MOST) lower++;
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

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
