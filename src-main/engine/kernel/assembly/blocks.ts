/**
 * Splits the raw bytes of a slot into records and hands each packet to the decoder.
 *
 * pcap:    seconds(4) fraction(4) captured(4) length(4) bytes…
 * pcapng:  type(4) total(4) body… total(4); packets are EPB 6, SPB 3, PB 2. Every other block is the host's: the reader
 *          stops in front of it (READ_BLOCK) and is called again behind it.
 */
import {
  EVENTS_PER_PACKET,
  FORMAT_PCAP,
  H_EVENTS,
  H_FILE_OFFSET,
  H_LAYERS,
  H_PACKETS,
  H_RAW_DONE,
  H_REASSEMBLED_USED,
  REASSEMBLED_BYTES,
  H_RAW_USED,
  H_STATUS,
  H_STATUS_AT,
  H_STATUS_VALUE,
  I_BINARY_TIME,
  I_LINK_TYPE,
  I_OFFSET_SECONDS,
  I_POINT,
  I_SNAP_LENGTH,
  I_TIME_SHIFT,
  I_TIME_UNITS,
  INTERFACE_BYTES,
  LAYERS_PER_PACKET,
  MAX_EVENTS,
  MAX_LAYERS,
  MAX_PACKETS,
  MAX_RECORD_BYTES,
  P_CAPTURED,
  P_DATA,
  P_LENGTH,
  P_OFFSET,
  P_OPTIONS,
  P_OPTIONS_LENGTH,
  P_POINT,
  P_TIME,
  PACKET_BIG_ENDIAN_OPTIONS,
  PACKET_CUSTOM_BLOCK,
  PACKET_FAR_TIME,
  PACKET_NO_TIME,
  PACKET_OBSOLETE,
  READ_BAD_INTERFACE,
  READ_BAD_LENGTH,
  READ_BAD_TRAILER,
  READ_BLOCK,
  READ_FULL,
  READ_MORE,
  S_RAW,
} from "./abi";
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SIMPLE_PACKET,
} from "../../../../src-shared/model/header-numbers";
import { order32 } from "./bytes";
import { decodePacket } from "./decode";
import { packetEvents } from "./events";
import { packetPaths } from "./paths";

const BILLION: u64 = 1000000000;

let format: u32 = 0;
let swapped: bool = false;
/** Nanoseconds in a unit of a pcap record's fraction. */
let fractionNs: u32 = 1000;
/** 0: captured length first; 1: swapped; 2: swapped where captured > length (pcap versions before 2.4). */
let lengthOrder: u32 = 0;
/** Bytes between a pcap record's 16-byte header and its data (modified formats). */
let recordExtra: u32 = 0;
let interfaces: usize = 0;
let interfaceCount: u32 = 0;
let maxRecord: u32 = 262144;

/** Describes the file to be read next. `table` holds interface descriptions, see abi.ts. */
export function beginFile(
  fileFormat: u32,
  swap: bool,
  nanoseconds: bool,
  lengths: u32,
  extra: u32,
  snapLength: u32,
  table: usize,
): void {
  format = fileFormat;
  swapped = swap;
  fractionNs = nanoseconds ? 1 : 1000;
  lengthOrder = lengths;
  recordExtra = extra;
  interfaces = table;
  interfaceCount = fileFormat == FORMAT_PCAP ? 1 : 0;
  const limit = snapLength < (MAX_RECORD_BYTES as u32) ? snapLength : (MAX_RECORD_BYTES as u32);
  maxRecord = limit > 262144 ? limit : 262144;
}

/** A pcapng section began: its byte order, and no interface yet. */
export function beginSection(swap: bool): void {
  swapped = swap;
  interfaceCount = 0;
}

/** The host has appended a description to the interface table. */
export function setInterfaceCount(count: u32): void {
  interfaceCount = count;
}

// @ts-ignore: decorator
@inline
function packTime(seconds: i64, nanoseconds: u32): i64 {
  return (seconds << 30) | (nanoseconds as i64);
}

/** Of timeOf(): the time does not fit. */
let timeIsFar: bool = false;
const LAST_SECOND: i64 = 0x1ffffffff;
const FIRST_SECOND: i64 = -0x200000000;

