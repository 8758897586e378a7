/**
 * The flow table: every network layer of every packet belongs to one row.
 *
 * Open addressing over 8-byte slots (hash, row); rows are 128 bytes, two cache lines, in segments that never move.
 * WebAssembly has no prefetch, so events are taken in passes of 256: touch the slots, touch the rows, update. The misses of
 * a pass overlap; on 1 M flows that halves the time.
 */
import {
  A_STREAM,
  E_BITS,
  E_FRAME_LENGTH,
  E_HASH,
  E_IP_LENGTH,
  E_KEY,
  E_NETWORK,
  E_PAYLOAD,
  E_SEQ,
  E_TIME,
  E_TRANSPORT,
  END_CLOSED,
  END_INACTIVE,
  EVENT_BYTES,
  EVENT_CARRIED,
  EVENT_FROM_B,
  EVENT_TCP,
  EVENT_TCP_WHOLE,
  EVENT_UDP,
  EVENTS_POINT_STREAMS,
  EVENTS_SIGHTINGS,
  EVENTS_STREAMS,
  F_A,
  F_B,
  F_BYTES,
  F_CARRIER,
  F_FIRST,
  F_ICMP,
  F_IP_BYTES,
  F_LAST,
  F_NEXT_SEQ,
  F_PACKETS,
  F_PAYLOAD,
  F_PORTS,
  F_STATE,
  F_TAG,
  FLOW_V6,
  H_EVENTS,
  H_LAYERS,
  K_ADDRESSES6,
  K_CONTEXTS,
  NO_ROW,
  S_EVENTS,
  STATE_CLOSED_ROW,
  STATE_FLIPPED,
  STATE_NEXT_A,
  STATE_ORIGIN_B,
} from "./abi";
import { communityId } from "./community";
import { HISTORY_DATA, HISTORY_FLIPPED, endShift, history, updateTcp } from "./flow-history";
import { groupRows } from "./flow-groups";
import { configureRows, find, flowRow, identifierAt, newRow, slotAt, slotMask } from "./flow-rows";
import { beginsStream, configureStreams, updateStream } from "./flow-streams";
import { allocate } from "./host";

/** Events of a pass: their rows (32 KiB) and slots stay in the first-level cache until they are updated. */
const PASS: u32 = 256;

let streams: bool = false;
let annotate: bool = false;
let idScratch: usize = 0;
let identifyLater: bool = false; // Community IDs are computed when they are asked for
let candidates: usize = 0; // row found in the first slot of each event of a pass, plus one
let interned: usize = 0;

/** A row of this pass gave way to another of the same key: what was found before may be the old one. */
let superseded: bool = false;
/** Keeps the touching loads of the prefetch passes alive. */
let touched: u32 = 0;

/** `eventMode` is of EVENTS_*; `writeColumns` fills the analysis columns. `block` is what the decode stage interns. */
export function configureFlows(eventMode: u32, writeColumns: bool, block: usize): void {
  const mode = eventMode & ~EVENTS_SIGHTINGS;
  identifyLater = (eventMode & EVENTS_SIGHTINGS) != 0;
  streams = mode >= (EVENTS_STREAMS as u32);
  annotate = writeColumns;
  interned = block;
  configureRows(streams);
  configureStreams(mode == EVENTS_POINT_STREAMS);
  idScratch = allocate(128);
  candidates = allocate(PASS << 3);
}

function begin(f: usize, e: usize, bits: u32, direction: u32, carrier: u32): void {
  const time = load<i64>(e + E_TIME);
  store<i64>(f + F_FIRST, time);
  store<i64>(f + F_LAST, time);
  store<u32>(f + F_CARRIER, carrier);
  store<u32>(f + F_ICMP, load<u32>(e + E_SEQ));
  let origin = direction;
  if (bits & EVENT_TCP && (bits & 18) == 18) origin ^= 1; // the first packet is a SYN-ACK: its sender answers
  store<u32>(f + F_STATE, origin ? STATE_ORIGIN_B : 0);
  if (origin != direction) {
    store<u32>(f + F_STATE, load<u32>(f + F_STATE) | STATE_FLIPPED);
    history(f, HISTORY_FLIPPED, true);
  }
}

