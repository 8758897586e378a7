/**
 * When a pane asks again while packets keep coming: at most every second, and no longer than a fifth of the time is spent on it.
 *
 * ```
 * const tick = new LiveTick();
 * $effect(() => { void tick.count; … ask again … });      counts up when there is something new and it is time
 * await tick.spend(() => table.open(…));                   tells how long asking took
 * ```
 */
import { workspace } from "./workspace.svelte";

const LEAST_MS = 1000;
/** Seconds of pause after a second of work. */
const PAUSES = 4;

export class LiveTick {
  /** Counts up when it is time to ask again. */
  count = $state(0);
  /** Packets there were when it counted last. */
  #asked = -1;
  #nextMs = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wasLive = false;

  /** Call in an effect of a pane that is in front. */
  follow(): void {
    const { packets } = workspace.state;
    if (!workspace.isLive) {
      // The last packets of a source that ended are asked for too.
      if (this.#wasLive) this.count++;
      this.#wasLive = false;
      return;
    }
    this.#wasLive = true;
    if (this.#timer !== null || packets === this.#asked) return;
    const wait = Math.max(0, this.#nextMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#asked = workspace.state.packets;
      this.#nextMs = performance.now() + LEAST_MS;
      this.count++;
    }, wait);
  }

  /** Work that the tick brought about. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.#nextMs = performance.now() + Math.max(LEAST_MS, (performance.now() - from) * PAUSES);
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
