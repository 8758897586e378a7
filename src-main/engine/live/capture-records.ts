/**
 * The records of a capture whose bytes come in pieces (pcap or pcapng, either byte order): for merging recordings that still grow.
 * What is read once and at leisure goes through the kernel (decode/decode-stage.ts); this copies, it does not decode.
 *
 * ```
 * bytes, in any pieces ─► take(bytes) ─┬─► interface    pcap has one; in pcapng numbers count through all sections
 *                                      ├─► packet       with its options as they are
 *                                      └─► statistics, other blocks
 * ```
 */
import { BYTE_ORDER_MAGIC, isPcapMagic, PCAP_HEAD_BYTES, pcapInterface, pcapRecords } from "../decode/capture-head";
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
} from "../../../src-shared/model/header-numbers";
import { type InterfaceDescription, readInterface, readOptions, readStatistics } from "../readers/pcapng-blocks";
import type { InterfaceStatistics } from "../readers/capture-file";
import type { CaptureTime } from "../../../src-shared/wire/write/capture-time";
import type { RawOption } from "../../../src-shared/wire/write/pcapng";

export interface RecordedPacket {
  /** Number of its interface in this capture. */
  readonly interface: number;
  readonly time: CaptureTime;
  /** A copy. */
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  /** pcapng only, little-endian sections only. */
  readonly options: readonly RawOption[];
}

export interface RecordListener {
  interface(described: InterfaceDescription): void;
  packet(packet: RecordedPacket): void;
  statistics(counts: InterfaceStatistics): void;
  /** Any other block of a little-endian section: names, secrets, custom blocks. `body` is a copy. */
  block(type: number, body: Uint8Array): void;
}

const PCAP_RECORD = 16;
const BILLION = 1_000_000_000n;
/** As the kernel's limit: nothing sensible is longer, and what is not sensible must not be waited for. */
const MAX_RECORD_BYTES = 1 << 24;

/** Seconds and nanoseconds of a pcapng time. */
type Clock = (high: number, low: number) => CaptureTime;

export class CaptureRecords {
  /** What came and is no whole record yet. */
  private rest = new Uint8Array(0);
  /** Byte offset of `rest` in the capture, for messages. */
  private offset = 0;
  private format: "unknown" | "pcap" | "pcapng" = "unknown";
  private bigEndian = false;
  private fractionNs = 1000;
  /** Bytes between a pcap record's head and its data. */
  private recordExtra = 0;
  private interfaces = 0;
  private sectionBase = 0;
  private clocks: Clock[] = [];

  constructor(private readonly listener: RecordListener) {}

  /** Bytes that are still waiting for the rest of their record. */
  get waiting(): number {
    return this.rest.length;
  }

