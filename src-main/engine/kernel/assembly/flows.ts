/**
 * The flow table: every network layer of every packet belongs to one row.
 *
 * Open addressing over 8-byte slots (hash, row); rows are 128 bytes, two cache lines, in segments that never move.
 * WebAssembly has no prefetch, so events are taken in passes of 256: touch the slots, touch the rows, update. The misses of
 * a pass overlap; on 1 M flows that halves the time.
 */
import {
  A_ACK,
  A_FLAGS,
  A_IRTT,
  A_SEQ,
  A_STREAM,
  A_WINDOW,
  ANALYSIS_REPLY,
  C_ANY_POINT,
  C_POINT,
  CONTEXT_BYTES,
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
  END_CLOSED,
  END_ESTABLISHED,
  END_INACTIVE,
  END_PARTIAL,
  END_RESET,
  END_SYN_ACK_SENT,
  END_SYN_SENT,
  EVENT_BYTES,
  EVENT_CARRIED,
  EVENT_FRAGMENT,
  EVENT_FROM_B,
  EVENT_TCP,
  EVENT_TCP_WHOLE,
  EVENT_UDP,
  EVENT_ZERO_WINDOW,
  EVENTS_POINT_STREAMS,
  EVENTS_SIGHTINGS,
  EVENTS_STREAMS,
  F_A,
  F_B,
  F_BYTES,
  F_CARRIER,
  F_FIRST,
  F_HISTORY,
  F_ICMP,
  F_IP_BYTES,
  F_LAST,
  F_NEXT_SEQ,
  F_PACKETS,
  F_PAYLOAD,
  F_PORTS,
  F_SEEN,
  F_STATE,
  F_TAG,
  FLOW_CONTEXT_SHIFT,
  FLOW_V6,
  H_EVENTS,
  H_LAYERS,
  K_ADDRESSES6,
  K_CONTEXTS,
  L_END,
  L_FLAGS,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  NO_ROW,
  S_EVENTS,
  STATE_CLOSED_ROW,
  STATE_END_A_SHIFT,
  STATE_END_B_SHIFT,
  STATE_FLIPPED,
  STATE_HISTORY_SHIFT,
  STATE_NEXT_A,
  STATE_ORIGIN_B,
} from "./abi";
import { communityId } from "./community";
import { ANY_CONTEXT } from "./events";
import { mix, zeroed } from "./hash";
import { allocate } from "./host";
import {
  TCP_STATE_BYTES,
  analyse,
  beginsAnother,
  initTcpState,
  resultAck,
  resultFlags,
  resultRoundTrip,
  resultSeq,
  resultWindow,
} from "./tcp-analysis";

