/**
 * Headers that carry packets inside IP or UDP: GRE with ERSPAN and its kin, VXLAN, Geneve, GTP-U, LISP, bare IP. What a UDP
 * payload is taken for, by its ports or by its bytes, is told by payload-bytes.ts.
 */
import {
  LAYER_FLAG_BY_BYTES,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  PORT_AUTO,
  PORT_DHCP,
  PORT_DNS,
  PORT_GENEVE,
  PORT_GTPU,
  PORT_IP,
  PORT_KIND,
  PORT_LISP,
  PORT_LISP_CONTROL,
  PORT_MPLS,
  PORT_TOLD,
  PORT_VXLAN,
  PORT_VXLAN_GPE,
  PORT_WIREGUARD,
  STOP_CAPTURE,
  STOP_HEADER,
  STOP_LENGTH,
  TAG_CISCO_GRE,
  TAG_LISP,
  TAG_LISP_DATA,
} from "./abi";
import {
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_ERSPAN,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_IP_OVER_UDP,
  LAYER_TAG,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../../src-shared/model/layer-kind";
import { be16, be24, be32 } from "./bytes";
import {
  FIRST_ETHERTYPE,
  NEXT_DONE,
  NEXT_ETHERNET,
  NEXT_IP,
  NEXT_IPV4,
  NEXT_PAYLOAD,
  NEXT_PPP,
  addLayer,
  addLayerFlags,
  cut,
  dropLayerFlags,
  halt,
  layerFlags,
  leave,
  setLayerFlags,
} from "./layers";
import { geneveHeader, looksLikeWireguard, saidByBytes, settlePayload } from "./payload-bytes";
import { TYPE_MPLS, serviceProtocol } from "./tags";

let recogniseByBytes: bool = true;

/** Whether tunnels are recognised on ports that do not say so. */
export function configureTunnels(byBytes: bool): void {
  recogniseByBytes = byBytes;
}

/** The payload of a UDP datagram: `ports` is what its ports propose, as packed by portKinds(). */
export function udpPayloadStep(ports: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  let kind = ports & PORT_KIND;
  if (kind != PORT_AUTO && !(ports & PORT_TOLD) && recogniseByBytes && !(layerFlags() & LAYER_FLAG_QUOTED))
    kind = settlePayload(kind, (ports >> 8) & PORT_KIND, p, granted, end, !(layerFlags() & LAYER_FLAG_FRAGMENT));
  switch (kind) {
    case PORT_AUTO:
      if (recogniseByBytes && !(layerFlags() & LAYER_FLAG_QUOTED)) return recognise(p, granted, end);
      break;
    case PORT_DNS:
      // Wireshark shows nothing of a quoted message that ends within its first four bytes.
      if (granted < 4 && layerFlags() & LAYER_FLAG_QUOTED) return leave(NEXT_DONE, 0, granted);
      addLayer(LAYER_DNS, p, 12, granted, end, 0);
      return leave(NEXT_DONE, 0, granted);
    case PORT_DHCP:
      addLayer(LAYER_DHCP, p, 240, granted, end, 0);
      return leave(NEXT_DONE, 0, granted);
    case PORT_VXLAN:
      if (have < 8) return cut(LAYER_VXLAN, p, 8, granted, have, end, 0);
      addLayer(LAYER_VXLAN, p, 8, granted, end, be24(p + 4));
      dropLayerFlags(LAYER_FLAG_FRAGMENT);
      return leave(NEXT_ETHERNET, 8, granted - 8);
    case PORT_VXLAN_GPE:
      // The same header; its fourth byte names what follows if the flag says so, Ethernet otherwise.
      if (have < 8) return cut(LAYER_VXLAN, p, 8, granted, have, end, 0);
      addLayer(LAYER_VXLAN, p, 8, granted, end, be24(p + 4));
      dropLayerFlags(LAYER_FLAG_FRAGMENT);
      return leave(load<u8>(p) & 4 ? serviceProtocol(load<u8>(p + 3)) : NEXT_ETHERNET, 8, granted - 8);
    case PORT_GENEVE:
      if (have && load<u8>(p) >> 6 == 0)
        return have < 8 ? cut(LAYER_GENEVE, p, 8, granted, have, end, 0) : geneve(p, granted, have, end);
      break;
    case PORT_GTPU:
      if (have && load<u8>(p) >> 5 == 1)
        return have < 8 ? cut(LAYER_GTPU, p, 8, granted, have, end, 0) : gtp(p, granted, have, end);
      break;
    case PORT_LISP:
      // flags(1) nonce(3) locator status, or instance(4), then an IP packet (RFC 9300 section 5.1).
      return lisp(TAG_LISP_DATA, 8, p, granted, have, end);
    case PORT_LISP_CONTROL:
      // A control message of type 8 is four bytes in front of an IP packet (RFC 9301 section 5.8).
      if (have && load<u8>(p) >> 4 == 8) return lisp(TAG_LISP, 4, p, granted, have, end);
      break;
    case PORT_MPLS:
      return leave(TYPE_MPLS, 0, granted);
    case PORT_IP:
      addLayer(LAYER_IP_OVER_UDP, p, 0, granted, end, 0);
      dropLayerFlags(LAYER_FLAG_FRAGMENT);
      return leave(NEXT_IP, 0, granted);
    case PORT_WIREGUARD:
      if (looksLikeWireguard(p, granted, end)) {
        addLayer(LAYER_WIREGUARD, p, 4, granted, end, 0);
        return leave(NEXT_DONE, 0, granted);
      }
      break;
    default:
      break;
  }
  return leave(NEXT_PAYLOAD, 0, granted);
}

function lisp(name: u32, header: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have <= header) return leave(NEXT_PAYLOAD, 0, granted);
  addLayer(LAYER_TAG, p, header, granted, end, name);
  dropLayerFlags(LAYER_FLAG_FRAGMENT);
  return leave(NEXT_IP, header, granted - header);
}

