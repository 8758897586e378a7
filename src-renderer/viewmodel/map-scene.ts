/** What one picture of the map shows: a layout, its wires, and what runs on them over the whole time or in a moment of it. */
import type { MapLayout } from "./map-element";
import type { MapModel } from "./map-model";
import type { MapNet } from "./map-wires";

export interface MapScene {
  readonly model: MapModel;
  readonly layout: MapLayout;
  readonly net: MapNet;
  /** Packets on each wire, over the whole time or in a part of it. */
  readonly traffic: Float64Array;
  /** The most that any wire has, in any part: what is drawn widest. */
  readonly most: number;
  /** Packets missing on each wire's routes. */
  readonly missing: Float64Array;
  /** Busiest first: wires drawn where there are too many for all. */
  readonly order: Int32Array;
  /** So many of them, from the first, carry something. */
  readonly busy: number;
}

/** More lines than this are a grey cloth: only the busiest are drawn. */
export const MOST_WIRES = 3000;

export function buildScene(
  model: MapModel,
  layout: MapLayout,
  net: MapNet,
  traffic: Float64Array,
  missing: Float64Array,
  most = traffic.reduce((a, b) => Math.max(a, b), 0),
): MapScene {
  // Only what carries something is put in order: in a moment of a replay that is little.
  const count = net.wires.length;
  const order = new Int32Array(count);
  let busy = 0;
  for (let at = 0; at < count; at++) if ((traffic[at] ?? 0) > 0) order[busy++] = at;
  order.subarray(0, busy).sort((a, b) => (traffic[b] ?? 0) - (traffic[a] ?? 0) || a - b);
  let quiet = busy;
  for (let at = 0; at < count; at++) if (!((traffic[at] ?? 0) > 0)) order[quiet++] = at;
  return { model, layout, net, traffic, most, missing, order, busy };
}
