/**
 * Estimates how the clocks of files differ, from packets that two files saw, both ways.
 *
 * A packet cannot arrive before it left. With o the seconds to add to file Y's clock to get X's:
 * ```
 *   X upstream:  t(X) ≤ t(Y) + o   ⇒  o ≥ t(X) − t(Y)     lower bounds, from one direction
 *   Y upstream:  t(Y) + o ≤ t(X)   ⇒  o ≤ t(X) − t(Y)     upper bounds, from the other
 *
 *   o   ▔▔▔╲▁▁╱▔▔▔╲▁▔▔▔   upper            a line between the two sets of bounds:
 *       ───────────────   ◄── offset + drift · t, as far from both as possible; half the gap is the error
 *       ▁▁▁╱▔╲▁▁╱▔▔▁▁▁▁   lower
 * ```
 * Which of the two is upstream needs no clock: forth minus back differences are negative sums of delays, or positive ones.
 * If no offset at all fits the bounds, the files have one clock and none is made up; nor where only stamps that were late by
 * microseconds contradict it.
 *
 * An offset that a person tells is of one file, in place of its estimate: the others stay where they are against the reference.
 */
import type { ClockOffset } from "../../../src-shared/reconstruct/result";
import { ClockMap } from "./clock-map";

/** Bounds of an offset. Times in ns on Y's clock. */
class Bounds {
  readonly lowerAt: number[] = [];
  readonly lower: number[] = [];
  readonly upperAt: number[] = [];
  readonly upper: number[] = [];

  atLeast(at: number, bound: number): void {
    this.lowerAt.push(at);
    this.lower.push(bound);
  }
  atMost(at: number, bound: number): void {
    this.upperAt.push(at);
    this.upper.push(bound);
  }
}

/** Bounds between two files. */
class PairBounds {
  /** Hold whatever way a packet took: first at the one, last at the other. */
  readonly sure = new Bounds();
  /** Hold if no packet came back: it left the one for the last time before it first came to the other. */
  readonly tight = new Bounds();
  /** Differences whose direction could not be told (one way only). */
  readonly oneWay: number[] = [];
  pairs = 0;
}

export interface ClockEstimate {
  readonly map: ClockMap;
  readonly offsets: readonly ClockOffset[];
}

/** Sightings of packets of one connection at two points of two files: ns on each file's clock, and the direction. */
export interface TwoFilePackets {
  readonly x: number[];
  /** The last sighting at that point; the same as `x` unless the capture is one of all interfaces. */
  readonly xLast: number[];
  readonly y: number[];
  readonly yLast: number[];
  /** Which way: 0 or 1; which of them is to the server is not asked. */
  readonly direction: number[];
}

const MAX_BOUNDS = 20000;

export class ClockEstimator {
  private readonly bounds = new Map<number, PairBounds>();

  constructor(
    private readonly files: readonly string[],
    private readonly packetsOfFile: readonly number[],
    /** Told offsets in seconds, by file. */
    private readonly told: ReadonlyMap<number, number>,
  ) {}

  /** Enough is known about these two files. */
  full(x: number, y: number): boolean {
    return (this.bounds.get(Math.min(x, y) * 65536 + Math.max(x, y))?.pairs ?? 0) >= MAX_BOUNDS;
  }

