/** Tells the engine which notes there are, for filters (annotation.*) and exported files. */
import { type Annotation, isOurs } from "../../src-shared/annotations/annotation";
import { commentText } from "../../src-shared/annotations/note-text";
import type { ShownNote } from "../../src-shared/contract/shown-notes";
import { call } from "../bridge/engine";
import { packets } from "../state/packets.svelte";
import { commentKey } from "./captured-notes";
import type { NoteIndex } from "./note-index";

/** Notes told to the engine at a time: 2000 were 30 ms in which the window did not draw. */
const SHOWN_AT_ONCE = 400;

/**
 * Filters over notes are applied again.
 * @param captured comments of the captures: what these say is not written beside them
 * @param clear forgets what was told before
 */
export async function tellEngine(
  notes: readonly Annotation[],
  index: NoteIndex,
  captured: ReadonlyMap<string, Annotation>,
  clear: boolean,
): Promise<void> {
  const there = new Set<string>();
  for (const { id, text } of captured.values()) there.add(commentKey(index.placeOf(id).packets[0] ?? -1, text));
  try {
    // In parts, so that the window goes on between them.
    for (let from = 0; from === 0 || from < notes.length; from += SHOWN_AT_ONCE) {
      const part = notes.slice(from, from + SHOWN_AT_ONCE).filter(isOurs);
      await call("notes.show", {
        clear: clear && from === 0,
        removed: part.filter(({ deleted }) => deleted).map(({ id }) => id),
        notes: JSON.stringify(part.filter(({ deleted }) => !deleted).map((note) => shownNote(note, index, there))),
      });
    }
    if (/\bannotation\b/.test(packets.filter)) await packets.reopen();
  } catch {
    // The workspace is gone; the next one is told anew.
  }
}

function shownNote(note: Annotation, index: NoteIndex, there: ReadonlySet<string>): ShownNote {
  const place = index.placeOf(note.id).packets.filter((packet) => packet >= 0);
  const comment = commentText(note);
  return {
    id: note.id,
    packets: [...new Set(place)],
    text: note.text,
    tags: note.tags,
    author: note.createdBy,
    colour: note.colour,
    comment: there.has(commentKey(place[0] ?? -1, comment)) ? null : comment,
  };
}
