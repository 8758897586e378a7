/**
 * Rows without identification that are equal in all that survives: one packet, or one that was sent several times. Told apart by
 * what networks may change (window and options of a segment without payload, length of the headers) where that is the same at
 * several stations, then by time: what each station saw is aligned with what was sent.
 *
 * ```
 * first station   x1     x2     x3
 *                  ╲      ╲      ╲        in order, as near to the usual delay as possible
 * station           y1 y1'        y3      y1' right behind y1: a copy that a wire made; x2: lost on the way
 * ```
 * A station is the ends of a flow with a TTL: what a point sees twice because of NAT or routing, it sees at two stations.
 */
import { SIGHTING_CARRIED } from "../kernel/assembly/abi";
import { PROTOCOL_TCP, type SightingColumns, W_HASH, W_ID, W_IP_LENGTH, W_LENGTH } from "./sighting-columns";

/** Copies of one transmission at one station (bridges, wires) come within this; what comes later was sent again. */
const COPY_NS = 2e6;
/** What one station saw so much later than another is something else. */
const APART_NS = 1e9;
/** Clock reads of two interfaces may be that much out of order. */
const JITTER_NS = 20e3;
/** Pairs of sightings that are weighed at once: 256 that were sent within a second. Longer bursts are paired by what is nearest. */
const WEIGHED = 1 << 16;
/** Packets that tell the usual delay. */
const SAMPLES = 128;

/** What is known of the direction whose rows are split. Positions are those of `rows`. */
export interface SentRows {
  readonly rows: Uint32Array;
  /** By position, aligned ns. */
  readonly times: Float64Array;
  readonly protocol: number;
  /** All groups of equal rows, each by time. */
  readonly groups: readonly (readonly number[])[];
  /** Order of positions. */
  readonly before: (a: number, b: number) => number;
}

interface Transmission {
  /** When the first station saw it, or would have. */
  readonly sentNs: number;
  readonly members: number[];
}

/** Splits groups of one direction. */
export class RepeatedPackets {
  private samples: ReadonlyMap<number, number>[] | undefined;
  private readonly sameEnds = new Map<number, number>();
  private readonly flowOfEnds = new Map<string, number>();

  constructor(
    private readonly columns: SightingColumns,
    private readonly fileOfPoint: readonly number[],
    private readonly sent: SentRows,
  ) {}

  /** Some point has several of the rows. */
  isRepeated(list: readonly number[]): boolean {
    for (let i = 1; i < list.length; i++) {
      const p = this.pointOf(list[i] as number);
      for (let k = 0; k < i; k++) if (this.pointOf(list[k] as number) === p) return true;
      // Longer than any path.
      if (i > 64) return new Set(list.map((k) => this.pointOf(k))).size < list.length;
    }
    return false;
  }

  /** `list`: positions of one group, by time. Gives the packets sent, each by time. */
  split(list: readonly number[]): number[][] {
    if (!this.isRepeated(list)) return [list.slice()];
    const kinds = this.kindsOf(list);
    if (kinds.length === 1) return this.align(list);
    return kinds.flatMap((kind) => (this.isRepeated(kind) ? this.align(kind) : [[...kind]]));
  }

  /** Rows by what tells transmissions apart. One list if some row does not tell, or no two stations agree on anything: it was changed. */
  private kindsOf(list: readonly number[]): readonly (readonly number[])[] {
    if (this.sent.protocol !== PROTOCOL_TCP) return [list];
    const kinds = new Map<number, number[]>();
    for (const k of list) {
      const row = this.rowOf(k);
      const carries = this.columns.word(row, W_LENGTH) >>> 8 > 0;
      const told = this.columns.word(row, carries ? W_IP_LENGTH : W_HASH);
      if (told === 0) return [list];
      const kind = kinds.get(told);
      if (kind) kind.push(k);
      else kinds.set(told, [k]);
    }
    const stations = (some: readonly number[]): number => new Set(some.map((k) => this.stationOf(k))).size;
    const all = [...kinds.values()];
    return all.some((kind) => stations(kind) > 1) || stations(list) === 1 ? all : [list];
  }

  private align(list: readonly number[]): number[][] {
    const stations = new Map<number, number[]>();
    for (const k of list) {
      const s = this.stationOf(k);
      const seen = stations.get(s);
      if (seen) seen.push(k);
      else stations.set(s, [k]);
    }
    let first: number | undefined;
    let transmissions: Transmission[] = [];
    for (const [station, seen] of stations) {
      const stays = this.staysOf(seen);
      if (first === undefined) {
        first = station;
        transmissions = stays.map((members) => ({ sentNs: this.timeOf(members), members }));
      } else transmissions = this.addStation(transmissions, first, station, stays);
    }
    return transmissions.map(({ members }) => members.sort(this.sent.before));
  }

