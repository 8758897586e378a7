/**
 * Random numbers that only depend on seed and name: a stream for each concern, so that a fault added to one link does not change
 * the sequence numbers of everything else. sfc32 (Chris Doty-Humphrey, PractRand), seeded through FNV-1a and splitmix32.
 */
import type { RandomStream } from "./api/network";

export class Random implements RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, concern: string) {
    let state = seed | 0;
    // Seeds beyond 32 bits count whole.
    state = Math.imul(state ^ Math.floor(seed / 0x100000000), 0x9e3779b1);
    for (let i = 0; i < concern.length; i++) state = Math.imul(state ^ concern.charCodeAt(i), 0x01000193);
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.u32();
  }

  u32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  next(): number {
    return this.u32() / 0x100000000;
  }

  integer(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
