/**
 * A seeded source of numbers: the same on every machine and in every version of Node, because it uses integer operations
 * and exact divisions only.
 */
export class Random {
  #state;

  /** @param {number} seed any integer */
  constructor(seed) {
    // Neighbouring seeds must not give similar streams, and xorshift must not start at 0: mix first (murmur3's finaliser).
    let h = (seed ^ 0x5bd1e995) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    this.#state = (h ^ (h >>> 16)) | 0 || 1;
  }

  /** 32 random bits (xorshift32, multiplied: its low bits alone are weak). */
  bits() {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.imul(x, 0x9e3779b1) >>> 0;
  }

  /** 0 ≤ value < 1 */
  fraction() {
    return this.bits() / 4294967296;
  }

  /**
   * 0 ≤ value < limit
   * @param {number} limit
   */
  below(limit) {
    return Math.floor((this.bits() / 4294967296) * limit);
  }

  /**
   * Low values more often than high ones: of 0 ≤ value < limit the first quarter gets half of the draws.
   * @param {number} limit
   */
  skewed(limit) {
    const u = this.bits() / 4294967296;
    return Math.floor(u * u * limit);
  }
}
