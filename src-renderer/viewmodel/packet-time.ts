/**
 * Times of packets: differences without loss, and time references.
 *
 * ```
 * packets      1     2  *REF*    4     5   *REF*   7
 * shown      0.0   0.1   REF   0.2   0.5    REF  0.1      from the reference before, else from the first packet
 * ```
 */
import type { TimeValue } from "../../src-shared/contract/results";

export const REFERENCE_TEXT = "*REF*";

/** -1, 0, 1 */
export function compareTimes(a: TimeValue, b: TimeValue): number {
  return Math.sign(a[0] - b[0] || a[1] - b[1]);
}

/** The time that times of packet at `time` count from: the last reference not after it, else `first`. */
export function baseTime(time: TimeValue, first: TimeValue, references: readonly TimeValue[]): TimeValue {
  let base = first;
  let found = false;
  for (const reference of references) {
    if (compareTimes(reference, time) > 0) continue;
    if (!found || compareTimes(reference, base) > 0) base = reference;
    found = true;
  }
  return base;
}
