/**
 * The map's graph: connections with one client, one server, one Service and one path are counted together as a route; a hundred
 * thousand connections of a few pods are a few routes.
 *
 * ```
 * connection ─┐  client place, server place, service, path, return path
 * connection ─┼────────────────────────────► route ─┐ packets of each part of the time: activity
 * connection ─┘                                     └► what is drawn along the path's points
 * ```
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import {
  ROUTE_NAT,
  ROUTE_TUNNEL,
  type MapActivity,
  type MapGraph,
  type MapRoutes,
  type MapService,
} from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";
import { joinPoints } from "./join-answers";
import { isPlaceless, MapPlaces, serviceKind } from "./map-places";

/** A column while it is filled. */
class Numbers {
  readonly values: number[] = [];
  add(row: number, n: number): void {
    this.values[row] = (this.values[row] as number) + n;
  }
  int32(): Uint8Array {
    return new Uint8Array(Int32Array.from(this.values).buffer);
  }
  float64(): Uint8Array {
    return new Uint8Array(Float64Array.from(this.values).buffer);
  }
}

/** More routes are not part of a sketch, even when they are counted: 90,000 are 5 MB to be sent and read. */
const MOST_SKETCHED_ROUTES = 10_000;
/** Connections that are counted between two looks at the clock: about 1 ms. */
const SLICE = 50;

export class MapBuilder {
  readonly #places: MapPlaces;
  readonly #paths: (readonly number[])[] = [[]];
  readonly #pathNumbers = new Map<readonly number[], number>();
  readonly #pathsByText = new Map<string, number>([["", 0]]);
  readonly #carried: Set<number>[] = [];
  readonly #services: MapService[] = [];
  readonly #serviceNumbers = new Map<string, number>();
  readonly #routeNumbers = new RowNumbers();
  readonly #client = new Numbers();
  readonly #server = new Numbers();
  readonly #service = new Numbers();
  readonly #path = new Numbers();
  readonly #returnPath = new Numbers();
  readonly #flags = new Numbers();
  readonly #connections = new Numbers();
  readonly #packets = new Numbers();
  readonly #bytes = new Numbers();
  readonly #missing = new Numbers();
  /** Route of each connection; -1: left out. */
  readonly #routeOf: Int32Array;
  /** Point where a route's packets are counted: the first of its path; -1 none. */
  #countedAt = new Int32Array(0);
  #leftOut = 0;
  /** Connections, then sightings, that were looked at. */
  #nextConnection = 0;
  #nextSighting = 0;
  #firstNs = Infinity;
  #lastNs = -Infinity;
  #graph: MapGraph | undefined;
  #counted: CountedPackets | undefined;

  constructor(
    private readonly join: JoinResult,
    private readonly cluster: Cluster,
  ) {
    this.#places = new MapPlaces(join, cluster);
    this.#routeOf = new Int32Array(join.connectionCount).fill(-1);
  }

