/**
 * Messages of IPv6 neighbour discovery (RFC 4861 sections 4.3 and 4.4), what ARP is to IPv4.
 *
 * ```
 *  IPv6, hop limit 255 | 135 or 136   0   checksum | R S O, reserved | target (16) | 1 source or 2 target link-layer address   1   MAC (6)
 *  solicitation: to ff02::1:ff and the target's last 3 bytes, MAC 33:33 and the last 4 of that; a probe: to the neighbour itself
 * ```
 */
import { ICMPV6_NEIGHBOUR_ADVERTISEMENT, ICMPV6_NEIGHBOUR_SOLICITATION } from "./icmpv6";
import { fold16, sum16 } from "./bytes";
import { newDatagram, sealIcmp } from "./icmp";
import { IPV6_ADDRESS_BYTES, ipv6Number, ipv6Sum, putIpv6 } from "./ipv6-addresses";
import { type Packet, PROTOCOL_ICMPV6 } from "./packet";

const HOP_LIMIT = 255;
const MESSAGE_BYTES = 24;
const OPTION_BYTES = 8;
const SOURCE_LINK_ADDRESS = 1;
const TARGET_LINK_ADDRESS = 2;
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
const ALL_NODES = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

export interface NeighbourMessage {
  readonly isSolicitation: boolean;
  /** 0: from nobody yet. */
  readonly source: number;
  readonly target: number;
  /** Undefined: the option is missing. */
  readonly mac: Uint8Array | undefined;
  /** An answer to us, not an announcement to all. */
  readonly solicited: boolean;
}

/** ff02::1:ffXX:XXXX of an address (RFC 4291 section 2.7.1). */
export function solicitedNode(address: number): number {
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  putIpv6(bytes, 0, address);
  bytes.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]);
  return ipv6Number(bytes, 0);
}

export function allNodes(): number {
  return ipv6Number(ALL_NODES, 0);
}

/** 33:33 and the last four bytes of the group (RFC 2464 section 7). */
export function multicastMac(group: number): Uint8Array {
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  putIpv6(bytes, 0, group);
  return Uint8Array.of(0x33, 0x33, ...bytes.subarray(12));
}

/** "Who has `target`?", to its group or, as a probe, to the neighbour itself. */
export function solicitation(source: number, destination: number, target: number, mac: Uint8Array): Packet {
  return message(ICMPV6_NEIGHBOUR_SOLICITATION, 0, source, destination, target, SOURCE_LINK_ADDRESS, mac);
}

/** "`target` is here": an answer, or to all nodes unasked. */
export function advertisement(
  destination: number,
  target: number,
  mac: Uint8Array,
  flags: { readonly router: boolean; readonly solicited: boolean },
): Packet {
  const bits = (flags.router ? ROUTER : 0) | (flags.solicited ? SOLICITED : 0) | OVERRIDE;
  return message(ICMPV6_NEIGHBOUR_ADVERTISEMENT, bits, target, destination, target, TARGET_LINK_ADDRESS, mac);
}

function message(
  type: number,
  flags: number,
  source: number,
  destination: number,
  target: number,
  option: number,
  mac: Uint8Array,
): Packet {
  const packet = newDatagram(PROTOCOL_ICMPV6, source, destination, HOP_LIMIT, MESSAGE_BYTES + OPTION_BYTES, true);
  const { buffer, transportAt: at } = packet;
  buffer[at] = type;
  buffer[at + 4] = flags;
  putIpv6(buffer, at + 8, target);
  buffer[at + MESSAGE_BYTES] = option;
  buffer[at + MESSAGE_BYTES + 1] = 1;
  buffer.set(mac, at + MESSAGE_BYTES + 2);
  sealIcmp(packet);
  return packet;
}

/** Undefined: no solicitation or advertisement, cut short, or with a wrong checksum. `packet.start` is at the IP header. */
export function readNeighbourMessage(packet: Packet): NeighbourMessage | undefined {
  const { buffer, end, transportAt: at, source, destination } = packet;
  const type = buffer[at];
  const isSolicitation = type === ICMPV6_NEIGHBOUR_SOLICITATION;
  if ((!isSolicitation && type !== ICMPV6_NEIGHBOUR_ADVERTISEMENT) || end - at < MESSAGE_BYTES) return undefined;
  const pseudo = ipv6Sum(source) + ipv6Sum(destination) + PROTOCOL_ICMPV6 + (end - at);
  if (fold16(pseudo + sum16(buffer, at, end)) !== 0xffff) return undefined;
  const wanted = isSolicitation ? SOURCE_LINK_ADDRESS : TARGET_LINK_ADDRESS;
  let mac: Uint8Array | undefined;
  for (let option = at + MESSAGE_BYTES; option + OPTION_BYTES <= end;) {
    const length = (buffer[option + 1] as number) * 8;
    if (length === 0 || option + length > end) return undefined;
    if (buffer[option] === wanted) mac = buffer.slice(option + 2, option + 8);
    option += length;
  }
  return {
    isSolicitation,
    source,
    target: ipv6Number(buffer, at + 8),
    mac,
    solicited: ((buffer[at + 4] as number) & SOLICITED) !== 0,
  };
}
