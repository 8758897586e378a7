/**
 * Captures being read, or read: one generation of a workspace. What makes packets different (decode-as, a closed file, a
 * reload) makes a new generation; adding files does not.
 *
 * ```
 * add(files) ─► queue ─► pipeline (decode thread │ flow table, here) ─► PacketIndex ─► listeners: "more", "file", "done"
 *                           └─ compressed input is spooled on its way
 * ```
 */
import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { baseName } from "../../../src-shared/base/file-name";
import type { Problem } from "../../../src-shared/model/problem";
import { ContractError } from "../../../src-shared/contract/messages";
import type { FileState, ProblemInfo } from "../../../src-shared/contract/results";
import type { DecodeOptions } from "../decode/decode-options";
import { FileQueue } from "../decode/file-queue";
import { type KernelHandle, createKernel, runPipeline } from "../decode/pipeline";
import type { Batch } from "../kernel/batch";
import { openFailureMessage } from "../sources/open-failure";
import { OutOfMemoryError } from "../kernel/kernel";
import { Facts } from "../packet-index/facts";
import { mergeOrder } from "../packet-index/merge-order";
import type { JoinedFacts } from "../fields/joined-facts";
import { PacketIndex } from "../packet-index/packet-index";
import { PacketReader, changedFile } from "../packet-index/packet-reader";
import type { CaptureEvent } from "../readers/capture-file";
import { PacketNotes } from "../notes/packet-notes";
import { Workspace } from "../session/workspace";
import { FileIdentity } from "../sources/file-identity";
import { MAGIC_LENGTH, compressionOf } from "../sources/magic";
import type { Breather } from "./breather";
import { TURN_MS, cancelled, turn } from "./breather";
import type { OpenCaptures } from "./handlers";
import { spoolName } from "./spool-name";

export interface InputToLoad {
  readonly path: string;
  /** Why it cannot be opened, if known. */
  readonly problem?: string;
  /** What to call it, if that is not its file name. */
  readonly name?: string;
  /** A live source writes it: it is read as it grows, until endLive(path). Such files come last. */
  readonly live?: boolean;
}

/** How often a growing file is looked at: latency of a live packet, for two system calls. */
const LIVE_POLL_MS = 5;

export interface LoadSettings {
  readonly serial: number;
  readonly decode: DecodeOptions;
  readonly scratchFolder: string;
  /** Bytes the index may take, of all packets. */
  readonly maxIndexBytes: number;
}

interface LoadedFile {
  readonly path: string;
  readonly name: string | undefined;
  readonly spool: string | undefined;
  /** Grows while it is read. */
  readonly live: boolean;
  readonly compression: string | null;
  /** As the file system tells; 0 if it does not. */
  readonly bytes: number;
  /** Offset behind the last record read, in the decompressed file. */
  read: number;
  state: FileState["state"];
  ended: boolean;
  /** What it was when it was read to its end; undefined: it is a copy of ours, or a live source writes it. */
  identity: FileIdentity | undefined;
  readonly failures: ProblemInfo[];
}

/** "live": everything is read but for what a live source is writing. */
export type LoadNews = "more" | "file" | "live" | "done";

export class LoadedCaptures implements OpenCaptures {
  readonly serial: number;
  readonly handle: KernelHandle = createKernel();
  readonly workspace = new Workspace([]);
  readonly index: PacketIndex;
  readonly facts = new Facts();
  readonly notes = new PacketNotes((file) => this.index.rangeOf(file)[0]);
  readonly decode: DecodeOptions;
  readonly reader: PacketReader;
  readonly files: LoadedFile[] = [];
  readonly enabledPoints: boolean[] = [];
  joinedSource: OpenCaptures["joinedSource"];
  /** What joining said last: for fields of packets that are shown. */
  joined: JoinedFacts | undefined;
  /** Points, sections and names were added: states need to be told again. */
  points = 0;
  complete = false;
  wasCancelled = false;
  private readonly queue = new FileQueue();
  private readonly abort = new AbortController();
  private readonly listeners = new Set<(news: LoadNews) => void>();
  private running: Promise<void> | undefined;
  private lastTurn = performance.now();
  private closed = false;
  private order: { readonly count: number; readonly ids: Uint32Array | undefined } | undefined;

  constructor(private readonly settings: LoadSettings) {
    this.serial = settings.serial;
    this.decode = settings.decode;
    this.index = new PacketIndex(this.handle);
    this.reader = new PacketReader(this);
  }

