/** Writes IP headers of both versions in place. */
import { checksum, patchChecksum16, putU16, putU32, u16 } from "./bytes";
import { isIpv6, putIpv6 } from "./ipv6-addresses";
import { IP_DF, IPV4_BYTES, IPV6_BYTES, type Packet } from "./packet";

export interface IpHeader {
  readonly protocol: number;
  readonly source: number;
  /** Its family is that of the header. */
  readonly destination: number;
  readonly ttl: number;
  readonly tos: number;
  /** IPv6 has none. */
  readonly identification: number;
  readonly df: boolean;
}

/** Bytes of a header towards that address. */
export function ipHeaderBytes(destination: number): number {
  return isIpv6(destination) ? IPV6_BYTES : IPV4_BYTES;
}

/** At `packet.start`, for all that follows; IPv4's checksum included. */
export function writeIpHeader(packet: Packet, fields: IpHeader): void {
  const { buffer, start } = packet;
  if (isIpv6(fields.destination)) {
    putU32(buffer, start, (0x60000000 | (fields.tos << 20)) >>> 0);
    putU16(buffer, start + 4, packet.length - IPV6_BYTES);
    buffer[start + 6] = fields.protocol;
    buffer[start + 7] = fields.ttl;
    putIpv6(buffer, start + 8, fields.source);
    putIpv6(buffer, start + 24, fields.destination);
    return;
  }
  buffer[start] = 0x45;
  buffer[start + 1] = fields.tos;
  putU16(buffer, start + 2, packet.length);
  putU16(buffer, start + 4, fields.identification);
  putU16(buffer, start + 6, fields.df ? IP_DF : 0);
  buffer[start + 8] = fields.ttl;
  buffer[start + 9] = fields.protocol;
  putU16(buffer, start + 10, 0);
  putU32(buffer, start + 12, fields.source);
  putU32(buffer, start + 16, fields.destination);
  putU16(buffer, start + 10, checksum(buffer, start, start + IPV4_BYTES));
}

/** Another address, in a header that stays as it is otherwise. */
export function setAddress(packet: Packet, which: "source" | "destination", address: number): void {
  const { buffer, start } = packet;
  if (packet.isIpv6) {
    putIpv6(buffer, start + (which === "source" ? 8 : 24), address);
    return;
  }
  putU32(buffer, start + (which === "source" ? 12 : 16), address);
  putU16(buffer, start + 10, 0);
  putU16(buffer, start + 10, checksum(buffer, start, packet.transportAt));
}

/** What a router does. */
export function decrementTtl(packet: Packet): void {
  const { buffer, start } = packet;
  if (packet.isIpv6) {
    buffer[start + 7] = (buffer[start + 7] as number) - 1;
    return;
  }
  const word = u16(buffer, start + 8);
  putU16(buffer, start + 8, word - 0x100);
  patchChecksum16(buffer, start + 10, word, word - 0x100);
}
