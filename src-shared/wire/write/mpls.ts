/**
 * MPLS label stack entry (RFC 3032). A stack is several of these layers; the bottom bit is set on the last.
 *
 * ```
 *  label:20   traffic class:3   bottom:1   TTL:8
 * ```
 */
import { ETHERTYPE_MPLS } from "./ethernet";
import { IPPROTO_MPLS } from "./ipv4";
import { checkField, type Layer } from "./layer";

export interface MplsOptions {
  readonly label: number;
  readonly trafficClass?: number;
  readonly ttl?: number;
  /** Default: by what follows. */
  readonly bottom?: boolean;
}

export function mpls(options: MplsOptions): Layer {
  return {
    name: "mpls",
    carriedAs: { etherType: ETHERTYPE_MPLS, ipProtocol: IPPROTO_MPLS, pppProtocol: 0x0281 },
    append(out, next) {
      const bottom = options.bottom ?? next?.name !== "mpls";
      out.u24(
        (checkField("mpls", "label", options.label, 0xfffff) << 4) |
          ((options.trafficClass ?? 0) << 1) |
          (bottom ? 1 : 0),
      );
      out.u8(options.ttl ?? 64);
    },
  };
}
