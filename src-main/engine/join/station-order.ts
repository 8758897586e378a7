/**
 * Order of stations that clocks do not tell apart. A clock of microseconds (pcap files, or stamps that a script cut to milliseconds) shows
 * one packet at many devices at once. A station is one flow in one direction: a capture point, before or behind a translation or a tunnel.
 *
 * ```
 *   stamps   client 12.000   veth 12.000   cni0 12.000   eth0 12.000      one stamp everywhere
 *
 *   TTL                          client veth cni0 (64) │ eth0 (63)         each router takes one
 *   the carrying TTL             the same inside a tunnel
 *   other packets                from client's address 17 : 0 came past veth before cni0: where a stamp changed between the two
 *   the other way                to client's address 9 : 0 came past cni0 before veth
 *   what each point sees         client and veth nothing but the client's packets, cni0 others' too
 *   machines                     a packet that entered n1 crosses the rest of n1 first
 * ```
 * Stamps are cut, not moved: where two of one clock differ, the earlier one is earlier. So each packet whose stamps differ at two points is
 * evidence for all others there, and one is enough.
 */
import { SIGHTING_CARRIED } from "../kernel/assembly/abi";
import type { ClockMap } from "./clock-map";
import type { FactReader } from "./connection-facts";
import type { ConnectionTable } from "./connection-table";
import type { JoinInput } from "./join-input";
import type { PacketMatcher } from "./packet-matching";
import { type SightingOrder, orderByPoints } from "./sighting-order";
import { type SightingColumns, W_ID } from "./sighting-columns";

/** Connections and packets of each that are looked at, as in hop-order.ts. */
const CONNECTIONS = 500;
const PACKETS = 200;
/** Rows of each clock that tell its resolution. */
const STAMPS = 4096;
/** By fewer rows a clock is taken to be of microseconds at the most. */
const FEW_STAMPS = 32;
/** Coarser clocks are made by hand. */
const COARSEST_NS = 1e7;
/** More stations than this are left to the points' ranks: nothing that is captured is so long. */
const MOST_STATIONS = 64;

/** What of a connection is seen in one direction at one point, with one tuple, at one depth. */
interface Station {
  /** flow · 2 + direction */
  readonly key: number;
  readonly point: number;
  readonly source: string;
  readonly destination: string;
  readonly sourceMac: string | undefined;
  readonly destinationMac: string | undefined;
  /** Number of the tuple, ports included. */
  readonly tuple: number;
  readonly ttl: number;
  /** Of the carrying packet; -1: it is carried by none. */
  readonly outerTtl: number;
  readonly outer: string;
  /** Share of the point's packets that have the source as an end, less that of the destination. */
  readonly nearness: number;
}

/**
 * Undefined ranks by flow where no two stations with one TTL have one stamp at points of files of unlike machines, and no clock is coarse.
 */
export function orderStations(
  input: JoinInput,
  table: ConnectionTable,
  facts: FactReader,
  matcher: PacketMatcher,
  known: { readonly pointOfFlow: Int32Array; readonly tuple: Int32Array; readonly clocks: ClockMap },
  ofPoint: Uint16Array,
): SightingOrder {
  const resolutions = clockResolutions(input, known.pointOfFlow);
  const resolutionNs = Uint32Array.from(input.fileOfPoint, (file) => resolutions[file] ?? 1);
  const coarsestNs = resolutionNs.reduce((most, ns) => Math.max(most, ns), 0);
  const ranks = new StationRanks(input, table, facts, matcher, known, ofPoint, resolutionNs);
  ranks.collect();
  if (!ranks.needed) return orderByPoints(ofPoint);
  return { ofPoint, ofFlow: ranks.rank(), resolutionNs, coarsestNs };
}

