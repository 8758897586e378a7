/**
 * TCP (RFC 9293) with the options seen in practice (RFC 7323 window scale and timestamps, RFC 2018 SACK).
 *
 * ```
 *  0                                16                               31
 * | source port                     | destination port                |
 * | sequence number                                                   |
 * | acknowledgment number                                             |
 * | offset | reserved | flags       | window                          |
 * | checksum                        | urgent pointer                  |
 * | options, padded to 32 bits with NOP …                             |
 * ```
 */
import type { ByteBuilder } from "./byte-builder";
import { checksumValue, type Checksum, sumWords } from "./checksum";
import { IPPROTO_TCP } from "./ipv4";
import { announce, checkField, type Layer, pseudoHeaderSum } from "./layer";

export type TcpFlag = "FIN" | "SYN" | "RST" | "PSH" | "ACK" | "URG" | "ECE" | "CWR" | "AE";

/** In bit order: FIN is 1. */
export const TCP_FLAGS: readonly TcpFlag[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];

export type TcpOption =
  | { readonly kind: "mss"; readonly value: number }
  | { readonly kind: "window-scale"; readonly shift: number }
  | { readonly kind: "sack-permitted" }
  | { readonly kind: "sack"; readonly blocks: readonly (readonly [left: number, right: number])[] }
  | { readonly kind: "timestamps"; readonly value: number; readonly echo: number }
  | { readonly kind: "nop" }
  | { readonly kind: "end" }
  | { readonly kind: "raw"; readonly type: number; readonly data: Uint8Array };

export interface TcpOptions {
  readonly sport: number;
  /** Default: the port of what follows (HTTP 80, TLS 443). */
  readonly dport?: number;
  /** Wraps at 2^32. Default 0. */
  readonly seq?: number;
  readonly ack?: number;
  readonly flags: readonly TcpFlag[];
  /** As on the wire, not scaled. Default 64240, Linux's first window. */
  readonly window?: number;
  readonly urgent?: number;
  readonly options?: readonly TcpOption[];
  readonly checksum?: Checksum;
}

export function tcp(options: TcpOptions): Layer {
  return {
    name: "tcp",
    carriedAs: { ipProtocol: IPPROTO_TCP },
    append(out, next) {
      const start = out.length;
      out.u16(checkField("tcp", "sport", options.sport, 0xffff));
      out.u16(checkField("tcp", "dport", announce("tcp", "dport", "port", options.dport, next), 0xffff));
      out
        .u32(options.seq ?? 0)
        .u32(options.ack ?? 0)
        .u16(0);
      out
        .u16(checkField("tcp", "window", options.window ?? 64240, 0xffff))
        .u16(0)
        .u16(options.urgent ?? 0);
      for (const option of options.options ?? []) appendOption(out, start, option);
      while ((out.length - start) % 4 !== 0) out.u8(1);
      const words = checkField("tcp", "header words", (out.length - start) / 4, 15);
      out.setU16(start + 12, (words << 12) | flagBits(options.flags));
    },
    finish(out, { start }, frame) {
      const mode = options.checksum ?? "right";
      const pseudo =
        mode === "none" || typeof mode === "number" ? 0 : pseudoHeaderSum(out, frame, IPPROTO_TCP, out.length - start);
      out.setU16(start + 16, checksumValue(mode, pseudo, sumWords(out.view(start))));
    },
  };
}

function flagBits(flags: readonly TcpFlag[]): number {
  return flags.reduce((bits, flag) => bits | (1 << TCP_FLAGS.indexOf(flag)), 0);
}

/** Kind and length as IANA lists them. Multi-word options get NOPs before them, where Linux puts them: values stay aligned. */
function appendOption(out: ByteBuilder, start: number, option: TcpOption): void {
  switch (option.kind) {
    case "end":
      out.u8(0);
      break;
    case "nop":
      out.u8(1);
      break;
    case "mss":
      out.u8(2).u8(4).u16(option.value);
      break;
    case "window-scale":
      out.u8(3).u8(3).u8(option.shift);
      break;
    case "sack-permitted":
      out.u8(4).u8(2);
      break;
    case "sack":
      while ((out.length - start) % 4 !== 2) out.u8(1);
      out.u8(5).u8(2 + 8 * option.blocks.length);
      for (const [left, right] of option.blocks) out.u32(left).u32(right);
      break;
    case "timestamps":
      while ((out.length - start) % 4 !== 2) out.u8(1);
      out.u8(8).u8(10).u32(option.value).u32(option.echo);
      break;
    case "raw":
      out
        .u8(option.type)
        .u8(2 + option.data.length)
        .bytes(option.data);
      break;
  }
}
