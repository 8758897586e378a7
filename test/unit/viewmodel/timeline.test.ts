/** The timeline: its series and buckets, where a pointer is in them, what is drawn. */
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../../src-shared/contract/results";
import {
  bucketAt,
  bucketSeconds,
  buildTimeline,
  drawTimeline,
  moveRange,
  plotOf,
  secondsSince,
  tickText,
  timeAfter,
  timeAt,
  timeFilter,
  timelineParts,
  xOf,
  zoomRange,
  type TimelineCanvas,
} from "../../../src-renderer/viewmodel/timeline";

/** Where a Uint8Array lies in its buffer must not matter: one byte off. */
const column = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 8 + 1).subarray(1);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  values.forEach((value, i) => view.setFloat64(i * 8, value, true));
  return bytes;
};

const timeline: Timeline = {
  from: [100, 0],
  to: [104, 0],
  buckets: 4,
  series: [
    { label: "n1#0", filter: null, packets: column(1, 0, 0, 1), bytes: column(60, 0, 0, 60) },
    { label: "n2#0", filter: null, packets: column(2, 4, 0, 0), bytes: column(9000, 10, 0, 0) },
    { label: "quiet", filter: null, packets: column(0, 0, 0, 0), bytes: column(0, 0, 0, 0) },
  ],
};
const model = buildTimeline(timeline, [100, 0], "packets");

describe("the timeline's model", () => {
  it("stacks series, the largest lowest, without the empty ones", () => {
    expect(model.series.map((s) => [s.label, s.total])).toEqual([
      ["n2#0", 6],
      ["n1#0", 2],
    ]);
    expect(model.stacked.map((s) => [...s])).toEqual([
      [2, 4, 0, 0],
      [3, 4, 0, 1],
    ]);
    expect(model.most).toBe(4);
  });

  it("keeps series that overlap in their order, each from the bottom, and the empty ones", () => {
    const lines = buildTimeline(timeline, [100, 0], "packets", true);
    expect(lines.series.map((s) => s.label)).toEqual(["n1#0", "n2#0", "quiet"]);
    expect(lines.stacked.map((s) => [...s])).toEqual([
      [1, 0, 0, 1],
      [2, 4, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(lines.most).toBe(4);
  });

  it("adds buckets up into a table of equal parts", () => {
    expect(timelineParts(model, 2)).toEqual([
      { from: 0, values: [6, 1] },
      { from: 2, values: [0, 1] },
    ]);
    expect(bucketSeconds(model)).toBe(1);
  });

  it("finds times and buckets under the pointer", () => {
    const plot = plotOf(476, 200);
    expect(xOf(2, model, plot)).toBe(plot.left + 200);
    expect(timeAt(plot.left + 200, model, plot)).toBe(2);
    expect(bucketAt(plot.left + 150, model, plot)).toBe(1);
    expect(bucketAt(plot.right, model, plot)).toBe(3);
    expect(bucketAt(3, model, plot)).toBe(-1);
  });

  it("zooms around the pointer and stays inside the capture", () => {
    expect(zoomRange([0, 100], [0, 100], 50, 0.5)).toEqual([25, 75]);
    expect(zoomRange([25, 75], [0, 100], 25, 4)).toEqual([0, 100]);
    expect(zoomRange([0, 1e-6], [0, 100], 0, 0.5)[1]).toBeCloseTo(1e-6, 12);
    expect(moveRange([80, 100], [0, 100], 10)).toEqual([80, 100]);
    expect(moveRange([10, 20], [0, 100], -30)).toEqual([0, 10]);
  });

  it("keeps nanoseconds in times and filters", () => {
    const base = [1_700_000_000, 999_999_999] as const;
    expect(timeAfter(base, 1.000000001)).toEqual([1_700_000_002, 0]);
    expect(secondsSince([1_700_000_002, 0], base)).toBeCloseTo(1.000000001, 12);
    expect(timeFilter([17, 5], [18, 0])).toBe("frame.time_epoch >= 17.000000005 && frame.time_epoch <= 18.000000000");
    expect(tickText(0.25, 0.05)).toBe("0.25 s");
    expect(tickText(20, 10)).toBe("20 s");
  });
});

describe("the timeline's drawing", () => {
  /** Records what is drawn as lines a person can read. */
  function record(): { canvas: TimelineCanvas; calls: string[] } {
    const calls: string[] = [];
    const state: Record<string, unknown> = {};
    const canvas = new Proxy(state, {
      get: (_, name) => {
        if (name in state) return state[name as string];
        return (...args: unknown[]) =>
          void calls.push(
            `${String(name)} ${args.map((a) => (typeof a === "number" ? Math.round(a) : String(a))).join(" ")} ${
              name === "fill" || name === "fillRect" ? String(state.fillStyle) : ""
            }`.trim(),
          );
      },
      set: (_, name, value) => {
        state[name as string] = value;
        return true;
      },
    }) as unknown as TimelineCanvas;
    return { canvas, calls };
  }
  const colours = { text: "t", grid: "g", brush: "b", cursor: "c", series: ["blue", "orange"] };

  it("fills each series once, the highest first, and marks brush, cursor and packet", () => {
    const { canvas, calls } = record();
    drawTimeline(canvas, model, 476, 200, colours, { brush: [1, 2], bucket: 0, packet: 3 });
    expect(calls.filter((c) => c.startsWith("fill ")).map((c) => c.split(" ").at(-1))).toEqual(["orange", "blue"]);
    expect(calls.find((c) => c.startsWith("fillRect"))).toBe("fillRect 164 10 100 164 b");
    const lines = calls.flatMap((c, i) => (c.startsWith("moveTo") && calls[i + 1]?.endsWith(" 174") ? [c] : []));
    expect(lines).toContain("moveTo 115 10");
    expect(lines).toContain("moveTo 365 10");
  });

  it("labels both axes", () => {
    const { canvas, calls } = record();
    drawTimeline(canvas, model, 476, 200, colours, { brush: null, bucket: -1, packet: null });
    const texts = calls
      .filter((c) => c.startsWith("fillText"))
      .map((c) => c.replace(/^fillText /, "").replace(/ \d+ \d+$/, ""));
    expect(texts).toEqual(["0", "1", "2", "3", "4", "0 s", "1 s", "2 s", "3 s", "4 s"]);
  });
});
