/**
 * Geneve (RFC 8926).
 *
 * ```
 *  0 version:2 option words:6   1 O C reserved:6   2 protocol type   4 VNI (3)   7 reserved   8 options …
 *  option:  0 class   2 type (top bit: critical)   3 reserved:3 words:5   4 data …
 * ```
 */
import { ByteBuilder } from "./byte-builder";
import { announce, checkField, type Layer } from "./layer";

export const GENEVE_PORT = 6081;

export interface GeneveOption {
  readonly class: number;
  /** 0..127; the critical bit is set by `critical`. */
  readonly type: number;
  readonly critical?: boolean;
  /** Padded to 4 bytes with zeros; at most 124. */
  readonly data: Uint8Array;
}

export interface GeneveOptions {
  readonly vni: number;
  readonly options?: readonly GeneveOption[];
  /** Control packet (the O bit). */
  readonly control?: boolean;
  /** Default: by what follows (0x6558 for Ethernet). */
  readonly protocol?: number;
}

export function geneve(options: GeneveOptions): Layer {
  const tlvs = new ByteBuilder();
  for (const option of options.options ?? []) {
    const words = checkField("geneve", "option words", Math.ceil(option.data.length / 4), 31);
    tlvs
      .u16(option.class)
      .u8(option.type | (option.critical === true ? 0x80 : 0))
      .u8(words)
      .bytes(option.data)
      .padTo(4);
  }
  const optionBytes = tlvs.take();
  const anyCritical = options.options?.some((option) => option.critical === true) === true;
  return {
    name: "geneve",
    carriedAs: { port: GENEVE_PORT },
    append(out, next) {
      out.u8(checkField("geneve", "option length / 4", optionBytes.length / 4, 63));
      out.u8((options.control === true ? 0x80 : 0) | (anyCritical ? 0x40 : 0));
      out.u16(announce("geneve", "protocol", "etherType", options.protocol, next));
      out
        .u24(checkField("geneve", "vni", options.vni, 0xffffff))
        .u8(0)
        .bytes(optionBytes);
    },
  };
}
