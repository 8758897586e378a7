/**
 * Faults that are put in are found, each as the kind it is, and healthy recordings are left in peace: no finding of severity warn
 * or worse.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SCENARIOS } from "../../src-main/engine/simulate/scenarios/catalogue";
import { expectedFindings, FAULTS } from "../../src-main/engine/simulate/world/fault-catalogue";
import { findingLines, searchFiles, type Searched } from "../builders/find-in-traffic";
import { recordScenario } from "../builders/recorded-scenario";
import type { Scenario } from "../../src-main/engine/simulate/scenario/schema";

async function searched(scenario: Scenario): Promise<Searched> {
  const recorded = recordScenario(scenario);
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

const healthy = SCENARIOS.filter((s) => (s.faults ?? []).length === 0);
const broken = SCENARIOS.filter((s) => (s.faults ?? []).length > 0);

describe("a healthy scenario shows nothing to worry about", () => {
  test.each(healthy.map((s) => [s.name, s] as const))("%s", async (_name, scenario) => {
    const lines = findingLines(await searched(scenario));
    expect(lines.filter((line) => /^(warn|error) /.test(line))).toEqual([]);
  });
});

describe("a fault is found", () => {
  test.each(broken.map((s) => [s.name, s] as const))("%s", async (_name, scenario) => {
    const found = await searched(scenario);
    const kinds = new Set(found.findings.map((f) => f.kind));
    expect([...kinds], findingLines(found).join("\n")).toEqual(expect.arrayContaining([...expectedFindings(scenario)]));
  });

  test("for every kind of finding there is a scenario", () => {
    const shown = new Set(broken.flatMap((s) => expectedFindings(s)));
    const known = new Set([...Object.values(FAULTS).flatMap((f) => f.findings), "path-mtu"]);
    expect([...shown].sort()).toEqual([...known].sort());
  });

  test("and is not there without the fault", async () => {
    for (const scenario of broken) {
      const { faults: _, ...without } = scenario;
      const lines = findingLines(await searched(without));
      expect(
        lines.filter((line) => /^(warn|error) /.test(line)),
        scenario.name,
      ).toEqual([]);
    }
  });
});