  /**
   * A cooked capture of several interfaces has one packet several times. A bridge sends what is for a group also back to a port in
   * hairpin mode.
   */
  private staysOf(seen: readonly number[]): number[][] {
    const stays: number[][] = [];
    for (const k of seen) {
      const last = stays.at(-1);
      const isCopy =
        last !== undefined &&
        this.comesInCopies(this.rowOf(k)) &&
        (this.sent.times[k] as number) - (this.sent.times[last[0] as number] as number) <= COPY_NS;
      if (isCopy) last.push(k);
      else stays.push([k]);
    }
    return stays;
  }

  private comesInCopies(row: number): boolean {
    const { columns } = this;
    // The outermost layer tells how it was captured: what a tunnel carries may have MACs of its own.
    let outermost = row;
    while (columns.word(outermost, W_ID) & SIGHTING_CARRIED) outermost--;
    if (columns.macSeen(columns.flow(outermost), columns.direction(outermost)) !== 1) return true;
    const [flow, direction] = [columns.flow(row), columns.direction(row)];
    const destination = columns.macsAt(flow, direction) + 6;
    return ((columns.bytes[destination] as number) & 1) === 1;
  }

  /** Gives each stay of a station to the transmission it belongs to. */
  private addStation(
    transmissions: Transmission[],
    first: number,
    station: number,
    stays: readonly (readonly number[])[],
  ): Transmission[] {
    const x = transmissions.map((t) => t.sentNs);
    const seenNs = stays.map((stay) => this.timeOf(stay));
    const delay = this.usualDelay(first, station) ?? guessDelay(x, seenNs);
    const y = seenNs.map((ns) => ns - delay);
    // On one clock nothing arrives before it was sent.
    const earliest = this.fileOf(first) === this.fileOf(station) && delay >= 0 ? -delay - JITTER_NS : -APART_NS;
    const partner = alignTimes(x, y, Math.max(earliest, -APART_NS));
    const copied = nearestPartners(partner, seenNs);
    const found: Transmission[] = [];
    stays.forEach((stay, i) => {
      const own = transmissions[copied[i] as number];
      if (own) for (const k of stay) own.members.push(k);
      else found.push({ sentNs: y[i] as number, members: [...stay] });
    });
    return found.length === 0 ? transmissions : [...transmissions, ...found].sort((a, b) => a.sentNs - b.sentNs);
  }

  /** Median of what packets took that were sent once; undefined: there are none. */
  private usualDelay(first: number, station: number): number | undefined {
    const took: number[] = [];
    for (const sample of this.sampled()) {
      const from = sample.get(first);
      const to = sample.get(station);
      if (from !== undefined && to !== undefined) took.push(to - from);
    }
    took.sort((a, b) => a - b);
    return took[took.length >> 1];
  }

  /** Times by station of some packets that no point saw twice, evenly over the direction. */
  private sampled(): readonly ReadonlyMap<number, number>[] {
    if (this.samples) return this.samples;
    const { groups, times } = this.sent;
    const step = Math.max(1, Math.floor(groups.length / (SAMPLES * 2)));
    this.samples = [];
    for (let g = 0; g < groups.length && this.samples.length < SAMPLES; g += step) {
      const list = groups[g] as readonly number[];
      if (list.length < 2 || this.isRepeated(list)) continue;
      this.samples.push(new Map(list.map((k) => [this.stationOf(k), times[k] as number])));
    }
    return this.samples;
  }

  private rowOf(k: number): number {
    return this.sent.rows[k] as number;
  }
  private pointOf(k: number): number {
    return this.columns.point(this.columns.flow(this.rowOf(k)));
  }
  private stationOf(k: number): number {
    const row = this.rowOf(k);
    return this.endsOf(this.columns.flow(row)) * 256 + ((this.columns.word(row, W_ID) >>> 8) & 255);
  }
  /** The first flow with the same ends at the same place: ports that are used again make new flows of the same packets. */
  private endsOf(flow: number): number {
    const known = this.sameEnds.get(flow);
    if (known !== undefined) return known;
    const { columns } = this;
    const ends = `${columns.context(flow)} ${columns.address(flow, 0)} ${columns.address(flow, 1)} ${columns.ports(flow)}`;
    const first = this.flowOfEnds.get(ends) ?? flow;
    this.flowOfEnds.set(ends, first);
    this.sameEnds.set(flow, first);
    return first;
  }
  private fileOf(station: number): number {
    return this.fileOfPoint[this.columns.point(Math.floor(station / 256))] ?? 0;
  }
  private timeOf(stay: readonly number[]): number {
    return this.sent.times[stay[0] as number] as number;
  }
}

