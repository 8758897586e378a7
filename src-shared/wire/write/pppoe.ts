/**
 * PPPoE session packets (RFC 2516) and PPP (RFC 1661).
 *
 * ```
 *  PPPoE:  0 version 1:4 type 1:4   1 code 0   2 session id   4 length of what follows   6
 *  PPP:    [ff 03, in HDLC-like framing only]   protocol (2)
 * ```
 */
import { ETHERTYPE_PPPOE_SESSION } from "./ethernet";
import { announce, checkField, type Layer } from "./layer";

export interface PppoeOptions {
  readonly session: number;
  /** Default: the real one. */
  readonly length?: number;
}

export function pppoe(options: PppoeOptions): Layer {
  return {
    name: "pppoe",
    carriedAs: { etherType: ETHERTYPE_PPPOE_SESSION },
    append(out) {
      out
        .u8(0x11)
        .u8(0)
        .u16(checkField("pppoe", "session", options.session, 0xffff))
        .u16(0);
    },
    finish(out, { start, headerEnd }) {
      out.setU16(start + 4, checkField("pppoe", "length", options.length ?? out.length - headerEnd, 0xffff));
    },
  };
}

export interface PppOptions {
  /** Default: by what follows. */
  readonly protocol?: number;
  /** Writes ff 03 before the protocol: as the first layer of a link type 9 capture, not in PPPoE. */
  readonly addressControl?: boolean;
}

export function ppp(options: PppOptions = {}): Layer {
  return {
    name: "ppp",
    carriedAs: {},
    append(out, next) {
      if (options.addressControl === true) out.u16(0xff03);
      out.u16(announce("ppp", "protocol", "pppProtocol", options.protocol, next));
    },
  };
}
