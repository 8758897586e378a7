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
import { type Annotation, isOurs } from "../../src-shared/annotations/annotation";
import { mergeAnnotation, newerOf } from "../../src-shared/annotations/merge";
import { notesAsCsv, writeNotesFile } from "../../src-shared/annotations/notes-file";
import type { OpenRecording } from "../../src-shared/contract/annotations";
import type { PacketId } from "../../src-shared/contract/results";
import { call, errorText, on, onConnection } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { saveText } from "../bridge/save";
import { linking } from "../state/linking.svelte";
import { defineSetting, isText } from "../state/settings.svelte";
import { showToast } from "../state/toasts.svelte";
import { workspace } from "../state/workspace.svelte";
import { hideDoubles, notesOfComments } from "./captured-notes";
import { changedNote, newNote, type NoteChange, type NoteDraft, revertedNote, stampNow } from "./note-changes";
import { isFound, NoteIndex, type NotePlace, NOWHERE } from "./note-index";
import { findConnections, findPlaces, findShifted, shiftedRecordings } from "./note-places";
import { NotesDatabase } from "./notes-database";
import { NotesKeeper } from "./notes-keeper";
import { tellEngine } from "./shown-notes";
import { type Step, UndoSteps } from "./undo-steps.svelte";

/** Who writes; asked for once. */
export const noteAuthor = defineSetting("notes.author", "", isText);

class Notes {
  /** Counts up with every change of any note or place. */
  version = $state(0);
  loading = $state(false);
  /** How much of a long journal is read, 0 … 1; null: it is read, or was too short to tell. */
  reading = $state<number | null>(null);
  /** Notes that neither the browser nor the host took. */
  unkept = $state.raw<ReadonlyMap<string, Annotation>>(new Map());
  /** What is wrong with keeping notes; null: nothing. */
  problem = $state<string | null>(null);
  /** Open files with their hashes. */
  recordings = $state.raw<readonly OpenRecording[]>([]);
  /** More comments are in the captures than are shown. */
  truncated = $state(false);
  readonly steps = new UndoSteps();

  readonly #index = new NoteIndex();
  readonly #captured = new Map<string, Annotation>();
  readonly #pending = new Map<string, Annotation>();
  #keeper: NotesKeeper | null = null;
  #generation = 0;
  #loaded = "";
  /** Told while the index is being made anew: taken into it when it is there. */
  #early: Annotation[] | null = null;
  #toldCount = 0;
  #roots: { version: number; list: readonly Annotation[] } = { version: -1, list: [] };

