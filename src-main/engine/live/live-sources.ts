/**
 * The live sources of the engine: started, stopped, started again; what each records is a file of the workspace that grows.
 *
 * ```
 * start ─► child-source │ pipe-source │ generator-source │ (a growing file itself)
 *               └─ file(path) ─► files.open(path), read as it grows ─► all views
 *               └─ file(next) ─► files.end(path), files.open(next); ring full: files.drop(oldest)
 *               └─ ended      ─► files.end(path): what was written is read to its end; the recording stays open
 * ```
 * A recording's file is deleted when it is closed in the workspace.
 */
import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type {
  LiveControl,
  LiveOptions,
  LiveProblem,
  LiveSource,
  LiveSourceState,
  LiveState,
} from "../../../src-shared/contract/live";
import type { Engine } from "../service/handlers";
import { Throttle } from "../service/throttle";
import { MAGIC_LENGTH, compressionOf } from "../sources/magic";
import { captureCommand, ringCommand } from "./capture-commands";
import { type ToolPlace, findTool, installText, thisPlace } from "./capture-tools";
import { startChild } from "./child-source";
import { findGenerator } from "./generators";
import { startGenerator } from "./generator-source";
import { startPipe } from "./pipe-source";
import type { GeneratorState, RunningSource, SourceListener } from "./recording";

/** How often running sources are told, and their limits looked at. */
const TELL_MS = 500;
const READ_POLL_MS = 20;
/** What was recorded is read within this time after the source's end, or the answer does not wait for it. */
const READ_PATIENCE_MS = 10_000;
/** Sources that ended are remembered, so that they can be started again. */
const MOST_REMEMBERED = 8;
/** ssh and kubectl take their time; after this the answer does not wait for them. */
const START_PATIENCE_MS = 15_000;

export interface Source {
  readonly id: string;
  readonly options: LiveOptions;
  readonly label: string;
  state: LiveSourceState["state"];
  message: string;
  problem: LiveProblem | null;
  generator: GeneratorState | null;
  /** Files of the recording, the newest last. */
  readonly files: string[];
  running: RunningSource | undefined;
  /** It has a file to show. */
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;
}

export class LiveSources {
  private readonly sources = new Map<string, Source>();
  private next = 1;
  private timer: NodeJS.Timeout | undefined;
  private readonly throttle = new Throttle(100, () => this.engine.emit("live", this.state()));

  constructor(
    private readonly engine: Engine,
    private readonly place: ToolPlace = thisPlace(),
  ) {
    engine.onWorkspace((what) => {
      if (what === "opened" || what === "closed") this.noticeClosed();
      // What an ended source wrote last is read by now.
      if (what === "loaded" && this.sources.size > 0) this.throttle.request();
    });
    engine.onClose(() => this.close());
  }

  state(): LiveState {
    return { sources: [...this.sources.values()].map((source) => this.stateOf(source)) };
  }

  /**
   * Starts a recording and waits until it records, or has failed: what was open is replaced only when there is something to see.
   * @throws ContractError where it cannot be started (names, missing programs, rights; detail: LiveProblem), or another one runs
   */
  async start(options: LiveOptions): Promise<LiveSourceState> {
    const source = this.open(options);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((done) => (timer = setTimeout(done, START_PATIENCE_MS)));
    await Promise.race([source.begun, source.ended, patience]);
    clearTimeout(timer);
    // One that recorded something before it died is told by its state, beside its packets.
    if (source.problem && source.files.length === 0)
      throw new ContractError("file", source.problem.message, source.problem);
    return this.stateOf(source);
  }

  /** As start(), without waiting. */
  open(options: LiveOptions): Source {
    const other = [...this.sources.values()].find((s) => isRunning(s));
    if (other) throw new ContractError("invalid-request", `${other.label} is being recorded: stop that first`);
    return this.begin(options);
  }

  /** Resolves when it has ended and what it wrote is read. */
  async stop(id: string): Promise<LiveSourceState> {
    const source = this.source(id);
    if (isRunning(source)) {
      source.state = "stopping";
      source.running?.stop();
      this.throttle.request();
      await source.ended;
    }
    await this.allRead(source);
    return this.stateOf(source);
  }

