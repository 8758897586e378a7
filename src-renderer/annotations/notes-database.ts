/**
 * The window's own store of notes: IndexedDB through Dexie. Opening a recording reads its notes from here at once; the host's
 * journal, which all windows share, tells only what came since.
 *
 * ```
 * pages   ++id │ *recordings │ lastSeconds │ unsent │ text          many notes of the same recordings (note-page.ts)
 * notes   id │ *recordings │ seconds │ unsent │ note               single ones that came later: versions are merged on reading
 * places  name "journal" │ journal, position                       how much of the journal is in here
 * ```
 * Pages are why 50,000 notes open quickly: as rows of their own they took 5.2 s to read and 10 s to write on a busy machine, as
 * pages 1.4 s and 0.1 s. Upgrades are numbered and stay: a database of any earlier version is brought up step by step
 * (test/unit/annotations/notes-database.test.ts).
 */
import Dexie, { type EntityTable } from "dexie";
import { anchorsOf, type Annotation, type PacketAnchor, packetsOf } from "../../src-shared/annotations/annotation";
import { mergeAll, mergeAnnotation } from "../../src-shared/annotations/merge";
import { packNotes, unpackNotes } from "../../src-shared/annotations/note-page";

export interface StoredNote {
  readonly id: string;
  readonly recordings: readonly string[];
  /** Whole seconds since the epoch of the packet it is about; -1 none. */
  readonly seconds: number;
  /** 1: the journal does not have this version yet. */
  readonly unsent: 0 | 1;
  readonly note: Annotation;
}

export interface StoredPage {
  readonly id?: number;
  readonly recordings: readonly string[];
  /** As StoredNote.seconds, of the earliest and the latest. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly unsent: 0 | 1;
  /** See note-page.ts. */
  readonly text: string;
}

interface StoredPlace {
  readonly name: string;
  readonly journal: string;
  readonly position: number;
}

const DATABASE_NAME = "hopscope-notes";
/** So many notes at a time are written as pages. */
export const BULK_NOTES = 200;
/** Notes of a page: about a megabyte. */
const PAGE_NOTES = 1000;
/** Notes of a page as the journal gives it: 4 MB of lines. */
const MOST_PAGE_NOTES = 20_000;
/** Other recordings that are looked at for shifted copies, and notes of each. */
const MOST_SAMPLED = 200;
const SAMPLED_NOTES = 20;
/** Single notes of a recording that are made pages of. */
const MANY_SINGLE = 1000;

export class NotesDatabase extends Dexie {
  declare readonly notes: EntityTable<StoredNote, "id">;
  declare readonly pages: EntityTable<StoredPage & { id: number }, "id">;
  declare readonly places: EntityTable<StoredPlace, "name">;

  constructor(name = DATABASE_NAME) {
    // Strict: "done" is told when the disk has it, not when the system will write it some time.
    super(name, { chromeTransactionDurability: "strict" });
    this.version(1).stores({ notes: "id, *recordings" });
    this.version(2)
      .stores({
        notes: "id, *recordings, seconds, unsent",
        pages: "++id, *recordings, lastSeconds, unsent",
        places: "name",
      })
      .upgrade((change) =>
        change
          .table<StoredNote & { seconds?: number; unsent?: 0 | 1 }>("notes")
          .toCollection()
          .modify((row) => {
            row.seconds ??= secondsOf(row.note);
            // Version 1 had no journal beside it.
            row.unsent ??= 1;
          }),
      );
    // Pages were JSON lists of notes.
    this.version(3).upgrade((change) =>
      change
        .table<StoredPage>("pages")
        .toCollection()
        .modify((page) => {
          (page as { text: string }).text = packNotes(JSON.parse(page.text) as Annotation[]);
        }),
    );
  }

  /** Notes of any of these recordings, the newest version of each. */
  async ofRecordings(recordings: readonly string[]): Promise<Annotation[]> {
    const pages = new Map<number, string>();
    const single: Annotation[] = [];
    // One transaction: what pack() moves from rows to pages meanwhile would be in neither.
    await this.transaction("r", this.pages, this.notes, async () => {
      // One index range after the other: "equals" reads its rows in bulk, "anyOf" would step through them.
      for (const recording of recordings) {
        for (const { id, text } of await this.pages.where("recordings").equals(recording).toArray())
          pages.set(id, text);
        for (const { note } of await this.notes.where("recordings").equals(recording).toArray()) single.push(note);
      }
    });
    const paged = [...pages.values()].flatMap(unpackNotes);
    if (single.length > MANY_SINGLE) void this.pack(recordings).catch(() => undefined);
    return mergeAll(paged, single);
  }

