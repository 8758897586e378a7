/** Bytes written and not acknowledged yet, as the pieces they were written in. Offsets count from the first byte held. */
export class SendBuffer {
  #pieces: Uint8Array[] = [];
  /** Bytes of the first piece that are acknowledged. */
  #skipped = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes.slice());
    this.#length += bytes.length;
  }

  copyTo(offset: number, length: number, target: Uint8Array, at: number): void {
    let skip = this.#skipped + offset;
    let left = length;
    let to = at;
    for (const piece of this.#pieces) {
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      const count = Math.min(piece.length - skip, left);
      target.set(piece.subarray(skip, skip + count), to);
      to += count;
      left -= count;
      skip = 0;
      if (left === 0) return;
    }
  }

  release(bytes: number): void {
    this.#length -= bytes;
    this.#skipped += bytes;
    let whole = 0;
    for (const piece of this.#pieces) {
      if (this.#skipped < piece.length) break;
      this.#skipped -= piece.length;
      whole++;
    }
    if (whole > 0) this.#pieces.splice(0, whole);
  }
}
