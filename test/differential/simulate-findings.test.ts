/**
 * Faults that are put in are found, each as the kind it is and nothing else beside it, whatever the dice of the simulation say; and
 * healthy recordings are left in peace.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SCENARIOS } from "../../src-main/engine/simulate/scenarios/catalogue";
import { expectedFindings, FAULTS, parseFault } from "../../src-main/engine/simulate/world/fault-catalogue";
import { findingLines, searchFiles, type Searched } from "../builders/find-in-traffic";
import { recordScenario } from "../builders/recorded-scenario";
import type { Scenario } from "../../src-main/engine/simulate/scenario/schema";

/** Of the simulation: what is lost or doubled, ports, sequence numbers, the pod that a Service leads to. */
const SEEDS = [1, 7771, 424242];

async function searched(scenario: Scenario, seed: number): Promise<Searched> {
  const recorded = recordScenario(scenario, { seed });
  try {
    const [cluster] = recorded.clusters.slice(-1);
    return await searchFiles(recorded.files, {
      conntrack: recorded.conntrack,
      ...(cluster !== undefined && { cluster: readFileSync(cluster, "utf8") }),
    });
  } finally {
    recorded.remove();
  }
}

/** "ttl 3": how many findings of each kind, by name. */
function kindsOf(found: Searched): readonly string[] {
  const kinds = new Map<string, number>();
  for (const { kind } of found.findings) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [...kinds].map(([kind, n]) => `${kind} ${n}`).sort();
}

/** Findings of a fault where they are not one of each kind that the fault is listed with, and why. */
const COUNTS: Readonly<Record<string, readonly string[]>> = {
  // What was dropped at the translation is a question that is asked again after seconds.
  "fault-conntrack-clash": ["conntrack-clash 1", "dns-stall 1"],
  // One for every connection whose entry is of another moment.
  "fault-conntrack-differs": ["conntrack-differs 3"],
  // The questions that are not answered, and where they vanish.
  "fault-dns-stall": ["dns-stall 1", "lost-between 1"],
  // One for each direction of the wire.
  "fault-lost-between": ["lost-between 2"],
  "fault-slow-hop": ["slow-hop 2"],
  // The loop at both machines, and the router that says so.
  "fault-ttl": ["ttl 3"],
};

/** A node that masquerades on purpose is told of, as a note. */
const NOTES: Readonly<Record<string, readonly string[]>> = { "node-port-cluster": ["snat-hides-client 1"] };

const healthy = SCENARIOS.filter((s) => (s.faults ?? []).length === 0);
const broken = SCENARIOS.filter((s) => (s.faults ?? []).length > 0);

