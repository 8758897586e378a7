/** Comments of captures as notes: shown like ours, never changed; what a note of ours says as well is not shown twice. */
import { type Annotation, isOurs, type Subject } from "../../src-shared/annotations/annotation";
import { commentText } from "../../src-shared/annotations/note-text";
import type { CapturedComments } from "../../src-shared/contract/annotations";
import type { NoteIndex } from "./note-index";

/** What the window knows of the place of a comment. */
export interface CommentPlace {
  readonly recording: string;
  readonly fileName: string;
  readonly pointName: string;
  /** Of a comment that is on no packet. */
  readonly timeMs: number;
}

/** The same at every opening, so that a note can stand for one of them. */
export function notesOfComments(comment: CapturedComments, place: CommentPlace): Annotation[] {
  const { recording } = place;
  const subject = subjectOf(comment, place);
  if (!subject) return [];
  const timeMs = comment.anchor ? Math.max(0, Math.floor(Number(comment.anchor.time) * 1000)) : place.timeMs;
  const author = (comment.tool ?? "comment in the capture").slice(0, 200);
  const stamp = { timeMs, author, change: "captured" };
  const where =
    comment.place === "packet" ? `p${comment.anchor?.ordinal ?? 0}` : `${comment.place[0]}${comment.interface}`;
  return comment.texts.map((text, index) => ({
    id: `${recording}/${where}/${index}`,
    createdMs: timeMs,
    createdBy: author,
    parent: null,
    subject,
    recordings: [recording],
    origin: { kind: "pcapng", tool: comment.tool, index },
    text,
    tags: [],
    colour: "grey",
    deleted: false,
    stamps: { text: stamp, tags: stamp, colour: stamp, deleted: stamp },
  }));
}

function subjectOf(comment: CapturedComments, { recording, fileName, pointName }: CommentPlace): Subject | null {
  switch (comment.place) {
    case "section":
      return { kind: "recording", recording, name: fileName };
    case "interface":
      return { kind: "capture-point", recording, interface: comment.interface, name: pointName };
    case "packet":
      return comment.anchor && { kind: "packet", packet: comment.anchor };
  }
}

/** Hides comments that we wrote into the capture, or that a note of ours stands for. */
export function hideDoubles(index: NoteIndex, captured: ReadonlyMap<string, Annotation>): void {
  const { hidden, notes } = index;
  hidden.clear();
  if (captured.size === 0) return;
  const written = new Set<string>();
  for (const note of notes.values()) {
    if (note.deleted || !isOurs(note)) continue;
    if (note.origin.kind === "edited-comment") hidden.add(note.origin.comment);
    const where = note.subject.kind === "recording" ? [] : index.placeOf(note.id).packets;
    for (const packet of where.length > 0 ? where : [-1]) written.add(commentKey(packet, commentText(note)));
  }
  for (const { id, text } of captured.values())
    if (written.has(commentKey(index.placeOf(id).packets[0] ?? -1, text))) hidden.add(id);
}

/** A comment's text at a packet; -1: of the file. */
export function commentKey(packet: number, text: string): string {
  return `${packet} ${text}`;
}