/** By file, ns: the largest power of ten that all stamps looked at are multiples of. */
function clockResolutions({ columns, fileOfPoint, fileNames }: JoinInput, pointOfFlow: Int32Array): readonly number[] {
  const found = new Array<number>(fileNames.length).fill(COARSEST_NS);
  const looked = new Array<number>(fileNames.length).fill(0);
  const step = Math.max(1, Math.floor(columns.count / (STAMPS * Math.max(1, fileNames.length))));
  for (let i = 0; i < columns.count; i += step) {
    const row = columns.order[i] as number;
    const point = pointOfFlow[columns.flow(row)] ?? -1;
    if (point < 0) continue;
    const file = fileOfPoint[point] ?? 0;
    looked[file] = (looked[file] ?? 0) + 1;
    const ns = columns.nanoseconds(row);
    while (ns % (found[file] as number) !== 0) found[file] = (found[file] as number) / 10;
  }
  return found.map((ns, file) => {
    const rows = looked[file] ?? 0;
    return rows === 0 ? 1 : rows < FEW_STAMPS ? Math.min(ns, 1000) : ns;
  });
}

class StationRanks {
  /** Packets that one point saw earlier than another: by all addresses; by one address or MAC, from it to any or to it from any. */
  private readonly exact = new Map<string, number>();
  private readonly byEnd = new Map<string, number>();
  /** Points of promiscuous bridges: they show a copy behind the port that sent the packet on, whichever way it goes. */
  private readonly late = new Set<number>();
  /** Packets by point and depth, and of these by address. */
  private readonly seenAt = new Map<number, number>();
  private readonly seenOf = new Map<string, number>();
  private readonly machine: readonly string[];
  private readonly pointsOfMachine = new Map<string, number>();
  /** Orders by what tells of the stations. */
  private readonly orders = new Map<string, Uint16Array>();
  /** Some stations were seen at once that the points' ranks cannot order. */
  needed = false;

  constructor(
    private readonly input: JoinInput,
    private readonly table: ConnectionTable,
    private readonly facts: FactReader,
    private readonly matcher: PacketMatcher,
    private readonly known: {
      readonly pointOfFlow: Int32Array;
      readonly tuple: Int32Array;
      readonly clocks: ClockMap;
    },
    private readonly ofPoint: Uint16Array,
    private readonly resolutionNs: Uint32Array,
  ) {
    // What tcpdump writes of one machine, a file an interface, is usually named by the machine first. A hint, used last.
    this.machine = input.fileOfPoint.map(
      (file) => /^(?:.*[/\\])?[^./\\]*/.exec(input.fileNames[file] ?? "")?.[0] ?? "",
    );
    for (const name of this.machine) this.pointsOfMachine.set(name, (this.pointsOfMachine.get(name) ?? 0) + 1);
  }

  /** Reads off some connections which of two stations saw packets earlier. */
  collect(): void {
    const { table, facts, matcher } = this;
    const { columns } = this.input;
    const step = Math.max(1, Math.floor(table.count / CONNECTIONS));
    /** Two stations as PAIR says, and how many packets. */
    const pairs: number[] = [];
    for (let c = 0; c < table.count; c += step) {
      const { toServer, toClient } = facts.rows(c);
      const protocol = columns.protocol(table.root[c] as number);
      for (const rows of [toServer, toClient]) {
        /** By two stations (their keys): packets that the first saw earlier. */
        const earlier = new Map<number, number>();
        matcher.eachUnambiguous(rows.subarray(0, PACKETS), protocol, (same) => this.takePacket(same, earlier), true);
        for (const [pair, n] of earlier) pairs.push(pair, n);
      }
    }
    // Clocks of nanoseconds need no more: 8 of 40 ms less for them.
    for (let i = 0; this.needed && i < pairs.length; i += 2) {
      const pair = pairs[i] as number;
      this.takePair(Math.floor(pair / PAIR), pair % PAIR, pairs[i + 1] as number);
    }
  }

