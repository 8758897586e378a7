/** What fields need besides the batch: the capture points, and state that runs through a file. */
import type { DecodeOptions } from "../decode/decode-options";
import type { CaptureFile, CaptureInterface } from "../readers/capture-file";
import type { KernelExports } from "../kernel/kernel";
import type { JoinedFacts } from "./joined-facts";
import type { PacketNotes } from "../notes/packet-notes";

/** Seconds, which may be negative, and nanoseconds. */
export type PacketTime = readonly [seconds: number, nanoseconds: number];

/** What times of a TCP stream are counted from: its first packet, and the one before; a stream's first has itself. */
export interface StreamTime {
  readonly first: PacketTime;
  readonly last: PacketTime;
}

export interface FieldContext {
  readonly files: readonly CaptureFile[];
  /** By capture point, as the POINT column holds it. */
  readonly points: readonly CaptureInterface[];
  readonly kernel: KernelExports;
  /** Verify IP header checksums; off as in Wireshark, where the status then reads 2 (unverified). */
  readonly verifyChecksums: boolean;
  /** TCP streams are analysed per capture point. */
  readonly pointStreams?: boolean;
  /** Which ports are read as what: names of protocols follow it. */
  readonly decode?: Pick<DecodeOptions, "udpPorts" | "tcpPorts">;
  /** What joining says of packets, where the captures were joined. */
  readonly joined?: JoinedFacts | undefined;
  /** Notes on packets, where a window told some. */
  readonly notes?: PacketNotes | undefined;
  /** Time of packet `number`, from 1, of a file: where packets are decoded in any order. Others are seen one after another. */
  readonly times?: ((file: number, number: number) => PacketTime | undefined) | undefined;
  /** Of the TCP stream of packet `number`, at its capture point: where packets are decoded in any order, as `times`. */
  readonly streamTimes?: ((file: number, number: number) => StreamTime | undefined) | undefined;
  /** 256 bytes of kernel memory for short computations. */
  readonly scratch: number;
}
