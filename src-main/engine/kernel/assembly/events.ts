/**
 * Turns the network layers of a decoded packet into flow events: key, hash, and the few numbers the flow table counts.
 * IPv6 addresses and contexts (capture point, depth, tunnel, VNI) are interned (interned.ts), so a key is four words whatever it names.
 *
 * In *stream* mode the context is the file, only TCP and UDP make events, and quoted headers do too: as tshark counts streams.
 */
import {
  E_ACK,
  E_BITS,
  E_FRAME_LENGTH,
  E_HASH,
  E_IP_LENGTH,
  E_KEY,
  E_NETWORK,
  E_PACKET,
  E_PAYLOAD,
  E_SEQ,
  E_TIME,
  E_TRANSPORT,
  EVENT_CARRIED,
  EVENT_FRAGMENT,
  EVENT_FROM_B,
  EVENT_TCP,
  EVENT_TCP_WHOLE,
  EVENT_UDP,
  EVENT_ZERO_WINDOW,
  EVENTS_FLOWS,
  DEPTH_QUOTED,
  EVENTS_NONE,
  EVENTS_SIGHTINGS,
  EVENTS_STREAMS,
  FLOW_CONTEXT_SHIFT,
  FLOW_V6,
  H_EVENTS,
  H_FILE,
  L_AUX,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  NO_ROW,
  P_FIRST_LAYER,
  P_LENGTH,
  P_META,
  P_POINT,
  P_TIME,
  S_EVENTS,
} from "./abi";
import {
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IP_OVER_UDP,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { configureFragmentPorts, fragmentHeader, fragmentPorts } from "./fragment-ports";
import { mix, seedHash } from "./hash";
import { configureInterned, contextOf, intern6, plainContextOf } from "./interned";
import { markSighting } from "./sighting-marks";

let mode: u32 = EVENTS_NONE;
let sightings: bool = false;
/** In place of a tunnel's kind: the layers are quoted. */
const QUOTED_TUNNEL: u32 = 128;

/** `eventMode` is one of EVENTS_*. `block` tells what was interned (K_*). `hashSeed` makes slots unguessable. */
export function configureEvents(eventMode: u32, block: usize, hashSeed: u32): void {
  mode = eventMode & ~EVENTS_SIGHTINGS;
  sightings = (eventMode & EVENTS_SIGHTINGS) != 0;
  if (!mode) return;
  seedHash(hashSeed);
  configureInterned(block);
  configureFragmentPorts();
}

/** TCP's flag, where EVENT bits have it. */
const SYN: u32 = 2;

/**
 * Of a TCP header cut before its flags: a SYN alone acknowledges nothing, and has options but no payload. Of the acknowledgment number the
 * first two bytes are enough: one in 65536 of the short segments of others begins with zeros, and is taken for another use of the ports.
 */
// @ts-ignore: decorator
@inline
function isCutSyn(t: usize, here: u32, stated: u32): bool {
  if (here < 10 || stated < 24 || stated > 60) return false;
  return (here < 12 ? load<u16>(t + 8) as u32 : load<u32>(t + 8)) == 0;
}

/** The pair of ICMP types a message belongs to: the requesting one, or 0 for one-way messages. */
function icmpPair(type: u32, v6: bool): u32 {
  if (v6) {
    if (type == 128 || type == 129) return 128;
    if (type == 133 || type == 134) return 133;
    if (type == 135 || type == 136) return 135;
    if (type == 130 || type == 131) return 130;
    if (type == 139 || type == 140) return 139;
    if (type == 144 || type == 145) return 144;
    return 0;
  }
  if (type == 0 || type == 8) return 8;
  if (type == 13 || type == 14) return 13;
  if (type == 15 || type == 16) return 15;
  if (type == 17 || type == 18) return 17;
  if (type == 9 || type == 10) return 10;
  return 0;
}

function addEvent(
  slot: usize,
  packet: u32,
  point: u32,
  network: u32,
  transport: u32,
  depth: u32,
  vni: u32,
  carried: bool,
): void {
  const kind = load<u8>(slot + L_KIND + network) as u32;
  const flags = load<u8>(slot + L_FLAGS + network) as u32;
  const p: usize = load<u32>(slot + L_PTR + (network << 2));
  const v6 = kind == LAYER_IPV6;
  const transportKind: u32 = transport == NO_ROW ? 0 : (load<u8>(slot + L_KIND + transport) as u32);
  const t: usize = transport == NO_ROW ? 0 : load<u32>(slot + L_PTR + (transport << 2));
  const here: u32 = transport == NO_ROW ? 0 : load<u32>(slot + L_END + (transport << 2)) - (t as u32);
  const stated: u32 = transport == NO_ROW ? 0 : load<u32>(slot + L_LENGTH + (transport << 2));
  let protocol: u32;
  let ports: u32 = 0;
  let seq: u32 = 0;
  let ack: u32 = 0;
  let payload: u32 = 0;
  let bits: u32 = carried ? EVENT_CARRIED : 0;
  let swapPorts = true;
  let a: u32;
  let b: u32;
  if (v6) {
    a = intern6(p + 8);
    b = intern6(p + 24);
  } else {
    a = be32(p + 12);
    b = be32(p + 16);
  }
  if (transportKind == LAYER_TCP) {
    protocol = 6;
    bits |= EVENT_TCP;
    if (here >= 4) ports = be32(t);
    if (here >= 20) {
      const header = load<u16>(slot + L_HEADER + (transport << 1)) as u32;
      payload = header >= 20 && stated > header ? stated - header : 0;
      seq = be32(t + 4);
      ack = be32(t + 8);
      bits |= (load<u8>(t + 13) as u32) | EVENT_TCP_WHOLE;
      if (load<u16>(t + 14) == 0) bits |= EVENT_ZERO_WINDOW;
    } else if (isCutSyn(t, here, stated)) {
      seq = be32(t + 4);
      bits |= SYN;
    }
  } else if (transportKind == LAYER_UDP) {
    protocol = 17;
    bits |= EVENT_UDP;
    if (here >= 4) ports = be32(t);
    payload = stated > 8 ? stated - 8 : 0;
  } else if (transportKind == LAYER_SCTP) {
    protocol = 132;
    if (here >= 4) ports = be32(t);
    payload = stated > 12 ? stated - 12 : 0;
  } else if (transportKind == LAYER_ICMP || transportKind == LAYER_ICMPV6) {
    protocol = transportKind == LAYER_ICMP ? 1 : 58;
    payload = stated > 8 ? stated - 8 : 0;
    if (here >= 2) {
      const type = load<u8>(t) as u32;
      const pair = icmpPair(type, transportKind == LAYER_ICMPV6);
      seq = (type << 8) | (load<u8>(t + 1) as u32);
      swapPorts = false;
      // Echo and its kin: the identifier tells conversations apart, and who asks (bit 8: the greater address). One-way
      // messages keep their direction.
      const echo = type == 8 || type == 0 || type == 128 || type == 129 || (type >= 13 && type <= 18);
      if (pair) {
        ports = (echo && here >= 6 ? be16(t + 4) << 16 : 0) | pair | (a != b && a > b == (type == pair) ? 0x100 : 0);
        // A host that asks itself: only the type tells the answer.
        if (a == b && type != pair) bits |= EVENT_FROM_B;
      }
      else ports = 0x8000 | (a > b ? 0x4000 : 0) | (seq << 16);
    }
  } else {
    protocol = load<u32>(slot + L_AUX + (network << 2));
    if (v6 && flags & LAYER_FLAG_FRAGMENT) {
      const row = fragmentHeader(slot, network);
      if (row != NO_ROW) protocol = load<u8>(load<u32>(slot + L_PTR + (row << 2))) as u32;
    }
    if (protocol == 1 || protocol == 58) swapPorts = false;
  }
  if (flags & LAYER_FLAG_FRAGMENT) {
    bits |= EVENT_FRAGMENT;
    if (mode == EVENTS_FLOWS && (protocol == 6 || protocol == 17 || protocol == 132 || protocol == 1 || protocol == 58))
      ports = fragmentPorts(slot, network, here >= 4, ports, point);
  }
  if (a > b || (a == b && swapPorts && ports >> 16 > (ports & 0xffff))) {
    const swap = a;
    a = b;
    b = swap;
    if (swapPorts) ports = (ports << 16) | (ports >> 16);
    bits |= EVENT_FROM_B;
  }
  const context = depth == 1 && !vni ? plainContextOf(point) : contextOf(point, depth, vni);

  const index = load<u32>(slot + H_EVENTS);
  const e = slot + S_EVENTS + (index << 6);
  const k0 = (a as u64) | ((b as u64) << 32);
  const k1 =
    (ports as u64) | ((((protocol & 255) | (v6 ? FLOW_V6 : 0) | (context << FLOW_CONTEXT_SHIFT)) as u64) << 32);
  store<u64>(e + E_KEY, k0);
  store<u64>(e + E_KEY + 8, k1);
  store<u32>(e + E_HASH, mix(k0, k1));
  store<u32>(e + E_PACKET, packet);
  store<u32>(e + E_NETWORK, network);
  store<u32>(e + E_TRANSPORT, transport);
  store<i64>(e + E_TIME, load<i64>(slot + P_TIME + (packet << 3)));
  store<u32>(e + E_FRAME_LENGTH, load<u32>(slot + P_LENGTH + (packet << 2)));
  store<u32>(e + E_IP_LENGTH, load<u32>(slot + L_LENGTH + (network << 2)));
  store<u32>(e + E_PAYLOAD, payload);
  store<u32>(e + E_SEQ, seq);
  store<u32>(e + E_ACK, ack);
  store<u32>(e + E_BITS, bits);
  store<u32>(slot + H_EVENTS, index + 1);
  if (sightings) markSighting(slot, index);
}

/**
 * A UDP length that cannot be: Wireshark gives up such a datagram before it looks for the conversation. 0 stands for more than
 * 16 bits hold, or for a jumbogram (RFC 2675); elsewhere it is as bad as 1 to 7.
 */
function isBadUdpLength(slot: usize, row: u32, network: u32): bool {
  const stated = be16(load<u32>(slot + L_PTR + (row << 2)) + 4);
  if (stated) return stated < 8;
  return load<u32>(slot + L_LENGTH + (row << 2)) <= 0xffff && load<u8>(slot + L_KIND + network) == LAYER_IPV4;
}

/** Appends the events of a packet whose layers are decoded. */
export function packetEvents(slot: usize, packet: u32): void {
  if (!mode) return;
  const streams = mode >= (EVENTS_STREAMS as u32);
  const first = load<u32>(slot + P_FIRST_LAYER + (packet << 2));
  const last = first + (load<u32>(slot + P_META + (packet << 2)) & 0xff);
  const point = mode == EVENTS_STREAMS ? load<u32>(slot + H_FILE) : load<u32>(slot + P_POINT + (packet << 2));
  let network: u32 = NO_ROW;
  let depth: u32 = 0;
  let tunnel: u32 = 0;
  let vni: u32 = 0;
  let carried = false;
  for (let row = first; row < last; row++) {
    const kind = load<u8>(slot + L_KIND + row) as u32;
    if (kind < (LAYER_IPV4 as u32)) continue;
    if (!streams && load<u8>(slot + L_FLAGS + row) & LAYER_FLAG_QUOTED) {
      if (!sightings) break;
      if (!(tunnel & QUOTED_TUNNEL)) {
        // What follows is told as a flow of its own, in no tunnel and carried by nobody.
        if (network != NO_ROW) addEvent(slot, packet, point, network, NO_ROW, depth | (tunnel << 8), vni, carried);
        network = NO_ROW;
        depth = DEPTH_QUOTED;
        tunnel = QUOTED_TUNNEL;
        vni = 0;
        carried = false;
      }
    }
    switch (kind) {
      case LAYER_IPV4:
      case LAYER_IPV6: {
        if (!streams && network != NO_ROW) {
          addEvent(slot, packet, point, network, NO_ROW, depth | (tunnel << 8), vni, carried);
          carried = true;
        }
        // A header that is not whole has no addresses to speak of.
        network = load<u8>(slot + L_FLAGS + row) & LAYER_FLAG_CUT ? NO_ROW : row;
        depth++;
        break;
      }
      case LAYER_TCP:
      case LAYER_UDP:
      case LAYER_SCTP:
      case LAYER_ICMP:
      case LAYER_ICMPV6: {
        if (network == NO_ROW) break;
        if (streams) {
          if (kind == LAYER_TCP || kind == LAYER_UDP) {
            // Wireshark reads 16 bytes of TCP before it looks for the conversation; quoted headers may have 8.
            const have = load<u32>(slot + L_END + (row << 2)) - load<u32>(slot + L_PTR + (row << 2));
            if (kind == LAYER_TCP ? have >= 16 : have >= 8 && !isBadUdpLength(slot, row, network))
              addEvent(slot, packet, point, network, row, 1, 0, false);
          }
        } else {
          addEvent(slot, packet, point, network, row, depth | (tunnel << 8), vni, carried);
          carried = true;
        }
        network = NO_ROW;
        break;
      }
      case LAYER_VXLAN:
      case LAYER_GENEVE:
      case LAYER_GTPU:
      case LAYER_IP_OVER_UDP:
        tunnel = kind;
        vni = load<u32>(slot + L_AUX + (row << 2));
        break;
      case LAYER_GRE:
        if (network != NO_ROW && !streams) {
          addEvent(slot, packet, point, network, NO_ROW, depth | (tunnel << 8), vni, carried);
          carried = true;
        }
        network = NO_ROW;
        tunnel = kind;
        vni = load<u32>(slot + L_AUX + (row << 2));
        break;
      default:
        break;
    }
  }
  if (network != NO_ROW && !streams) addEvent(slot, packet, point, network, NO_ROW, depth | (tunnel << 8), vni, carried);
}
