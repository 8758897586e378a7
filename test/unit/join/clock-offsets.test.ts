/** Offsets between clocks from packets that two files saw both ways: found where they are, not made up where stamps are only late. */
import { expect, test } from "vitest";
import { ClockEstimator } from "../../../src-main/engine/join/clock-offsets";

/** Packets each way between files 0 and 1, a millisecond apart, under way for 500 ns; `late` says by how much a stamp of file 0 is late. */
function estimate(count: number, late: (i: number) => number, offsetNs = 0, drift = 0) {
  const x: number[] = [];
  const y: number[] = [];
  const direction: number[] = [];
  for (let i = 0; i < count; i++) {
    const sent = i * 1e6;
    const way = i % 2;
    const [first, last] = [sent, sent + 500 + (i % 7) * 10];
    x.push((way === 0 ? first : last) + late(i));
    const atY = way === 0 ? last : first;
    y.push(atY + offsetNs + drift * atY);
    direction.push(way);
  }
  const clocks = new ClockEstimator(["n1", "n2"], [count, count], new Map());
  clocks.add(0, 1, { x, xLast: x, y, yLast: y, direction });
  const { offsets } = clocks.estimate();
  return { seconds: offsets[1]?.seconds ?? NaN, drift: offsets[1]?.driftPpm ?? NaN };
}

test.each([1000, 5000, 15000])("one clock, one stamp in a hundred late by %i ns: no offset, no drift", (ns) => {
  expect(estimate(1000, (i) => (i % 100 === 10 || i % 100 === 61 ? ns * (1 + i / 4000) : 0))).toEqual({
    seconds: 0,
    drift: 0,
  });
});

test.each([3000, 15000, 1e6])("an offset of %i ns that every packet shows is found", (ns) => {
  expect(estimate(1000, () => 0, ns).seconds * 1e9).toBeCloseTo(-ns, -3);
});

test("so is a drift, although its first packets contradict nothing", () => {
  expect(estimate(1000, () => 0, 0, 50e-6).drift).toBeCloseTo(-50, 0);
});

test("late by more than stamps are: not taken for jitter", () => {
  expect(estimate(1000, (i) => (i % 100 === 10 ? 5e6 : 0))).not.toEqual({ seconds: 0, drift: 0 });
});
