/** Seconds of a scenario to whole nanoseconds: 1.06 s is no whole number of them in floating point. */
export function nsOf(seconds: number): number {
  return Math.round(seconds * 1e9);
}
