/**
 * UDP (RFC 768).
 *
 * ```
 *  0 source port   2 destination port   4 length   6 checksum   8
 * ```
 */
import { checksumValue, type Checksum, sumWords } from "./checksum";
import { IPPROTO_UDP } from "./ipv4";
import { announce, checkField, type Layer, pseudoHeaderSum } from "./layer";

export interface UdpOptions {
  readonly sport: number;
  /** Default: the port of what follows (VXLAN 4789, Geneve 6081, DNS 53, …). */
  readonly dport?: number;
  /** Default "right"; "none" writes 0, which over IPv4 means "not computed". */
  readonly checksum?: Checksum;
  /** Default: the real one. */
  readonly length?: number;
}

export function udp(options: UdpOptions): Layer {
  return {
    name: "udp",
    carriedAs: { ipProtocol: IPPROTO_UDP },
    append(out, next) {
      out.u16(checkField("udp", "sport", options.sport, 0xffff));
      out.u16(checkField("udp", "dport", announce("udp", "dport", "port", options.dport, next), 0xffff)).u32(0);
    },
    finish(out, { start }, frame) {
      const length = options.length ?? out.length - start;
      out.setU16(start + 4, checkField("udp", "length", length, 0xffff));
      const mode = options.checksum ?? "right";
      const pseudo = mode === "none" || typeof mode === "number" ? 0 : pseudoHeaderSum(out, frame, IPPROTO_UDP, length);
      out.setU16(start + 6, checksumValue(mode, pseudo, sumWords(out.view(start)), true));
    },
  };
}
