/**
 * TCP sequence analysis with the meanings of Wireshark 4.0's tcp.analysis.* flags (its user's guide, "TCP Analysis").
 *
 * One state a flow: two directions and what they share.
 * direction: base, next, lastAck, maxToBeAcked, window, scale, bits, duplicates, lastFlags,
 *            lastAckTime, nextTime, segments (list of unacknowledged segments), segmentCount
 */
import {
  ANALYSIS_ACK_LOST_SEGMENT,
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_HAS_LENGTH,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_KEEP_ALIVE_ACK,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_RETRANSMISSION,
  ANALYSIS_REUSED_PORTS,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  ANALYSIS_ZERO_WINDOW_PROBE,
  ANALYSIS_ZERO_WINDOW_PROBE_ACK,
} from "./abi";
import { ACK, FIN, RST, SYN } from "../../../../src-shared/model/header-numbers";
import { be16, be32 } from "./bytes";
import { allocate } from "./host";

const D_BASE: u32 = 0;
const D_NEXT: u32 = 4;
const D_LAST_ACK: u32 = 8;
const D_MAX: u32 = 12;
const D_WINDOW: u32 = 16;
const D_SCALE: u32 = 20;
const D_BITS: u32 = 24;
const D_DUPLICATES: u32 = 28;
const D_LAST_FLAGS: u32 = 32;
const D_LAST_ACK_TIME: u32 = 40;
const D_NEXT_TIME: u32 = 48;
const D_SEGMENTS: u32 = 56;
const D_SEGMENT_COUNT: u32 = 60;
const DIRECTION: u32 = 64;
const T_SYN_TIME: u32 = 128;
const T_FIRST_RTT: u32 = 136;
/** Completeness bits as Wireshark's tcp.completeness: 1 SYN 2 SYN-ACK 4 ACK 8 data 16 FIN 32 RST. */
const T_COMPLETENESS: u32 = 144;
export const TCP_STATE_BYTES: u32 = 152;

const BIT_BASE: u32 = 1;
/** Bytes in flight are known: nothing is missing since the last acknowledgment. */
const BIT_IN_FLIGHT: u32 = 2;
const BIT_FIRST_ACK: u32 = 4;

const SCALE_UNKNOWN: i32 = -1;
const SCALE_NONE: i32 = -2;
const MAX_SEGMENTS: u32 = 10000;

// Unacknowledged segments: sequence, next sequence, link. A free list over chunks.
const SEGMENT_BYTES: u32 = 12;
const SEGMENT_CHUNK: u32 = 4096;
let freeSegments: usize = 0;

function newSegment(): usize {
  if (!freeSegments) {
    const chunk = allocate(SEGMENT_CHUNK * SEGMENT_BYTES);
    for (let i: u32 = 0; i < SEGMENT_CHUNK; i++) {
      store<u32>(chunk + i * SEGMENT_BYTES + 8, freeSegments as u32);
      freeSegments = chunk + i * SEGMENT_BYTES;
    }
  }
  const s = freeSegments;
  freeSegments = load<u32>(s + 8);
  return s;
}

function releaseSegment(s: usize): void {
  store<u32>(s + 8, freeSegments as u32);
  freeSegments = s;
}

export function initTcpState(t: usize): void {
  memory.fill(t, 0, TCP_STATE_BYTES);
  for (let d: u32 = 0; d < 2; d++) {
    const s = t + d * DIRECTION;
    store<u32>(s + D_WINDOW, 0xffffffff);
    store<i32>(s + D_SCALE, SCALE_UNKNOWN);
    store<u32>(s + D_BITS, BIT_IN_FLIGHT);
  }
}

// @ts-ignore: decorator
@inline
function after(a: u32, b: u32): bool {
  return ((a - b) as i32) > 0;
}

// @ts-ignore: decorator
@inline
function elapsed(from: i64, to: i64): i64 {
  return ((to >> 30) - (from >> 30)) * 1000000000 + ((to & 0x3fffffff) - (from & 0x3fffffff));
}

/** True if a SYN with this sequence number begins another connection on the same tuple. */
export function beginsAnother(t: usize, direction: u32, sequence: u32): bool {
  const f = t + direction * DIRECTION;
  return (load<u32>(f + D_BITS) & BIT_BASE) != 0 && sequence != load<u32>(f + D_BASE);
}

