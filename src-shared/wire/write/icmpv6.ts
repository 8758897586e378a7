/**
 * ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861). As ICMP, but the checksum counts a pseudo-header.
 *
 * ```
 *  0 type   1 code   2 checksum   4 rest of header   8 data, quoted packet, or target address (16) and options
 * ```
 */
import { type Address, parseIpv6, parseMac } from "./address";
import { type Checksum, checksumValue, sumWords } from "./checksum";
import { appendIcmp, echoWord, type EchoOptions, type IcmpErrorOptions, type IcmpMessage } from "./icmp";
import { type Layer, pseudoHeaderSum } from "./layer";

export const IPPROTO_ICMPV6 = 58;

export const ICMPV6_UNREACHABLE = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;

export const ICMPV6_NO_ROUTE = 0;
export const ICMPV6_ADMIN_PROHIBITED = 1;
export const ICMPV6_ADDRESS_UNREACHABLE = 3;
export const ICMPV6_PORT_UNREACHABLE = 4;

/** An error is kept within the minimum MTU, 1280 (RFC 4443 section 2.4): less 40 IPv6, less 8 ICMPv6. */
const DEFAULT_QUOTE_LENGTH = 1232;

interface Icmpv6Checksum {
  readonly checksum?: Checksum;
}

type ErrorOptions = Omit<IcmpErrorOptions, "checksum" | "code"> & Icmpv6Checksum;

export function icmpv6EchoRequest(options: Omit<EchoOptions, "checksum"> & Icmpv6Checksum): Layer {
  return echo(ICMPV6_ECHO_REQUEST, options);
}

export function icmpv6EchoReply(options: Omit<EchoOptions, "checksum"> & Icmpv6Checksum): Layer {
  return echo(ICMPV6_ECHO_REPLY, options);
}

export function icmpv6Unreachable(options: ErrorOptions & { readonly code: number }): Layer {
  return error(ICMPV6_UNREACHABLE, options.code, 0, options);
}

export function icmpv6PacketTooBig(options: ErrorOptions & { readonly mtu: number }): Layer {
  return error(ICMPV6_PACKET_TOO_BIG, 0, options.mtu, options);
}

export function icmpv6TimeExceeded(options: ErrorOptions & { readonly code?: number }): Layer {
  return error(ICMPV6_TIME_EXCEEDED, options.code ?? 0, 0, options);
}

export interface NeighbourSolicitationOptions extends Icmpv6Checksum {
  readonly target: Address;
  /** Source link-layer address option; left out by duplicate address detection. */
  readonly sourceMac?: Address;
}

/** Sent to the target's solicited-node multicast address, hop limit 255: both are the caller's. */
export function neighbourSolicitation(options: NeighbourSolicitationOptions): Layer {
  return neighbour(ICMPV6_NEIGHBOUR_SOLICITATION, 0, options.target, 1, options.sourceMac, options.checksum);
}

export interface NeighbourAdvertisementOptions extends Icmpv6Checksum {
  readonly target: Address;
  readonly targetMac?: Address;
  readonly router?: boolean;
  readonly solicited?: boolean;
  readonly override?: boolean;
}

export function neighbourAdvertisement(options: NeighbourAdvertisementOptions): Layer {
  const flags =
    (options.router === true ? 0x80 : 0) |
    (options.solicited === true ? 0x40 : 0) |
    (options.override === true ? 0x20 : 0);
  return neighbour(
    ICMPV6_NEIGHBOUR_ADVERTISEMENT,
    flags * 0x1000000,
    options.target,
    2,
    options.targetMac,
    options.checksum,
  );
}

/** Any other type: `rest` is the second word of the header. */
export function icmpv6(options: Icmpv6Checksum & IcmpMessage): Layer {
  return {
    name: "icmpv6",
    carriedAs: { ipProtocol: IPPROTO_ICMPV6 },
    append(out) {
      appendIcmp(out, options);
    },
    finish(out, { start }, frame) {
      const pseudo = pseudoHeaderSum(out, frame, IPPROTO_ICMPV6, out.length - start);
      out.setU16(start + 2, checksumValue(options.checksum ?? "right", pseudo, sumWords(out.view(start))));
    },
  };
}

function echo(type: number, options: Omit<EchoOptions, "checksum"> & Icmpv6Checksum): Layer {
  return icmpv6({ type, code: 0, rest: echoWord("icmpv6", options), checksum: options.checksum ?? "right" });
}

function error(type: number, code: number, rest: number, options: ErrorOptions): Layer {
  const data = options.quote.slice(0, options.quoteLength ?? DEFAULT_QUOTE_LENGTH);
  return icmpv6({ type, code, rest, data, checksum: options.checksum ?? "right" });
}

function neighbour(
  type: number,
  rest: number,
  target: Address,
  optionType: number,
  mac: Address | undefined,
  checksum: Checksum = "right",
): Layer {
  const option = mac === undefined ? [] : [optionType, 1, ...parseMac(mac)];
  return icmpv6({ type, code: 0, rest, data: Uint8Array.from([...parseIpv6(target), ...option]), checksum });
}
