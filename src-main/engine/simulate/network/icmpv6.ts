/**
 * ICMPv6 (RFC 4443) in the words of ICMP: the namespace's own code knows the reasons by ICMP's numbers (parts.ts), here they get those of the wire.
 *
 * ```
 *  128 echo request   129 echo reply   1 unreachable   2 packet too big (MTU in 4-7)   3 time exceeded   133-137 neighbour discovery
 * ```
 */
import {
  ICMP_ADMIN_PROHIBITED,
  ICMP_FRAGMENTATION_NEEDED,
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PORT_UNREACHABLE,
  ICMP_REASSEMBLY_EXCEEDED,
  ICMP_TTL_EXCEEDED,
} from "./parts";

export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;

/** Reason to type * 256 + code. */
const ON_WIRE: ReadonlyMap<number, number> = new Map([
  [ICMP_NET_UNREACHABLE, 0x0100],
  [ICMP_ADMIN_PROHIBITED, 0x0101],
  [ICMP_HOST_UNREACHABLE, 0x0103],
  [ICMP_PORT_UNREACHABLE, 0x0104],
  [ICMP_FRAGMENTATION_NEEDED, 0x0200],
  [ICMP_TTL_EXCEEDED, 0x0300],
  [ICMP_REASSEMBLY_EXCEEDED, 0x0301],
]);
const REASONS: ReadonlyMap<number, number> = new Map([...ON_WIRE].map(([reason, wire]) => [wire, reason]));

export function icmpv6TypeOf(reason: number): number {
  return ON_WIRE.get(reason) ?? 0x0100;
}

/** The reason by ICMP's numbers, undefined if the message is no error known here. */
export function reasonOfIcmpv6(typeAndCode: number): number | undefined {
  return REASONS.get(typeAndCode);
}

/** Types below 128 are errors (RFC 4443 section 2.1). */
export function isIcmpv6Error(type: number): boolean {
  return type < 128;
}