function timeOf(desc: usize, ticks: u64): i64 {
  let seconds: i64;
  let ns: u64;
  if (load<u32>(desc + I_BINARY_TIME)) {
    const shift = load<u32>(desc + I_TIME_SHIFT) as u64;
    const fraction = shift >= 64 ? ticks : ticks & (((1 as u64) << shift) - 1);
    seconds = shift >= 64 ? 0 : ((ticks >> shift) as i64);
    // Above 2^34 units a second the product would overflow: drop the lowest bits first, they are below a nanosecond.
    if (shift > 34) ns = ((fraction >> (shift - 34)) * BILLION) >> 34;
    else ns = (fraction * BILLION) >> shift;
  } else {
    const units = load<u64>(desc + I_TIME_UNITS);
    const whole = ticks / units;
    const fraction = ticks - whole * units;
    seconds = whole as i64;
    ns = units <= BILLION ? fraction * (BILLION / units) : fraction / (units / BILLION);
  }
  seconds += load<i64>(desc + I_OFFSET_SECONDS);
  timeIsFar = seconds > LAST_SECOND || seconds < FIRST_SECOND;
  if (timeIsFar) return packTime(seconds < 0 ? FIRST_SECOND : LAST_SECOND, 0);
  return packTime(seconds, ns as u32);
}

function putPacket(
  slot: usize,
  row: u32,
  at: usize,
  desc: usize,
  time: i64,
  data: usize,
  captured: u32,
  length: u32,
  flags: u32,
): void {
  store<u32>(slot + P_POINT + (row << 2), load<u32>(desc + I_POINT));
  appendRow(slot, row, at, load<u32>(desc + I_LINK_TYPE), time, data, captured, length, flags);
}

function appendRow(
  slot: usize,
  row: u32,
  at: usize,
  linkType: u32,
  time: i64,
  data: usize,
  captured: u32,
  length: u32,
  flags: u32,
): void {
  store<i64>(slot + P_TIME + (row << 3), time);
  store<f64>(slot + P_OFFSET + (row << 3), load<f64>(slot + H_FILE_OFFSET) + ((at - slot - S_RAW) as f64));
  store<u32>(slot + P_DATA + (row << 2), data as u32);
  store<u32>(slot + P_CAPTURED + (row << 2), captured);
  store<u32>(slot + P_LENGTH + (row << 2), length);
  decodePacket(slot, row, linkType, data, captured, length, flags);
  packetEvents(slot, row);
  store<u32>(slot + H_PACKETS, row + 1);
}

// @ts-ignore: decorator
@inline
function roomFor(slot: usize, row: u32): bool {
  return (
    row < (MAX_PACKETS as u32) && load<u32>(slot + H_LAYERS) + LAYERS_PER_PACKET <= (MAX_LAYERS as u32) &&
    load<u32>(slot + H_EVENTS) + EVENTS_PER_PACKET <= (MAX_EVENTS as u32) &&
    load<u32>(slot + H_REASSEMBLED_USED) + 65536 <= (REASSEMBLED_BYTES as u32)
  );
}

/**
 * Appends the custom block at `at` (in RAW, `total` bytes, whole) as a row without layers: what is behind its head and number,
 * which is how Wireshark counts it. `point` stands for the interface it does not have. False if the slot is full.
 */
export function customBlock(slot: usize, at: u32, total: u32, point: u32): bool {
  const row = load<u32>(slot + H_PACKETS);
  if (!roomFor(slot, row)) return false;
  const p = slot + S_RAW + at;
  store<u32>(slot + P_OPTIONS + (row << 2), 0);
  store<u32>(slot + P_OPTIONS_LENGTH + (row << 2), 0);
  store<u32>(slot + P_POINT + (row << 2), point);
  appendRow(slot, row, p, 0, 0, p + 12, total - 16, total - 16, PACKET_CUSTOM_BLOCK);
  packetPaths(slot, row);
  return true;
}

function finish(slot: usize, at: usize, status: u32, value: u32): u32 {
  store<u32>(slot + H_RAW_DONE, (at - slot - S_RAW) as u32);
  store<u32>(slot + H_STATUS, status);
  store<u32>(slot + H_STATUS_AT, (at - slot - S_RAW) as u32);
  store<u32>(slot + H_STATUS_VALUE, value);
  return status;
}

