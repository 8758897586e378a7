/**
 * What a tunnel carries, as a packet of its own: where it begins in the captured bytes, its link type, and who carried it.
 *
 * ```
 * Ethernet IPv4 UDP VXLAN │ Ethernet IPv4 TCP …      link type 1 (Ethernet)
 * Ethernet IPv4           │ IPv4 TCP …               link type 101 (raw IP): IP in IP, GRE, IP over UDP, GTP
 * ```
 */
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from "../../../src-shared/model/link-type";
import {
  LAYER_AH,
  LAYER_ERSPAN,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_IP_OVER_UDP,
  LAYER_UDP,
  LAYER_VXLAN,
} from "../../../src-shared/model/layer-kind";
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";

const TUNNELS: ReadonlyMap<number, string> = new Map([
  [LAYER_VXLAN, "VXLAN"],
  [LAYER_GENEVE, "Geneve"],
  [LAYER_GRE, "GRE"],
  [LAYER_ERSPAN, "ERSPAN"],
  [LAYER_GTPU, "GTP-U"],
  [LAYER_IP_OVER_UDP, "IP over UDP"],
]);
const WITH_VNI: ReadonlySet<number> = new Set([LAYER_VXLAN, LAYER_GENEVE]);
/** Headers that may stand between an IP header and the one it carries. */
const WITHIN_IP: ReadonlySet<number> = new Set([
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_DSTOPTS,
  LAYER_AH,
]);

export interface InnerPacket {
  readonly linkType: number;
  /** Position of its first byte in `batch.bytes`, and behind its last captured one. */
  readonly start: number;
  readonly end: number;
  /** Bytes it had on the wire. */
  readonly length: number;
  /** "VXLAN VNI 1, 192.168.1.1 > 192.168.1.2 UDP 8472", one for each tunnel that was taken off, outermost first. */
  readonly carriers: readonly string[];
}

/** The packet inside the first `tunnels` tunnels, or inside as many as there are; undefined: it is in none. */
export function innerPacket(batch: Batch, packet: number, tunnels: number): InnerPacket | undefined {
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  const { layerKind } = batch;
  const carriers: string[] = [];
  let inner = -1;
  for (let row = first + 1; row < last && carriers.length < tunnels; row++) {
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) break;
    const kind = layerKind[row] as number;
    const before = layerKind[row - 1] as number;
    const isIp = kind === LAYER_IPV4 || kind === LAYER_IPV6;
    if (!(TUNNELS.has(before) ? isIp || kind === LAYER_ETHERNET : isIp && WITHIN_IP.has(before))) continue;
    carriers.push(carrierText(batch, inner < 0 ? first : inner, row));
    inner = row;
  }
  if (inner < 0) return undefined;
  const start = batch.layerPtr[inner] as number;
  return {
    linkType: layerKind[inner] === LAYER_ETHERNET ? LINKTYPE_ETHERNET : LINKTYPE_RAW,
    start,
    end: Math.max(start, batch.layerEnd[inner] as number),
    length: Math.max(batch.layerLength[inner] as number, (batch.layerEnd[inner] as number) - start),
    carriers,
  };
}

/** Names the carrier between two layers: tunnel, identifier, addresses, port. */
function carrierText(batch: Batch, from: number, inner: number): string {
  const { layerKind, layerPtr, layerEnd, bytes, view } = batch;
  let tunnel = "";
  let addresses = "";
  let port = "";
  for (let row = from; row < inner; row++) {
    const kind = layerKind[row] as number;
    const at = layerPtr[row] as number;
    const have = (layerEnd[row] as number) - at;
    const name = TUNNELS.get(kind);
    if (name !== undefined)
      tunnel = name + (WITH_VNI.has(kind) && have >= 8 ? ` VNI ${view.getUint32(at + 4) >>> 8}` : "");
    else if (kind === LAYER_IPV4 && have >= 20)
      addresses = `${formatIpv4(view.getUint32(at + 12))} > ${formatIpv4(view.getUint32(at + 16))}`;
    else if (kind === LAYER_IPV6 && have >= 40)
      addresses = `${formatIpv6(bytes, at + 8)} > ${formatIpv6(bytes, at + 24)}`;
    else if (kind === LAYER_UDP && have >= 4) port = ` UDP ${view.getUint16(at + 2)}`;
  }
  return `${tunnel || "IP in IP"}, ${addresses}${port}`;
}
