/** Zeek's view of a TCP flow: states of its two ends, letters of its history. */
import {
  E_ACK,
  E_SEQ,
  END_CLOSED,
  END_ESTABLISHED,
  END_INACTIVE,
  END_PARTIAL,
  END_RESET,
  END_SYN_ACK_SENT,
  END_SYN_SENT,
  EVENT_FRAGMENT,
  EVENT_ZERO_WINDOW,
  F_HISTORY,
  F_NEXT_SEQ,
  F_SEEN,
  F_STATE,
  STATE_END_A_SHIFT,
  STATE_END_B_SHIFT,
  STATE_HISTORY_SHIFT,
  STATE_NEXT_A,
  STATE_ORIGIN_B,
} from "./abi";

// History letters, five bits each: code | 16 for the originator.
const HISTORY_SYN: u32 = 1;

const HISTORY_SYN_ACK: u32 = 2;
const HISTORY_ACK: u32 = 3;
export const HISTORY_DATA: u32 = 4;
const HISTORY_FIN: u32 = 5;
const HISTORY_RESET: u32 = 6;
const HISTORY_GAP: u32 = 8;
const HISTORY_RETRANSMITTED: u32 = 9;
const HISTORY_ZERO_WINDOW: u32 = 10;
const HISTORY_INCONSISTENT: u32 = 11;
const HISTORY_MULTI: u32 = 12;
export const HISTORY_FLIPPED: u32 = 13;

export function history(f: usize, code: u32, fromOriginator: bool): void {
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
export function endShift(direction: u32): u32 {
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
export function updateTcp(f: usize, e: usize, bits: u32, direction: u32, length: u32): void {
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