  /**
   * A part of the work, so that somebody with nothing else to do can have it done before it is asked for: 100,000 connections
   * take 2 to 4 s. True: all is done.
   */
  work(connections: number): boolean {
    const { join } = this;
    const end = Math.min(join.connectionCount, this.#nextConnection + connections);
    while (this.#nextConnection < end) this.#addConnection(this.#nextConnection++);
    if (this.#nextConnection < join.connectionCount) return false;
    // A sighting takes a tenth of a connection's time.
    const last = Math.min(join.sightings.count, this.#nextSighting + connections * 10);
    while (this.#nextSighting < last) this.#addSighting(this.#nextSighting++);
    return this.#nextSighting >= join.sightings.count;
  }

  /** Connections and sightings that were looked at, of how many. */
  get progress(): { readonly done: number; readonly total: number } {
    const { connectionCount } = this.join;
    return {
      done: this.#nextConnection + this.#nextSighting / 10,
      total: connectionCount + this.join.sightings.count / 10,
    };
  }

  /** As much of the work as fits. True: all is done. */
  workFor(ms: number): boolean {
    const end = performance.now() + ms;
    while (performance.now() < end) if (this.work(SLICE)) return true;
    return this.work(0);
  }

  /** The graph if that can be had at once, else who is where, without routes. */
  sketch(ms: number): MapGraph {
    if (this.workFor(ms) && this.#client.values.length <= MOST_SKETCHED_ROUTES) return this.graph;
    return this.#graphOf(NO_ROUTES);
  }

  /** alignedNs of the graph's beginning. */
  get firstNs(): number {
    this.work(Infinity);
    return this.#beginNs;
  }

  get #beginNs(): number {
    return Number.isFinite(this.#firstNs) ? this.#firstNs : 0;
  }

  /** Does what is left of the work. */
  get graph(): MapGraph {
    return (this.#graph ??= this.#makeGraph());
  }

  #addConnection(index: number): void {
    const c = this.join.connection(index);
    const places = this.#places;
    const isLeftOut = isPlaceless(c.client.ip) || isPlaceless(c.server.ip);
    const client = isLeftOut ? -1 : places.of(c.client);
    const server = isLeftOut ? -1 : places.of(c.server);
    if (client < 0 && server < 0) {
      this.#leftOut++;
      return;
    }
    const service = this.#serviceNumber(c);
    const there = this.#pathNumber(c.path);
    const back = this.#pathNumber(c.returnPath);
    const next = this.#client.values.length;
    const route = this.#routeNumbers.number(client, server, service, there, back, next);
    if (route === next) {
      this.#client.values.push(client);
      this.#server.values.push(server);
      this.#service.values.push(service);
      this.#path.values.push(there);
      this.#returnPath.values.push(back);
      for (const column of [this.#flags, this.#connections, this.#packets, this.#bytes, this.#missing])
        column.values.push(0);
    }
    this.#routeOf[index] = route;
    this.#connections.add(route, 1);
    this.#packets.add(route, c.distinct);
    this.#bytes.add(route, c.bytesFromClient + c.bytesFromServer);
    this.#missing.add(route, c.missing);
    const flags = this.#flags.values;
    flags[route] =
      (flags[route] as number) |
      (c.encapsulations.length > 0 ? ROUTE_TUNNEL : 0) |
      (c.translations.length > 0 ? ROUTE_NAT : 0);
  }

  #addSighting(row: number): void {
    const { sightings } = this.join;
    const ns = sightings.alignedNs(row);
    if (ns < this.#firstNs) this.#firstNs = ns;
    if (ns > this.#lastNs) this.#lastNs = ns;
    if (sightings.carrier(row) < 0) return;
    const connection = sightings.connection(row);
    const route = connection < 0 ? -1 : (this.#routeOf[connection] as number);
    if (route < 0) return;
    const point = sightings.point(row);
    for (const path of [this.#path.values[route] as number, this.#returnPath.values[route] as number])
      (this.#carried[path] ??= new Set()).add(point);
  }

  #makeGraph(): MapGraph {
    this.work(Infinity);
    const paths = this.#paths;
    const returnPath = this.#returnPath.values;
    this.#countedAt = Int32Array.from(
      this.#path.values,
      (p, r) => paths[p]?.[0] ?? paths[returnPath[r] ?? 0]?.at(-1) ?? -1,
    );
    return this.#graphOf({
      count: this.#client.values.length,
      client: this.#client.int32(),
      server: this.#server.int32(),
      service: this.#service.int32(),
      path: this.#path.int32(),
      returnPath: this.#returnPath.int32(),
      flags: this.#flags.int32(),
      connections: this.#connections.float64(),
      packets: this.#packets.float64(),
      bytes: this.#bytes.float64(),
      missing: this.#missing.float64(),
    });
  }

  #graphOf(routes: MapRoutes): MapGraph {
    const { join } = this;
    const sketch = routes === NO_ROUTES;
    const paths = sketch ? [[]] : this.#paths;
    const firstNs = this.#beginNs;
    const seconds = Math.floor(firstNs / 1e9);
    const places = this.#places;
    return {
      machines: places.machines,
      points: joinPoints(join).map((point, at) => ({
        ...point,
        machine: places.machine(point.node),
        place: places.ofPoint(at),
      })),
      places: places.places,
      services: this.#services,
      paths,
      carried: paths.map((_, p) => [...(this.#carried[p] ?? [])]),
      routes,
      sketch,
      connections: join.connectionCount,
      leftOut: this.#leftOut,
      firstTime: [join.baseSeconds + seconds, Math.floor(firstNs - seconds * 1e9)],
      durationNs: Number.isFinite(this.#firstNs) ? this.#lastNs - firstNs : 0,
    };
  }

  /** Paths are few, and the joining gives the same list for the same path. */
  #pathNumber(points: readonly number[]): number {
    let number = this.#pathNumbers.get(points);
    if (number !== undefined) return number;
    const text = points.join(" ");
    number = this.#pathsByText.get(text) ?? this.#paths.push(points) - 1;
    this.#pathsByText.set(text, number);
    this.#pathNumbers.set(points, number);
    return number;
  }

  #serviceNumber(c: Connection): number {
    const label = serviceLabel(c);
    if (label === null) return -1;
    let number = this.#serviceNumbers.get(label);
    if (number === undefined) {
      const told = c.service === null ? null : this.cluster.service(c.service, null);
      number = this.#services.push({ name: c.service, label, type: serviceKind(told) }) - 1;
      this.#serviceNumbers.set(label, number);
    }
    return number;
  }

  /**
   * Packets of every route in `buckets` equal parts of the time between; times outside are not counted. Counted by part, as a
   * counting sort: 600,000 packets in 240 parts took a map of counts 120 ms.
   */
  activity(fromNs: number, toNs: number, buckets: number): MapActivity {
    const routes = this.graph.routes.count;
    const { rows, ns, route } = this.#counted ?? (this.#counted = this.#countPackets());
    const scale = buckets / Math.max(1, toNs - fromNs);
    const bucketOf = new Int32Array(rows).fill(-1);
    const end = new Int32Array(buckets + 1);
    for (let i = 0; i < rows; i++) {
      const since = ns[i] as number;
      if (since < fromNs || since > toNs) continue;
      const bucket = Math.min(buckets - 1, Math.floor((since - fromNs) * scale));
      bucketOf[i] = bucket;
      end[bucket + 1] = (end[bucket + 1] as number) + 1;
    }
    for (let b = 1; b <= buckets; b++) end[b] = (end[b] as number) + (end[b - 1] as number);
    const sorted = new Int32Array(end[buckets] as number);
    const next = end.slice();
    for (let i = 0; i < rows; i++) {
      const bucket = bucketOf[i] as number;
      if (bucket < 0) continue;
      const to = next[bucket] as number;
      sorted[to] = route[i] as number;
      next[bucket] = to + 1;
    }
    const start = new Int32Array(buckets + 1);
    const packets = new Int32Array(sorted.length);
    const count = new Int32Array(routes);
    let cells = 0;
    for (let b = 0; b < buckets; b++) {
      const first = cells;
      for (let i = end[b] as number; i < (end[b + 1] as number); i++) {
        const r = sorted[i] as number;
        // What was read is written over: cells never get ahead of what is read.
        if (count[r] === 0) sorted[cells++] = r;
        count[r] = (count[r] as number) + 1;
      }
      sorted.subarray(first, cells).sort();
      for (let i = first; i < cells; i++) {
        const r = sorted[i] as number;
        packets[i] = count[r] as number;
        count[r] = 0;
      }
      start[b + 1] = cells;
    }
    const column = (values: Int32Array): Uint8Array => new Uint8Array(values.slice().buffer);
    return {
      fromNs,
      toNs,
      buckets,
      start: column(start),
      route: column(sorted.subarray(0, cells)),
      packets: column(packets.subarray(0, cells)),
    };
  }

  /** Time and route of every packet that counts, once: where its route is counted. 12 bytes a packet. */
  #countPackets(): CountedPackets {
    const { sightings } = this.join;
    const { firstNs } = this;
    const ns = new Float64Array(sightings.count);
    const routes = new Int32Array(sightings.count);
    let rows = 0;
    for (let row = 0; row < sightings.count; row++) {
      const connection = sightings.connection(row);
      const route = connection < 0 ? -1 : (this.#routeOf[connection] as number);
      if (route < 0 || sightings.point(row) !== this.#countedAt[route]) continue;
      if (sightings.carries(row) || sightings.quoted(row)) continue;
      ns[rows] = sightings.alignedNs(row) - firstNs;
      routes[rows++] = route;
    }
    return { rows, ns: ns.slice(0, rows), route: routes.slice(0, rows) };
  }
}

const NO_COLUMN = new Uint8Array(0);
const NO_ROUTES: MapRoutes = {
  count: 0,
  client: NO_COLUMN,
  server: NO_COLUMN,
  service: NO_COLUMN,
  path: NO_COLUMN,
  returnPath: NO_COLUMN,
  flags: NO_COLUMN,
  connections: NO_COLUMN,
  packets: NO_COLUMN,
  bytes: NO_COLUMN,
  missing: NO_COLUMN,
};

interface CountedPackets {
  readonly rows: number;
  /** Since the graph's beginning. */
  readonly ns: Float64Array;
  readonly route: Int32Array;
}

/** Numbers of rows of five numbers each, from -1 up; a table of open addressing. A map of texts took 2 µs for each row. */
class RowNumbers {
  #slots = new Int32Array(1024).fill(-1);
  #rows = new Int32Array(5 * 512);
  #count = 0;

  /** The row's number; `next` where it is new. Numbers are given in order. */
  number(a: number, b: number, c: number, d: number, e: number, next: number): number {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    let slot = this.#slot(a, b, c, d, e);
    for (;;) {
      const row = this.#slots[slot] as number;
      if (row < 0) break;
      const at = row * 5;
      const rows = this.#rows;
      if (rows[at] === a && rows[at + 1] === b && rows[at + 2] === c && rows[at + 3] === d && rows[at + 4] === e)
        return row;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    this.#slots[slot] = next;
    const at = next * 5;
    this.#rows[at] = a;
    this.#rows[at + 1] = b;
    this.#rows[at + 2] = c;
    this.#rows[at + 3] = d;
    this.#rows[at + 4] = e;
    this.#count = next + 1;
    return next;
  }

  #slot(a: number, b: number, c: number, d: number, e: number): number {
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ c, 0xc2b2ae35) ^ Math.imul(d + 1, 0x27d4eb2f);
    hash ^= hash >>> 13;
    hash = Math.imul(hash ^ e, 0x165667b1);
    return (hash ^ (hash >>> 16)) & (this.#slots.length - 1);
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let row = 0; row < this.#count; row++) {
      const at = row * 5;
      const n = (i: number): number => rows[at + i] as number;
      let slot = this.#slot(n(0), n(1), n(2), n(3), n(4));
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = row;
    }
  }
}

/** "default/web", else "10.96.0.1:80" of an address that was translated; null: no Service was asked. */
export function serviceLabel(c: Connection): string | null {
  if (c.service !== null) return c.service;
  if (c.requested === null || !c.kind.endsWith("to-service")) return null;
  return endpointText(c.requested);
}
