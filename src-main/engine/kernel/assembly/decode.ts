/**
 * Decodes one packet into layer rows. Every header of every nesting gets a row; decoding never fails, it stops and says
 * where and why.
 *
 * The loop keeps a cursor: `p` the next byte, `left` the bytes that the carriers' length fields still grant, `end` the
 * address after the last captured byte. Lengths are checked once per header (`have`), fields are then read unchecked.
 */
import {
  H_LAYERS,
  L_AUX,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_BY_BYTES,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  LAYERS_PER_PACKET,
  MAX_DEPTH,
  P_FIRST_LAYER,
  P_META,
  P_POINT,
  P_STOP_AT,
  P_TIME,
  PORT_AUTO,
  PORT_DATA,
  PORT_DHCP,
  PORT_DNS,
  PORT_GENEVE,
  PORT_GTPU,
  PORT_HTTP,
  PORT_IP,
  PORT_MPLS,
  PORT_TLS,
  PORT_VXLAN,
  PORT_WIREGUARD,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_FRAGMENT,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
  STOP_NONE,
  STOP_PROTOCOL,
} from "./abi";
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_ERSPAN,
  LAYER_ESP,
  LAYER_ETHERNET,
  LAYER_FRAME_RELAY,
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
  LAYER_IP_OVER_UDP,
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
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../../src-shared/model/layer-kind";
import { be16, be24, be32, sum16 } from "./bytes";
import { addFragment, configureReassembly, reassembledBytes, reassembledLength } from "./reassemble";

// What comes next: an EtherType in the low 16 bits, or one of these.
const NEXT_DONE: u32 = 0;
const NEXT_ETHERNET: u32 = 0x10000;
const NEXT_IP: u32 = 0x10001;
const NEXT_IP_PROTOCOL: u32 = 0x10002;
const NEXT_PPP: u32 = 0x10003;
const NEXT_PAYLOAD: u32 = 0x10004;
const NEXT_LLC: u32 = 0x10005;
const NEXT_TCP_PAYLOAD: u32 = 0x10006;
const NEXT_UDP_PAYLOAD: u32 = 0x10007;
const NEXT_CISCO_HDLC: u32 = 0x10008;
const NEXT_FRAME_RELAY: u32 = 0x10009;
const NEXT_IPV4: u32 = 0x0800;
const NEXT_IPV6: u32 = 0x86dd;

let udpPorts: usize = 0;
let tcpPorts: usize = 0;
let reassemble: bool = false;
let recogniseByBytes: bool = true;

/**
 * `udp` and `tcp` are tables of 65536 bytes (PORT_*). `fragments` is memory for the reassembly, 0 to switch it off.
 * `byBytes` switches the recognition of tunnels on unknown ports.
 */
export function configureDecoder(udp: usize, tcp: usize, fragments: usize, byBytes: bool): void {
  udpPorts = udp;
  tcpPorts = tcp;
  reassemble = fragments != 0;
  recogniseByBytes = byBytes;
  configureReassembly(fragments);
}

let slotBase: usize = 0;
let layerNext: u32 = 0;
let layerLimit: u32 = 0;
let layerFlags: u32 = 0;

// @ts-ignore: decorator
@inline
function addLayer(kind: u32, p: usize, header: u32, length: u32, end: usize, aux: u32): void {
  const row = layerNext;
  const s = slotBase;
  store<u8>(s + L_KIND + row, kind as u8);
  store<u8>(s + L_FLAGS + row, layerFlags as u8);
  store<u16>(s + L_HEADER + (row << 1), header as u16);
  store<u32>(s + L_PTR + (row << 2), p as u32);
  store<u32>(s + L_LENGTH + (row << 2), length);
  const stated = p + length;
  store<u32>(s + L_END + (row << 2), (stated < end ? stated : end) as u32);
  store<u32>(s + L_AUX + (row << 2), aux);
  layerNext = row + 1;
}

/** A TUN device behind socat: the UDP payload is one whole IP packet. Length and checksum must both be right. */
function looksLikeIp(p: usize, left: u32, end: usize): bool {
  const here = (end - p) as u32;
  if (left < 20 || here < 20) return false;
  const version = load<u8>(p) >> 4;
  if (version == 4) {
    const header = ((load<u8>(p) & 15) as u32) << 2;
    if (header < 20 || here < header || be16(p + 2) != left) return false;
    return sum16(p, header, 0) == 0xffff;
  }
  if (version != 6 || here < 40 || be16(p + 4) + 40 != left || !load<u8>(p + 7)) return false;
  const next = load<u8>(p + 6) as u32;
  return next == 6 || next == 17 || next == 58 || next == 0 || next == 44 || next == 132 || next == 4 || next == 41;
}

/** Eight VXLAN header bytes as senders write them, then a frame that could be one (RFC 7348 section 5). */
function looksLikeVxlan(p: usize, left: u32, end: usize): bool {
  if (left < 22 || end - p < 22) return false;
  if ((load<u32>(p) & 0xffffffff) != 0x00000008 || load<u8>(p + 7)) return false;
  const type = be16(p + 20);
  const rest = p + 22;
  if (type == 0x0806) return left >= 50 && (end - rest < 4 || be32(rest) == 0x00010800);
  if (type == 0x0800) return end > rest && load<u8>(rest) >> 4 == 4 && (load<u8>(rest) & 15) >= 5;
  if (type == 0x86dd) return end > rest && load<u8>(rest) >> 4 == 6;
  return type == 0x8100 && end - rest >= 4 && be16(rest + 2) >= 0x0800;
}

