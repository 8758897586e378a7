/** Names of tunnels. */
import type { EncapsulationKind } from "../../../src-shared/reconstruct/result";
import {
  LAYER_ESP,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_IP_OVER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";

const TUNNEL_KINDS: ReadonlyMap<number, EncapsulationKind> = new Map([
  [LAYER_VXLAN, "vxlan"],
  [LAYER_GENEVE, "geneve"],
  [LAYER_GRE, "gre"],
  [LAYER_GTPU, "gtpu"],
  [LAYER_IP_OVER_UDP, "ip-udp"],
  [LAYER_WIREGUARD, "wireguard"],
  [LAYER_ESP, "esp"],
]);
/** Kinds that have a network identifier. */
const WITH_VNI: ReadonlySet<EncapsulationKind> = new Set(["vxlan", "geneve", "gre", "gtpu"]);

/** `kind` is the LAYER_* of the tunnel header; IP in IP has none and is told by the versions. */
export function encapsulationKind(kind: number, inner6: boolean, outer6: boolean): EncapsulationKind {
  return TUNNEL_KINDS.get(kind) ?? (outer6 ? (inner6 ? "6in6" : "4in6") : inner6 ? "6in4" : "ipip");
}

/** Kinds with a VNI, key or session. */
export function hasNetworkIdentifier(kind: EncapsulationKind): boolean {
  return WITH_VNI.has(kind);
}
