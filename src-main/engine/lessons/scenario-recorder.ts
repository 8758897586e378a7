/** How a scenario of the simulator becomes the files of a lesson: recorded as fast as it can, with the cluster's states beside it. */
import { closeSync, mkdirSync, mkdtempSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Recording } from "../../../src-shared/lessons/lesson";
import { recordInto } from "../simulate/record/one-file";
import { SCENARIOS, findScenario } from "../simulate/scenarios/catalogue";
import { objectList } from "../simulate/world/cluster-objects";
import { parseFault } from "../simulate/world/fault-catalogue";

export interface RecordedLesson {
  readonly captures: readonly string[];
  readonly cluster: readonly string[];
}

export interface ScenarioRecorder {
  names(): readonly string[];
  /** Writes the scenario's recording and its cluster files below `folder`. @throws ContractError "unsupported", "file" */
  record(scenario: Extract<Recording, { scenario: unknown }>, folder: string): RecordedLesson;
}

export function scenarioRecorder(): ScenarioRecorder {
  return { names: () => SCENARIOS.map(({ name }) => name), record };
}

function record(
  { scenario: name, seed, fault }: Extract<Recording, { scenario: unknown }>,
  folder: string,
): RecordedLesson {
  const found = findScenario(name);
  if (!found) throw new ContractError("unsupported", `the simulator has no scenario ${name}`);
  const scenario = fault === undefined ? found : { ...found, faults: [...(found.faults ?? []), parseFault(fault)] };
  mkdirSync(folder, { recursive: true });
  const target = mkdtempSync(join(folder, "lesson-"));
  const capture = join(target, `${name}.pcapng`);
  const fd = openSync(capture, "wx", 0o600);
  try {
    const { simulation, sink } = recordInto((chunk) => writeAll(fd, chunk), scenario, { seed });
    simulation.advance(simulation.endNs);
    sink.flush();
    const cluster = simulation.snapshots.map(({ objects }, i) => {
      const path = join(target, `cluster-${i + 1}.json`);
      writeFileSync(path, objectList(objects), { mode: 0o600 });
      return path;
    });
    return { captures: [capture], cluster };
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}
