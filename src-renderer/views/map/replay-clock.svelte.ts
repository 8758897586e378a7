/**
 * The moment of the map that is shown: the whole time, or one of the equal parts that a replay goes through.
 *
 * ```
 * bucket  -1 the whole time │ 0 1 2 … 239      play: by the clock of the frames;  step: to the next part in which anything happens
 * ```
 */
import { untrack } from "svelte";
import { holdIdle } from "../../bridge/idle";
import { selection } from "../../state/selection.svelte";
import { nextBusyBucket } from "../../viewmodel/map-wires";
import { formatDuration } from "../../viewmodel/quantity";
import { speed } from "./map-choices";
import type { MapData } from "./map-data.svelte";

/** One part of the replay's time is shown that long at speed 1: the whole takes 24 s. */
const FRAME_MS = 100;

/** Made while a component is: it has an effect. */
export class ReplayClock {
  bucket = $state(-1);
  playing = $state(false);
  readonly #data: MapData;

  constructor(data: MapData) {
    this.#data = data;
    $effect(() => (this.playing && data.replay ? this.#run(data.replay.buckets) : undefined));
  }

  /** "1.2 s + 0.1 s": when the part begins, how long it is; "" for the whole time. */
  get now(): string {
    const { replay } = this.#data;
    if (!replay || this.bucket < 0) return "";
    const part = (replay.toNs - replay.fromNs) / replay.buckets;
    return `${formatDuration((replay.fromNs + this.bucket * part) / 1e9)} + ${formatDuration(part / 1e9)}`;
  }

  async play(): Promise<void> {
    if (this.playing) {
      this.playing = false;
      return;
    }
    if (!(await this.#ready())) return;
    if (this.bucket < 0 || this.bucket >= (this.#data.replay?.buckets ?? 0) - 1) this.bucket = 0;
    this.playing = true;
  }

  async step(by: -1 | 1): Promise<void> {
    this.playing = false;
    if (!(await this.#ready()) || !this.#data.replay) return;
    const { replay } = this.#data;
    this.bucket = nextBusyBucket(replay, this.bucket < 0 ? (by > 0 ? -1 : replay.buckets) : this.bucket, by);
  }

  async seek(to: number): Promise<void> {
    this.playing = false;
    if (await this.#ready()) this.bucket = to;
  }

  stop(): void {
    this.playing = false;
    this.bucket = -1;
  }

  async #ready(): Promise<boolean> {
    if (!this.#data.replay) await this.#data.loadReplay(selection.range);
    return this.#data.replay !== null;
  }

  /** Where drawing takes longer than a part, parts are left out and time keeps its speed. Returns "stop". */
  #run(buckets: number): () => void {
    const partMs = FRAME_MS / Number(speed.value);
    const release = holdIdle();
    const from = untrack(() => this.bucket);
    let startedMs = -1;
    let frame = 0;
    const advance = (nowMs: number): void => {
      if (startedMs < 0) startedMs = nowMs;
      this.bucket = Math.min(buckets - 1, from + Math.floor((nowMs - startedMs) / partMs));
      if (this.bucket + 1 < buckets) frame = requestAnimationFrame(advance);
      else this.playing = false;
    };
    frame = requestAnimationFrame(advance);
    return () => {
      cancelAnimationFrame(frame);
      release();
    };
  }
}
