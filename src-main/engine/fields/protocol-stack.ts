/** frame.protocols: the names Wireshark gives the layers of a packet, outermost first, joined by ":". */
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_ESP,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_LLC,
  LAYER_LOOP,
  LAYER_MPLS,
  LAYER_NULL,
  LAYER_PAYLOAD,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_RAW,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import type { Batch } from "../kernel/batch";
import type { FieldContext } from "./field-context";

const NAMES: ReadonlyMap<number, string> = new Map([
  [LAYER_ETHERNET, "eth"],
  [LAYER_SLL, "sll"],
  [LAYER_SLL2, "sll"],
  [LAYER_NULL, "null"],
  [LAYER_LOOP, "null"],
  [LAYER_RAW, "raw"],
  [LAYER_VLAN, "vlan"],
  [LAYER_MPLS, "mpls"],
  [LAYER_PPPOE, "pppoes"],
  [LAYER_PPP, "ppp"],
  [LAYER_LLC, "llc"],
  [LAYER_ARP, "arp"],
  [LAYER_IPV4, "ip"],
  [LAYER_IPV6, "ipv6"],
  [LAYER_IPV6_HOPOPTS, "ipv6.hopopts"],
  [LAYER_IPV6_ROUTING, "ipv6.routing"],
  [LAYER_IPV6_FRAGMENT, "ipv6.fraghdr"],
  [LAYER_IPV6_DSTOPTS, "ipv6.dstopts"],
  [LAYER_AH, "ah"],
  [LAYER_ESP, "esp"],
  [LAYER_ICMP, "icmp"],
  [LAYER_ICMPV6, "icmpv6"],
  [LAYER_IGMP, "igmp"],
  [LAYER_TCP, "tcp"],
  [LAYER_UDP, "udp"],
  [LAYER_SCTP, "sctp"],
  [LAYER_VXLAN, "vxlan"],
  [LAYER_GENEVE, "geneve"],
  [LAYER_GRE, "gre"],
  [LAYER_WIREGUARD, "wg"],
  [LAYER_GTPU, "gtp"],
  [LAYER_DNS, "dns"],
  [LAYER_DHCP, "dhcp"],
  [LAYER_HTTP, "http"],
  [LAYER_TLS, "tls"],
  [LAYER_PAYLOAD, "data"],
]);

export function protocolStack(batch: Batch, packet: number, _context: FieldContext): string {
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  let out = "";
  for (let row = first; row < last; row++) {
    const name = NAMES.get(batch.layerKind[row] as number);
    if (!name) continue;
    out += out ? `:${name}` : name;
    if (name === "eth" && (batch.layerAux[row] as number) > 1500) out += ":ethertype";
    if (name === "vlan" || name === "sll") out += ":ethertype";
  }
  return out;
}
