/**
 * Questions and answers over UDP that lie one within the other: what a machine makes of a call when it translates it. Of datagrams without
 * an identification (IPv6) that changed both ends nothing else is left to tell.
 *
 * ```
 *   x  client > node:30001  ──question──►  62 hops ┐                       ┌ 61 ──answer──►  y before x, a hop more left
 *   y                  node:22545 > pod:9091 ──►   └ 61, same payload … 62 ┘ same payload
 * ```
 * So do echoes of little payload (ping -s 0): every ping has the sequences 1, 2, 3 …, so what counts is that each lies within the other as
 * closely as a machine that passes it on leaves it.
 *
 * A program that asks another one what it was asked begins anew: its datagrams have all their hops. Calls of equal content (health checks) have
 * said before, or say again, what they say.
 */
import { COOKED_IN, COOKED_OUT } from "./abi";
import { allocate } from "./host";
import { UDP, addressOf, apartNs, depthsOf, directionOf, fileOf, pointOf, protocolOf, ttlOf } from "./matched-flows";
import { rowAt } from "./joining";
import { isSaidOnce } from "./said-once";
import { macOf } from "./sightings";

/** Payload of fewer bytes says too little. */
const BYTES: u32 = 8;
/** Clock reads of two interfaces may be that much out of order. */
const JITTER_NS: i64 = 20000;
/** As `macOf` keeps it: packet type 4, sent by the machine that recorded it. */
const SENT: u16 = 6;
/** A machine passes an echo on within this. */
const PASSED_ON_NS: i64 = 2000000;

/** From when to when a datagram was under way between its two sightings: i64 from, i64 to, u32 row, u32 direction. */
const SPAN_BYTES: u32 = 24;
let spans: usize = 0;

/**
 * Whether all packets that two flows of datagrams or echoes share are such questions and answers. `list` as in weighPair; `near`: how far apart the
 * sightings of one may be, in ns.
 */
export function isNestedExchange(list: usize, count: u32, most: u32, swapped: u32, near: i64): bool {
  if (!spans) spans = allocate(most * SPAN_BYTES);
  /** Which flow sees a packet later, by direction in the first: -1 the first, 1 the second. */
  let laterA: i32 = 0;
  let laterB: i32 = 0;
  const isEcho = count > 0 && protocolOf(flowOf(rowAt(load<u32>(list)))) != UDP;
  const farthest = isEcho ? PASSED_ON_NS : near;
  for (let i: u32 = 0; i < count; i++) {
    const rowX = load<u32>(list + (i << 3));
    const rowY = load<u32>(list + (i << 3) + 4);
    const x = rowAt(rowX);
    const y = rowAt(rowY);
    const px = pointOf(flowOf(x));
    const py = pointOf(flowOf(y));
    const direction = directionOf(x);
    if ((direction ^ directionOf(y)) != swapped || fileOf(px) != fileOf(py)) return false;
    const hash = load<u32>(x + 28);
    if (hash != load<u32>(y + 28)) return false;
    if (!isEcho && (!hash || load<u32>(x + 32) >> 8 < BYTES)) return false;
    const apart = apartNs(x, y);
    if (apart > farthest || apart < -farthest) return false;
    let order: i32 = signOf((ttlOf(x) as i64) - (ttlOf(y) as i64));
    // A bridge that translates takes no hop: only who recorded each device tells which of them comes first.
    if (order == 0 && (isOtherDevice(x, y) || isPassedOn(x, y))) {
      order = apart != 0 ? signOf(apart) : rowY > rowX ? 1 : -1;
      if (order > 0 ? isForwarder(x, y) : isForwarder(y, x)) return false;
    }
    const later = direction ? laterB : laterA;
    if (order == 0 || later == -order || -apart * order > JITTER_NS) return false;
    if (px == py && !isSameMachine(x, y, order)) return false;
    if (direction) laterB = order;
    else laterA = order;
    const span = spans + i * SPAN_BYTES;
    const at = nanoseconds(x);
    store<i64>(span, apart < 0 ? at + apart : at);
    store<i64>(span + 8, apart > 0 ? at + apart : at);
    store<u32>(span + 16, rowX);
    store<u32>(span + 20, direction);
  }
  if (laterA == 0 || laterA != -laterB) return false;
  const end = spans + count * SPAN_BYTES;
  for (let a = spans; a < end; a += SPAN_BYTES)
    for (let b = a + SPAN_BYTES; b < end; b += SPAN_BYTES)
      if (
        load<u32>(a + 20) != load<u32>(b + 20) &&
        load<i64>(a) <= load<i64>(b + 8) &&
        load<i64>(b) <= load<i64>(a + 8)
      )
        return false;
  if (isEcho) return true;
  for (let a = spans; a < end; a += SPAN_BYTES) if (isSaidOnce(load<u32>(a + 16))) return true;
  return false;
}

