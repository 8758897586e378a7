/**
 * What follows an IP header and is neither TCP nor UDP, which lie in the loop of decode.ts: extension headers and the pieces
 * of IPv6 datagrams, ICMP, tunnels told by a protocol number, compressed payload.
 *
 * A step in the sense of layers.ts that may also lead to other bytes (a reassembled datagram, an inflated payload): the cursor
 * afterwards is ipAt(), stepLeft(), ipEnd(); where NEXT_IP_PROTOCOL comes next, its number is ipProtocol().
 */
import {
  H_REASSEMBLED_USED,
  L_FLAGS,
  L_KIND,
  L_PTR,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  P_POINT,
  P_TIME,
  REASSEMBLED_BYTES,
  S_REASSEMBLED,
  STOP_CAPTURE,
  STOP_FRAGMENT,
  STOP_LENGTH,
  STOP_NONE,
  STOP_PROTOCOL,
  TAG_ETHERIP,
  TAG_IPCOMP,
} from "./abi";
import {
  LAYER_AH,
  LAYER_ESP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_PIM,
  LAYER_SCTP,
  LAYER_TAG,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { inflate } from "./host";
import {
  NEXT_DONE,
  NEXT_ETHERNET,
  NEXT_IP,
  NEXT_IPV4,
  NEXT_IPV6,
  NEXT_IP_PROTOCOL,
  NEXT_PAYLOAD,
  addLayer,
  addLayerFlags,
  halt,
  layerFlags,
  leave,
  pass,
  setLayerFlags,
  stepUsed,
} from "./layers";
import { addFragment, reassembledBytes, reassembledLength, reassemblesSix, sixOnly } from "./reassemble";
import { TYPE_MPLS } from "./tags";
import { greStep } from "./tunnels";

/** Most that a compressed payload may become: what an IP packet can hold. */
const INFLATED_BYTES: u32 = 65535;

let from: usize = 0;
let at: usize = 0; // 0: behind what the step used up
let endAt: usize = 0;
let following: u32 = 0;

/** Where the next header begins. */
export function ipAt(): usize {
  return at ? at : from + stepUsed();
}
/** Address after the last captured byte. */
export function ipEnd(): usize {
  return endAt;
}
/** Protocol number of the next header. */
export function ipProtocol(): u32 {
  return following;
}

/** `network`: row of the IP header; `row`: of the packet. */
export function ipStep(
  protocol: u32,
  slot: usize,
  row: u32,
  network: u32,
  p: usize,
  left: u32,
  have: u32,
  end: usize,
): u32 {
  from = p;
  at = 0;
  endAt = end;
  switch (protocol) {
    case 1:
      return icmp(p, left, have, end, network);
    case 58:
      return icmp6(p, left, have, end, network);
    case 132:
      if (have < 12) addLayerFlags(LAYER_FLAG_CUT);
      if (have) addLayer(LAYER_SCTP, p, 12, left, end, network);
      return halt(left, have < 12 ? short(left, 12) : STOP_NONE);
    case 103:
      if (have) addLayer(LAYER_PIM, p, 8, left, end, 0);
      // A Register of version 2 carries the packet it is about (RFC 7761 section 4.9.3).
      return have >= 28 && load<u8>(p) == 0x21 ? leave(NEXT_IP, 8, left - 8) : halt(left, STOP_NONE);
    case 2:
      if (have) addLayer(LAYER_IGMP, p, 8, left, end, network);
      return halt(left, STOP_NONE);
    case 4:
      return pass(NEXT_IPV4, left);
    case 41:
      return pass(NEXT_IPV6, left);
    case 137:
      return pass(TYPE_MPLS, left);
    case 47:
      return greStep(p, left, have, end);
    case 0:
      return extension(LAYER_IPV6_HOPOPTS, slot, row, network, p, left, have, end);
    case 43:
      return extension(LAYER_IPV6_ROUTING, slot, row, network, p, left, have, end);
    case 44:
      return extension(LAYER_IPV6_FRAGMENT, slot, row, network, p, left, have, end);
    case 60:
      return extension(LAYER_IPV6_DSTOPTS, slot, row, network, p, left, have, end);
    case 51:
      return extension(LAYER_AH, slot, row, network, p, left, have, end);
    case 97:
      // EtherIP has two bytes in front (RFC 3378).
      if (have < 2) return halt(left, short(left, 2));
      addLayer(LAYER_TAG, p, 2, left, end, TAG_ETHERIP);
      return leave(NEXT_ETHERNET, 2, left - 2);
    case 143: // an Ethernet frame (RFC 8986 section 4.9)
      return leave(NEXT_ETHERNET, 0, left);
    case 108:
      return compressed(slot, p, left, have, end);
    case 50:
      if (have) addLayer(LAYER_ESP, p, 8, left, end, 0);
      return halt(left, STOP_PROTOCOL);
    case 59:
      return leave(NEXT_PAYLOAD, 0, left);
    default:
      return leave(NEXT_PAYLOAD, 0, left, STOP_PROTOCOL);
  }
}

/** Why fewer than `header` bytes are there. */
function short(left: u32, header: u32): u32 {
  return left < header ? STOP_LENGTH : STOP_CAPTURE;
}

/** Goes on at `bytes` with the IP protocol `number`. */
function goOn(number: u32, bytes: usize, left: u32, end: usize): u32 {
  at = bytes;
  endAt = end;
  following = number;
  return pass(NEXT_IP_PROTOCOL, left);
}

function icmp(p: usize, left: u32, have: u32, end: usize, network: u32): u32 {
  if (have < 8) addLayerFlags(LAYER_FLAG_CUT);
  if (have) addLayer(LAYER_ICMP, p, 8, left, end, network);
  if (have < 8) return halt(left, short(left, 8));
  const type = load<u8>(p);
  if (type != 3 && type != 4 && type != 5 && type != 11 && type != 12) return leave(NEXT_PAYLOAD, 8, left - 8);
  addLayerFlags(LAYER_FLAG_QUOTED);
  return leave(NEXT_IPV4, 8, left - 8);
}

function icmp6(p: usize, left: u32, have: u32, end: usize, network: u32): u32 {
  if (have < 4) addLayerFlags(LAYER_FLAG_CUT);
  if (have) addLayer(LAYER_ICMPV6, p, have < 8 ? 4 : 8, left, end, network);
  if (have < 8) return halt(left, have < 4 ? short(left, 4) : STOP_NONE);
  const type = load<u8>(p);
  if (type == 128 || type == 129) return leave(NEXT_PAYLOAD, 8, left - 8);
  if (type == 137) return redirect(p, left, have);
  if (type < 1 || type > 4) return leave(NEXT_DONE, 8, left - 8);
  addLayerFlags(LAYER_FLAG_QUOTED);
  return leave(NEXT_IPV6, 8, left - 8);
}

/** Behind two addresses lie options; one of them quotes the packet that goes elsewhere (RFC 4861 sections 4.5 and 4.6.3). */
function redirect(p: usize, left: u32, have: u32): u32 {
  for (let o: u32 = 40; o + 8 <= have; ) {
    const length = (load<u8>(p + o + 1) as u32) << 3;
    if (!length) break;
    if (load<u8>(p + o) == 4) {
      const quoted = o + length <= left ? length - 8 : left - o - 8;
      addLayerFlags(LAYER_FLAG_QUOTED);
      return leave(NEXT_IPV6, o + 8, quoted);
    }
    o += length;
  }
  return leave(NEXT_DONE, 8, left - 8);
}

/** Extension headers (RFC 8200 section 4), and the authentication header, which follows IPv4 too (RFC 4302). */
function extension(
  kind: u32,
  slot: usize,
  row: u32,
  network: u32,
  p: usize,
  left: u32,
  have: u32,
  end: usize,
): u32 {
  if (kind != LAYER_AH && load<u8>(slot + L_KIND + network) != LAYER_IPV6)
    return leave(NEXT_PAYLOAD, 0, left, STOP_PROTOCOL);
  if (have < 8) {
    if (have) {
      addLayerFlags(LAYER_FLAG_CUT);
      addLayer(kind, p, 8, left, end, 0);
    }
    return halt(left, short(left, 8));
  }
  const units = load<u8>(p + 1) as u32;
  const header: u32 = kind == LAYER_IPV6_FRAGMENT ? 8 : kind == LAYER_AH ? (units + 2) << 2 : (units + 1) << 3;
  const number = load<u8>(p) as u32;
  addLayer(kind, p, header, left, end, number);
  if (have < header) return halt(left, short(left, header));
  if (kind == LAYER_IPV6_FRAGMENT && be16(p + 2) & 0xfff9) return piece(number, slot, row, network, p, left, end);
  return goOn(number, p + header, left - header, end);
}

/** Behind the fragment header at `p`, of a datagram that has more than one (RFC 8200 section 4.5). */
function piece(number: u32, slot: usize, row: u32, network: u32, p: usize, left: u32, end: usize): u32 {
  const fragment = be16(p + 2);
  addLayerFlags(LAYER_FLAG_FRAGMENT);
  store<u8>(slot + L_FLAGS + network, load<u8>(slot + L_FLAGS + network) | (LAYER_FLAG_FRAGMENT as u8));
  // The piece waits for the others. tshark shows nothing of a first piece that an ICMP error quotes either.
  let waits = sixOnly() && (layerFlags() & LAYER_FLAG_QUOTED) != 0;
  if (reassemblesSix() && !(layerFlags() & (LAYER_FLAG_QUOTED | LAYER_FLAG_REASSEMBLED)) && p + left <= end) {
    const addresses = load<u32>(slot + L_PTR + (network << 2)) + 8;
    const point = sixOnly() ? 0 : load<u32>(slot + P_POINT + (row << 2));
    if (
      addFragment(slot, point, load<i64>(slot + P_TIME + (row << 3)), addresses, 16, be32(p + 4), number,
        fragment & 0xfff8, left - 8, (fragment & 1) != 0, p + 8)
    ) {
      setLayerFlags(LAYER_FLAG_REASSEMBLED);
      const whole = reassembledBytes();
      return goOn(number, whole, reassembledLength(), whole + reassembledLength());
    }
    waits = sixOnly();
  }
  if (fragment & 0xfff8 || waits) return leave(NEXT_PAYLOAD, 8, left - 8, STOP_FRAGMENT);
  return goOn(number, p + 8, left - 8, end);
}

/** next header(1) flags(1) algorithm(2), then what was compressed (RFC 3173). Deflate is the one that was used. */
function compressed(slot: usize, p: usize, left: u32, have: u32, end: usize): u32 {
  if (have <= 4) return leave(NEXT_PAYLOAD, 0, left, left <= 4 ? STOP_LENGTH : STOP_CAPTURE);
  addLayer(LAYER_TAG, p, 4, left, end, TAG_IPCOMP);
  const filled = load<u32>(slot + H_REASSEMBLED_USED);
  const to = slot + S_REASSEMBLED + filled;
  const size: u32 =
    filled + INFLATED_BYTES <= (REASSEMBLED_BYTES as u32) ? inflate(p + 4, have - 4, to, INFLATED_BYTES) : 0;
  if (!size) return leave(NEXT_PAYLOAD, 4, left - 4, STOP_PROTOCOL);
  store<u32>(slot + H_REASSEMBLED_USED, filled + size);
  addLayerFlags(LAYER_FLAG_REASSEMBLED);
  return goOn(load<u8>(p) as u32, to, size, to + size);
}
