/**
 * The engine as hosts see it: messages in, messages out. It runs in a thread of its own; if that ends unexpectedly another is
 * started, what was open is opened again, and everybody is told.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { FromEngine, ToEngine } from "../../../src-shared/contract/messages";
import type { WorkspaceState } from "../../../src-shared/contract/results";
import { endChildren, makeChildPids } from "../live/child-pids";
import type { EngineThreadData, ToEngineThread } from "./engine-thread";
import { spoolPrefix } from "./spool-name";

/** Time for an orderly end before the thread is stopped. */
const CLOSE_MS = 3000;
/** A workspace that ends the engine so soon and so often is not opened again. */
const CRASH_WINDOW_MS = 60_000;
const MOST_CRASHES = 3;
/** Share of the machine's memory that the packet index may take. */
const INDEX_SHARE = 0.5;

export interface EngineHostOptions {
  /** Folder for spooled input, of this process alone; made if it is not there. */
  readonly scratchFolder: string;
  /** The thread's program, where it is not beside this one. */
  readonly program?: string;
}

export class EngineHost {
  private readonly listeners = new Set<(message: FromEngine) => void>();
  private readonly unanswered = new Set<number>();
  private worker: Worker | undefined;
  private state: WorkspaceState | null = null;
  private crashes: number[] = [];
  private closing = false;
  /** Programs the engine's thread has started. */
  private readonly childPids = makeChildPids();
  private readonly endChildren = (): void => endChildren(this.childPids);

  constructor(private readonly options: EngineHostOptions) {
    mkdirSync(options.scratchFolder, { recursive: true, mode: 0o700 });
    process.on("exit", this.endChildren);
    this.start(null);
  }

  send(message: ToEngine): void {
    if (this.closing) return;
    if (message.kind === "request") this.unanswered.add(message.id);
    this.post(message);
  }

  /** Returns "stop". */
  onMessage(listener: (message: FromEngine) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the engine: spools are deleted. Never rejects. */
  async close(): Promise<void> {
    const { worker } = this;
    if (this.closing || !worker) return;
    this.closing = true;
    const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    this.post({ kind: "close" });
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await exited;
    clearTimeout(timer);
    this.endChildren();
    process.off("exit", this.endChildren);
    this.dropSpools();
  }

  /** A thread that ends in disorder leaves its spools behind. */
  private dropSpools(): void {
    const { scratchFolder } = this.options;
    try {
      for (const name of readdirSync(scratchFolder))
        if (name.startsWith(spoolPrefix())) rmSync(join(scratchFolder, name), { force: true });
    } catch {
      // The folder is gone: so are they.
    }
  }

  private post(message: ToEngineThread): void {
    this.worker?.postMessage(message);
  }

  private start(restore: WorkspaceState | null): void {
    const data: EngineThreadData = {
      scratchFolder: this.options.scratchFolder,
      maxIndexBytes: totalmem() * INDEX_SHARE,
      restore,
      childPids: this.childPids,
    };
    const program = this.options.program ?? fileURLToPath(new URL("./engine-thread.js", import.meta.url));
    const worker = new Worker(program, { workerData: data });
    this.worker = worker;
    let reason = "";
    worker.on("message", (message: FromEngine) => this.receive(message));
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", (code) => {
      if (this.closing || this.worker !== worker) return;
      this.restart(reason || `it ended with code ${code}`);
    });
  }

  private receive(message: FromEngine): void {
    if (message.kind === "result") this.unanswered.delete(message.id);
    else if (message.kind === "event" && message.event === "workspace") this.state = message.data as WorkspaceState;
    this.tell(message);
  }

  private restart(reason: string): void {
    const now = Date.now();
    this.crashes = [...this.crashes.filter((at) => now - at < CRASH_WINDOW_MS), now];
    const giveUp = this.crashes.length >= MOST_CRASHES;
    this.endChildren();
    const failed = [...this.unanswered];
    this.unanswered.clear();
    this.dropSpools();
    this.start(giveUp ? null : this.state);
    const text = giveUp
      ? `${reason}; it happened ${this.crashes.length} times within a minute, so the captures are not opened again`
      : reason;
    for (const id of failed)
      this.tell({
        kind: "result",
        id,
        ok: false,
        code: "engine-restarted",
        message: `the engine stopped (${reason}) and was started again`,
        detail: null,
      });
    this.tell({ kind: "event", event: "restarted", data: { reason: text } });
    if (giveUp) this.state = null;
  }

  private tell(message: FromEngine): void {
    for (const listener of [...this.listeners]) listener(message);
  }
}
