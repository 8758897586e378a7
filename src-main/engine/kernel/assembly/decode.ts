/**
 * Decodes one packet into layer rows. Every header of every nesting gets a row; decoding never fails, it stops and says
 * where and why.
 *
 * The loop keeps a cursor: `p` the next byte, `left` the bytes that the carriers' length fields still grant, `end` the
 * address after the last captured byte. Lengths are checked once per header (`have`), fields are then read unchecked.
 */
import {
  H_LAYERS,
  H_REASSEMBLED_USED,
  L_FLAGS,
  L_KIND,
  L_PTR,
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
  PACKET_CUSTOM_BLOCK,
  PORT_DATA,
  PORT_DNS,
  PORT_HTTP,
  REASSEMBLED_BYTES,
  S_REASSEMBLED,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_FRAGMENT,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_NONE,
  STOP_PROTOCOL,
  TAG_ETHERIP,
  TAG_IPCOMP,
} from "./abi";
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_DNS,
  LAYER_ESP,
  LAYER_ETHERNET,
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
  LAYER_PAYLOAD,
  LAYER_PIM,
  LAYER_RAW,
  LAYER_SCTP,
  LAYER_TAG,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { inflate } from "./host";
import {
  NEXT_CISCO_HDLC,
  NEXT_DONE,
  NEXT_ETHERNET,
  NEXT_FRAME_RELAY,
  NEXT_IP,
  NEXT_IPV4,
  NEXT_IPV6,
  NEXT_IP_PROTOCOL,
  NEXT_LLC,
  NEXT_PAYLOAD,
  NEXT_PPP,
  NEXT_TCP_PAYLOAD,
  NEXT_UDP_PAYLOAD,
  NEXT_WLAN,
  addLayer,
  addLayerFlags,
  beginLayers,
  dropLayerFlags,
  layerFlags,
  layerNext,
  setLayerFlags,
  stepLeft,
  stepStop,
  stepUsed,
} from "./layers";
import { ciscoHdlcStep, frameRelayStep, linkStep, llcStep, pppStep, wlanStep } from "./link-types";
import { addFragment, configureReassembly, reassembledBytes, reassembledLength } from "./reassemble";
import { TYPE_MPLS, tagStep } from "./tags";
import { configureTunnels, greStep, udpPayloadStep } from "./tunnels";

let udpPorts: usize = 0;
let tcpPorts: usize = 0;
let reassemble: bool = false;
/** IPv4 fragments are left as they are; of IPv6 fragments, only the one that completes the datagram shows it. */
let onlySix: bool = false;

/** Most that a compressed payload may become: what an IP packet can hold. */
const INFLATED_BYTES: u32 = 65535;

/**
 * `udp` and `tcp` are tables of 65536 bytes (PORT_*). `fragments` is memory for the reassembly, 0 to switch it off.
 * `byBytes` switches the recognition of tunnels on unknown ports. `sixOnly`: reassemble as tshark does with
 * ip.defragment:FALSE, whose IPv6 dissector does not ask, and which takes all interfaces of a file together.
 */
