/** Notes of a file that somebody exported, chosen or dropped: merged with those that are here. */
import { isNotesFile, readNotesFile } from "../../src-shared/annotations/notes-file";
import { layout } from "../state/layout.svelte";
import { showToast } from "../state/toasts.svelte";
import { workspace } from "../state/workspace.svelte";
import { formatNoun } from "../viewmodel/quantity";
import { tellNotesChange, told } from "./note-actions";
import { notes } from "./notes.svelte";

/** Enough to tell a file of notes from other JSON. */
const HEAD_BYTES = 256;

/** @throws NotesFileError where the text is no file of notes */
export async function importNotes(text: string, name: string): Promise<void> {
  const { annotations } = readNotesFile(text, name);
  await told(async () => {
    const { added, changed } = await notes.merge(annotations);
    layout.showTab("notes");
    if (added + changed === 0) showToast("There is nothing in it that is not here already.");
    else tellNotesChange(`${formatNoun(added, "note")} added, ${changed} changed.`, "success");
  });
}

/** Imports dropped files if all of them are notes. False: they are something else. */
export async function importDroppedNotes(files: readonly File[]): Promise<boolean> {
  if (files.length === 0 || files.some(({ name }) => !/\.json$/i.test(name))) return false;
  for (const file of files) if (!isNotesFile(await file.slice(0, HEAD_BYTES).text())) return false;
  if (workspace.isEmpty) showToast("Open the recording first that these notes are about.");
  else for (const file of files) await importNotes(await file.text(), file.name);
  return true;
}
