/** Commands of the Capture menu. */
import { call } from "../../bridge/engine";
import type { CommandSpec } from "../../state/commands.svelte";
import { confirmAction, openDialog, showError } from "../../state/dialogs.svelte";
import { autoScroll, live } from "../../state/live.svelte";
import { showToast } from "../../state/toasts.svelte";
import { workspace } from "../../state/workspace.svelte";
import type { CaptureKind } from "../../viewmodel/capture-choice";
import { formatBytes, formatNoun } from "../../viewmodel/quantity";
import CaptureDialog from "./capture-dialog.svelte";

const canRestart = (): boolean =>
  live.source !== null && !(live.source.kind === "pipe" && live.source.label === "standard input");
const hasRecording = (): boolean => live.source !== null && live.source.packets > 0;

export const captureCommands: readonly CommandSpec[] = [
  { id: "capture.options", enabled: () => !live.isRunning, run: () => openCapture() },
  {
    id: "capture.simulate",
    title: "Simulate a Network…",
    group: "Capture",
    enabled: () => !live.isRunning,
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
      if (
        hasRecording() &&
        !(await confirmAction("Start again?", "What was recorded so far is thrown away.", "Restart"))
      )
        return;
      await live.restart();
    },
  },
  { id: "capture.save", enabled: hasRecording, run: () => saveRecording() },
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

/** Everything that was recorded (and what is open beside it), as pcapng. */
async function saveRecording(): Promise<void> {
  const label = live.source?.label.replaceAll(/[^\w.-]+/g, "-") ?? "recording";
  let path = `${label}.pcapng`;
  if (workspace.app?.dialogs) {
    const picked = await call("files.pickSave", { title: "Save recording", name: path });
    if (picked.path === null) return;
    path = picked.path;
  }
  const { view } = await call("packets.open", { filter: "", sort: [], ignored: [] });
  try {
    const id = live.source?.id ?? "";
    const running = live.isRunning;
    const written = await call("export.write", { view, packets: null, path, columns: [] });
    if (!workspace.app?.dialogs) {
      const link = document.createElement("a");
      link.href = written.path;
      link.download = path;
      link.click();
    }
    // What comes after it was saved is not.
    if (!running) live.saved = id;
    const size = formatBytes(written.bytes);
    showToast(`Saved ${formatNoun(written.packets, "packet")} (${size})`, { kind: "success" });
  } finally {
    await call("packets.close", { view }).catch(() => undefined);
  }
}