let flags: u32 = 0;
let relativeSeq: u32 = 0;
let relativeAck: u32 = 0;
let scaledWindow: u32 = 0;
let roundTrip: i64 = 0;

export function resultFlags(): u32 {
  return flags;
}
export function resultSeq(): u32 {
  return relativeSeq;
}
export function resultAck(): u32 {
  return relativeAck;
}
export function resultWindow(): u32 {
  return scaledWindow;
}
export function resultRoundTrip(): i64 {
  return roundTrip;
}

/**
 * Takes one segment into the state `t`. `p` is its header, `direction` 0 or 1, `stated` the segment's bytes as IP states
 * them, `available` those captured. `whole` is false for fragments and quoted headers: of these only the ports are believed.
 * The result functions tell what it means.
 */
export function analyse(
  t: usize,
  p: usize,
  direction: u32,
  stated: u32,
  available: u32,
  time: i64,
  whole: bool,
  isNew: bool,
  reused: bool,
): void {
  const f = t + direction * DIRECTION;
  const r = t + (direction ^ 1) * DIRECTION;
  const seq = be32(p + 4);
  const ack = be32(p + 8);
  const bits = load<u8>(p + 13) as u32;
  const window = be16(p + 14);
  const header = ((load<u8>(p + 12) >> 4) as u32) << 2;
  let shown = false; // Wireshark shows its SEQ/ACK analysis on this segment
  flags = 0;
  relativeSeq = seq;
  relativeAck = ack;
  scaledWindow = window;
  roundTrip = 0;

  if ((bits & (SYN | ACK)) == SYN) {
    if (reused) flags |= ANALYSIS_REUSED_PORTS;
    // The same SYN once more, which is a retransmission and no new connection.
    else if (load<u32>(f + D_BITS) & BIT_BASE) store<u32>(f + D_NEXT, load<u32>(f + D_MAX));
  } else if (
    (bits & (SYN | ACK)) == (SYN | ACK) &&
    (load<u32>(f + D_BITS) & BIT_BASE) != 0 &&
    seq != load<u32>(f + D_BASE)
  ) {
    store<u32>(f + D_BASE, seq);
    flags |= ANALYSIS_REUSED_PORTS;
  }

  let length: u32 = 0;
  const hasLength = whole && stated >= header;
  if (hasLength) {
    length = stated - header;
    if (!(load<u32>(f + D_BITS) & BIT_BASE)) {
      store<u32>(f + D_BASE, bits & SYN ? seq : seq - 1);
      store<u32>(f + D_BITS, load<u32>(f + D_BITS) | BIT_BASE);
    }
    if (bits & ACK && !(load<u32>(r + D_BITS) & BIT_BASE)) {
      store<u32>(r + D_BASE, ack - 1);
      store<u32>(r + D_BITS, load<u32>(r + D_BITS) | BIT_BASE);
    }
    shown = sequence(t, f, r, seq, ack, length, bits, window, time);
    relativeSeq = seq - load<u32>(f + D_BASE);
    if (bits & ACK) relativeAck = ack - load<u32>(r + D_BASE);
    const scale = load<i32>(f + D_SCALE);
    if (!(bits & SYN) && scale > 0) scaledWindow = window << scale;
    flags |= ANALYSIS_HAS_LENGTH;
  }
  if (header < 20) return;

  let completeness: u32 = 0;
  if (isNew || reused) {
    if ((bits & (SYN | ACK)) == SYN) completeness = length ? 9 : 1;
  } else {
    completeness = load<u32>(t + T_COMPLETENESS);
    if ((bits & (SYN | ACK)) == (SYN | ACK)) completeness |= 2;
    if ((bits & (SYN | ACK)) == ACK) completeness |= length ? 8 : 4;
    if ((bits & (FIN | ACK)) == (FIN | ACK)) completeness |= 16;
    if (bits & RST) completeness |= 32;
  }
  store<u32>(t + T_COMPLETENESS, completeness);

  if (bits & SYN) {
    if (!(bits & ACK)) store<i64>(t + T_SYN_TIME, time);
    store<u32>(f + D_BITS, load<u32>(f + D_BITS) | BIT_FIRST_ACK);
  }
  if ((bits & (SYN | ACK)) == ACK) {
    if (load<i64>(t + T_SYN_TIME) && !load<i64>(t + T_FIRST_RTT))
      store<i64>(t + T_FIRST_RTT, elapsed(load<i64>(t + T_SYN_TIME), time));
    store<u32>(f + D_BITS, load<u32>(f + D_BITS) & ~BIT_FIRST_ACK);
  }

  // Options: only the window scale is part of the state.
  const limit = available < header ? available : header;
  let o: u32 = 20;
  while (o < limit) {
    const kind = load<u8>(p + o);
    if (!kind) break;
    if (kind == 1) {
      o++;
      continue;
    }
    if (o + 2 > limit) break;
    const n = load<u8>(p + o + 1) as u32;
    if (n < 2 || o + n > limit) break;
    if (kind == 3 && n == 3) {
      const shift = load<u8>(p + o + 2) as i32;
      store<i32>(f + D_SCALE, shift > 14 ? 14 : shift);
    }
    o += n;
  }
  if (bits & SYN) {
    if (load<i32>(f + D_SCALE) == SCALE_UNKNOWN) {
      // One side without the option: neither scales (RFC 7323 section 2.2).
      store<i32>(f + D_SCALE, SCALE_NONE);
      store<i32>(r + D_SCALE, SCALE_NONE);
    }
    else if (bits & ACK && load<i32>(r + D_SCALE) == SCALE_NONE) store<i32>(f + D_SCALE, SCALE_NONE);
  }
  if (shown || (flags & ~ANALYSIS_HAS_LENGTH) != 0) roundTrip = load<i64>(t + T_FIRST_RTT);
}

