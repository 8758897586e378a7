/** What is under the pointer, and what the arrow keys go to. */
import type { MapView } from "./map-canvas";
import { distance } from "./map-line";
import { MOST_WIRES, type MapScene } from "./map-scene";

/** The smallest element under a place on the screen; -1 none. */
export function elementAt({ layout }: MapScene, { k, x, y }: MapView, px: number, py: number): number {
  const [wx, wy] = [(px - x) / k, (py - y) / k];
  let found = -1;
  let least = Infinity;
  layout.elements.forEach((e, at) => {
    if (wx < e.x || wx > e.x + e.w || wy < e.y || wy > e.y + e.h) return;
    const size = e.w * e.h;
    if (size <= least) {
      least = size;
      found = at;
    }
  });
  return found;
}

/** The wire within a few pixels of a place on the screen, the busiest of several; -1 none. */
export function wireAt(scene: MapScene, { k, x, y }: MapView, px: number, py: number): number {
  const { net } = scene;
  const { bounds } = net;
  const [wx, wy] = [(px - x) / k, (py - y) / k];
  const reach = 5 / k;
  for (const at of scene.order.subarray(0, Math.min(scene.busy, MOST_WIRES))) {
    const b = at * 4;
    // Nearly all are elsewhere: what looks at 17 places of a curve is asked of the few that may be near.
    if (wx < (bounds[b] ?? 0) - reach || wx > (bounds[b + 2] ?? 0) + reach) continue;
    if (wy < (bounds[b + 1] ?? 0) - reach || wy > (bounds[b + 3] ?? 0) + reach) continue;
    const wire = net.wires[at];
    if (wire && distance(wire, wx, wy) <= reach) return at;
  }
  return -1;
}

/** The next element in a direction from one (arrow keys): near and straight before far and aside. */
export function neighbour({ layout }: MapScene, from: number, dx: number, dy: number): number {
  const here = layout.elements[from];
  if (!here) return layout.elements.length > 0 ? 0 : -1;
  let found = from;
  let least = Infinity;
  layout.elements.forEach((e, at) => {
    // A machine's box holds the others: Page Up and Page Down go to it.
    if (at === from || e.kind === "machine") return;
    const [vx, vy] = [e.x + e.w / 2 - here.x - here.w / 2, e.y + e.h / 2 - here.y - here.h / 2];
    const ahead = vx * dx + vy * dy;
    // Edge to edge across the way: a bridge as wide as its machine is straight below every veth.
    const aside = dx !== 0 ? gap(here.y, here.h, e.y, e.h) : gap(here.x, here.w, e.x, e.w);
    if (ahead <= 1 || aside > ahead * 3) return;
    const cost = ahead + (aside > 0 ? 300 + aside * 2.5 : 0);
    if (cost < least) {
      least = cost;
      found = at;
    }
  });
  return found;
}

/** Between two stretches; 0 where they overlap. */
function gap(a: number, lengthA: number, b: number, lengthB: number): number {
  return Math.max(0, b - (a + lengthA), a - (b + lengthB));
}
