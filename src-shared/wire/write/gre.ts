/**
 * GRE (RFC 2784, key and sequence number: RFC 2890) and ERSPAN type II in it.
 *
 * ```
 *  0 C 0 K S reserved version:3   2 protocol type   4 [checksum, reserved]   [key]   [sequence number]
 *
 *  ERSPAN II:  0 version 1:4 VLAN:12   2 COS:3 encapsulation:2 truncated:1 session:10   4 reserved:12 index:20   8
 * ```
 */
import { type Checksum, checksumValue, sumWords } from "./checksum";
import { ETHERTYPE_ERSPAN_II } from "./ethernet";
import { IPPROTO_GRE } from "./ipv4";
import { announce, checkField, type Layer } from "./layer";

export interface GreOptions {
  /** Sets the C bit. */
  readonly checksum?: Exclude<Checksum, "partial">;
  /** Sets the K bit. */
  readonly key?: number;
  /** Sets the S bit. */
  readonly sequence?: number;
  /** Default: by what follows. */
  readonly protocol?: number;
}

export function gre(options: GreOptions = {}): Layer {
  return {
    name: "gre",
    carriedAs: { ipProtocol: IPPROTO_GRE },
    append(out, next) {
      const bits =
        (options.checksum !== undefined ? 0x8000 : 0) |
        (options.key !== undefined ? 0x2000 : 0) |
        (options.sequence !== undefined ? 0x1000 : 0);
      out.u16(bits).u16(announce("gre", "protocol", "etherType", options.protocol, next));
      if (options.checksum !== undefined) out.u32(0);
      if (options.key !== undefined) out.u32(options.key);
      if (options.sequence !== undefined) out.u32(options.sequence);
    },
    finish(out, { start }) {
      if (options.checksum !== undefined)
        out.setU16(start + 4, checksumValue(options.checksum, 0, sumWords(out.view(start))));
    },
  };
}

export interface ErspanOptions {
  /** 0..1023. */
  readonly session: number;
  readonly vlan?: number;
  readonly cos?: number;
  readonly truncated?: boolean;
  readonly index?: number;
}

/** The GRE header before it needs a sequence number to count as type II. */
export function erspan(options: ErspanOptions): Layer {
  return {
    name: "erspan",
    carriedAs: { etherType: ETHERTYPE_ERSPAN_II },
    append(out) {
      out.u16(0x1000 | checkField("erspan", "vlan", options.vlan ?? 0, 4095));
      const truncated = options.truncated === true ? 0x400 : 0;
      out.u16(
        (checkField("erspan", "cos", options.cos ?? 0, 7) << 13) |
          truncated |
          checkField("erspan", "session", options.session, 1023),
      );
      out.u32(checkField("erspan", "index", options.index ?? 0, 0xfffff));
    },
  };
}
