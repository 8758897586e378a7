/**
 * Classic pcap files.
 *
 * ```
 *  file:    0 magic a1b2c3d4 µs | a1b23c4d ns   4 version 2, 4   8 zone 0   12 sigfigs 0   16 snap length   20 link type (FCS in the top bits)   24
 *  record:  0 seconds   4 µs or ns   8 captured length   12 original length   16 data
 * ```
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
 */
import { CaptureChunks, type ChunkSink } from "./capture-chunks";
import type { CaptureTime } from "./capture-time";
import { checkField } from "./layer";

export interface PcapOptions {
  readonly linkType: number;
  /** Packets are cut to it. Default 262144, 0 = no limit. */
  readonly snapLength?: number;
  /** Default "us". Finer times are rounded down. */
  readonly resolution?: "us" | "ns";
  readonly bigEndian?: boolean;
  /** Bytes of frame check sequence at each packet's end, noted in the link-type word. Must be even. */
  readonly fcsLength?: number;
  readonly chunkLength?: number;
}

export interface PcapPacket {
  readonly time: CaptureTime;
  readonly bytes: Uint8Array;
  /** Length on the wire. Default: that of `bytes`. */
  readonly originalLength?: number;
}

/** The header is written at once. Call `flush` at the end. */
export class PcapWriter {
  readonly #chunks: CaptureChunks;
  readonly #snapLength: number;
  readonly #perTick: number;

  constructor(sink: ChunkSink, options: PcapOptions) {
    this.#chunks = new CaptureChunks(sink, options.chunkLength);
    this.#chunks.setByteOrder(options.bigEndian !== true);
    this.#snapLength = options.snapLength ?? 262144;
    this.#perTick = options.resolution === "ns" ? 1 : 1000;
    const fcs = options.fcsLength === undefined ? 0 : (((options.fcsLength / 2) << 28) | 0x04000000) >>> 0;
    const linkType = checkField("pcap", "link type", options.linkType, 0xffff);
    this.#chunks.out
      .u32(this.#perTick === 1 ? 0xa1b23c4d : 0xa1b2c3d4)
      .u16(2)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(this.#snapLength)
      .u32((fcs | linkType) >>> 0);
  }

  packet(packet: PcapPacket): void {
    const { bytes, time } = packet;
    const captured = this.#snapLength === 0 ? bytes.length : Math.min(bytes.length, this.#snapLength);
    this.#chunks.out
      .u32(checkField("pcap", "seconds", time.seconds, 0xffffffff))
      .u32(Math.floor(time.nanoseconds / this.#perTick))
      .u32(captured)
      .u32(packet.originalLength ?? bytes.length)
      .bytes(captured === bytes.length ? bytes : bytes.subarray(0, captured));
    this.#chunks.settle();
  }

  /** Hands on what is still held. */
  flush(): void {
    this.#chunks.flush();
  }
}