  /**
   * Notes on packets between two times (whole seconds, both included) of other recordings than these. What ofRecordings(except)
   * gave is not read again: of 50,000 notes that took as long as reading them the first time.
   */
  async ofTimes(from: number, to: number, except: readonly string[]): Promise<Annotation[]> {
    const [pages, rows] = await this.transaction("r", this.pages, this.notes, async () => {
      const known = new Set(await this.pages.where("recordings").anyOf(except).primaryKeys());
      const late = await this.pages.where("lastSeconds").aboveOrEqual(from).primaryKeys();
      return [
        await this.pages.bulkGet(late.filter((id) => !known.has(id))),
        await this.notes.where("seconds").between(from, to, true, true).toArray(),
      ] as const;
    });
    const near = pages.flatMap((page) => (page && page.firstSeconds <= to ? [page] : []));
    const listed = new Set(except);
    return unpacked(near, rows).filter(
      (note) => secondsOf(note) >= from && secondsOf(note) <= to && !note.recordings.some((hash) => listed.has(hash)),
    );
  }

  /** Of other recordings than these: up to three packets that notes are on, by which a shifted copy is known again. */
  async samples(except: readonly string[]): Promise<Map<string, PacketAnchor[]>> {
    const known = new Set(except);
    const keys = [
      ...(await this.pages.orderBy("recordings").uniqueKeys()),
      ...(await this.notes.orderBy("recordings").uniqueKeys()),
    ];
    const others = [...new Set(keys.map(String))].filter((hash) => !known.has(hash)).slice(-MOST_SAMPLED);
    const samples = new Map<string, PacketAnchor[]>();
    for (const recording of others) {
      const rows = await this.notes.where("recordings").equals(recording).limit(SAMPLED_NOTES).toArray();
      const page = rows.length === 0 ? await this.pages.where("recordings").equals(recording).first() : undefined;
      const notes = page ? unpackNotes(page.text) : rows.map(({ note }) => note);
      const anchors = new Map<string, PacketAnchor>();
      for (const note of notes)
        for (const anchor of anchorsOf(note.subject))
          if (anchor.recording === recording && anchors.size < 3) anchors.set(anchor.check, anchor);
      samples.set(recording, [...anchors.values()]);
    }
    return samples;
  }

  /** Merges versions into what is there; resolved when they are on the disk. */
  async put(notes: readonly Annotation[], unsent: 0 | 1): Promise<void> {
    if (notes.length === 0) return;
    if (notes.length > BULK_NOTES) {
      await this.pages.bulkAdd(pagesOf(notes, unsent));
      return;
    }
    await this.transaction("rw", this.notes, async () => {
      const before = await this.notes.bulkGet(notes.map(({ id }) => id));
      const changed = notes.flatMap((note, at) => {
        const known = before[at];
        const merged = known ? mergeAnnotation(known.note, note) : note;
        // What comes from the journal is sent, unless there is more here than it has.
        const rest = unsent === 1 || (known?.unsent === 1 && merged !== note) ? 1 : 0;
        return known && merged === known.note && known.unsent === rest ? [] : [storedNote(merged, rest)];
      });
      await this.notes.bulkPut(changed);
    });
  }

  /** As `put`, of what the journal has; `page`: the same notes as they came, packed already. Packing 50,000 anew takes 0.2 s. */
  async putPage(notes: readonly Annotation[], page: string): Promise<void> {
    const [first] = notes;
    const key = first?.recordings.join(" ");
    const isOnePage =
      notes.length > BULK_NOTES &&
      notes.length <= MOST_PAGE_NOTES &&
      notes.every(({ recordings }) => recordings.join(" ") === key);
    if (first && isOnePage) await this.pages.add(pageOf(notes, page, 0));
    else await this.put(notes, 0);
  }

  /** Everything, for a journal that was begun anew. */
  async all(): Promise<Annotation[]> {
    return this.transaction("r", this.pages, this.notes, async () =>
      unpacked(await this.pages.toArray(), await this.notes.toArray()),
    );
  }

