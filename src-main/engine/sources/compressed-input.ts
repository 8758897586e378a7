/**
 * The decoders' view of the compressed bytes: a small buffer over a byte source that can be asked to hold so many
 * bytes, looked into, and consumed. It reads no further ahead than one buffer, so a decoder on top of it does no
 * work before somebody wants its output.
 */
import { DamagedData } from "./compression-error";
import type { ByteSource } from "./source";

const INITIAL_CAPACITY = 64 * 1024;

export class CompressedInput {
  private readonly source: ByteSource;
  private buffer = new Uint8Array(INITIAL_CAPACITY);
  private view = new DataView(this.buffer.buffer);
  private start = 0;
  private end = 0;
  private consumed = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Compressed bytes consumed so far: where in the compressed file the decoder is. */
  get position(): number {
    return this.consumed;
  }

  /** Bytes held and not consumed. */
  get available(): number {
    return this.end - this.start;
  }

  /** True if at least `count` bytes are held, after reading as needed; false if the input ends before. */
  async has(count: number): Promise<boolean> {
    while (this.available < count) {
      this.makeRoom(count);
      const read = await this.source.read(this.buffer, this.end, this.buffer.length - this.end);
      if (read === 0) return false;
      this.end += read;
    }
    return true;
  }

  /** As `has`, but an input that ends before is damaged. `what` names the part wanted, for the message. */
  async need(count: number, what: string): Promise<void> {
    if (!(await this.has(count))) throw new DamagedData(`the compressed data is cut off in ${what}`);
  }

  /** The byte `at` bytes ahead; it must be held. */
  byte(at: number): number {
    return this.view.getUint8(this.start + at);
  }

  /** The little-endian 32-bit number `at` bytes ahead; it must be held. */
  uint32(at: number): number {
    return this.view.getUint32(this.start + at, true);
  }

  /** The little-endian 64-bit number `at` bytes ahead; it must be held. Exact below 2^53. */
  uint64(at: number): number {
    return Number(this.view.getBigUint64(this.start + at, true));
  }

  /** The next `count` bytes, held and not consumed. A view: valid until the next `has`, `need` or `skip`. */
  peek(count: number): Uint8Array {
    return this.buffer.subarray(this.start, this.start + count);
  }

  /** Consumes `count` held bytes and returns them. A view, valid as for `peek`. */
  take(count: number): Uint8Array {
    const bytes = this.peek(count);
    this.start += count;
    this.consumed += count;
    return bytes;
  }

  /** Consumes `count` bytes, held or not, without keeping them. */
  async skip(count: number, what: string): Promise<void> {
    for (let left = count; left > 0;) {
      await this.need(1, what);
      left -= this.take(Math.min(left, this.available)).length;
    }
  }

  private makeRoom(count: number): void {
    if (this.start > 0) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    if (this.buffer.length >= count) return;
    const larger = new Uint8Array(count);
    larger.set(this.buffer.subarray(0, this.end));
    this.buffer = larger;
    this.view = new DataView(larger.buffer);
  }
}