/** The sequence rules themselves; true if the segment acknowledges a known one exactly, or one that was not seen, or carries counted bytes. */
function sequence(
  t: usize,
  f: usize,
  r: usize,
  seq: u32,
  ack: u32,
  length: u32,
  bits: u32,
  window: u32,
  time: i64,
): bool {
  const plain = !(bits & (SYN | FIN | RST));
  const next = load<u32>(f + D_NEXT);
  const lastAck = load<u32>(f + D_LAST_ACK);
  const lastWindow = load<u32>(f + D_WINDOW);
  if (bits & ACK) store<u32>(r + D_BITS, load<u32>(r + D_BITS) | BIT_IN_FLIGHT);

  if (length == 1 && seq == next && load<u32>(r + D_WINDOW) == 0) flags |= ANALYSIS_ZERO_WINDOW_PROBE;
  else {
    if (!window && plain) flags |= ANALYSIS_ZERO_WINDOW;
    if (next && after(seq, next) && !(bits & RST)) {
      flags |= ANALYSIS_LOST_SEGMENT;
      store<u32>(f + D_BITS, load<u32>(f + D_BITS) & ~BIT_IN_FLIGHT);
    }
    if (length <= 1 && seq == next - 1 && plain) flags |= ANALYSIS_KEEP_ALIVE;
    const same = length == 0 && seq == next && ack == lastAck && plain;
    if (same && window && window != lastWindow) flags |= ANALYSIS_WINDOW_UPDATE;
    const scale = load<i32>(r + D_SCALE);
    if (length && scale != SCALE_UNKNOWN && plain) {
      const shift = load<u32>(r + D_BITS) & BIT_FIRST_ACK || scale < 0 ? 0 : scale;
      if (seq + length == load<u32>(r + D_LAST_ACK) + (load<u32>(r + D_WINDOW) << shift)) flags |= ANALYSIS_WINDOW_FULL;
    }
    const reverse = load<u32>(r + D_LAST_FLAGS);
    if (same && window == lastWindow) {
      if (window && reverse & ANALYSIS_KEEP_ALIVE) flags |= ANALYSIS_KEEP_ALIVE_ACK;
      else if (!window && reverse & ANALYSIS_ZERO_WINDOW_PROBE) flags |= ANALYSIS_ZERO_WINDOW_PROBE_ACK;
      else if (window) {
        const n = load<i32>(f + D_DUPLICATES);
        store<i32>(f + D_DUPLICATES, n == -1 ? 1 : n + 1);
        flags |= ANALYSIS_DUPLICATE_ACK;
      }
    }
  }

  if (ack != lastAck) store<i32>(f + D_DUPLICATES, 0);

  const maxToBeAcked = load<u32>(r + D_MAX);
  const unseen = maxToBeAcked != 0 && after(ack, maxToBeAcked) && (bits & ACK) != 0;
  if (unseen) {
    if (after(load<u32>(r + D_NEXT), maxToBeAcked)) {
      store<u32>(r + D_MAX, load<u32>(r + D_NEXT));
      flags |= ANALYSIS_ACK_LOST_SEGMENT;
    } else {
      if (!load<i32>(r + D_DUPLICATES)) flags |= ANALYSIS_ACK_LOST_SEGMENT;
      store<i32>(r + D_DUPLICATES, -1);
    }
  }

  if ((length || bits & (SYN | FIN)) && !(flags & ANALYSIS_KEEP_ALIVE)) {
    const notAdvanced = next != 0 && after(next, seq) && !(length > 1 && next - 1 == seq);
    const peerAck = load<u32>(r + D_LAST_ACK);
    if (length && peerAck && !after(seq + length, peerAck)) flags |= ANALYSIS_SPURIOUS_RETRANSMISSION;
    else if (notAdvanced) {
      const sinceAck = elapsed(load<i64>(r + D_LAST_ACK_TIME), time);
      const sinceNext = elapsed(load<i64>(f + D_NEXT_TIME), time);
      const rtt = load<i64>(t + T_FIRST_RTT);
      const threshold: i64 = rtt ? rtt : 3000000;
      // Compared unsigned, as Wireshark does: time that runs backwards is a long time.
      if (load<i32>(r + D_DUPLICATES) >= 2 && peerAck == seq && (sinceAck as u64) < 20000000)
        flags |= ANALYSIS_FAST_RETRANSMISSION;
      else if (
        (sinceNext as u64) < (threshold as u64) &&
        next != seq + length + (bits & (SYN | FIN) ? 1 : 0)
      )
        flags |= ANALYSIS_OUT_OF_ORDER;
      else flags |= ANALYSIS_RETRANSMISSION;
    }
  }

  let end = seq + length;
  if ((length || bits & (SYN | FIN)) && load<u32>(f + D_SEGMENT_COUNT) < MAX_SEGMENTS) {
    if (bits & (SYN | FIN)) end++;
    const s = newSegment();
    store<u32>(s, seq);
    store<u32>(s + 4, end);
    store<u32>(s + 8, load<u32>(f + D_SEGMENTS));
    store<u32>(f + D_SEGMENTS, s as u32);
    store<u32>(f + D_SEGMENT_COUNT, load<u32>(f + D_SEGMENT_COUNT) + 1);
  }
  if ((after(end, next) || !next) && !(flags & ANALYSIS_ZERO_WINDOW_PROBE)) {
    store<u32>(f + D_NEXT, end);
    store<i64>(f + D_NEXT_TIME, time);
  }
  const max = load<u32>(f + D_MAX);
  if ((seq == max || !max) && !(flags & ANALYSIS_ZERO_WINDOW_PROBE)) store<u32>(f + D_MAX, load<u32>(f + D_NEXT));
  store<u32>(f + D_WINDOW, window);
  store<u32>(f + D_LAST_ACK, ack);
  store<i64>(f + D_LAST_ACK_TIME, time);
  store<u32>(f + D_LAST_FLAGS, flags);

  // Forget what this acknowledges. An exact match is what Wireshark measures a round trip by.
  let exact = false;
  let previous: usize = 0;
  let s: usize = load<u32>(r + D_SEGMENTS);
  while (s) {
    const follow: usize = load<u32>(s + 8);
    const to = load<u32>(s + 4);
    if (ack == to) exact = true;
    else if (after(ack, load<u32>(s)) && !after(ack, to)) {
      store<u32>(s, ack);
      previous = s;
      s = follow;
      continue;
    } else if (after(to, ack)) {
      previous = s;
      s = follow;
      continue;
    }
    if (previous) store<u32>(previous + 8, follow as u32);
    else store<u32>(r + D_SEGMENTS, follow as u32);
    releaseSegment(s);
    store<u32>(r + D_SEGMENT_COUNT, load<u32>(r + D_SEGMENT_COUNT) - 1);
    s = follow;
  }
  return exact || unseen || (length != 0 && (load<u32>(f + D_BITS) & BIT_IN_FLIGHT) != 0);
}
