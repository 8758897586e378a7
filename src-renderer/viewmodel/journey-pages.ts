/**
 * A connection's packets come from the engine by pages of 5,000. Scrolling to the end of one brings the next, which begins in the middle of
 * it, so that what is on screen is on both.
 *
 * ```
 * packets  0 ─────────── 5,000 ─────────── 10,000
 * page     [█████████████]
 *                 [█████████████]          scrolled to its end: half a page on
 *                                 [█████]  the end
 * ```
 */
import { formatCount } from "./quantity";

/** As many as the engine gives at once. */
const PAGE = 5000;

/** Which packets of a connection are there. */
export interface JourneyPage {
  readonly from: number;
  readonly journeys: { readonly length: number };
  readonly total: number;
}

/** From where to ask so that `journey` is on the page, as near to its middle as can be. */
export function pageAround(journey: number, total = Infinity): number {
  return Math.max(0, Math.min(journey - PAGE / 2, total - PAGE));
}

/** The page `by` so many pages after or before (half a one: what is scrolled stays on it); null: this is the last one, or the first. */
export function nextPage({ from, journeys, total }: JourneyPage, by: number): number | null {
  const to = Math.max(0, Math.min(from + by * PAGE, total - journeys.length));
  return to === from ? null : to;
}

export function isOnPage({ from, journeys }: JourneyPage, journey: number): boolean {
  return journey >= from && journey < from + journeys.length;
}

/** "packets 2,501 to 7,500 of 24,000" */
export function pageText({ from, journeys, total }: JourneyPage): string {
  return `packets ${formatCount(from + 1)} to ${formatCount(from + journeys.length)} of ${formatCount(total)}`;
}
