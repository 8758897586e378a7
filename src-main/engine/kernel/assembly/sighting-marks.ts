/**
 * What survives of a packet through routing, NAT and tunnels: the part of a sighting that the decode stage makes, beside the event,
 * while the headers and the payload are in its cache. From the flow stage, on another core, the same took 190 ns a packet.
 *
 * ```
 * mark of an event = words 4 … 9 of its sighting (sightings.ts)
 *   seq   ack   TSval or ICMP type, code, sequence, or offset   payload hash   length·256+flags   id·65536+ttl·256+SIGHTING_*
 * ```
 * A TCP segment with neither payload nor identification has in place of the payload hash one of its window and options: duplicate
 * acknowledgments within one tick of the timestamp clock differ only there (in what they acknowledge selectively, RFC 2018).
 */
import {
  EVENT_CARRIED,
  EVENT_FRAGMENT,
  EVENT_TCP_WHOLE,
  E_ACK,
  E_BITS,
  E_IP_LENGTH,
  E_NETWORK,
  E_PACKET,
  E_PAYLOAD,
  E_SEQ,
  E_TRANSPORT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_PTR,
  MARK_BYTES,
  NO_ROW,
  P_FIRST_LAYER,
  P_META,
  SIGHTING_CARRIED,
  SIGHTING_CARRIES,
  SIGHTING_CUT,
  SIGHTING_DF,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_QUOTED,
  SIGHTING_REASSEMBLED,
  S_EVENTS,
  S_MARKS,
} from "./abi";
import {
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6_FRAGMENT,
  LAYER_IP_OVER_UDP,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";

/** Payload bytes the hash covers. Super-packets and their first piece share so much, and it costs 20 ns. */
const HASHED: u32 = 256;

/** Hash of `n` bytes, never 0. In two lanes, whose multiplications do not wait for each other: 33 ns of 256 bytes, 59 in one. */
function hashBytes(p: usize, n: u32, start: u64): u32 {
  let h: u64 = start ^ 0x9e3779b97f4a7c15;
  if (n >= 32) {
    let other: u64 = 0xc2b2ae3d27d4eb4f;
    do {
      h = (h ^ load<u64>(p)) * 0xbf58476d1ce4e5b9;
      other = (other ^ load<u64>(p, 8)) * 0x9fb21c651e98df25;
      h ^= h >> 29;
      other ^= other >> 29;
      p += 16;
      n -= 16;
    } while (n >= 16);
    h = (h ^ (other << 32 | other >> 32)) * 0xbf58476d1ce4e5b9;
    h ^= h >> 29;
  }
  while (n >= 8) {
    h = (h ^ load<u64>(p)) * 0xbf58476d1ce4e5b9;
    h ^= h >> 29;
    p += 8;
    n -= 8;
  }
  if (n) {
    let last: u64 = 0;
    for (let i: u32 = 0; i < n; i++) last = (last << 8) | (load<u8>(p + i) as u64);
    h = (h ^ last ^ ((n as u64) << 56)) * 0xbf58476d1ce4e5b9;
  }
  h ^= h >> 32;
  h *= 0x94d049bb133111eb;
  return ((h >> 32) as u32) | 1;
}

/** TSval of the TCP header at `t` (its `header` bytes are captured), 0 if it has none. */
function timestampValue(t: usize, header: u32): u32 {
  if (header < 32) return 0;
  // Nearly every segment: NOP NOP timestamp.
  if (load<u32>(t + 20) == 0x0a080101) return be32(t + 24);
  let at: u32 = 20;
  while (at < header) {
    const kind = load<u8>(t + at) as u32;
    if (kind == 0) return 0;
    if (kind == 1) {
      at++;
      continue;
    }
    if (at + 2 > header) return 0;
    const length = load<u8>(t + at + 1) as u32;
    if (length < 2) return 0;
    if (kind == 8 && length == 10 && at + 10 <= header) return be32(t + at + 2);
    at += length;
  }
  return 0;
}

/** Writes the mark of event `index`. All layers of its packet are decoded, the events before it made. */
export function markSighting(slot: usize, index: u32): void {
  const e = slot + S_EVENTS + (index << 6);
  const m = slot + S_MARKS + index * MARK_BYTES;
  const packet = load<u32>(e + E_PACKET);
  const network = load<u32>(e + E_NETWORK);
  const transport = load<u32>(e + E_TRANSPORT);
  const bits = load<u32>(e + E_BITS);
  const p: usize = load<u32>(slot + L_PTR + (network << 2));
  const flags = load<u8>(slot + L_FLAGS + network) as u32;
  const payloadLength = load<u32>(e + E_PAYLOAD);
  let own: u32 = 0;
  let id: u32 = 0;
  let ttl: u32;
  let fragmentOffset: u32 = 0;
  if (load<u8>(slot + L_KIND + network) == LAYER_IPV4) {
    id = be16(p + 4);
    ttl = load<u8>(p + 8) as u32;
    const fragment = be16(p + 6);
    if (fragment & 0x4000) own |= SIGHTING_DF;
    fragmentOffset = (fragment & 0x1fff) << 3;
  } else {
    ttl = load<u8>(p + 7) as u32;
    own |= SIGHTING_DF;
    if (bits & EVENT_FRAGMENT) {
      for (let k = network + 1; k < network + 6; k++)
        if (load<u8>(slot + L_KIND + k) == LAYER_IPV6_FRAGMENT) {
          const f: usize = load<u32>(slot + L_PTR + (k << 2));
          id = be32(f + 4) & 0xffff;
          fragmentOffset = be16(f + 2) & 0xfff8;
          break;
        }
    }
  }
  if (bits & EVENT_CARRIED && index) {
    own |= SIGHTING_CARRIED;
    const before = m - MARK_BYTES;
    store<u32>(before + 20, load<u32>(before + 20) | SIGHTING_CARRIES);
  }
  if (flags & LAYER_FLAG_QUOTED) own |= SIGHTING_QUOTED;
  // A tunnel header behind it carries, also where what it carries has no network layer (ARP inside VXLAN).
  const behind = (transport == NO_ROW ? network : transport) + 1;
  if (behind < load<u32>(slot + P_FIRST_LAYER + (packet << 2)) + (load<u32>(slot + P_META + (packet << 2)) & 0xff)) {
    const kind = load<u8>(slot + L_KIND + behind) as u32;
    if (kind >= (LAYER_VXLAN as u32) && kind <= (LAYER_IP_OVER_UDP as u32) && kind != (LAYER_WIREGUARD as u32))
      own |= SIGHTING_CARRIES;
  }
  if (bits & EVENT_FRAGMENT) own |= SIGHTING_FRAGMENT;
  let seq: u32 = 0;
  let ack: u32 = 0;
  let extra: u32 = 0;
  let hash: u32 = 0;
  let data: usize = 0;
  let dataLength: u32 = payloadLength;
  let end: usize = 0;
  let start: u64 = 0;
  let tcpFlags: u32 = 0;
  if (transport != NO_ROW) {
    const kind = load<u8>(slot + L_KIND + transport) as u32;
    const t: usize = load<u32>(slot + L_PTR + (transport << 2));
    end = load<u32>(slot + L_END + (transport << 2));
    const here = (end - t) as u32;
    if (load<u8>(slot + L_FLAGS + transport) & LAYER_FLAG_REASSEMBLED) own |= SIGHTING_REASSEMBLED;
    if (kind == LAYER_TCP) {
      if (bits & EVENT_TCP_WHOLE) {
        seq = load<u32>(e + E_SEQ);
        ack = load<u32>(e + E_ACK);
        tcpFlags = bits & 255;
        const header = load<u16>(slot + L_HEADER + (transport << 1)) as u32;
        if (here >= header) extra = timestampValue(t, header);
        data = t + header;
        // Of SYNs networks clamp and strip options.
        if (!id && !payloadLength && !(tcpFlags & 2) && here >= header)
          hash = hashBytes(t + 20, header - 20, load<u16>(t + 14) as u64);
      } else {
        own |= SIGHTING_CUT;
        if (here >= 8) seq = be32(t + 4);
      }
    } else if (kind == LAYER_UDP) data = t + 8;
    else if (kind == LAYER_SCTP) {
      if (here >= 12) {
        start = load<u32>(t + 4) as u64;
        data = t + 12;
      }
    } else if (kind == LAYER_ICMP || kind == LAYER_ICMPV6) {
      if (here >= 8) {
        const type = load<u8>(t) as u32;
        const echo = type == 0 || type == 8 || type == 128 || type == 129 || (type >= 13 && type <= 18);
        extra = (type << 24) | ((load<u8>(t + 1) as u32) << 16) | (echo ? be16(t + 6) : 0);
        if (echo) data = t + 8;
        else if (here >= 36 && (kind == LAYER_ICMP || type < 128)) {
          // An error: of what it quotes, addresses and ports are rewritten by NAT; identification and sequence number are not.
          const four = load<u8>(t + 8) >> 4 == 4;
          const inner = t + 8 + (four ? (((load<u8>(t + 8) & 15) as u32) << 2) : (40 as u32));
          hash = hashBytes(t, 2, ((be16(t + 12) as u64) << 32) | ((inner + 8 <= end && isTcp(t + 8, four) ? be32(inner + 4) : 0) as u64));
        } else data = t + 8;
      }
    }
    if (own & SIGHTING_FRAGMENT && fragmentOffset) data = 0;
  } else {
    own |= SIGHTING_NO_TRANSPORT;
    end = load<u32>(slot + L_END + (network << 2));
    const header = load<u16>(slot + L_HEADER + (network << 1)) as u32;
    const total = load<u32>(e + E_IP_LENGTH);
    data = p + header;
    dataLength = total > header ? total - header : 0;
    start = fragmentOffset as u64;
  }
  if (own & SIGHTING_FRAGMENT && fragmentOffset) extra = fragmentOffset;
  if (!hash && data && dataLength) {
    const wanted = dataLength < HASHED ? dataLength : HASHED;
    if (data + wanted <= end) hash = hashBytes(data, wanted, start);
    else own |= SIGHTING_CUT;
  }
  store<u32>(m, seq);
  store<u32>(m + 4, ack);
  store<u32>(m + 8, extra);
  store<u32>(m + 12, hash);
  store<u32>(m + 16, (dataLength << 8) | tcpFlags);
  store<u32>(m + 20, (id << 16) | (ttl << 8) | own);
}

/** The IP header at `p` says that TCP follows. */
// @ts-ignore: decorator
@inline
function isTcp(p: usize, four: bool): bool {
  return load<u8>(p + (four ? 9 : 6)) == 6;
}
