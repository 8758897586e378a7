/**
 * Work that is done again and again while a live source runs (joining, filters over the files, sorting) may take a fifth of the
 * time: after work of 2 s the next begins 8 s later.
 */
const SHARE = 0.2;
/** Never sooner than this: a person cannot read faster. */
const LEAST_PAUSE_MS = 500;

export class TimeShare {
  private nextMs = -Infinity;

  isDue(): boolean {
    return performance.now() >= this.nextMs;
  }

  /** Milliseconds until it is due. */
  waitMs(): number {
    return Math.max(0, this.nextMs - performance.now());
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.spent(performance.now() - from);
    }
  }

  /** Work of so many milliseconds ended just now. */
  spent(milliseconds: number): void {
    this.nextMs = performance.now() + Math.max(LEAST_PAUSE_MS, (milliseconds * (1 - SHARE)) / SHARE);
  }
}