export function configureDecoder(udp: usize, tcp: usize, fragments: usize, byBytes: bool, sixOnly: bool): void {
  udpPorts = udp;
  tcpPorts = tcp;
  reassemble = fragments != 0;
  onlySix = sixOnly;
  configureTunnels(byBytes);
  configureReassembly(fragments);
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
  const first = load<u32>(slot + H_LAYERS);
  const layerLimit = first + LAYERS_PER_PACKET - 8;
  beginLayers(slot, first);

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

  if ((packetFlags & PACKET_CUSTOM_BLOCK) != PACKET_CUSTOM_BLOCK) switch (linkType) {
    case 1:
      next = NEXT_ETHERNET;
      break;
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
    default:
      next = linkStep(linkType, p, left, captured, end);
      p += stepUsed();
      left = stepLeft();
      stop = stepStop();
      break;
  }

  while (next != NEXT_DONE) {
    if (layerNext() > layerLimit) {
      stop = STOP_DEPTH;
      break;
    }
    have = p < end ? ((end - p) as u32) : 0;
    if (have > left) have = left;

    if (next == NEXT_ETHERNET) {
      if (have < 14) {
        stop = left < 14 ? STOP_LENGTH : STOP_CAPTURE;
        if (have) {
          addLayerFlags(LAYER_FLAG_CUT);
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
          addLayerFlags(LAYER_FLAG_CUT);
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
        addLayerFlags(LAYER_FLAG_CUT);
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
        addLayerFlags(LAYER_FLAG_CUT);
        addLayer(LAYER_IPV4, p, header, left, end, protocol);
        break;
      }
      if (total < left) left = total;
      network = layerNext();
      if (fragment & 0x3fff) {
        addLayerFlags(LAYER_FLAG_FRAGMENT);
        addLayer(LAYER_IPV4, p, header, left, end, protocol);
        const payload = left - header;
        if (
          reassemble && !onlySix && !(layerFlags() & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end
        ) {
          if (
            addFragment(slot, load<u32>(slot + P_POINT + (row << 2)), load<i64>(slot + P_TIME + (row << 3)), p + 12, 4,
              be16(p + 4), protocol, (fragment & 0x1fff) << 3, payload, (fragment & 0x2000) != 0, p + header)
          ) {
            p = reassembledBytes();
            left = reassembledLength();
            end = p + left;
            setLayerFlags(LAYER_FLAG_REASSEMBLED);
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
      if (have && load<u8>(p) >> 4 != 6) {
        // No IPv6 header: nothing in it can be believed.
        stop = STOP_HEADER;
        next = NEXT_PAYLOAD;
        continue;
      }
      if (have < 40) {
        stop = left < 40 ? STOP_LENGTH : STOP_CAPTURE;
        if (have) {
          addLayerFlags(LAYER_FLAG_CUT);
          addLayer(LAYER_IPV6, p, 40, left, end, 0);
        }
        break;
      }
      const payload = be16(p + 4);
      protocol = load<u8>(p + 6) as u32;
      // Payload length 0: a jumbogram (RFC 2675) or segmentation offload; the frame bounds it.
      if (payload && payload + 40 < left) left = payload + 40;
      network = layerNext();
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
              addLayerFlags(LAYER_FLAG_CUT);
              addLayer(LAYER_TCP, p, 20, left, end, network);
            }
            next = NEXT_DONE;
            break;
          }
          const header = ((load<u8>(p + 12) >> 4) as u32) << 2;
          if (header > have) addLayerFlags(LAYER_FLAG_CUT);
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
              addLayerFlags(LAYER_FLAG_CUT);
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
          if (have < 8) addLayerFlags(LAYER_FLAG_CUT);
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
            addLayerFlags(LAYER_FLAG_QUOTED);
            next = left ? NEXT_IPV4 : NEXT_DONE;
          } else next = left ? NEXT_PAYLOAD : NEXT_DONE;
          break;
        }
        case 58: {
          if (have < 4) addLayerFlags(LAYER_FLAG_CUT);
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
            addLayerFlags(LAYER_FLAG_QUOTED);
            if (left) next = NEXT_IPV6;
          } else if (type == 128 || type == 129) {
            if (left) next = NEXT_PAYLOAD;
          }
          break;
        }
        case 132: {
          if (have < 12) addLayerFlags(LAYER_FLAG_CUT);
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
          next = TYPE_MPLS;
          break;
        case 47:
          next = greStep(p, left, have, end);
          p += stepUsed();
          left = stepLeft();
          stop = stepStop();
          break;
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
              addLayerFlags(LAYER_FLAG_CUT);
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
              let whole = false; // the piece waits for the others
              addLayerFlags(LAYER_FLAG_FRAGMENT);
              store<u8>(slot + L_FLAGS + network, load<u8>(slot + L_FLAGS + network) | (LAYER_FLAG_FRAGMENT as u8));
              // tshark shows nothing of a first piece that an ICMP error quotes.
              if (onlySix && layerFlags() & LAYER_FLAG_QUOTED) whole = true;
              if (reassemble && !(layerFlags() & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end) {
                const address = load<u32>(slot + L_PTR + (network << 2)) + 8;
                const point = onlySix ? 0 : load<u32>(slot + P_POINT + (row << 2));
                if (
                  addFragment(slot, point, load<i64>(slot + P_TIME + (row << 3)),
                    address, 16, be32(p + 4), following, fragment & 0xfff8, left - 8, (fragment & 1) != 0, p + 8)
                ) {
                  p = reassembledBytes();
                  left = reassembledLength();
                  end = p + left;
                  setLayerFlags(LAYER_FLAG_REASSEMBLED);
                  protocol = following;
                  break;
                }
                whole = onlySix;
              }
              if (fragment & 0xfff8 || whole) {
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
        case 97:
        case 143:
          // EtherIP has two bytes in front (RFC 3378); 143 is an Ethernet frame (RFC 8986 section 4.9).
          if (protocol == 97) {
            if (have < 2) {
              stop = left < 2 ? STOP_LENGTH : STOP_CAPTURE;
              next = NEXT_DONE;
              break;
            }
            addLayer(LAYER_TAG, p, 2, left, end, TAG_ETHERIP);
            p += 2;
            left -= 2;
          }
          next = left ? NEXT_ETHERNET : NEXT_DONE;
          break;
        case 108: {
          // next header(1) flags(1) algorithm(2), then what was compressed (RFC 3173). Deflate is the one that was used.
          if (have <= 4) {
            stop = left <= 4 ? STOP_LENGTH : STOP_CAPTURE;
            next = left ? NEXT_PAYLOAD : NEXT_DONE;
            break;
          }
          addLayer(LAYER_TAG, p, 4, left, end, TAG_IPCOMP);
          const following = load<u8>(p) as u32;
          p += 4;
          left -= 4;
          const filled = load<u32>(slot + H_REASSEMBLED_USED);
          const to = slot + S_REASSEMBLED + filled;
          const size: u32 =
            filled + INFLATED_BYTES <= (REASSEMBLED_BYTES as u32) ? inflate(p, have - 4, to, INFLATED_BYTES) : 0;
          if (!size) {
            stop = STOP_PROTOCOL;
            next = NEXT_PAYLOAD;
            break;
          }
          store<u32>(slot + H_REASSEMBLED_USED, filled + size);
          protocol = following;
          p = to;
          left = size;
          end = to + size;
          addLayerFlags(LAYER_FLAG_REASSEMBLED);
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
      next = udpPayloadStep(portKind(udpPorts, ports >> 16, ports & 0xffff), p, left, have, end);
      p += stepUsed();
      left = stepLeft();
      stop = stepStop();
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
          addLayerFlags(LAYER_FLAG_CUT);
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
        if (have < 8) addLayerFlags(LAYER_FLAG_CUT);
        if (have) addLayer(LAYER_ARP, p, have < 8 ? 8 : 8 + (((load<u8>(p + 4) as u32) + load<u8>(p + 5)) << 1), left, end, next);
        if (have < 8) stop = left < 8 ? STOP_LENGTH : STOP_CAPTURE;
        next = NEXT_DONE;
        break;
      }
      default:
        next =
          next == NEXT_LLC
            ? llcStep(p, left, have, end)
            : next == NEXT_PPP
              ? pppStep(p, left, have, end)
              : next == NEXT_CISCO_HDLC
                ? ciscoHdlcStep(p, left, have, end)
                : next == NEXT_FRAME_RELAY
                  ? frameRelayStep(p, left, have, end)
                  : next == NEXT_WLAN
                    ? wlanStep(p, left, have, end)
                    : tagStep(next, p, left, have, end);
        p += stepUsed();
        left = stepLeft();
        stop = stepStop();
        break;
    }
  }

  if (stop == STOP_NONE && p + left > end && left) stop = STOP_CAPTURE;
  store<u32>(slot + P_FIRST_LAYER + (row << 2), first);
  store<u32>(slot + P_META + (row << 2), (layerNext() - first) | (stop << 8) | (packetFlags << 16));
  store<u32>(slot + P_STOP_AT + (row << 2), stop ? (p as u32) : 0);
  store<u32>(slot + H_LAYERS, layerNext());
}

/** Decodes bytes that no file holds (details pane, tests): row 0 of an empty slot. */
export function decodeOne(slot: usize, linkType: u32, data: usize, captured: u32, length: u32): void {
  store<u32>(slot + H_LAYERS, 0);
  decodePacket(slot, 0, linkType, data, captured, length, 0);
}