/** WireGuard messages have a type, three zero bytes and, but for data, a fixed length. */
function looksLikeWireguard(p: usize, left: u32, end: usize): bool {
  if (left < 32 || end - p < 4) return false;
  const head = load<u32>(p);
  return (
    (head == 1 && left == 148) || (head == 2 && left == 92) || (head == 3 && left == 64) || (head == 4 && !(left & 15))
  );
}

/** First bytes of an HTTP/1.x request or response line. */
function looksLikeHttp(p: usize, end: usize): bool {
  if (end - p < 8) return false;
  switch (load<u32>(p)) {
    case 0x20544547: // "GET "
    case 0x54534f50: // "POST"
    case 0x20545550: // "PUT "
    case 0x44414548: // "HEAD"
    case 0x454c4544: // "DELE"
    case 0x4954504f: // "OPTI"
    case 0x43544150: // "PATC"
    case 0x4e4e4f43: // "CONN"
    case 0x43415254: // "TRAC"
      return true;
    case 0x50545448: // "HTTP"
      return load<u8>(p + 4) == 0x2f;
    default:
      return false;
  }
}

/** A TLS record header (RFC 8446 section 5.1). */
function looksLikeTls(p: usize, left: u32, end: usize): bool {
  if (left < 6 || end - p < 6) return false;
  const type = load<u8>(p);
  return type >= 20 && type <= 24 && load<u8>(p + 1) == 3 && load<u8>(p + 2) <= 4 && be16(p + 3) <= 18432;
}

// @ts-ignore: decorator
@inline
function portKind(table: usize, source: u32, destination: u32): u32 {
  const d = load<u8>(table + destination) as u32;
  return d ? d : (load<u8>(table + source) as u32);
}

/**
 * Decodes the packet of row `row`: appends its layers, writes P_FIRST_LAYER, P_META and P_STOP_AT.
 * `captured` bytes lie at `data`; `length` is what was on the wire.
 */
