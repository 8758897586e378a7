/**
 * Where a wire of the map runs, corner by corner.
 *
 * ```
 * node network    pod │ veth │ bridge │ device │ lane under the nodes ─── lane │ device …      right angles, around what is in the way
 * others          pod ⌣ pod, pod ⌢ Service                                                     one curve, on the side without names
 * ```
 */
import { ROLE_WORDS } from "./map-boxes";
import type { MapElement, MapLayout } from "./map-element";

const LANE_PX = 9;
/** As many lanes fit under the nodes; with more links all share one rail. */
export const MOST_LANES = 8;
/** Between rows of nodes there is less room than above what hangs below. */
const LANES_BETWEEN_ROWS = 3;
const CHANNEL_PX = 7;

/** Links between machines take lanes; where they are many all take the same. */
export class Lanes {
  #next = 0;
  readonly #most: number;
  constructor(
    private readonly links: number,
    rowsOfNodes: number,
  ) {
    this.#most = rowsOfNodes > 1 ? LANES_BETWEEN_ROWS : MOST_LANES;
  }
  take(): number {
    if (this.links > this.#most) return 0;
    // Ends without a point of their own are links too: the lanes begin again.
    return (this.#next++ % this.#most) * LANE_PX;
  }
}

/**
 * A curve between two that talk: start, control point, end. Lines leave a box on the side where no name is: what stands above the
 * lanes at its bottom, what hangs below at its top, a Service on the side of who calls or answers.
 *
 * ```
 * [a] [b]      [c]          [a]   [b]
 *  ╰───╯        │             ╲   ╱
 *  ╰────────────╯           ( Service )        the further, the deeper the bow
 * ```
 */
export function curvedLine(layout: MapLayout, a: number, b: number): readonly number[] {
  const [from, to] = [layout.elements[a], layout.elements[b]];
  if (!from || !to) return [];
  const dx = to.x + to.w / 2 - from.x - from.w / 2;
  const sameRow = layout.rowOf[a] === layout.rowOf[b] && from.hangs === to.hangs;
  if (sameRow && from.kind !== "service" && to.kind !== "service") {
    const down = !from.hangs;
    const [start, end] = [exitPoint(from, dx, down), exitPoint(to, -dx, down)];
    const bow = Math.min(MOST_BOW, 14 + Math.abs(dx) * 0.13) * 2;
    const y = down ? Math.max(start[1], end[1]) + bow : Math.min(start[1], end[1]) - bow;
    return [...start, (start[0] + end[0]) / 2, y, ...end];
  }
  const isDown = from.y + from.h / 2 < to.y + to.h / 2;
  const [start, end] = [exitPoint(from, dx, isDown), exitPoint(to, -dx, !isDown)];
  // Steeply out of the first box, slanting into the second.
  return [...start, start[0] + (end[0] - start[0]) * 0.2, start[1] + (end[1] - start[1]) * 0.65, ...end];
}

const MOST_BOW = 150;

/** Where a line leaves a box at its bottom or top: the further it goes aside, the nearer to that side. */
function exitPoint(element: MapElement, dx: number, atBottom: boolean): readonly [number, number] {
  const most = element.w * 0.36;
  const aside = Math.max(-most, Math.min(most, dx * 0.12));
  return [element.x + element.w / 2 + aside, atBottom ? element.y + element.h : element.y];
}

export function wireLine(layout: MapLayout, a: number, b: number, lanes: Lanes): readonly number[] {
  const [one, two] = [layout.elements[a], layout.elements[b]];
  if (!one || !two) return [];
  if (sameBox(layout, a, b)) return insideLine(one, two);
  const lane = lanes.take();
  const [rowA, rowB] = [layout.rowOf[a] ?? 0, layout.rowOf[b] ?? 0];
  const yA = (layout.rows[rowA]?.laneY ?? 0) + lane;
  const yB = (layout.rows[rowB]?.laneY ?? 0) + lane;
  const from = exit(one, yA);
  const to = exit(two, yB);
  const middle = rowA === rowB ? [] : [layout.trunkX - lane, yA, layout.trunkX - lane, yB];
  return [...from, ...middle, ...reversed(to)];
}

function sameBox({ boxOf }: MapLayout, a: number, b: number): boolean {
  return (boxOf[a] ?? -1) >= 0 && boxOf[a] === boxOf[b];
}

function reversed(line: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = line.length - 2; i >= 0; i -= 2) out.push(line[i] ?? 0, line[i + 1] ?? 0);
  return out;
}

/** From an element to a lane: out of its bottom if the lane is below, out of its top if it is above; around what is in the way. */
function exit(element: MapElement, laneY: number): number[] {
  const x = element.x + element.w / 2;
  const isBelow = laneY > element.y;
  const y = isBelow ? element.y + element.h : element.y;
  if (isBar(element)) {
    // Devices stand between a bridge and the lanes: out at its side.
    const side = element.y + element.h / 2;
    return [element.x, side, element.x - CHANNEL_PX, side, element.x - CHANNEL_PX, laneY];
  }
  if (element.kind === "point" || element.kind === "host") return [x, y, x, laneY];
  const beside = element.x - CHANNEL_PX;
  const out = isBelow ? y + 5 : y - 5;
  return [x, y, x, out, beside, out, beside, laneY];
}

function insideLine(one: MapElement, two: MapElement): readonly number[] {
  const [upper, lower] = one.y <= two.y ? [one, two] : [two, one];
  const flip = upper !== one;
  const line = downLine(upper, lower);
  return flip ? reversed(line) : line;
}

function downLine(upper: MapElement, lower: MapElement): number[] {
  const ux = upper.x + upper.w / 2;
  const lx = lower.x + lower.w / 2;
  const bottom = upper.y + upper.h;
  // Side by side: below both.
  if (Math.abs(upper.y - lower.y) < 4) {
    const under = Math.max(bottom, lower.y + lower.h) + 7;
    return [ux, bottom, ux, under, lx, under, lx, lower.y + lower.h];
  }
  if (isBar(upper)) {
    const x = Math.min(Math.max(lx, upper.x + 6), upper.x + upper.w - 6);
    return [x, bottom, x, lower.y];
  }
  if (isBar(lower)) {
    const x = Math.min(Math.max(ux, lower.x + 6), lower.x + lower.w - 6);
    // Something stands in between when it is further than a gap.
    if (lower.y - bottom < 60 || upper.kind === "host") return [x, bottom, x, lower.y];
    const beside = upper.x - CHANNEL_PX;
    return [ux, bottom, ux, bottom + 5, beside, bottom + 5, beside, lower.y];
  }
  if (Math.abs(ux - lx) < 40 && lower.y - bottom < 40) return [ux, bottom, ux, lower.y];
  const beside = upper.x - CHANNEL_PX;
  return [ux, bottom, ux, bottom + 5, beside, bottom + 5, beside, lower.y - 9, lx, lower.y - 9, lx, lower.y];
}

/** A bridge is drawn as a bar across its machine. */
function isBar(element: MapElement): boolean {
  return element.kind === "point" && element.subtitle === ROLE_WORDS.bridge;
}
