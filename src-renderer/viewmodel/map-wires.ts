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
import type { MapLayout } from "./map-element";
import type { MapModel, MapNetwork, MapReplay } from "./map-model";
import { curvedLine, Lanes, MOST_LANES, wireLine } from "./map-routing";

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
  /** Four numbers a wire, what its line lies within: left, top, right, bottom. */
  readonly bounds: Float64Array;
}

/** One way along wires; `forward`: from a to b. */
export interface WireStep {
  readonly wire: number;
  readonly forward: boolean;
}

const MOST_ELEMENTS = 2 ** 24;

/** One number for two elements, whichever comes first. Texts took three times as long for 100,000 routes. */
function wireKey(a: number, b: number): number {
  return a < b ? a * MOST_ELEMENTS + b : b * MOST_ELEMENTS + a;
}

export function buildWires(model: MapModel, layout: MapLayout, network: MapNetwork): MapNet {
  const wires: MapWire[] = [];
  const byKey = new Map<number, number>();
  const lanes = new Lanes(network === "node" ? countLinks(model, layout) : 0, layout.rows.length);
  const wire = (a: number, b: number): number => {
    if (a < 0 || b < 0 || a === b) return -1;
    const key = wireKey(a, b);
    let number = byKey.get(key);
    if (number === undefined) {
      const [x, y] = a < b ? [a, b] : [b, a];
      const curved = network !== "node";
      const line = curved ? curvedLine(layout, x, y) : wireLine(layout, x, y, lanes);
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
  return {
    network,
    wires,
    byKey,
    routeStart,
    routeWires: Int32Array.from(routeWires),
    tunnel: tunnelWires(),
    bounds: boundsOf(wires),
  };

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

/** A curve lies between its control points. */
function boundsOf(wires: readonly MapWire[]): Float64Array {
  const bounds = new Float64Array(wires.length * 4);
  wires.forEach(({ line }, at) => {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < line.length; i += 2) {
      const [x, y] = [line[i] ?? 0, line[i + 1] ?? 0];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    bounds.set([left, top, right, bottom], at * 4);
  });
  return bounds;
}