function readPcap(slot: usize): u32 {
  let p = slot + S_RAW + load<u32>(slot + H_RAW_DONE);
  const end = slot + S_RAW + load<u32>(slot + H_RAW_USED);
  const head: u32 = 16 + recordExtra;
  const swap = swapped;
  while (p + head <= end) {
    const row = load<u32>(slot + H_PACKETS);
    if (!roomFor(slot, row)) return finish(slot, p, READ_FULL, 0);
    let captured = order32(p + 8, swap);
    let length = order32(p + 12, swap);
    if (lengthOrder && (lengthOrder == 1 || captured > length)) {
      const t = captured;
      captured = length;
      length = t;
    }
    if (captured > maxRecord) return finish(slot, p, READ_BAD_LENGTH, captured);
    if ((captured as usize) > end - p - head) break;
    let seconds = order32(p, swap);
    let ns: u64 = (order32(p + 4, swap) as u64) * (fractionNs as u64);
    if (ns >= BILLION) {
      seconds += (ns / BILLION) as u32;
      ns = ns % BILLION;
    }
    store<u32>(slot + P_OPTIONS + (row << 2), 0);
    putPacket(slot, row, p, interfaces, packTime(seconds as i64, ns as u32), p + head, captured, length, 0);
    p += head + captured;
  }
  return finish(slot, p, READ_MORE, 0);
}

function readPcapng(slot: usize): u32 {
  let p = slot + S_RAW + load<u32>(slot + H_RAW_DONE);
  const end = slot + S_RAW + load<u32>(slot + H_RAW_USED);
  const swap = swapped;
  while (p + 12 <= end) {
    const type = order32(p, swap);
    if (type != BLOCK_ENHANCED_PACKET && type != BLOCK_SIMPLE_PACKET && type != BLOCK_OBSOLETE_PACKET)
      return finish(slot, p, READ_BLOCK, type);
    const total = order32(p + 4, swap);
    const fixed: u32 = type == BLOCK_SIMPLE_PACKET ? 16 : 32;
    if (total < fixed || total > (MAX_RECORD_BYTES as u32)) return finish(slot, p, READ_BAD_LENGTH, total);
    // A length that is no multiple of four is wrong, but writers pad all the same.
    const padded = (total + 3) & ~3;
    if ((padded as usize) > end - p) break;
    if (order32(p + padded - 4, swap) != total && order32(p + total - 4, swap) != total)
      return finish(slot, p, READ_BAD_TRAILER, order32(p + padded - 4, swap));
    const row = load<u32>(slot + H_PACKETS);
    if (!roomFor(slot, row)) return finish(slot, p, READ_FULL, 0);

    let number: u32 = 0;
    let captured: u32;
    let length: u32;
    let data: usize;
    let flags: u32 = 0;
    if (type == BLOCK_ENHANCED_PACKET) {
      number = order32(p + 8, swap);
      captured = order32(p + 20, swap);
      length = order32(p + 24, swap);
      data = p + 28;
    } else if (type == BLOCK_OBSOLETE_PACKET) {
      const v = load<u16>(p + 8);
      number = swap ? (bswap<u16>(v) as u32) : (v as u32);
      captured = order32(p + 20, swap);
      length = order32(p + 24, swap);
      data = p + 28;
      flags = PACKET_OBSOLETE;
    } else {
      length = order32(p + 8, swap);
      captured = length;
      data = p + 12;
      flags = PACKET_NO_TIME;
    }
    if (number >= interfaceCount) return finish(slot, p, READ_BAD_INTERFACE, number);
    const desc = interfaces + number * INTERFACE_BYTES;
    if (type == BLOCK_SIMPLE_PACKET) {
      const snap = load<u32>(desc + I_SNAP_LENGTH);
      if (snap && captured > snap) captured = snap;
      if (captured > total - 16) captured = total - 16;
    } else if (captured > total - 32) return finish(slot, p, READ_BAD_LENGTH, captured);

    let time: i64 = 0;
    let options: usize = 0;
    if (!(flags & PACKET_NO_TIME)) {
      time = timeOf(desc, ((order32(p + 12, swap) as u64) << 32) | (order32(p + 16, swap) as u64));
      if (timeIsFar) flags |= PACKET_FAR_TIME;
      options = data + ((captured + 3) & ~3);
      if (options + 4 > p + total - 4) options = 0;
      else store<u32>(slot + P_OPTIONS_LENGTH + (row << 2), (p + total - 4 - options) as u32);
      if (swap) flags |= PACKET_BIG_ENDIAN_OPTIONS;
    }
    store<u32>(slot + P_OPTIONS + (row << 2), options as u32);
    putPacket(slot, row, p, desc, time, data, captured, length, flags);
    p += padded;
  }
  return finish(slot, p, READ_MORE, 0);
}

/**
 * Reads records from H_RAW_DONE on, appending packet and layer rows, until the bytes end, the rows are full, or something
 * needs the host. Returns H_STATUS.
 */
export function readBlocks(slot: usize): u32 {
  const from = load<u32>(slot + H_PACKETS);
  const status = format == FORMAT_PCAP ? readPcap(slot) : readPcapng(slot);
  packetPaths(slot, from);
  return status;
}
