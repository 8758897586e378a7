/**
 * Writes the sightings: one row for every network layer of every packet, with what survives routing, NAT and tunnels.
 * Runs in the flow stage after `processSlot`, so a row names its flow (capture point, depth, tunnel, addresses, ports) by number.
 *
 * ```
 * word  0  1   2       3           4    5    6        7             8                  9                 10
 *      time   packet  flow·2+dir  seq  ack  TSval    payload hash  length·256+flags   id·65536+ttl·256   IP length
 *                                           ICMP: type·2^24+code·2^16+sequence        +SIGHTING_* bits
 *                                           later fragment: offset in bytes
 * ```
 * 44 bytes a row; a row's carrier is the row before it (SIGHTING_CARRIED). Rows lie in segments that never move.
 */
import {
  A_STREAM,
  E_ACK,
  E_BITS,
  E_IP_LENGTH,
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
  H_EVENTS,
  H_PACKETS,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_PTR,
  LAYER_FLAG_QUOTED,
  MACS_BYTES,
  NO_ROW,
  P_FIRST_LAYER,
  P_META,
  S_EVENTS,
  SIGHTING_BYTES,
  SIGHTING_CARRIED,
  SIGHTING_CARRIES,
  SIGHTING_CUT,
  SIGHTING_DF,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_QUOTED,
  SIGHTING_REASSEMBLED,
  STOP_CAPTURE,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
  LAYER_FLAG_REASSEMBLED,
  UNSEEN_ARP,
  UNSEEN_CUT,
  UNSEEN_LINK_TYPE,
  UNSEEN_OTHER,
} from "./abi";
import {
  LAYER_ARP,
  LAYER_ETHERNET,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_FRAGMENT,
  LAYER_IP_OVER_UDP,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { allocate } from "./host";
import { zeroed } from "./hash";

/** Payload bytes the hash covers. Super-packets and their first piece share so much, and it costs 20 ns. */
const HASHED: u32 = 256;
const SEGMENT_SHIFT: u32 = 15;
const SEGMENT_MASK: u32 = (1 << SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS: u32 = 4096;
const MACS_SHIFT: u32 = 14;
const MACS_MASK: u32 = (1 << MACS_SHIFT) - 1;

let segments: usize = 0;
let rows: u32 = 0;
let packets: u32 = 0;
let macs: usize = 0;
let macSegments: u32 = 0;
let unseen: usize = 0;

export function configureSightings(): void {
  segments = zeroed(MAX_SEGMENTS * 4);
  rows = 0;
  packets = 0;
  macs = zeroed(MAX_SEGMENTS * 4);
  macSegments = 0;
  unseen = zeroed(64);
}

export function sightingCount(): u32 {
  return rows;
}
/** Address of the directory of segments of 32768 rows. */
export function sightingSegments(): usize {
  return segments;
}
/** Address of the directory of MAC segments: 16384 flows of MACS_BYTES each. */
export function macDirectory(): usize {
  return macs;
}
/** Address of the counts of packets without a network layer, by UNSEEN_*. */
export function unseenCounts(): usize {
  return unseen;
}

// @ts-ignore: decorator
@inline
function rowAt(row: u32): usize {
  return (load<u32>(segments + ((row >> SEGMENT_SHIFT) << 2)) as usize) + (row & SEGMENT_MASK) * SIGHTING_BYTES;
}

/** Hash of `n` bytes, never 0. */
function hashBytes(p: usize, n: u32, start: u64): u32 {
  let h: u64 = start ^ 0x9e3779b97f4a7c15;
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

function macOf(flow: u32): usize {
  const s = flow >> MACS_SHIFT;
  while (macSegments <= s) store<u32>(macs + (macSegments++ << 2), zeroed(MACS_BYTES << MACS_SHIFT) as u32);
  return (load<u32>(macs + (s << 2)) as usize) + (flow & MACS_MASK) * MACS_BYTES;
}

/** Keeps source and destination MAC of the first packet of each direction of a flow. */
function keepMacs(slot: usize, first: u32, network: u32, flow: u32, direction: u32): void {
  const at = macOf(flow) + (direction ? ((MACS_BYTES >> 1) as u32) : (0 as u32));
  if (load<u32>(at + 12)) return;
  let row = network;
  let kind: u32 = 0;
  while (row > first) {
    kind = load<u8>(slot + L_KIND + --row) as u32;
    if (kind == LAYER_ETHERNET || kind == LAYER_SLL || kind == LAYER_SLL2 || kind == LAYER_IPV4 || kind == LAYER_IPV6)
      break;
  }
  const p: usize = load<u32>(slot + L_PTR + (row << 2));
  if (kind == LAYER_ETHERNET) {
    memory.copy(at, p + 6, 6);
    memory.copy(at + 6, p, 6);
    store<u32>(at + 12, 1);
  } else if (kind == LAYER_SLL) {
    memory.copy(at, p + 6, 6);
    store<u32>(at + 12, 2 + (load<u8>(p + 1) as u32));
  } else if (kind == LAYER_SLL2) {
    memory.copy(at, p + 12, 6);
    store<u32>(at + 12, 2 + (load<u8>(p + 10) as u32));
  } else store<u32>(at + 12, 1);
}

/** Adds the rows of a slot whose events the flow stage has taken (with `annotate`). */
export function appendSightings(slot: usize): void {
  const n = load<u32>(slot + H_EVENTS);
  const count = load<u32>(slot + H_PACKETS);
  let nextPacket: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const e = slot + S_EVENTS + (i << 6);
    const packet = load<u32>(e + E_PACKET);
    while (nextPacket < packet) countUnseen(slot, nextPacket++);
    nextPacket = packet + 1;
    append(slot, e, packet);
  }
  while (nextPacket < count) countUnseen(slot, nextPacket++);
  packets += count;
}

function append(slot: usize, e: usize, packet: u32): void {
  if (!(rows & SEGMENT_MASK))
    store<u32>(segments + ((rows >> SEGMENT_SHIFT) << 2), allocate(SIGHTING_BYTES << SEGMENT_SHIFT) as u32);
  const row = rows++;
  const r = rowAt(row);
  const network = load<u32>(e + E_NETWORK);
  const transport = load<u32>(e + E_TRANSPORT);
  const bits = load<u32>(e + E_BITS);
  const direction: u32 = bits & EVENT_FROM_B ? 1 : 0;
  const flow = load<u32>(slot + A_STREAM + (network << 2));
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
  if (bits & EVENT_CARRIED && row) {
    own |= SIGHTING_CARRIED;
    const before = rowAt(row - 1);
    store<u32>(before + 36, load<u32>(before + 36) | SIGHTING_CARRIES);
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
      } else if (here >= 8) seq = be32(t + 4);
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
          const known = four ? be16(t + 12) : be16(t + 12);
          hash = hashBytes(t, 2, ((known as u64) << 32) | ((inner + 8 <= end && isTcp(t + 8, four) ? be32(inner + 4) : 0) as u64));
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
  store<i64>(r, load<i64>(e + E_TIME));
  store<u32>(r + 8, packets + packet);
  store<u32>(r + 12, (flow << 1) | direction);
  store<u32>(r + 16, seq);
  store<u32>(r + 20, ack);
  store<u32>(r + 24, extra);
  store<u32>(r + 28, hash);
  store<u32>(r + 32, (dataLength << 8) | tcpFlags);
  store<u32>(r + 36, (id << 16) | (ttl << 8) | own);
  store<u32>(r + 40, load<u32>(e + E_IP_LENGTH));
  keepMacs(slot, load<u32>(slot + P_FIRST_LAYER + (packet << 2)), network, flow, direction);
}

/** The IP header at `p` says that TCP follows. */
// @ts-ignore: decorator
@inline
function isTcp(p: usize, four: bool): bool {
  return load<u8>(p + (four ? 9 : 6)) == 6;
}

/** A packet without a network layer: why. */
function countUnseen(slot: usize, packet: u32): void {
  const first = load<u32>(slot + P_FIRST_LAYER + (packet << 2));
  const meta = load<u32>(slot + P_META + (packet << 2));
  const last = first + (meta & 0xff);
  const stop = (meta >> 8) & 0xff;
  let why: u32 = UNSEEN_OTHER;
  if (stop == STOP_LINK_TYPE) why = UNSEEN_LINK_TYPE;
  else if (stop == STOP_CAPTURE || stop == STOP_LENGTH || stop == STOP_HEADER) why = UNSEEN_CUT;
  for (let row = first; row < last; row++) if (load<u8>(slot + L_KIND + row) == LAYER_ARP) why = UNSEEN_ARP;
  store<u32>(unseen + (why << 2), load<u32>(unseen + (why << 2)) + 1);
}