/** What a connection may have sent when its SYN is read at last. */
const LATE_BYTES: u32 = 1 << 24;

/** True if this SYN is the connection's own, and the file has it behind packets that came after it: earlier, and just before their numbers. */
function isWrittenLate(f: usize, e: usize, direction: u32, seq: u32): bool {
  if (load<i64>(e + E_TIME) >= load<i64>(f + F_LAST)) return false;
  return load<u32>(f + F_NEXT_SEQ + (direction << 2)) - seq - 1 < LATE_BYTES;
}

/**
 * True if this SYN begins another connection on the tuple of `row`: it has ended, or had another initial number. Where only answers
 * are seen (a bridge that gets them translated back), a SYN-ACK with another number says the same.
 */
function reusesTuple(row: u32, e: usize, direction: u32, answers: bool): bool {
  const seq = load<u32>(e + E_SEQ);
  if (streams) return !answers && beginsStream(row, direction, seq);
  const f = flowRow(row);
  // Cut before its flags (isCutSyn): nothing is known of how the connection before ended.
  if (!(load<u32>(e + E_BITS) & EVENT_TCP_WHOLE))
    return seq != load<u32>(f + F_ICMP) && load<i64>(e + E_TIME) >= load<i64>(f + F_LAST);
  const state = load<u32>(f + F_STATE);
  if (answers)
    return (state & STATE_FLIPPED) != 0 && !(state & (STATE_NEXT_A << (direction ^ 1))) && seq != load<u32>(f + F_ICMP);
  if (!(state & (STATE_NEXT_A << direction))) return false;
  if (isWrittenLate(f, e, direction, seq)) return false;
  const ours = (state >> endShift(direction)) & 7;
  const theirs = (state >> endShift(direction ^ 1)) & 7;
  return (
    ours >= (END_CLOSED as u32) ||
    theirs >= (END_CLOSED as u32) ||
    (seq != load<u32>(f + F_ICMP) && ours != END_INACTIVE)
  );
}

/** Takes one event; returns its row. `candidate` is a row that may be the one, plus one; 0 if unknown. */
function update(slot: usize, e: usize, candidate: u32, carrier: u32): u32 {
  const bits = load<u32>(e + E_BITS);
  const direction: u32 = bits & EVENT_FROM_B ? 1 : 0;
  let row: u32 = 0;
  let f: usize = 0;
  let hit = false;
  if (candidate && !superseded) {
    row = candidate - 1;
    f = flowRow(row);
    hit = load<u64>(f + F_A) == load<u64>(e + E_KEY) && load<u64>(f + F_PORTS) == load<u64>(e + E_KEY + 8);
  }
  let isNew = false;
  let reused = false;
  const syn = (bits & (EVENT_TCP | 2)) == (EVENT_TCP | 2) && !(streams && !(bits & EVENT_TCP_WHOLE));
  if (!hit || syn) {
    const i = find(e);
    const v = slotAt(i);
    isNew = !v;
    if (isNew) row = newRow(e, i);
    else {
      row = (v as u32) - 1;
      if (syn && reusesTuple(row, e, direction, (bits & 16) != 0)) {
        reused = true;
        superseded = true;
        f = flowRow(row);
        if (!streams) store<u32>(f + F_STATE, load<u32>(f + F_STATE) | STATE_CLOSED_ROW);
        row = newRow(e, i);
      }
    }
    f = flowRow(row);
  }
  if (streams) {
    updateStream(slot, e, row, isNew, reused, bits, direction);
    return row;
  }

  if (isNew || reused) {
    begin(f, e, bits, direction, bits & EVENT_CARRIED ? carrier : NO_ROW);
    if (!identifyLater) identify(row);
  } else {
    const time = load<i64>(e + E_TIME);
    if (time > load<i64>(f + F_LAST)) store<i64>(f + F_LAST, time);
    else if (time < load<i64>(f + F_FIRST)) store<i64>(f + F_FIRST, time);
  }
  const d4 = direction << 2;
  const d8 = direction << 3;
  const payload = load<u32>(e + E_PAYLOAD);
  store<u32>(f + F_PACKETS + d4, load<u32>(f + F_PACKETS + d4) + 1);
  store<u64>(f + F_BYTES + d8, load<u64>(f + F_BYTES + d8) + load<u32>(e + E_FRAME_LENGTH));
  store<u64>(f + F_IP_BYTES + d8, load<u64>(f + F_IP_BYTES + d8) + load<u32>(e + E_IP_LENGTH));
  store<u64>(f + F_PAYLOAD + d8, load<u64>(f + F_PAYLOAD + d8) + payload);
  if (bits & EVENT_TCP_WHOLE) updateTcp(f, e, bits, direction, payload);
  else if (bits & EVENT_UDP && payload) history(f, HISTORY_DATA, (load<u32>(f + F_STATE) & STATE_ORIGIN_B) == direction);
  if (annotate) {
    store<u32>(slot + A_STREAM + (load<u32>(e + E_NETWORK) << 2), row);
    const transport = load<u32>(e + E_TRANSPORT);
    if (transport != NO_ROW) store<u32>(slot + A_STREAM + (transport << 2), row);
  }
  return row;
}

