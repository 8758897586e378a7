/** Where the packets of a lesson come from: files beside it, or a scenario of the simulator, recorded when it is opened. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Recording } from "../../../src-shared/lessons/lesson";
import { type RecordedLesson, scenarioRecorder } from "./scenario-recorder";

/** Why the recording cannot be had; null: it can. */
export function recordingProblem(recording: Recording, lessonFile: string): string | null {
  if ("workspace" in recording) return "it belongs to a workspace file; open that";
  if ("files" in recording) {
    const missing = filesOf(recording, lessonFile).find((path) => !existsSync(path));
    return missing === undefined ? null : `${missing} is missing`;
  }
  const recorder = scenarioRecorder();
  if (!recorder) return "this Hopscope has no simulator";
  return recorder.names().includes(recording.scenario) ? null : `the simulator has no scenario ${recording.scenario}`;
}

/** @throws ContractError "unsupported" with recordingProblem's text */
export function recordLesson(recording: Recording, lessonFile: string, scratchFolder: string): RecordedLesson {
  const problem = recordingProblem(recording, lessonFile);
  if (problem !== null) throw new ContractError("unsupported", `The lesson's recording cannot be had: ${problem}`);
  if ("files" in recording) {
    const all = copied(filesOf(recording, lessonFile), scratchFolder);
    return { captures: all.slice(0, recording.files.length), cluster: all.slice(recording.files.length) };
  }
  const recorder = scenarioRecorder();
  if (!recorder || !("scenario" in recording)) throw new ContractError("unsupported", "there is no simulator");
  return recorder.record(recording, scratchFolder);
}

/**
 * Where they lie is a place to read from, inside a packed application even an archive: what a person opens, saves and keeps notes on
 * is a copy.
 */
function copied(files: readonly string[], scratchFolder: string): string[] {
  mkdirSync(scratchFolder, { recursive: true });
  const folder = mkdtempSync(join(scratchFolder, "lesson-"));
  return files.map((file) => {
    const target = join(folder, basename(file));
    writeFileSync(target, readFileSync(file), { mode: 0o600 });
    return target;
  });
}

/** Captures, then cluster files. Only below the lesson's folder. */
function filesOf(recording: Extract<Recording, { files: unknown }>, lessonFile: string): string[] {
  const folder = dirname(resolve(lessonFile));
  return [...recording.files, ...(recording.cluster ?? [])].map((name) => {
    const path = resolve(folder, name);
    const from = relative(folder, path);
    if (from.startsWith("..") || isAbsolute(from))
      throw new ContractError("file", `${lessonFile}: ${name} lies outside of the lesson's folder`);
    return path;
  });
}