  private takePacket(same: readonly number[], earlier: Map<number, number>): void {
    const { columns, fileOfPoint } = this.input;
    const { pointOfFlow } = this.known;
    for (let i = 0; i < same.length; i++)
      for (let k = i + 1; k < same.length; k++) {
        const [x, y] = [same[i] as number, same[k] as number];
        const [kx, ky] = [keyOf(columns, x), keyOf(columns, y)];
        if (kx === ky || ttlOf(columns, x) !== ttlOf(columns, y)) continue;
        const [px, py] = [pointOfFlow[kx >>> 1] as number, pointOfFlow[ky >>> 1] as number];
        const later = this.alignedNs(y, py) - this.alignedNs(x, px);
        const resolution = Math.max(this.resolutionNs[px] as number, this.resolutionNs[py] as number);
        // Of unlike clocks the coarser one may be a step behind.
        const isAlike = this.resolutionNs[px] === this.resolutionNs[py];
        if (later !== 0 && (isAlike || Math.abs(later) >= resolution)) {
          const pair = later > 0 ? kx * PAIR + ky : ky * PAIR + kx;
          earlier.set(pair, (earlier.get(pair) ?? 0) + 1);
        } else if (resolution > 1 || fileOfPoint[px] !== fileOfPoint[py]) this.needed = true;
      }
  }

  private alignedNs(row: number, point: number): number {
    return this.known.clocks.aligned(this.input.fileOfPoint[point] ?? 0, this.input.columns.timeNs(row));
  }

  private takePair(first: number, second: number, packets: number): void {
    const [x, y] = [this.station(first), this.station(second)];
    add(this.exact, exactKey(x, y), packets);
    if (x.source === y.source) add(this.byEnd, endKey("from", x.source, x, y), packets);
    if (x.destination === y.destination) add(this.byEnd, endKey("to", x.destination, x, y), packets);
    const { sourceMac, destinationMac } = x;
    if (sourceMac !== undefined && sourceMac === y.sourceMac) add(this.byEnd, endKey("from", sourceMac, x, y), packets);
    if (destinationMac !== undefined && destinationMac === y.destinationMac)
      add(this.byEnd, endKey("to", destinationMac, x, y), packets);
  }

  /** Finds `late`: what shows an end's packets behind the same points whether they come from it or go to it. */
  private findLate(): void {
    const votes = new Map<number, number>();
    for (const [key, packets] of this.byEnd) {
      const [way, end, first, second] = key.split(" ");
      if (way !== "from") continue;
      const [p, q] = [Number(first), Number(second)];
      const same = Math.min(packets, count(this.byEnd, `to ${end} ${p} ${q}`));
      const turned = Math.min(packets, count(this.byEnd, `to ${end} ${q} ${p}`));
      votes.set(q, (votes.get(q) ?? 0) + same - turned);
      votes.set(p, (votes.get(p) ?? 0) - same - turned);
    }
    for (const [point, vote] of votes) if (vote > 0) this.late.add(point);
  }

  /** Rank by flow · 2 + direction. */
  rank(): Uint16Array {
    const { columns } = this.input;
    const { table } = this;
    this.findLate();
    this.countAddresses();
    const rank = new Uint16Array(columns.flowCount * 2);
    for (let f = 0; f < columns.flowCount; f++)
      rank[f * 2] = rank[f * 2 + 1] = this.ofPoint[this.known.pointOfFlow[f] as number] ?? 0;
    for (let c = 0; c < table.count; c++) {
      const flip = table.serverIsA[c] as number;
      const from = table.flowStart[c] as number;
      const to = table.flowStart[c + 1] as number;
      if (to - from < 2 || to - from > MOST_STATIONS) continue;
      for (let direction = 0; direction < 2; direction++) {
        const stations: Station[] = [];
        for (let i = from; i < to; i++) {
          const f = table.flows[i] as number;
          const d = direction ^ flip ^ this.facts.sets.swapped(f);
          if (columns.sentBy(f, d) > 0) stations.push(this.station(f * 2 + d));
        }
        const order = this.orderOf(stations);
        stations.forEach((s, i) => {
          rank[s.key] = order[i] as number;
        });
      }
    }
    return rank;
  }

  private orderOf(stations: readonly Station[]): Uint16Array {
    const tuples: number[] = [];
    const signature = stations
      .map((s) => {
        if (!tuples.includes(s.tuple)) tuples.push(s.tuple);
        return `${s.point} ${s.source} ${s.destination} ${tuples.indexOf(s.tuple)} ${s.ttl} ${s.outerTtl}`;
      })
      .join(",");
    let order = this.orders.get(signature);
    if (!order) this.orders.set(signature, (order = this.findOrder(stations)));
    return order;
  }

