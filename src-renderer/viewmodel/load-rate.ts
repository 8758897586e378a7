/** Speed of something that is under way, smoothed over the last seconds. */

/** A sample counts for about this long. */
const SMOOTHING_MS = 2000;

export class LoadRate {
  #done = 0;
  #atMs = -1;
  #perSecond: number | null = null;

  /** @param done so far; @param nowMs any clock. Returns units per second, null until it can be told. */
  update(done: number, nowMs: number): number | null {
    const elapsed = nowMs - this.#atMs;
    if (this.#atMs < 0 || done < this.#done) {
      this.#done = done;
      this.#atMs = nowMs;
      this.#perSecond = null;
    } else if (elapsed >= 50) {
      const now = ((done - this.#done) * 1000) / elapsed;
      const weight = 1 - Math.exp(-elapsed / SMOOTHING_MS);
      this.#perSecond = this.#perSecond === null ? now : this.#perSecond + weight * (now - this.#perSecond);
      this.#done = done;
      this.#atMs = nowMs;
    }
    return this.#perSecond;
  }

  reset(): void {
    this.#atMs = -1;
    this.#perSecond = null;
  }
}