/** Geneve: options length in words in the low 6 bits of the first byte, then the protocol, then the VNI (RFC 8926 section 3.4). */
function geneve(p: usize, granted: u32, have: u32, end: usize): u32 {
  const header = geneveHeader(p);
  if (have < header) return cut(LAYER_GENEVE, p, header, granted, have, end, be24(p + 4));
  addLayer(LAYER_GENEVE, p, header, granted, end, be24(p + 4));
  dropLayerFlags(LAYER_FLAG_FRAGMENT);
  const next = be16(p + 2);
  return leave(
    next == 0x6558 ? NEXT_ETHERNET : next < FIRST_ETHERTYPE ? NEXT_PAYLOAD : next, header, granted - header);
}

function gtp(p: usize, granted: u32, have: u32, end: usize): u32 {
  let header: u32 = load<u8>(p) & 7 ? 12 : 8;
  const plain = load<u8>(p + 1) == 255;
  if (load<u8>(p) & 4 && have >= 12) {
    // Extension headers: length in words, last byte the next one's type (3GPP TS 29.281 section 5.2.1).
    let more = load<u8>(p + 11);
    while (more && header + 4 <= have) {
      const words = load<u8>(p + header) as u32;
      if (!words || header + (words << 2) > have) break;
      header += words << 2;
      more = load<u8>(p + header - 1);
    }
  }
  // The length counts from behind the eight bytes that all have.
  const stated = be16(p + 2) + 8;
  if (stated >= header && stated < granted) granted = stated;
  addLayer(LAYER_GTPU, p, header, granted, end, be32(p + 4));
  if (have < header) return halt(granted, granted < header ? STOP_LENGTH : STOP_CAPTURE);
  dropLayerFlags(LAYER_FLAG_FRAGMENT);
  return leave(plain ? NEXT_IP : NEXT_DONE, header, granted - header);
}

/** A tunnel on a port that does not say so. Its own row is marked, what it carries is not. */
function recognise(p: usize, granted: u32, end: usize): u32 {
  const flags = layerFlags();
  const carried = flags & ~LAYER_FLAG_FRAGMENT;
  switch (saidByBytes(p, granted, end)) {
    case PORT_IP:
      setLayerFlags(flags | LAYER_FLAG_BY_BYTES);
      addLayer(LAYER_IP_OVER_UDP, p, 0, granted, end, 0);
      setLayerFlags(carried);
      return leave(NEXT_IP, 0, granted);
    case PORT_VXLAN:
      setLayerFlags(flags | LAYER_FLAG_BY_BYTES);
      addLayer(LAYER_VXLAN, p, 8, granted, end, be24(p + 4));
      setLayerFlags(carried);
      return leave(NEXT_ETHERNET, 8, granted - 8);
    case PORT_GENEVE: {
      const header = geneveHeader(p);
      setLayerFlags(flags | LAYER_FLAG_BY_BYTES);
      addLayer(LAYER_GENEVE, p, header, granted, end, be24(p + 4));
      setLayerFlags(carried);
      return leave(NEXT_ETHERNET, header, granted - header);
    }
    case PORT_WIREGUARD:
      addLayerFlags(LAYER_FLAG_BY_BYTES);
      addLayer(LAYER_WIREGUARD, p, 4, granted, end, 0);
      return leave(NEXT_DONE, 0, granted);
    default:
      return leave(NEXT_PAYLOAD, 0, granted);
  }
}

