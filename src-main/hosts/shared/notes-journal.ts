/**
 * The notes of this person, in one file that every window of every Hopscope shares: versions are appended, never changed.
 *
 * ```
 * notes.jsonl   {"format":"hopscope-notes","version":1,"journal":"<uuid>"}      new uuid: written anew, positions start over
 *               {"id":"a…","text":"MTU?", …}                                    a note
 *               {"id":"a…","text":"MTU 1450", …}                                a later version of it: readers merge
 * ```
 * A note is acknowledged when its line is on the disk (fsync). A line that a crash cut off is skipped by readers and ended by
 * the next writer. Nothing is ever taken out: two Hopscopes may write at a time, and a note is a few hundred bytes.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { type Annotation, annotationSchema } from "../../../src-shared/annotations/annotation";
import { packNotes } from "../../../src-shared/annotations/note-page";
import type { AnnotationResults, JournalPlace } from "../../../src-shared/contract/annotations";
import { ContractError } from "../../../src-shared/contract/messages";

const headSchema = v.object({ format: v.literal("hopscope-notes"), version: v.literal(1), journal: v.string() });

const NO_JOURNAL: AnnotationResults["notes.since"] = {
  journal: "",
  position: 0,
  page: "",
  more: false,
  bytes: 0,
  unreadable: 0,
};

/** Bytes read for one answer; a longer line is read whole. */
const PART_BYTES = 4 << 20;
/** No note is longer: 100,000 characters of text, at most 3 bytes each in UTF-8, or 6 in JSON's escapes. */
const MAX_LINE_BYTES = 2 << 20;
const NEWLINE = 10;

export class NotesJournal {
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, "notes.jsonl");
  }

  /** Resolved when the notes are on the disk. @throws ContractError "file" where they cannot be written */
  append(notes: readonly Annotation[]): JournalPlace {
    return this.attempt(() => {
      const fd = openSync(this.path, "a+", 0o600);
      try {
        let { size } = fstatSync(fd);
        let head = size > 0 ? readHead(fd) : undefined;
        if (size > 0 && !head) throw new DamagedJournal();
        let text = "";
        if (!head) {
          head = newHead();
          text = `${JSON.stringify(head)}\n`;
        } else if (lastByte(fd, size) !== NEWLINE) text = "\n";
        text += notes.map((note) => `${JSON.stringify(note)}\n`).join("");
        const bytes = Buffer.from(text, "utf8");
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
        fsyncSync(fd);
        size = fstatSync(fd).size;
        return { journal: head.journal, position: size };
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * What was appended since a place, in parts of some megabytes; everything, if it is of another journal.
   * @throws ContractError "file" where it cannot be read
   */
  since(journal: string | null, position: number): AnnotationResults["notes.since"] {
    if (!existsSync(this.path)) return NO_JOURNAL;
    return this.attempt(() => {
      const fd = openSync(this.path, "r");
      try {
        const { size } = fstatSync(fd);
        // Whoever made it was killed before the first line: as if there were none, so that windows send what only they have.
        if (size === 0) return NO_JOURNAL;
        const head = readHead(fd);
        if (!head) throw new DamagedJournal();
        const from = journal === head.journal && position <= size ? position : 0;
        const { notes, ...part } = readPart(fd, from, size);
        return { journal: head.journal, page: notes.length > 0 ? packNotes(notes) : "", bytes: size, ...part };
      } finally {
        closeSync(fd);
      }
    });
  }

  private attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof ContractError) throw error;
      const reason =
        error instanceof DamagedJournal
          ? "its first line is not that of Hopscope's notes; move it away and notes can be kept again"
          : (error as Error).message;
      throw new ContractError("file", `notes are not kept in ${this.path}: ${reason}`);
    }
  }
}

class DamagedJournal extends Error {}

function newHead(): v.InferOutput<typeof headSchema> {
  return { format: "hopscope-notes", version: 1, journal: randomUUID() };
}

function readHead(fd: number): v.InferOutput<typeof headSchema> | undefined {
  const bytes = Buffer.alloc(512);
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  const end = bytes.subarray(0, length).indexOf(NEWLINE);
  if (end < 0) return undefined;
  try {
    const head = v.safeParse(headSchema, JSON.parse(bytes.toString("utf8", 0, end)));
    return head.success ? head.output : undefined;
  } catch {
    return undefined;
  }
}

function lastByte(fd: number, size: number): number {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0] as number;
}

/** Whole lines from byte `from` on; a last line without its end is being written, or was cut off: it is left for later. */
function readPart(
  fd: number,
  from: number,
  size: number,
): { notes: Annotation[]; position: number; more: boolean; unreadable: number } {
  let bytes = Buffer.alloc(Math.min(PART_BYTES, size - from));
  bytes = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  let end = bytes.lastIndexOf(NEWLINE);
  if (end < 0 && size - from > bytes.length) {
    bytes = Buffer.alloc(Math.min(MAX_LINE_BYTES + PART_BYTES, size - from));
    bytes = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
    end = bytes.lastIndexOf(NEWLINE);
  }
  const notes: Annotation[] = [];
  let unreadable = 0;
  const lines = end < 0 ? [] : bytes.toString("utf8", 0, end).split("\n");
  lines.forEach((line, at) => {
    // The first line is the head's.
    if (line === "" || (from === 0 && at === 0)) return;
    const note = parseNote(line);
    if (note) notes.push(note);
    else unreadable++;
  });
  const position = from + end + 1;
  return { notes, position, more: end >= 0 && position < size, unreadable };
}

function parseNote(line: string): Annotation | undefined {
  try {
    const note = v.safeParse(annotationSchema, JSON.parse(line));
    return note.success ? note.output : undefined;
  } catch {
    return undefined;
  }
}
