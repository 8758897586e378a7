/**
 * Times as the packet list shows them.
 *
 * ```
 * [1700000000, 123456789], 6 digits
 *   relative    "0.023456"                    since the first packet, or the time reference before it
 *   time        "23:13:20.123456"             local, UTC or another zone
 *   date-time   "2023-11-14 23:13:20.123456"
 *   epoch       "1700000000.123456"
 *   delta       "0.000127"                    since the packet in the row above
 * ```
 * Digits are cut off, not rounded: a time is never shown before a packet that came earlier.
 */
import type { TimeValue } from "../../src-shared/contract/results";
import { type TimeZone, wallTime, type WallTime } from "../../src-shared/base/time-zone";

export type TimeFormat = "relative" | "time" | "date-time" | "epoch" | "delta";

export interface TimeStyle {
  readonly format: TimeFormat;
  readonly zone: TimeZone;
  /** Digits after the point, 0 … 9. */
  readonly precision: number;
}

/** `base`: what relative times count from; `previous`: the time of the row above (null: the first row, "0"). */
export function formatTime(
  time: TimeValue,
  style: TimeStyle,
  base: TimeValue | null,
  previous: TimeValue | null,
): string {
  switch (style.format) {
    case "relative":
      return formatDifference(time, base ?? time, style.precision);
    case "delta":
      return formatDifference(time, previous ?? time, style.precision);
    case "epoch":
      return `${time[0]}${fraction(time[1], style.precision)}`;
    case "time":
      return `${clock(wallTime(time[0], style.zone))}${fraction(time[1], style.precision)}`;
    case "date-time": {
      const wall = wallTime(time[0], style.zone);
      return `${day(wall)} ${clock(wall)}${fraction(time[1], style.precision)}`;
    }
  }
}

/** `time - base` in seconds, without loss: "-0.000001". */
export function formatDifference(time: TimeValue, base: TimeValue, precision: number): string {
  let seconds = time[0] - base[0];
  let nanoseconds = time[1] - base[1];
  const negative = seconds < 0 || (seconds === 0 && nanoseconds < 0);
  if (negative) [seconds, nanoseconds] = [-seconds, -nanoseconds];
  if (nanoseconds < 0) [seconds, nanoseconds] = [seconds - 1, nanoseconds + 1_000_000_000];
  return `${negative ? "-" : ""}${seconds}${fraction(nanoseconds, precision)}`;
}

function fraction(nanoseconds: number, precision: number): string {
  return precision === 0 ? "" : `.${String(nanoseconds).padStart(9, "0").slice(0, precision)}`;
}

function clock({ hour, minute, second }: WallTime): string {
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

function day({ year, month, day: ofMonth }: WallTime): string {
  return `${year}-${two(month)}-${two(ofMonth)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
