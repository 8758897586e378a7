/**
 * Linux "cooked" captures: what `tcpdump -i any` writes instead of a link header.
 *
 * ```
 * SLL   0 packet type  2 ARPHRD        4 address length  6 address (8)              14 protocol           16
 * SLL2  0 protocol     2 reserved      4 interface index 8 ARPHRD  10 packet type 11 address length 12 address (8)  20
 * ```
 * https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and …_SLL2.html
 */
import { type Address, parseMac } from "./address";
import type { ByteBuilder } from "./byte-builder";
import { announce, checkField, type Layer } from "./layer";

export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OUTGOING = 4;

export const ARPHRD_ETHER = 1;

export interface SllOptions {
  /** PACKET_…; default PACKET_HOST. */
  readonly packetType?: number;
  /** ARPHRD_…; default ARPHRD_ETHER. */
  readonly arphrd?: number;
  /** The sender's MAC; default none (length 0), as for a TUN device. */
  readonly address?: Address;
  /** Default: by what follows. */
  readonly protocol?: number;
}

export interface Sll2Options extends SllOptions {
  readonly interfaceIndex: number;
}

export function sll(options: SllOptions = {}): Layer {
  return {
    name: "sll",
    carriedAs: {},
    append(out, next) {
      const address = options.address === undefined ? new Uint8Array(0) : parseMac(options.address);
      out
        .u16(options.packetType ?? PACKET_HOST)
        .u16(options.arphrd ?? ARPHRD_ETHER)
        .u16(address.length);
      appendAddress(out, address);
      out.u16(announce("sll", "protocol", "etherType", options.protocol, next));
    },
  };
}

export function sll2(options: Sll2Options): Layer {
  return {
    name: "sll2",
    carriedAs: {},
    append(out, next) {
      const address = options.address === undefined ? new Uint8Array(0) : parseMac(options.address);
      out.u16(announce("sll2", "protocol", "etherType", options.protocol, next)).u16(0);
      out.u32(checkField("sll2", "interfaceIndex", options.interfaceIndex, 0xffffffff));
      out
        .u16(options.arphrd ?? ARPHRD_ETHER)
        .u8(options.packetType ?? PACKET_HOST)
        .u8(address.length);
      appendAddress(out, address);
    },
  };
}

function appendAddress(out: ByteBuilder, address: Uint8Array): void {
  out.bytes(address).zeros(8 - address.length);
}
