/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * ```
 *  0 hardware 1   2 protocol 0800   4 6   5 4   6 operation   8 sender MAC   14 sender IP   18 target MAC   24 target IP   28
 * ```
 * Gratuitous ARP: sender and target IP are the same.
 */
import { type Address, parseIpv4, parseMac } from "./address";
import { ETHERTYPE_ARP } from "./ethernet";
import type { Layer } from "./layer";

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

export interface ArpOptions {
  readonly operation: number;
  readonly senderMac: Address;
  readonly senderIp: Address;
  /** Default all zero: it is what a request asks for. */
  readonly targetMac?: Address;
  readonly targetIp: Address;
}

export function arp(options: ArpOptions): Layer {
  return {
    name: "arp",
    carriedAs: { etherType: ETHERTYPE_ARP },
    append(out) {
      out.u16(1).u16(0x0800).u8(6).u8(4).u16(options.operation);
      out.bytes(parseMac(options.senderMac)).bytes(parseIpv4(options.senderIp));
      out.bytes(parseMac(options.targetMac ?? "00:00:00:00:00:00")).bytes(parseIpv4(options.targetIp));
    },
  };
}