  /** Resolved by the workspace; replaced by it. */
  pointName(point: number): string {
    const described = this.workspace.points[point];
    return described?.name ?? `interface ${described?.index ?? point}`;
  }

  /** Appends files to what is read. */
  add(inputs: readonly InputToLoad[]): void {
    for (const input of inputs) {
      const index = this.workspace.add(input.path);
      const live = input.live ?? false;
      const { bytes, compression, readable } = live ? GROWING : lookAt(input.path);
      const spool = readable || input.problem !== undefined ? undefined : this.spoolPath(index);
      this.files.push({
        path: input.path,
        name: input.name,
        spool,
        live,
        compression,
        bytes,
        read: 0,
        state: "waiting",
        ended: false,
        identity: undefined,
        failures: [],
      });
      this.queue.add({
        path: input.path,
        spool,
        tail: live,
        pollMilliseconds: LIVE_POLL_MS,
        ...(input.name !== undefined && { name: input.name }),
        ...(input.problem !== undefined && { problem: input.problem }),
      });
    }
    if (inputs.length > 0) {
      this.complete = false;
      this.facts.forget();
    }
    this.running ??= this.run();
    if (this.live) queueMicrotask(() => this.tell("live"));
  }

  /** The live file at `path` grows no more: what is in it is still read. */
  endLive(path: string): void {
    this.queue.endTail(path);
  }

  get live(): boolean {
    if (this.complete || this.closed) return false;
    return this.files.find((f) => f.state !== "done" && f.state !== "failed")?.live ?? false;
  }

  /** Whether files can still be added: not after a cancelled or failed loading. */
  get acceptsFiles(): boolean {
    return !this.abort.signal.aborted && !this.closed;
  }

