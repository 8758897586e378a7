/**
 * How long a bar of the timeline is: a round length of time, and the range shown begins and ends with a bar. Odd lengths would draw an
 * even rate as a comb: of 1 packet a millisecond, bars of 8.45 ms hold 8 or 9.
 *
 * ```
 * range 0.013 … 7.9 s, at most 500 bars ──► 20 ms ──► 0.00 … 7.90 s in 395 bars
 * ```
 */
import { formatDuration } from "./quantity";

/** The contract takes no more in one request. */
export const MOST_BUCKETS = 20_000;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds, ascending: 1, 2, 5 and their tenths down to a nanosecond; then what clocks are divided into. */
export const INTERVALS: readonly number[] = [
  ...[9, 8, 7, 6, 5, 4, 3, 2, 1].flatMap((power) => [1, 2, 5].map((n) => n / 10 ** power)),
  ...[1, 2, 5, 10, 20, 30],
  ...[1, 2, 5, 10, 20, 30].map((n) => n * MINUTE),
  ...[1, 2, 6, 12].map((n) => n * HOUR),
  ...[1, 7, 30, 365].map((n) => n * DAY),
];

export interface Bars {
  /** Seconds since the first packet: multiples of the interval. */
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
  /** Seconds. */
  readonly interval: number;
}

export type Range = readonly [from: number, to: number];

/** Whole bars of `interval` that cover the range and its end; a packet at `to` is in the last one. */
function barsOf([from, to]: Range, interval: number): Bars {
  // Whole numbers of intervals per second keep decimal times exact: 3 * 0.1 is not 0.3, 3 / 10 is.
  const perSecond = interval < 1 ? Math.round(1 / interval) : 0;
  const index = (seconds: number): number =>
    Math.floor((perSecond > 0 ? seconds * perSecond : seconds / interval) + 1e-6);
  const time = (n: number): number => (perSecond > 0 ? n / perSecond : n * interval);
  const first = index(from);
  const end = Math.max(first + 1, index(to) + 1);
  return { from: time(first), to: time(end), buckets: end - first, interval };
}

/** The shortest interval that makes no more bars than that. */
export function automaticBars(range: Range, most: number): Bars {
  for (const interval of INTERVALS) {
    // One more at each end: the range does not begin with a bar.
    if ((range[1] - range[0]) / interval > most) continue;
    const bars = barsOf(range, interval);
    if (bars.buckets <= most) return bars;
  }
  return { from: range[0], to: range[1], buckets: 1, interval: range[1] - range[0] };
}

/** With the interval a person chose, if it makes no more bars than can be asked for; else the shortest that does. */
export function barsFor(range: Range, chosen: number | null, most: number): Bars {
  if (chosen === null) return automaticBars(range, Math.max(1, most));
  const bars = barsOf(range, chosen);
  return bars.buckets <= MOST_BUCKETS ? bars : automaticBars(range, MOST_BUCKETS);
}

/** What can be chosen for a range: from the shortest that can be asked for to the first that makes one bar of all. */
export function intervalChoices([from, to]: Range): readonly { readonly seconds: number; readonly label: string }[] {
  const span = to - from;
  const longest = INTERVALS.findIndex((interval) => interval >= span);
  return INTERVALS.slice(0, longest < 0 ? undefined : longest + 1)
    .filter((interval) => span / interval < MOST_BUCKETS)
    .map((seconds) => ({ seconds, label: formatDuration(seconds) }));
}
