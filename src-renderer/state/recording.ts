/**
 * What was recorded and is in no file yet: saved, and asked about before it is lost. A recording that still runs is stopped before it is
 * saved on the way out, so that nothing of it is missing.
 *
 * ```
 * open, close, restart ─► mayLeaveRecording ─┬─ Save ─► stop, file written ─► go on
 * window closes ─► beforeUnload ─────────────┼─ Discard ─► go on
 *                                            └─ Cancel ─► everything stays
 * ```
 */
import { call } from "../bridge/engine";
import { startDownload } from "../bridge/upload";
import { formatBytes, formatNoun } from "../viewmodel/quantity";
import { dialogs, showError } from "./dialogs.svelte";
import { live } from "./live.svelte";
import { showToast } from "./toasts.svelte";
import { workspace } from "./workspace.svelte";

/** Everything that was recorded (and what is open beside it), as pcapng. False: a person chose no place for it. */
export async function saveRecording(): Promise<boolean> {
  let path = `${live.label.replaceAll(/[^\w.-]+/g, "-").slice(0, 100) || "recording"}.pcapng`;
  if (workspace.app?.dialogs) {
    const picked = await call("files.pickSave", { title: "Save recording", name: path });
    if (picked.path === null) return false;
    path = picked.path;
  }
  const { view } = await call("packets.open", { filter: "", sort: [], ignored: [] });
  try {
    const recording = live.path;
    const running = live.isRunning;
    const written = await call("export.write", { view, packets: null, path, columns: [] });
    if (!workspace.app?.dialogs) startDownload(written.path, path);
    // What comes after it was saved is not.
    if (!running) {
      live.saved = recording;
      await call("live.saved", { path: recording });
    }
    const size = formatBytes(written.bytes);
    showToast(`Saved ${formatNoun(written.packets, "packet")} (${size})`, { kind: "success" });
    return true;
  } finally {
    await call("packets.close", { view }).catch(() => undefined);
  }
}

/** Asks what is to become of a recording that would be lost. False: it stays, and what would have taken its place does not come. */
export async function mayLeaveRecording(): Promise<boolean> {
  if (!live.hasUnsaved) return true;
  const answer = await dialogs.ask({
    title: "Save the recording?",
    text: `${live.label} was recorded (${formatNoun(live.packets, "packet")}) and is in no file yet.`,
    kind: "question",
    action: "Save…",
    otherwise: "Discard",
  });
  if (answer !== true) return answer === "otherwise";
  try {
    if (live.isRunning) await live.stop();
    return await saveRecording();
  } catch (error) {
    showError("The recording could not be saved", error);
    return false;
  }
}

let leaves = false;

/**
 * The window is about to go. A browser asks in its own words and lets nobody else ask; Electron keeps the window open, so that the
 * question can be ours.
 */
export function beforeUnload(event: BeforeUnloadEvent): void {
  if (leaves || !live.hasUnsaved) return;
  event.preventDefault();
  if (workspace.app?.host !== "electron") return;
  void mayLeaveRecording().then((may) => {
    if (!may) return;
    leaves = true;
    window.close();
  });
}
