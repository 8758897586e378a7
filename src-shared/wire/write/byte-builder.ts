/**
 * A growable run of bytes: what every writer here appends to.
 *
 * Packets are big-endian; capture files have a byte order of their own, so it is chosen when the builder is made.
 * `set…` overwrites what was appended before: lengths and checksums are filled in once what follows is known.
 */
export class ByteBuilder {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly littleEndian: boolean;

  constructor(options: { readonly littleEndian?: boolean; readonly capacity?: number } = {}) {
    this.littleEndian = options.littleEndian ?? false;
    this.#buffer = new Uint8Array(options.capacity ?? 256);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.littleEndian);
    return this;
  }

  u24(value: number): this {
    return this.littleEndian ? this.u16(value & 0xffff).u8(value >>> 16) : this.u8(value >>> 16).u16(value & 0xffff);
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.littleEndian);
    return this;
  }

  /** A 64-bit number given as two unsigned halves, so that no caller needs a bigint per packet. */
  u64(high: number, low: number): this {
    return this.littleEndian ? this.u32(low).u32(high) : this.u32(high).u32(low);
  }

  bytes(bytes: ArrayLike<number>): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  /** UTF-8, no terminator. */
  text(text: string): this {
    return this.bytes(encodeUtf8(text));
  }

  zeros(count: number): this {
    const at = this.#grow(count);
    this.#buffer.fill(0, at, at + count);
    return this;
  }

  /** Zero bytes until the length, counted from `from`, is a multiple of `unit`. */
  padTo(unit: number, from = 0): this {
    return this.zeros((unit - ((this.#length - from) % unit)) % unit);
  }

  getU8(at: number): number {
    return this.#view.getUint8(this.#check(at, 1));
  }

  getU16(at: number): number {
    return this.#view.getUint16(this.#check(at, 2), this.littleEndian);
  }

  setU8(at: number, value: number): void {
    this.#view.setUint8(this.#check(at, 1), value);
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(this.#check(at, 2), value, this.littleEndian);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(this.#check(at, 4), value, this.littleEndian);
  }

  /** The bytes themselves, not a copy: valid until the next append. */
  view(start = 0, end = this.#length): Uint8Array {
    return this.#buffer.subarray(start, end);
  }

  /** A copy of everything appended; the builder is empty afterwards and may be used again. */
  take(): Uint8Array {
    const result = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    return result;
  }

  /** Makes room and returns where it begins. May replace buffer and view: call it before touching either. */
  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = needed;
    return at;
  }

  #check(at: number, count: number): number {
    if (at < 0 || at + count > this.#length)
      throw new RangeError(`byte ${at} is not within the ${this.#length} appended`);
    return at;
  }
}

/** UTF-8 by hand: this code may name neither Node nor the DOM, and TextEncoder belongs to them. Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const char of text) {
    let code = char.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(out);
}