/** `partner`, where what has none gets that of its nearest neighbour within COPY_NS: it is a copy of that one. */
function nearestPartners(partner: Int32Array, seenNs: readonly number[]): Int32Array {
  const out = partner.slice();
  const nearest = new Float64Array(partner.length).fill(Infinity);
  const sweep = (from: number, step: 1 | -1): void => {
    let last = -1;
    for (let i = from; i >= 0 && i < partner.length; i += step) {
      if ((partner[i] as number) >= 0) {
        last = i;
        continue;
      }
      const apart = last < 0 ? Infinity : Math.abs((seenNs[i] as number) - (seenNs[last] as number));
      if (apart > COPY_NS || apart >= (nearest[i] as number)) continue;
      nearest[i] = apart;
      out[i] = partner[last] as number;
    }
  };
  sweep(0, 1);
  sweep(partner.length - 1, -1);
  return out;
}

/** The least that something can have taken, if each was the last one sent before. */
function guessDelay(x: readonly number[], y: readonly number[]): number {
  if (x.length === y.length) {
    const took = y.map((ns, i) => ns - (x[i] as number)).sort((a, b) => a - b);
    return took[took.length >> 1] as number;
  }
  let least = Infinity;
  let i = 0;
  for (const ns of y) {
    while (i + 1 < x.length && (x[i + 1] as number) <= ns) i++;
    const apart = ns - (x[i] as number);
    if (apart >= 0) least = Math.min(least, apart);
  }
  return least === Infinity ? (y[0] as number) - (x[0] as number) : least;
}

/**
 * For each time of `y` the index in `x` that it belongs to, -1 none: in order, as many as possible, and of these the nearest.
 * Both are sorted. `earliest` ≤ y − x ≤ APART_NS.
 */
export function alignTimes(x: readonly number[], y: readonly number[], earliest: number): Int32Array {
  const partner = new Int32Array(y.length).fill(-1);
  const fits = (i: number, k: number): boolean => {
    const apart = (y[k] as number) - (x[i] as number);
    return apart >= earliest && apart <= APART_NS;
  };
  let i = 0;
  let k = 0;
  while (i < x.length && k < y.length) {
    // Until nothing happens for longer than two can lie apart.
    let endI = i;
    let endK = k;
    let last = Math.min(x[i] as number, y[k] as number);
    for (;;) {
      const nextX = endI < x.length ? (x[endI] as number) : Infinity;
      const nextY = endK < y.length ? (y[endK] as number) : Infinity;
      const next = Math.min(nextX, nextY);
      if (next - last > APART_NS || next === Infinity) break;
      last = next;
      if (nextX <= nextY) endI++;
      else endK++;
    }
    alignBlock(x, y, i, endI, k, endK, fits, partner);
    i = endI;
    k = endK;
  }
  return partner;
}

function alignBlock(
  x: readonly number[],
  y: readonly number[],
  fromI: number,
  toI: number,
  fromK: number,
  toK: number,
  fits: (i: number, k: number) => boolean,
  partner: Int32Array,
): void {
  const n = toI - fromI;
  const m = toK - fromK;
  if (n === 0 || m === 0) return;
  let inOrder = n === m;
  for (let s = 0; s < n && inOrder; s++) inOrder = fits(fromI + s, fromK + s);
  if (inOrder) {
    for (let s = 0; s < n; s++) partner[fromK + s] = fromI + s;
    return;
  }
  if (n * m > WEIGHED) {
    let i = fromI;
    for (let k = fromK; k < toK && i < toI; k++) {
      const ns = y[k] as number;
      while (i + 1 < toI && Math.abs(ns - (x[i + 1] as number)) <= Math.abs(ns - (x[i] as number))) i++;
      if (fits(i, k)) partner[k] = i++;
    }
    return;
  }
  // Least cost of the first s of x and the first t of y; leaving one alone costs as much as the longest match.
  const width = m + 1;
  const cost = new Float64Array((n + 1) * width);
  for (let t = 1; t <= m; t++) cost[t] = t * APART_NS;
  for (let s = 1; s <= n; s++) {
    cost[s * width] = s * APART_NS;
    for (let t = 1; t <= m; t++) {
      const at = s * width + t;
      const alone = Math.min(cost[at - 1] as number, cost[at - width] as number) + APART_NS;
      const apart = Math.abs((y[fromK + t - 1] as number) - (x[fromI + s - 1] as number));
      const matched = fits(fromI + s - 1, fromK + t - 1) ? (cost[at - width - 1] as number) + apart : Infinity;
      cost[at] = Math.min(alone, matched);
    }
  }
  for (let s = n, t = m; s > 0 && t > 0;) {
    const at = s * width + t;
    const apart = Math.abs((y[fromK + t - 1] as number) - (x[fromI + s - 1] as number));
    if (fits(fromI + s - 1, fromK + t - 1) && cost[at] === (cost[at - width - 1] as number) + apart) {
      partner[fromK + --t] = fromI + --s;
    } else if (cost[at] === (cost[at - 1] as number) + APART_NS) t--;
    else s--;
  }
}
