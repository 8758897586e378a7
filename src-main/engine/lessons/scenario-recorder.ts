/**
 * The seam to the simulator: the one place that knows how a scenario becomes files. Without a simulator in the build,
 * lessons over scenarios are listed and say that they cannot be opened.
 */
import type { Recording } from "../../../src-shared/lessons/lesson";

export interface RecordedLesson {
  readonly captures: readonly string[];
  readonly cluster: readonly string[];
}

export interface ScenarioRecorder {
  names(): readonly string[];
  /** Writes the scenario's recording and its cluster file below `folder`. */
  record(scenario: Extract<Recording, { scenario: unknown }>, folder: string): Promise<RecordedLesson>;
}

let recorder: ScenarioRecorder | undefined;

export function useScenarioRecorder(simulator: ScenarioRecorder): void {
  recorder = simulator;
}

export function scenarioRecorder(): ScenarioRecorder | undefined {
  return recorder;
}
