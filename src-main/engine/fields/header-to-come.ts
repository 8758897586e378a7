/**
 * Names for a header of which no byte is there: a capture cut exactly behind the header before it. Wireshark has counted the
 * layer by then.
 */
import {
  LAYER_AH,
  LAYER_ERSPAN,
  LAYER_ETHERNET,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_PPP,
  LAYER_TAG,
  LAYER_VLAN,
} from "../../../src-shared/model/layer-kind";
import { FIRST_ETHERTYPE } from "../../../src-shared/model/header-numbers";
import { TAG_ETHERIP } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { readUint } from "./field";
import { etherTypeLayers, greLayers, ipProtocolLayers, pppLayers } from "./payload-layers";

const ETHER_TYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, "ip"],
  [0x0806, "arp"],
  [0x22eb, "erspan"],
  [0x6558, "eth"],
  [0x8035, "arp"],
  [0x8100, "vlan"],
  [0x86dd, "ipv6"],
  [0x8847, "mpls"],
  [0x8848, "mpls"],
  [0x8864, "pppoes"],
  [0x88a8, "ieee8021ad"],
  [0x88be, "erspan"],
  [0x9100, "vlan"],
]);

const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, "ipv6.hopopts"],
  [1, "icmp"],
  [2, "igmp"],
  [4, "ip"],
  [6, "tcp"],
  [17, "udp"],
  [41, "ipv6"],
  [43, "ipv6.routing"],
  [44, "ipv6.fraghdr"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "icmpv6"],
  [59, ""],
  [60, "ipv6.dstopts"],
  [97, "etherip"],
  [103, "pim"],
  [108, "ipcomp"],
  [132, "sctp"],
  [137, "mpls"],
]);

const PPP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0x21, "ip"],
  [0x57, "ipv6"],
]);

/** What would follow `row`, the last of its packet; "" where bytes follow, or the header itself is cut. */
export function headerToCome(batch: Batch, row: number): string {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const aux = batch.layerAux[row] as number;
  const header = batch.layerHeader[row] as number;
  if (end !== p + header) return "";
  const etherType = (type: number): string =>
    `ethertype:${ETHER_TYPES.get(type) ?? (etherTypeLayers(type, bytes, end, end) || "data")}`;
  switch (batch.layerKind[row]) {
    case LAYER_ETHERNET:
      return aux >= FIRST_ETHERTYPE ? etherType(aux) : aux > 0 && aux <= 1500 ? "llc" : "";
    case LAYER_VLAN: {
      const type = readUint(bytes, p + 2, 2);
      return type >= FIRST_ETHERTYPE ? etherType(type) : "";
    }
    case LAYER_IPV4:
      // A datagram that ends here ends well; so does a later piece.
      if ((batch.layerLength[row] as number) <= header || readUint(bytes, p + 6, 2) & 0x1fff) return "";
      return ipProtocol(bytes, aux, end);
    case LAYER_IPV6_FRAGMENT:
      return readUint(bytes, p + 2, 2) & 0xfff9 ? "" : ipProtocol(bytes, aux, end);
    case LAYER_IPV6:
    case LAYER_IPV6_HOPOPTS:
    case LAYER_IPV6_ROUTING:
    case LAYER_IPV6_DSTOPTS:
    case LAYER_AH:
      return ipProtocol(bytes, aux, end);
    case LAYER_GRE: {
      const type = readUint(bytes, p + 2, 2);
      return ETHER_TYPES.get(type) ?? greLayers(type, bytes, end, end);
    }
    case LAYER_ERSPAN:
      return "eth";
    case LAYER_TAG:
      return aux === TAG_ETHERIP ? "eth" : "";
    case LAYER_PPP:
      return PPP_PROTOCOLS.get(aux) ?? pppLayers(aux, bytes, end, end);
    case LAYER_ICMP:
      return (batch.layerLength[row] as number) > header && isError(bytes[p] as number) ? "ip" : "";
    default:
      return "";
  }
}

const ipProtocol = (bytes: Uint8Array, protocol: number, end: number): string =>
  IP_PROTOCOLS.get(protocol) ?? ipProtocolLayers(protocol, bytes, end, end);

/** ICMP messages that quote a packet (RFC 792). */
const isError = (type: number): boolean => type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
