/**
 * The live source, as the engine tells it: what runs, how fast packets come, what it said last. A rate is smoothed over two
 * seconds.
 *
 * ```
 * live.start(options) ─► engine ─► event "live" (twice a second) ─► live.source, live.rate ─► toolbar, live bar, status bar
 * ```
 */
import type { LiveControl, LiveOptions, LiveSourceState } from "../../src-shared/contract/live";
import { call, on } from "../bridge/engine";
import { LoadRate } from "../viewmodel/load-rate";
import { workspace } from "./workspace.svelte";

class Live {
  /** The newest source; null before the first, and after it was closed. */
  source = $state.raw<LiveSourceState | null>(null);
  /** Packets a second; null while that is not known. */
  rate = $state<number | null>(null);
  /** The source whose recording was saved. */
  saved = $state("");
  /** A person has closed the bar of this source. */
  dismissed = $state("");

  readonly isRunning = $derived(
    this.source !== null && ["starting", "running", "stopping"].includes(this.source.state),
  );

  /** There is a recording that would be lost. A followed file is somebody else's: it stays. */
  readonly hasUnsaved = $derived(
    this.source !== null && this.source.packets > 0 && this.source.kind !== "file" && this.source.id !== this.saved,
  );

  #rate = new LoadRate();

  adopt(sources: readonly LiveSourceState[]): void {
    const source = sources.at(-1) ?? null;
    if (source?.id !== this.source?.id) this.#rate.reset();
    this.source = source;
    if (this.isRunning && source) this.rate = this.#rate.update(source.packets, performance.now());
    else {
      this.#rate.reset();
      this.rate = null;
    }
  }

  async refresh(): Promise<void> {
    try {
      this.adopt((await call("live.state", {})).sources);
    } catch {
      // An engine without live sources: there is none.
      this.adopt([]);
    }
  }

  /** Rejected with ContractError; its detail may be a LiveProblem. */
  async start(options: LiveOptions): Promise<void> {
    autoScroll.on = true;
    await call("live.start", options);
    workspace.adopt(await call("workspace.state", {}));
    await this.refresh();
  }

  async stop(): Promise<void> {
    if (this.source) await call("live.stop", { id: this.source.id });
    await this.refresh();
  }

  async restart(): Promise<void> {
    autoScroll.on = true;
    if (this.source) await call("live.restart", { id: this.source.id });
    await this.refresh();
  }

  async control(control: LiveControl): Promise<void> {
    if (this.source) await call("live.control", { id: this.source.id, control });
  }
}

export const live = new Live();

class AutoScroll {
  /** The packet list goes with the newest packets. */
  on = $state(true);
}

export const autoScroll = new AutoScroll();

/** Starts listening to the engine. Once, at the start. */
export function listenToLive(): void {
  on("live", ({ sources }) => live.adopt(sources));
}
