/** New notes and new versions of notes: pure functions; every changed field gets a stamp. */
import {
  type Annotation,
  CHANGEABLE,
  type ChangeableField,
  type NoteColour,
  type Origin,
  type Stamp,
  type Subject,
} from "../../src-shared/annotations/annotation";

export interface NoteDraft {
  readonly subject: Subject;
  readonly recordings: readonly string[];
  readonly text: string;
  readonly tags: readonly string[];
  readonly colour: NoteColour;
  readonly parent?: string | null;
  readonly origin?: Origin;
}

export type NoteChange = Partial<Pick<Annotation, ChangeableField>>;

export function stampNow(author: string, nowMs: number = Date.now()): Stamp {
  return { timeMs: nowMs, author, change: crypto.randomUUID() };
}

export function newNote(draft: NoteDraft, stamp: Stamp): Annotation {
  return {
    id: crypto.randomUUID(),
    createdMs: stamp.timeMs,
    createdBy: stamp.author,
    parent: draft.parent ?? null,
    subject: draft.subject,
    recordings: [...draft.recordings],
    origin: draft.origin ?? { kind: "ours" },
    text: draft.text,
    tags: [...draft.tags],
    colour: draft.colour,
    deleted: false,
    stamps: { text: stamp, tags: stamp, colour: stamp, deleted: stamp },
  };
}

/** The note with some fields changed; null if nothing is otherwise. A clock that went back does not lose the change. */
export function changedNote(note: Annotation, change: NoteChange, stamp: Stamp): Annotation | null {
  const fields = CHANGEABLE.filter(
    (field) => change[field] !== undefined && JSON.stringify(change[field]) !== JSON.stringify(note[field]),
  );
  if (fields.length === 0) return null;
  const stamps = { ...note.stamps };
  for (const field of fields) {
    const timeMs = Math.max(stamp.timeMs, note.stamps[field].timeMs + 1);
    stamps[field] = { ...stamp, timeMs };
  }
  const values = Object.fromEntries(fields.map((field) => [field, change[field]]));
  return { ...note, ...values, stamps };
}

/** The version that brings `now` back to what `before` was; null: it is that already. What did not exist is deleted. */
export function revertedNote(now: Annotation, before: Annotation | null, stamp: Stamp): Annotation | null {
  if (before === null) return changedNote(now, { deleted: true }, stamp);
  const { text, tags, colour, deleted } = before;
  return changedNote(now, { text, tags, colour, deleted }, stamp);
}
