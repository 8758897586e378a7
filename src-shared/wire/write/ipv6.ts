/**
 * IPv6 and its extension headers (RFC 8200; segment routing header: RFC 8754).
 *
 * ```
 * | 6 | traffic class | flow label (20)   |        | next header | length in 8 bytes, less 1 | options: type length data … |
 * | payload length | next header | hops   |        fragment: | next header | 0 | offset (13) 0 0 M | identification |
 * | source address (16)                   |
 * | destination address (16)              |
 * ```
 * Extension headers are layers of their own between `ipv6` and what it carries.
 */
import { type Address, parseIpv6 } from "./address";
import type { ByteBuilder } from "./byte-builder";
import { ETHERTYPE_IPV6 } from "./ethernet";
import { IPPROTO_IPV6 } from "./ipv4";
import { announce, checkField, type Layer } from "./layer";

export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;

export interface Ipv6Options {
  readonly src: Address;
  readonly dst: Address;
  /** Default 64. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  /** Default: by what follows; 59 (no next header) if nothing does. */
  readonly nextHeader?: number;
  /** Default: the real one. Needed (0) for a jumbogram. */
  readonly payloadLength?: number;
}

export interface Ipv6Layer extends Layer {
  readonly name: "ipv6";
  readonly options: Ipv6Options;
}

export function ipv6(options: Ipv6Options): Ipv6Layer {
  return {
    name: "ipv6",
    options,
    carriedAs: { etherType: ETHERTYPE_IPV6, ipProtocol: IPPROTO_IPV6, pppProtocol: 0x0057 },
    append(out, next) {
      const trafficClass = checkField("ipv6", "traffic class", options.trafficClass ?? 0, 255);
      const flowLabel = checkField("ipv6", "flow label", options.flowLabel ?? 0, 0xfffff);
      out.u32(0x60000000 + trafficClass * 0x100000 + flowLabel).u16(0);
      out.u8(nextHeader("ipv6", options.nextHeader, next));
      out.u8(checkField("ipv6", "hop limit", options.hopLimit ?? 64, 255));
      out.bytes(parseIpv6(options.src)).bytes(parseIpv6(options.dst));
    },
    finish(out, { start, headerEnd }) {
      const length = options.payloadLength ?? out.length - headerEnd;
      if (length > 0xffff)
        throw new RangeError(
          `ipv6: ${length} bytes do not fit the payload length: give payloadLength (0 for a jumbogram)`,
        );
      out.setU16(start + 4, length);
    },
    addresses: (out, { start }) => ({ src: out.view(start + 8, start + 24), dst: out.view(start + 24, start + 40) }),
  };
}

export interface Ipv6Option {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface Ipv6OptionsHeader {
  /** Default none: the header is then all padding. */
  readonly options?: readonly Ipv6Option[];
  readonly nextHeader?: number;
}

export function hopByHop(header: Ipv6OptionsHeader = {}): Layer {
  return optionsHeader("ipv6 hop-by-hop", IPPROTO_HOPOPTS, header);
}

export function destinationOptions(header: Ipv6OptionsHeader = {}): Layer {
  return optionsHeader("ipv6 destination options", IPPROTO_DSTOPTS, header);
}

export interface Ipv6RoutingOptions {
  /** 4 = segment routing (default), 2 = mobile IPv6, 0 = deprecated source route. */
  readonly type?: number;
  readonly segmentsLeft: number;
  /** As they stand in the header; a segment routing header lists the last segment first. */
  readonly segments: readonly Address[];
  readonly nextHeader?: number;
}

export function routing(options: Ipv6RoutingOptions): Layer {
  const type = options.type ?? 4;
  const segments = options.segments.map(parseIpv6);
  // While segments are left the checksum counts the last one as the destination (RFC 8200 section 8.1).
  const last = type === 4 ? segments[0] : segments[segments.length - 1];
  return {
    name: "ipv6 routing",
    carriedAs: { ipProtocol: IPPROTO_ROUTING },
    extension: options.segmentsLeft > 0 && last !== undefined ? { finalDestination: last } : {},
    append(out, next) {
      out
        .u8(nextHeader("ipv6 routing", options.nextHeader, next))
        .u8(segments.length * 2)
        .u8(type)
        .u8(options.segmentsLeft);
      // Segment routing: last entry, flags, tag. The other types: reserved.
      out.u32(type === 4 ? ((segments.length - 1) << 24) >>> 0 : 0);
      for (const segment of segments) out.bytes(segment);
    },
  };
}

export interface Ipv6FragmentOptions {
  readonly identification: number;
  /** In bytes, a multiple of 8. */
  readonly offset?: number;
  readonly moreFragments?: boolean;
  readonly nextHeader?: number;
}

export function ipv6Fragment(options: Ipv6FragmentOptions): Layer {
  return {
    name: "ipv6 fragment",
    carriedAs: { ipProtocol: IPPROTO_FRAGMENT },
    extension: {},
    append(out, next) {
      const offset = options.offset ?? 0;
      if (offset % 8 !== 0) throw new RangeError(`ipv6 fragment: offset ${offset} is not a multiple of 8`);
      checkField("ipv6 fragment", "offset", offset, 0xfff8);
      out.u8(nextHeader("ipv6 fragment", options.nextHeader, next)).u8(0);
      out.u16(offset | (options.moreFragments === true ? 1 : 0)).u32(options.identification);
    },
  };
}

function optionsHeader(name: string, protocol: number, header: Ipv6OptionsHeader): Layer {
  return {
    name,
    carriedAs: { ipProtocol: protocol },
    extension: {},
    append(out, next) {
      const start = out.length;
      out.u8(nextHeader(name, header.nextHeader, next)).u8(0);
      for (const option of header.options ?? []) out.u8(option.type).u8(option.data.length).bytes(option.data);
      padOptions(out, start);
      out.setU8(start + 1, (out.length - start) / 8 - 1);
    },
  };
}

/** Pad1 (one zero) or PadN up to a multiple of 8. */
function padOptions(out: ByteBuilder, start: number): void {
  const missing = (8 - ((out.length - start) % 8)) % 8;
  if (missing === 1) out.u8(0);
  else if (missing > 1)
    out
      .u8(1)
      .u8(missing - 2)
      .zeros(missing - 2);
}

function nextHeader(by: string, given: number | undefined, next: Layer | undefined): number {
  return next === undefined ? (given ?? IPPROTO_NONE) : announce(by, "nextHeader", "ipProtocol", given, next);
}
