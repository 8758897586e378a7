/** frame.protocols: the names Wireshark gives the layers of a packet, outermost first, joined by ":". */
import { FIRST_ETHERTYPE, TPID_8021AD } from "../../../src-shared/model/header-numbers";
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_DNS,
  LAYER_ERSPAN,
  LAYER_ESP,
  LAYER_ETHERNET,
  LAYER_FRAME_RELAY,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
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
  LAYER_OTHER_LINK,
  LAYER_PAYLOAD,
  LAYER_PIM,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_RAW,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TAG,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
} from "../../../src-shared/model/layer-kind";
import { LINKTYPE_IPV4, LINKTYPE_IPV6, LINKTYPE_WLAN } from "../../../src-shared/model/link-type";
import type { Batch } from "../kernel/batch";
import { TAG_CISCO_GRE, TAG_ETHERIP, TAG_IPCOMP, TAG_LISP, TAG_LISP_DATA } from "../kernel/assembly/abi";
import { ApplicationLayers } from "./application-layers";
import { readUint } from "./field";
import { headerToCome } from "./header-to-come";
import { isGreDevice, isSlarp } from "./link-fields";
import type { FieldContext } from "./field-context";
import { isVxlanGpe } from "./transport-fields";
import {
  chdlcLayers,
  etherTypeLayers,
  ethernetLayers,
  frameRelayLayers,
  greLayers,
  igmpRow,
  ipProtocolLayers,
  linkLayers,
  llcLayers,
  pppLayers,
  pseudowireLayers,
  sctpLayers,
} from "./payload-layers";
import { ProtocolPath } from "./protocol-path";

const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_IPV4 = 4;
const TRANS_ETHER_BRIDGING = 0x6558;
const OPTION_MPTCP = 30;
const A_DAY = 86400;
const ECHO_REPLY = 0;
const ECHO = 8;
const ROUTER_ADVERTISEMENT = 9;

/** By link type (L_AUX of LAYER_OTHER_LINK). */
const OTHER_LINKS: ReadonlyMap<number, string> = new Map([
  [7, "arcnet"],
  [105, "wlan"],
  [127, "radiotap"],
  [129, "arcnet"],
  [149, "user_dlt:pktap:pcap_pktdata"],
  [178, "juniper"],
  [192, "ppi"],
  [226, "ipnet"],
  [239, "nflog"],
  [242, "ipoib"],
  [258, "pktap:pcap_pktdata"],
]);

/** By L_AUX of LAYER_TAG: the name, and whether the header ends with an EtherType. */
const TAGS: ReadonlyMap<number, readonly [name: string, endsWithType: boolean]> = new Map([
  [0x88e5, ["macsec:ethertype", true]],
  [0x88e7, ["ieee8021ah:ethertype", true]],
  [0x8909, ["cmd", true]],
  [0x894f, ["nsh", false]],
  [0xd28b, ["avsp:ethertype", true]],
  [TAG_IPCOMP, ["ipcomp:data", false]],
  [TAG_ETHERIP, ["etherip", false]],
  [TAG_CISCO_GRE, ["cmd", false]],
  [TAG_LISP, ["lisp", false]],
  [TAG_LISP_DATA, ["lisp-data", false]],
]);

/** By kind of layer; those that take more than a name are below. */
const NAMES: string[] = [];
NAMES[LAYER_NULL] = "null";
NAMES[LAYER_LOOP] = "null";
NAMES[LAYER_PPPOE] = "pppoes";
NAMES[LAYER_PPP] = "ppp";
NAMES[LAYER_CISCO_HDLC] = "chdlc";
NAMES[LAYER_FRAME_RELAY] = "fr";
NAMES[LAYER_PIM] = "pim";
NAMES[LAYER_IPV4] = "ip";
NAMES[LAYER_IPV6_HOPOPTS] = "ipv6.hopopts";
NAMES[LAYER_IPV6_ROUTING] = "ipv6.routing";
NAMES[LAYER_IPV6_FRAGMENT] = "ipv6.fraghdr";
NAMES[LAYER_IPV6_DSTOPTS] = "ipv6.dstopts";
NAMES[LAYER_AH] = "ah";
NAMES[LAYER_ESP] = "esp";
NAMES[LAYER_ICMP] = "icmp";
NAMES[LAYER_GRE] = "gre";
NAMES[LAYER_ERSPAN] = "erspan";
NAMES[LAYER_GTPU] = "gtp";