  /** Place of each station, by index: what evidence tells, then what is nearer. */
  private findOrder(stations: readonly Station[]): Uint16Array {
    const n = stations.length;
    const isBefore = this.precedence(stations);
    const order = new Uint16Array(n);
    const left = new Set(stations.keys());
    let last: Station | undefined;
    for (let place = 0; place < n; place++) {
      let best = -1;
      let bestPreceded = 0;
      for (const i of left) {
        const s = stations[i] as Station;
        let preceded = 0;
        for (const k of left) if (isBefore[k * n + i] === 1) preceded++;
        const b = stations[best];
        const isBetter =
          b === undefined ||
          s.ttl > b.ttl ||
          (s.ttl === b.ttl && (preceded < bestPreceded || (preceded === bestPreceded && this.isLikelier(s, b, last))));
        if (!isBetter) continue;
        best = i;
        bestPreceded = preceded;
      }
      order[best] = place;
      last = stations[best];
      left.delete(best);
    }
    return order;
  }

  /** By two stations (first · n + second) 1: evidence, or a chain of it, says that the first comes first. */
  private precedence(stations: readonly Station[]): Uint8Array {
    const n = stations.length;
    const before = new Uint8Array(n * n);
    for (let i = 0; i < n; i++)
      for (let k = i + 1; k < n; k++) {
        const told = this.decide(stations[i] as Station, stations[k] as Station);
        if (told > 0) before[i * n + k] = 1;
        else if (told < 0) before[k * n + i] = 1;
      }
    for (let via = 0; via < n; via++)
      for (let i = 0; i < n; i++) {
        if (before[i * n + via] !== 1) continue;
        for (let k = 0; k < n; k++)
          if (before[via * n + k] === 1 && before[k * n + i] !== 1 && i !== k) before[i * n + k] = 1;
      }
    return before;
  }

  /** Positive: x comes first. */
  private decide(x: Station, y: Station): number {
    if (x.ttl !== y.ttl) return x.ttl - y.ttl;
    if (x.outerTtl >= 0 && y.outerTtl >= 0 && x.outer === y.outer && x.outerTtl !== y.outerTtl)
      return x.outerTtl - y.outerTtl;
    const told = count(this.exact, exactKey(x, y)) - count(this.exact, exactKey(y, x));
    if (told !== 0) return told;
    // Other packets from the same source or to the same destination; then the other way round. Addresses, else MACs.
    for (const ends of [
      [x.source, y.source, x.destination, y.destination],
      [x.sourceMac, y.sourceMac, x.destinationMac, y.destinationMac],
    ] as const) {
      const source = ends[0] === ends[1] ? ends[0] : undefined;
      const destination = ends[2] === ends[3] ? ends[2] : undefined;
      const votes = this.votes("from", source, x, y) + this.votes("to", destination, x, y);
      const mirrored = this.votes("to", source, y, x) + this.votes("from", destination, y, x);
      if (votes !== 0) return votes;
      if (mirrored !== 0 && !this.late.has(x.point) && !this.late.has(y.point)) return mirrored;
    }
    const { fileOfPoint } = this.input;
    const isLate = Number(this.late.has(y.point)) - Number(this.late.has(x.point));
    return x.tuple === y.tuple && fileOfPoint[x.point] === fileOfPoint[y.point] ? isLate : 0;
  }

  /** Packets from or to an end that were seen at x's point earlier than at y's, less those seen at y's earlier. */
  private votes(way: "from" | "to", end: string | undefined, x: Station, y: Station): number {
    return end === undefined
      ? 0
      : count(this.byEnd, endKey(way, end, x, y)) - count(this.byEnd, endKey(way, end, y, x));
  }

