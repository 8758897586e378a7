/**
 * A frame or datagram on its way: one buffer with room in front, patched in place from the first device to the last.
 *
 * ```
 *  buffer  |········ headroom ········| Ethernet | IP | TCP | payload |
 *                                     ^ start, at a device             ^ end
 *                                                ^ start, at the IP layer
 * ```
 */
import { putU16, u16, u32 } from "./bytes";
import { ipv6Number } from "./ipv6-addresses";
import type { TrackedConnection } from "./netfilter/tracked-connection";

/** Enough for two encapsulations (14 + 20 + 8 + 8 each). */
const HEADROOM = 128;
export const ETHERNET_BYTES = 14;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

export const IPV4_BYTES = 20;
export const IPV6_BYTES = 40;
/** RFC 8200 section 4.5: next header, reserved, offset and M, identification. */
export const IPV6_FRAGMENT_BYTES = 8;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IPIP = 4;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_IPV6_FRAGMENT = 44;
export const PROTOCOL_ICMPV6 = 58;

export const IP_DF = 0x4000;
export const IP_MF = 0x2000;
export const IP_OFFSET_MASK = 0x1fff;

/** How connection tracking sees a packet. */
export const TRACK_NONE = 0;
export const TRACK_NEW = 1;
export const TRACK_ESTABLISHED = 2;
export const TRACK_RELATED = 3;
export const TRACK_INVALID = 4;
export const TRACK_UNTRACKED = 5;

export class Packet {
  buffer: Uint8Array;
  start: number;
  end: number;
  /** Number of the innermost IP packet, 0 if it is none. */
  journey = 0;
  /** How many tunnels the IP packet at hand is the outside of. */
  depth = 0;
  /** fwmark; survives encapsulation within a namespace, not a veth. */
  mark = 0;
  /** The route's gateway, else the destination: for tunnels that choose their far end by it. */
  nextHop = 0;
  track: TrackedConnection | undefined = undefined;
  trackState = TRACK_NONE;
  /** Travels in the direction of the connection's replies. */
  isReply = false;
  /** PREROUTING was done at the bridge. */
  preRouted = false;
  /** The destination address of the frame is nobody here: only packet sockets look at it. */
  forOthers = false;
  /** The bridge took it for its own before NAT gave it another destination. */
  forUs = false;
  /** TCP's checksum field holds the folded pseudo-header only (offload). */
  partialChecksum = false;
  /** Payload bytes of each segment to be made of it; 0: it is one frame. */
  segmentBytes = 0;
  /** IPv6: its sender may cut it. */
  mayFragment = false;
  /** Largest fragment it was put together from; 0: it was whole. */
  largestFragment = 0;
  /** The neighbour it is sent to has proved to be there (TCP made progress). */
  confirms = false;

  constructor(buffer: Uint8Array, start: number, end: number) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  /** An empty one with room for `bytes` at the end. */
  static withRoom(bytes: number): Packet {
    return new Packet(new Uint8Array(HEADROOM + bytes), HEADROOM, HEADROOM + bytes);
  }

  static of(bytes: Uint8Array): Packet {
    const packet = Packet.withRoom(bytes.length);
    packet.buffer.set(bytes, packet.start);
    return packet;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A piece of `whole`: what the kernel knows of that one, it knows of this. */
  markAs(whole: Packet): void {
    this.journey = whole.journey;
    this.mark = whole.mark;
    this.track = whole.track;
    this.trackState = whole.trackState;
    this.isReply = whole.isReply;
    this.nextHop = whole.nextHop;
  }

  view(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }

  /** Moves `start` forward by that many bytes to be written; the buffer grows if there is no room. */
  push(bytes: number): void {
    if (this.start < bytes) {
      const larger = new Uint8Array(this.buffer.length + HEADROOM);
      larger.set(this.buffer, HEADROOM);
      this.buffer = larger;
      this.start += HEADROOM;
      this.end += HEADROOM;
    }
    this.start -= bytes;
  }

  /** A copy with bytes of its own, as it is on the wire: what a namespace knew of it (mark, tracking) is not copied. */
  copyOnWire(): Packet {
    const copy = new Packet(this.buffer.slice(), this.start, this.end);
    copy.journey = this.journey;
    copy.depth = this.depth;
    copy.partialChecksum = this.partialChecksum;
    copy.segmentBytes = this.segmentBytes;
    return copy;
  }

  /** Another namespace gets it: what the last one knew is forgotten. */
  scrub(): void {
    this.mark = 0;
    this.forgetTracking();
    this.preRouted = false;
    this.forOthers = false;
    this.forUs = false;
    this.mayFragment = false;
    this.largestFragment = 0;
    this.confirms = false;
  }

  forgetTracking(): void {
    this.track = undefined;
    this.trackState = TRACK_NONE;
    this.isReply = false;
  }

  // The following hold while `start` is at an IPv4 or IPv6 header.

  get isIpv6(): boolean {
    return (this.buffer[this.start] as number) >> 4 === 6;
  }
  /** With the fragment header, the only one of IPv6's that is made or heeded here. */
  get headerBytes(): number {
    const { buffer, start } = this;
    const first = buffer[start] as number;
    if (first >> 4 !== 6) return (first & 15) << 2;
    return buffer[start + 6] === PROTOCOL_IPV6_FRAGMENT ? IPV6_BYTES + IPV6_FRAGMENT_BYTES : IPV6_BYTES;
  }
  get protocol(): number {
    return protocolAt(this.buffer, this.start);
  }
  get ttl(): number {
    return this.buffer[this.start + (this.isIpv6 ? 7 : 8)] as number;
  }
  get source(): number {
    return this.isIpv6 ? ipv6Number(this.buffer, this.start + 8) : u32(this.buffer, this.start + 12);
  }
  get destination(): number {
    return this.isIpv6 ? ipv6Number(this.buffer, this.start + 24) : u32(this.buffer, this.start + 16);
  }
  /** As IPv4 has it: DF, MF and the offset in units of 8 bytes. IPv6 is never cut on its way: DF is always set. */
  get fragmentWord(): number {
    const { buffer, start } = this;
    if ((buffer[start] as number) >> 4 !== 6) return u16(buffer, start + 6);
    if (buffer[start + 6] !== PROTOCOL_IPV6_FRAGMENT) return IP_DF;
    const word = u16(buffer, start + IPV6_BYTES + 2);
    return IP_DF | ((word & 1) !== 0 ? IP_MF : 0) | (word >> 3);
  }
  /** Offset in the buffer of what follows the IP header, fragment header included. */
  get transportAt(): number {
    return this.start + this.headerBytes;
  }
}

/** Of the datagram at `ip`: what its payload is. */
function protocolAt(bytes: Uint8Array, ip: number): number {
  if ((bytes[ip] as number) >> 4 !== 6) return bytes[ip + 9] as number;
  const next = bytes[ip + 6] as number;
  return next === PROTOCOL_IPV6_FRAGMENT ? (bytes[ip + IPV6_BYTES] as number) : next;
}

/** The ethertype of the datagram at `start`. */
export function ethertypeOf(packet: Packet): number {
  return packet.isIpv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
}

export function isIcmp(protocol: number): boolean {
  return protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6;
}

/** Puts an Ethernet header in front of a datagram. */
export function pushEthernet(packet: Packet, to: Uint8Array, from: Uint8Array, type: number): void {
  packet.push(ETHERNET_BYTES);
  packet.buffer.set(to, packet.start);
  packet.buffer.set(from, packet.start + 6);
  putU16(packet.buffer, packet.start + 12, type);
}
