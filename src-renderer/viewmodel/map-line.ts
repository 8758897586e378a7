/** The drawn line of a wire: traced on a canvas, its middle and direction there, how far a place is from it. */
import type { MapCanvas, MapView } from "./map-canvas";
import type { MapNet, MapWire } from "./map-wires";

export function trace(canvas: MapCanvas, wire: MapWire | undefined, { k, x, y }: MapView): void {
  const line = wire?.line;
  if (!line || line.length < 4) return;
  canvas.moveTo((line[0] ?? 0) * k + x, (line[1] ?? 0) * k + y);
  if (wire.curved)
    canvas.quadraticCurveTo(
      (line[2] ?? 0) * k + x,
      (line[3] ?? 0) * k + y,
      (line[4] ?? 0) * k + x,
      (line[5] ?? 0) * k + y,
    );
  else for (let i = 2; i < line.length; i += 2) canvas.lineTo((line[i] ?? 0) * k + x, (line[i + 1] ?? 0) * k + y);
}

/** What stands around a path for its width. */
const PATH_PAD_PX = 4;

export interface LinePath {
  /** Of an SVG path, from the top left corner of the part of the line that may be seen. */
  readonly d: string;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A wire's line for the page, no larger than the screen: where it leaves it, it is cut. */
export function linePath({ bounds, wires }: MapNet, wire: number, view: MapView): LinePath | null {
  const { k, x, y, widthPx, heightPx } = view;
  const at = wire * 4;
  const leftPx = Math.max(0, Math.floor((bounds[at] ?? 0) * k + x) - PATH_PAD_PX);
  const topPx = Math.max(0, Math.floor((bounds[at + 1] ?? 0) * k + y) - PATH_PAD_PX);
  const right = Math.min(widthPx, Math.ceil((bounds[at + 2] ?? 0) * k + x) + PATH_PAD_PX);
  const bottom = Math.min(heightPx, Math.ceil((bounds[at + 3] ?? 0) * k + y) + PATH_PAD_PX);
  const one = wires[wire];
  if (!one || one.line.length < 4 || right <= leftPx || bottom <= topPx) return null;
  const place = (i: number): string =>
    `${((one.line[i] ?? 0) * k + x - leftPx).toFixed(1)} ${((one.line[i + 1] ?? 0) * k + y - topPx).toFixed(1)}`;
  let d = `M${place(0)}`;
  if (one.curved) d += `Q${place(2)} ${place(4)}`;
  else for (let i = 2; i < one.line.length; i += 2) d += `L${place(i)}`;
  return { d, leftPx, topPx, widthPx: right - leftPx, heightPx: bottom - topPx };
}

/** Half way along the drawn line. */
export function middle(wire: MapWire): readonly [number, number] {
  const { line } = wire;
  if (wire.curved) {
    const at = (i: number): number => ((line[i] ?? 0) + 2 * (line[i + 2] ?? 0) + (line[i + 4] ?? 0)) / 4;
    return [at(0), at(1)];
  }
  let length = 0;
  for (let i = 2; i < line.length; i += 2) length += part(line, i);
  let left = length / 2;
  for (let i = 2; i < line.length; i += 2) {
    const own = part(line, i);
    if (left <= own && own > 0) {
      const share = left / own;
      const [x0, y0] = [line[i - 2] ?? 0, line[i - 1] ?? 0];
      return [x0 + ((line[i] ?? 0) - x0) * share, y0 + ((line[i + 1] ?? 0) - y0) * share];
    }
    left -= own;
  }
  return [line[0] ?? 0, line[1] ?? 0];
}

function part(line: readonly number[], i: number): number {
  return Math.hypot((line[i] ?? 0) - (line[i - 2] ?? 0), (line[i + 1] ?? 0) - (line[i - 1] ?? 0));
}

/** Unit vector of a wire at its middle. */
export function directionAt(wire: MapWire, forward: boolean): readonly [number, number] {
  const { line } = wire;
  let [dx, dy] = [0, 0];
  if (wire.curved) [dx, dy] = [(line[4] ?? 0) - (line[0] ?? 0), (line[5] ?? 0) - (line[1] ?? 0)];
  else {
    let length = 0;
    for (let i = 2; i < line.length; i += 2) length += part(line, i);
    let left = length / 2;
    for (let i = 2; i < line.length; i += 2) {
      const own = part(line, i);
      [dx, dy] = [(line[i] ?? 0) - (line[i - 2] ?? 0), (line[i + 1] ?? 0) - (line[i - 1] ?? 0)];
      if (left <= own) break;
      left -= own;
    }
  }
  const size = (Math.hypot(dx, dy) || 1) * (forward ? 1 : -1);
  return [dx / size, dy / size];
}

/** Whether any of a wire may be seen: its bounds are (wires are thousands, their corners more). */
export function isLineOnScreen({ bounds }: MapNet, wire: number, view: MapView): boolean {
  const { k, x, y, widthPx, heightPx } = view;
  const at = wire * 4;
  return (
    (bounds[at + 2] ?? 0) * k + x >= 0 &&
    (bounds[at] ?? 0) * k + x <= widthPx &&
    (bounds[at + 3] ?? 0) * k + y >= 0 &&
    (bounds[at + 1] ?? 0) * k + y <= heightPx
  );
}

/** From a place to the nearest point of the line. */
export function distance(wire: MapWire, x: number, y: number): number {
  const { line } = wire;
  if (wire.curved) {
    let least = Infinity;
    for (let t = 0; t <= 1; t += 1 / 16) {
      const u = 1 - t;
      const at = (i: number): number =>
        u * u * (line[i] ?? 0) + 2 * u * t * (line[i + 2] ?? 0) + t * t * (line[i + 4] ?? 0);
      least = Math.min(least, Math.hypot(at(0) - x, at(1) - y));
    }
    return least;
  }
  let least = Infinity;
  for (let i = 2; i < line.length; i += 2) {
    const [x0, y0] = [line[i - 2] ?? 0, line[i - 1] ?? 0];
    const [dx, dy] = [(line[i] ?? 0) - x0, (line[i + 1] ?? 0) - y0];
    const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(x0 + dx * t - x, y0 + dy * t - y));
  }
  return least;
}
