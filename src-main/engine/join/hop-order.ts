/**
 * Order of points where a packet's times are equal. The kernel stamps a packet when the first tap sees it; a bridge's own tap
 * gets the copy with the stamp of the port it came in by. So the port comes first, then the bridge:
 *
 * ```
 *   veth1  12.000 005   ┐ one stamp
 *   cni0   12.000 005   ┘            a point that shares stamps with two others, which share none with each other, is a bridge
 *   veth0  12.000 041
 * ```
 */
import type { ConnectionTable } from "./connection-table";
import type { FactReader } from "./connection-facts";
import type { JoinInput } from "./join-input";
import type { PacketMatcher } from "./packet-matching";
import { namedRole } from "./point-names";

/** Connections and packets of each that are looked at. */
const CONNECTIONS = 500;
const PACKETS = 200;

/** Rank of each point: bridges after others; otherwise by name, so that the order of interfaces in a file changes nothing. */
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
            if (fileOfPoint[px] !== fileOfPoint[py] || columns.timeNs(x) !== columns.timeNs(y)) continue;
            partners[px]?.add(py);
            partners[py]?.add(px);
          }
      });
  }
  const isBridge = (p: number): boolean => namedRole(input.pointNames[p]) === "bridge" || (partners[p]?.size ?? 0) > 1;
  const points = Array.from({ length: count }, (_, p) => p);
  const key = (p: number): string => `${input.pointNames[p] ?? ""} ${input.fileNames[fileOfPoint[p] ?? 0] ?? ""}`;
  points.sort((a, b) => Number(isBridge(a)) - Number(isBridge(b)) || compare(key(a), key(b)) || a - b);
  const rank = new Uint16Array(count);
  points.forEach((p, i) => {
    rank[p] = i;
  });
  return { rank, bridges: new Set(points.filter((p) => (partners[p]?.size ?? 0) > 1)) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