  /** Calls `listener` when packets came, a file ended, everything is read. Returns "stop". */
  onNews(listener: (news: LoadNews) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  bytesPath(file: number): string {
    const f = this.files[file];
    if (!f) throw new ContractError("gone", `there is no file ${file}`);
    return f.spool ?? f.path;
  }

  holds(file: number, descriptor: number): boolean {
    return this.files[file]?.identity?.isIn(descriptor) ?? true;
  }

  /**
   * For what reads the files once more from their beginning: they must be what they were.
   * @throws ContractError "file" with the file that is gone or holds something else
   */
  checkUnchanged(): void {
    for (const { identity, path } of this.files) {
      if (!identity) continue;
      let descriptor: number;
      try {
        descriptor = openSync(path, "r");
      } catch (error) {
        throw new ContractError("file", `${path}: it can no longer be read: ${openFailureMessage(error)}`);
      }
      try {
        if (!identity.isIn(descriptor)) throw changedFile(path);
      } finally {
        closeSync(descriptor);
      }
    }
  }

  loaded(signal: AbortSignal): Promise<void> {
    if (this.complete || this.live) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.onNews((news) => {
        if (news === "done" || news === "live") finish(resolve);
      });
      const aborted = (): void => finish(() => reject(cancelled()));
      const finish = (then: () => void): void => {
        stop();
        signal.removeEventListener("abort", aborted);
        this.abort.signal.removeEventListener("abort", aborted);
        then();
      };
      if (signal.aborted || this.closed) aborted();
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Stops reading; what was read stays. */
  cancel(): void {
    if (this.complete) return;
    this.wasCancelled = true;
    this.abort.abort();
  }

  /** Ends everything and gives memory and spools back. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.abort.abort();
    this.queue.end();
    await this.running;
    this.reader.close();
    for (const f of this.files) if (f.spool !== undefined) rmSync(f.spool, { force: true });
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /**
   * Ids of all packets in the order they are shown; undefined: that of the ids. While files are being read it is what the last
   * complete merge told, or nothing.
   */
  async displayOrder(breather: Breather): Promise<Uint32Array | undefined> {
    const { count } = this.index;
    if (this.order?.count !== count) {
      const ids = await mergeOrder(this.index, breather.breathe);
      this.order = { count, ids };
    }
    return this.order.ids;
  }

  fileState(file: number, clockOffset: number | null): FileState {
    const f = this.files[file] as LoadedFile;
    const capture = this.workspace.files[file];
    const [from, to] = this.index.rangeOf(file);
    const problems = [...(capture?.problems ?? []).map(problemInfo), ...f.failures];
    const section = capture?.sections.find((s) => s.application ?? s.operatingSystem);
    return {
      file,
      path: f.path,
      name: f.name ?? (f.path === "-" ? "standard input" : baseName(f.path)),
      format: capture?.format ?? null,
      compression: f.compression,
      bytes: f.live ? f.read : f.bytes,
      packets: to - from,
      state: f.live && f.state !== "done" && f.state !== "failed" ? "live" : f.state,
      read: f.live
        ? f.read
        : f.state === "done"
          ? Math.max(f.bytes, 0)
          : f.spool === undefined
            ? f.read
            : Math.min(f.read, f.bytes),
      problems,
      clockOffset,
      comments: capture?.sections.flatMap((s) => s.comments) ?? [],
      application: section?.application ?? null,
      operatingSystem: section?.operatingSystem ?? null,
    };
  }

  private async run(): Promise<void> {
    try {
      await runPipeline(
        this.handle,
        this.queue,
        {
          decode: this.decode,
          flows: "point-streams",
          paths: true,
          signal: this.abort.signal,
          isLive: () => this.live,
        },
        {
          event: (e) => this.take(e),
          batch: (b) => this.batch(b),
        },
      );
    } catch (error) {
      this.fail(error);
    }
    for (const f of this.files) {
      if (f.state === "loading") f.state = this.wasCancelled ? "done" : "failed";
    }
    this.finish();
  }

  private take(event: CaptureEvent): void {
    this.workspace.take(event);
    const f = this.files[event.file];
    if (!f) return;
    if (f.state === "waiting") f.state = "loading";
    if (event.kind === "interface") this.points++;
    if (event.kind === "end") f.ended = true;
  }

  private batch(batch: Batch): boolean | Promise<boolean> {
    if (this.closed) return false;
    const f = this.files[batch.file];
    this.index.append(batch);
    if (batch.packetCount > 0 && f) {
      const last = batch.packetCount - 1;
      f.read = (batch.offset[last] as number) + (batch.captured[last] as number);
      if (this.index.memoryBytes > this.settings.maxIndexBytes) throw new OutOfMemoryError(this.index.memoryBytes);
      this.tell("more");
    } else if (f?.ended) {
      const capture = this.workspace.files[batch.file];
      f.state = capture?.format === undefined ? "failed" : "done";
      if (f.state === "done" && !f.live && f.spool === undefined) f.identity = FileIdentity.of(f.path, f.read);
      this.tell("file");
      if (this.files.every((x) => x.ended)) this.finish();
      else if (this.live) this.tell("live");
    }
    if (performance.now() - this.lastTurn < TURN_MS) return true;
    return turn().then(() => {
      this.lastTurn = performance.now();
      return true;
    });
  }

  private finish(): void {
    if (this.complete) return;
    this.complete = true;
    this.tell("done");
  }

  private tell(news: LoadNews): void {
    for (const listener of [...this.listeners]) listener(news);
  }

  /** A defect, or no memory left: what was read stays, and the file says why it ends there. */
  private fail(error: unknown): void {
    const full = error instanceof RangeError || (error instanceof Error && error.name === "OutOfMemoryError");
    const reason = error instanceof Error ? error.message : String(error);
    const message = full
      ? `memory is full after ${this.index.count} packets: ${reason}`
      : `reading ended because of a defect in Hopscope: ${reason}`;
    const f = this.files.find((x) => x.state === "loading") ?? this.files.find((x) => !x.ended) ?? this.files.at(-1);
    f?.failures.push({ message, offset: f.read, fatal: true });
    if (f) f.state = "failed";
    this.abort.abort();
  }

  private spoolPath(file: number): string {
    return join(this.settings.scratchFolder, spoolName(this.serial, file));
  }
}

/** A file that a live source writes: its size is what was read of it. */
const GROWING = { bytes: 0, compression: null, readable: true } as const;

/** What the file system and the first bytes tell. `readable`: its bytes can be read by offset as they are. */
function lookAt(path: string): { bytes: number; compression: string | null; readable: boolean } {
  if (path === "-") return { bytes: 0, compression: null, readable: false };
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { bytes: 0, compression: null, readable: false };
    const descriptor = openSync(path, "r");
    try {
      const head = new Uint8Array(MAGIC_LENGTH);
      const compression = compressionOf(head.subarray(0, readSync(descriptor, head, 0, head.length, 0))) ?? null;
      return { bytes: stat.size, compression, readable: compression === null };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Opening it will tell.
    return { bytes: 0, compression: null, readable: true };
  }
}

function problemInfo(p: Problem): ProblemInfo {
  return { message: p.message, offset: p.offset, fatal: p.fatal };
}
