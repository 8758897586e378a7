/**
 * Notes as a file: JSON that another Hopscope merges (docs/ANNOTATIONS.md), and CSV for spreadsheets.
 *
 * ```jsonc
 * { "format": "hopscope-annotations", "version": 1, "exportedMs": 1795177371846,
 *   "recordings": [{ "hash": "h1:…", "name": "n1.pcapng", "packets": 120 }],
 *   "annotations": [ … ] }                                          // annotation.ts, tombstones included
 * ```
 */
import { hostileCsvCell } from "../base/csv";
import * as v from "valibot";
import { ANNOTATION_VERSION, type Annotation, annotationSchema, editedMs, packetsOf } from "./annotation";
import { subjectText } from "./note-text";

const NOTES_FORMAT = "hopscope-annotations";

const headSchema = v.object({
  format: v.literal(NOTES_FORMAT, `"format" must be "${NOTES_FORMAT}": this is not a file of notes`),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  recordings: v.optional(
    v.array(v.object({ hash: v.string(), name: v.string(), packets: v.pipe(v.number(), v.integer()) })),
    [],
  ),
  annotations: v.array(v.unknown(), '"annotations" must be a list'),
});

/** What a recording was called where the notes were written: a hint for people. */
export interface NamedRecording {
  readonly hash: string;
  readonly name: string;
  readonly packets: number;
}

export interface NotesFile {
  readonly recordings: readonly NamedRecording[];
  readonly annotations: readonly Annotation[];
}

/** Says which file, where in it, and what was expected. */
class NotesFileError extends Error {
  override readonly name = "NotesFileError";
}

/** Whether a file that begins so was written as one of notes. */
export function isNotesFile(start: string): boolean {
  return /^\s*\{\s*"format"\s*:\s*"hopscope-annotations"/.test(start);
}

export function writeNotesFile(
  annotations: readonly Annotation[],
  recordings: readonly NamedRecording[],
  nowMs: number,
): string {
  const head = { format: NOTES_FORMAT, version: ANNOTATION_VERSION, exportedMs: nowMs, recordings };
  // One note a line: such files can be compared and kept under version control.
  const lines = annotations.map((note) => `    ${JSON.stringify(note)}`).join(",\n");
  const start = JSON.stringify(head, null, 2).slice(0, -2);
  return `${start},\n  "annotations": [${lines === "" ? "" : `\n${lines}\n  `}]\n}\n`;
}

/**
 * @param name for messages
 * @throws NotesFileError with the place of the first thing that is wrong; nothing of such a file is used
 */
export function readNotesFile(text: string, name: string): NotesFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new NotesFileError(`${name}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const head = v.safeParse(headSchema, parsed);
  if (!head.success) throw new NotesFileError(`${name}: ${issueText(head.issues[0], "")}`);
  if (head.output.version > ANNOTATION_VERSION)
    throw new NotesFileError(
      `${name}: its version is ${head.output.version}, this Hopscope reads up to ${ANNOTATION_VERSION}; it was written by a newer one`,
    );
  const annotations = head.output.annotations.map((entry, index) => {
    const note = v.safeParse(annotationSchema, entry);
    if (!note.success) throw new NotesFileError(`${name}: ${issueText(note.issues[0], `annotations[${index}]`)}`);
    return note.output;
  });
  return { recordings: head.output.recordings, annotations };
}

function issueText(issue: v.BaseIssue<unknown>, before: string): string {
  const path = v.getDotPath(issue);
  const place = [before, path].filter((part) => part !== "" && part !== null).join(".");
  return place === "" ? issue.message : `${place}: ${issue.message}`;
}

const CSV_COLUMNS = "id,kind,about,packet,time,author,created,edited,tags,colour,in reply to,text";

/** RFC 4180, a heading and a line a note; deleted ones are left out. Times are UTC, of packets seconds since the epoch. */
export function notesAsCsv(notes: readonly Annotation[]): string {
  const lines = notes
    .filter((note) => !note.deleted)
    .map((note) => {
      const [packet] = packetsOf(note.subject);
      return [
        note.id,
        note.subject.kind,
        subjectText(note.subject),
        packet ? String(packet.ordinal) : "",
        packet?.time ?? "",
        note.createdBy,
        timestamp(note.createdMs),
        timestamp(editedMs(note)),
        note.tags.join(" "),
        note.colour,
        note.parent ?? "",
        note.text,
      ]
        .map(hostileCsvCell)
        .join(",");
    });
  return `${[CSV_COLUMNS, ...lines].join("\r\n")}\r\n`;
}

/** A time of a damaged clock may lie beyond what a date can say. */
function timestamp(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