  /** Whether x rather than y comes next, where nothing is told. */
  private isLikelier(x: Station, y: Station, last: Station | undefined): boolean {
    const prefer = (rule: (s: Station) => boolean): number => Number(rule(x)) - Number(rule(y));
    const votes = [
      // It stays on the machine, in the tunnel, untranslated, as long as it can.
      last ? prefer((s) => this.machine[s.point] === this.machine[last.point]) : 0,
      last ? prefer((s) => s.outerTtl >= 0 === last.outerTtl >= 0) : 0,
      last ? prefer((s) => s.tuple === last.tuple) : 0,
      Math.abs(x.nearness - y.nearness) < 1e-9 ? 0 : x.nearness - y.nearness,
      // The sender's own card is the only one of its machine, and so is the receiver's.
      (last || x.nearness < 0 ? -1 : 1) *
        prefer((s) => this.pointsOfMachine.get(this.machine[s.point] as string) === 1),
    ];
    const vote = votes.find((v) => v !== 0) ?? 0;
    return vote !== 0 ? vote > 0 : (this.ofPoint[x.point] as number) < (this.ofPoint[y.point] as number);
  }

  private station(key: number): Station {
    const { columns } = this.input;
    const { pointOfFlow, tuple } = this.known;
    const [flow, direction] = [key >>> 1, key & 1];
    const point = pointOfFlow[flow] as number;
    let k = columns.start[flow] as number;
    const end = columns.start[flow + 1] as number;
    while (k + 1 < end && columns.direction(columns.order[k] as number) !== direction) k++;
    const row = columns.order[k] as number;
    const isCarried = (columns.word(row, W_ID) & SIGHTING_CARRIED) !== 0 && row > 0;
    const carrier = isCarried ? columns.flow(row - 1) : -1;
    const v6 = columns.v6(flow) ? "6:" : "";
    const source = `${v6}${columns.address(flow, direction)}`;
    const destination = `${v6}${columns.address(flow, direction ^ 1)}`;
    const macs = columns.macSeen(flow, direction) === 1 ? columns.macsAt(flow, direction) : -1;
    const mac = (at: number): string | undefined => {
      const bytes = columns.bytes.subarray(at, at + 6);
      return macs < 0 || bytes.every((byte) => byte === 0) ? undefined : bytes.join();
    };
    const place = point * 2 + Number(isCarried);
    const all = this.seenAt.get(place) ?? 0;
    const share = (address: string): number => (all === 0 ? 0 : (this.seenOf.get(`${place} ${address}`) ?? 0) / all);
    return {
      key,
      point,
      source,
      destination,
      sourceMac: mac(macs),
      destinationMac: mac(macs + 6),
      tuple: tuple[flow] as number,
      ttl: ttlOf(columns, row),
      outerTtl: isCarried ? ttlOf(columns, row - 1) : -1,
      outer: isCarried ? `${columns.address(carrier, 0)} ${columns.address(carrier, 1)}` : "",
      nearness: share(source) - share(destination),
    };
  }

  private countAddresses(): void {
    const { columns } = this.input;
    for (let f = 0; f < columns.flowCount; f++) {
      const point = this.known.pointOfFlow[f] as number;
      const place = point * 2 + Number(columns.depth(f) > 1);
      const packets = columns.sentBy(f, 0) + columns.sentBy(f, 1);
      this.seenAt.set(place, (this.seenAt.get(place) ?? 0) + packets);
      for (const end of [0, 1])
        add(this.seenOf, `${place} ${columns.v6(f) ? "6:" : ""}${columns.address(f, end)}`, packets);
    }
  }
}

/** More than any station's key: keys of two in one number. */
const PAIR = 2 ** 26;

function exactKey(x: Station, y: Station): string {
  return `${x.source}>${x.destination} ${y.source}>${y.destination} ${x.point} ${y.point}`;
}

function endKey(way: "from" | "to", end: string, x: Station, y: Station): string {
  return `${way} ${end} ${x.point} ${y.point}`;
}

function add(counts: Map<string, number>, key: string, packets: number): void {
  counts.set(key, (counts.get(key) ?? 0) + packets);
}

function count(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0;
}

function keyOf(columns: SightingColumns, row: number): number {
  return columns.flow(row) * 2 + columns.direction(row);
}

function ttlOf(columns: SightingColumns, row: number): number {
  return (columns.word(row, W_ID) >>> 8) & 255;
}