export function decodePacket(
  slot: usize,
  row: u32,
  linkType: u32,
  data: usize,
  captured: u32,
  length: u32,
  packetFlags: u32,
): void {
  slotBase = slot;
  const first = load<u32>(slot + H_LAYERS);
  layerNext = first;
  layerLimit = first + LAYERS_PER_PACKET - 8;
  layerFlags = 0;

  let p = data;
  let end = data + captured;
  let left = length > captured ? length : captured;
  if (left > 0x10000000) left = 0x10000000;
  let next: u32 = NEXT_DONE;
  let protocol: u32 = 0;
  let depth: u32 = 0;
  let network: u32 = 0; // row of the network layer that carries what comes next
  let ports: u32 = 0;
  let stop: u32 = STOP_NONE;
  let have: u32 = captured;

  switch (linkType) {
    case 1:
      next = NEXT_ETHERNET;
      break;
    case 113:
      if (have < 16) {
        layerFlags |= LAYER_FLAG_CUT;
        addLayer(LAYER_SLL, p, 16, left, end, 0);
        stop = STOP_CAPTURE;
        break;
      }
      next = be16(p + 14);
      addLayer(LAYER_SLL, p, 16, left, end, next);
      p += 16;
      left -= 16;
      if (next < 0x0600) next = next == 4 ? NEXT_LLC : NEXT_PAYLOAD;
      break;
    case 276:
      if (have < 20) {
        layerFlags |= LAYER_FLAG_CUT;
        addLayer(LAYER_SLL2, p, 20, left, end, 0);
        stop = STOP_CAPTURE;
        break;
      }
      next = be16(p);
      addLayer(LAYER_SLL2, p, 20, left, end, next);
      p += 20;
      left -= 20;
      if (next < 0x0600) next = next == 4 ? NEXT_LLC : NEXT_PAYLOAD;
      break;
    case 0:
    case 108: {
      const kind: u32 = linkType ? LAYER_LOOP : LAYER_NULL;
      if (have < 4) {
        layerFlags |= LAYER_FLAG_CUT;
        addLayer(kind, p, 4, left, end, 0);
        stop = STOP_CAPTURE;
        break;
      }
      // Null: the address family in the capturing host's byte order, which the file does not tell; it is below 65536.
      let family = load<u32>(p);
      if (linkType || (family & 0xffff0000) != 0) family = bswap<u32>(family);
      addLayer(kind, p, 4, left, end, family);
      p += 4;
      left -= 4;
      if (family == 2) next = NEXT_IPV4;
      else if (family == 10 || family == 23 || family == 24 || family == 28 || family == 30) next = NEXT_IPV6;
      else next = NEXT_PAYLOAD;
      break;
    }
    case 12:
    case 14:
    case 101:
      addLayer(LAYER_RAW, p, 0, left, end, 0);
      next = NEXT_IP;
      break;
    case 228:
      addLayer(LAYER_RAW, p, 0, left, end, 0);
      next = NEXT_IPV4;
      break;
    case 229:
      addLayer(LAYER_RAW, p, 0, left, end, 0);
      next = NEXT_IPV6;
      break;
    case 7:
    case 129:
    case 226:
    case 242: {
      // ARCnet (BSD 7, Linux 129: two more bytes), Solaris IPNET, IP over InfiniBand.
      let header: u32 = linkType == 7 ? 3 : linkType == 129 ? 5 : linkType == 226 ? 24 : 44;
      if (have >= header) {
        if (linkType == 242) next = be16(p + 40);
        else if (linkType == 226) next = load<u8>(p + 1) == 2 ? NEXT_IPV4 : load<u8>(p + 1) == 26 ? NEXT_IPV6 : NEXT_PAYLOAD;
        else {
          const id = load<u8>(p + header - 1);
          next = id == 0xf0 || id == 0xd4 ? NEXT_IPV4 : id == 0xf1 || id == 0xd5 ? 0x0806 : NEXT_PAYLOAD;
          // RFC 1201: a split flag, four more bytes if it is 255, a sequence number.
          if (id == 0xd4 || id == 0xd5) {
            if (have > header && load<u8>(p + header) == 0xff) header += 4;
            header += 3;
          }
        }
        if (next < 0x0600) next = NEXT_PAYLOAD;
      }
      if (have < header) {
        layerFlags |= LAYER_FLAG_CUT;
        if (have) addLayer(LAYER_OTHER_LINK, p, header, left, end, linkType);
        stop = STOP_CAPTURE;
        next = NEXT_DONE;
        break;
      }
      addLayer(LAYER_OTHER_LINK, p, header, left, end, linkType);
      p += header;
      left -= header;
      break;
    }
    case 104:
      next = NEXT_CISCO_HDLC;
      break;
    case 107:
      next = NEXT_FRAME_RELAY;
      break;
    case 50:
      // Either PPP or Cisco's HDLC, told apart by the address byte (0x0f and 0x8f are Cisco's).
      if (have >= 1 && (load<u8>(p) == 0x0f || load<u8>(p) == 0x8f)) {
        next = NEXT_CISCO_HDLC;
        break;
      }
      if (have >= 2 && be16(p) == 0xff03) {
        p += 2;
        left -= 2;
      }
      next = NEXT_PPP;
      break;
    case 9:
      // PPP in HDLC-like framing: address and control bytes may be there or not.
      if (have >= 2 && be16(p) == 0xff03) {
        p += 2;
        left -= 2;
      }
      next = NEXT_PPP;
      break;
    default:
      stop = STOP_LINK_TYPE;
      break;
  }

  while (next != NEXT_DONE) {
    if (layerNext > layerLimit) {
      stop = STOP_DEPTH;
      break;
    }
    have = p < end ? ((end - p) as u32) : 0;
    if (have > left) have = left;

    if (next == NEXT_ETHERNET) {
      if (have < 14) {
        stop = left < 14 ? STOP_LENGTH : STOP_CAPTURE;
        if (have) {
          layerFlags |= LAYER_FLAG_CUT;
          addLayer(LAYER_ETHERNET, p, 14, left, end, 0);
        }
        break;
      }
      next = be16(p + 12);
      addLayer(LAYER_ETHERNET, p, 14, left, end, next);
      p += 14;
      left -= 14;
      if (next < 0x0600) {
        // 802.3: a length, then LLC (RFC 1042).
        if (next > 1500) next = NEXT_PAYLOAD;
        else {
          if (next < left) left = next;
          next = NEXT_LLC;
        }
      }
      continue;
    }

    if (next == NEXT_IP) {
      if (!have) {
        stop = STOP_CAPTURE;
        break;
      }
      const version = load<u8>(p) >> 4;
      next = version == 4 ? NEXT_IPV4 : version == 6 ? NEXT_IPV6 : NEXT_PAYLOAD;
      continue;
    }

    if (next == NEXT_IPV4) {
      if (++depth > (MAX_DEPTH as u32)) {
        stop = STOP_DEPTH;
        break;
      }
      if (have < 20) {
        stop = left < 20 ? STOP_LENGTH : STOP_CAPTURE;
        if (have) {
          layerFlags |= LAYER_FLAG_CUT;
          addLayer(LAYER_IPV4, p, 20, left, end, 0);
        }
        break;
      }
      const b0 = load<u8>(p) as u32;
      if (b0 >> 4 != 4) {
        if (b0 >> 4 == 6) {
          depth--;
          next = NEXT_IPV6;
          continue;
        }
        layerFlags |= LAYER_FLAG_CUT;
        addLayer(LAYER_IPV4, p, 1, left, end, 0);
        stop = STOP_HEADER;
        break;
      }
      const header = (b0 & 15) << 2;
      let total = be16(p + 2);
      protocol = load<u8>(p + 9) as u32;
      const fragment = be16(p + 6);
      if (!total) total = left; // segmentation offload: the stack leaves 0 (BIG TCP)
      if (header < 20 || total < header || have < header) {
        stop = header < 20 ? STOP_HEADER : total < header ? STOP_LENGTH : left < header ? STOP_LENGTH : STOP_CAPTURE;
        layerFlags |= LAYER_FLAG_CUT;
        addLayer(LAYER_IPV4, p, header, left, end, protocol);
        break;
      }
      if (total < left) left = total;
      network = layerNext;
      if (fragment & 0x3fff) {
        layerFlags |= LAYER_FLAG_FRAGMENT;
        addLayer(LAYER_IPV4, p, header, left, end, protocol);
        const payload = left - header;
        if (reassemble && !(layerFlags & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end) {
          if (
            addFragment(slot, load<u32>(slot + P_POINT + (row << 2)), load<i64>(slot + P_TIME + (row << 3)), p + 12, 4,
              be16(p + 4), protocol, (fragment & 0x1fff) << 3, payload, (fragment & 0x2000) != 0, p + header)
          ) {
            p = reassembledBytes();
            left = reassembledLength();
            end = p + left;
            layerFlags = LAYER_FLAG_REASSEMBLED;
            next = NEXT_IP_PROTOCOL;
            continue;
          }
        }
        p += header;
        left = payload;
        if (fragment & 0x1fff) {
          stop = STOP_FRAGMENT;
          next = NEXT_PAYLOAD;
        } else next = NEXT_IP_PROTOCOL;
        continue;
      }
      addLayer(LAYER_IPV4, p, header, left, end, protocol);
      p += header;
      left -= header;
      next = NEXT_IP_PROTOCOL;
      continue;
    }

    if (next == NEXT_IPV6) {
      if (++depth > (MAX_DEPTH as u32)) {
        stop = STOP_DEPTH;
        break;
      }
      if (have < 40 || load<u8>(p) >> 4 != 6) {
        if (have && load<u8>(p) >> 4 != 6) stop = STOP_HEADER;
        else stop = left < 40 ? STOP_LENGTH : STOP_CAPTURE;
        if (have) {
          layerFlags |= LAYER_FLAG_CUT;
          addLayer(LAYER_IPV6, p, stop == STOP_HEADER ? 1 : 40, left, end, 0);
        }
        break;
      }
      const payload = be16(p + 4);
      protocol = load<u8>(p + 6) as u32;
      // Payload length 0: a jumbogram (RFC 2675) or segmentation offload; the frame bounds it.
      if (payload && payload + 40 < left) left = payload + 40;
      network = layerNext;
      addLayer(LAYER_IPV6, p, 40, left, end, protocol);
      p += 40;
      left -= 40;
      next = NEXT_IP_PROTOCOL;
      continue;
    }

    if (next == NEXT_IP_PROTOCOL) {
      switch (protocol) {
        case 6: {
          if (have < 20) {
            stop = left < 20 ? STOP_LENGTH : STOP_CAPTURE;
            if (have) {
              layerFlags |= LAYER_FLAG_CUT;
              addLayer(LAYER_TCP, p, 20, left, end, network);
            }
            next = NEXT_DONE;
            break;
          }
          const header = ((load<u8>(p + 12) >> 4) as u32) << 2;
          if (header > have) layerFlags |= LAYER_FLAG_CUT;
          addLayer(LAYER_TCP, p, header, left, end, network);
          if (header < 20 || header > have) {
            stop = header < 20 ? STOP_HEADER : header > left ? STOP_LENGTH : STOP_CAPTURE;
            next = NEXT_DONE;
            break;
          }
          ports = be32(p);
          const reset = load<u8>(p + 13) & 4;
          p += header;
          left -= header;
          next = left && !reset ? NEXT_TCP_PAYLOAD : NEXT_DONE;
          break;
        }
        case 17: {
          if (have < 8) {
            stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
            if (have) {
              layerFlags |= LAYER_FLAG_CUT;
              addLayer(LAYER_UDP, p, 8, left, end, network);
            }
            next = NEXT_DONE;
            break;
          }
          const stated = be16(p + 4);
          if (stated && stated < 8) {
            addLayer(LAYER_UDP, p, 8, left, end, network);
            stop = STOP_LENGTH;
            next = NEXT_DONE;
            break;
          }
          if (stated && stated < left) left = stated;
          addLayer(LAYER_UDP, p, 8, left, end, network);
          ports = be32(p);
          p += 8;
          left -= 8;
          next = left ? NEXT_UDP_PAYLOAD : NEXT_DONE;
          break;
        }
        case 1: {
          if (have < 8) layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_ICMP, p, 8, left, end, network);
          if (have < 8) {
            stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
            next = NEXT_DONE;
            break;
          }
          const type = load<u8>(p);
          p += 8;
          left -= 8;
          if (type == 3 || type == 4 || type == 5 || type == 11 || type == 12) {
            layerFlags |= LAYER_FLAG_QUOTED;
            next = left ? NEXT_IPV4 : NEXT_DONE;
          } else next = left ? NEXT_PAYLOAD : NEXT_DONE;
          break;
        }
        case 58: {
          if (have < 4) layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_ICMPV6, p, have < 8 ? 4 : 8, left, end, network);
          if (have < 4) {
            stop = left < 4 ? STOP_LENGTH : STOP_CAPTURE;
            next = NEXT_DONE;
            break;
          }
          const type = load<u8>(p);
          next = NEXT_DONE;
          if (have < 8) break;
          p += 8;
          left -= 8;
          if (type >= 1 && type <= 4) {
            layerFlags |= LAYER_FLAG_QUOTED;
            if (left) next = NEXT_IPV6;
          } else if (type == 128 || type == 129) {
            if (left) next = NEXT_PAYLOAD;
          }
          break;
        }
        case 132: {
          if (have < 12) layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_SCTP, p, 12, left, end, network);
          if (have < 12) stop = left < 12 ? STOP_LENGTH : STOP_CAPTURE;
          next = NEXT_DONE;
          break;
        }
        case 103:
          if (have) addLayer(LAYER_PIM, p, 8, left, end, 0);
          next = NEXT_DONE;
          // A Register of version 2 carries the packet it is about (RFC 7761 section 4.9.3).
          if (have >= 28 && load<u8>(p) == 0x21) {
            p += 8;
            left -= 8;
            next = NEXT_IP;
          }
          break;
        case 2:
          if (have) addLayer(LAYER_IGMP, p, 8, left, end, network);
          next = NEXT_DONE;
          break;
        case 4:
          next = NEXT_IPV4;
          break;
        case 41:
          next = NEXT_IPV6;
          break;
        case 137:
          next = 0x8847;
          break;
        case 47: {
          if (have < 4) {
            stop = left < 4 ? STOP_LENGTH : STOP_CAPTURE;
            if (have) {
              layerFlags |= LAYER_FLAG_CUT;
              addLayer(LAYER_GRE, p, 4, left, end, 0);
            }
            next = NEXT_DONE;
            break;
          }
          const bits = be16(p);
          let header: u32 = 4;
          if (bits & 0xc000) header += 4; // checksum or routing: both words are there
          if (bits & 0x2000) header += 4; // key
          if (bits & 0x1000) header += 4; // sequence number
          if ((bits & 7) == 1 && bits & 0x0080) header += 4; // acknowledgment (PPTP)
          if (have < header || bits & 0x4000) {
            // A source route (RFC 1701) has no length of its own; nobody sends it.
            stop = bits & 0x4000 ? STOP_HEADER : left < header ? STOP_LENGTH : STOP_CAPTURE;
            layerFlags |= LAYER_FLAG_CUT;
            addLayer(LAYER_GRE, p, header, left, end, 0);
            next = NEXT_DONE;
            break;
          }
          const key: u32 = bits & 0x2000 ? be32(p + (bits & 0x8000 ? 8 : 4)) : 0;
          next = be16(p + 2);
          addLayer(LAYER_GRE, p, header, left, end, key);
          p += header;
          left -= header;
          if (!left) {
            next = NEXT_DONE;
            break;
          }
          if (next == 0x88be || next == 0x22eb) {
            let span: u32 = next == 0x22eb ? 12 : bits & 0x1000 ? 8 : 0; // type I has no header
            have = have - header;
            if (have < span) {
              stop = left < span ? STOP_LENGTH : STOP_CAPTURE;
              next = NEXT_DONE;
              break;
            }
            // Type III says what it carries: frame type 0 Ethernet, 2 IP, others something else.
            const carried: u32 = span == 12 ? ((load<u8>(p + 10) >> 2) & 31) as u32 : 0;
            if (span == 12 && load<u8>(p + 11) & 1 && have >= 20) span = 20;
            addLayer(LAYER_ERSPAN, p, span, left, end, span ? be16(p + 2) & 0x3ff : 0);
            p += span;
            left -= span;
            next = carried == 0 ? NEXT_ETHERNET : carried == 2 ? NEXT_IP : NEXT_PAYLOAD;
          } else if (next == 0x6400) {
            // MikroTik's EoIP: the key is the frame's length and the tunnel's number.
            next = NEXT_ETHERNET;
          } else if (next == 0x883e) {
            // WCCP: four bytes in front of the packet in version 2, none in version 1.
            if (have > header && load<u8>(p) >> 4 != 4 && left > 4) {
              p += 4;
              left -= 4;
            }
            next = NEXT_IPV4;
          } else if (next == 0x6558) next = NEXT_ETHERNET;
          else if (next == 0x880b) next = NEXT_PPP;
          else if (next == 0) next = NEXT_PAYLOAD;
          break;
        }
        case 0:
        case 43:
        case 44:
        case 60:
        case 51: {
          const kind: u32 =
            protocol == 0
              ? LAYER_IPV6_HOPOPTS
              : protocol == 43
                ? LAYER_IPV6_ROUTING
                : protocol == 44
                  ? LAYER_IPV6_FRAGMENT
                  : protocol == 60
                    ? LAYER_IPV6_DSTOPTS
                    : LAYER_AH;
          const six = load<u8>(slot + L_KIND + network) == LAYER_IPV6;
          if (!six && kind != LAYER_AH) {
            stop = STOP_PROTOCOL;
            next = NEXT_PAYLOAD;
            break;
          }
          if (have < 8) {
            stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
            if (have) {
              layerFlags |= LAYER_FLAG_CUT;
              addLayer(kind, p, 8, left, end, 0);
            }
            next = NEXT_DONE;
            break;
          }
          const units = load<u8>(p + 1) as u32;
          const header: u32 = protocol == 44 ? 8 : protocol == 51 ? (units + 2) << 2 : (units + 1) << 3;
          const following = load<u8>(p) as u32;
          addLayer(kind, p, header, left, end, following);
          if (have < header) {
            stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
            next = NEXT_DONE;
            break;
          }
          if (protocol == 44) {
            const fragment = be16(p + 2);
            if (fragment & 0xfff9) {
              layerFlags |= LAYER_FLAG_FRAGMENT;
              store<u8>(slot + L_FLAGS + network, load<u8>(slot + L_FLAGS + network) | (LAYER_FLAG_FRAGMENT as u8));
              if (reassemble && !(layerFlags & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end) {
                const address = load<u32>(slot + L_PTR + (network << 2)) + 8;
                if (
                  addFragment(slot, load<u32>(slot + P_POINT + (row << 2)), load<i64>(slot + P_TIME + (row << 3)),
                    address, 16, be32(p + 4), following, fragment & 0xfff8, left - 8, (fragment & 1) != 0, p + 8)
                ) {
                  p = reassembledBytes();
                  left = reassembledLength();
                  end = p + left;
                  layerFlags = LAYER_FLAG_REASSEMBLED;
                  protocol = following;
                  break;
                }
              }
              if (fragment & 0xfff8) {
                p += header;
                left -= header;
                stop = STOP_FRAGMENT;
                next = NEXT_PAYLOAD;
                break;
              }
            }
          }
          p += header;
          left -= header;
          protocol = following;
          break; // NEXT_IP_PROTOCOL again
        }
        case 50:
          if (have) addLayer(LAYER_ESP, p, 8, left, end, 0);
          stop = STOP_PROTOCOL;
          next = NEXT_DONE;
          break;
        case 59:
          next = left ? NEXT_PAYLOAD : NEXT_DONE;
          break;
        default:
          stop = STOP_PROTOCOL;
          next = left ? NEXT_PAYLOAD : NEXT_DONE;
          break;
      }
      continue;
    }

    if (next == NEXT_UDP_PAYLOAD) {
      const source = ports >> 16;
      const destination = ports & 0xffff;
      const kind = portKind(udpPorts, source, destination);
      next = NEXT_PAYLOAD;
      if (kind == PORT_VXLAN) {
        if (have < 8) {
          layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_VXLAN, p, 8, left, end, 0);
          stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
          break;
        }
        addLayer(LAYER_VXLAN, p, 8, left, end, be24(p + 4));
        p += 8;
        left -= 8;
        layerFlags &= ~LAYER_FLAG_FRAGMENT;
        next = left ? NEXT_ETHERNET : NEXT_DONE;
      } else if (kind == PORT_GENEVE && have >= 8 && load<u8>(p) >> 6 == 0) {
        const header: u32 = 8 + (((load<u8>(p) & 63) as u32) << 2);
        if (have < header) {
          layerFlags |= LAYER_FLAG_CUT;
          addLayer(LAYER_GENEVE, p, header, left, end, be24(p + 4));
          stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
          break;
        }
        addLayer(LAYER_GENEVE, p, header, left, end, be24(p + 4));
        next = be16(p + 2);
        p += header;
        left -= header;
        layerFlags &= ~LAYER_FLAG_FRAGMENT;
        if (!left) next = NEXT_DONE;
        else if (next == 0x6558) next = NEXT_ETHERNET;
        else if (next < 0x0600) next = NEXT_PAYLOAD;
      } else if (kind == PORT_GTPU && have >= 8 && load<u8>(p) >> 5 == 1) {
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
        addLayer(LAYER_GTPU, p, header, left, end, be32(p + 4));
        if (have < header) {
          stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
          break;
        }
        p += header;
        left -= header;
        layerFlags &= ~LAYER_FLAG_FRAGMENT;
        next = plain && left ? NEXT_IP : NEXT_DONE;
      } else if (kind == PORT_MPLS) {
        next = 0x8847;
      } else if (kind == PORT_IP) {
        addLayer(LAYER_IP_OVER_UDP, p, 0, left, end, 0);
        layerFlags &= ~LAYER_FLAG_FRAGMENT;
        next = NEXT_IP;
      } else if (kind == PORT_DNS) {
        addLayer(LAYER_DNS, p, 12, left, end, 0);
        next = NEXT_DONE;
      } else if (kind == PORT_DHCP) {
        addLayer(LAYER_DHCP, p, 240, left, end, 0);
        next = NEXT_DONE;
      } else if (kind == PORT_WIREGUARD && looksLikeWireguard(p, left, end)) {
        addLayer(LAYER_WIREGUARD, p, 4, left, end, 0);
        next = NEXT_DONE;
      } else if (kind == PORT_AUTO && recogniseByBytes && !(layerFlags & LAYER_FLAG_QUOTED)) {
        if (looksLikeIp(p, left, end)) {
          const flags = layerFlags;
          layerFlags |= LAYER_FLAG_BY_BYTES;
          addLayer(LAYER_IP_OVER_UDP, p, 0, left, end, 0);
          layerFlags = flags & ~LAYER_FLAG_FRAGMENT;
          next = NEXT_IP;
        } else if (looksLikeVxlan(p, left, end)) {
          const flags = layerFlags;
          layerFlags |= LAYER_FLAG_BY_BYTES;
          addLayer(LAYER_VXLAN, p, 8, left, end, be24(p + 4));
          layerFlags = flags & ~LAYER_FLAG_FRAGMENT;
          p += 8;
          left -= 8;
          next = NEXT_ETHERNET;
        } else if (looksLikeWireguard(p, left, end)) {
          layerFlags |= LAYER_FLAG_BY_BYTES;
          addLayer(LAYER_WIREGUARD, p, 4, left, end, 0);
          next = NEXT_DONE;
        }
      }
      continue;
    }

    if (next == NEXT_TCP_PAYLOAD) {
      const kind = portKind(tcpPorts, ports >> 16, ports & 0xffff);
      next = NEXT_DONE;
      if (kind == PORT_DNS) addLayer(LAYER_DNS, p, 14, left, end, 1);
      else if (kind != PORT_DATA && (kind == PORT_HTTP || looksLikeHttp(p, end))) addLayer(LAYER_HTTP, p, 0, left, end, 0);
      else if (kind != PORT_DATA && looksLikeTls(p, left, end)) addLayer(LAYER_TLS, p, 5, left, end, 0);
      else addLayer(LAYER_PAYLOAD, p, 0, left, end, 0);
      continue;
    }

    if (next == NEXT_CISCO_HDLC) {
      // address(1) control(1) EtherType(2)
      if (have < 4) {
        layerFlags |= LAYER_FLAG_CUT;
        if (have) addLayer(LAYER_CISCO_HDLC, p, 4, left, end, 0);
        stop = left < 4 ? STOP_LENGTH : STOP_CAPTURE;
        break;
      }
      next = be16(p + 2);
      addLayer(LAYER_CISCO_HDLC, p, 4, left, end, next);
      p += 4;
      left -= 4;
      if (next < 0x0600) next = left ? NEXT_PAYLOAD : NEXT_DONE;
      continue;
    }

    if (next == NEXT_FRAME_RELAY) {
      // Q.922 address (2 or 4 bytes, the last has its low bit set), control 3, then an NLPID (RFC 2427 section 3).
      const address: u32 = have >= 2 && load<u8>(p + 1) & 1 ? 2 : 4;
      let header = address + 2;
      if (have < header) {
        layerFlags |= LAYER_FLAG_CUT;
        if (have) addLayer(LAYER_FRAME_RELAY, p, header, left, end, 0);
        stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
        break;
      }
      next = NEXT_PAYLOAD;
      if (load<u8>(p + address) == 3) {
        let id = load<u8>(p + address + 1);
        if (!id && have > header) id = load<u8>(p + header++); // a padding byte
        if (id == 0xcc) next = NEXT_IPV4;
        else if (id == 0x8e) next = NEXT_IPV6;
        else if (id == 0x80 && have >= header + 5) {
          next = be24(p + header) == 0 ? be16(p + header + 3) : NEXT_PAYLOAD;
          header += 5;
          if (next < 0x0600) next = NEXT_PAYLOAD;
        }
      }
      // Cisco's encapsulation has an EtherType there instead.
      else if (be16(p + address) >= 0x0600) next = be16(p + address);
      addLayer(LAYER_FRAME_RELAY, p, header, left, end, 0);
      p += header;
      left -= header;
      if (!left) next = NEXT_DONE;
      continue;
    }

    if (next == NEXT_PPP) {
      if (!have) {
        stop = left ? STOP_CAPTURE : STOP_LENGTH;
        break;
      }
      // The protocol field may be compressed to its low byte, which is odd (RFC 1661 section 2).
      const short = load<u8>(p) & 1;
      const header: u32 = short ? 1 : 2;
      if (have < header) {
        stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
        break;
      }
      const ppp: u32 = short ? (load<u8>(p) as u32) : be16(p);
      addLayer(LAYER_PPP, p, header, left, end, ppp);
      p += header;
      left -= header;
      next = ppp == 0x21 ? NEXT_IPV4 : ppp == 0x57 ? NEXT_IPV6 : ppp == 0x281 ? 0x8847 : left ? NEXT_PAYLOAD : NEXT_DONE;
      if (next == NEXT_PAYLOAD) stop = STOP_PROTOCOL;
      continue;
    }

    if (next == NEXT_LLC) {
      if (have < 3) {
        if (have) addLayer(LAYER_LLC, p, 3, left, end, 0);
        stop = left < 3 ? STOP_LENGTH : STOP_CAPTURE;
        break;
      }
      const snap = be24(p) == 0xaaaa03 && have >= 8;
      const header: u32 = snap ? 8 : 3;
      const dsap = load<u8>(p);
      addLayer(LAYER_LLC, p, header, left, end, snap ? be16(p + 6) : 0);
      next = NEXT_PAYLOAD;
      if (snap) {
        const oui = be24(p + 3);
        if (oui == 0 || oui == 0x0000f8) next = be16(p + 6);
        if (next < 0x0600) next = NEXT_PAYLOAD;
      } else if (dsap == 0x06 && load<u8>(p + 2) == 3) next = NEXT_IPV4;
      p += header;
      left -= header;
      if (!left) next = NEXT_DONE;
      if (next == NEXT_PAYLOAD) stop = STOP_PROTOCOL;
      continue;
    }

    if (next == NEXT_PAYLOAD) {
      if (left) addLayer(LAYER_PAYLOAD, p, 0, left, end, 0);
      break;
    }

    // What is left is an EtherType.
    switch (next) {
      case 0x8100:
      case 0x88a8:
      case 0x9100: {
        if (have < 4) {
          layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_VLAN, p, 4, left, end, next);
          stop = left < 4 ? STOP_LENGTH : STOP_CAPTURE;
          next = NEXT_DONE;
          break;
        }
        addLayer(LAYER_VLAN, p, 4, left, end, next);
        next = be16(p + 2);
        p += 4;
        left -= 4;
        if (next < 0x0600) {
          if (next && next <= 1500) {
            if (next < left) left = next;
            next = NEXT_LLC;
          } else next = left ? NEXT_PAYLOAD : NEXT_DONE;
        }
        break;
      }
      case 0x0806:
      case 0x8035: {
        if (have < 8) layerFlags |= LAYER_FLAG_CUT;
        if (have) addLayer(LAYER_ARP, p, have < 8 ? 8 : 8 + (((load<u8>(p + 4) as u32) + load<u8>(p + 5)) << 1), left, end, next);
        if (have < 8) stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
        next = NEXT_DONE;
        break;
      }
      case 0x8847:
      case 0x8848: {
        if (have < 4) {
          layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_MPLS, p, 4, left, end, 0);
          stop = left < 4 ? STOP_LENGTH : STOP_CAPTURE;
          next = NEXT_DONE;
          break;
        }
        const label = be32(p);
        addLayer(LAYER_MPLS, p, 4, left, end, label >> 12);
        p += 4;
        left -= 4;
        if (!(label & 0x100)) break; // not the bottom of the stack
        if (have < 5) {
          next = NEXT_DONE;
          stop = left ? STOP_CAPTURE : STOP_NONE;
          break;
        }
        const nibble = load<u8>(p) >> 4;
        if (nibble == 4) next = NEXT_IPV4;
        else if (nibble == 6) next = NEXT_IPV6;
        else next = NEXT_PAYLOAD;
        // A pseudowire says nothing of what it carries: take it for Ethernet where a known EtherType lies (RFC 4448).
        if (next == NEXT_PAYLOAD && have >= 22) {
          const control: u32 = nibble == 0 ? 4 : 0;
          const type = be16(p + control + 12);
          if (type == 0x0800 || type == 0x86dd || type == 0x0806 || type == 0x8100) {
            p += control;
            left -= control;
            next = NEXT_ETHERNET;
          }
        }
        break;
      }
      case 0x88e7:
      case 0x8909: {
        // 802.1ah: I-TAG (4), customer addresses (12), EtherType. Cisco metadata: 6 bytes, EtherType.
        const header: u32 = next == 0x88e7 ? 18 : 8;
        if (have < header) {
          layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_TAG, p, header, left, end, next);
          stop = left < header ? STOP_LENGTH : STOP_CAPTURE;
          next = NEXT_DONE;
          break;
        }
        addLayer(LAYER_TAG, p, header, left, end, next);
        next = be16(p + header - 2);
        p += header;
        left -= header;
        if (next < 0x0600) next = left ? NEXT_PAYLOAD : NEXT_DONE;
        break;
      }
      case 0x8864: {
        if (have < 6) {
          layerFlags |= LAYER_FLAG_CUT;
          if (have) addLayer(LAYER_PPPOE, p, 6, left, end, 0);
          stop = left < 6 ? STOP_LENGTH : STOP_CAPTURE;
          next = NEXT_DONE;
          break;
        }
        const stated = be16(p + 4);
        addLayer(LAYER_PPPOE, p, 6, left, end, be16(p + 2));
        p += 6;
        left -= 6;
        if (stated < left) left = stated;
        next = left ? NEXT_PPP : NEXT_DONE;
        break;
      }
      default:
        stop = STOP_PROTOCOL;
        next = left ? NEXT_PAYLOAD : NEXT_DONE;
        break;
    }
  }

  if (stop == STOP_NONE && p + left > end && left) stop = STOP_CAPTURE;
  store<u32>(slot + P_FIRST_LAYER + (row << 2), first);
  store<u32>(slot + P_META + (row << 2), (layerNext - first) | (stop << 8) | (packetFlags << 16));
  store<u32>(slot + P_STOP_AT + (row << 2), stop ? (p as u32) : 0);
  store<u32>(slot + H_LAYERS, layerNext);
}

/** Decodes bytes that no file holds (details pane, tests): row 0 of an empty slot. */
export function decodeOne(slot: usize, linkType: u32, data: usize, captured: u32, length: u32): void {
  store<u32>(slot + H_LAYERS, 0);
  decodePacket(slot, 0, linkType, data, captured, length, 0);
}
