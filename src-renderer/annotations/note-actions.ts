/** What can be done with notes from anywhere: write, change, answer, delete, go to what they are about, their menu entries. */
import { tick, type ComponentProps } from "svelte";
import { type Annotation, isOurs } from "../../src-shared/annotations/annotation";
import { firstLine, subjectText } from "../../src-shared/annotations/note-text";
import { call } from "../bridge/engine";
import { details } from "../state/details.svelte";
import { openDialog, showError } from "../state/dialogs.svelte";
import { layout } from "../state/layout.svelte";
import { separator, type MenuEntry } from "../state/menus.svelte";
import { packets } from "../state/packets.svelte";
import { selection } from "../state/selection.svelte";
import { showToast, toasts } from "../state/toasts.svelte";
import { workspace } from "../state/workspace.svelte";
import { timeFilter } from "../viewmodel/timeline";
import { formatNoun } from "../viewmodel/quantity";
import { jump } from "./jump.svelte";
import NoteDialog from "./note-dialog.svelte";
import { notes, tellUnkept } from "./notes.svelte";
import { Unkept } from "./notes-keeper";
import { isNthField, type Target, timeValue } from "./subjects";

/** Asks for a note on something; resolves when the dialog is closed. */
export async function writeNote(target: Target | Promise<Target>): Promise<void> {
  try {
    await showDialog({ target: await target, note: null });
  } catch (error) {
    showError("A note cannot be written here", error);
  }
}

/** The keyboard goes back to where it was. */
async function showDialog(props: Omit<ComponentProps<typeof NoteDialog>, "close">): Promise<void> {
  const focused = document.activeElement;
  await openDialog(NoteDialog, props);
  await tick();
  if (focused instanceof HTMLElement && focused.isConnected) focused.focus();
}

export async function editNote(note: Annotation): Promise<void> {
  await showDialog({ target: null, note });
}

export async function replyTo(note: Annotation): Promise<void> {
  const root = note.parent === null ? note : (notes.get(note.parent) ?? note);
  await showDialog({ target: null, note: null, replyTo: root });
}

export async function deleteNotes(which: readonly Annotation[]): Promise<void> {
  await told(async () => {
    const count = await notes.remove(which.map(({ id }) => id));
    if (count > 0) tellNotesChange(`Deleted ${formatNoun(count, "note")}.`);
    else showToast("A comment of the capture stays where it is; edit it, and your note is shown in its place.");
  });
}

/** The message that offers to undo; gone once that was done, by it or by Ctrl+Z. */
let undoToast = -1;

/** Says what the newest step of the notes was, with a way back. */
export function tellNotesChange(text: string, kind: "info" | "success" = "info"): void {
  undoToast = toasts.show(kind, text, { label: "Undo", run: () => void undoNotes() });
}

export async function undoNotes(): Promise<void> {
  toasts.close(undoToast);
  await told(() => notes.undo());
}

export async function redoNotes(): Promise<void> {
  await told(() => notes.redo());
}

/** Does something with notes; if they are not kept, says so and offers to export them. */
export async function told(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Unkept) tellUnkept(error);
    else showError("The notes stay as they were", error);
  }
}

/** Shows what a note is about, in the view where it is shown. */
export async function goToNote(note: Annotation): Promise<void> {
  const { subject } = note;
  const { packets: places } = notes.placeOf(note.id);
  const packet = places.find((id) => id >= 0);
  switch (subject.kind) {
    case "packet":
    case "field":
      if (packet === undefined) return notHere(note);
      layout.showTab("packets");
      selection.select(packet);
      if (subject.kind === "field") details.selectWhenShown(isNthField(subject.field, subject.occurrence));
      return;
    case "journey":
    case "hop":
    case "connection": {
      layout.showTab("connections");
      const connection = await notes.connectionOf(note);
      if (connection === null) return notHere(note);
      jump.connection = { connection, packet: packet ?? null };
      return;
    }
    case "flow":
      if (await packets.apply(subject.filter)) layout.showTab("packets");
      return;
    case "time":
      return goToTime(subject.at);
    case "time-range":
      if (await packets.apply(timeFilter(timeValue(subject.from), timeValue(subject.to)))) layout.showTab("packets");
      return;
    case "pod":
    case "service":
      layout.showTab("connections");
      return;
    case "capture-point":
    case "recording": {
      const file = notes.recordings.find(({ hash }) => hash === subject.recording)?.file;
      if (file === undefined) return notHere(note);
      const { packet: first } = await call("packets.byNumber", { number: 1, file });
      if (first < 0) return notHere(note);
      layout.showTab("packets");
      selection.select(first);
    }
  }
}

async function goToTime(at: string): Promise<void> {
  const { view } = packets;
  if (!view) return;
  const { row } = await call("packets.atTime", { view: view.view, time: [...timeValue(at)] });
  if (row < 0) return showToast("There is no packet at or after that time in the list.");
  const { rows } = await call("packets.rows", { view: view.view, from: row, count: 1, columns: [] });
  layout.showTab("packets");
  if (rows[0]) selection.select(rows[0].packet);
}

function notHere(note: Annotation): void {
  showToast(`${subjectText(note.subject)} was not found in what is open.`, { kind: "warning" });
}

/** Brings the pane of notes to the front, with one of them chosen. */
export function showInNotes(id: string | null): void {
  chosenNote.id = id;
  layout.showTab("notes");
}

/** Which note the pane shows; read when the pane comes to the front. */
export const chosenNote: { id: string | null } = { id: null };

/**
 * Entries for a context menu: a new note, and those that are there.
 * @param keys shown at the right of the first entry
 */
export function noteMenu(
  there: readonly Annotation[],
  target: () => Target | Promise<Target>,
  keys: string | undefined = "N",
): MenuEntry[] {
  return [
    {
      label: "Add note…",
      keys,
      icon: "note",
      disabled: workspace.isEmpty,
      run: () => void writeNote(Promise.resolve().then(target)),
    },
    ...(there.length === 0
      ? []
      : [
          {
            label: there.length === 1 ? "Note" : `Notes (${there.length})`,
            items: there
              .slice(0, 20)
              .flatMap((note, at): MenuEntry[] => [
                ...(at > 0 ? [separator as MenuEntry] : []),
                { label: firstLine(note.text, 48) || "(empty)", run: () => showInNotes(note.id) },
                { label: isOurs(note) ? "Edit…" : "Edit as a note…", run: () => void editNote(note) },
                { label: "Reply…", run: () => void replyTo(note) },
                ...(isOurs(note) ? [{ label: "Delete", danger: true, run: () => void deleteNotes([note]) }] : []),
              ]),
          },
        ]),
  ];
}

/** What a tooltip or a screen reader is told of notes. */
export function notesLabel(there: readonly Annotation[]): string {
  const [first] = there;
  if (!first) return "";
  const more = there.length > 1 ? ` (and ${there.length - 1} more)` : "";
  return `Note by ${first.createdBy}: ${firstLine(first.text, 120)}${more}`;
}

/** The key N on what is selected; true: it was that. */
export function isNoteKey(event: KeyboardEvent): boolean {
  return event.key.toLowerCase() === "n" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
}