  /** `x` < `y` are files; the packets are those of one connection at one point of each. */
  add(x: number, y: number, packets: TwoFilePackets): void {
    const key = x * 65536 + y;
    let b = this.bounds.get(key);
    if (!b) this.bounds.set(key, (b = new PairBounds()));
    const n = packets.x.length;
    b.pairs += n;
    const order = Array.from({ length: n }, (_, i) => i).sort(
      (i, k) => (packets.y[i] as number) - (packets.y[k] as number),
    );
    const difference = (i: number): number => (packets.x[i] as number) - (packets.y[i] as number);
    // Neighbours in time of opposite direction: forth minus back.
    let balance = 0;
    for (let k = 1; k < n; k++) {
      const i = order[k - 1] as number;
      const j = order[k] as number;
      if (packets.direction[i] === packets.direction[j]) continue;
      const [forth, back] = packets.direction[i] === 0 ? [i, j] : [j, i];
      balance += Math.sign(difference(forth) - difference(back));
    }
    if (balance === 0) {
      for (let i = 0; i < n; i++) b.oneWay.push(difference(i));
      return;
    }
    // Negative: going forth, X is upstream.
    const xUpstream = balance < 0 ? 0 : 1;
    for (let i = 0; i < n; i++) {
      const x = packets.x[i] as number;
      const xLast = packets.xLast[i] as number;
      const y = packets.y[i] as number;
      const yLast = packets.yLast[i] as number;
      if (packets.direction[i] === xUpstream) {
        b.sure.atLeast(yLast, x - yLast);
        b.tight.atLeast(y, xLast - y);
      } else {
        b.sure.atMost(y, xLast - y);
        b.tight.atMost(yLast, x - yLast);
      }
    }
  }

  estimate(): ClockEstimate {
    const count = this.files.length;
    const map = new ClockMap(count);
    const edges: Edge[] = [];
    for (const [key, b] of this.bounds) {
      const fit = fitLine(b);
      if (fit) edges.push({ x: Math.floor(key / 65536), y: key % 65536, pairs: b.pairs, ...fit });
    }
    // The tightest ties first; ties between equally tight ones by file number.
    edges.sort((a, b) => a.error - b.error || a.x - b.x || a.y - b.y);
    const order = Array.from({ length: count }, (_, f) => f).sort(
      (a, b) => (this.packetsOfFile[b] ?? 0) - (this.packetsOfFile[a] ?? 0) || a - b,
    );
    const done = new Array<boolean>(count).fill(false);
    const offsets: ClockOffset[] = new Array<ClockOffset>(count);
    const tell = (f: number, error: number | null, source: ClockOffset["source"], pairs: number): void => {
      done[f] = true;
      offsets[f] = {
        fileIndex: f,
        file: this.files[f] ?? "",
        seconds: (map.shift[f] as number) / 1e9,
        errorSeconds: error === null ? null : error / 1e9,
        driftPpm: ((map.scale[f] as number) - 1) * 1e6,
        source,
        pairs,
      };
    };
    const set = (f: number, seconds: number): void => {
      map.shift[f] = seconds * 1e9;
      map.scale[f] = 1;
      tell(f, 0, "told", 0);
    };
    const grow = (): void => {
      for (let grew = true; grew;) {
        grew = false;
        for (const e of edges) {
          const dx = done[e.x] as boolean;
          const dy = done[e.y] as boolean;
          if (dx === dy) continue;
          // Y's time t is X's time t + offset + drift · t.
          if (dx) {
            const s = map.scale[e.x] as number;
            map.scale[e.y] = s * (1 + e.drift);
            map.shift[e.y] = s * e.offset + (map.shift[e.x] as number);
            tell(e.y, e.error, "estimated", e.pairs);
          } else {
            const s = (map.scale[e.y] as number) / (1 + e.drift);
            map.scale[e.x] = s;
            map.shift[e.x] = (map.shift[e.y] as number) - s * e.offset;
            tell(e.x, e.error, "estimated", e.pairs);
          }
          grew = true;
          break;
        }
      }
    };
    const [reference] = order;
    if (reference === undefined) return { map, offsets };
    tell(reference, 0, "reference", 0);
    grow();
    // What is told moves one file: those that are tied to the reference keep their places. Where nothing ties them to it, what is told of one
    // does, and the files that share packets with that one go with it.
    const told = [...this.told].filter(([f]) => f < count);
    const within = told.filter(([f]) => done[f]);
    for (const [f, seconds] of told) if (!done[f]) set(f, seconds);
    grow();
    for (const f of order) {
      if (done[f]) continue;
      tell(f, null, "unknown", 0);
      grow();
    }
    for (const [f, seconds] of within) set(f, seconds);
    return { map, offsets };
  }
}

interface Fit {
  /** ns to add to Y's clock at its time 0. */
  readonly offset: number;
  readonly drift: number;
  readonly error: number;
}

interface Edge extends Fit {
  readonly x: number;
  readonly y: number;
  readonly pairs: number;
}

