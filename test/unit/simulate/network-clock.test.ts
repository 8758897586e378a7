/** The simulation's clock: events in order of time, ties in order of scheduling; timers that move; random streams that do not disturb each other. */
import { describe, expect, it } from "vitest";
import { createNetwork } from "../../../src-main/engine/simulate/network/network";
import { EventQueue, Timer } from "../../../src-main/engine/simulate/network/event-queue";
import { Random } from "../../../src-main/engine/simulate/network/random";

const SEED = 42;

describe("events", () => {
  it(`run by time, at one time as they were scheduled (seed ${SEED})`, () => {
    const queue = new EventQueue();
    const random = new Random(SEED, "times");
    const ran: { atNs: number; order: number }[] = [];
    // More than the queue's first room, few different times, so that there are many ties.
    const planned = Array.from({ length: 5000 }, (_, order) => ({ atNs: random.integer(50), order }));
    for (const plan of planned) queue.schedule(plan.atNs, (done: (typeof planned)[number]) => ran.push(done), plan);
    while (queue.nextNs !== Infinity) queue.runNext();
    expect(ran).toEqual([...planned].sort((a, b) => a.atNs - b.atNs || a.order - b.order));
  });

  it("that are scheduled for the past run next, and time never goes back", () => {
    const network = createNetwork({ seed: SEED });
    const times: number[] = [];
    network.schedule(100, () => {
      network.schedule(10, () => times.push(network.nowNs));
    });
    network.schedule(200, () => times.push(network.nowNs));
    network.run(1000);
    expect(times).toEqual([100, 200]);
    expect(network.nowNs).toBe(1000);
  });

  it("can be cancelled, and run one by one", () => {
    const network = createNetwork({ seed: SEED });
    const ran: string[] = [];
    network.schedule(1, () => ran.push("first"));
    network.schedule(2, () => ran.push("second")).cancel();
    network.schedule(3, () => ran.push("third"));
    expect(network.step()).toBe(true);
    expect(ran).toEqual(["first"]);
    while (network.step());
    expect(ran).toEqual(["first", "third"]);
  });
});

describe("a timer", () => {
  it("fires once, at the last time it was set to; not at all when cleared", () => {
    const queue = new EventQueue();
    const fired: number[] = [];
    const timer = new Timer(queue, () => fired.push(queue.nowNs));
    timer.set(10);
    timer.set(30);
    timer.set(20);
    while (queue.nextNs !== Infinity) queue.runNext();
    expect(fired).toEqual([20]);
    timer.set(40);
    timer.clear();
    while (queue.nextNs !== Infinity) queue.runNext();
    expect(fired).toEqual([20]);
    timer.set(50);
    timer.set(45);
    while (queue.nextNs !== Infinity) queue.runNext();
    expect(fired).toEqual([20, 45]);
  });
});

describe("random streams", () => {
  const draw = (seed: number, concern: string): number[] => {
    const stream = new Random(seed, concern);
    return Array.from({ length: 5 }, () => stream.u32());
  };

  it("depend on seed and name only", () => {
    expect(draw(1, "loss")).toEqual(draw(1, "loss"));
    expect(draw(1, "loss")).not.toEqual(draw(2, "loss"));
    expect(draw(1, "loss")).not.toEqual(draw(1, "ports"));
    // Also beyond 32 bits.
    expect(draw(1, "loss")).not.toEqual(draw(1 + 2 ** 32, "loss"));
  });

  it("are even: 64,000 draws in 64 buckets, each within six standard deviations", () => {
    const stream = new Random(SEED, "even");
    const buckets = new Array<number>(64).fill(0);
    for (let i = 0; i < 64 * 1000; i++) {
      const bucket = stream.integer(64);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(1000));
  });
});
