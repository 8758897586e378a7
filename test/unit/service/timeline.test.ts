/** What the timeline counts: whole bars, and no more series than a person can tell apart. */
import { describe, expect, it } from "vitest";
import type { Params } from "../../../src-shared/contract/requests";
import type { Timeline } from "../../../src-shared/contract/results";
import { withClient } from "../../builders/service-client";

const numbers = (bytes: Uint8Array): number[] => [...new Float64Array(bytes.slice().buffer)];

async function timelineOf(traffic: string, asked: Partial<Params<"stats.timeline">>): Promise<Timeline> {
  let timeline: Timeline | undefined;
  await withClient(async (client) => {
    await client.open(client.write("t.pcapng", traffic));
    const everything = { from: null, to: null, buckets: 1, by: "all" as const, filters: [], view: null };
    timeline = await client.ask("stats.timeline", { ...everything, ...asked });
  });
  if (!timeline) throw new Error("nothing was answered");
  return timeline;
}

describe("bars of the timeline", () => {
  // 0.1 s is no round number of seconds to a computer, nor is any of these times.
  const even = Array.from(
    { length: 300 },
    (_, ms) => `${(ms / 1000).toFixed(3)} 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=${ms}`,
  );

  it("of an even rate are all the same: a packet at the edge of two is in the later one", async () => {
    const { from } = await timelineOf(even.join("\n"), {});
    const [seconds, nanoseconds] = from;
    const { series } = await timelineOf(even.join("\n"), {
      from: [seconds, nanoseconds],
      to: [seconds, nanoseconds + 300_000_000],
      buckets: 30,
    });
    expect(series.map((one) => numbers(one.packets))).toEqual([Array.from({ length: 30 }, () => 10)]);
  });

  it("end before what is at the end of the range; of the whole time the last packet is in", async () => {
    const { from } = await timelineOf(even.join("\n"), {});
    const [seconds, nanoseconds] = from;
    const part = await timelineOf(even.join("\n"), {
      from: [seconds, nanoseconds + 100_000_000],
      to: [seconds, nanoseconds + 110_000_000],
    });
    expect(numbers((part.series[0] as Timeline["series"][number]).packets)).toEqual([10]);
    const whole = await timelineOf(even.join("\n"), {});
    expect(numbers((whole.series[0] as Timeline["series"][number]).packets)).toEqual([300]);
  });
});

describe("a timeline by capture point", () => {
  it("has one series a colour: the busiest points, and the sum of the others", async () => {
    const points = Array.from({ length: 40 }, (_, at) => `  @p${at} = ethernet`);
    // Point n sees n packets: p0 none.
    const packets = points.flatMap((_, at) =>
      Array.from({ length: at }, (_, i) => `  ${at}.${i} @p${at} 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=${i}`),
    );
    const { series } = await timelineOf([...points, ...packets].join("\n"), { by: "point" });
    const total = (one: Timeline["series"][number]): number => numbers(one.packets).reduce((a, b) => a + b, 0);
    expect(series).toHaveLength(16);
    expect(series.at(-1)?.label).toBe("24 other capture points");
    expect(series.slice(0, 15).map(total)).toEqual(Array.from({ length: 15 }, (_, at) => 25 + at));
    expect(series.reduce((sum, one) => sum + total(one), 0)).toBe((39 * 40) / 2);
  });
});