let root = ProtocolPath.root();

export function protocolStack(batch: Batch, packet: number, context: FieldContext): string {
  const { bytes, layerKind, layerPtr, layerEnd } = batch;
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  if (first === last) return withoutLayers(batch, packet, context);
  if (root.isFull) root = ProtocolPath.root();
  let path = root;
  for (let row = first; row < last; row++) {
    const kind = layerKind[row] as number;
    switch (kind) {
      case LAYER_ETHERNET:
        path = path.then("eth");
        if (row + 1 < last && (batch.layerAux[row] as number) >= FIRST_ETHERTYPE) path = path.then("ethertype");
        break;
      case LAYER_SLL:
      case LAYER_SLL2:
        path = path.then("sll");
        if (row + 1 < last && (batch.layerAux[row] as number) >= FIRST_ETHERTYPE && !isGreDevice(batch, row))
          path = path.then("ethertype");
        break;
      case LAYER_VLAN:
        // Wireshark takes two service tags in a row for one layer.
        if (isSecondServiceTag(batch, row, first)) break;
        path = path.then(batch.layerAux[row] === TPID_8021AD ? "ieee8021ad" : "vlan");
        if (row + 1 < last && innerType(batch, row) >= FIRST_ETHERTYPE) path = path.then("ethertype");
        break;
      case LAYER_RAW: {
        const linkType = context.points[batch.point[packet] as number]?.linkType;
        if (linkType !== LINKTYPE_IPV4 && linkType !== LINKTYPE_IPV6) path = path.then("raw");
        break;
      }
      case LAYER_TAG:
        path = tag(path, batch, row, last);
        break;
      case LAYER_VXLAN:
        // VXLAN-GPE's own name is not among those Wireshark shows.
        if (!isVxlanGpe(batch, row)) path = path.then("vxlan");
        if (endsInEthernet(batch, row, last)) path = path.then("eth");
        break;
      case LAYER_GENEVE:
        path = path.then("geneve");
        if (
          endsInEthernet(batch, row, last) &&
          readUint(bytes, (layerPtr[row] as number) + 2, 2) === TRANS_ETHER_BRIDGING
        )
          path = path.then("eth");
        break;
      case LAYER_MPLS: {
        if (row === first || layerKind[row - 1] !== LAYER_MPLS) path = path.then("mpls");
        const next = row + 1 < last ? layerKind[row + 1] : LAYER_IPV4;
        if (next !== LAYER_ETHERNET && next !== LAYER_PAYLOAD) break;
        // A pseudowire: Wireshark has rules of its own.
        const at = (layerPtr[row] as number) + 4;
        const names = pseudowireLayers(bytes, at, layerEnd[row] as number);
        const agreed =
          next === LAYER_ETHERNET && at + 4 === layerPtr[row + 1] && names.startsWith("pwethheuristic:pwethcw");
        if (!agreed) return path.then(names).text;
        path = path.then("pwethheuristic:pwethcw");
        break;
      }
      case LAYER_LLC: {
        const at = layerPtr[row] as number;
        // Novell's own framing: IPX without LLC.
        if ((layerEnd[row] as number) - at < 2 || readUint(bytes, at, 2) !== 0xffff) path = path.then("llc");
        else return path.then("ipx").text;
        break;
      }
      case LAYER_OTHER_LINK:
        if (batch.layerAux[row] === LINKTYPE_WLAN && row > first) path = path.then("wlan_radio");
        path = path.then(OTHER_LINKS.get(batch.layerAux[row] as number) ?? "data");
        break;
      case LAYER_ARP:
        path = path.then(isSlarp(batch, row) ? "slarp" : "arp");
        break;
      case LAYER_IPV6:
        // Wireshark's IPv4 dissector takes it, sees the version, and hands it on.
        if (row > first && saysIpv4(batch, row - 1)) path = path.then("ip");
        path = path.then("ipv6");
        break;
      case LAYER_ICMPV6:
        path = path.then(icmpv6(bytes, layerPtr[row] as number, layerEnd[row] as number));
        break;
      case LAYER_IGMP:
        path = path.then(igmpRow(bytes, layerPtr[row] as number, layerEnd[row] as number));
        break;
      case LAYER_TCP:
        path = tcp(path, batch, row, context);
        break;
      case LAYER_UDP:
        path = path.then("udp").then(ApplicationLayers.of(batch, context).namesOf(row));
        break;
      case LAYER_SCTP:
        path = path.then(sctpLayers(bytes, layerPtr[row] as number, layerEnd[row] as number));
        break;
      case LAYER_PAYLOAD:
        path = path.then(payloadNames(batch, row, first, packet));
        break;
      default:
        if (kind < LAYER_DNS) path = path.then(NAMES[kind] ?? "");
    }
  }
  return path.then(headerToCome(batch, last - 1)).text;
}

