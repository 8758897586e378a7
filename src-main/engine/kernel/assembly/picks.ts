/**
 * Packets picked of every flow while its sightings are written: of its short and of its long packets, each way, those with the
 * smallest keys. A key is made of what survives routing, NAT and tunnels, so flows that saw the same packets picked the same ones.
 *
 * ```
 * picks of a flow (PICKS_BYTES)   4 classes (direction · 2 + long): u32 count, PICKED of u32 key, u32 row, by key
 *                                 u32: rows that carry another network layer
 * ```
 * Picked here the rows are in the cache, in a thread that waits for the decode thread: afterwards it was 170 ms for 2 M packets.
 */
import {
  PICK_BYTES,
  PICK_CLASS_BYTES,
  PICK_LONG,
  PICKED,
  PICKS_BYTES,
  PICKS_CARRYING,
  PICKS_SEGMENT_SHIFT,
  SIGHTING_CARRIES,
  SIGHTING_CUT,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_QUOTED,
} from "./abi";
import { stir, zeroed } from "./hash";

const LATER_FRAGMENT: u32 = SIGHTING_FRAGMENT | SIGHTING_NO_TRANSPORT;
const SEGMENT_MASK: u32 = (1 << PICKS_SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS: u32 = 1 << 16;

/** Keys of packets that were cut come behind others: who captured more of them has other keys. */
const CUT_KEYS: u32 = 0xfc000000;

let directory: usize = 0;
let segments: u32 = 0;

export function configurePicks(): void {
  directory = zeroed(MAX_SEGMENTS << 2);
  segments = 0;
}

/** Where the picks of a flow lie; there are some for every flow that has a sighting. */
// @ts-ignore: decorator
@inline
export function picksOf(flow: u32): usize {
  return (load<u32>(directory + ((flow >> PICKS_SEGMENT_SHIFT) << 2)) as usize) + (flow & SEGMENT_MASK) * PICKS_BYTES;
}

/** Of `nextShared`: the place of the key in the second list. */
export let sharedAt: usize = 0;

/** Place of the next key of a list, from `x` on, that the other has from `y` on too; 0: there is none. */
// @ts-ignore: decorator
@inline
export function nextShared(x: usize, endX: usize, y: usize, endY: usize): usize {
  while (x < endX && y < endY) {
    const a = load<u32>(x);
    const b = load<u32>(y);
    if (a < b) x += PICK_BYTES;
    else if (b < a) y += PICK_BYTES;
    else {
      sharedAt = y;
      return x;
    }
  }
  return 0;
}

/** Of a TCP segment no more than its ports was captured. */
// @ts-ignore: decorator
@inline
export function isWithoutSequence(r: usize): bool {
  return !load<u32>(r + 16) && !load<u32>(r + 32) && (load<u32>(r + 36) & SIGHTING_CUT) != 0;
}

/** What survives of a packet, as 32 bits; 0: nothing by which it could be told. */
// @ts-ignore: decorator
@inline
function keyOf(r: usize, tcp: bool): u32 {
  const bits = load<u32>(r + 36);
  if (bits & SIGHTING_QUOTED) return 0;
  let h: u32;
  if ((bits & LATER_FRAGMENT) == LATER_FRAGMENT) {
    if (!(bits >> 16)) return 0;
    h = stir(stir(0x51ed270b, bits >> 16), load<u32>(r + 24));
  } else if (tcp && isWithoutSequence(r)) {
    if (!(bits >> 16)) return 0;
    h = stir(stir(0x2545f491, bits >> 16), load<u32>(r + 40)) | CUT_KEYS;
  } else if (tcp) {
    const flags = load<u32>(r + 32) & 23;
    h = stir(stir(stir(0x27d4eb2f, load<u32>(r + 16)), flags & 16 ? load<u32>(r + 20) : 0), flags & 7);
    if (bits & SIGHTING_CUT && !load<u32>(r + 32)) h |= CUT_KEYS;
  } else {
    const hash = load<u32>(r + 28);
    if (hash) h = stir(stir(0x3c6ef372, hash), load<u32>(r + 24));
    else {
      // An echo without payload (ping -s 0) still has its sequence; of a datagram nothing is left.
      const told = bits >> 16 ? bits >> 16 : load<u32>(r + 24);
      if (!told) return 0;
      h = stir(stir(0x165667b1, told), load<u32>(r + 32) >> 8) | CUT_KEYS;
    }
  }
  return h ? h : 1;
}

/** Keeps the PICKED smallest keys of a class, sorted. */
// @ts-ignore: decorator
@inline
function offer(list: usize, key: u32, row: u32): void {
  const size = load<u32>(list);
  let at = size;
  const entries = list + 4;
  if (size == PICKED) {
    if (key >= load<u32>(entries + (PICKED - 1) * PICK_BYTES)) return;
    at--;
  }
  for (let i: u32 = 0; i < size; i++) if (load<u32>(entries + i * PICK_BYTES) == key) return;
  while (at > 0 && load<u32>(entries + (at - 1) * PICK_BYTES) > key) {
    store<u64>(entries + at * PICK_BYTES, load<u64>(entries + (at - 1) * PICK_BYTES));
    at--;
  }
  store<u32>(entries + at * PICK_BYTES, key);
  store<u32>(entries + at * PICK_BYTES + 4, row);
  if (size < (PICKED as u32)) store<u32>(list, size + 1);
}

/** Offers sighting `row`, which lies at `r`, to the picks of its flow. */
export function pickRow(row: u32, r: usize, tcp: bool): void {
  const tag = load<u32>(r + 12);
  const flow = tag >> 1;
  const s = flow >> PICKS_SEGMENT_SHIFT;
  while (segments <= s)
    store<u32>(directory + (segments++ << 2), zeroed(PICKS_BYTES << PICKS_SEGMENT_SHIFT) as u32);
  const list = (load<u32>(directory + (s << 2)) as usize) + (flow & SEGMENT_MASK) * PICKS_BYTES;
  if (load<u32>(r + 36) & SIGHTING_CARRIES) {
    store<u32>(list + PICKS_CARRYING, load<u32>(list + PICKS_CARRYING) + 1);
    return;
  }
  const key = keyOf(r, tcp);
  if (!key) return;
  const long: u32 = load<u32>(r + 32) >> 8 > (PICK_LONG as u32) ? 1 : 0;
  offer(list + (((tag & 1) << 1) | long) * PICK_CLASS_BYTES, key, row);
}
