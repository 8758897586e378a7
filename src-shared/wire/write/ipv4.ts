/**
 * IPv4 (RFC 791).
 *
 * ```
 *  0        4        8                16                       31
 * +--------+--------+-----------------+--------------------------+
 * | 4      | IHL    | DSCP     ECN    | total length             |
 * | identification                    | 0 DF MF  fragment offset |
 * | time to live    | protocol        | header checksum          |
 * | source address                                               |
 * | destination address                                          |
 * | options, padded to 32 bits …                                 |
 * ```
 */
import { type Address, parseIpv4 } from "./address";
import { checksumValue, type Checksum, sumWords } from "./checksum";
import { ETHERTYPE_IPV4 } from "./ethernet";
import { announce, checkField, type Layer } from "./layer";

export const IPPROTO_ICMP = 1;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_GRE = 47;
export const IPPROTO_MPLS = 137;
export const IPPROTO_SCTP = 132;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

export interface Ipv4Options {
  readonly src: Address;
  readonly dst: Address;
  /** Default 64. */
  readonly ttl?: number;
  /** Default 0. */
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** DSCP and ECN as one byte. */
  readonly tos?: number;
  /** Raw option bytes; padded with End of Option List. At most 40. */
  readonly options?: Uint8Array;
  /** Default: by what follows. */
  readonly protocol?: number;
  /** Header checksum. "partial" means nothing here. */
  readonly checksum?: Exclude<Checksum, "partial">;
  /** Default: the real one. Needed (0) for a BIG TCP packet, whose length does not fit. */
  readonly totalLength?: number;
}

export interface Ipv4Layer extends Layer {
  readonly name: "ipv4";
  readonly options: Ipv4Options;
}

export function ipv4(options: Ipv4Options): Ipv4Layer {
  return {
    name: "ipv4",
    options,
    carriedAs: { etherType: ETHERTYPE_IPV4, ipProtocol: IPPROTO_IPIP, pppProtocol: 0x0021 },
    append(out, next) {
      const optionBytes = options.options ?? new Uint8Array(0);
      const headerWords = 5 + Math.ceil(optionBytes.length / 4);
      checkField("ipv4", "header words", headerWords, 15);
      const offset = options.fragmentOffset ?? 0;
      if (offset % 8 !== 0) throw new RangeError(`ipv4: fragment offset ${offset} is not a multiple of 8`);
      const start = out.length;
      out
        .u8(0x40 | headerWords)
        .u8(checkField("ipv4", "tos", options.tos ?? 0, 255))
        .u16(0);
      out.u16(checkField("ipv4", "identification", options.identification ?? 0, 0xffff));
      out.u16(
        (options.dontFragment === true ? DONT_FRAGMENT : 0) |
          (options.moreFragments === true ? MORE_FRAGMENTS : 0) |
          checkField("ipv4", "fragment offset / 8", offset / 8, 0x1fff),
      );
      out.u8(checkField("ipv4", "ttl", options.ttl ?? 64, 255));
      out.u8(announce("ipv4", "protocol", "ipProtocol", options.protocol, next)).u16(0);
      out.bytes(parseIpv4(options.src)).bytes(parseIpv4(options.dst)).bytes(optionBytes).padTo(4, start);
    },
    finish(out, { start, headerEnd }) {
      const length = options.totalLength ?? out.length - start;
      if (length > 0xffff)
        throw new RangeError(`ipv4: ${length} bytes do not fit the total length: give totalLength (0 for BIG TCP)`);
      out.setU16(start + 2, length);
      out.setU16(start + 10, checksumValue(options.checksum ?? "right", 0, sumWords(out.view(start, headerEnd))));
    },
    addresses: (out, { start }) => ({ src: out.view(start + 12, start + 16), dst: out.view(start + 16, start + 20) }),
  };
}
