/** The list of notes: which are shown, and in which order. */
import { type Annotation, editedMs, timeOf } from "../../src-shared/annotations/annotation";
import { subjectText } from "../../src-shared/annotations/note-text";

export interface NoteFilter {
  /** In text, tags, author or subject; upper and lower case are the same. */
  readonly search: string;
  /** "" all. */
  readonly tag: string;
  readonly author: string;
  readonly colour: string;
}

export type NoteOrder = "about" | "created" | "edited" | "author" | "text";

export function filterNotes(notes: readonly Annotation[], filter: NoteFilter): readonly Annotation[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const { tag, author, colour } = filter;
  if (words.length === 0 && tag === "" && author === "" && colour === "") return notes;
  return notes.filter(
    (note) =>
      (tag === "" || note.tags.includes(tag)) &&
      (author === "" || note.createdBy === author) &&
      (colour === "" || note.colour === colour) &&
      (words.length === 0 || holdsAll(note, words)),
  );
}

function holdsAll(note: Annotation, words: readonly string[]): boolean {
  const text = `${note.text}\n${note.tags.join(" ")}\n${note.createdBy}\n${subjectText(note.subject)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A new array; notes that compare alike stay in the order of their ids, so that nothing jumps. */
export function sortNotes(notes: readonly Annotation[], by: NoteOrder, descending: boolean): Annotation[] {
  const keyed = notes.map((note) => ({ note, key: orderKey(note, by) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    return order === 0 ? (a.note.id < b.note.id ? -1 : 1) : order * sign;
  });
  return keyed.map(({ note }) => note);
}

/** Notes about packets come in the order of time, others behind them by name. */
function orderKey(note: Annotation, by: NoteOrder): string | number {
  switch (by) {
    case "created":
      return note.createdMs;
    case "edited":
      return editedMs(note);
    case "author":
      return note.createdBy.toLowerCase();
    case "text":
      return note.text.toLowerCase().slice(0, 200);
    case "about": {
      const time = timeOf(note.subject);
      return time === null ? `~${subjectText(note.subject)}` : time.padStart(24, "0");
    }
  }
}

/** Values that occur with how often, the most frequent first. */
export function occurring(values: Iterable<string>, limit = 200): { readonly value: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}
