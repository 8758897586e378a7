/**
 * Lines of the map and which traffic runs on which: a route's packets run along the wires of its path, or, in the pod and the
 * Service network, straight from who asked to who answered.
 *
 * ```
 * route 7 (client-a ► web-b)   wires  pod─veth, veth─bridge, bridge─tunnel, tunnel─NIC, NIC─router, …      node network
 *                              wires  client-a─web-b                                                        pod network
 *                              wires  client-a─Service web, Service web─web-b                               Service network
 * ```
 */
import { ROLE_WORDS, type MapElement, type MapLayout } from "./map-layout";
import type { MapModel, MapReplay } from "./map-model";

export type MapNetwork = "node" | "pod" | "service";

export interface MapWire {
  /** Elements it goes between. */
  readonly a: number;
  readonly b: number;
  /** Corners x, y, x, y …; of a curve: start, control point, end. */
  readonly line: readonly number[];
  readonly curved: boolean;
}

export interface MapNet {
  readonly network: MapNetwork;
  readonly wires: readonly MapWire[];
  readonly byKey: ReadonlyMap<number, number>;
  /** Wires of route r: routeWires[routeStart[r]] … */
  readonly routeStart: Int32Array;
  readonly routeWires: Int32Array;
  /** By wire: some of its traffic is inside a tunnel. */
  readonly tunnel: Uint8Array;
}

/** One way along wires; `forward`: from a to b. */
export interface WireStep {
  readonly wire: number;
  readonly forward: boolean;
}

const MOST_ELEMENTS = 2 ** 24;
const LANE_PX = 9;
/** As many lanes fit under the nodes; with more links all share one rail. */
const MOST_LANES = 8;
const CHANNEL_PX = 7;

/** One number for two elements, whichever comes first. Texts took three times as long for 100,000 routes. */
export function wireKey(a: number, b: number): number {
  return a < b ? a * MOST_ELEMENTS + b : b * MOST_ELEMENTS + a;
}

export function buildWires(model: MapModel, layout: MapLayout, network: MapNetwork): MapNet {
  const wires: MapWire[] = [];
  const byKey = new Map<number, number>();
  // Between rows of nodes there is less room than above what hangs below.
  const lanes = new Lanes(network === "node" ? countLinks(model, layout) : 0, layout.rows.length > 1 ? 3 : MOST_LANES);
  const wire = (a: number, b: number): number => {
    if (a < 0 || b < 0 || a === b) return -1;
    const key = wireKey(a, b);
    let number = byKey.get(key);
    if (number === undefined) {
      const [x, y] = a < b ? [a, b] : [b, a];
      const curved = network !== "node";
      const line = curved ? curve(layout, x, y) : wireLine(layout, x, y, lanes);
      number = wires.push({ a: x, b: y, line, curved }) - 1;
      byKey.set(key, number);
    }
    return number;
  };
  const pathWires = new Map<number, readonly number[]>();
  const ofPath = (path: number): readonly number[] => {
    let list = pathWires.get(path);
    if (!list) {
      const elements = (model.paths[path] ?? []).map((point) => layout.ofPoint[point] ?? -1);
      list = elements.slice(1).flatMap((to, i) => {
        const number = wire(elements[i] ?? -1, to);
        return number < 0 ? [] : [number];
      });
      pathWires.set(path, list);
    }
    return list;
  };
  const routeStart = new Int32Array(model.routes + 1);
  const routeWires: number[] = [];
  // A wire counts once a route, though it may be on its way there and on its way back.
  let counted = new Int32Array(1024).fill(-1);
  const count = (route: number, number: number): void => {
    if (number < 0) return;
    if (number >= counted.length) {
      const longer = new Int32Array(number * 2).fill(-1);
      longer.set(counted);
      counted = longer;
    }
    if (counted[number] === route) return;
    counted[number] = route;
    routeWires.push(number);
  };
  for (let r = 0; r < model.routes; r++) {
    const client = elementOf(layout.ofPlace, model.client[r]);
    const server = elementOf(layout.ofPlace, model.server[r]);
    const service = elementOf(layout.ofService, model.service[r]);
    if (network === "pod") count(r, wire(client, server));
    else if (network === "service") {
      if (service >= 0) {
        count(r, wire(client, service));
        count(r, wire(service, server));
      }
    } else {
      const there = model.paths[model.path[r] ?? 0] ?? [];
      const back = model.paths[model.returnPath[r] ?? 0] ?? [];
      for (const number of ofPath(model.path[r] ?? 0)) count(r, number);
      for (const number of ofPath(model.returnPath[r] ?? 0)) count(r, number);
      // From who asks to the first point that saw it, from the last one to who answers.
      count(r, wire(client, elementOf(layout.ofPoint, there[0] ?? back.at(-1))));
      count(r, wire(elementOf(layout.ofPoint, there.at(-1) ?? back[0]), server));
    }
    routeStart[r + 1] = routeWires.length;
  }
  return { network, wires, byKey, routeStart, routeWires: Int32Array.from(routeWires), tunnel: tunnelWires() };

  /** A hop is inside a tunnel where both its points saw it so. */
  function tunnelWires(): Uint8Array {
    const tunnel = new Uint8Array(wires.length);
    model.paths.forEach((path, at) => {
      const inside = new Set(model.graph.carried[at]);
      for (let i = 1; i < path.length; i++) {
        const [from, to] = [path[i - 1] ?? -1, path[i] ?? -1];
        if (!inside.has(from) || !inside.has(to)) continue;
        const wire = byKey.get(wireKey(elementOf(layout.ofPoint, from), elementOf(layout.ofPoint, to)));
        if (wire !== undefined) tunnel[wire] = 1;
      }
    });
    return tunnel;
  }
}

