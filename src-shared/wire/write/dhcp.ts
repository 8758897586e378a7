/**
 * DHCP (RFC 2131, options: RFC 2132).
 *
 * ```
 *  0 op  htype 1  hlen 6  hops    4 xid    8 secs, flags    12 ciaddr   16 yiaddr   20 siaddr   24 giaddr
 * 28 chaddr (16)   44 sname (64)   108 file (128)   236 magic 63825363   240 options: code length data … 255   at least 300
 * ```
 */
import { type Address, parseIpv4, parseMac } from "./address";
import { encodeUtf8 } from "./byte-builder";
import type { Layer } from "./layer";

export const DHCP_SERVER_PORT = 67;
export const DHCP_CLIENT_PORT = 68;

export type DhcpMessageType = "discover" | "offer" | "request" | "decline" | "ack" | "nak" | "release" | "inform";

/** In the order of their numbers, from 1. */
export const DHCP_MESSAGE_TYPES: readonly DhcpMessageType[] = [
  "discover",
  "offer",
  "request",
  "decline",
  "ack",
  "nak",
  "release",
  "inform",
];

export interface DhcpOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface DhcpOptions {
  readonly type: DhcpMessageType;
  readonly xid: number;
  readonly clientMac: Address;
  /** Asks for the answer by broadcast. */
  readonly broadcast?: boolean;
  readonly clientIp?: Address;
  readonly yourIp?: Address;
  readonly serverIp?: Address;
  readonly relayIp?: Address;
  readonly requestedIp?: Address;
  readonly serverId?: Address;
  readonly leaseSeconds?: number;
  readonly subnetMask?: Address;
  readonly router?: Address;
  readonly dnsServer?: Address;
  readonly hostName?: string;
  /** Any further options, in order. */
  readonly options?: readonly DhcpOption[];
}

export function dhcp(options: DhcpOptions): Layer {
  const type = DHCP_MESSAGE_TYPES.indexOf(options.type) + 1;
  const fromServer = options.type === "offer" || options.type === "ack" || options.type === "nak";
  return {
    name: "dhcp",
    carriedAs: { port: fromServer ? DHCP_CLIENT_PORT : DHCP_SERVER_PORT },
    append(out) {
      const start = out.length;
      out
        .u8(fromServer ? 2 : 1)
        .u8(1)
        .u8(6)
        .u8(0)
        .u32(options.xid)
        .u16(0)
        .u16(options.broadcast === true ? 0x8000 : 0);
      for (const ip of [options.clientIp, options.yourIp, options.serverIp, options.relayIp])
        out.bytes(parseIpv4(ip ?? "0.0.0.0"));
      out
        .bytes(parseMac(options.clientMac))
        .zeros(10 + 64 + 128)
        .u32(0x63825363);
      const option = (code: number, data: ArrayLike<number>): void => {
        out.u8(code).u8(data.length).bytes(data);
      };
      const address = (code: number, ip: Address | undefined): void => {
        if (ip !== undefined) option(code, parseIpv4(ip));
      };
      option(53, [type]);
      address(54, options.serverId);
      address(50, options.requestedIp);
      if (options.leaseSeconds !== undefined) out.u8(51).u8(4).u32(options.leaseSeconds);
      address(1, options.subnetMask);
      address(3, options.router);
      address(6, options.dnsServer);
      if (options.hostName !== undefined) option(12, encodeUtf8(options.hostName));
      for (const extra of options.options ?? []) option(extra.code, extra.data);
      out.u8(255);
      // BOOTP's minimum, which many servers still insist on.
      if (out.length - start < 300) out.zeros(300 - (out.length - start));
    },
  };
}
