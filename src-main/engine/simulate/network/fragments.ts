/** Fragmentation and reassembly: IPv4 (RFC 791 sections 2.3 and 3.2), IPv6 with its fragment header (RFC 8200 section 4.5). */
import { checksum, putU16, putU32, u16, u32 } from "./bytes";
import { Timer } from "./event-queue";
import {
  IP_DF,
  IP_MF,
  IP_OFFSET_MASK,
  IPV6_BYTES,
  IPV6_FRAGMENT_BYTES,
  Packet,
  PROTOCOL_IPV6_FRAGMENT,
} from "./packet";
import { ICMP_REASSEMBLY_EXCEEDED, type NetStack } from "./parts";

/** `ipfrag_time` of Linux. */
const REASSEMBLY_NS = 30e9;
/** A datagram's length is 16 bits: pieces that reach further are an attack ("ping of death"). */
const LARGEST_PAYLOAD = 65_515;

/** Pieces of at most `mtu` bytes each; tracking and number are the datagram's, so is IPv4's identification. `identification`: for IPv6. */
export function fragment(packet: Packet, mtu: number, identification: number): readonly Packet[] {
  const { buffer, start, isIpv6 } = packet;
  const wholeHeader = packet.headerBytes;
  const headerBytes = isIpv6 ? IPV6_BYTES + IPV6_FRAGMENT_BYTES : wholeHeader;
  const step = (mtu - headerBytes) & ~7;
  const word = packet.fragmentWord;
  const baseOffset = word & IP_OFFSET_MASK;
  const payloadAt = start + wholeHeader;
  const pieces: Packet[] = [];
  for (let offset = payloadAt; offset < packet.end; offset += step) {
    const length = Math.min(step, packet.end - offset);
    const piece = Packet.withRoom(headerBytes + length);
    piece.buffer.set(buffer.subarray(start, start + (isIpv6 ? IPV6_BYTES : wholeHeader)), piece.start);
    piece.buffer.set(buffer.subarray(offset, offset + length), piece.start + headerBytes);
    piece.markAs(packet);
    piece.depth = packet.depth;
    const more = offset + length < packet.end || (word & IP_MF) !== 0;
    if (isIpv6) {
      const at = piece.start + IPV6_BYTES;
      putU16(piece.buffer, piece.start + 4, piece.length - IPV6_BYTES);
      piece.buffer[piece.start + 6] = PROTOCOL_IPV6_FRAGMENT;
      piece.buffer[at] = packet.protocol;
      // The offset is a multiple of 8: its bytes and the flag M share the field.
      putU16(piece.buffer, at + 2, baseOffset * 8 + (offset - payloadAt) + (more ? 1 : 0));
      putU32(piece.buffer, at + 4, identification);
      pieces.push(piece);
      continue;
    }
    putU16(piece.buffer, piece.start + 2, headerBytes + length);
    putU16(
      piece.buffer,
      piece.start + 6,
      (word & IP_DF) | (more ? IP_MF : 0) | (baseOffset + ((offset - payloadAt) >> 3)),
    );
    putU16(piece.buffer, piece.start + 10, 0);
    putU16(piece.buffer, piece.start + 10, checksum(piece.buffer, piece.start, piece.start + headerBytes));
    pieces.push(piece);
  }
  return pieces;
}

interface Pile {
  readonly pieces: Packet[];
  readonly timer: Timer;
}

export class Reassembly {
  readonly #stack: NetStack;
  readonly #piles = new Map<string, Pile>();

  constructor(stack: NetStack) {
    this.#stack = stack;
  }

  /** The whole datagram with the last missing piece, else undefined. */
  add(packet: Packet): Packet | undefined {
    const key = `${packet.source} ${packet.destination} ${packet.protocol} ${identificationOf(packet)}`;
    let pile = this.#piles.get(key);
    if (pile === undefined) {
      const timer = new Timer(this.#stack.world.queue, () => {
        this.#expire(key);
      });
      timer.set(this.#stack.world.nowNs + REASSEMBLY_NS);
      pile = { pieces: [], timer };
      this.#piles.set(key, pile);
    }
    const { pieces } = pile;
    const offset = offsetOf(packet);
    if (endOf(packet) > LARGEST_PAYLOAD) {
      this.#stack.world.drop(this.#stack, undefined, "malformed", packet);
      return undefined;
    }
    // Duplicates and overlaps are ignored, the first one counts.
    if (pieces.some((other) => offset < endOf(other) && offsetOf(other) < endOf(packet))) return undefined;
    pieces.push(packet);
    pieces.sort((a, b) => offsetOf(a) - offsetOf(b));
    const last = pieces.at(-1) as Packet;
    if ((last.fragmentWord & IP_MF) !== 0) return undefined;
    let expected = 0;
    for (const piece of pieces) {
      if (offsetOf(piece) !== expected) return undefined;
      expected = endOf(piece);
    }
    pile.timer.clear();
    this.#piles.delete(key);
    return join(pieces, expected);
  }

  #expire(key: string): void {
    const pile = this.#piles.get(key);
    if (pile === undefined) return;
    this.#piles.delete(key);
    for (const piece of pile.pieces) this.#stack.world.drop(this.#stack, undefined, "reassembly-timeout", piece);
    // Only with the first piece there are ports to quote.
    const [first] = pile.pieces;
    if (first !== undefined && offsetOf(first) === 0 && this.#stack.isLocalAddress(first.destination))
      this.#stack.sendIcmpError(first, ICMP_REASSEMBLY_EXCEEDED);
  }
}

function identificationOf(packet: Packet): number {
  const { buffer, start } = packet;
  return packet.isIpv6 ? u32(buffer, start + IPV6_BYTES + 4) : u16(buffer, start + 4);
}

function join(pieces: readonly Packet[], payloadBytes: number): Packet {
  const first = pieces[0] as Packet;
  const headerBytes = first.isIpv6 ? IPV6_BYTES : first.headerBytes;
  const whole = Packet.withRoom(headerBytes + payloadBytes);
  whole.buffer.set(first.buffer.subarray(first.start, first.start + headerBytes), whole.start);
  for (const piece of pieces) {
    whole.buffer.set(
      piece.buffer.subarray(piece.start + piece.headerBytes, piece.end),
      whole.start + headerBytes + offsetOf(piece),
    );
    whole.largestFragment = Math.max(whole.largestFragment, piece.length);
  }
  whole.journey = first.journey;
  whole.depth = first.depth;
  whole.mark = first.mark;
  whole.preRouted = first.preRouted;
  if (first.isIpv6) {
    putU16(whole.buffer, whole.start + 4, payloadBytes);
    whole.buffer[whole.start + 6] = first.protocol;
    return whole;
  }
  putU16(whole.buffer, whole.start + 2, whole.length);
  putU16(whole.buffer, whole.start + 6, first.fragmentWord & IP_DF);
  putU16(whole.buffer, whole.start + 10, 0);
  putU16(whole.buffer, whole.start + 10, checksum(whole.buffer, whole.start, whole.start + headerBytes));
  return whole;
}

function offsetOf(packet: Packet): number {
  return (packet.fragmentWord & IP_OFFSET_MASK) << 3;
}

function endOf(packet: Packet): number {
  return offsetOf(packet) + packet.length - packet.headerBytes;
}

export function isFragment(packet: Packet): boolean {
  return (packet.fragmentWord & (IP_MF | IP_OFFSET_MASK)) !== 0;
}
