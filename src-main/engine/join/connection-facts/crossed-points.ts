/**
 * Capture points that one packet crossed, in hop order, each once in a row. What the network delivered twice goes on twice from its
 * copy: that is not a longer path.
 *
 * ```
 * rows    veth  bridge  card │ card  veth'    the same flow with the same TTL at a point: a copy
 *                            │  ▲
 * points  veth  bridge  card   veth'
 * ```
 */
import { type SightingColumns, W_ID } from "../sighting-columns";

export function crossedPoints(
  columns: SightingColumns,
  pointOfFlow: Int32Array,
  rows: ArrayLike<number>,
): readonly number[] {
  const points: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const p = pointOfFlow[columns.flow(rows[i] as number)] as number;
    if (points[points.length - 1] !== p && !(points.includes(p) && isCopy(columns, rows, i))) points.push(p);
  }
  return points;
}

function isCopy(columns: SightingColumns, rows: ArrayLike<number>, at: number): boolean {
  const row = rows[at] as number;
  for (let i = 0; i < at; i++) {
    const before = rows[i] as number;
    if (columns.flow(before) === columns.flow(row) && ttlOf(columns, before) === ttlOf(columns, row)) return true;
  }
  return false;
}

function ttlOf(columns: SightingColumns, row: number): number {
  return (columns.word(row, W_ID) >>> 8) & 255;
}
