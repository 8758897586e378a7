/**
 * The notes of what is open: read, changed, undone, kept. Panes read `notes.onPacket(…)` and the like and are drawn again when
 * `notes.version` counts up.
 *
 * ```
 * workspace ─► notes.recordings ─► database ─► resolve (engine) ─► NoteIndex ─► panes
 * add, change, remove, undo ─► NoteIndex at once ─► engine (filters, exports) and NotesKeeper (database, journal)
 * event "notes" (another window) ─► NotesKeeper ─► NoteIndex
 * ```
 */
import { type Annotation, isOurs, packetsOf, type PacketAnchor } from "../../src-shared/annotations/annotation";
import { mergeAnnotation, newerOf } from "../../src-shared/annotations/merge";
import { commentText } from "../../src-shared/annotations/note-text";
import { notesAsCsv, writeNotesFile } from "../../src-shared/annotations/notes-file";
import {
  ANCHOR_NUMBERS,
  ANCHORS_AT_ONCE,
  type CapturedComments,
  NOTES_AT_ONCE,
  type OpenRecording,
} from "../../src-shared/contract/annotations";
import type { Params } from "../../src-shared/contract/requests";
import type { PacketId } from "../../src-shared/contract/results";
import { call, errorText, on, onConnection } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { saveText } from "../bridge/save";
import { packets } from "../state/packets.svelte";
import { defineSetting, isText } from "../state/settings.svelte";
import { showToast } from "../state/toasts.svelte";
import { workspace } from "../state/workspace.svelte";
import { changedNote, newNote, type NoteChange, type NoteDraft, revertedNote, stampNow } from "./note-changes";
import { isFound, NoteIndex, type NotePlace, NOWHERE } from "./note-index";
import { NotesDatabase } from "./notes-database";
import { NotesKeeper } from "./notes-keeper";

/** Who writes; asked for once. */
export const noteAuthor = defineSetting("notes.author", "", isText);

/** What one step of undo takes back: versions before it; null: there was none. */
interface Step {
  readonly label: string;
  readonly before: ReadonlyMap<string, Annotation | null>;
}

const MOST_STEPS = 200;
/** Notes told to the engine at a time: 2000 were 30 ms in which the window did not draw. */
const SHOWN_AT_ONCE = 400;

class Notes {
  /** Counts up with every change of any note or place. */
  version = $state(0);
  loading = $state(false);
  /** Notes that neither the browser nor the host took. */
  unkept = $state.raw<ReadonlyMap<string, Annotation>>(new Map());
  /** What is wrong with keeping notes; null: nothing. */
  problem = $state<string | null>(null);
  /** Open files with their hashes. */
  recordings = $state.raw<readonly OpenRecording[]>([]);
  /** More comments are in the captures than are shown. */
  truncated = $state(false);
  #done = $state.raw<readonly Step[]>([]);
  #undone = $state.raw<readonly Step[]>([]);

  readonly #index = new NoteIndex();
  readonly #captured = new Map<string, Annotation>();
  readonly #pending = new Map<string, Annotation>();
  #keeper: NotesKeeper | null = null;
  #generation = 0;
  #loaded = "";
  #roots: { version: number; list: readonly Annotation[] } = { version: -1, list: [] };

