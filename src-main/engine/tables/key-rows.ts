/**
 * Rows found by a key of several 32-bit words: open addressing over one flat array, no object and no string a key.
 */
export class KeyRows {
  count = 0;
  private keys: Uint32Array;
  private slots: Int32Array;
  private mask: number;
  /** Fill in the words, then call `row`. */
  readonly key: Uint32Array;

  constructor(
    readonly words: number,
    capacity = 1024,
  ) {
    this.keys = new Uint32Array(words * capacity);
    this.mask = capacity * 2 - 1;
    this.slots = new Int32Array(capacity * 2).fill(-1);
    this.key = new Uint32Array(words);
  }

  /** Row of `key`: found, or appended (then it equals the count before). */
  row(): number {
    const { key, words } = this;
    let slot = this.hash(key, 0) & this.mask;
    for (;;) {
      const row = this.slots[slot] as number;
      if (row < 0) break;
      const at = row * words;
      let i = 0;
      while (i < words && this.keys[at + i] === key[i]) i++;
      if (i === words) return row;
      slot = (slot + 1) & this.mask;
    }
    const row = this.count++;
    if ((row + 1) * words > this.keys.length) {
      const bigger = new Uint32Array(this.keys.length * 2);
      bigger.set(this.keys);
      this.keys = bigger;
    }
    this.keys.set(key, row * words);
    this.slots[slot] = row;
    if (this.count * 2 > this.mask) this.grow();
    return row;
  }

  /** Word `i` of the key of row `row`. */
  word(row: number, i: number): number {
    return this.keys[row * this.words + i] as number;
  }

  private hash(source: Uint32Array, at: number): number {
    let h = 0x811c9dc5;
    for (let i = 0; i < this.words; i++) {
      h = Math.imul(h ^ (source[at + i] as number), 0x85ebca6b);
      h ^= h >>> 15;
    }
    return Math.imul(h, 0xc2b2ae35) >>> 8;
  }

  private grow(): void {
    this.mask = this.mask * 2 + 1;
    this.slots = new Int32Array(this.mask + 1).fill(-1);
    for (let row = 0; row < this.count; row++) {
      let slot = this.hash(this.keys, row * this.words) & this.mask;
      while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = row;
    }
  }
}

/** A column of numbers that grows by doubling; what was not set is 0. */
export class GrowableNumbers {
  values: Float64Array;

  constructor(capacity = 1024) {
    this.values = new Float64Array(capacity);
  }

  at(row: number): number {
    return this.values[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.values.length) {
      const bigger = new Float64Array(Math.max(row + 1, this.values.length * 2));
      bigger.set(this.values);
      this.values = bigger;
    }
    this.values[row] = value;
  }

  add(row: number, value: number): void {
    this.set(row, this.at(row) + value);
  }
}
