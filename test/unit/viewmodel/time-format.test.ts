/** Times of packets as text: nothing is lost, nothing is rounded up. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TimeValue } from "../../../src-shared/contract/results";
import {
  formatDifference,
  formatTime,
  type TimeFormat,
  type TimeStyle,
} from "../../../src-renderer/viewmodel/time-format";

const time: TimeValue = [1_700_000_000, 123_456_789];
const style = (format: TimeFormat, precision = 6): TimeStyle => ({ format, zone: "utc", precision });

describe("a time", () => {
  it.each([
    ["relative", "0.023456"],
    ["time", "22:13:20.123456"],
    ["date-time", "2023-11-14 22:13:20.123456"],
    ["epoch", "1700000000.123456"],
    ["delta", "0.000127"],
  ] as const)("as %s is %s", (format, text) => {
    const base: TimeValue = [1_700_000_000, 100_000_000];
    const previous: TimeValue = [1_700_000_000, 123_329_000];
    expect(formatTime(time, style(format), base, previous)).toBe(text);
  });

  it.each([
    [0, "1700000000"],
    [3, "1700000000.123"],
    [9, "1700000000.123456789"],
  ])("with %i digits is %s: cut off, not rounded", (digits, text) => {
    expect(formatTime(time, style("epoch", digits), null, null)).toBe(text);
    expect(formatTime([5, 999_999_999], style("epoch", 3), null, null)).toBe("5.999");
  });

  it("counts from itself where there is nothing to count from", () => {
    expect(formatTime(time, style("relative"), null, null)).toBe("0.000000");
    expect(formatTime(time, style("delta"), null, null)).toBe("0.000000");
  });
});

describe("a difference", () => {
  it.each([
    [[5, 0], [4, 999_999_999], "0.000000001"],
    [[4, 999_999_999], [5, 0], "-0.000000001"],
    [[4, 0], [5, 500_000_000], "-1.500000000"],
    [[0, 0], [0, 0], "0.000000000"],
  ] as const)("of %j and %j is %s", (later, base, text) => {
    expect(formatDifference(later, base, 9)).toBe(text);
  });

  it("adds up to the time again, for any two times", () => {
    const any = fc.tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));
    fc.assert(
      fc.property(any, any, (a, b) => {
        const nanoseconds = (t: readonly [number, number]): bigint => BigInt(t[0]) * 1_000_000_000n + BigInt(t[1]);
        const difference = BigInt(
          formatDifference(a, b, 9)
            .replace(".", "")
            .replace(/^(-?)0+(?=\d)/, "$1"),
        );
        expect(nanoseconds(b) + difference).toBe(nanoseconds(a));
      }),
    );
  });
});
