/**
 * Writes a pcap (microseconds) or pcapng file through one big buffer. Frames are built in place: `begin` says where the next
 * frame goes, `end` puts the record around it.
 *
 * ```
 * buffer  … │ record header │ frame │ padding, options, length (pcapng) │ …      full: written out in one call
 *           begin() ────────►│       │◄──────── end(position after the frame)
 * ```
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, writeSync } from "node:fs";

const BUFFER_LENGTH = 8 << 20;
/** Room for the largest record: a frame of 2 KiB, its options, and the blocks written between packets. */
const MARGIN = 64 << 10;
const SNAP_LENGTH = 262144;
const LINKTYPE_ETHERNET = 1;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const NAME_RESOLUTION = 4;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const CUSTOM = 0x00000bad;
/** The top bit marks types for local use: a reader must skip them. */
const UNKNOWN = 0x80000bad;
/** RFC 5612: the enterprise number for examples. */
const EXAMPLE_ENTERPRISE = 32473;

const OPT_COMMENT = 1;
const OPT_END = 0;

/**
 * How an interface counts time. `units` a second; `tsresol` as the option writes it (none: microseconds).
 * @typedef {{ tsresol?: number, units: number, fraction: (nanoseconds: number) => number }} Resolution
 */

/** @type {Record<"default" | "milli" | "micro" | "nano" | "binary20", Resolution>} */
export const RESOLUTIONS = {
  default: { units: 1e6, fraction: (ns) => Math.floor(ns / 1000) },
  milli: { tsresol: 3, units: 1e3, fraction: (ns) => Math.floor(ns / 1e6) },
  micro: { tsresol: 6, units: 1e6, fraction: (ns) => Math.floor(ns / 1000) },
  nano: { tsresol: 9, units: 1e9, fraction: (ns) => ns },
  binary20: { tsresol: 0x80 | 20, units: 1 << 20, fraction: (ns) => Math.floor((ns / 1e9) * (1 << 20)) },
};

/**
 * @typedef {object} Interface
 * @property {string} name
 * @property {string} [description]
 * @property {Resolution} resolution
 * @property {number} [offsetSeconds] if_tsoffset: what a reader adds to every time stamp
 */

/**
 * What a pcapng packet carries besides its bytes.
 * @typedef {{ comment?: string, flags?: number, packetId?: number, queue?: number }} PacketNotes
 */

export class CaptureFile {
  /** Where frames are built. */
  bytes = Buffer.alloc(BUFFER_LENGTH);
  packets = 0;

  #descriptor;
  #pcapng;
  #interfaces;
  #at = 0;
  #flushed = 0;
  /** The second that #base is for, and each interface's count at its beginning, as two halves. */
  #second = -1;
  /** @type {{ high: number, low: number }[]} */
  #base = [];

