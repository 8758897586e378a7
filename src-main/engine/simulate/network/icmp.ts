/**
 * ICMP of one namespace (RFC 792; over IPv6: RFC 4443): echo, errors sent and errors received.
 *
 * ```
 *  0 type   1 code   2 checksum   4 rest (identifier, sequence; MTU in 6-7)   8 data, or the quoted packet: IP header and what follows
 * ```
 */
import { BROADCAST_IP, isMulticast } from "./addresses";
import { checksum, patchChecksum16, putU16, putU32, fold16, sum16, u16, u32 } from "./bytes";
import { ICMPV6_ECHO_REPLY, icmpv6TypeOf, isIcmpv6Error } from "./icmpv6";
import { writeIpHeader } from "./ip-header";
import { isIpv6 } from "./ipv6-addresses";
import {
  IP_DF,
  IP_OFFSET_MASK,
  IPV4_BYTES,
  IPV6_BYTES,
  isIcmp,
  Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "./packet";
import { ICMP_FRAGMENTATION_NEEDED, type NetStack, type QuotedPacket } from "./parts";
import { pseudoHeaderSum } from "./pseudo-header";

const ICMP_BYTES = 8;
/** The whole error message (RFC 1812 section 4.3.2.3). */
const ERROR_BYTES = 576;
/** The smallest MTU of IPv6: no more (RFC 4443 section 2.4). */
const ICMPV6_ERROR_BYTES = 1280;
const TOS_INTERNETWORK_CONTROL = 0xc0;

/** A datagram with its header but for identification and checksum, `payloadBytes` zero bytes behind it. */
export function newDatagram(
  protocol: number,
  source: number,
  destination: number,
  ttl: number,
  payloadBytes: number,
  df: boolean,
): Packet {
  const packet = Packet.withRoom((isIpv6(destination) ? IPV6_BYTES : IPV4_BYTES) + payloadBytes);
  const { buffer, start } = packet;
  if (isIpv6(destination)) {
    writeIpHeader(packet, { protocol, source, destination, ttl, tos: 0, identification: 0, df });
    packet.mayFragment = !df;
    return packet;
  }
  buffer[start] = 0x45;
  putU16(buffer, start + 2, IPV4_BYTES + payloadBytes);
  if (df) putU16(buffer, start + 6, IP_DF);
  buffer[start + 8] = ttl;
  buffer[start + 9] = protocol;
  putU32(buffer, start + 12, source);
  putU32(buffer, start + 16, destination);
  return packet;
}

/** Identification and header checksum: the last thing before it is sent. IPv6 has neither. */
export function sealDatagram(packet: Packet, identification: number): void {
  const { buffer, start } = packet;
  if (packet.isIpv6) return;
  putU16(buffer, start + 4, identification);
  putU16(buffer, start + 10, checksum(buffer, start, start + IPV4_BYTES));
}

/** Writes the checksum of an ICMP message: ICMPv6's covers the addresses, too. */
export function sealIcmp(packet: Packet): void {
  const { buffer, end, transportAt: at } = packet;
  putU16(buffer, at + 2, 0);
  const pseudo = packet.isIpv6 ? pseudoHeaderSum(packet.source, packet.destination, PROTOCOL_ICMPV6, end - at) : 0;
  putU16(buffer, at + 2, ~fold16(pseudo + sum16(buffer, at, end)) & 0xffff);
}

/** Answers an echo request. */
export function echoReply(stack: NetStack, request: Packet): Packet {
  const { protocol, transportAt: from } = request;
  const bytes = request.end - from;
  const reply = newDatagram(protocol, request.destination, request.source, stack.defaultTtl, bytes, false);
  const { buffer, start, transportAt: at } = reply;
  if (!reply.isIpv6) buffer[start + 1] = request.buffer[request.start + 1] as number;
  buffer.set(request.buffer.subarray(from, request.end), at);
  const before = u16(buffer, at);
  const after = (reply.isIpv6 ? ICMPV6_ECHO_REPLY << 8 : 0) | (before & 0xff);
  putU16(buffer, at, after);
  patchChecksum16(buffer, at + 2, before, after);
  sealDatagram(reply, stack.nextIdentification(request.source, protocol));
  return reply;
}

/** May an error be sent about it? Not about errors, later fragments, broadcasts, or packets from nowhere (RFC 1122 section 3.2.2). */
export function mayComplainAbout(packet: Packet): boolean {
  if ((packet.fragmentWord & IP_OFFSET_MASK) !== 0) return false;
  const { source, destination } = packet;
  if (source === 0 || destination === BROADCAST_IP || isMulticast(destination) || isMulticast(source)) return false;
  const type = packet.buffer[packet.transportAt] as number;
  if (packet.protocol === PROTOCOL_ICMPV6) return !isIcmpv6Error(type);
  return packet.protocol !== PROTOCOL_ICMP || type === 0 || type === 8 || type > 12;
}

export function errorAbout(stack: NetStack, about: Packet, source: number, reason: number, mtu: number): Packet {
  const { isIpv6 } = about;
  const limit = isIpv6 ? ICMPV6_ERROR_BYTES - IPV6_BYTES : ERROR_BYTES - IPV4_BYTES;
  const quoted = Math.min(about.length, limit - ICMP_BYTES);
  const protocol = isIpv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
  const error = newDatagram(protocol, source, about.source, stack.defaultTtl, ICMP_BYTES + quoted, false);
  const { buffer, start, transportAt: at } = error;
  putU16(buffer, at, isIpv6 ? icmpv6TypeOf(reason) : reason);
  if (!isIpv6) buffer[start + 1] = TOS_INTERNETWORK_CONTROL;
  // Both have it in the last two bytes: ICMPv6's MTU is a 32-bit number.
  if (reason === ICMP_FRAGMENTATION_NEEDED) putU16(buffer, at + 6, mtu);
  buffer.set(about.buffer.subarray(about.start, about.start + quoted), at + ICMP_BYTES);
  sealIcmp(error);
  sealDatagram(error, stack.nextIdentification(about.source, protocol));
  return error;
}

/** What an error message quotes, undefined if it is too short. `packet.start` is at the message's IP header. */
export function quotedIn(packet: Packet): QuotedPacket | undefined {
  const { buffer, end } = packet;
  const ip = packet.transportAt + ICMP_BYTES;
  if (ip + (packet.isIpv6 ? IPV6_BYTES : IPV4_BYTES) > end) return undefined;
  const quoted = new Packet(buffer, ip, end);
  const { protocol, transportAt: transport } = quoted;
  if (transport + 8 > end) return undefined;
  const isEcho = isIcmp(protocol);
  return {
    protocol,
    source: quoted.source,
    destination: quoted.destination,
    sourcePort: u16(buffer, isEcho ? transport + 4 : transport),
    destinationPort: u16(buffer, isEcho ? transport + 6 : transport + 2),
    sequence: protocol === PROTOCOL_TCP ? u32(buffer, transport + 4) : 0,
  };
}

/** The RST for a segment that nobody wants (RFC 9293 section 3.10.7.1); undefined for a RST. */
export function resetFor(stack: NetStack, about: Packet): Packet | undefined {
  const from = about.transportAt;
  const flags = about.buffer[from + 13] as number;
  if ((flags & 0x04) !== 0) return undefined;
  const reset = newDatagram(PROTOCOL_TCP, about.destination, about.source, stack.defaultTtl, 20, true);
  const { buffer, transportAt: at } = reset;
  putU16(buffer, at, u16(about.buffer, from + 2));
  putU16(buffer, at + 2, u16(about.buffer, from));
  buffer[at + 12] = 0x50;
  if ((flags & 0x10) !== 0) {
    putU32(buffer, at + 4, u32(about.buffer, from + 8));
    buffer[at + 13] = 0x04;
  } else {
    const dataBytes = about.end - from - (((about.buffer[from + 12] as number) >> 4) << 2);
    const length = dataBytes + (flags & 0x01) + ((flags & 0x02) >> 1);
    putU32(buffer, at + 8, (u32(about.buffer, from + 4) + length) >>> 0);
    buffer[at + 13] = 0x14;
  }
  sealTransport(reset);
  // DF and no socket: Linux sends identification 0.
  sealDatagram(reset, 0);
  return reset;
}

/** Writes the checksum of a TCP or UDP datagram. */
export function sealTransport(packet: Packet): void {
  const { buffer, end, protocol } = packet;
  const at = packet.transportAt;
  const field = at + (protocol === PROTOCOL_UDP ? 6 : 16);
  putU16(buffer, field, 0);
  const pseudo = pseudoHeaderSum(packet.source, packet.destination, protocol, end - at);
  const value = ~fold16(pseudo + sum16(buffer, at, end)) & 0xffff;
  putU16(buffer, field, value === 0 && protocol === PROTOCOL_UDP ? 0xffff : value);
}

/** Is the checksum of a UDP datagram sound, or absent? */
export function udpChecksumHolds(packet: Packet): boolean {
  const { buffer, end } = packet;
  const at = packet.transportAt;
  if (packet.partialChecksum || u16(buffer, at + 6) === 0) return true;
  const pseudo = pseudoHeaderSum(packet.source, packet.destination, PROTOCOL_UDP, end - at);
  return fold16(pseudo + sum16(buffer, at, end)) === 0xffff;
}