const SEGMENT_SHIFT: u32 = 14; // 16384 rows of 128 bytes: 2 MiB
// In stream mode a row has 32 bytes: the key, then these.
const STREAM_ROW_SHIFT: u32 = 5;
/** u32: number of the stream. */
const S_NUMBER: u32 = 16;
/** u32: sequence number of the first SYN, of the row that stands for all capture points. */
const S_FIRST_SEQ: u32 = 20;
/** u32: TCP state, 0 if none. */
const S_STATE: u32 = 24;
/** u32: 1 if the originator is B. */
const S_ORIGIN_B: u32 = 28;
const SEGMENT_MASK: u32 = (1 << SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS: u32 = 8192;
const IDENTIFIER_BYTES: u32 = 20;
/** Events of a pass: their rows (32 KiB) and slots stay in the first-level cache until they are updated. */
const PASS: u32 = 256;

let streams: bool = false;
let perPoint: bool = false;
let streamKey: usize = 0; // an event that stands for a tuple whatever its capture point
let annotate: bool = false;
let rows: u32 = 0;
let segments: usize = 0; // directory of row segments
let rowShift: u32 = 7;
let states: usize = 0; // unused TCP states (stream mode), how many
let statesLeft: u32 = 0;
let originB: u32 = 0; // of the stream that streamNumber() told
let table: usize = 0;
let tableMask: u32 = 0;
let identifiers: usize = 0; // directory of Community ID segments (flow mode)
let identifyLater: bool = false; // Community IDs are computed when they are asked for
let idScratch: usize = 0;
let candidates: usize = 0; // row found in the first slot of each event of a pass, plus one
let superseded: bool = false; // a row got a successor in this pass: candidates may be such rows
let interned: usize = 0;
let tcpStreams: u32 = 0;
let udpStreams: u32 = 0;
/** Keeps the touching loads of the prefetch passes alive. */
let touched: u32 = 0;
let maxProbe: u32 = 0;

/** `eventMode` is of EVENTS_*; `writeColumns` fills the analysis columns. `block` is what the decode stage interns. */
export function configureFlows(eventMode: u32, writeColumns: bool, block: usize): void {
  const mode = eventMode & ~EVENTS_SIGHTINGS;
  identifyLater = (eventMode & EVENTS_SIGHTINGS) != 0;
  streams = mode >= (EVENTS_STREAMS as u32);
  perPoint = mode == EVENTS_POINT_STREAMS;
  streamKey = allocate(EVENT_BYTES);
  annotate = writeColumns;
  interned = block;
  rows = 0;
  segments = allocate(MAX_SEGMENTS * 4);
  rowShift = streams ? STREAM_ROW_SHIFT : 7;
  statesLeft = 0;
  if (!streams) identifiers = allocate(MAX_SEGMENTS * 4);
  idScratch = allocate(128);
  tableMask = 0xffff;
  table = zeroed((tableMask + 1) << 3);
  candidates = allocate(PASS << 3);
}

export function flowCount(): u32 {
  return rows;
}
export function tcpStreamCount(): u32 {
  return tcpStreams;
}
export function udpStreamCount(): u32 {
  return udpStreams;
}
/** Longest search for a slot so far: a weak hash shows here first. */
export function longestProbe(): u32 {
  return maxProbe;
}

// @ts-ignore: decorator
@inline
export function flowRow(row: u32): usize {
  return (load<u32>(segments + ((row >> SEGMENT_SHIFT) << 2)) as usize) + ((row & SEGMENT_MASK) << rowShift);
}

// @ts-ignore: decorator
@inline
function tcpState(row: u32): usize {
  return load<u32>(flowRow(row) + S_STATE);
}

const STATES_AT_ONCE: u32 = 1024;

/** Only TCP at a capture point has a state: 152 bytes that UDP, and rows that stand for all points, do without. */
function newTcpState(f: usize): void {
  if (!statesLeft) {
    states = allocate(TCP_STATE_BYTES * STATES_AT_ONCE);
    statesLeft = STATES_AT_ONCE;
  }
  store<u32>(f + S_STATE, states as u32);
  initTcpState(states);
  states += TCP_STATE_BYTES;
  statesLeft--;
}

/** Appends a row for the event's key and points slot `i` at it. */
function newRow(e: usize, i: u32): u32 {
  const row = rows++;
  if (!(row & SEGMENT_MASK)) {
    const s = row >> SEGMENT_SHIFT;
    store<u32>(segments + (s << 2), allocate(1 << (SEGMENT_SHIFT + rowShift)) as u32);
    if (!streams) store<u32>(identifiers + (s << 2), allocate(IDENTIFIER_BYTES << SEGMENT_SHIFT) as u32);
  }
  const f = flowRow(row);
  store<u64>(f + F_A, load<u64>(e + E_KEY));
  store<u64>(f + F_PORTS, load<u64>(e + E_KEY + 8));
  if (streams) memory.fill(f + 16, 0, 16);
  else {
    memory.fill(f + 16, 0, 112);
    store<u32>(f + F_CARRIER, NO_ROW);
  }
  store<u64>(table + (i << 3), ((load<u32>(e + E_HASH) as u64) << 32) | ((row + 1) as u64));
  if (rows << 1 > tableMask) growTable();
  return row;
}

function growTable(): void {
  const old = table;
  const oldMask = tableMask;
  tableMask = (tableMask << 1) | 1;
  table = zeroed((tableMask + 1) << 3);
  for (let k: u32 = 0; k <= oldMask; k++) {
    const v = load<u64>(old + (k << 3));
    if (!v) continue;
    let j = ((v >> 32) as u32) & tableMask;
    while (load<u64>(table + (j << 3))) j = (j + 1) & tableMask;
    store<u64>(table + (j << 3), v);
  }
}

/** Slot of the event's key, or of the hole where it belongs. */
function find(e: usize): u32 {
  const hash = load<u32>(e + E_HASH);
  const k0 = load<u64>(e + E_KEY);
  const k1 = load<u64>(e + E_KEY + 8);
  let i = hash & tableMask;
  let probes: u32 = 0;
  for (;;) {
    const v = load<u64>(table + (i << 3));
    if (!v) break;
    if (((v >> 32) as u32) == hash) {
      const f = flowRow((v as u32) - 1);
      if (load<u64>(f + F_A) == k0 && load<u64>(f + F_PORTS) == k1) break;
    }
    i = (i + 1) & tableMask;
    probes++;
  }
  if (probes > maxProbe) maxProbe = probes;
  return i;
}

// History letters, five bits each: code | 16 for the originator.
const HISTORY_SYN: u32 = 1;
const HISTORY_SYN_ACK: u32 = 2;
const HISTORY_ACK: u32 = 3;
const HISTORY_DATA: u32 = 4;
const HISTORY_FIN: u32 = 5;
const HISTORY_RESET: u32 = 6;
const HISTORY_GAP: u32 = 8;
const HISTORY_RETRANSMITTED: u32 = 9;
const HISTORY_ZERO_WINDOW: u32 = 10;
const HISTORY_INCONSISTENT: u32 = 11;
const HISTORY_MULTI: u32 = 12;
const HISTORY_FLIPPED: u32 = 13;

function history(f: usize, code: u32, fromOriginator: bool): void {
  const bit = (1 as u32) << (code - 1 + (fromOriginator ? 0 : 16));
  const seen = load<u32>(f + F_SEEN);
  if (seen & bit) return;
  store<u32>(f + F_SEEN, seen | bit);
  const state = load<u32>(f + F_STATE);
  const n = (state >> STATE_HISTORY_SHIFT) & 31;
  if (n >= 24) return;
  const word = f + F_HISTORY + (n >= 12 ? 8 : 0);
  const shift = (n >= 12 ? n - 12 : n) * 5;
  store<u64>(word, load<u64>(word) | (((code | (fromOriginator ? 16 : 0)) as u64) << (shift as u64)));
  store<u32>(f + F_STATE, state + (1 << STATE_HISTORY_SHIFT));
}

// @ts-ignore: decorator
@inline
function endShift(direction: u32): u32 {
  return direction ? STATE_END_B_SHIFT : STATE_END_A_SHIFT;
}

function setEnd(f: usize, direction: u32, end: u32): void {
  const shift = endShift(direction);
  const state = load<u32>(f + F_STATE);
  store<u32>(f + F_STATE, (state & ~(7 << shift)) | (end << shift));
}

/** What changes a TCP flow's state or history; the plain data and acknowledgments of a known flow never come here. */
function updateTcpState(f: usize, bits: u32, direction: u32, length: u32): void {
  const state = load<u32>(f + F_STATE);
  const origin = (state & STATE_ORIGIN_B) == direction;
  const peer = direction ^ 1;
  const ours = (state >> endShift(direction)) & 7;
  const theirs = (state >> endShift(peer)) & 7;
  if (bits & 2) {
    history(f, bits & 16 ? HISTORY_SYN_ACK : HISTORY_SYN, origin);
    if (bits & 5) history(f, HISTORY_MULTI, origin);
  }
  if ((bits & 5) == 5) history(f, HISTORY_INCONSISTENT, origin);
  if ((bits & 23) == 16 && !length) history(f, HISTORY_ACK, origin);
  if (length && !(bits & 4)) history(f, HISTORY_DATA, origin);
  if (bits & 1) history(f, HISTORY_FIN, origin);
  if (bits & 4) history(f, HISTORY_RESET, origin);
  if (!(bits & 7) && bits & EVENT_ZERO_WINDOW) history(f, HISTORY_ZERO_WINDOW, origin);

  if (bits & 4) setEnd(f, direction, END_RESET);
  else if (bits & 2) {
    if (bits & 16) {
      if (theirs == END_SYN_SENT) {
        setEnd(f, direction, END_ESTABLISHED);
        setEnd(f, peer, END_ESTABLISHED);
      } else if (ours == END_INACTIVE) setEnd(f, direction, theirs == END_INACTIVE ? END_SYN_ACK_SENT : END_ESTABLISHED);
    } else if (ours == END_INACTIVE) setEnd(f, direction, END_SYN_SENT);
  } else if (bits & 1) setEnd(f, direction, END_CLOSED);
  else if (ours == END_INACTIVE) setEnd(f, direction, END_PARTIAL);
  else if (ours == END_SYN_SENT && theirs == END_SYN_ACK_SENT) {
    setEnd(f, direction, END_ESTABLISHED);
    setEnd(f, peer, END_ESTABLISHED);
  }
}

/** Zeek's endpoint states and history, and the sequence numbers that tell retransmissions and gaps. */
function updateTcp(f: usize, e: usize, bits: u32, direction: u32, length: u32): void {
  const state = load<u32>(f + F_STATE);
  const origin = (state & STATE_ORIGIN_B) == direction;
  const peer = direction ^ 1;
  const ours = (state >> endShift(direction)) & 7;
  // Bits of the letters for an acknowledgment (code 3) and data (code 4): seen before, they change nothing.
  const letter: u32 = ((length ? (8 as u32) : (4 as u32)) << (origin ? 0 : 16)) as u32;
  if (
    bits & (7 | EVENT_ZERO_WINDOW) ||
    !(load<u32>(f + F_SEEN) & letter) ||
    (ours != END_ESTABLISHED && ours != END_PARTIAL)
  )
    updateTcpState(f, bits, direction, length);
  if (bits & EVENT_FRAGMENT) return;

  const seq = load<u32>(e + E_SEQ);
  const end = seq + length + ((bits >> 1) & 1) + (bits & 1);
  const known = state & (STATE_NEXT_A << direction);
  const at = f + F_NEXT_SEQ + (direction << 2);
  const next = load<u32>(at);
  if (!known) {
    store<u32>(f + F_STATE, load<u32>(f + F_STATE) | (STATE_NEXT_A << direction));
    store<u32>(at, end);
  } else if (!(bits & 4)) {
    if (((end - next) as i32) > 0) store<u32>(at, end);
    else if (length && !(length == 1 && seq == next - 1)) history(f, HISTORY_RETRANSMITTED, origin);
  }
  if (bits & 16 && state & (STATE_NEXT_A << peer)) {
    const ack = load<u32>(e + E_ACK);
    const expected = load<u32>(f + F_NEXT_SEQ + (peer << 2));
    if (((ack - expected) as i32) > 0 && !(bits & 4)) {
      history(f, HISTORY_GAP, !origin);
      store<u32>(f + F_NEXT_SEQ + (peer << 2), ack);
    }
  }
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

/**
 * True if this SYN begins another connection on the tuple of `row`: it has ended, or had another initial number. Where only answers
 * are seen (a bridge that gets them translated back), a SYN-ACK with another number says the same.
 */
function reusesTuple(row: u32, e: usize, direction: u32, answers: bool): bool {
  const seq = load<u32>(e + E_SEQ);
  if (streams) return !answers && beginsAnother(tcpState(row), direction, seq);
  const f = flowRow(row);
  const state = load<u32>(f + F_STATE);
  if (answers)
    return (state & STATE_FLIPPED) != 0 && !(state & (STATE_NEXT_A << (direction ^ 1))) && seq != load<u32>(f + F_ICMP);
  if (!(state & (STATE_NEXT_A << direction))) return false;
  const ours = (state >> endShift(direction)) & 7;
  const theirs = (state >> endShift(direction ^ 1)) & 7;
  return (
    ours >= (END_CLOSED as u32) ||
    theirs >= (END_CLOSED as u32) ||
    (seq != load<u32>(f + F_ICMP) && ours != END_INACTIVE)
  );
}

/** Number of the stream a row of one capture point belongs to: the tuple's latest, or the next if this begins another. */
function streamNumber(e: usize, bits: u32): u32 {
  // Who sent first is the originator, unless it was an answer.
  const answers = (bits & (EVENT_TCP | 18)) == (EVENT_TCP | 18);
  originB = (bits & EVENT_FROM_B) != 0 == !answers ? 1 : 0;
  if (perPoint) {
    memory.copy(streamKey, e, EVENT_BYTES);
    const tag = load<u32>(e + E_KEY + 12);
    store<u32>(streamKey + E_KEY + 12, (tag & ((1 << FLOW_CONTEXT_SHIFT) - 1)) | (ANY_CONTEXT << FLOW_CONTEXT_SHIFT));
    store<u32>(streamKey + E_HASH, mix(load<u64>(streamKey + E_KEY), load<u64>(streamKey + E_KEY + 8)));
    const i = find(streamKey);
    const v = load<u64>(table + (i << 3));
    const seq = load<u32>(e + E_SEQ);
    const syn = (bits & (EVENT_TCP | 18)) == (EVENT_TCP | 2);
    if (v) {
      const known = flowRow((v as u32) - 1);
      if (!syn || load<u32>(known + S_FIRST_SEQ) == seq) {
        originB = load<u32>(known + S_ORIGIN_B);
        return load<u32>(known + S_NUMBER);
      }
    }
    const f = flowRow(newRow(streamKey, i));
    const number = bits & EVENT_TCP ? tcpStreams++ : udpStreams++;
    store<u32>(f + S_NUMBER, number);
    store<u32>(f + S_FIRST_SEQ, seq);
    store<u32>(f + S_ORIGIN_B, originB);
    return number;
  }
  return bits & EVENT_TCP ? tcpStreams++ : udpStreams++;
}

function updateStream(slot: usize, e: usize, row: u32, isNew: bool, reused: bool, bits: u32, direction: u32): void {
  const f = flowRow(row);
  const transport = load<u32>(e + E_TRANSPORT);
  if (isNew || reused) {
    store<u32>(f + S_NUMBER, streamNumber(e, bits));
    store<u32>(f + S_ORIGIN_B, originB);
    if (bits & EVENT_TCP) newTcpState(f);
  }
  store<u32>(slot + A_STREAM + (transport << 2), load<u32>(f + S_NUMBER));
  const reply: u32 = direction != load<u32>(f + S_ORIGIN_B) ? ANALYSIS_REPLY : 0;
  if (!(bits & EVENT_TCP)) {
    store<u32>(slot + A_FLAGS + (transport << 2), reply);
    return;
  }
  const p: usize = load<u32>(slot + L_PTR + (transport << 2));
  const flags = load<u8>(slot + L_FLAGS + transport) as u32;
  const stated = load<u32>(slot + L_LENGTH + (transport << 2));
  const available = load<u32>(slot + L_END + (transport << 2)) - (p as u32);
  const whole = !(flags & (LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT));
  analyse(tcpState(row), p, direction, stated, available, load<i64>(e + E_TIME), whole, isNew, reused);
  store<u32>(slot + A_SEQ + (transport << 2), resultSeq());
  store<u32>(slot + A_ACK + (transport << 2), resultAck());
  store<u32>(slot + A_WINDOW + (transport << 2), resultWindow());
  store<u32>(slot + A_FLAGS + (transport << 2), resultFlags() | reply);
  store<i64>(slot + A_IRTT + (transport << 3), resultRoundTrip());
}

/** Takes one event; returns its row. `candidate` is a row that may be the one, plus one; 0 if unknown. */
function update(slot: usize, e: usize, candidate: u32, carrier: u32): u32 {
  const bits = load<u32>(e + E_BITS);
  const direction: u32 = bits & EVENT_FROM_B ? 1 : 0;
  let row: u32 = 0;
  let f: usize = 0;
  let hit = false;
  if (candidate) {
    row = candidate - 1;
    f = flowRow(row);
    hit = load<u64>(f + F_A) == load<u64>(e + E_KEY) && load<u64>(f + F_PORTS) == load<u64>(e + E_KEY + 8);
  }
  let isNew = false;
  let reused = false;
  const syn = (bits & (EVENT_TCP | 2)) == (EVENT_TCP | 2);
  if (!hit || syn) {
    const i = find(e);
    const v = load<u64>(table + (i << 3));
    isNew = !v;
    if (isNew) row = newRow(e, i);
    else {
      row = (v as u32) - 1;
      if (syn && reusesTuple(row, e, direction, (bits & 16) != 0)) {
        reused = true;
        f = flowRow(row);
        if (!streams) store<u32>(f + F_STATE, load<u32>(f + F_STATE) | STATE_CLOSED_ROW);
        row = newRow(e, i);
        superseded = true;
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
    const mask = tableMask;
    for (let i: u32 = 0; i < count; i++)
      store<u64>(candidates + (i << 3), load<u64>(table + ((load<u32>(base + (i << 6) + E_HASH) & mask) << 3)));
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
    superseded = false;
    for (let i: u32 = 0; i < count; i++)
      row = update(slot, base + (i << 6), superseded ? 0 : load<u32>(candidates + (i << 3)), row);
  }
}

/**
 * Groups rows that differ in the capture point only. Writes one u32 a row to `out`: the first row of its group. A tuple's
 * n-th connection at one point belongs with its n-th at the others only if it began within a second; so rows that were
 * superseded group by key and first time.
 */
export function flowGroups(out: usize): u32 {
  let mask: u32 = 0xffff;
  while (mask < rows << 1) mask = (mask << 1) | 1;
  const slots = zeroed((mask + 1) << 2);
  let groups: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const f = flowRow(row);
    const tag = load<u32>(f + F_TAG);
    const contexts: usize = load<u32>(interned + K_CONTEXTS);
    const any = load<u32>(contexts + (tag >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES + C_ANY_POINT);
    const point = load<u32>(contexts + (tag >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES + C_POINT);
    const k0 = load<u64>(f);
    const k1 = (load<u32>(f + F_PORTS) as u64) | ((((tag & 0x1ff) | (any << FLOW_CONTEXT_SHIFT)) as u64) << 32);
    // Connections that reuse a tuple are told apart by what their first SYN carried.
    const isn: u32 = (tag & 255) == 6 ? load<u32>(f + F_ICMP) : 0;
    let i = mix(k0, k1) & mask;
    let head: u32 = row;
    for (;;) {
      const v = load<u32>(slots + (i << 2));
      if (!v) {
        store<u32>(slots + (i << 2), row + 1);
        groups++;
        break;
      }
      const g = flowRow(v - 1);
      const gt = load<u32>(g + F_TAG);
      const gc = contexts + (gt >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES;
      if (
        load<u64>(g) == k0 &&
        load<u32>(g + F_PORTS) == load<u32>(f + F_PORTS) &&
        (gt & 0x1ff) == (tag & 0x1ff) &&
        load<u32>(gc + C_ANY_POINT) == any &&
        (load<u32>(gc + C_POINT) != point || row == v - 1) &&
        (!isn || isn == load<u32>(g + F_ICMP) || !((load<u32>(g + F_STATE) | load<u32>(f + F_STATE)) & STATE_CLOSED_ROW))
      ) {
        head = v - 1;
        break;
      }
      i = (i + 1) & mask;
    }
    store<u32>(out + (row << 2), head);
  }
  return groups;
}

/** Where the 20 bytes of a row's Community ID lie (flow mode). */
export function communityIdOf(row: u32): usize {
  const at = identifierAt(row);
  if (identifyLater && !load<u64>(at)) identify(row);
  return at;
}

// @ts-ignore: decorator
@inline
function identifierAt(row: u32): usize {
  return (load<u32>(identifiers + ((row >> SEGMENT_SHIFT) << 2)) as usize) + (row & SEGMENT_MASK) * IDENTIFIER_BYTES;
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