function tag(path: ProtocolPath, batch: Batch, row: number, last: number): ProtocolPath {
  const name = TAGS.get(batch.layerAux[row] as number)?.[0] ?? "";
  const isLast = row + 1 === last;
  if (isLast && name.endsWith(":ethertype")) return path.then(name.slice(0, name.indexOf(":")));
  // What was packed is shown first; if it could not be unpacked, that row tells it.
  if (name === "ipcomp:data" && (isLast || batch.layerKind[row + 1] === LAYER_PAYLOAD)) return path.then("ipcomp");
  return path.then(name);
}

/** Service tags are counted in pairs, from the first of those in a row. */
function isSecondServiceTag(batch: Batch, row: number, first: number): boolean {
  let tags = 0;
  while (
    row - tags >= first &&
    batch.layerKind[row - tags] === LAYER_VLAN &&
    batch.layerAux[row - tags] === TPID_8021AD
  )
    tags++;
  return tags > 0 && tags % 2 === 0;
}

/** The carrier's number for what it carries is IPv4's. */
function saysIpv4(batch: Batch, row: number): boolean {
  switch (batch.layerKind[row]) {
    case LAYER_ETHERNET:
    case LAYER_SLL:
    case LAYER_SLL2:
      return batch.layerAux[row] === ETHERTYPE_IPV4;
    case LAYER_VLAN:
      return innerType(batch, row) === ETHERTYPE_IPV4;
    case LAYER_IPV4:
      return batch.layerAux[row] === PROTOCOL_IPV4;
    default:
      return false;
  }
}

/** A tunnel's header is there and nothing of the frame in it: tshark looks for it all the same. */
const endsInEthernet = (batch: Batch, row: number, last: number): boolean =>
  row + 1 === last &&
  (batch.layerEnd[row] as number) >= (batch.layerPtr[row] as number) + (batch.layerHeader[row] as number);

function icmpv6(b: Uint8Array, at: number, end: number): string {
  // Extended echo request (RFC 8335): Wireshark reads its extensions as ICMP.
  if (end - at <= 8 || b[at] !== 160) return "icmpv6";
  return (b[at + 8] as number) >> 4 === 2 ? "icmpv6:icmp" : "icmpv6:data";
}

/** Echo has data, but for a time of day that ping put there; a router's advertisement is followed by what is left. */
function icmpData(batch: Batch, row: number, packet: number): string {
  const { bytes } = batch;
  const at = (batch.layerPtr[row] as number) + 8;
  const end = batch.layerEnd[row] as number;
  const type = bytes[at - 8];
  if (type === ROUTER_ADVERTISEMENT)
    return end - at > (bytes[at - 4] as number) * (bytes[at - 3] as number) * 4 ? "data" : "";
  if (type !== ECHO_REPLY && type !== ECHO) return "";
  return end - at === timeOfDay(batch, packet, at, end) ? "" : "data";
}

/** Length of a time that was written at `at`, seconds and microseconds of 4 or 8 bytes each: close to the packet's. */
function timeOfDay(batch: Batch, packet: number, at: number, end: number): number {
  const { view } = batch;
  const now = batch.seconds(packet);
  const near = (seconds: number, micros: number): boolean => Math.abs(seconds - now) <= A_DAY && micros < 1e6;
  const size = end - at;
  if (size !== 8 && size !== 16) return 0;
  for (const little of [false, true]) if (near(view.getUint32(at, little), view.getUint32(at + 4, little))) return 8;
  if (size === 16) {
    const low = (p: number, little: boolean): number => view.getUint32(little ? p : p + 4, little);
    const high = (p: number, little: boolean): number => view.getUint32(little ? p + 4 : p, little);
    for (const little of [false, true])
      if (high(at, little) === 0 && high(at + 8, little) === 0 && near(low(at, little), low(at + 8, little))) return 16;
  }
  return 0;
}

const innerType = (batch: Batch, row: number): number => {
  const p = batch.layerPtr[row] as number;
  return p + 4 <= (batch.layerEnd[row] as number) ? readUint(batch.bytes, p + 2, 2) : 0;
};