  async restart(id: string): Promise<LiveSourceState> {
    const source = this.source(id);
    if (source.options.source.kind === "pipe" && source.options.source.path === "-")
      throw new ContractError("unsupported", "standard input is there once: start the program again that writes it");
    await this.stop(id);
    this.sources.delete(id);
    const others = this.engine.workspaceState().files.filter((f) => !source.files.includes(f.path));
    const begun = this.begin({ ...source.options, add: others.length > 0 });
    // The old one stays until the new one is there: the window does not fall back to its empty state.
    await Promise.race([begun.begun, begun.ended]);
    if (begun.problem && begun.files.length === 0)
      throw new ContractError("file", begun.problem.message, begun.problem);
    for (const path of source.files) this.engine.files.drop(path);
    this.removeFiles(source.files);
    return this.stateOf(begun);
  }

  control(id: string, control: LiveControl): LiveSourceState {
    const source = this.source(id);
    if (!source.running?.control)
      throw new ContractError("unsupported", `${source.label} cannot be paused or changed: it is no generator`);
    source.running.control(control);
    return this.stateOf(source);
  }

  /** Stops everything; recordings are deleted with the scratch folder. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.throttle.stop();
    const running = [...this.sources.values()].filter(isRunning);
    for (const source of running) source.running?.kill();
    await Promise.all(running.map((source) => source.ended));
  }

  private begin(options: LiveOptions): Source {
    const id = `live-${this.next++}`;
    let finished = (): void => undefined;
    let hasBegun = (): void => undefined;
    const source: Source = {
      id,
      options,
      label: labelOf(options.source),
      state: "starting",
      message: "",
      problem: null,
      generator: null,
      files: [],
      running: undefined,
      begun: new Promise((done) => (hasBegun = done)),
      ended: new Promise((done) => (finished = done)),
    };
    const listener: SourceListener = {
      running: (message) => {
        if (source.state === "starting") source.state = "running";
        source.message = message;
        this.throttle.request();
      },
      file: (path) => {
        this.takeFile(source, path);
        hasBegun();
      },
      ended: (message, problem) => {
        source.state = problem ? "failed" : "stopped";
        source.message = message;
        source.problem = problem;
        source.running = undefined;
        const last = source.files.at(-1);
        if (last !== undefined) this.engine.files.end(last);
        // Nothing was recorded: who asked is told, and what was there before counts again.
        else this.sources.delete(id);
        finished();
        this.tellNow();
      },
      generator: (state) => {
        source.generator = state;
        this.throttle.request();
      },
    };
    source.running = this.run(source, listener);
    this.sources.set(id, source);
    this.forgetOld();
    this.timer ??= setInterval(() => this.watch(), TELL_MS);
    this.tellNow();
    return source;
  }

  private run(source: Source, listener: SourceListener): RunningSource {
    const { source: what, captureFilter, ring } = source.options;
    const spool = join(this.engine.files.scratchFolder, `live-${process.pid}-${source.id}-${Date.now()}`);
    if (ring && what.kind !== "interfaces" && what.kind !== "ssh" && what.kind !== "pod")
      throw new ContractError("unsupported", "a ring buffer is for what dumpcap records: interfaces, ssh and pods");
    switch (what.kind) {
      case "interfaces":
      case "ssh":
      case "pod": {
        if (ring && findTool("dumpcap", this.place) === undefined)
          throw new ContractError("file", `a ring buffer needs dumpcap: ${installText("dumpcap", this.place)}`);
        const command = captureCommand(what, captureFilter, this.place);
        const options = { command, spool: `${spool}.pcapng`, place: this.place };
        if (!ring) return startChild(options, listener);
        const writer = ringCommand(what, captureFilter, ring, `${spool}.pcapng`, this.place);
        return startChild({ ...options, ring: writer }, listener);
      }
      case "pipe":
        refuseFilter(captureFilter, "a pipe");
        return startPipe(what.path, `${spool}.pcapng`, listener);
      case "file":
        refuseFilter(captureFilter, "a file");
        return isPipe(what.path) ? startPipe(what.path, `${spool}.pcapng`, listener) : followFile(what.path, listener);
      case "generator":
        refuseFilter(captureFilter, "a generator");
        if (!findGenerator(what.name))
          throw new ContractError("invalid-request", `there is no generator "${what.name}"`);
        return startGenerator(what.name, what.options, `${spool}.pcapng`, listener);
    }
  }

  /** From now on the source writes to this file. */
  private takeFile(source: Source, path: string): void {
    const { files } = this.engine;
    const before = source.files.at(-1);
    if (before !== undefined) files.end(before);
    source.files.push(path);
    const number = source.files.length;
    const name = before === undefined && !source.options.ring ? source.label : `${source.label} (${number})`;
    // The first file replaces what is open, unless it is to be kept.
    files.open({ path, name }, before !== undefined || source.options.add);
    const most = source.options.ring?.files ?? Infinity;
    const oldest = source.files.filter((file) => files.has(file))[0];
    if (oldest !== undefined && source.files.filter((file) => files.has(file)).length > most) files.drop(oldest);
    if (source.state === "starting") source.state = "running";
    this.throttle.request();
  }

