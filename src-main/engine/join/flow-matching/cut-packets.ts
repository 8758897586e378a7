/**
 * Packets of which one point captured more than another: what a capture of 96 bytes keeps of a datagram fits at a veth, and behind a
 * tunnel's headers no more; of a TCP segment not even its header may be left. Their keys differ then (picks.ts); the identification tells,
 * with the length and what else both have:
 *
 * ```
 *   veth   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, payload 5e1f…
 *   card   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, cut
 * ```
 */
import { SIGHTING_CUT } from "../../kernel/assembly/abi";
import { PROTOCOL_TCP, type SightingColumns, W_ID, W_IP_LENGTH, W_SEQ } from "../sighting-columns";

/** Packets of a flow that are looked at. */
const LOOKED_AT = 64;

/** Calls `each` for rows of two flows of one tuple, one of them cut, that can be one packet; it says whether that is enough. */
export function eachCutPair(
  columns: SightingColumns,
  f: number,
  g: number,
  each: (rowF: number, rowG: number) => boolean,
): void {
  const cutF = rowsOf(columns, f).some((row) => isCut(columns, row));
  if (!cutF && !rowsOf(columns, g).some((row) => isCut(columns, row))) return;
  const tcp = columns.protocol(f) === PROTOCOL_TCP;
  const byIdentification = new Map<number, number>();
  const keyOf = (row: number): number => (columns.word(row, W_ID) >>> 16) * 2 + columns.direction(row);
  for (const row of rowsOf(columns, f)) if (columns.word(row, W_ID) >>> 16 !== 0) byIdentification.set(keyOf(row), row);
  for (const row of rowsOf(columns, g)) {
    const other = byIdentification.get(keyOf(row));
    if (other === undefined || !(isCut(columns, row) || isCut(columns, other))) continue;
    if (columns.word(row, W_IP_LENGTH) !== columns.word(other, W_IP_LENGTH)) continue;
    if (tcp && columns.word(row, W_SEQ) !== columns.word(other, W_SEQ)) continue;
    if (each(other, row)) return;
  }
}

function isCut(columns: SightingColumns, row: number): boolean {
  return (columns.word(row, W_ID) & SIGHTING_CUT) !== 0;
}

function rowsOf(columns: SightingColumns, flow: number): Uint32Array {
  const start = columns.start[flow] as number;
  return columns.order.subarray(start, Math.min(columns.start[flow + 1] as number, start + LOOKED_AT));
}