/** Two clocks drift less than this against each other: each is slewed by 500 parts per million at most (adjtimex(2)). */
const MAX_DRIFT = 1000e-6;
/** Reads of one clock on different processors may be out of order by so much. */
const SLACK_NS = 2000;
/**
 * Now and then a stamp of one clock is later than that by so much: the processor was busy between the packet and its stamp, or a promiscuous
 * bridge copied the packet behind the port that sent it on (up to 12 µs in recordings of Linux).
 */
const JITTER_NS = 20e3;
/** Stamps that are late so are few; of packets that contradict an offset of zero because there is one, many do. */
const MOST_LATE = 0.05;

function fitLine(pair: PairBounds): Fit | undefined {
  const { sure, tight, oneWay } = pair;
  if (sure.lower.length === 0 || sure.upper.length === 0) {
    if (oneWay.length === 0) return undefined;
    // Only one way: any offset that keeps all differences on one side fits. None is needed if they already are.
    const low = oneWay.reduce((m, v) => Math.min(m, v), Infinity);
    const high = oneWay.reduce((m, v) => Math.max(m, v), -Infinity);
    const near = Math.max(Math.abs(low), Math.abs(high)) < 5e9;
    return near
      ? { offset: 0, drift: 0, error: Math.max(Math.abs(low), Math.abs(high)) }
      : { offset: (low + high) / 2, drift: 0, error: Math.max(1e9, high - low) };
  }
  // Packets that came back contradict the tight bounds.
  const fit = fitBounds(tight);
  return fit.fits ? fit : fitBounds(sure);
}

/** Few of the bounds are beyond zero, on the side of `sign`; one may be where there are others. */
function isLateOnly(bounds: readonly number[], sign: 1 | -1): boolean {
  let beyond = 0;
  for (const bound of bounds) if (bound * sign > 0) beyond++;
  return beyond <= Math.max(bounds.length * MOST_LATE, Math.min(1, bounds.length - 1));
}

function fitBounds(b: Bounds): Fit & { readonly fits: boolean } {
  const gap = (drift: number): { readonly low: number; readonly high: number } => {
    let low = -Infinity;
    let high = Infinity;
    for (let i = 0; i < b.lower.length; i++)
      low = Math.max(low, (b.lower[i] as number) - drift * (b.lowerAt[i] as number));
    for (let i = 0; i < b.upper.length; i++)
      high = Math.min(high, (b.upper[i] as number) - drift * (b.upperAt[i] as number));
    return { low, high };
  };
  const still = gap(0);
  // No offset contradicts nothing: one clock, or two that agree.
  if (still.low <= 0 && still.high >= 0)
    return { offset: 0, drift: 0, error: Math.max(still.high, -still.low), fits: true };
  if (Math.max(still.low, -still.high) <= JITTER_NS && isLateOnly(b.lower, 1) && isLateOnly(b.upper, -1))
    return { offset: 0, drift: 0, error: JITTER_NS, fits: true };
  // The gap is a concave function of the drift: search its top.
  let left = -MAX_DRIFT;
  let right = MAX_DRIFT;
  for (let i = 0; i < 80; i++) {
    const a = left + (right - left) / 3;
    const c = right - (right - left) / 3;
    const ga = gap(a);
    const gc = gap(c);
    if (ga.high - ga.low < gc.high - gc.low) left = a;
    else right = c;
  }
  const drift = (left + right) / 2;
  const bent = gap(drift);
  // A straight line that fits nearly as well is the simpler explanation.
  const { low, high } = still.high - still.low >= (bent.high - bent.low) / 2 && still.high >= still.low ? still : bent;
  // Nor does a drift fit: a bridge shows its copies late, whichever way they go.
  if (high < low && Math.max(still.low, -still.high) <= JITTER_NS)
    return { offset: 0, drift: 0, error: Math.max(SLACK_NS, still.low, -still.high), fits: true };
  return {
    offset: (low + high) / 2,
    drift: high === still.high && low === still.low ? 0 : drift,
    error: Math.abs(high - low) / 2,
    fits: high >= low,
  };
}
