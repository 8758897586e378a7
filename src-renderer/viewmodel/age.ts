/** How long ago something was, in one word or two: "just now", "5 min ago", "yesterday", "3 weeks ago". */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @param ageMs negative (a clock that was set back): just now */
export function formatAge(ageMs: number): string {
  if (ageMs < MINUTE_MS) return "just now";
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min ago`;
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h ago`;
  if (ageMs < 2 * DAY_MS) return "yesterday";
  if (ageMs < 14 * DAY_MS) return `${Math.floor(ageMs / DAY_MS)} days ago`;
  if (ageMs < 60 * DAY_MS) return `${Math.floor(ageMs / (7 * DAY_MS))} weeks ago`;
  return `${Math.floor(ageMs / (30 * DAY_MS))} months ago`;
}
