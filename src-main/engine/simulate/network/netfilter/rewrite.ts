/** Changes an address and a port of a packet in place, with all checksums they are part of (RFC 1624). `packet.start` is at the IP header. */
import { fold16, patchChecksum16, patchChecksum32, putU16, putU32, u16, u32 } from "../bytes";
import { IP_OFFSET_MASK, type Packet, PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from "../packet";

/** `at`: 12 for the source address, 16 for the destination. `port`: the new one, or ICMP identifier. */
export function rewriteEndpoint(packet: Packet, at: 12 | 16, address: number, port: number): void {
  rewriteAt(packet.buffer, packet.start, packet.end, at, address, port, packet.partialChecksum);
}

/**
 * @param ip   offset of the IP header
 * @param end  end of what is there: in a quoted packet less than the packet had, then its checksum may be missing
 */
export function rewriteAt(
  bytes: Uint8Array,
  ip: number,
  end: number,
  at: 12 | 16,
  address: number,
  port: number,
  partialChecksum: boolean,
): void {
  const before = u32(bytes, ip + at);
  putU32(bytes, ip + at, address);
  if (before !== address) patchChecksum32(bytes, ip + 10, before, address);
  if ((u16(bytes, ip + 6) & IP_OFFSET_MASK) !== 0) return;
  const transport = ip + (((bytes[ip] as number) & 15) << 2);
  const protocol = bytes[ip + 9] as number;
  if (protocol === PROTOCOL_ICMP) {
    const identifier = u16(bytes, transport + 4);
    if (identifier === port) return;
    putU16(bytes, transport + 4, port);
    patchChecksum16(bytes, transport + 2, identifier, port);
    return;
  }
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return;
  const portAt = transport + (at === 12 ? 0 : 2);
  const portBefore = u16(bytes, portAt);
  putU16(bytes, portAt, port);
  const field = transport + (protocol === PROTOCOL_TCP ? 16 : 6);
  if (field + 2 > end) return;
  if (partialChecksum) {
    // The field is the pseudo-header's sum, not inverted, and knows no ports.
    const sum =
      u16(bytes, field) + (~(before >>> 16) & 0xffff) + (~before & 0xffff) + (address >>> 16) + (address & 0xffff);
    putU16(bytes, field, fold16(sum));
    return;
  }
  if (protocol === PROTOCOL_UDP && u16(bytes, field) === 0) return;
  patchChecksum32(bytes, field, before, address);
  patchChecksum16(bytes, field, portBefore, port);
  if (protocol === PROTOCOL_UDP && u16(bytes, field) === 0) putU16(bytes, field, 0xffff);
}
