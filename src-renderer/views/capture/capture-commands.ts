/** Commands of the Capture menu. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog, showError } from "../../state/dialogs.svelte";
import { autoScroll, live } from "../../state/live.svelte";
import { mayLeaveRecording, saveRecording } from "../../state/recording";
import { workspace } from "../../state/workspace.svelte";
import type { CaptureKind } from "../../viewmodel/capture-choice";
import CaptureDialog from "./capture-dialog.svelte";

const canRestart = (): boolean =>
  live.sources.length > 0 && !live.sources.some(({ kind, label }) => kind === "pipe" && label === "standard input");

export const captureCommands: readonly CommandSpec[] = [
  { id: "capture.options", run: () => openCapture() },
  {
    id: "capture.simulate",
    title: "Simulate a Network…",
    group: "Capture",
    run: () => openCapture("generator"),
  },
  {
    id: "capture.toggle",
    inTextFields: true,
    run: () => (live.isRunning ? stop() : openCapture()),
  },
  {
    id: "capture.restart",
    enabled: canRestart,
    run: async () => {
      if (await mayLeaveRecording()) await live.restart();
    },
  },
  { id: "capture.save", enabled: () => live.packets > 0, run: async () => void (await saveRecording()) },
  {
    id: "capture.autoScroll",
    enabled: () => workspace.isLive,
    checked: () => autoScroll.on,
    run: () => void (autoScroll.on = !autoScroll.on),
  },
];

/** @param kind of source to begin with; left out: the one of last time */
async function openCapture(kind?: CaptureKind): Promise<void> {
  await openDialog(CaptureDialog, { kind });
}

async function stop(): Promise<void> {
  try {
    await live.stop();
  } catch (error) {
    showError("The recording could not be stopped", error);
  }
}
