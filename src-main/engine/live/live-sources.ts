/**
 * The live sources of the engine: started, stopped, started again; what each records is a file of the workspace that grows.
 *
 * ```
 * start ─► child-source │ pipe-source │ generator-source │ (a growing file itself)
 *               └─ file(path) ─► files.open(path), read as it grows ─► all views
 *               └─ file(next) ─► files.end(path), files.open(next); ring full: files.drop(oldest)
 *               └─ ended      ─► files.end(path): what was written is read to its end; the recording stays open
 * ```
 * Files of the workspace are read one after the other, so only one of them can grow: what is recorded beside a running source is
 * recorded together with it (recorded-together.ts). A recording's file is deleted when it is closed in the workspace.
 */
import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type {
  LiveControl,
  LiveOptions,
  LiveProblem,
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
import { RecordedTogether } from "./recorded-together";
import type { GeneratorState, RunningSource, SourceListener } from "./recording";
import { interfaceOf, labelOf, machineOf } from "./source-names";

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
  /** Files it wrote, the newest last. */
  readonly files: string[];
  /** Its packets are shown in a file that others share. */
  together: RecordedTogether | undefined;
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
   *   and is not to be kept
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
    const running = this.runningSources();
    const [other] = running;
    if (other && !options.add)
      throw new ContractError(
        "invalid-request",
        `${other.label} is being recorded: stop that first, or keep what is open`,
      );
    if (other && (options.ring ?? running.some((s) => s.options.ring)))
      throw new ContractError("unsupported", "a ring buffer is for one source: what runs together is kept whole");
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
    const all = this.sharing(source);
    if (all.some(({ options }) => options.source.kind === "pipe" && options.source.path === "-"))
      throw new ContractError("unsupported", "standard input is there once: start the program again that writes it");
    await Promise.all(all.map((one) => this.stop(one.id)));
    for (const one of all) this.sources.delete(one.id);
    const old = new Set(all.flatMap((one) => [...one.files, ...shownFiles(one)]));
    const others = this.engine.workspaceState().files.filter((f) => !old.has(f.path));
    // A followed file is followed again under its own name.
    for (const path of old) if (!this.isOwn(path)) this.engine.files.drop(path);
    const answers: Source[] = [];
    for (const one of all) {
      const begun = this.begin({ ...one.options, add: others.length > 0 || answers.length > 0 });
      // The old one stays until the new one is there: the window does not fall back to its empty state.
      await Promise.race([begun.begun, begun.ended]);
      if (begun.problem && begun.files.length === 0)
        throw new ContractError("file", begun.problem.message, begun.problem);
      answers.push(begun);
    }
    for (const path of old) if (this.isOwn(path)) this.engine.files.drop(path);
    this.removeFiles([...old]);
    return this.stateOf(answers[all.indexOf(source)] as Source);
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
    const running = this.runningSources();
    for (const source of running) source.running?.kill();
    await Promise.all(running.map((source) => source.ended));
    for (const { together } of this.sources.values()) together?.close();
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
      together: undefined,
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
      ended: (message, told) => {
        // That what it wrote is no capture counts for more than how it ended then.
        const problem = source.problem ?? told;
        source.state = problem ? "failed" : "stopped";
        source.message = problem?.message ?? message;
        source.problem = problem;
        source.running = undefined;
        const last = source.files.at(-1);
        if (last !== undefined && source.together) source.together.end(last);
        else if (last !== undefined) this.engine.files.end(last);
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
    const beside = this.runningSources().filter((other) => other !== source && other.files.length > 0);
    if (beside.length > 0) {
      this.takeTogether(source, path, beside);
      return;
    }
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

  /** The file is shown in one with those of the sources that run already. */
  private takeTogether(source: Source, path: string, beside: readonly Source[]): void {
    const { files } = this.engine;
    source.files.push(path);
    const known = beside.find((other) => other.together)?.together;
    const together = known ?? this.newTogether();
    const joining = [...beside, source].filter((one) => one.together !== together);
    for (const one of joining) {
      one.together = together;
      together.add(one.files.at(-1) ?? path, {
        machine: machineOf(one.options.source),
        interface: interfaceOf(one.options.source),
      });
    }
    // Opened before what it takes the place of is dropped: the window does not fall back to its empty state.
    const name = joining.map(({ label }) => label).join(" + ");
    if (!known) files.open({ path: together.path, name }, true);
    for (const one of joining) for (const file of one.files) if (files.has(file)) files.drop(file);
    if (source.state === "starting") source.state = "running";
    this.throttle.request();
  }

  private newTogether(): RecordedTogether {
    const { files } = this.engine;
    const path = join(files.scratchFolder, `live-${process.pid}-together-${Date.now()}.pcapng`);
    return new RecordedTogether(path, {
      failed: (of, message) => {
        const source = [...this.sources.values()].find((one) => one.files.includes(of));
        if (!source) return;
        source.problem = { message, commands: [] };
        source.running?.stop();
        this.throttle.request();
      },
      ended: () => files.end(path),
    });
  }

  /** Limits, and what others told: a followed file that became unreadable. */
  private watch(): void {
    const running = this.runningSources();
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
      const shown = shownFiles(source);
      const newest = shown.at(-1);
      if (newest === undefined || this.engine.files.has(newest)) continue;
      if (isRunning(source)) source.running?.stop();
      void source.ended.then(() => {
        source.together?.close();
        this.removeFiles([...source.files, ...shown]);
        this.sources.delete(source.id);
        this.throttle.request();
      });
    }
  }

  private removeFiles(paths: readonly string[]): void {
    for (const path of paths) if (this.isOwn(path) && !this.engine.files.has(path)) rmSync(path, { force: true });
  }

  /** A file that was followed is somebody else's. */
  private isOwn(path: string): boolean {
    return path.startsWith(this.engine.files.scratchFolder);
  }

  private forgetOld(): void {
    for (const [id, source] of this.sources)
      if (this.sources.size > MOST_REMEMBERED && !isRunning(source)) this.sources.delete(id);
  }

  private async allRead(source: Source): Promise<void> {
    const until = performance.now() + READ_PATIENCE_MS;
    const last = shownFiles(source).at(-1);
    const isLive = (): boolean => {
      // Of those that go on together, what this one wrote is all there can be of it.
      if (source.together && this.sharing(source).some(isRunning)) return !source.together.hasAllOf(source.files);
      return this.engine
        .workspaceState()
        .files.some((f) => f.path === last && f.state !== "done" && f.state !== "failed");
    };
    while (isLive() && performance.now() < until) await new Promise((done) => setTimeout(done, READ_POLL_MS));
  }

  private runningSources(): Source[] {
    return [...this.sources.values()].filter(isRunning);
  }

  /** The source and those it shares a file of the workspace with. */
  private sharing(source: Source): Source[] {
    if (!source.together) return [source];
    return [...this.sources.values()].filter(({ together }) => together === source.together);
  }

  private stateOf(source: Source): LiveSourceState {
    const shown = shownFiles(source);
    const files = this.engine.workspaceState().files.filter((f) => shown.includes(f.path));
    const packets = source.together?.packetsOf(source.files) ?? files.reduce((n, f) => n + f.packets, 0);
    return {
      id: source.id,
      label: source.label,
      state: source.state,
      kind: source.options.source.kind,
      path: shown.at(-1) ?? "",
      packets,
      bytes: source.together ? this.bytesOf(source) : files.reduce((n, f) => n + f.bytes, 0),
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

/** Files of the workspace that show what it recorded, the newest last. */
function shownFiles({ files, together }: Source): readonly string[] {
  return together ? [together.path] : files;
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
