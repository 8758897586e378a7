/** Faults on the command line: what they break is what the traffic meets, and a fault that meets nothing is refused. */
import { describe, expect, test } from "vitest";
import { checkFaultsMeetSomething } from "../../../src-main/engine/simulate/rehearsal";
import { findScenario } from "../../../src-main/engine/simulate/scenarios/catalogue";
import type { Scenario } from "../../../src-main/engine/simulate/scenario/schema";
import { parseFault, withFaults } from "../../../src-main/engine/simulate/world/fault-catalogue";
import { searchFiles } from "../../builders/find-in-traffic";
import { recordScenario } from "../../builders/recorded-scenario";

function broken(name: string, fault: string): Scenario {
  const scenario = findScenario(name);
  if (!scenario) throw new Error(`no scenario ${name}`);
  return withFaults(scenario, [parseFault(fault)]);
}

function check(name: string, fault: string): void {
  const scenario = broken(name, fault);
  checkFaultsMeetSomething(scenario, scenario.faults?.slice(-1) ?? [], 1);
}

describe("a fault that meets nothing is refused", () => {
  test.each([
    [
      "container-to-container",
      "loss",
      "fault loss changes nothing that is recorded: none of the traffic meets it (seed 1)",
    ],
    [
      "egress",
      "closed-port",
      "fault closed-port changes nothing that is recorded: none of the traffic meets it (seed 1)",
    ],
    ["vxlan", "stale-endpoint", "fault stale-endpoint leaves nothing to record: nothing is sent any more"],
  ])("%s with %s", (name, fault, message) => {
    expect(() => check(name, fault)).toThrow(message);
  });

  test.each([
    ["vxlan", "slow-server"],
    ["cluster-ip", "duplicate-address"],
    // Only what connection tracking says is of another moment.
    ["cluster-ip", "stale-conntrack"],
  ])("not %s with %s", (name, fault) => {
    expect(() => check(name, fault)).not.toThrow();
  });
});

describe("a fault without a target breaks what the traffic asks", () => {
  test.each([
    ["vxlan", "slow-server", "slow-answer"],
    ["routes", "closed-port", "no-endpoint"],
    ["ipip", "drop", "policy-silence"],
    // The resolver asks again after five seconds: the recording goes on for as long.
    ["dns-expansion", "dns-loss", "dns-stall"],
    // What is lost before a machine has its address is no finding.
    ["home-network", "loss", "lost-between"],
  ] as const)("%s with %s shows %s", async (name, fault, kind) => {
    const recorded = recordScenario(broken(name, fault), { seed: 1 });
    try {
      expect((await searchFiles(recorded.files)).of(kind).length).toBeGreaterThan(0);
    } finally {
      recorded.remove();
    }
  });
});
