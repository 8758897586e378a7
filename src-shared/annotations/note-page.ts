/**
 * Many notes as one text, for the database and on the way from the host: columns, and what repeats written once. Written as they
 * are, 50,000 notes are 45 MB of JSON, most of it the same four stamps, hashes and names again; as columns a third of it.
 *
 * ```
 * note 0  id, text, subject {packet …}, stamps {text s, tags s, colour s, deleted s} ─┐   id       ["a…", "b…"]
 * note 1  id, text, subject {pod …},    stamps {text t, tags s, colour s, deleted s} ─┴─► shared   [["h1:…"], ["mtu"], "Ada", …]
 *                                                                                         createdBy [2, 2]       (in shared)
 *                                                                                         subjects [[1, {pod …}]] (no packet)
 *                                                                                         stamps   [[1, {…}]]     (not all one)
 * ```
 */
import type { Annotation, NoteColour, Origin, Stamp, Subject } from "./annotation";

interface Columns {
  /** Values that others count by their place in here. */
  readonly shared: unknown[];
  readonly id: string[];
  readonly createdMs: number[];
  readonly createdBy: number[];
  /** Notes that answer another: which, whom. */
  readonly parents: [number, string][];
  readonly recordings: number[];
  readonly origin: number[];
  readonly text: string[];
  readonly tags: number[];
  readonly colour: number[];
  readonly deleted: (0 | 1)[];
  /** Of subjects that are a packet; -1 and nothing where it is something else, then it is in `subjects`. */
  readonly recording: number[];
  readonly ordinal: number[];
  readonly time: string[];
  readonly check: string[];
  readonly subjects: [number, Subject][];
  /** The stamp of the text; where another field has another one, all four are in `stamps`. */
  readonly stampMs: number[];
  readonly stampAuthor: number[];
  readonly stampChange: string[];
  readonly stamps: [number, Annotation["stamps"]][];
}

export function packNotes(notes: readonly Annotation[]): string {
  const columns: Columns = {
    ...{
      shared: [],
      id: [],
      createdMs: [],
      createdBy: [],
      parents: [],
      recordings: [],
      origin: [],
      text: [],
      tags: [],
    },
    ...{ colour: [], deleted: [], recording: [], ordinal: [], time: [], check: [], subjects: [] },
    ...{ stampMs: [], stampAuthor: [], stampChange: [], stamps: [] },
  };
  const places = new Map<string, number>();
  const share = (value: unknown): number => {
    const key = JSON.stringify(value);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, columns.shared.length);
    return columns.shared.push(value) - 1;
  };
  notes.forEach((note, at) => {
    columns.id.push(note.id);
    columns.createdMs.push(note.createdMs);
    columns.createdBy.push(share(note.createdBy));
    if (note.parent !== null) columns.parents.push([at, note.parent]);
    columns.recordings.push(share(note.recordings));
    columns.origin.push(share(note.origin));
    columns.text.push(note.text);
    columns.tags.push(share(note.tags));
    columns.colour.push(share(note.colour));
    columns.deleted.push(note.deleted ? 1 : 0);
    const packet = note.subject.kind === "packet" ? note.subject.packet : null;
    columns.recording.push(packet ? share(packet.recording) : -1);
    columns.ordinal.push(packet?.ordinal ?? 0);
    columns.time.push(packet?.time ?? "");
    columns.check.push(packet?.check ?? "");
    if (!packet) columns.subjects.push([at, note.subject]);
    const { text, tags, colour, deleted } = note.stamps;
    columns.stampMs.push(text.timeMs);
    columns.stampAuthor.push(share(text.author));
    columns.stampChange.push(text.change);
    if (![tags, colour, deleted].every((stamp) => isSame(stamp, text))) columns.stamps.push([at, note.stamps]);
  });
  return JSON.stringify(columns);
}

/** The notes of a text that packNotes made. Lists, origins and stamps that are equal are one object: nobody may change them. */
export function unpackNotes(text: string): Annotation[] {
  const columns = JSON.parse(text) as Columns;
  const { shared } = columns;
  const parents = new Map(columns.parents);
  const subjects = new Map(columns.subjects);
  const stamps = new Map(columns.stamps);
  return columns.id.map((id, at): Annotation => {
    const shares = <T>(column: readonly number[]): T => shared[column[at] as number] as T;
    const stamp: Stamp = {
      timeMs: columns.stampMs[at] as number,
      author: shares(columns.stampAuthor),
      change: columns.stampChange[at] as string,
    };
    return {
      id,
      createdMs: columns.createdMs[at] as number,
      createdBy: shares(columns.createdBy),
      parent: parents.get(at) ?? null,
      subject: subjects.get(at) ?? {
        kind: "packet",
        packet: {
          recording: shares(columns.recording),
          ordinal: columns.ordinal[at] as number,
          time: columns.time[at] as string,
          check: columns.check[at] as string,
        },
      },
      recordings: shares<string[]>(columns.recordings),
      origin: shares<Origin>(columns.origin),
      text: columns.text[at] as string,
      tags: shares<string[]>(columns.tags),
      colour: shares<NoteColour>(columns.colour),
      deleted: columns.deleted[at] === 1,
      stamps: stamps.get(at) ?? { text: stamp, tags: stamp, colour: stamp, deleted: stamp },
    };
  });
}

function isSame(a: Stamp, b: Stamp): boolean {
  return a.timeMs === b.timeMs && a.author === b.author && a.change === b.change;
}