  async unsent(): Promise<Annotation[]> {
    return this.transaction("r", this.pages, this.notes, async () =>
      unpacked(
        await this.pages.where("unsent").equals(1).toArray(),
        await this.notes.where("unsent").equals(1).toArray(),
      ),
    );
  }

  /** The journal has these versions; what changed since stays unsent, and so do pages that hold anything else. */
  async markSent(notes: readonly Annotation[]): Promise<void> {
    const sent = new Map(notes.map((note) => [note.id, note]));
    const isSent = (note: Annotation): boolean => {
      const version = sent.get(note.id);
      return version !== undefined && mergeAnnotation(version, note) === version;
    };
    await this.transaction("rw", this.notes, this.pages, async () => {
      const rows = await this.notes.bulkGet([...sent.keys()]);
      await this.notes.bulkPut(
        rows.flatMap((row) => (row?.unsent === 1 && isSent(row.note) ? [{ ...row, unsent: 0 as const }] : [])),
      );
      if (notes.length <= BULK_NOTES) return;
      for (const page of await this.pages.where("unsent").equals(1).toArray())
        if (unpackNotes(page.text).every(isSent)) await this.pages.update(page.id, { unsent: 0 });
    });
  }

  async place(): Promise<{ readonly journal: string; readonly position: number } | undefined> {
    return this.places.get("journal");
  }

  async setPlace(journal: string, position: number): Promise<void> {
    await this.places.put({ name: "journal", journal, position });
  }

  /** Makes pages of single notes that the journal has; older versions in other pages are outvoted on reading. */
  private async pack(recordings: readonly string[]): Promise<void> {
    await this.transaction("rw", this.notes, this.pages, async () => {
      for (const recording of recordings) {
        const rows = await this.notes.where("recordings").equals(recording).toArray();
        const sent = rows.filter((row) => row.unsent === 0);
        await this.pages.bulkAdd(
          pagesOf(
            sent.map(({ note }) => note),
            0,
          ),
        );
        await this.notes.bulkDelete(sent.map(({ id }) => id));
      }
    });
  }
}

/** The newest version of each note. */
function unpacked(pages: readonly StoredPage[], rows: readonly StoredNote[]): Annotation[] {
  return mergeAll(
    pages.flatMap(({ text }) => unpackNotes(text)),
    rows.map(({ note }) => note),
  );
}

function storedNote(note: Annotation, unsent: 0 | 1): StoredNote {
  return { id: note.id, recordings: note.recordings, seconds: secondsOf(note), unsent, note };
}

/** Pages of notes that belong to the same recordings. */
function pagesOf(notes: readonly Annotation[], unsent: 0 | 1): StoredPage[] {
  const groups = new Map<string, Annotation[]>();
  for (const note of notes) {
    const key = note.recordings.join(" ");
    const group = groups.get(key);
    if (group) group.push(note);
    else groups.set(key, [note]);
  }
  const pages: StoredPage[] = [];
  for (const group of groups.values())
    for (let from = 0; from < group.length; from += PAGE_NOTES) {
      const part = group.slice(from, from + PAGE_NOTES);
      pages.push(pageOf(part, packNotes(part), unsent));
    }
  return pages;
}

function pageOf(notes: readonly Annotation[], text: string, unsent: 0 | 1): StoredPage {
  const seconds = notes.map(secondsOf);
  return {
    recordings: notes[0]?.recordings ?? [],
    firstSeconds: Math.min(...seconds),
    lastSeconds: Math.max(...seconds),
    unsent,
    text,
  };
}

function secondsOf(note: Annotation): number {
  const [packet] = packetsOf(note.subject);
  return packet ? Math.floor(Number(packet.time)) : -1;
}

/** What to tell a person whose browser keeps nothing. */
export function storageProblem(error: unknown): string {
  const names: (string | undefined)[] = [];
  // Dexie wraps what the browser threw, once or twice, and begins its own message with that one's name.
  for (let cause: unknown = error; cause instanceof Error && names.length < 8;) {
    names.push(cause.name, /^\w+/.exec(cause.message)?.[0]);
    cause = "inner" in cause ? cause.inner : undefined;
  }
  if (names.includes("QuotaExceededError")) return "the browser's room for this page is used up";
  const blocked = ["InvalidStateError", "SecurityError", "MissingAPIError", "OpenFailedError", "UnknownError"];
  if (blocked.some((name) => names.includes(name)))
    return "the browser does not let this page keep anything (a private window, or site data is blocked)";
  return error instanceof Error ? error.message : String(error);
}
