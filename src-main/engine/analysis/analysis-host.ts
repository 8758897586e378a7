/**
 * The analysis thread as the engine sees it: started by the first question about a workspace, stopped when the workspace
 * changes, so that opening captures costs nothing that nobody asked for.
 *
 * ```
 * ask(method, params) ─► thread (reads, joins; event "analysis" tells how far) ─► answers
 *          workspace opened, closed, reloaded, clocks or cluster files set ─► the thread is stopped
 * live: packets came since ─► another thread joins what there is now ─► takes the place of the first, which answered until then
 * ```
 * While a live source runs, joining anew may take a fifth of the time (TimeShare), and is done only while somebody asks.
 */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ContractError } from "../../../src-shared/contract/messages";
import { type JoinedColumns, JoinedFacts } from "../fields/joined-facts";
import type { Engine, RequestContext } from "../service/handlers";
import { TimeShare } from "../service/time-share";
import type { AnalysisData, AnalysisQuestion, FromAnalysis } from "./analysis-messages";

interface Waiting {
  readonly method: string;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly context: RequestContext;
}

interface Running {
  /** What it was started for. */
  readonly basis: string;
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  /** Asked for once. */
  facts: Promise<JoinedFacts> | undefined;
  /** Packets there were when it began. */
  readonly packets: number;
  readonly startedMs: number;
  ready: boolean;
  /** Somebody asked since it was ready. */
  wanted: boolean;
}

/** What is joined: with anything else, it is joined anew. */
type Basis = Omit<AnalysisData, "firstTable" | "live">;

const SILENT: Pick<RequestContext, "progress" | "breathe"> = {
  progress: () => undefined,
  breathe: () => Promise.resolve(),
};

/** How often it is looked whether packets came since. */
const LIVE_LOOK_MS = 250;
/** More than a person opens before the workspace changes. */
const TABLES_A_THREAD = 1_000_000;

export class AnalysisHost {
  private running: Running | undefined;
  /** Joins what has come since; takes the place of `running` when it is ready. */
  private successor: Running | undefined;
  private readonly share = new TimeShare();
  private timer: NodeJS.Timeout | undefined;
  private nextId = 1;
  private threads = 0;

  constructor(private readonly engine: Engine) {
    engine.onWorkspace((what) => {
      if (what === "opened" || what === "closed") this.stop("the workspace was closed");
      if (what === "opened") engine.captures().joinedSource = (signal) => this.facts(signal);
      if (what === "conntrack") this.retell();
      // A live source began or ended: what it wrote last is joined too.
      if (what === "loaded") this.renew(true);
    });
    engine.onClose(() => Promise.resolve(this.stop("Hopscope is ending")));
  }