  /** @throws Error that says what was expected at which byte: nothing behind it can be read */
  take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.rest.length + bytes.length);
    all.set(this.rest);
    all.set(bytes, this.rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    for (;;) {
      const length = this.record(all, view, at);
      if (length === 0) break;
      at += length;
      this.offset += length;
    }
    this.rest = all.slice(at);
  }

  /** Reads the record at `at`; returns its length, 0 if it is not whole yet. */
  private record(bytes: Uint8Array, view: DataView, at: number): number {
    const left = bytes.length - at;
    if (this.format === "unknown") return left < PCAP_HEAD_BYTES ? 0 : this.head(view, at);
    return this.format === "pcap" ? this.pcapRecord(bytes, view, at, left) : this.block(bytes, view, at, left);
  }

  /** Tells the format by the magic. pcapng's section is read as a block. */
  private head(view: DataView, at: number): number {
    const little = view.getUint32(at, true);
    if (little === BLOCK_SECTION) {
      this.format = "pcapng";
      return this.block(new Uint8Array(view.buffer), view, at, view.byteLength - at);
    }
    const big = view.getUint32(at, false);
    if (!isPcapMagic(little) && !isPcapMagic(big))
      throw new Error(`byte 0: expected a pcap or pcapng capture, found ${big.toString(16).padStart(8, "0")}`);
    this.bigEndian = !isPcapMagic(little);
    const magic = this.bigEndian ? big : little;
    this.format = "pcap";
    const { nanoseconds, extraBytes } = pcapRecords(magic);
    this.fractionNs = nanoseconds ? 1 : 1000;
    this.recordExtra = extraBytes;
    this.interfaces = 1;
    this.listener.interface(pcapInterface(view, at, this.bigEndian, nanoseconds));
    return PCAP_HEAD_BYTES;
  }

  private pcapRecord(bytes: Uint8Array, view: DataView, at: number, left: number): number {
    if (left < PCAP_RECORD) return 0;
    const word = (n: number): number => view.getUint32(at + n * 4, !this.bigEndian);
    const captured = word(2);
    this.checkLength(captured, "packet");
    const from = at + PCAP_RECORD + this.recordExtra;
    if (left < PCAP_RECORD + this.recordExtra + captured) return 0;
    this.listener.packet({
      interface: 0,
      time: { seconds: word(0), nanoseconds: Math.min(word(1) * this.fractionNs, 999_999_999) },
      bytes: bytes.slice(from, from + captured),
      originalLength: word(3),
      options: [],
    });
    return from + captured - at;
  }

  private block(bytes: Uint8Array, view: DataView, at: number, left: number): number {
    if (left < 12) return 0;
    if (view.getUint32(at, true) === BLOCK_SECTION) {
      this.bigEndian = view.getUint32(at + 8, true) !== BYTE_ORDER_MAGIC;
      if (this.bigEndian && view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC)
        throw new Error(`byte ${this.offset + 8}: expected the byte-order magic of a section`);
      this.sectionBase = this.interfaces;
    }
    const type = view.getUint32(at, !this.bigEndian);
    const total = view.getUint32(at + 4, !this.bigEndian);
    if (total < 12) throw new Error(`byte ${this.offset + 4}: expected a block length of at least 12, found ${total}`);
    this.checkLength(total, "block");
    const length = (total + 3) & ~3;
    if (left < length) return 0;
    switch (type) {
      case BLOCK_SECTION:
        break;
      case BLOCK_INTERFACE: {
        const described = readInterface(bytes, at, total, this.bigEndian);
        this.clocks[this.interfaces++] = clockOf(described);
        this.listener.interface(described);
        break;
      }
      case BLOCK_ENHANCED_PACKET:
        this.packetBlock(bytes, view, at, total, view.getUint32(at + 8, !this.bigEndian));
        break;
      case BLOCK_OBSOLETE_PACKET:
        this.packetBlock(bytes, view, at, total, view.getUint16(at + 8, !this.bigEndian));
        break;
      case BLOCK_SIMPLE_PACKET: {
        const originalLength = view.getUint32(at + 8, !this.bigEndian);
        const data = bytes.slice(at + 12, at + Math.min(total - 4, 12 + originalLength));
        const time = { seconds: 0, nanoseconds: 0 };
        this.listener.packet({ interface: this.sectionBase, time, bytes: data, originalLength, options: [] });
        break;
      }
      case BLOCK_STATISTICS: {
        const counts = readStatistics(bytes, at, total, this.bigEndian);
        this.listener.statistics({ ...counts, interface: counts.interface + this.sectionBase });
        break;
      }
      default:
        if (!this.bigEndian) this.listener.block(type, bytes.slice(at + 8, at + total - 4));
    }
    return length;
  }

  private packetBlock(bytes: Uint8Array, view: DataView, at: number, total: number, inSection: number): void {
    const number = this.sectionBase + inSection;
    const clock = this.clocks[number];
    const captured = view.getUint32(at + 20, !this.bigEndian);
    if (!clock) throw new Error(`byte ${this.offset + 8}: the section has no interface ${inSection}`);
    if (captured > total - 32)
      throw new Error(
        `byte ${this.offset + 20}: a packet of ${captured} bytes does not fit into its block of ${total}`,
      );
    const from = at + 28;
    const behind = from + ((captured + 3) & ~3);
    this.listener.packet({
      interface: number,
      time: clock(view.getUint32(at + 12, !this.bigEndian), view.getUint32(at + 16, !this.bigEndian)),
      bytes: bytes.slice(from, from + captured),
      originalLength: view.getUint32(at + 24, !this.bigEndian),
      options: this.bigEndian
        ? []
        : readOptions(bytes, behind, at + total - 4, false).map(({ code, start, length }) => ({
            code,
            data: bytes.slice(start, start + length),
          })),
    });
  }

  private checkLength(length: number, what: string): void {
    if (length > MAX_RECORD_BYTES)
      throw new Error(`byte ${this.offset}: a ${what} of ${length} bytes, more than ${MAX_RECORD_BYTES}`);
  }
}

/** How an interface's 64-bit ticks become a time. */
function clockOf({ binaryTime, exponent, offsetSeconds }: InterfaceDescription): Clock {
  const offset = Number(offsetSeconds);
  const perSecond = binaryTime ? 1n << BigInt(exponent) : 10n ** BigInt(exponent);
  return (high, low) => {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const seconds = ticks / perSecond;
    return {
      seconds: Number(seconds) + offset,
      nanoseconds: Number(((ticks - seconds * perSecond) * BILLION) / perSecond),
    };
  };
}
