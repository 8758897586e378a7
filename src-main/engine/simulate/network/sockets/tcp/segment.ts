/**
 * TCP segments (RFC 9293 section 3.1) with the options of Linux.
 *
 * ```
 *  0 source port   2 destination port   4 sequence   8 acknowledgment   12 header length   13 flags   14 window   16 checksum   20 options …
 *  SYN     MSS · SACK permitted · timestamps · NOP, window scale
 *  others  NOP NOP timestamps [· NOP NOP SACK blocks]
 * ```
 */
import { putU16, putU32, u16, u32 } from "../../bytes";
import type { Packet } from "../../packet";

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** A received segment, read into one object again and again. */
export class Segment {
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  window = 0;
  /** Offsets in the packet's buffer. */
  payloadStart = 0;
  payloadEnd = 0;
  /** 0: not given. */
  mss = 0;
  /** -1: not given. */
  windowScale = -1;
  sackPermitted = false;
  hasTimestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  /** Pairs of left and right edges. */
  readonly sack: number[] = [];

  /** False if the header is not sound. `packet.start` is at the IP header. */
  read(packet: Packet): boolean {
    const { buffer, end } = packet;
    const at = packet.transportAt;
    if (end - at < 20) return false;
    const headerBytes = ((buffer[at + 12] as number) >> 4) << 2;
    if (headerBytes < 20 || at + headerBytes > end) return false;
    this.sequence = u32(buffer, at + 4);
    this.acknowledgment = u32(buffer, at + 8);
    this.flags = buffer[at + 13] as number;
    this.window = u16(buffer, at + 14);
    this.payloadStart = at + headerBytes;
    this.payloadEnd = end;
    this.mss = 0;
    this.windowScale = -1;
    this.sackPermitted = false;
    this.hasTimestamps = false;
    this.sack.length = 0;
    if (headerBytes > 20) this.#readOptions(buffer, at + 20, at + headerBytes);
    return true;
  }

  #readOptions(buffer: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const kind = buffer[at] as number;
      if (kind === 0) return;
      if (kind === 1) {
        at++;
        continue;
      }
      const length = buffer[at + 1] ?? 0;
      if (length < 2 || at + length > end) return;
      if (kind === 2 && length === 4) this.mss = u16(buffer, at + 2);
      else if (kind === 3 && length === 3) this.windowScale = Math.min(14, buffer[at + 2] as number);
      else if (kind === 4) this.sackPermitted = true;
      else if (kind === 8 && length === 10) {
        this.hasTimestamps = true;
        this.timestamp = u32(buffer, at + 2);
        this.timestampEcho = u32(buffer, at + 6);
      } else if (kind === 5)
        for (let block = at + 2; block + 8 <= at + length; block += 8)
          this.sack.push(u32(buffer, block), u32(buffer, block + 4));
      at += length;
    }
  }

  get length(): number {
    return this.payloadEnd - this.payloadStart;
  }
}

export function writeTimestamps(buffer: Uint8Array, at: number, value: number, echo: number): void {
  buffer[at] = 8;
  buffer[at + 1] = 10;
  putU32(buffer, at + 2, value);
  putU32(buffer, at + 6, echo);
}

export function writeMss(buffer: Uint8Array, at: number, mss: number): void {
  buffer[at] = 2;
  buffer[at + 1] = 4;
  putU16(buffer, at + 2, mss);
}

/** Sequence numbers wrap: is `a` after `b`? */
export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** How far `a` is after `b`, negative if before. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

export function plus(sequence: number, bytes: number): number {
  return (sequence + bytes) >>> 0;
}