describe("a healthy scenario shows nothing", () => {
  test.each(healthy.map((s) => [s.name, s] as const))("%s", async (name, scenario) => {
    for (const seed of SEEDS) {
      const found = await searched(scenario, seed);
      expect(kindsOf(found), `seed ${seed}\n${findingLines(found).join("\n")}`).toEqual(NOTES[name] ?? []);
      expect(
        found.findings.filter((f) => f.severity === "warn" || f.severity === "error"),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });
});

describe("a fault is found, and nothing else", () => {
  test.each(broken.map((s) => [s.name, s] as const))("%s", async (name, scenario) => {
    for (const seed of SEEDS) {
      const found = await searched(scenario, seed);
      const lines = `seed ${seed}\n${findingLines(found).join("\n")}`;
      // Dead pods behind the Service that were drawn: one finding each, of two.
      if (name === "fault-dead-endpoint")
        expect(["no-endpoint 1", "no-endpoint 2"], lines).toContain(kindsOf(found).join());
      else expect(kindsOf(found), lines).toEqual(COUNTS[name] ?? expectedFindings(scenario).map((kind) => `${kind} 1`));
    }
  });

  test("for every kind of finding there is a scenario", () => {
    const shown = new Set(broken.flatMap((s) => expectedFindings(s)));
    const known = new Set([...Object.values(FAULTS).flatMap((f) => f.findings), "path-mtu"]);
    expect([...shown].sort()).toEqual([...known].sort());
  });

  test("and is not there without the fault", async () => {
    for (const scenario of broken) {
      const { faults: _, ...without } = scenario;
      const lines = findingLines(await searched(without, 1));
      expect(
        lines.filter((line) => /^(warn|error) /.test(line)),
        scenario.name,
      ).toEqual([]);
    }
  });
});

describe("a fault in another network is found there, too", () => {
  /** Scenario, fault, and what is found: not tuned to the scenario that shows the fault best. */
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    // Both directions of a wire with a small MTU.
    ["vxlan", "small-mtu", ["mtu-blackhole 2"]],
    ["ipip", "small-mtu", ["mtu-blackhole 2"]],
    ["udp-tunnel", "small-mtu", ["mtu-blackhole 2"]],
    // Answers are large, questions are not.
    ["cluster-ip", "small-mtu", ["mtu-blackhole 1"]],
    ["dual-stack", "small-mtu", ["mtu-blackhole 1"]],
    ["ingress", "small-mtu", ["mtu-blackhole 1"]],
    ["load-balancer", "small-mtu", ["mtu-blackhole 1"]],
    // Answers of pods on the node that is called, and of those behind the other one; that the client is hidden is told as ever.
    ["node-port-cluster", "small-mtu", ["mtu-blackhole 2", "snat-hides-client 1"]],
    // The node's NAT makes other ports of it at each turn, one connection all the same: the loop at both nodes, who gave up, and no silence.
    ["load-balancer", "routing-loop", ["ttl 3"]],
    ["vxlan", "drop-too-big", []],
    ["dual-stack", "slow-link", ["slow-hop 2"]],
    ["ingress", "slow-server", ["slow-answer 2"]],
    ["cluster-ip", "no-endpoints", ["no-endpoint 1"]],
    ["load-balancer", "closed-port", ["no-endpoint 1"]],
    ["udp-tunnel", "duplicate-address", ["arp-conflict 1"]],
  ];
  test.each(cases)("%s with %s", async (name, fault, expected) => {
    const scenario = SCENARIOS.find((s) => s.name === name);
    if (!scenario) throw new Error(`no scenario ${name}`);
    const found = await searched({ ...scenario, faults: [parseFault(fault)] }, 53);
    expect(kindsOf(found), findingLines(found).join("\n")).toEqual(expected);
  });

  test("dual-stack with a pod that is gone: dead endpoints of either family, each its own, and no silence beside them", async () => {
    const scenario = SCENARIOS.find((s) => s.name === "dual-stack");
    if (!scenario) throw new Error("no scenario dual-stack");
    for (const seed of [...SEEDS, 53]) {
      const found = await searched({ ...scenario, faults: [parseFault("stale-endpoint")] }, seed);
      expect(new Set(found.findings.map((f) => f.kind)), `seed ${seed}`).toEqual(new Set(["no-endpoint"]));
      for (const { title } of found.findings) {
        const [, from = "", to = ""] = /: (\S+) (?:may lead|leads) to (\S+),/.exec(title) ?? [];
        expect(to, title).not.toBe("");
        expect(to.includes("::"), title).toBe(from.includes("::"));
      }
    }
  });

  test("node-port-cluster that loses answers on their way back: no other way is made of that", async () => {
    const scenario = SCENARIOS.find((s) => s.name === "node-port-cluster");
    if (!scenario) throw new Error("no scenario node-port-cluster");
    const found = await searched({ ...scenario, faults: [parseFault("loss=0.06")] }, 53);
    expect(found.of("asymmetric-path")).toEqual([]);
    expect(found.of("lost-between").length).toBeGreaterThan(0);
    // Of several connections of one client none is named by its port.
    expect(found.of("snat-hides-client")[0]?.text).toMatch(/^\d+ connections from 203\.0\.113\.80 reach /);
  });

  test("a wire that doubles frames is one finding, in every network", async () => {
    for (const name of [
      "vxlan",
      "ipip",
      "routes",
      "node-port-cluster",
      "load-balancer",
      "ingress",
      "egress",
      "dual-stack",
    ]) {
      const scenario = SCENARIOS.find((s) => s.name === name);
      if (!scenario) throw new Error(`no scenario ${name}`);
      const found = await searched({ ...scenario, faults: [parseFault("duplicate=0.3")] }, 53);
      expect(
        found.of("duplicate-delivery").map((f) => f.where.filter((w) => w.includes("#")).length),
        name,
      ).toEqual([2]);
    }
  });
});
