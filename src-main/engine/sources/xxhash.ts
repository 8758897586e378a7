/**
 * The checksums of lz4 (XXH32) and zstd (XXH64), which neither `fzstd` nor Node offers. Neither format can tell
 * damaged data from good data without them: a flipped bit would come out as a packet that was never sent.
 * Written after the specification (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md); seed 0.
 */

/** Both hashes consume stripes of a fixed size; this cuts what comes in any portions into stripes. */
abstract class StripeHash {
  protected total = 0;
  /** Bytes of a stripe that is not complete yet. */
  protected readonly tail: Uint8Array;
  protected tailLength = 0;

  protected constructor(stripe: number) {
    this.tail = new Uint8Array(stripe);
  }

  update(bytes: Uint8Array): void {
    this.total += bytes.length;
    let at = 0;
    if (this.tailLength > 0) {
      at = Math.min(this.tail.length - this.tailLength, bytes.length);
      this.tail.set(bytes.subarray(0, at), this.tailLength);
      this.tailLength += at;
      if (this.tailLength < this.tail.length) return;
      this.mix(viewOf(this.tail));
      this.tailLength = 0;
    }
    const whole = bytes.length - ((bytes.length - at) % this.tail.length);
    if (whole > at) this.mix(viewOf(bytes.subarray(at, whole)));
    this.tail.set(bytes.subarray(whole));
    this.tailLength = bytes.length - whole;
  }

  /** Mixes whole stripes into the state. */
  protected abstract mix(stripes: DataView): void;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const A1 = 0x9e3779b1;
const A2 = 0x85ebca77;
const A3 = 0xc2b2ae3d;
const A4 = 0x27d4eb2f;
const A5 = 0x165667b1;

/** XXH32, in portions. */
export class XxHash32 extends StripeHash {
  private lane1 = (A1 + A2) | 0;
  private lane2 = A2 | 0;
  private lane3 = 0;
  private lane4 = -A1 | 0;

  constructor() {
    super(16);
  }