  /**
   * @param {string} path
   * @param {"pcap" | "pcapng"} format
   * @param {Interface[]} interfaces pcap has none: packets of all of them end up in one list
   */
  constructor(path, format, interfaces) {
    this.#descriptor = openSync(path, "w");
    this.#pcapng = format === "pcapng";
    this.#interfaces = interfaces;
    if (this.#pcapng) this.#writeSection();
    else this.#writePcapHeader();
  }

  get byteLength() {
    return this.#flushed + this.#at;
  }

  /** Where in `bytes` the next frame begins. */
  begin() {
    if (this.#at > BUFFER_LENGTH - MARGIN) this.#flush();
    return this.#at + (this.#pcapng ? 28 : 16);
  }

  /**
   * @param {number} frameEnd position after the frame, which begins at what begin() returned
   * @param {number} seconds since 1970
   * @param {number} nanoseconds of that second
   * @param {number} interfaceIndex
   * @param {PacketNotes} [notes]
   */
  end(frameEnd, seconds, nanoseconds, interfaceIndex, notes) {
    const b = this.bytes;
    const start = this.#at;
    this.packets++;
    if (!this.#pcapng) {
      const length = frameEnd - start - 16;
      writeUint32(b, start, seconds);
      writeUint32(b, start + 4, Math.floor(nanoseconds / 1000));
      writeUint32(b, start + 8, length);
      writeUint32(b, start + 12, length);
      this.#at = frameEnd;
      return;
    }
    if (seconds !== this.#second) this.#startSecond(seconds);
    const base = this.#base[interfaceIndex];
    const resolution = this.#interfaces[interfaceIndex].resolution;
    const low = base.low + resolution.fraction(nanoseconds);
    const length = frameEnd - start - 28;
    writeUint32(b, start, ENHANCED_PACKET);
    writeUint32(b, start + 8, interfaceIndex);
    writeUint32(b, start + 12, base.high + (low > 0xffffffff ? 1 : 0));
    writeUint32(b, start + 16, low);
    writeUint32(b, start + 20, length);
    writeUint32(b, start + 24, length);
    this.#at = this.#pad(frameEnd, start);
    if (notes) this.#writeNotes(notes);
    this.#closeBlock(start);
  }

  /** @param {[address: number, name: string][]} names IPv4 addresses */
  nameResolution(names) {
    if (!this.#pcapng) return;
    const start = this.#openBlock(NAME_RESOLUTION);
    for (const [address, name] of names) {
      const length = 4 + Buffer.byteLength(name) + 1;
      this.#at = this.bytes.writeUInt16LE(1, this.#at);
      this.#at = this.bytes.writeUInt16LE(length, this.#at);
      this.#at = this.bytes.writeUInt32BE(address, this.#at);
      this.#at += this.bytes.write(`${name}\0`, this.#at);
      this.#at = this.#pad(this.#at, start);
    }
    this.#at = this.bytes.writeUInt32LE(0, this.#at);
    this.#closeBlock(start);
  }

  /** A block of no known type. */
  unknownBlock() {
    if (!this.#pcapng) return;
    const start = this.#openBlock(UNKNOWN);
    this.bytes.fill(0x5a, this.#at, this.#at + 40);
    this.#at += 40;
    this.#closeBlock(start);
  }

  /** @param {string} text */
  customBlock(text) {
    if (!this.#pcapng) return;
    const start = this.#openBlock(CUSTOM);
    this.#at = this.bytes.writeUInt32LE(EXAMPLE_ENTERPRISE, this.#at);
    this.#at += this.bytes.write(text, this.#at);
    this.#at = this.#pad(this.#at, start);
    this.#closeBlock(start);
  }

  /**
   * Received and dropped counts of every interface.
   * @param {number} received
   */
  statistics(received) {
    if (!this.#pcapng) return;
    for (let i = 0; i < this.#interfaces.length; i++) {
      const start = this.#openBlock(INTERFACE_STATISTICS);
      this.#at = this.bytes.writeUInt32LE(i, this.#at);
      this.#at = this.bytes.writeUInt32LE(this.#base[i]?.high ?? 0, this.#at);
      this.#at = this.bytes.writeUInt32LE(this.#base[i]?.low ?? 0, this.#at);
      for (const [code, value] of [
        [4, received],
        [5, i],
      ]) {
        const data = Buffer.alloc(8);
        data.writeUInt32LE(value);
        this.#option(code, data);
      }
      this.#option(OPT_END);
      this.#closeBlock(start);
    }
  }

  close() {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #writePcapHeader() {
    const b = this.bytes;
    b.writeUInt32LE(0xa1b2c3d4, 0);
    b.writeUInt16LE(2, 4);
    b.writeUInt16LE(4, 6);
    b.writeUInt32LE(SNAP_LENGTH, 16);
    b.writeUInt32LE(LINKTYPE_ETHERNET, 20);
    this.#at = 24;
  }

  #writeSection() {
    let start = this.#openBlock(SECTION_HEADER);
    this.#at = this.bytes.writeUInt32LE(0x1a2b3c4d, this.#at);
    this.#at = this.bytes.writeUInt16LE(1, this.#at);
    this.#at = this.bytes.writeUInt16LE(0, this.#at);
    // Length of the section: unknown, -1.
    this.bytes.fill(0xff, this.#at, this.#at + 8);
    this.#at += 8;
    this.#option(4, Buffer.from("hopscope bench"));
    this.#option(OPT_END);
    this.#closeBlock(start);
    for (const { name, description, resolution, offsetSeconds } of this.#interfaces) {
      start = this.#openBlock(INTERFACE_DESCRIPTION);
      this.#at = this.bytes.writeUInt16LE(LINKTYPE_ETHERNET, this.#at);
      this.#at = this.bytes.writeUInt16LE(0, this.#at);
      // libpcap refuses files whose interfaces differ in this.
      this.#at = this.bytes.writeUInt32LE(SNAP_LENGTH, this.#at);
      this.#option(2, Buffer.from(name));
      if (description) this.#option(3, Buffer.from(description));
      if (resolution.tsresol !== undefined) this.#option(9, Buffer.from([resolution.tsresol]));
      if (offsetSeconds !== undefined) {
        const data = Buffer.alloc(8);
        data.writeBigInt64LE(BigInt(offsetSeconds));
        this.#option(14, data);
      }
      this.#option(OPT_END);
      this.#closeBlock(start);
    }
  }

  /** @param {PacketNotes} notes */
  #writeNotes({ comment, flags, packetId, queue }) {
    if (comment !== undefined) this.#option(OPT_COMMENT, Buffer.from(comment));
    if (flags !== undefined) this.#numberOption(2, flags, 4);
    if (packetId !== undefined) this.#numberOption(5, packetId, 8);
    if (queue !== undefined) this.#numberOption(6, queue, 4);
    this.#option(OPT_END);
  }

  /**
   * @param {number} code
   * @param {number} value
   * @param {number} length 4, or 8 with the high half 0
   */
  #numberOption(code, value, length) {
    const b = this.bytes;
    b.writeUInt16LE(code, this.#at);
    b.writeUInt16LE(length, this.#at + 2);
    writeUint32(b, this.#at + 4, value);
    if (length === 8) writeUint32(b, this.#at + 8, 0);
    this.#at += 4 + length;
  }

  /**
   * @param {number} code
   * @param {Buffer} [data]
   */
  #option(code, data) {
    this.#at = this.bytes.writeUInt16LE(code, this.#at);
    this.#at = this.bytes.writeUInt16LE(data?.length ?? 0, this.#at);
    if (!data) return;
    const start = this.#at;
    this.#at += data.copy(this.bytes, this.#at);
    this.#at = this.#pad(this.#at, start);
  }

  /** @param {number} type */
  #openBlock(type) {
    if (this.#at > BUFFER_LENGTH - MARGIN) this.#flush();
    const start = this.#at;
    this.bytes.writeUInt32LE(type, start);
    this.#at = start + 8;
    return start;
  }

  /** @param {number} start */
  #closeBlock(start) {
    const length = this.#at + 4 - start;
    writeUint32(this.bytes, start + 4, length);
    writeUint32(this.bytes, this.#at, length);
    this.#at += 4;
  }

  /**
   * Zeros up to a multiple of four from `start`; the position after them.
   * @param {number} at
   * @param {number} start
   */
  #pad(at, start) {
    while ((at - start) & 3) this.bytes[at++] = 0;
    return at;
  }

  /** @param {number} seconds */
  #startSecond(seconds) {
    this.#second = seconds;
    this.#base = this.#interfaces.map(({ resolution, offsetSeconds = 0 }) => {
      const count = BigInt(seconds - offsetSeconds) * BigInt(resolution.units);
      return { high: Number(count >> 32n), low: Number(count & 0xffffffffn) };
    });
  }

  #flush() {
    for (let done = 0; done < this.#at;) done += writeSync(this.#descriptor, this.bytes, done, this.#at - done);
    this.#flushed += this.#at;
    this.#at = 0;
  }
}

/**
 * Little-endian, the low 32 bits of any whole number.
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} value
 */
function writeUint32(b, at, value) {
  b[at] = value;
  b[at + 1] = value >>> 8;
  b[at + 2] = value >>> 16;
  b[at + 3] = value >>> 24;
}
