/** What becomes of a recording that is in no file when Hopscope is told to end at the terminal: asked about, or kept. */
import type { EngineHub } from "../shared/engine-hub";
import { keepRecording, type RecordingWatch, type UnsavedRecording } from "../shared/unsaved-recording";
import type { Interrupts } from "./interrupts";

/**
 * Resolves when it is time to end, with the recording that is to be kept, if there is one: asked are only people at a terminal, and once for
 * each recording.
 */
export async function untilEnd(
  interrupts: Interrupts,
  recording: Pick<RecordingWatch, "unsaved">,
  say: (line: string) => void,
): Promise<UnsavedRecording | undefined> {
  let warnedOf = "";
  for (;;) {
    const interrupt = await interrupts.next();
    const { unsaved } = recording;
    const isAnswer = unsaved !== undefined && warnedOf === unsaved.path && interrupt === "ask";
    if (unsaved === undefined || isAnswer || interrupt === "end") {
      interrupts.end();
      return isAnswer ? undefined : unsaved;
    }
    warnedOf = unsaved.path;
    say(`${recordingText(unsaved)} would be lost: it is in no file but ${unsaved.path}, which goes with Hopscope.`);
    say("Save it in the window (File, Save Recording), or press Ctrl+C again to discard it.");
  }
}

function recordingText({ label, packets }: UnsavedRecording): string {
  return `The recording of ${label} (${packets} ${packets === 1 ? "packet" : "packets"})`;
}

/** So that all that was seen is in the file; a source that does not end is left to the end of the engine. */
export async function stopRecording(hub: EngineHub, { running }: UnsavedRecording): Promise<void> {
  await Promise.allSettled(running.map((id) => hub.request("live.stop", { id })));
}

/** Never throws: who kills Hopscope may have closed the terminal, too. */
export function sayKept(unsaved: UnsavedRecording, folder: string, say: (line: string) => void): void {
  try {
    const files = keepRecording(unsaved, folder, new Date());
    say(`${recordingText(unsaved)} was in no file: it is kept in ${files.join(", ")}`);
  } catch (error) {
    try {
      say(`${recordingText(unsaved)} could not be kept: ${error instanceof Error ? error.message : String(error)}`);
    } catch {
      // Nobody reads any more.
    }
  }
}
