/**
 * Writes the sightings: one row for every network layer of every packet, with what survives routing, NAT and tunnels. The decode
 * stage has made that part (sighting-marks.ts); this runs in the flow stage after `processSlot`, so a row names its flow (capture
 * point, depth, tunnel, addresses, ports) by number.
 *
 * ```
 * word  0  1   2       3           4    5    6        7             8                  9                 10
 *      time   packet  flow·2+dir  seq  ack  TSval    payload hash  length·256+flags   id·65536+ttl·256   IP length
 *                                           ICMP: type·2^24+code·2^16+sequence        +SIGHTING_* bits
 *                                           later fragment: offset in bytes; no payload and id 0: hash of TCP window and options
 * ```
 * 44 bytes a row; a row's carrier is the row before it (SIGHTING_CARRIED). Rows lie in segments that never move.
 */
import {
  A_STREAM,
  COOKED_IN,
  COOKED_OUT,
  EVENT_FROM_B,
  E_BITS,
  E_IP_LENGTH,
  E_KEY,
  E_NETWORK,
  E_PACKET,
  E_TIME,
  H_EVENTS,
  H_PACKETS,
  L_KIND,
  L_PTR,
  MACS_BYTES,
  MARK_BYTES,
  P_FIRST_LAYER,
  P_META,
  SIGHTING_BYTES,
  STOP_CAPTURE,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
  S_EVENTS,
  S_MARKS,
  UNSEEN_ARP,
  UNSEEN_CUT,
  UNSEEN_LINK_TYPE,
  UNSEEN_OTHER,
} from "./abi";
import {
  LAYER_ARP,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_SLL,
  LAYER_SLL2,
} from "../../../../src-shared/model/layer-kind";
import { allocate } from "./host";
import { zeroed } from "./hash";
import { configurePicks, pickRow } from "./picks";

const SEGMENT_SHIFT: u32 = 15;
const SEGMENT_MASK: u32 = (1 << SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS: u32 = 4096;
const MACS_SHIFT: u32 = 14;
const MACS_MASK: u32 = (1 << MACS_SHIFT) - 1;

let segments: usize = 0;
let rows: u32 = 0;
let packets: u32 = 0;
let earliest: i64 = i64.MAX_VALUE;
let macs: usize = 0;
let macSegments: u32 = 0;
let unseen: usize = 0;

export function configureSightings(): void {
  segments = zeroed(MAX_SEGMENTS * 4);
  rows = 0;
  packets = 0;
  earliest = i64.MAX_VALUE;
  macs = zeroed(MAX_SEGMENTS * 4);
  macSegments = 0;
  unseen = zeroed(64);
  configurePicks();
}

export function sightingCount(): u32 {
  return rows;
}
/** Forgets the rows, to be called between slots: who writes them out as they come needs no memory for them. */
export function dropSightings(): void {
  rows = 0;
}
/** Whole seconds of the earliest time; a capture without times says 1970, which is not one. Infinity: there is none. */
export function earliestSeconds(): f64 {
  return earliest == i64.MAX_VALUE ? Infinity : ((earliest >> 30) as f64);
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

export function macOf(flow: u32): usize {
  const s = flow >> MACS_SHIFT;
  while (macSegments <= s) store<u32>(macs + (macSegments++ << 2), zeroed(MACS_BYTES << MACS_SHIFT) as u32);
  return (load<u32>(macs + (s << 2)) as usize) + (flow & MACS_MASK) * MACS_BYTES;
}

/** Packet type of a cooked capture: sent by the machine that recorded it. */
const SENT: u32 = 4;

/**
 * Keeps source and destination MAC (SLL2: the interface's index) of the first packet of each direction of a flow; of a cooked capture
 * whether any came in, and whether any was sent.
 */
function keepMacs(slot: usize, first: u32, network: u32, flow: u32, direction: u32): void {
  const at = macOf(flow) + (direction ? ((MACS_BYTES >> 1) as u32) : (0 as u32));
  const seen = load<u32>(at + 12);
  if (seen == 1) return;
  if (seen) {
    const whole = load<u8>(slot + L_KIND + first) as u32;
    const p: usize = load<u32>(slot + L_PTR + (first << 2));
    if (whole == LAYER_SLL) store<u32>(at + 12, seen | wayOf(load<u8>(p + 1)));
    else if (whole == LAYER_SLL2) store<u32>(at + 12, seen | wayOf(load<u8>(p + 10)));
    return;
  }
  let row = network;
  let kind: u32 = 0;
  while (row > first) {
    kind = load<u8>(slot + L_KIND + --row) as u32;
    if (kind == LAYER_ETHERNET || kind == LAYER_SLL || kind == LAYER_SLL2 || kind == LAYER_IPV4 || kind == LAYER_IPV6)
      break;
  }
  // What is carried without a MAC of its own: the capture point may still be one of all interfaces.
  const whole = load<u8>(slot + L_KIND + first) as u32;
  if (kind != LAYER_ETHERNET && (whole == LAYER_SLL || whole == LAYER_SLL2)) {
    row = first;
    kind = whole;
  }
  const p: usize = load<u32>(slot + L_PTR + (row << 2));
  if (kind == LAYER_ETHERNET) {
    memory.copy(at, p + 6, 6);
    memory.copy(at + 6, p, 6);
    store<u32>(at + 12, 1);
  } else if (kind == LAYER_SLL) {
    memory.copy(at, p + 6, 6);
    store<u32>(at + 12, (2 + (load<u8>(p + 1) as u32)) | wayOf(load<u8>(p + 1)));
  } else if (kind == LAYER_SLL2) {
    memory.copy(at, p + 12, 6);
    memory.copy(at + 6, p + 4, 4);
    store<u32>(at + 12, (2 + (load<u8>(p + 10) as u32)) | wayOf(load<u8>(p + 10)));
  } else store<u32>(at + 12, 1);
}

// @ts-ignore: decorator
@inline
function wayOf(type: u8): u32 {
  return (type as u32) == SENT ? COOKED_OUT : COOKED_IN;
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
    append(slot, i);
  }
  while (nextPacket < count) countUnseen(slot, nextPacket++);
  packets += count;
}

function append(slot: usize, index: u32): void {
  const segment = segments + ((rows >> SEGMENT_SHIFT) << 2);
  if (!(rows & SEGMENT_MASK) && !load<u32>(segment))
    store<u32>(segment, allocate(SIGHTING_BYTES << SEGMENT_SHIFT) as u32);
  const e = slot + S_EVENTS + (index << 6);
  const m = slot + S_MARKS + index * MARK_BYTES;
  const row = rows++;
  const r = rowAt(row);
  const packet = load<u32>(e + E_PACKET);
  const network = load<u32>(e + E_NETWORK);
  const direction: u32 = load<u32>(e + E_BITS) & EVENT_FROM_B ? 1 : 0;
  const flow = load<u32>(slot + A_STREAM + (network << 2));
  const time = load<i64>(e + E_TIME);
  store<i64>(r, time);
  if (time < earliest && time >> 30 > 0) earliest = time;
  store<u32>(r + 8, packets + packet);
  store<u32>(r + 12, (flow << 1) | direction);
  store<u64>(r + 16, load<u64>(m));
  store<u64>(r + 24, load<u64>(m + 8));
  store<u64>(r + 32, load<u64>(m + 16));
  store<u32>(r + 40, load<u32>(e + E_IP_LENGTH));
  keepMacs(slot, load<u32>(slot + P_FIRST_LAYER + (packet << 2)), network, flow, direction);
  pickRow(row, r, (load<u32>(e + E_KEY + 12) & 255) == 6);
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