function elementOf(list: Int32Array, index: number | undefined): number {
  return index === undefined || index < 0 ? -1 : (list[index] ?? -1);
}

/** What runs on each wire: the sum of a column of the routes. */
export function wireSums(net: MapNet, column: Float64Array): Float64Array {
  const sums = new Float64Array(net.wires.length);
  for (let r = 0; r + 1 < net.routeStart.length; r++) {
    const value = column[r] ?? 0;
    if (value === 0) continue;
    for (let i = net.routeStart[r] ?? 0; i < (net.routeStart[r + 1] ?? 0); i++) {
      const wire = net.routeWires[i] ?? 0;
      sums[wire] = (sums[wire] ?? 0) + value;
    }
  }
  return sums;
}

/** Packets on each wire in one part of the replay's time. */
export function replayFrame(net: MapNet, replay: MapReplay, bucket: number): Float64Array {
  const sums = new Float64Array(net.wires.length);
  for (let e = replay.start[bucket] ?? 0; e < (replay.start[bucket + 1] ?? 0); e++) {
    const route = replay.route[e] ?? 0;
    for (let i = net.routeStart[route] ?? 0; i < (net.routeStart[route + 1] ?? 0); i++) {
      const wire = net.routeWires[i] ?? 0;
      sums[wire] = (sums[wire] ?? 0) + (replay.packets[e] ?? 0);
    }
  }
  return sums;
}

/** The most packets that any wire has in any part of the replay: what is drawn widest. */
export function replayMost(net: MapNet, replay: MapReplay): number {
  const sums = new Float64Array(net.wires.length);
  const touched: number[] = [];
  let most = 0;
  for (let bucket = 0; bucket < replay.buckets; bucket++) {
    for (let e = replay.start[bucket] ?? 0; e < (replay.start[bucket + 1] ?? 0); e++) {
      const route = replay.route[e] ?? 0;
      for (let i = net.routeStart[route] ?? 0; i < (net.routeStart[route + 1] ?? 0); i++) {
        const wire = net.routeWires[i] ?? 0;
        const sum = (sums[wire] ?? 0) + (replay.packets[e] ?? 0);
        if (sum > most) most = sum;
        sums[wire] = sum;
        touched.push(wire);
      }
    }
    for (const wire of touched) sums[wire] = 0;
    touched.length = 0;
  }
  return most;
}

/** The next part of the time in which anything happens; the same one if there is none. */
export function nextBusyBucket(replay: MapReplay, from: number, by: -1 | 1): number {
  for (let b = from + by; b >= 0 && b < replay.buckets; b += by)
    if ((replay.start[b + 1] ?? 0) > (replay.start[b] ?? 0)) return b;
  return from;
}

/** What a lit connection needs; `path` are points. */
export interface LitConnection {
  /** Indices of places, -1 unknown; of a Service, -1 none was asked. */
  readonly client: number;
  readonly server: number;
  readonly service: number;
  readonly path: readonly number[];
  readonly returnPath: readonly number[];
}

