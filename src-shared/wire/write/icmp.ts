/**
 * ICMP (RFC 792; packet too big: RFC 1191).
 *
 * ```
 *  0 type   1 code   2 checksum   4 rest of header (identifier, sequence | unused, next-hop MTU)   8 data or quoted packet
 * ```
 */
import type { ByteBuilder } from "./byte-builder";
import { type Checksum, checksumValue, sumWords } from "./checksum";
import { checkField, type Layer } from "./layer";
import { IPPROTO_ICMP } from "./ipv4";

export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_TIME_EXCEEDED = 11;

export const ICMP_NET_UNREACHABLE = 0;
export const ICMP_HOST_UNREACHABLE = 1;
export const ICMP_PROTOCOL_UNREACHABLE = 2;
export const ICMP_PORT_UNREACHABLE = 3;
export const ICMP_FRAGMENTATION_NEEDED = 4;
/** "Communication administratively prohibited" (RFC 1812 section 5.2.7.1). */
export const ICMP_ADMIN_PROHIBITED = 13;

/** Linux quotes as much as keeps the error within 576 bytes (RFC 1812 section 4.3.2.3): 20 IP + 8 ICMP + 548. */
const DEFAULT_QUOTE_LENGTH = 548;

interface IcmpChecksum {
  readonly checksum?: Exclude<Checksum, "partial">;
}

export interface EchoOptions extends IcmpChecksum {
  readonly identifier: number;
  readonly sequence: number;
}

export interface IcmpErrorOptions extends IcmpChecksum {
  readonly code: number;
  /** The IP packet complained about, from its IP header on; cut to `quoteLength`. */
  readonly quote: Uint8Array;
  /** Default 548. RFC 792 asks for the IP header and 8 bytes: 28. */
  readonly quoteLength?: number;
}

/** The echo's data is the layer that follows. */
export function icmpEchoRequest(options: EchoOptions): Layer {
  return echo(ICMP_ECHO_REQUEST, options);
}

export function icmpEchoReply(options: EchoOptions): Layer {
  return echo(ICMP_ECHO_REPLY, options);
}

export function icmpUnreachable(options: IcmpErrorOptions): Layer {
  return error(ICMP_UNREACHABLE, 0, options);
}

export function icmpTimeExceeded(options: Omit<IcmpErrorOptions, "code"> & { readonly code?: number }): Layer {
  return error(ICMP_TIME_EXCEEDED, 0, { code: 0, ...options });
}

export function icmpFragmentationNeeded(options: Omit<IcmpErrorOptions, "code"> & { readonly mtu: number }): Layer {
  return error(ICMP_UNREACHABLE, checkField("icmp", "mtu", options.mtu, 0xffff), {
    ...options,
    code: ICMP_FRAGMENTATION_NEEDED,
  });
}

/** Any other type: `rest` is the second word of the header. */
export function icmp(options: IcmpChecksum & IcmpMessage): Layer {
  return {
    name: "icmp",
    carriedAs: { ipProtocol: IPPROTO_ICMP },
    append(out) {
      appendIcmp(out, options);
    },
    finish(out, { start }) {
      out.setU16(start + 2, checksumValue(options.checksum ?? "right", 0, sumWords(out.view(start))));
    },
  };
}

/** What both versions have in common: the header and what follows it. */
export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  readonly rest?: number;
  readonly data?: Uint8Array;
}

/** Without its checksum, which needs the whole packet. */
export function appendIcmp(out: ByteBuilder, { type, code, rest = 0, data }: IcmpMessage): void {
  out
    .u8(type)
    .u8(code)
    .u16(0)
    .u32(rest)
    .bytes(data ?? []);
}

/** The second word of an echo. `layer` is named where a number does not fit. */
export function echoWord(layer: string, { identifier, sequence }: Omit<EchoOptions, "checksum">): number {
  return (
    checkField(layer, "identifier", identifier, 0xffff) * 0x10000 + checkField(layer, "sequence", sequence, 0xffff)
  );
}

function echo(type: number, options: EchoOptions): Layer {
  return icmp({ type, code: 0, rest: echoWord("icmp", options), checksum: options.checksum ?? "right" });
}

function error(type: number, rest: number, options: IcmpErrorOptions): Layer {
  const data = options.quote.slice(0, options.quoteLength ?? DEFAULT_QUOTE_LENGTH);
  return icmp({ type, code: options.code, rest, data, checksum: options.checksum ?? "right" });
}
