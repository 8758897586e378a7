/**
 * A clock offset as a person types it (seconds with a point or comma, or a number with its unit), and what joining found, in words.
 *
 * ```
 * "1.5"  "-0,25"  "+12 ms"  "300us"  "2 min"      ──► seconds
 * ```
 */
import type { ClockInfo } from "../../src-shared/contract/join";
import { formatCount, formatDuration } from "./quantity";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ns: 1e-9,
  min: 60,
  h: 3600,
};

/** null: no number of seconds. */
export function parseOffset(text: string): number | null {
  const match = /^\s*([+-]?)\s*(\d+(?:[.,]\d*)?|[.,]\d+)\s*([a-zµμ]*)\s*$/i.exec(text);
  if (!match) return null;
  const unit = UNITS[(match[3] ?? "").toLowerCase()];
  const amount = Number((match[2] ?? "").replace(",", "."));
  if (unit === undefined || !Number.isFinite(amount)) return null;
  return (match[1] === "-" ? -1 : 1) * amount * unit;
}

/** "Estimated: +0.350012 s ± 40 µs, from 1,204 packets seen both ways" */
export function clockText(clock: ClockInfo | undefined): string {
  switch (clock?.source) {
    case "reference":
      return "The reference: the other files' clocks are compared with this one's.";
    case "estimated": {
      const error = clock.errorSeconds === null ? "" : ` ± ${formatDuration(clock.errorSeconds)}`;
      const pairs = `${formatCount(clock.pairs)} ${clock.pairs === 1 ? "packet" : "packets"} seen both ways`;
      return `Estimated: ${signedSeconds(clock.seconds)}${error}, from ${pairs}.`;
    }
    case "told":
      return "Set by hand: there is no estimate while it is.";
    default:
      return "No estimate: no packet ties this file to another. Taken as 0 s.";
  }
}

/** To the microsecond, as captures tell time: "+0.35 s", "0 s". */
function signedSeconds(seconds: number): string {
  const rounded = Number(seconds.toFixed(6));
  return `${rounded > 0 ? "+" : ""}${rounded === 0 ? 0 : rounded.toFixed(6).replace(/\.?0+$/, "")} s`;
}