/** The wires of a connection, in the order packets take them, each way. */
export function litWires(
  layout: MapLayout,
  net: MapNet,
  lit: LitConnection,
): { readonly there: readonly WireStep[]; readonly back: readonly WireStep[] } {
  const client = elementOf(layout.ofPlace, lit.client);
  const server = elementOf(layout.ofPlace, lit.server);
  const service = elementOf(layout.ofService, lit.service);
  const points = (path: readonly number[]): number[] => path.map((p) => elementOf(layout.ofPoint, p));
  const way = (path: readonly number[], from: number, to: number): number[] =>
    net.network === "node"
      ? [from, ...points(path), to]
      : net.network === "service" && service >= 0
        ? [from, service, to]
        : [from, to];
  const steps = (elements: readonly number[]): WireStep[] => {
    const known = elements.filter((element) => element >= 0);
    return known.slice(1).flatMap((to, i) => {
      const from = known[i] ?? -1;
      const wire = net.byKey.get(wireKey(from, to));
      return wire === undefined ? [] : [{ wire, forward: net.wires[wire]?.a === from }];
    });
  };
  return { there: steps(way(lit.path, client, server)), back: steps(way(lit.returnPath, server, client)) };
}

/** Links between machines take lanes; where they are many all take the same. */
class Lanes {
  #next = 0;
  constructor(
    private readonly links: number,
    private readonly most: number,
  ) {}
  take(): number {
    if (this.links > this.most) return 0;
    // Ends without a point of their own are links too: the lanes begin again.
    return (this.#next++ % this.most) * LANE_PX;
  }
}

function countLinks(model: MapModel, layout: MapLayout): number {
  const links = new Set<number>();
  const machine = (element: number): string => {
    const one = layout.elements[element];
    return one ? `${one.machine} ${one.machine < 0 ? element : ""}` : "";
  };
  for (const path of model.paths)
    for (let i = 1; i < path.length; i++) {
      const a = elementOf(layout.ofPoint, path[i - 1]);
      const b = elementOf(layout.ofPoint, path[i]);
      if (a >= 0 && b >= 0 && machine(a) !== machine(b)) links.add(wireKey(a, b));
      if (links.size > MOST_LANES) return links.size;
    }
  return links.size;
}

function curve(layout: MapLayout, a: number, b: number): readonly number[] {
  const from = layout.elements[a];
  const to = layout.elements[b];
  if (!from || !to) return [];
  const [fromX, fromY, toX, toY] = [from.x + from.w / 2, from.y + from.h / 2, to.x + to.w / 2, to.y + to.h / 2];
  const [dx, dy] = [toX - fromX, toY - fromY];
  const length = Math.hypot(dx, dy) || 1;
  // Bent to one side, so that lines between boxes of one row do not run through those in between.
  const bend = Math.min(120, length * 0.18) * (dy === 0 ? -1 : 1);
  const [cx, cy] = [(fromX + toX) / 2 - (dy / length) * bend, (fromY + toY) / 2 + (dx / length) * bend];
  return [...border(from, cx, cy), cx, cy, ...border(to, cx, cy)];
}

/** Where the line from an element's middle to a place leaves its box: names stay readable. */
function border(element: MapElement, towardsX: number, towardsY: number): readonly [number, number] {
  const [x, y] = [element.x + element.w / 2, element.y + element.h / 2];
  const [dx, dy] = [towardsX - x, towardsY - y];
  const share = Math.min(1, element.w / 2 / (Math.abs(dx) || 1e-9), element.h / 2 / (Math.abs(dy) || 1e-9));
  return [x + dx * share, y + dy * share];
}

function wireLine(layout: MapLayout, a: number, b: number, lanes: Lanes): readonly number[] {
  const [one, two] = [layout.elements[a], layout.elements[b]];
  if (!one || !two) return [];
  if (one.machine === two.machine && (one.machine >= 0 || sameBox(layout, a, b))) return insideLine(one, two);
  const lane = lanes.take();
  const [rowA, rowB] = [layout.rowOf[a] ?? 0, layout.rowOf[b] ?? 0];
  const yA = (layout.rows[rowA]?.laneY ?? 0) + lane;
  const yB = (layout.rows[rowB]?.laneY ?? 0) + lane;
  const from = exit(one, yA);
  const to = exit(two, yB);
  const middle = rowA === rowB ? [] : [layout.trunkX - lane, yA, layout.trunkX - lane, yB];
  return [...from, ...middle, ...reversed(to)];
}

/** Boxes without a machine: those of one kind stand together. */
function sameBox(layout: MapLayout, a: number, b: number): boolean {
  return layout.rowOf[a] === layout.rowOf[b] && layout.elements[a]?.kind === layout.elements[b]?.kind;
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
