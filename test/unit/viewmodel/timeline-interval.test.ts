/** How long the timeline's bars are. */
import { describe, expect, it } from "vitest";
import {
  automaticBars,
  barsFor,
  INTERVALS,
  intervalChoices,
  MOST_BUCKETS,
} from "../../../src-renderer/viewmodel/timeline-interval";

describe("bars", () => {
  it.each([
    // range, at most ──► from, to, bars of
    [[0, 7.9], 500, [0, 7.92, 0.02]],
    [[0.013, 7.9], 500, [0, 7.92, 0.02]],
    [[0, 0.3], 400, [0, 0.301, 0.001]],
    [[0, 1e-6], 500, [0, 1.005e-6, 5e-9]],
    [[1234.5, 1238.1], 100, [1234.5, 1238.15, 0.05]],
    [[0, 86_400], 400, [0, 86_700, 300]],
    [[0, 0], 500, [0, 1e-9, 1e-9]],
    [[0, 1e9], 1, [0, 1e9, 1e9]],
  ] as const)("over %j, at most %i, cover it in round lengths", (range, most, [from, to, interval]) => {
    const bars = automaticBars(range, most);
    expect(bars.from).toBeCloseTo(from, 9);
    expect(bars.to).toBeCloseTo(to, 9);
    expect(bars.interval).toBe(interval);
    expect(bars.buckets).toBeLessThanOrEqual(most);
    expect(bars.buckets).toBe(Math.round((bars.to - bars.from) / interval));
  });

  it("are as a person chose, as long as they can be asked for", () => {
    expect(barsFor([0, 60], 1, 300)).toEqual({ from: 0, to: 61, buckets: 61, interval: 1 });
    const many = barsFor([0, 86_400], 0.001, 300);
    expect(many.interval).toBe(5);
    expect(many.buckets).toBeLessThanOrEqual(MOST_BUCKETS);
  });

  it("can be chosen from the shortest possible to one that holds all", () => {
    const labels = intervalChoices([0, 0.3]).map(({ label }) => label);
    expect(labels[0]).toBe("20 µs");
    expect(labels.slice(-3)).toEqual(["100 ms", "200 ms", "500 ms"]);
    for (const { seconds } of intervalChoices([5, 4000]))
      expect(barsFor([5, 4000], seconds, 300).interval).toBe(seconds);
  });

  it("have lengths that grow", () => {
    expect([...INTERVALS].sort((a, b) => a - b)).toEqual(INTERVALS);
  });
});