/**
 * Whether two rows of one point that is a capture of all interfaces are of different devices: by the interface's index (SLL2), else by the
 * packet's type (SLL). Kept are those of each flow's first packet in their direction. What a device sent and got back for its sender
 * has crossed others meanwhile: a hairpin.
 */
export function isOtherDevice(x: usize, y: usize): bool {
  if (!isCooked(x, y)) return false;
  const a = macsOf(x);
  const b = macsOf(y);
  const typeX = load<u16>(a + 12);
  const typeY = load<u16>(b + 12);
  const index = load<u32>(a + 6);
  if (!index) return typeX != typeY;
  if (index != load<u32>(b + 6)) return true;
  if ((typeX == SENT) == (typeY == SENT)) return false;
  const apart = apartNs(x, y);
  return apart > 0 ? isForSender(x, y) : apart < 0 && isForSender(y, x);
}

/** Both rows are of one capture of all interfaces. */
function isCooked(x: usize, y: usize): bool {
  return pointOf(flowOf(x)) == pointOf(flowOf(y)) && load<u16>(macsOf(x) + 12) > 1 && load<u16>(macsOf(y) + 12) > 1;
}

/**
 * In a capture of all interfaces that does not tell them apart (SLL): of one flow the packets only came in, or only went out, and of the
 * other they did both. One ends in this machine, the other passes it.
 */
function isPassedOn(x: usize, y: usize): bool {
  if (!isCooked(x, y) || load<u32>(macsOf(x) + 6)) return false;
  return ((load<u32>(macsOf(x) + 12) ^ load<u32>(macsOf(y) + 12)) & (COOKED_IN | COOKED_OUT)) != 0;
}

/** The second of two rows goes where the first one came from. */
function isForSender(first: usize, second: usize): bool {
  return addressOf(flowOf(first), directionOf(first)) == addressOf(flowOf(second), directionOf(second) ^ 1);
}

/** With all the hops that the first had, the second is sent by whom the first was for: a program that asks what it was asked. */
function isForwarder(first: usize, second: usize): bool {
  return addressOf(flowOf(first), directionOf(first) ^ 1) == addressOf(flowOf(second), directionOf(second));
}

/**
 * On one wire: who was sent the packet that was seen first sent the other one. True where MACs do not tell, as those inside a tunnel.
 * `order`: 1, x is first.
 */
function isSameMachine(x: usize, y: usize, order: i32): bool {
  const first = order > 0 ? x : y;
  const second = order > 0 ? y : x;
  if ((depthsOf(flowOf(first)) & 127) > 1 || (depthsOf(flowOf(second)) & 127) > 1) return true;
  const to = macsOf(first);
  const from = macsOf(second);
  if (load<u32>(to + 12) != 1 || load<u32>(from + 12) != 1) return true;
  return load<u32>(to + 6) == load<u32>(from) && load<u16>(to + 10) == load<u16>(from + 4);
}

// @ts-ignore: decorator
@inline
function flowOf(r: usize): u32 {
  return load<u32>(r + 12) >> 1;
}

/** MACs of the first packet of the row's flow in its direction. */
// @ts-ignore: decorator
@inline
function macsOf(r: usize): usize {
  return macOf(flowOf(r)) + (directionOf(r) << 4);
}

// @ts-ignore: decorator
@inline
function nanoseconds(r: usize): i64 {
  const t = load<i64>(r);
  return (t >> 30) * 1000000000 + (t & 0x3fffffff);
}

// @ts-ignore: decorator
@inline
function signOf(value: i64): i32 {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}
