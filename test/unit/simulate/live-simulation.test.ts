/** A simulation that is driven from outside: in pieces, step by step, paused, with things thrown in while it runs. */
import { describe, expect, test } from "vitest";
import { LiveSimulation } from "../../../src-main/engine/simulate/live-simulation";
import type { CaptureSink } from "../../../src-main/engine/simulate/record/capture-points";
import type { Scenario } from "../../../src-main/engine/simulate/scenario/schema";
import { FaultError, parseFault } from "../../../src-main/engine/simulate/world/fault-catalogue";
import { findScenario } from "../../../src-main/engine/simulate/scenarios/catalogue";

function scenario(name: string): Scenario {
  const found = findScenario(name);
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
}

/** Every packet as "TIME POINT BYTES". */
class Heard implements CaptureSink {
  readonly packets: string[] = [];
  readonly points: string[] = [];
  point(point: { readonly namespace: string; readonly interface: string }): void {
    this.points.push(`${point.namespace}/${point.interface}`);
  }
  packet(point: { readonly index: number }, timeNs: number, bytes: Uint8Array): void {
    this.packets.push(`${timeNs} ${point.index} ${Buffer.from(bytes).toString("hex")}`);
  }
}

const start = (name: string, seed = 1): { readonly live: LiveSimulation; readonly heard: Heard } => {
  const heard = new Heard();
  return { live: new LiveSimulation(scenario(name), { seed, sink: heard }), heard };
};

describe("a live simulation", () => {
  test("gives the same packets in many small pieces as in one", () => {
    const whole = start("cluster-ip");
    whole.live.advance(whole.live.endNs);
    const pieces = start("cluster-ip");
    for (let ns = 0; !pieces.live.done; ns += 7_000_001) pieces.live.advance(ns);
    expect(pieces.heard.packets).toEqual(whole.heard.packets);
    expect(whole.heard.packets.length).toBeGreaterThan(500);
  });

  test("knows its capture points before the first packet, by machine and device", () => {
    const { heard } = start("vxlan");
    expect(heard.points).toEqual(
      expect.arrayContaining(["gw/to-rack-a", "node-a/flannel.1", "node-a/veth0", "client/eth0"]),
    );
    expect(heard.packets).toEqual([]);
  });

  test("steps from packet to packet", () => {
    const { live, heard } = start("same-node");
    expect(live.step()).toBe(true);
    expect(heard.packets).toHaveLength(1);
    while (live.step());
    expect(live.nextEventNs).toBeGreaterThan(live.endNs);
  });

  test("stands still while paused, and runs faster than the clock if asked to", () => {
    const { live } = start("same-node");
    live.paused = true;
    live.advanceReal(1e9);
    expect(live.nowNs).toBe(0);
    live.paused = false;
    live.speed = 4;
    live.advanceReal(0.25e9);
    expect(live.nowNs).toBe(1e9);
  });

  test("takes further traffic while it runs", () => {
    const quiet = start("hairpin");
    quiet.live.advance(1.9e9);
    const before = quiet.heard.packets.length;
    const outcomes: string[] = [];
    quiet.live.onOutcome = ({ outcome }) => outcomes.push(outcome);
    quiet.live.inject({ traffic: { kind: "ping", from: { pod: "solo" }, to: { node: "node-b" } } });
    quiet.live.advance(2e9);
    expect(outcomes).toEqual(["answered"]);
    expect(quiet.heard.packets.length).toBeGreaterThan(before);
  });

  test("takes a fault while it runs, and gets well again at its end", () => {
    const { live } = start("vxlan");
    live.advance(0.05e9);
    const outcomes: string[] = [];
    live.onOutcome = ({ traffic, outcome }) => outcomes.push(`${traffic.kind} ${outcome}`);
    live.inject({ fault: { kind: "closed-port", pod: "web-b" } });
    live.advance(0.3e9);
    expect(outcomes).toContain("http refused");
  });

  test("says what can be thrown in", () => {
    const { traffic, faults } = start("cluster-ip").live.injectable;
    expect(traffic.map((t) => t.title)).toContain("http from client to web");
    expect(faults.map((f) => f.kind)).toContain("broken-checksum");
  });

  test("refuses a fault that has nothing to break, in words", () => {
    const { live } = start("home-network");
    expect(() => live.inject({ fault: { kind: "broken-checksum" } })).toThrow(FaultError);
    expect(() => live.inject({ fault: { kind: "broken-checksum" } })).toThrow(
      "no node is named anything; there are: none",
    );
  });
});

describe("a fault on the command line", () => {
  test("is a name, or a name and a value", () => {
    expect(parseFault("loss")).toEqual({ kind: "loss" });
    expect(parseFault("loss=0.25")).toEqual({ kind: "loss", share: 0.25 });
    expect(parseFault("no-endpoints=shop/web")).toEqual({ kind: "no-endpoints", service: "shop/web" });
  });

  test("that does not exist is refused with those that do", () => {
    expect(() => parseFault("gremlins")).toThrow("no fault is named gremlins; there are: loss");
    expect(() => parseFault("loss=much")).toThrow("expected a number for share");
    expect(() => parseFault("routing-loop=1")).toThrow("has no parameter");
  });
});
