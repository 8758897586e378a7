/**
 * Questions and answers over UDP that lie one within the other: what a machine makes of a call when it translates it. Of datagrams without
 * an identification (IPv6) that changed both ends nothing else is left to tell.
 *
 * ```
 *   x  client > node:30001  ──question──►  62 hops ┐                       ┌ 61 ──answer──►  y before x, a hop more left
 *   y                  node:22545 > pod:9091 ──►   └ 61, same payload … 62 ┘ same payload
 * ```
 * A program that asks another one what it was asked begins anew: its datagrams have all their hops. Calls of equal content (health checks) have
 * said before, or say again, what they say.
 */
import { SaidOnce } from "./said-once";
import { type SightingColumns, W_HASH, W_ID, W_LENGTH } from "./sighting-columns";

/** Payload of fewer bytes says too little. */
const BYTES = 8;
/** Clock reads of two interfaces may be that much out of order. */
const JITTER_NS = 20e3;

/** Rows of the same packets: first[i] of one flow, second[i] of the other. */
interface SharedRows {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** By what was recorded, and only for as long as it is kept. */
const saidOnce = new WeakMap<SightingColumns, SaidOnce>();

/** From when to when a datagram was under way between its two sightings. */
interface Span {
  readonly row: number;
  readonly direction: number;
  readonly from: number;
  readonly to: number;
}

/** Whether all packets that two flows of datagrams share are such questions and answers. `nearNs`: how far apart the sightings of one may be. */
export function isNestedExchange(
  columns: SightingColumns,
  clockOfPoint: readonly number[],
  pair: SharedRows,
  swapped: number,
  nearNs: number,
): boolean {
  /** Which flow sees a packet later, by direction in the first: -1 the first, 1 the second. */
  const later = [0, 0];
  const spans: Span[] = [];
  for (let i = 0; i < pair.first.length; i++) {
    const x = pair.first[i] as number;
    const y = pair.second[i] as number;
    const [fx, fy] = [columns.flow(x), columns.flow(y)];
    const direction = columns.direction(x);
    if ((direction ^ columns.direction(y)) !== swapped) return false;
    if (clockOfPoint[columns.point(fx)] !== clockOfPoint[columns.point(fy)]) return false;
    const hash = columns.word(x, W_HASH);
    if (hash === 0 || hash !== columns.word(y, W_HASH) || columns.word(x, W_LENGTH) >>> 8 < BYTES) return false;
    const [atX, atY] = [columns.timeNs(x), columns.timeNs(y)];
    if (Math.abs(atX - atY) > nearNs) return false;
    let order = Math.sign(hopsLeft(columns, x) - hopsLeft(columns, y));
    // A bridge that translates takes no hop: only who recorded each device tells which of them comes first.
    if (order === 0) order = isOtherDevice(columns, x, y) ? Math.sign(atY - atX) || Math.sign(y - x) : 0;
    if (order === 0 || (later[direction] as number) === -order || (atX - atY) * order > JITTER_NS) return false;
    if (columns.point(fx) === columns.point(fy) && !isSameMachine(columns, x, y, order)) return false;
    later[direction] = order;
    spans.push({ row: x, direction, from: Math.min(atX, atY), to: Math.max(atX, atY) });
  }
  if (later[0] === 0 || later[0] !== -(later[1] as number)) return false;
  for (const a of spans)
    for (const b of spans) if (a.direction !== b.direction && a.from <= b.to && b.from <= a.to) return false;
  let once = saidOnce.get(columns);
  if (!once) saidOnce.set(columns, (once = new SaidOnce(columns, clockOfPoint)));
  return spans.some((span) => once.has(span.row));
}

/**
 * Whether two rows of one point that is a capture of all interfaces are of different devices: by the interface's index (SLL2), else by the
 * packet's type (SLL). Kept are those of each flow's first packet in their direction.
 */
export function isOtherDevice(columns: SightingColumns, x: number, y: number): boolean {
  const [fx, fy] = [columns.flow(x), columns.flow(y)];
  const [dx, dy] = [columns.direction(x), columns.direction(y)];
  const [typeX, typeY] = [columns.macSeen(fx, dx), columns.macSeen(fy, dy)];
  if (typeX < 2 || typeY < 2 || columns.point(fx) !== columns.point(fy)) return false;
  const [indexX, indexY] = [columns.macsAt(fx, dx) + 6, columns.macsAt(fy, dy) + 6];
  let [isIndexed, isOther] = [false, false];
  for (let i = 0; i < 4; i++) {
    const [a, b] = [columns.bytes[indexX + i] as number, columns.bytes[indexY + i] as number];
    isIndexed ||= a !== 0;
    isOther ||= a !== b;
  }
  return isIndexed ? isOther : typeX !== typeY;
}

/**
 * On one wire: who was sent the packet that was seen first sent the other one. True where MACs do not tell, as those inside a tunnel.
 * `order`: 1, x is first.
 */
function isSameMachine(columns: SightingColumns, x: number, y: number, order: number): boolean {
  const [first, second] = order > 0 ? [x, y] : [y, x];
  const [f, g] = [columns.flow(first), columns.flow(second)];
  if (columns.depth(f) > 1 || columns.depth(g) > 1) return true;
  const [df, dg] = [columns.direction(first), columns.direction(second)];
  if (columns.macSeen(f, df) !== 1 || columns.macSeen(g, dg) !== 1) return true;
  const to = columns.macsAt(f, df) + 6;
  const from = columns.macsAt(g, dg);
  for (let i = 0; i < 6; i++) if (columns.bytes[to + i] !== columns.bytes[from + i]) return false;
  return true;
}

function hopsLeft(columns: SightingColumns, row: number): number {
  return (columns.word(row, W_ID) >>> 8) & 255;
}