  /** Once, when the window starts. */
  start(): void {
    if (this.#keeper) return;
    const database = new NotesDatabase();
    // Now, while the engine reads the files; what fails here is told by the first question.
    database.open().catch(() => undefined);
    this.#keeper = new NotesKeeper(database, (told) => void this.#told(told));
    on("notes", () => void this.#keeper?.follow());
    onConnection((state) => {
      if (state !== "open") return;
      void this.#keeper?.follow();
      if (this.unkept.size > 0) void this.retry();
    });
    on("restarted", () => (this.#loaded = ""));
  }

  /** Call in an effect: other files are open, or they are read now. */
  follow(): void {
    const { workspace: number, files, state } = workspace.state;
    const basis = `${number} ${files.length} ${state}`;
    if (basis === this.#loaded) return;
    this.#loaded = basis;
    void this.#load();
  }

  // What panes ask.

  /** Notes that are no replies, of everything that is open, in no particular order. */
  get roots(): readonly Annotation[] {
    const { version } = this;
    if (this.#roots.version !== version) {
      const list: Annotation[] = [];
      for (const note of this.#index.notes.values())
        if (!note.deleted && note.parent === null && !this.#index.hidden.has(note.id)) list.push(note);
      this.#roots = { version, list };
    }
    return this.#roots.list;
  }

  get(id: string): Annotation | undefined {
    void this.version;
    return this.#index.notes.get(id);
  }

  onPacket(packet: PacketId): readonly Annotation[] {
    void this.version;
    return this.#index.onPacket(packet);
  }

  /** See `keys` of note-index.ts. */
  at(key: string): readonly Annotation[] {
    void this.version;
    return this.#index.at(key);
  }

  repliesTo(id: string): readonly Annotation[] {
    void this.version;
    return this.#index.repliesTo(id);
  }

  placeOf(id: string): NotePlace {
    void this.version;
    return this.#index.placeOf(id);
  }

  /** Hash of an open file; null: not known (yet). */
  hashOf(file: number): string | null {
    return this.recordings.find((recording) => recording.file === file)?.hash ?? null;
  }

  get openHashes(): string[] {
    return this.recordings.flatMap(({ hash }) => hash ?? []);
  }

  isUnkept(id: string): boolean {
    return this.unkept.has(id);
  }

  // What people do.

  /** Resolved when it is kept. @throws Unkept; the note stays in the window and can be exported */
  async add(draft: NoteDraft, place: NotePlace = NOWHERE): Promise<Annotation> {
    const note = newNote(draft, stampNow(noteAuthor.value));
    await this.#apply([note], draft.parent ? "Reply" : "Add note", () => place);
    return note;
  }

  async change(id: string, change: NoteChange, label = "Change note"): Promise<void> {
    const note = this.#index.notes.get(id);
    const changed = note && isOurs(note) ? changedNote(note, change, stampNow(noteAuthor.value)) : null;
    if (changed) await this.#apply([changed], label);
  }

  /** Deletes notes of ours with the replies to them; comments of captures stay. */
  async remove(ids: readonly string[]): Promise<number> {
    const all = ids.flatMap((id) => [id, ...this.#index.repliesTo(id).map((reply) => reply.id)]);
    const gone = [...new Set(all)].flatMap((id) => {
      const note = this.#index.notes.get(id);
      const changed = note && isOurs(note) ? changedNote(note, { deleted: true }, stampNow(noteAuthor.value)) : null;
      return changed ?? [];
    });
    if (gone.length > 0) await this.#apply(gone, "Delete note");
    return gone.length;
  }

  /** Merges what a file holds; undone as one step. */
  async merge(notes: readonly Annotation[]): Promise<{ readonly added: number; readonly changed: number }> {
    const { added, changed } = newerOf((id) => this.#index.notes.get(id), notes.filter(isOurs));
    const places = await this.#resolve(added);
    const placeOf = new Map(added.map(({ id }, at) => [id, places[at]]));
    await this.#apply([...added, ...changed], "Import notes", (note) => placeOf.get(note.id));
    return { added: added.length, changed: changed.length };
  }

  get canUndo(): string | null {
    return this.#done.at(-1)?.label ?? null;
  }

  get canRedo(): string | null {
    return this.#undone.at(-1)?.label ?? null;
  }

  async undo(): Promise<void> {
    const step = this.#done.at(-1);
    if (!step) return;
    this.#done = this.#done.slice(0, -1);
    this.#undone = [...this.#undone, await this.#revert(step)];
  }

  async redo(): Promise<void> {
    const step = this.#undone.at(-1);
    if (!step) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#done = [...this.#done, await this.#revert(step)];
  }

  /** Tries again to keep what was not. */
  async retry(): Promise<void> {
    const notes = [...this.unkept.values()];
    if (notes.length > 0) await this.#keep(notes).catch(() => undefined);
  }

  /** All notes of what is open (or only those that are not kept) as a file. Replies and tombstones included. */
  asFile(which: "all" | "unkept" = "all"): string {
    const own = which === "unkept" ? [...this.unkept.values()] : [...this.#index.notes.values()].filter(isOurs);
    const recordings = this.recordings.flatMap(({ file, hash, packets: count }) =>
      hash === null ? [] : [{ hash, name: workspace.file(file)?.name ?? "", packets: count }],
    );
    return writeNotesFile(own, recordings, Date.now());
  }

  /** Comments of captures included. */
  asCsv(): string {
    return notesAsCsv([...this.#index.notes.values()].filter(({ id }) => !this.#index.hidden.has(id)));
  }

  // Changes.

  async #revert(step: Step): Promise<Step> {
    const before = new Map<string, Annotation | null>();
    const reverted = [...step.before].flatMap(([id, version]) => {
      const now = this.#index.notes.get(id);
      const next = now ? revertedNote(now, version, stampNow(noteAuthor.value)) : null;
      if (next && now) before.set(id, now);
      return next ?? [];
    });
    await this.#apply(reverted, null);
    return { label: step.label, before };
  }

  /** @param label of the step for undo; null: none */
  async #apply(
    notes: readonly Annotation[],
    label: string | null,
    placeOf: (note: Annotation) => NotePlace | undefined = () => undefined,
  ): Promise<void> {
    if (notes.length === 0) return;
    const before = new Map(notes.map(({ id }) => [id, this.#index.notes.get(id) ?? null]));
    for (const note of notes) this.#index.set(note, placeOf(note));
    this.#changed();
    void this.#show(notes, false);
    if (label !== null) {
      this.#done = [...this.#done, { label, before }].slice(-MOST_STEPS);
      this.#undone = [];
    }
    await this.#keep(notes);
  }

  async #keep(notes: readonly Annotation[]): Promise<void> {
    const release = holdIdle();
    for (const note of notes) this.#pending.set(note.id, note);
    try {
      const { browser, host } = (await this.#keeper?.keep(notes)) ?? { browser: null, host: null };
      this.unkept = new Map([...this.unkept].filter(([id]) => !notes.some((note) => note.id === id)));
      this.#warn(
        host !== null
          ? `The host did not keep notes (${host}). They are in this browser only.`
          : browser !== null
            ? `Notes are kept by the host only: ${browser}.`
            : null,
      );
    } catch (error) {
      this.unkept = new Map([...this.unkept, ...notes.map((note) => [note.id, note] as const)]);
      this.problem = errorText(error);
      throw error;
    } finally {
      for (const note of notes) if (this.#pending.get(note.id) === note) this.#pending.delete(note.id);
      release();
    }
  }

  /** Said once when it begins, and in the pane of notes as long as it lasts. */
  #warn(problem: string | null): void {
    if (problem !== null && problem !== this.problem) showToast(problem, { kind: "warning" });
    this.problem = problem;
  }

  #changed(): void {
    this.#hideDoubles();
    this.version++;
  }

  /** A comment that we wrote into the capture, or that a note of ours stands for, is not shown beside that note. */
  #hideDoubles(): void {
    const { hidden, notes } = this.#index;
    hidden.clear();
    if (this.#captured.size === 0) return;
    const written = new Set<string>();
    for (const note of notes.values()) {
      if (note.deleted || !isOurs(note)) continue;
      if (note.origin.kind === "edited-comment") hidden.add(note.origin.comment);
      const where = note.subject.kind === "recording" ? [] : this.#index.placeOf(note.id).packets;
      for (const packet of where) written.add(`${packet} ${commentText(note)}`);
      if (where.length === 0) written.add(`-1 ${commentText(note)}`);
    }
    for (const comment of this.#captured.values()) {
      const [packet = -1] = this.#index.placeOf(comment.id).packets;
      if (written.has(`${packet} ${comment.text}`)) hidden.add(comment.id);
    }
  }

  // Loading.

  async #load(): Promise<void> {
    const generation = ++this.#generation;
    const isOld = (): boolean => generation !== this.#generation;
    const release = holdIdle();
    const start = performance.now();
    this.loading = true;
    try {
      if (workspace.isEmpty) {
        this.#reset([]);
        return;
      }
      const { recordings } = await call("notes.recordings", {});
      if (isOld()) return;
      const hashes = recordings.flatMap(({ hash }) => hash ?? []);
      const stored = (await this.#keeper?.load(hashes)) ?? [];
      const places = await this.#resolve(stored, hashes);
      if (isOld()) return;
      this.#reset(recordings);
      stored.forEach((note, at) => this.#index.set(note, places[at] ?? NOWHERE));
      for (const note of [...this.#pending.values(), ...this.unkept.values()]) this.#index.set(note);
      this.#changed();
      this.loading = false;
      // Read by bench/notes.mjs: until the frame that shows them.
      requestAnimationFrame(() => performance.measure("open notes", { start }));
      void this.#show(stored, true);
      await this.#loadComments(isOld);
      await this.#loadElsewhere(isOld);
      void this.#keeper?.follow();
    } catch (error) {
      // The workspace was closed meanwhile, or the engine is gone: another load follows.
      if (!isOld() && workspace.state.state === "ready") this.problem = `Notes could not be read: ${errorText(error)}`;
      this.#loaded = "";
    } finally {
      if (!isOld()) this.loading = false;
      release();
    }
  }

  #reset(recordings: readonly OpenRecording[]): void {
    this.#index.clear();
    this.#captured.clear();
    this.recordings = recordings;
    this.truncated = false;
    if (recordings.length === 0) {
      this.#done = [];
      this.#undone = [];
    }
    this.#changed();
  }

  async #loadComments(isOld: () => boolean): Promise<void> {
    if (workspace.isLoading) return;
    const { comments, truncated } = await call("notes.comments", {});
    if (isOld()) return;
    this.truncated = truncated;
    for (const comment of comments) {
      for (const note of this.#notesOfComments(comment)) {
        this.#captured.set(note.id, note);
        this.#index.set(note, { packets: comment.packet >= 0 ? [comment.packet] : [], certain: true });
      }
    }
    if (comments.length > 0) this.#changed();
  }

  #notesOfComments(comment: CapturedComments): Annotation[] {
    const recording = this.hashOf(comment.file);
    if (recording === null) return [];
    const described = workspace.point(comment.point);
    const name = workspace.file(comment.file)?.name ?? "";
    const subject: Annotation["subject"] | null =
      comment.place === "section"
        ? { kind: "recording", recording, name }
        : comment.place === "interface"
          ? { kind: "capture-point", recording, interface: comment.interface, name: described?.name ?? "" }
          : comment.anchor && { kind: "packet", packet: comment.anchor };
    if (!subject) return [];
    const author = comment.tool ?? "comment in the capture";
    const timeMs = Math.max(0, Math.floor(Number(comment.anchor?.time ?? workspace.state.firstTime?.[0] ?? 0) * 1000));
    const stamp = { timeMs, author: author.slice(0, 200), change: "captured" };
    const place =
      comment.place === "packet" ? `p${comment.anchor?.ordinal ?? 0}` : `${comment.place[0]}${comment.interface}`;
    return comment.texts.map((text, index) => ({
      id: `${recording}/${place}/${index}`,
      createdMs: timeMs,
      createdBy: stamp.author,
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

  /** Notes on the same packets in other recordings: this one was cut out of that, or both were merged into it. */
  async #loadElsewhere(isOld: () => boolean): Promise<void> {
    const { firstTime, lastTime } = workspace.state;
    if (!firstTime || !lastTime || workspace.isLoading || !this.#keeper) return;
    const near = (await this.#keeper.loadTimes(firstTime[0], lastTime[0], this.openHashes)).filter(
      ({ id, deleted }) => !deleted && !this.#index.notes.has(id),
    );
    if (near.length === 0) return;
    const places = await this.#resolve(near);
    if (isOld()) return;
    const found = near.filter((note, at) => {
      const place = places[at];
      if (!place || place.packets.length === 0 || !isFound(place)) return false;
      this.#index.set(note, place);
      return true;
    });
    if (found.length === 0) return;
    this.#changed();
    void this.#show(found, false);
  }

  /** Notes that came from another window or an earlier session. */
  async #told(told: readonly Annotation[]): Promise<void> {
    const hashes = new Set(this.openHashes);
    const ours = told.filter(
      (note) => this.#index.notes.has(note.id) || note.recordings.some((hash) => hashes.has(hash)),
    );
    const news = ours.filter((note) => {
      const known = this.#index.notes.get(note.id);
      return !known || mergeAnnotation(known, note) !== known;
    });
    if (news.length === 0) return;
    const generation = this.#generation;
    const added = news.filter((note) => !this.#index.notes.has(note.id));
    const places = await this.#resolve(added).catch(() => []);
    if (generation !== this.#generation) return;
    const placeOf = new Map(added.map(({ id }, at) => [id, places[at]]));
    for (const note of news) {
      const known = this.#index.notes.get(note.id);
      this.#index.set(known ? mergeAnnotation(known, note) : note, known ? undefined : placeOf.get(note.id));
    }
    this.#changed();
    void this.#show(news, false);
  }

  /** Where each of the notes is: by ordinal and time where their recording is open, else by time and bytes. */
  async #resolve(notes: readonly Annotation[], open: readonly string[] = this.openHashes): Promise<NotePlace[]> {
    const anchors: PacketAnchor[] = [];
    const starts = new Uint32Array(notes.length + 1);
    notes.forEach((note, n) => {
      for (const anchor of packetsOf(note.subject)) anchors.push(anchor);
      starts[n + 1] = anchors.length;
    });
    const found = new Int32Array(anchors.length).fill(-1);
    for (let from = 0; from < anchors.length; from += ANCHORS_AT_ONCE) {
      const part = anchors.slice(from, from + ANCHORS_AT_ONCE);
      const { packets: ids } = await call("notes.resolve", { recordings: [...open], anchors: packAnchors(part, open) });
      found.set(new Int32Array(ids.slice().buffer), from);
    }
    const missing = anchors.flatMap((_, at) => (found[at] === -1 ? [at] : []));
    const uncertain = new Set<number>();
    for (let from = 0; from < missing.length; from += NOTES_AT_ONCE) {
      const part = missing.slice(from, from + NOTES_AT_ONCE);
      const answer = await call("notes.search", { anchors: part.map((at) => anchors[at] as PacketAnchor) });
      part.forEach((at, i) => {
        found[at] = answer.packets[i] ?? -1;
        if (found[at] !== -1) uncertain.add(at);
      });
    }
    return notes.map((_, n) => {
      const from = starts[n] as number;
      const ids = Array.from(found.subarray(from, starts[n + 1]));
      return { packets: ids, certain: uncertain.size === 0 || !ids.some((_, i) => uncertain.has(from + i)) };
    });
  }

  #shownNote(note: Annotation, there: ReadonlySet<string>): Params<"notes.show">["notes"][number] {
    const place = this.#index.placeOf(note.id).packets.filter((packet) => packet >= 0);
    const comment = commentText(note);
    return {
      id: note.id,
      packets: [...new Set(place)],
      text: note.text,
      tags: note.tags,
      author: note.createdBy,
      colour: note.colour,
      comment: there.has(`${place[0] ?? -1} ${comment}`) ? null : comment,
    };
  }

  /** Tells the engine, for filters and exports; filters over notes are applied again. */
  async #show(notes: readonly Annotation[], clear: boolean): Promise<void> {
    const there = new Set<string>();
    for (const { id, text } of this.#captured.values())
      there.add(`${this.#index.placeOf(id).packets[0] ?? -1} ${text}`);
    try {
      // In parts, so that the window goes on between them.
      for (let from = 0; from === 0 || from < notes.length; from += SHOWN_AT_ONCE) {
        const part = notes.slice(from, from + SHOWN_AT_ONCE).filter(isOurs);
        await call("notes.show", {
          clear: clear && from === 0,
          removed: part.filter(({ deleted }) => deleted).map(({ id }) => id),
          notes: part.filter(({ deleted }) => !deleted).map((note) => this.#shownNote(note, there)),
        });
      }
      if (/\bannotation\b/.test(packets.filter)) await packets.reopen();
    } catch {
      // The workspace is gone; the next one is told anew.
    }
  }
}

export const notes = new Notes();

/** Doubles as the contract packs them: recording, ordinal, seconds, nanoseconds. */
function packAnchors(anchors: readonly PacketAnchor[], open: readonly string[]): Uint8Array<ArrayBuffer> {
  const numbers = new Float64Array(anchors.length * ANCHOR_NUMBERS);
  anchors.forEach(({ recording, ordinal, time }, i) => {
    const point = time.indexOf(".");
    const at = i * ANCHOR_NUMBERS;
    numbers[at] = open.indexOf(recording);
    numbers[at + 1] = ordinal;
    numbers[at + 2] = Number(time.slice(0, point));
    numbers[at + 3] = Number(time.slice(point + 1));
  });
  return new Uint8Array(numbers.buffer);
}

/** Offers what is not kept as a file. */
export function exportUnkept(): void {
  saveText("unsaved-notes.json", "application/json", notes.asFile("unkept"));
}

/** Tells that notes are not kept, and offers to export them. */
export function tellUnkept(error: unknown): void {
  showToast(errorText(error), { kind: "error", action: { label: "Export notes", run: exportUnkept } });
}
