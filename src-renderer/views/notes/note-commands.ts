/** Commands about notes. */
import { redoNotes, undoNotes, writeNote } from "../../annotations/note-actions";
import { importNotes } from "../../annotations/notes-import";
import { notes } from "../../annotations/notes.svelte";
import { packetTarget } from "../../annotations/subjects";
import { pickText } from "../../bridge/pick-text";
import { saveText } from "../../bridge/save";
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { lastChange } from "../../state/last-change.svelte";
import { layout } from "../../state/layout.svelte";
import { selection } from "../../state/selection.svelte";
import { showToast } from "../../state/toasts.svelte";
import { workspace } from "../../state/workspace.svelte";
import AuthorDialog from "./author-dialog.svelte";

/** 50,000 notes take about 40 MB. */
const MOST_FILE_BYTES = 256 << 20;
const MOST_NAME = 48;

export const noteCommands: readonly CommandSpec[] = [
  {
    id: "notes.comment",
    enabled: () => selection.packet !== null,
    run: () => (selection.packet === null ? undefined : writeNote(packetTarget(selection.packet))),
  },
  {
    id: "notes.undo",
    enabled: () => lastChange.canUndo || notes.steps.canUndo !== null,
    menuTitle: () => titleOf("Undo", isWindowNewer() ? lastChange.undoName : notes.steps.canUndo),
    run: () => (isWindowNewer() ? lastChange.undo() : undoNotes()),
  },
  {
    id: "notes.redo",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    enabled: () => lastChange.canRedo || notes.steps.canRedo !== null,
    menuTitle: () => titleOf("Redo", isWindowUndoneNewer() ? lastChange.redoName : notes.steps.canRedo),
    run: () => (isWindowUndoneNewer() ? lastChange.redo() : redoNotes()),
  },
  { id: "notes.next", enabled: () => notes.roots.length > 0, run: () => goToAnnotated(1) },
  { id: "notes.previous", enabled: () => notes.roots.length > 0, run: () => goToAnnotated(-1) },
  { id: "notes.import", enabled: () => !workspace.isEmpty, run: pickNotes },
  {
    id: "notes.exportJson",
    enabled: () => notes.roots.length > 0,
    run: () => saveText(exportName("json"), "application/json", notes.asFile()),
  },
  {
    id: "notes.exportCsv",
    enabled: () => notes.roots.length > 0,
    run: () => saveText(exportName("csv"), "text/csv", notes.asCsv()),
  },
  { id: "notes.author", run: async () => void (await openDialog(AuthorDialog, {})) },
];

const isWindowNewer = (): boolean => lastChange.turn > notes.steps.turn;
const isWindowUndoneNewer = (): boolean => lastChange.redoTurn > notes.steps.redoTurn;

/** "Undo: Renamed to client"; a menu is no wider for a long name. */
function titleOf(what: string, name: string | null): string {
  if (name === null) return what;
  return `${what}: ${name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name}`;
}

async function pickNotes(): Promise<void> {
  const picked = await pickText(".json,application/json", MOST_FILE_BYTES);
  if (picked) await importNotes(picked.text, picked.name);
}

/** The next packet with a note, in the order of the capture; from the last one to the first. */
function goToAnnotated(step: 1 | -1): void {
  const ids = new Set(notes.roots.flatMap(({ id }) => notes.placeOf(id).packets.filter((packet) => packet >= 0)));
  const sorted = [...ids].sort((a, b) => (a - b) * step);
  const now = selection.packet ?? -step;
  const next = sorted.find((packet) => (packet - now) * step > 0) ?? sorted[0];
  if (next === undefined) showToast("No packet has a note.");
  else {
    layout.showTab("packets");
    selection.select(next);
  }
}

function exportName(ending: string): string {
  const name = workspace.state.files[0]?.name.replace(/(\.(pcapng|pcap|cap|gz|zst|lz4))+$/i, "") ?? "";
  return `${name === "" ? "notes" : `${name}-notes`}.${ending}`;
}
