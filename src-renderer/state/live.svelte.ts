/**
 * Live sources, as the engine tells them: what runs, how fast packets come, what they said last. A rate is smoothed over two
 * seconds.
 *
 * ```
 * live.start(options) ─► engine ─► event "live" (twice a second) ─► live.sources, live.rate ─► toolbar, live bar, status bar
 * ```
 */
import type { LiveControl, LiveOptions, LiveSourceState } from "../../src-shared/contract/live";
import { call, on } from "../bridge/engine";
import { LoadRate } from "../viewmodel/load-rate";
import { workspace } from "./workspace.svelte";

class Live {
  /** The newest source and those recorded together with it, in the order they were started; none before the first, and after they were closed. */
  sources = $state.raw<readonly LiveSourceState[]>([]);
  /** Packets a second of all of them; null while that is not known. */
  rate = $state<number | null>(null);
  /** Path of the recording that was saved. */
  saved = $state("");
  /** A person has closed the bar of this recording. */
  dismissed = $state("");

  readonly isRunning = $derived(this.sources.some(isRunning));
  readonly packets = $derived(this.sources.reduce((n, { packets }) => n + packets, 0));
  readonly bytes = $derived(this.sources.reduce((n, { bytes }) => n + bytes, 0));
  /** "node-1 eth0 + node-2 eth0"; "" without a source. */
  readonly label = $derived(this.sources.map(({ label }) => label).join(" + "));
  /** Path of the recording in the workspace; "" without one. */
  readonly path = $derived(this.sources.at(-1)?.path ?? "");

  /** There is a recording that would be lost. A followed file is somebody else's: it stays. */
  readonly hasUnsaved = $derived(
    this.packets > 0 && this.sources.some(({ kind }) => kind !== "file") && this.path !== this.saved,
  );

  #rate = new LoadRate();

  adopt(all: readonly LiveSourceState[]): void {
    const newest = all.at(-1);
    const sources = all.filter(({ id, path }) => id === newest?.id || (path !== "" && path === newest?.path));
    if (sources[0]?.id !== this.sources[0]?.id) this.#rate.reset();
    this.sources = sources;
    if (this.isRunning) this.rate = this.#rate.update(this.packets, performance.now());
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

  /** @param id of one source; left out: all that run */
  async stop(id?: string): Promise<void> {
    const stopped = this.sources.filter((source) => isRunning(source) && (id === undefined || source.id === id));
    await Promise.all(stopped.map((source) => call("live.stop", { id: source.id })));
    await this.refresh();
  }

  /** All of the recording, from nothing. */
  async restart(): Promise<void> {
    autoScroll.on = true;
    const [source] = this.sources;
    if (source) await call("live.restart", { id: source.id });
    await this.refresh();
  }

  async control(id: string, control: LiveControl): Promise<void> {
    await call("live.control", { id, control });
  }
}

export function isRunning({ state }: LiveSourceState): boolean {
  return state === "starting" || state === "running" || state === "stopping";
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
