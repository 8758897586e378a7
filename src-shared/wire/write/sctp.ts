/**
 * SCTP common header and chunks (RFC 9260 section 3).
 *
 * ```
 *  0 source port   2 destination port   4 verification tag   8 CRC-32C   12      chunk: | type | flags | length | value … | pad to 4
 * ```
 */
import { crc32c } from "./checksum";
import { IPPROTO_SCTP } from "./ipv4";
import { announce, checkField, type Layer } from "./layer";

export interface SctpOptions {
  readonly sport: number;
  readonly dport?: number;
  readonly verificationTag: number;
  /** SCTP has no pseudo-header: what offload leaves in the field is 0 ("none"). */
  readonly checksum?: "right" | "wrong" | "none" | number;
}

export function sctp(options: SctpOptions): Layer {
  return {
    name: "sctp",
    carriedAs: { ipProtocol: IPPROTO_SCTP },
    append(out, next) {
      out.u16(checkField("sctp", "sport", options.sport, 0xffff));
      out.u16(checkField("sctp", "dport", announce("sctp", "dport", "port", options.dport, next), 0xffff));
      out.u32(options.verificationTag).u32(0);
    },
    finish(out, { start }) {
      const mode = options.checksum ?? "right";
      if (mode === "none") return;
      const right = crc32c(out.view(start));
      const value = mode === "right" ? right : mode === "wrong" ? (right ^ 0x11111111) >>> 0 : mode;
      // The CRC is stored least significant byte first (RFC 9260 appendix A).
      [0, 8, 16, 24].forEach((shift, i) => {
        out.setU8(start + 8 + i, (value >>> shift) & 255);
      });
    },
  };
}