  /** @throws ContractError what the thread answered; "cancelled"; "gone" when the workspace is closed meanwhile */
  async ask(method: string, params: unknown, context: RequestContext): Promise<unknown> {
    const captures = this.engine.captures();
    await captures.loaded(context.signal);
    const running = this.started();
    running.wanted = true;
    this.watchLive();
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        running.waiting.delete(id);
        this.running?.waiting.delete(id);
        reject(new ContractError("cancelled", "cancelled"));
      };
      if (context.signal.aborted) return cancel();
      context.signal.addEventListener("abort", cancel, { once: true });
      running.waiting.set(id, {
        method,
        params,
        context,
        resolve: (value) => {
          context.signal.removeEventListener("abort", cancel);
          resolve(value);
        },
        reject: (error) => {
          context.signal.removeEventListener("abort", cancel);
          reject(error);
        },
      });
      const { conntrackFiles } = this.engine.workspaceState();
      running.worker.postMessage({ id, method, params, conntrackFiles } satisfies AnalysisQuestion);
    });
  }

  /**
   * What joining says of packets, for fields and filters. Joins first if nobody asked for that before.
   * @throws ContractError as `ask`
   */
  async facts(signal: AbortSignal): Promise<JoinedFacts> {
    await this.engine.captures().loaded(signal);
    const running = this.started();
    // Several filters wait for the same columns: one that is taken back takes nothing from the others.
    running.facts ??= this.ask("join.columns", {}, { signal: new AbortController().signal, ...SILENT }).then(
      (columns) => new JoinedFacts(columns as JoinedColumns),
    );
    running.facts.catch(() => (running.facts = undefined));
    return running.facts;
  }

  private started(): Running {
    const data = this.data();
    const basis = JSON.stringify(data);
    if (this.running?.basis === basis) return this.running;
    this.stop("clocks, cluster files or capture points changed: ask again");
    this.engine.captures().checkUnchanged();
    this.running = this.begin(data, basis);
    this.engine.emit("analysis", { state: "running", done: 0, total: 0, text: "Reading the captures" });
    return this.running;
  }

  private begin(data: Basis, basis: string): Running {
    this.threads++;
    const workerData: AnalysisData = {
      ...data,
      live: this.engine.captures().live,
      firstTable: this.threads * TABLES_A_THREAD,
    };
    const worker = new Worker(fileURLToPath(new URL("./analysis-thread.js", import.meta.url)), { workerData });
    const running: Running = {
      basis,
      worker,
      waiting: new Map(),
      packets: this.engine.captures().index.count,
      startedMs: performance.now(),
      ready: false,
      wanted: false,
      facts: undefined,
    };
    worker.on("message", (message: FromAnalysis) => this.receive(running, message));
    worker.on("error", (error) => this.fail(running, error.message));
    worker.on("exit", () => this.fail(running, "the analysis ended"));
    return running;
  }

  /** Connections say what connection tracking tells: with the next question the thread reads it, and nothing has to be joined anew. */
  private retell(): void {
    if (!this.running?.ready) return;
    this.running.facts = undefined;
    this.engine.emit("analysis", { state: "done", done: 1, total: 1, text: "" });
  }

  private watchLive(): void {
    if (this.timer || !this.engine.captures().live) return;
    this.timer = setInterval(() => this.renew(false), LIVE_LOOK_MS);
  }

  /** Joins anew if packets came since, somebody looks at it, and it is time (or `now`). */
  private renew(now: boolean): void {
    const { running } = this;
    if (!running?.ready || this.successor) return;
    const captures = this.engine.captures();
    if (captures.index.count === running.packets) return;
    if (!now && (!running.wanted || !this.share.isDue())) return;
    if (captures.complete) this.stopWatching();
    const data = this.data();
    this.successor = this.begin(data, JSON.stringify(data));
  }

  private stopWatching(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The newer one answers from now on; what the older one was asked it is asked again. */
  private succeed(successor: Running): void {
    const { running } = this;
    this.successor = undefined;
    this.running = successor;
    if (!running) return;
    const { conntrackFiles } = this.engine.workspaceState();
    for (const [id, waiting] of running.waiting) {
      successor.waiting.set(id, waiting);
      const { method, params } = waiting;
      successor.worker.postMessage({ id, method, params, conntrackFiles } satisfies AnalysisQuestion);
    }
    running.waiting.clear();
    void running.worker.terminate();
    // The last packets may have come while it joined.
    const captures = this.engine.captures();
    if (captures.complete && captures.index.count > successor.packets) queueMicrotask(() => this.renew(true));
  }

  private data(): Basis {
    const captures = this.engine.captures();
    const state = this.engine.workspaceState();
    return {
      files: captures.workspace.files.map((file, at) => ({
        path: captures.bytesPath(at),
        name: file.name,
        firstPacket: captures.index.rangeOf(at)[0],
        unreadable: file.format === undefined,
        clockOffset: state.files.find((f) => f.file === at)?.clockOffset ?? null,
      })),
      decode: captures.decode,
      clusterFiles: state.clusterFiles,
      disabledPoints: state.points.filter((p) => !p.enabled).map((p) => p.point),
    };
  }

  private receive(running: Running, message: FromAnalysis): void {
    const isSuccessor = running === this.successor;
    if (running !== this.running && !isSuccessor) return;
    switch (message.kind) {
      case "progress":
        if (isSuccessor) return;
        this.engine.emit("analysis", {
          state: "running",
          done: message.done,
          total: message.total,
          text: message.text,
        });
        for (const { context } of running.waiting.values()) context.progress(message.done, message.total, message.text);
        return;
      case "ready":
        running.ready = true;
        this.share.spent(performance.now() - running.startedMs);
        if (isSuccessor) this.succeed(running);
        this.engine.emit("analysis", { state: "done", done: 1, total: 1, text: message.problems.join("\n") });
        return;
      case "working":
        running.waiting.get(message.id)?.context.progress(message.done, message.total, message.text);
        return;
      case "failed":
        this.fail(running, message.message);
        return;
      case "answer": {
        const waiting = running.waiting.get(message.id);
        running.waiting.delete(message.id);
        if (message.ok) waiting?.resolve(message.value);
        else waiting?.reject(new ContractError(message.code, message.message, message.detail));
      }
    }
  }

  private fail(running: Running, message: string): void {
    if (running === this.successor) this.successor = undefined;
    if (running !== this.running) return;
    this.running = undefined;
    this.engine.emit("analysis", { state: "failed", done: 0, total: 0, text: message });
    this.end(running, new ContractError("internal", `the captures could not be joined: ${message}`));
  }

  private stop(why: string): void {
    const { running, successor } = this;
    this.successor = undefined;
    void successor?.worker.terminate();
    this.stopWatching();
    if (!running) return;
    this.running = undefined;
    this.engine.emit("analysis", { state: "idle", done: 0, total: 0, text: "" });
    this.end(running, new ContractError("gone", why));
  }

  private end(running: Running, error: ContractError): void {
    void running.worker.terminate();
    for (const waiting of running.waiting.values()) waiting.reject(error);
    running.waiting.clear();
  }
}
