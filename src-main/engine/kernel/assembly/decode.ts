/**
 * Decodes one packet into layer rows. Every header of every nesting gets a row; decoding never fails, it stops and says
 * where and why.
 *
 * The loop keeps a cursor: `p` the next byte, `left` the bytes that the carriers' length fields still grant, `end` the
 * address after the last captured byte. Lengths are checked once per header (`have`), fields are then read unchecked.
 */
import {
  H_LAYERS,
  L_KIND,
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
  PORT_KIND,
  PORT_TOLD,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_FRAGMENT,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_NONE,
} from "./abi";
import {
  LAYER_ARP,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_PAYLOAD,
  LAYER_RAW,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { ipAt, ipEnd, ipProtocol, ipStep } from "./ip-steps";
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
import { addFragment, configureReassembly, reassembledBytes, reassembledLength, reassemblesFour } from "./reassemble";
import { tagStep } from "./tags";
import { addTcpPayload } from "./tcp-payload";
import { configureTunnels, udpPayloadStep } from "./tunnels";

let udpPorts: usize = 0;
let tcpPorts: usize = 0;

/**
 * `udp` and `tcp` are tables of 65536 bytes (PORT_*). `fragments` is memory for the reassembly, 0 to switch it off.
 * `byBytes` switches the recognition of tunnels on unknown ports. `sixOnly`: reassemble as tshark does with
 * ip.defragment:FALSE, whose IPv6 dissector does not ask, and which takes all interfaces of a file together.
 */
export function configureDecoder(udp: usize, tcp: usize, fragments: usize, byBytes: bool, sixOnly: bool): void {
  udpPorts = udp;
  tcpPorts = tcp;
  configureTunnels(byBytes);
  configureReassembly(fragments, sixOnly);
}

/**
 * What the two ports propose: the likelier of them (PORT_*, with PORT_TOLD) in the low byte, the other one above it. A port that
 * a person told goes before one of the defaults, the destination before the source.
 */
// @ts-ignore: decorator
@inline
function portKinds(table: usize, source: u32, destination: u32): u32 {
  const d = load<u8>(table + destination) as u32;
  const s = load<u8>(table + source) as u32;
  return d & PORT_TOLD || (d && !(s & PORT_TOLD)) ? d | (s << 8) : s | (d << 8);
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
          reassemblesFour() && !(layerFlags() & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end
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
      dropLayerFlags(LAYER_FLAG_FRAGMENT); // of a datagram around this one
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
      // An ICMP error may quote an IP header and next to nothing else.
      if (left < 4 && layerFlags() & LAYER_FLAG_QUOTED) {
        stop = STOP_LENGTH;
        break;
      }
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
          // 0 is what a datagram has that is too long to say so: a jumbogram (RFC 2675), or offload on an IPv4 host.
          const short = stated ? stated < 8 : left <= 0xffff && load<u8>(slot + L_KIND + network) == LAYER_IPV4;
          if (short) {
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
        default:
          next = ipStep(protocol, slot, row, network, p, left, have, end);
          p = ipAt();
          end = ipEnd();
          left = stepLeft();
          stop = stepStop();
          protocol = ipProtocol();
          break;
      }
      continue;
    }

    if (next == NEXT_UDP_PAYLOAD) {
      next = udpPayloadStep(portKinds(udpPorts, ports >> 16, ports & 0xffff), p, left, have, end);
      p += stepUsed();
      left = stepLeft();
      stop = stepStop();
      continue;
    }

    if (next == NEXT_TCP_PAYLOAD) {
      const kind = portKinds(tcpPorts, ports >> 16, ports & 0xffff) & PORT_KIND;
      addTcpPayload(kind, p, left, end);
      next = NEXT_DONE;
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