function withoutLayers(batch: Batch, packet: number, context: FieldContext): string {
  if (batch.isCustomBlock(packet)) return "data";
  const linkType = context.points[batch.point[packet] as number]?.linkType ?? -1;
  return linkLayers(linkType);
}

function tcp(path: ProtocolPath, batch: Batch, row: number, context: FieldContext): ProtocolPath {
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  let longer = path.then("tcp");
  if (end - p > 20) {
    const headerEnd = Math.min(end, p + ((batch.bytes[p + 12] as number) >> 4) * 4);
    for (let n = multipathOptions(batch.bytes, p + 20, headerEnd); n > 0; n--) longer = longer.then("mptcp");
  }
  return longer.then(ApplicationLayers.of(batch, context).namesOf(row));
}

/** How many Multipath TCP options there are (RFC 8684): Wireshark counts each as a layer. */
function multipathOptions(b: Uint8Array, start: number, end: number): number {
  let count = 0;
  let at = start;
  while (at < end) {
    const kind = b[at];
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = at + 1 < end ? (b[at + 1] as number) : 0;
    if (length < 2 || at + length > end) break;
    if (kind === OPTION_MPTCP) count++;
    at += length;
  }
  return count;
}

/**
 * Bytes the kernel does not decode (LAYER_PAYLOAD at `row`): what the layer that carries them says they are, joined by ":";
 * nothing behind TCP and UDP, whose payloads have more to them.
 */
export function payloadNames(batch: Batch, row: number, first: number, packet: number): string {
  if (row === first) return "data";
  const { bytes } = batch;
  const at = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const carrier = row - 1;
  switch (batch.layerKind[carrier]) {
    case LAYER_ETHERNET:
    case LAYER_SLL:
    case LAYER_SLL2: {
      const type = batch.layerAux[carrier] as number;
      const carriesCooked = batch.layerKind[carrier] !== LAYER_ETHERNET;
      if (type >= FIRST_ETHERTYPE) return etherTypeLayers(type, bytes, at, end);
      // A frame of IPX without LLC; an Ethernet frame (LINUX_SLL_P_*).
      return carriesCooked && type === 1
        ? "ipx"
        : carriesCooked && type === 3
          ? ethernetLayers(bytes, at, end)
          : "data";
    }
    case LAYER_TAG: {
      const type = TAGS.get(batch.layerAux[carrier] as number)?.[1] ? readUint(bytes, at - 2, 2) : 0;
      return type >= FIRST_ETHERTYPE ? etherTypeLayers(type, bytes, at, end) : "data";
    }
    case LAYER_CISCO_HDLC:
      return chdlcLayers(batch.layerAux[carrier] as number, bytes, at, end);
    case LAYER_FRAME_RELAY:
      return frameRelayLayers(bytes, batch.layerPtr[carrier] as number, end);
    case LAYER_ICMP:
      return icmpData(batch, carrier, packet);
    case LAYER_VLAN: {
      const type = innerType(batch, carrier);
      return type >= FIRST_ETHERTYPE ? etherTypeLayers(type, bytes, at, end) : "data";
    }
    case LAYER_LLC:
      return llcLayers(bytes, batch.layerPtr[carrier] as number, at, end);
    case LAYER_PPP:
      return pppLayers(batch.layerAux[carrier] as number, bytes, at, end);
    case LAYER_GRE:
      return greLayers(readUint(bytes, (batch.layerPtr[carrier] as number) + 2, 2), bytes, at, end);
    case LAYER_IPV4:
      if (readUint(bytes, (batch.layerPtr[carrier] as number) + 6, 2) & 0x1fff) return "data";
      return ipProtocolLayers(batch.layerAux[carrier] as number, bytes, at, end);
    case LAYER_IPV6:
    case LAYER_IPV6_HOPOPTS:
    case LAYER_IPV6_ROUTING:
    case LAYER_IPV6_DSTOPTS:
    case LAYER_AH:
      return ipProtocolLayers(batch.layerAux[carrier] as number, bytes, at, end);
    case LAYER_IPV6_FRAGMENT:
      if (readUint(bytes, (batch.layerPtr[carrier] as number) + 2, 2) & 0xfff9) return "data";
      return ipProtocolLayers(batch.layerAux[carrier] as number, bytes, at, end);
    case LAYER_TCP:
    case LAYER_UDP:
      return "";
    default:
      return "data";
  }
}
