/** A generated recording follows the clock, stands still, goes step by step, faster, and takes injections. */
import { describe, expect, it } from "vitest";
import { GeneratorPace } from "../../../src-main/engine/live/generator-pace";
import { STEADY_TRAFFIC } from "../../../src-main/engine/live/steady-traffic";
import { runEngine } from "../../builders/run-engine";

/** Ten packets a second, with a clock of the test's own. */
function paced(): {
  readonly pace: GeneratorPace;
  readonly at: (ms: number) => Promise<number>;
  readonly times: () => Promise<readonly number[]>;
} {
  const chunks: Uint8Array[] = [];
  let nowMs = 5000;
  const pace = new GeneratorPace(
    STEADY_TRAFFIC.create({ rate: 10 }, 1_700_000_000),
    (bytes) => chunks.push(bytes),
    () => nowMs,
  );
  const times = async (): Promise<readonly number[]> => {
    const found: number[] = [];
    await runEngine(Buffer.concat(chunks), "none", {}, (batch) => {
      for (let i = 0; i < batch.packetCount; i++) found.push((batch.time[i * 2] as number) & 0x3fffffff);
    });
    return found;
  };
  return {
    pace,
    times,
    /** Packets there are at a time since the start. */
    at: async (ms) => {
      // The clock of a thread ticks on: what is due is made in turns.
      for (; nowMs < 5000 + ms; nowMs = Math.min(nowMs + 10, 5000 + ms)) pace.tick();
      pace.tick();
      return (await times()).length;
    },
  };
}

describe("a generator", () => {
  it("makes what is due, with times of the recording", async () => {
    const { at, times } = paced();
    expect(await at(0)).toBe(1);
    expect(await at(350)).toBe(4);
    expect(await at(1000)).toBe(11);
    expect((await times()).slice(0, 4)).toEqual([0, 100_000_000, 200_000_000, 300_000_000]);
  });

  it("stands still, goes one packet on at each step, and then goes on from there", async () => {
    const { pace, at } = paced();
    await at(100);
    pace.control({ kind: "pause" });
    expect(await at(5000)).toBe(2);
    expect(pace.state().paused).toBe(true);
    pace.control({ kind: "step" });
    expect(await at(5000)).toBe(3);
    pace.control({ kind: "resume" });
    expect(await at(5100)).toBe(4);
  });

  it("steps over what makes no packet, as in a simulated network between two calls", () => {
    // Something happens every 10 ms, a packet comes every 50 ms; the first is there at the start.
    let written = -1;
    let atNs = -1;
    const pace = new GeneratorPace(
      {
        choices: [],
        nextNs: () => (Math.floor(atNs / 10e6) + 1) * 10e6,
        advance: (toNs) => {
          const packets = Math.floor(toNs / 50e6) - Math.floor(atNs / 50e6);
          atNs = toNs;
          return Array.from({ length: packets }, () => Uint8Array.of(1));
        },
        inject: () => {
          throw new Error("nothing to inject");
        },
      },
      (bytes) => (written += bytes.length),
      () => 0,
    );
    pace.control({ kind: "step" });
    expect({ written, atNs }).toEqual({ written: 1, atNs: 50e6 });
    pace.control({ kind: "step" });
    expect({ written, atNs }).toEqual({ written: 2, atNs: 100e6 });
  });

  it("goes faster and slower from the moment it is told", async () => {
    const { pace, at } = paced();
    await at(100);
    pace.control({ kind: "speed", factor: 10 });
    expect(await at(200)).toBe(12);
    pace.control({ kind: "speed", factor: 0.5 });
    expect(await at(400)).toBe(13);
  });

  it("injects what it offers, and refuses what it does not", async () => {
    const { pace, at } = paced();
    await at(100);
    const [choice] = pace.state().choices;
    pace.control({ kind: "inject", choice: choice?.id ?? "" });
    expect(await at(100)).toBe(102);
    expect(() => pace.control({ kind: "inject", choice: "nothing" })).toThrow(/nothing/);
  });

  it("refuses rates that cannot be", () => {
    for (const rate of [0, -1, NaN, 1e9, "many"]) expect(() => STEADY_TRAFFIC.create({ rate }, 0)).toThrow(/rate/);
  });
});