/** GRE (RFC 2784, RFC 2890; version 1 is PPTP's, RFC 2637), with what it often carries in front of a frame: ERSPAN, WCCP. */
export function greStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 4) return cut(LAYER_GRE, p, 4, granted, have, end, 0);
  const bits = be16(p);
  let header: u32 = 4;
  if (bits & 0xc000) header += 4; // checksum or routing: both words are there
  if (bits & 0x2000) header += 4; // key
  if (bits & 0x1000) header += 4; // sequence number
  if ((bits & 7) == 1 && bits & 0x0080) header += 4; // acknowledgment (PPTP)
  if (have < header || bits & 0x4000) {
    // A source route (RFC 1701) has no length of its own; nobody sends it.
    addLayerFlags(LAYER_FLAG_CUT);
    addLayer(LAYER_GRE, p, header, granted, end, 0);
    return halt(granted, bits & 0x4000 ? STOP_HEADER : granted < header ? STOP_LENGTH : STOP_CAPTURE);
  }
  const key: u32 = bits & 0x2000 ? be32(p + (bits & 0x8000 ? 8 : 4)) : 0;
  addLayer(LAYER_GRE, p, header, granted, end, key);
  const rest = granted - header;
  if (!rest) return leave(NEXT_DONE, header, 0);
  const type = be16(p + 2);
  switch (type) {
    case 0x88be:
    case 0x22eb:
      return erspan(type, bits, header, p, granted, have, end);
    case 0x6400:
    // MikroTik's EoIP: the key is the frame's length and the tunnel's number.
    case 0x6558:
      return leave(NEXT_ETHERNET, header, rest);
    case 0x883e: {
      // WCCP: four bytes in front of the packet in version 2, none in version 1.
      const extra: u32 = have > header && load<u8>(p + header) >> 4 != 4 && rest > 4 ? 4 : 0;
      return leave(NEXT_IPV4, header + extra, rest - extra);
    }
    case 0x8909:
      // Cisco metadata: EtherType(2) version(1) length(1) option(2) tag(2); in Ethernet the EtherType is last.
      if (have < header + 8) return leave(NEXT_PAYLOAD, header, rest);
      addLayer(LAYER_TAG, p + header, 8, rest, end, TAG_CISCO_GRE);
      return leave(be16(p + header), header + 8, rest - 8);
    case 0x880b:
      return leave(NEXT_PPP, header, rest);
    case 0:
      return leave(NEXT_PAYLOAD, header, rest);
    default:
      // A number below is no EtherType: what follows is told by whoever knows it.
      return leave(type, header, rest);
  }
}

/** ERSPAN of type I (no header), II (8 bytes) and III (12 or 20). */
function erspan(type: u32, bits: u32, header: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  const s = p + header;
  const rest = granted - header;
  let span: u32 = type == 0x22eb ? 12 : bits & 0x1000 ? 8 : 0;
  if (have - header < span) {
    const next = cut(LAYER_ERSPAN, s, span, rest, have - header, end, 0);
    return leave(next, header, rest, rest < span ? STOP_LENGTH : STOP_CAPTURE);
  }
  // Type III says what it carries: frame type 0 Ethernet, 2 IP, others something else.
  const carried: u32 = span == 12 ? ((load<u8>(s + 10) >> 2) & 31) as u32 : 0;
  if (span == 12 && load<u8>(s + 11) & 1 && have - header >= 20) span = 20;
  addLayer(LAYER_ERSPAN, s, span, rest, end, span ? be16(s + 2) & 0x3ff : 0);
  return leave(
    carried == 0 ? NEXT_ETHERNET : carried == 2 ? NEXT_IP : NEXT_PAYLOAD, header + span, rest - span);
}
