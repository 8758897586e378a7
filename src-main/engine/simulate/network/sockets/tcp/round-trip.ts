/** Retransmission timeout from measured round trips (RFC 6298), with Linux' bounds. */
const MIN_NS = 200e6;
const MAX_NS = 120e9;

export class RoundTrip {
  #smoothedNs = 0;
  #variationNs = 0;
  #timeoutNs = 1e9;
  #backoff = 0;

  /** With backoff. */
  get timeoutNs(): number {
    return Math.min(MAX_NS, this.#timeoutNs * 2 ** this.#backoff);
  }

  get backoff(): number {
    return this.#backoff;
  }

  measure(sampleNs: number): void {
    if (this.#smoothedNs === 0) {
      this.#smoothedNs = sampleNs;
      this.#variationNs = sampleNs / 2;
    } else {
      this.#variationNs = 0.75 * this.#variationNs + 0.25 * Math.abs(this.#smoothedNs - sampleNs);
      this.#smoothedNs = 0.875 * this.#smoothedNs + 0.125 * sampleNs;
    }
    // Linux keeps the variation's share at 200 ms or more.
    this.#timeoutNs = Math.round(this.#smoothedNs + Math.max(MIN_NS, 4 * this.#variationNs));
    this.#backoff = 0;
  }

  backOff(): void {
    this.#backoff++;
  }

  resetBackoff(): void {
    this.#backoff = 0;
  }
}