  /** Once, when the window starts. */
  start(): void {
    if (this.#keeper) return;
    const database = new NotesDatabase();
    // Now, while the engine reads the files; what fails here is told by the first question.
    database.open().catch(() => undefined);
    this.#keeper = new NotesKeeper(
      database,
      (told) => void this.#told(told),
      (share) => (this.reading = share < 1 ? share : null),
    );
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

  /** Call in an effect: the captures are joined (anew), so that connections have their names. */
  async placeConnections(of: Iterable<Annotation> = this.#index.notes.values()): Promise<void> {
    const generation = this.#generation;
    const about = [...of].filter(({ subject, deleted }) => "connection" in subject && !deleted);
    if (about.length === 0) return;
    const ids = await findConnections(about, (id) => this.#index.placeOf(id)).catch(() => null);
    if (ids === null || generation !== this.#generation) return;
    for (const { id } of about) {
      const note = this.#index.notes.get(id);
      if (note) this.#index.set(note, { ...this.#index.placeOf(id), connection: ids.get(id) ?? null });
    }
    this.#changed();
  }

  /** What the connection of a note is called here; null: it is not here. Joins the captures if nobody did. */
  async connectionOf(note: Annotation): Promise<string | null> {
    if (this.#index.placeOf(note.id).connection === undefined) await this.placeConnections([note]);
    return this.#index.placeOf(note.id).connection ?? null;
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
    const places = await findPlaces(added, this.openHashes);
    const placeOf = new Map(added.map(({ id }, at) => [id, places[at]]));
    await this.#apply([...added, ...changed], "Import notes", (note) => placeOf.get(note.id));
    return { added: added.length, changed: changed.length };
  }

  undo(): Promise<void> {
    return this.steps.undo((step) => this.#revert(step));
  }

  redo(): Promise<void> {
    return this.steps.redo((step) => this.#revert(step));
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
    this.#show(notes);
    if (label !== null) this.steps.add({ label, before });
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
    hideDoubles(this.#index, this.#captured);
    this.version++;
  }

  #show(notes: readonly Annotation[], clear = false): void {
    void tellEngine(notes, this.#index, this.#captured, clear);
  }

  // Loading.

  async #load(): Promise<void> {
    const generation = ++this.#generation;
    const isOld = (): boolean => generation !== this.#generation;
    const release = holdIdle();
    const start = performance.now();
    const early: Annotation[] = [];
    this.#early = early;
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
      const places = await findPlaces(stored, hashes);
      if (isOld()) return;
      this.#reset(recordings);
      stored.forEach((note, at) => this.#index.set(note, places[at] ?? NOWHERE));
      for (const note of [...this.#pending.values(), ...this.unkept.values()]) this.#index.set(note);
      this.#changed();
      this.loading = false;
      // Read by bench/notes.mjs: until the frame that shows them.
      requestAnimationFrame(() => performance.measure("open notes", { start }));
      this.#show(stored, true);
      this.#early = null;
      await this.#told(early);
      if (linking.joined) void this.placeConnections();
      await this.#loadComments(isOld);
      await this.#loadElsewhere(isOld);
      const told = this.#toldCount;
      await this.#keeper?.follow();
      // A browser that never saw them has them from the host now.
      if (!isOld() && this.#toldCount > told) await this.#loadElsewhere(isOld);
    } catch (error) {
      // The workspace was closed meanwhile, or the engine is gone: another load follows.
      if (!isOld() && workspace.state.state === "ready") this.problem = `Notes could not be read: ${errorText(error)}`;
      this.#loaded = "";
    } finally {
      if (!isOld()) this.loading = false;
      if (this.#early === early) this.#early = null;
      release();
    }
  }

  #reset(recordings: readonly OpenRecording[]): void {
    this.#index.clear();
    this.#captured.clear();
    this.recordings = recordings;
    this.truncated = false;
    if (recordings.length === 0) this.steps.clear();
    this.#changed();
  }

  async #loadComments(isOld: () => boolean): Promise<void> {
    if (workspace.isLoading) return;
    const { comments, truncated } = await call("notes.comments", {});
    if (isOld()) return;
    this.truncated = truncated;
    const timeMs = Math.max(0, workspace.state.firstTime?.[0] ?? 0) * 1000;
    for (const comment of comments) {
      const recording = this.hashOf(comment.file);
      if (recording === null) continue;
      const fileName = workspace.file(comment.file)?.name ?? "";
      const pointName = workspace.point(comment.point)?.name ?? "";
      for (const note of notesOfComments(comment, { recording, fileName, pointName, timeMs })) {
        this.#captured.set(note.id, note);
        this.#index.set(note, { packets: comment.packet >= 0 ? [comment.packet] : [], kind: "here" });
      }
    }
    if (comments.length > 0) this.#changed();
  }

  /** Notes on the same packets in other recordings: this one was cut out of that, both were merged into it, its clock was shifted. */
  async #loadElsewhere(isOld: () => boolean): Promise<void> {
    const { firstTime, lastTime } = workspace.state;
    if (!firstTime || !lastTime || workspace.isLoading || !this.#keeper) return;
    const unknown = ({ id, deleted }: Annotation): boolean => !deleted && !this.#index.notes.has(id);
    const near = (await this.#keeper.loadTimes(firstTime[0], lastTime[0], this.openHashes)).filter(unknown);
    const places = await findPlaces(near, this.openHashes);
    if (isOld()) return;
    this.#addFound(near, places);
    const shifted = await shiftedRecordings(await this.#keeper.loadSamples(this.openHashes));
    if (shifted.length === 0) return;
    const late = (await this.#keeper.load(shifted)).filter(unknown);
    const latePlaces = await findShifted(late);
    if (!isOld()) this.#addFound(late, latePlaces);
  }

  /** Those whose packets are all here. */
  #addFound(notes: readonly Annotation[], places: readonly NotePlace[]): void {
    const found = notes.filter((note, at) => {
      const place = places[at] ?? NOWHERE;
      const tied = place.tied ?? place.packets;
      if (!isFound(place) || !tied.some((packet) => packet >= 0)) return false;
      this.#index.set(note, place);
      return true;
    });
    if (found.length === 0) return;
    this.#changed();
    this.#show(found);
    if (linking.joined) void this.placeConnections(found);
  }

  /** Notes that came from another window or an earlier session. */
  async #told(told: readonly Annotation[]): Promise<void> {
    this.#toldCount += told.length;
    if (this.#early) {
      this.#early.push(...told);
      return;
    }
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
    const places = await findPlaces(added, this.openHashes).catch(() => []);
    if (generation !== this.#generation) return;
    const placeOf = new Map(added.map(({ id }, at) => [id, places[at]]));
    for (const note of news) {
      const known = this.#index.notes.get(note.id);
      this.#index.set(known ? mergeAnnotation(known, note) : note, known ? undefined : placeOf.get(note.id));
    }
    this.#changed();
    this.#show(news);
    if (linking.joined) void this.placeConnections(added);
  }
}

export const notes = new Notes();

/** Offers what is not kept as a file. */
export function exportUnkept(): void {
  saveText("unsaved-notes.json", "application/json", notes.asFile("unkept"));
}

/** Tells that notes are not kept, and offers to export them. */
export function tellUnkept(error: unknown): void {
  showToast(errorText(error), { kind: "error", action: { label: "Export notes", run: exportUnkept } });
}
