/** Times of packets as text: nothing is lost, nothing is rounded up. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TimeValue } from "../../../src-shared/contract/results";
import { checkZone } from "../../../src-shared/base/time-zone";
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

describe("a zone that is chosen by its name", () => {
  const at = (iso: string, zone: string): string =>
    formatTime([Date.parse(iso) / 1000, 5_000_000], { format: "date-time", zone, precision: 3 }, null, null);

  it("skips an hour in spring and has one twice in autumn, as its clocks do", () => {
    expect(at("2024-03-31T00:59:59Z", "Europe/Berlin")).toBe("2024-03-31 01:59:59.005");
    expect(at("2024-03-31T01:00:00Z", "Europe/Berlin")).toBe("2024-03-31 03:00:00.005");
    expect(at("2024-10-27T00:30:00Z", "Europe/Berlin")).toBe("2024-10-27 02:30:00.005");
    expect(at("2024-10-27T01:30:00Z", "Europe/Berlin")).toBe("2024-10-27 02:30:00.005");
    expect(at("2024-10-27T02:30:00Z", "Europe/Berlin")).toBe("2024-10-27 03:30:00.005");
  });

  it("may be half an hour off, on the other day, and have its summer in January", () => {
    expect(at("2024-06-30T20:00:00Z", "Asia/Kolkata")).toBe("2024-07-01 01:30:00.005");
    expect(at("2024-01-01T00:00:00Z", "America/New_York")).toBe("2023-12-31 19:00:00.005");
    expect(at("2024-01-01T00:00:00Z", "Australia/Sydney")).toBe("2024-01-01 11:00:00.005");
    expect(at("2024-01-01T00:00:00Z", "utc")).toBe("2024-01-01 00:00:00.005");
  });

  it("has midnight as hour 0", () => {
    expect(at("2024-06-30T22:00:00Z", "Europe/Berlin")).toBe("2024-07-01 00:00:00.005");
  });

  it("is known by any way of writing it; what is none is refused, and so is what is no text", () => {
    expect(checkZone("local")).toBe("local");
    expect(checkZone(" UTC ")).toBe("utc");
    expect(checkZone("europe/berlin")).toBe("Europe/Berlin");
    expect([checkZone("asia/kolkata"), checkZone("asia/calcutta")]).toEqual(["Asia/Kolkata", "Asia/Calcutta"]);
    for (const none of ["Europe/Nowhere", "<b>", "", "+02:00", "a".repeat(500), "Europe/Berlin\u0000", 7, null, {}])
      expect(checkZone(none)).toBeUndefined();
  });
});