  /** The hash of all bytes so far, unsigned. */
  digest(): number {
    let hash =
      this.total < 16
        ? A5
        : rotate32(this.lane1, 1) + rotate32(this.lane2, 7) + rotate32(this.lane3, 12) + rotate32(this.lane4, 18);
    hash = (hash + this.total) | 0;
    const view = viewOf(this.tail);
    let at = 0;
    for (; at + 4 <= this.tailLength; at += 4) {
      hash = Math.imul(rotate32(hash + Math.imul(view.getInt32(at, true), A3), 17), A4);
    }
    for (; at < this.tailLength; at++) {
      hash = Math.imul(rotate32(hash + Math.imul(view.getUint8(at), A5), 11), A1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), A2);
    hash = Math.imul(hash ^ (hash >>> 13), A3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  protected mix(stripes: DataView): void {
    let { lane1, lane2, lane3, lane4 } = this;
    for (let at = 0; at < stripes.byteLength; at += 16) {
      lane1 = round32(lane1, stripes.getInt32(at, true));
      lane2 = round32(lane2, stripes.getInt32(at + 4, true));
      lane3 = round32(lane3, stripes.getInt32(at + 8, true));
      lane4 = round32(lane4, stripes.getInt32(at + 12, true));
    }
    this.lane1 = lane1;
    this.lane2 = lane2;
    this.lane3 = lane3;
    this.lane4 = lane4;
  }
}

function round32(lane: number, input: number): number {
  return Math.imul(rotate32(lane + Math.imul(input, A2), 13), A1);
}

function rotate32(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

const B1 = 0x9e3779b185ebca87n;
const B2 = 0xc2b2ae3d27d4eb4fn;
const B3 = 0x165667b19e3779f9n;
const B4 = 0x85ebca77c2b2ae63n;
const B5 = 0x27d4eb2f165667c5n;

/** XXH64, in portions. The lanes are kept as 32-bit halves: bigints are fifty times slower. */
export class XxHash64 extends StripeHash {
  /** Four lanes, each low half then high half. */
  private readonly lanes = new Int32Array(8);

  constructor() {
    super(32);
    new BigUint64Array(this.lanes.buffer).set([wrap(B1 + B2), B2, 0n, wrap(-B1)]);
  }

  /** The low 32 bits of the hash of all bytes so far, unsigned: the part that zstd stores. */
  digestLow32(): number {
    let hash = B5;
    if (this.total >= 32) {
      const [lane1, lane2, lane3, lane4] = this.lanes64();
      hash = wrap(rotate64(lane1, 1n) + rotate64(lane2, 7n) + rotate64(lane3, 12n) + rotate64(lane4, 18n));
      for (const lane of [lane1, lane2, lane3, lane4]) hash = wrap((hash ^ round64(0n, lane)) * B1 + B4);
    }
    hash = wrap(hash + BigInt(this.total));
    const view = viewOf(this.tail);
    let at = 0;
    for (; at + 8 <= this.tailLength; at += 8) {
      hash = wrap(rotate64(hash ^ round64(0n, view.getBigUint64(at, true)), 27n) * B1 + B4);
    }
    for (; at + 4 <= this.tailLength; at += 4) {
      hash = wrap(rotate64(hash ^ wrap(BigInt(view.getUint32(at, true)) * B1), 23n) * B2 + B3);
    }
    for (; at < this.tailLength; at++) {
      hash = wrap(rotate64(hash ^ wrap(BigInt(view.getUint8(at)) * B5), 11n) * B1);
    }
    hash = wrap((hash ^ (hash >> 33n)) * B2);
    hash = wrap((hash ^ (hash >> 29n)) * B3);
    return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
  }

  protected mix(stripes: DataView): void {
    for (let lane = 0; lane < 4; lane++) {
      let low = this.lanes[2 * lane] ?? 0;
      let high = this.lanes[2 * lane + 1] ?? 0;
      for (let at = 8 * lane; at < stripes.byteLength; at += 32) {
        // lane += input * B2
        let product = multiply(stripes.getInt32(at, true), stripes.getInt32(at + 4, true), B2_LOW, B2_HIGH);
        const sum = (low + product) | 0;
        high = (high + productHigh + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0;
        // lane = rotate(lane, 31)
        low = (sum << 31) | (high >>> 1);
        high = (high << 31) | (sum >>> 1);
        // lane *= B1
        product = multiply(low, high, B1_LOW, B1_HIGH);
        low = product;
        high = productHigh;
      }
      this.lanes[2 * lane] = low;
      this.lanes[2 * lane + 1] = high;
    }
  }

  private lanes64(): [bigint, bigint, bigint, bigint] {
    const [lane1 = 0n, lane2 = 0n, lane3 = 0n, lane4 = 0n] = new BigUint64Array(this.lanes.buffer);
    return [lane1, lane2, lane3, lane4];
  }
}

const B1_LOW = 0x85ebca87 | 0;
const B1_HIGH = 0x9e3779b1 | 0;
const B2_LOW = 0x27d4eb4f;
const B2_HIGH = 0xc2b2ae3d | 0;

/** The high half of the last `multiply`: a second result without an allocation. */
let productHigh = 0;

/** The low half of a 64-bit product modulo 2^64, from the halves of its factors. */
function multiply(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const low = Math.imul(a0, b0);
  const cross1 = Math.imul(a0, b1);
  const cross2 = Math.imul(a1, b0);
  const middle = (low >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff);
  const carry = (cross1 >>> 16) + (cross2 >>> 16) + (middle >>> 16);
  productHigh = (Math.imul(a1, b1) + carry + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
  return (middle << 16) | (low & 0xffff);
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate64(value: bigint, by: bigint): bigint {
  return wrap((value << by) | (value >> (64n - by)));
}

function round64(lane: bigint, input: bigint): bigint {
  return wrap(rotate64(wrap(lane + wrap(input * B2)), 31n) * B1);
}
