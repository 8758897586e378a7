/**
 * Keeps notes in two places, the browser's database and the host's journal, and the two in step.
 *
 * ```
 * keep(notes) ─► database (disk) ─┬─ both, or one of them: acknowledged       neither: Unkept, with the reasons
 *             └► journal  (disk) ─┘
 * follow()    ─► what the journal has since ─► database ─► told(notes)
 *             └► what only the database has ─► journal
 * ```
 * Either one may fail (blocked storage, a full disk, a lost connection); what is missing in it is made up for later.
 */
import type { Annotation, PacketAnchor } from "../../src-shared/annotations/annotation";
import { mergeAll } from "../../src-shared/annotations/merge";
import { unpackNotes } from "../../src-shared/annotations/note-page";
import { NOTES_AT_ONCE } from "../../src-shared/contract/annotations";
import type { Results } from "../../src-shared/contract/requests";
import { call, errorText } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { type NotesDatabase, storageProblem } from "./notes-database";

/** Notes that are held back until all are read. */
const MOST_TOLD = 100_000;
/** The socket takes messages of 16 MB. */
const MOST_CHARACTERS = 4_000_000;

/** Neither place took them. */
export class Unkept extends Error {
  override readonly name = "Unkept";
}

export interface Kept {
  /** Why the browser did not take them; null: it did. */
  readonly browser: string | null;
  readonly host: string | null;
}

export class NotesKeeper {
  #journal: string | null = null;
  #position = 0;
  #following: Promise<void> | null = null;
  #again = false;
  #isTelling = false;

  /**
   * @param told called with notes that came from elsewhere (versions may be known already)
   * @param progress called while a journal of several parts is read: 0 … 1; 1: done
   */
  constructor(
    private readonly database: NotesDatabase,
    private readonly told: (notes: readonly Annotation[]) => void,
    private readonly progress: (share: number) => void,
  ) {}

  /** @throws Unkept where neither database nor journal took them */
  async keep(notes: readonly Annotation[]): Promise<Kept> {
    const stored = this.database.put(notes, 1).then(() => null, storageProblem);
    const [browser, host] = await Promise.all([stored, this.#send(notes, stored).then(() => null, errorText)]);
    if (browser !== null && host !== null) throw new Unkept(`Not kept: ${host}; ${browser}.`);
    return { browser, host };
  }

  /** Notes of these recordings: from the database, or where it is blocked out of the journal. */
  async load(recordings: readonly string[]): Promise<Annotation[]> {
    try {
      return await this.database.ofRecordings(recordings);
    } catch {
      const wanted = new Set(recordings);
      return (await this.#wholeJournal()).filter((note) => note.recordings.some((hash) => wanted.has(hash)));
    }
  }

  async #wholeJournal(): Promise<Annotation[]> {
    const notes: Annotation[] = [];
    let journal: string | null = null;
    let position = 0;
    for (let more = true; more;) {
      const part: Results["notes.since"] = await call("notes.since", { journal, position });
      for (const note of notesOf(part)) notes.push(note);
      ({ journal, position, more } = part);
      this.#tell(part);
    }
    return mergeAll(notes, []);
  }

  /** Of other recordings than `except`. */
  async loadTimes(from: number, to: number, except: readonly string[]): Promise<Annotation[]> {
    return this.database.ofTimes(from, to, except).catch(() => []);
  }

  /** Packets by which recordings other than `except` are known again. */
  async loadSamples(except: readonly string[]): Promise<ReadonlyMap<string, readonly PacketAnchor[]>> {
    return this.database.samples(except).catch(() => new Map());
  }

  /** Brings database and journal together; at once again if it is called meanwhile. Never rejects. */
  follow(): Promise<void> {
    if (this.#following) {
      this.#again = true;
      return this.#following;
    }
    const release = holdIdle();
    this.#following = this.#follow().finally(() => {
      release();
      this.#following = null;
      if (this.#again) {
        this.#again = false;
        void this.follow();
      }
    });
    return this.#following;
  }

  async #follow(): Promise<void> {
    try {
      if (this.#journal === null) {
        const place = await this.database.place().catch(() => undefined);
        this.#journal = place?.journal ?? "";
        this.#position = place?.position ?? 0;
      }
      const before = this.#journal;
      await this.#read();
      const unsent = await this.#missing(before).catch(() => []);
      if (unsent.length > 0) await this.#send(unsent);
    } catch {
      // Lost connection, unreadable journal: the next event or start tries again, and keep() tells about failures.
      if (this.#isTelling) this.progress(1);
      this.#isTelling = false;
    }
  }

  /** What came since: into the database and told. The host reads the next part while this one is worked on. */
  async #read(): Promise<void> {
    const ask = (): Promise<Results["notes.since"]> => {
      const part = call("notes.since", { journal: this.#journal, position: this.#position });
      // Seen when it is awaited, or not at all.
      part.catch(() => undefined);
      return part;
    };
    const news: Annotation[] = [];
    try {
      for (let next = ask(), more = true; more;) {
        const part = await next;
        ({ more } = part);
        this.#journal = part.journal;
        this.#position = part.position;
        // No journal yet, or it was taken away: everything here is to be sent.
        if (part.journal === "") break;
        if (more) next = ask();
        // A journal has every version of a note, one behind the other: here they are one.
        const notes = mergeAll(notesOf(part), []);
        await this.database.putPage(notes, part.page).catch(() => undefined);
        await this.database.setPlace(part.journal, part.position).catch(() => undefined);
        for (const note of notes) news.push(note);
        if (news.length > MOST_TOLD) this.told(news.splice(0));
        this.#tell(part);
      }
    } finally {
      // Once: each time the list is made anew.
      if (news.length > 0) this.told(mergeAll(news, []));
    }
  }

  /** A short journal is read before anybody could look at how far it is. */
  #tell({ position, bytes, more }: Results["notes.since"]): void {
    if (more) this.#isTelling = true;
    if (this.#isTelling) this.progress(more ? position / bytes : 1);
    if (!more) this.#isTelling = false;
  }

  /** What the journal lacks: what was never sent, and everything that only an earlier journal had. */
  async #missing(before: string): Promise<Annotation[]> {
    const unsent = await this.database.unsent();
    if (this.#journal === before || before === "") return unsent;
    return this.database.all();
  }

  /** `stored`: the database has them, or never will. */
  async #send(notes: readonly Annotation[], stored: Promise<unknown> = Promise.resolve()): Promise<void> {
    for (const part of parts(notes)) await call("notes.append", { notes: [...part] });
    await stored;
    await this.database.markSent(notes).catch(() => undefined);
  }
}

function notesOf({ page }: Results["notes.since"]): Annotation[] {
  return page === "" ? [] : unpackNotes(page);
}

function* parts(notes: readonly Annotation[]): Generator<readonly Annotation[]> {
  let part: Annotation[] = [];
  let characters = 0;
  for (const note of notes) {
    if (part.length >= NOTES_AT_ONCE || (part.length > 0 && characters + note.text.length > MOST_CHARACTERS)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(note);
    characters += note.text.length;
  }
  if (part.length > 0) yield part;
}
