/** Streams as tshark counts conversations, with its TCP analysis: another use of the flow table's rows. */
import {
  A_ACK,
  A_FLAGS,
  A_IRTT,
  A_SEQ,
  A_STREAM,
  A_WINDOW,
  ANALYSIS_REPLY,
  E_HASH,
  E_KEY,
  E_SEQ,
  E_TIME,
  E_TRANSPORT,
  EVENT_BYTES,
  EVENT_FROM_B,
  EVENT_TCP,
  FLOW_CONTEXT_SHIFT,
  L_END,
  L_FLAGS,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
} from "./abi";
import { ANY_CONTEXT } from "./interned";
import { find, flowRow, newRow, slotAt } from "./flow-rows";
import { mix } from "./hash";
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

/** u32: number of the stream. */
const S_NUMBER: u32 = 16;
/** u32: sequence number of the first SYN, of the row that stands for all capture points. */
const S_FIRST_SEQ: u32 = 20;
/** u32: TCP state, 0 if none. */
const S_STATE: u32 = 24;
/** u32: 1 if the originator is B. */
const S_ORIGIN_B: u32 = 28;

let perPoint: bool = false;
let streamKey: usize = 0; // an event that stands for a tuple whatever its capture point
let states: usize = 0; // unused TCP states (stream mode), how many
let statesLeft: u32 = 0;
let originB: u32 = 0; // of the stream that streamNumber() told
let tcpStreams: u32 = 0;
let udpStreams: u32 = 0;

/** `pointwise`: analyse per capture point, number over all of them. */
export function configureStreams(pointwise: bool): void {
  perPoint = pointwise;
  streamKey = allocate(EVENT_BYTES);
  statesLeft = 0;
}

export function tcpStreamCount(): u32 {
  return tcpStreams;
}

export function udpStreamCount(): u32 {
  return udpStreams;
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
    const v = slotAt(i);
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

/** True if a SYN with this number begins another connection on the tuple of `row`. */
export function beginsStream(row: u32, direction: u32, seq: u32): bool {
  return beginsAnother(tcpState(row), direction, seq);
}

export function updateStream(slot: usize, e: usize, row: u32, isNew: bool, reused: bool, bits: u32, direction: u32): void {
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
