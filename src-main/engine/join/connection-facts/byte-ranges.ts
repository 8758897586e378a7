/** Which bytes of a TCP stream were seen, by raw sequence number. */
export class ByteRanges {
  /** Starts in ascending order, and the length of the longest range that begins there. */
  private readonly starts: Uint32Array;
  private readonly lengths: Uint32Array;
  private readonly longest: number;

  /** Longest range by start, in bytes. */
  constructor(ranges: ReadonlyMap<number, number>) {
    this.starts = Uint32Array.from(ranges.keys()).sort();
    this.lengths = this.starts.map((start) => ranges.get(start) ?? 0);
    this.longest = this.lengths.reduce((most, length) => Math.max(most, length), 0);
  }

  /** The byte at `seq` was seen. Sequence numbers pass through zero. */
  has(seq: number): boolean {
    const { starts, lengths } = this;
    const count = starts.length;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    for (let looked = 1; looked <= count; looked++) {
      const at = (low - looked + count) % count;
      const into = (seq - (starts[at] as number)) >>> 0;
      if (into >= this.longest) return false;
      if (into < (lengths[at] as number)) return true;
    }
    return false;
  }
}