/** Takes every event of a slot into the table. */
export function processSlot(slot: usize): void {
  if (annotate || streams) memory.fill(slot + A_STREAM, 0xff, load<u32>(slot + H_LAYERS) << 2);
  const n = load<u32>(slot + H_EVENTS);
  let row: u32 = NO_ROW;
  for (let from: u32 = 0; from < n; from += PASS) {
    const count = n - from < PASS ? n - from : PASS;
    const base = slot + S_EVENTS + from * EVENT_BYTES;
    const mask = slotMask();
    superseded = false;
    for (let i: u32 = 0; i < count; i++)
      store<u64>(candidates + (i << 3), slotAt(load<u32>(base + (i << 6) + E_HASH) & mask));
    let acc: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const v = load<u64>(candidates + (i << 3));
      // The hash in the slot says whether it can be the row; a look at the wrong one would be a miss for nothing.
      const known = v != 0 && ((v >> 32) as u32) == load<u32>(base + (i << 6) + E_HASH);
      store<u32>(candidates + (i << 3), known ? (v as u32) : 0);
      if (known) {
        const f = flowRow((v as u32) - 1);
        acc ^= load<u32>(f) ^ (streams ? 0 : load<u32>(f + 64));
      }
    }
    touched ^= acc;
    for (let i: u32 = 0; i < count; i++) row = update(slot, base + (i << 6), load<u32>(candidates + (i << 3)), row);
  }
}

/** See groupRows(). */
export function flowGroups(out: usize): u32 {
  return groupRows(out, load<u32>(interned + K_CONTEXTS));
}

/** Where the 20 bytes of a row's Community ID lie (flow mode). */
export function communityIdOf(row: u32): usize {
  const at = identifierAt(row);
  if (identifyLater && !load<u64>(at)) identify(row);
  return at;
}

/**
 * Computes the Community ID of a new row. Here rather than when flows are printed: with two threads this one waits for the
 * decoder anyway, and 0.25 µs a flow disappear in that. While sightings are written it does not wait, and hardly anybody asks.
 */
function identify(row: u32): void {
  const addresses6: usize = load<u32>(interned + K_ADDRESSES6);
  const a = idScratch + 64;
  const b = idScratch + 80;
  const f = flowRow(row);
  const tag = load<u32>(f + F_TAG);
  const v6 = (tag & FLOW_V6) != 0;
  if (v6) {
    memory.copy(a, addresses6 + (load<u32>(f + F_A) << 4), 16);
    memory.copy(b, addresses6 + (load<u32>(f + F_B) << 4), 16);
  } else {
    store<u32>(a, bswap<u32>(load<u32>(f + F_A)));
    store<u32>(b, bswap<u32>(load<u32>(f + F_B)));
  }
  const protocol = tag & 255;
  const ports = load<u32>(f + F_PORTS);
  let pa = ports >> 16;
  let pb = ports & 0xffff;
  let source = a;
  let destination = b;
  if (protocol == 1 || protocol == 58) {
    const icmp = load<u32>(f + F_ICMP);
    pa = icmp >> 8;
    pb = icmp & 255;
    if (load<u32>(f + F_STATE) & STATE_ORIGIN_B) {
      source = b;
      destination = a;
    }
  }
  communityId(source, destination, v6 ? 16 : 4, protocol, pa, pb, 0, idScratch, identifierAt(row));
}
