/** Asks a silent peer whether it is still there (RFC 9293 section 3.8.4), as Linux does: after so long, then every 75 s, nine times. */
import { type EventQueue, Timer } from "../../event-queue";

const PROBES = 9;
const INTERVAL_NS = 75e9;

export interface KeepAliveOptions {
  /** Silence before the first probe. */
  readonly idleNs: number;
  readonly nowNs: () => number;
  readonly probe: () => void;
  readonly dead: () => void;
}

export class KeepAlive {
  readonly #timer: Timer;
  #lastHeardNs = 0;
  #probes = 0;

  constructor(
    queue: EventQueue,
    private readonly options: KeepAliveOptions,
  ) {
    this.#timer = new Timer(queue, () => {
      this.#look();
    });
  }

  /** The connection is open. */
  start(): void {
    const { idleNs, nowNs } = this.options;
    this.#lastHeardNs = nowNs();
    this.#timer.set(nowNs() + idleNs);
  }

  /** The peer said something. */
  heard(): void {
    this.#lastHeardNs = this.options.nowNs();
    this.#probes = 0;
  }

  stop(): void {
    this.#timer.clear();
  }

  #look(): void {
    const { idleNs, nowNs, probe, dead } = this.options;
    const dueNs = this.#lastHeardNs + idleNs;
    if (this.#probes === 0 && nowNs() < dueNs) {
      this.#timer.set(dueNs);
      return;
    }
    if (this.#probes >= PROBES) {
      dead();
      return;
    }
    this.#probes++;
    probe();
    this.#timer.set(nowNs() + Math.min(idleNs, INTERVAL_NS));
  }
}
