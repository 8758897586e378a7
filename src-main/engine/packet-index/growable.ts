/** A list of 32-bit numbers that grows by doubling. */
export class GrowableU32 {
  private values: Uint32Array;
  length = 0;

  constructor(capacity = 64) {
    this.values = new Uint32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(this.length + 1);
    this.values[this.length++] = value;
  }

  /** Appends `from + i` for every i below `count` whose byte in `marks` is not 0. */
  pushMarked(from: number, marks: Uint8Array, count: number): void {
    this.reserve(this.length + count);
    const { values } = this;
    let n = this.length;
    for (let i = 0; i < count; i++) {
      values[n] = from + i;
      n += marks[i] as number;
    }
    this.length = n;
  }

  reserve(capacity: number): void {
    if (capacity <= this.values.length) return;
    const bigger = new Uint32Array(Math.max(capacity, this.values.length * 2));
    bigger.set(this.values.subarray(0, this.length));
    this.values = bigger;
  }

  /** Gives back what is reserved and not used, if that is most of it. */
  trim(): void {
    if (this.length * 2 < this.values.length) this.values = this.values.slice(0, this.length);
  }

  /** Replaces what is in it; the array is its own from now on. */
  take(values: Uint32Array): void {
    this.values = values;
    this.length = values.length;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  at(index: number): number {
    return this.values[index] as number;
  }

  /** What is in it: a view, valid until the next push. */
  array(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}

/** from, from + 1 … so many. */
export function identity(length: number, from = 0): Uint32Array {
  const values = new Uint32Array(length);
  for (let i = 0; i < length; i++) values[i] = from + i;
  return values;
}