  /** Limits, and what others told: a followed file that became unreadable. */
  private watch(): void {
    const running = [...this.sources.values()].filter(isRunning);
    for (const source of running) {
      const limit = source.options.stopAfterMegabytes;
      if (limit !== null && this.bytesOf(source) >= limit * 1e6 && source.state === "running") {
        source.state = "stopping";
        source.message = `the limit of ${limit} MB is reached`;
        source.running?.stop();
      }
    }
    if (running.length > 0) this.throttle.request();
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private bytesOf(source: Source): number {
    return source.files.reduce((n, path) => n + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** Recordings whose files are no longer in the workspace have no purpose. */
  private noticeClosed(): void {
    for (const source of this.sources.values()) {
      const newest = source.files.at(-1);
      if (newest === undefined || this.engine.files.has(newest)) continue;
      if (isRunning(source)) source.running?.stop();
      void source.ended.then(() => {
        this.removeFiles(source.files);
        this.sources.delete(source.id);
        this.throttle.request();
      });
    }
  }

  private removeFiles(paths: readonly string[]): void {
    // A file that was followed is somebody else's.
    const own = paths.filter((path) => path.startsWith(this.engine.files.scratchFolder));
    for (const path of own) if (!this.engine.files.has(path)) rmSync(path, { force: true });
  }

  private forgetOld(): void {
    for (const [id, source] of this.sources)
      if (this.sources.size > MOST_REMEMBERED && !isRunning(source)) this.sources.delete(id);
  }

  private async allRead(source: Source): Promise<void> {
    const until = performance.now() + READ_PATIENCE_MS;
    const last = source.files.at(-1);
    const isLive = (): boolean =>
      this.engine.workspaceState().files.some((f) => f.path === last && f.state !== "done" && f.state !== "failed");
    while (isLive() && performance.now() < until) await new Promise((done) => setTimeout(done, READ_POLL_MS));
  }

  private stateOf(source: Source): LiveSourceState {
    const files = this.engine.workspaceState().files.filter((f) => source.files.includes(f.path));
    return {
      id: source.id,
      label: source.label,
      state: source.state,
      kind: source.options.source.kind,
      path: source.files.at(-1) ?? "",
      packets: files.reduce((n, f) => n + f.packets, 0),
      bytes: files.reduce((n, f) => n + f.bytes, 0),
      message: source.message,
      problem: source.problem,
      generator: source.generator,
    };
  }

  private source(id: string): Source {
    const source = this.sources.get(id);
    if (!source) throw new ContractError("gone", "this recording is closed");
    return source;
  }

  private tellNow(): void {
    this.throttle.passed();
    this.engine.emit("live", this.state());
  }
}

function isRunning(source: Source): boolean {
  return source.state === "starting" || source.state === "running" || source.state === "stopping";
}

/** What can be read once, and only as it comes. */
export function isPipe(path: string): boolean {
  if (path === "-") return true;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice());
}

function refuseFilter(filter: string, what: string): void {
  if (filter.trim() !== "")
    throw new ContractError("unsupported", `${what} cannot be filtered while it is recorded; use a display filter`);
}

/** A growing file is its own spool. @throws ContractError if there is none, or it cannot be read as it grows */
function followFile(path: string, listener: SourceListener): RunningSource {
  const file = resolve(path);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ContractError("file", `${path}: there is no such file to follow`);
  const head = new Uint8Array(MAGIC_LENGTH);
  const descriptor = openSync(file, "r");
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  const compression = compressionOf(head);
  if (compression !== undefined)
    throw new ContractError("file", `${path} is packed with ${compression}: only a plain capture can be followed`);
  // Told when the caller has the source.
  queueMicrotask(() => {
    listener.file(file);
    listener.running("");
  });
  const end = (): void => listener.ended("no longer followed", null);
  return { stop: end, kill: end };
}

function labelOf(source: LiveSource): string {
  switch (source.kind) {
    case "interfaces":
      return source.interfaces.join(", ");
    case "ssh":
      return `${source.host} ${source.interface}`;
    case "pod":
      return `pod ${source.namespace === "" ? "" : `${source.namespace}/`}${source.pod} ${source.interface}`;
    case "pipe":
      return source.path === "-" ? "standard input" : source.path;
    case "file":
      return source.path.split(/[\\/]/).at(-1) ?? source.path;
    case "generator":
      return findGenerator(source.name)?.title ?? source.name;
  }
}
