/**
 * VXLAN (RFC 7348). The inner Ethernet frame follows.
 *
 * ```
 *  0 flags 08   1 reserved (3)   4 VNI (3)   7 reserved   8
 * ```
 */
import { checkField, type Layer } from "./layer";

/** IANA, and Calico. */
export const VXLAN_PORT = 4789;

export interface VxlanOptions {
  readonly vni: number;
  /** Default 0x08: VNI valid. */
  readonly flags?: number;
  /** Bytes 1-3, "ignored on receipt": group policy id and the like. */
  readonly reserved?: number;
}

export function vxlan(options: VxlanOptions): Layer {
  return {
    name: "vxlan",
    carriedAs: { port: VXLAN_PORT },
    append(out) {
      out
        .u8(options.flags ?? 0x08)
        .u24(options.reserved ?? 0)
        .u24(checkField("vxlan", "vni", options.vni, 0xffffff))
        .u8(0);
    },
  };
}
