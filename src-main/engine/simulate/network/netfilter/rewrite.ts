/** Changes an address and a port of a packet in place, with all checksums they are part of (RFC 1624). `packet.start` is at the IP header. */
import { fold16, patchChecksum16, patchChecksum32, putU16, putU32, u16, u32 } from "../bytes";
import { ipv6Number, ipv6Sum, putIpv6 } from "../ipv6-addresses";
import { IP_OFFSET_MASK, isIcmp, Packet, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../packet";

export type End = "source" | "destination";

/** `port`: the new one, or ICMP identifier. */
export function rewriteEndpoint(packet: Packet, end: End, address: number, port: number): void {
  rewriteAt(packet, end, address, port, packet.partialChecksum);
}

/** The packet that an ICMP error quotes at `ip`: less than it was, its checksum may be missing. */
export function rewriteQuoted(error: Packet, ip: number, end: End, address: number, port: number): void {
  rewriteAt(new Packet(error.buffer, ip, error.end), end, address, port, false);
}

/** Offset of the address in the IP header. */
export function addressAt(isIpv6: boolean, end: End): number {
  if (isIpv6) return end === "source" ? 8 : 24;
  return end === "source" ? 12 : 16;
}

function rewriteAt(packet: Packet, which: End, address: number, port: number, partialChecksum: boolean): void {
  const { buffer: bytes, start: ip, end, isIpv6 } = packet;
  const at = ip + addressAt(isIpv6, which);
  const before = isIpv6 ? ipv6Number(bytes, at) : u32(bytes, at);
  if (isIpv6) putIpv6(bytes, at, address);
  else {
    putU32(bytes, at, address);
    if (before !== address) patchChecksum32(bytes, ip + 10, before, address);
  }
  if ((packet.fragmentWord & IP_OFFSET_MASK) !== 0) return;
  const { protocol, transportAt: transport } = packet;
  if (isIcmp(protocol)) {
    if (protocol === PROTOCOL_ICMPV6 && transport + 4 <= end) patchIpv6(bytes, transport + 2, before, address);
    const identifier = u16(bytes, transport + 4);
    if (identifier === port) return;
    putU16(bytes, transport + 4, port);
    patchChecksum16(bytes, transport + 2, identifier, port);
    return;
  }
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return;
  const portAt = transport + (which === "source" ? 0 : 2);
  const portBefore = u16(bytes, portAt);
  putU16(bytes, portAt, port);
  const field = transport + (protocol === PROTOCOL_TCP ? 16 : 6);
  if (field + 2 > end) return;
  if (partialChecksum) {
    // The field is the pseudo-header's sum, not inverted, and knows no ports.
    putU16(bytes, field, fold16(u16(bytes, field) + addressChange(isIpv6, before, address)));
    return;
  }
  if (protocol === PROTOCOL_UDP && u16(bytes, field) === 0) return;
  if (isIpv6) patchIpv6(bytes, field, before, address);
  else patchChecksum32(bytes, field, before, address);
  patchChecksum16(bytes, field, portBefore, port);
  if (protocol === PROTOCOL_UDP && u16(bytes, field) === 0) putU16(bytes, field, 0xffff);
}

/** What a sum over the address gets when it goes from `before` to `after`, in ones' complement. */
function addressChange(isIpv6: boolean, before: number, after: number): number {
  if (isIpv6) return 8 * 0xffff - ipv6Sum(before) + ipv6Sum(after);
  return (~(before >>> 16) & 0xffff) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff);
}

function patchIpv6(bytes: Uint8Array, field: number, before: number, after: number): void {
  putU16(bytes, field, ~fold16((~u16(bytes, field) & 0xffff) + addressChange(true, before, after)) & 0xffff);
}
