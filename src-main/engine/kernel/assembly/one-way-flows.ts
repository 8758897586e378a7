/**
 * Flows of one tuple that were seen one way at one point and the other way at another (asymmetric routes) share no packet; what one side
 * acknowledges is what the other sent.
 */
import { EVIDENCE_ACK, F_PACKETS, NO_ROW } from "./abi";
import { isActive, nextOfTuple } from "./flow-matching";
import { flowCount, flowRow } from "./flow-rows";
import { inOneSet, joinSets, rootOf, setNumbers } from "./flow-sets";
import { stir } from "./hash";
import { allocate } from "./host";
import { TCP, directionOf, protocolOf, rowIn, rowsFrom, rowsTo } from "./matched-flows";
import { borrowed } from "./scratch";

/** Ports used again and again: more flows than that are left alone. */
const MOST: u32 = 64;

let list: usize = 0;

/** Sequence numbers behind the segments of a flow: place in `order` plus one, by hash. */
let slots: usize = 0;
let room: u32 = 0;
let mask: u32 = 0;

let listed: u32 = 0;

/**
 * Lists the flows whose whole set was seen one way, all of them TCP, ascending; `oneWayCount` tells how many. After `numberSets`, which
 * found `count` sets.
 */
export function listOneWay(count: u32): usize {
  const flows = flowCount();
  // By set, which of its endpoints sent: bit 0 A, bit 1 B.
  const sent = borrowed(count);
  memory.fill(sent, 0, count);
  let some: u32 = 0;
  for (let f: u32 = 0; f < flows; f++) {
    const s = load<i32>(setNumbers() + (f << 2));
    if (s < 0) continue;
    let bits: u32 = 3;
    if (protocolOf(f) == TCP && isOneWay(f)) {
      some++;
      bits = 1 << (directionOf(rowIn(rowsFrom(f))) ^ (rootOf(f) & 1));
    }
    store<u8>(sent + s, (load<u8>(sent + s) | bits) as u8);
  }
  const found = borrowed(some << 2);
  listed = 0;
  for (let f: u32 = 0; f < flows; f++) {
    const s = load<i32>(setNumbers() + (f << 2));
    if (s >= 0 && load<u8>(sent + s) != 3) store<u32>(found + (listed++ << 2), f);
  }
  return found;
}

export function oneWayCount(): u32 {
  return listed;
}

/** Joins the one-way TCP flows of the tuple that begins with flow `t`. */
export function joinOneWay(t: u32): void {
  if (protocolOf(t) != TCP) return;
  if (!list) list = allocate(MOST << 2);
  let count: u32 = 0;
  for (let f = t; f != NO_ROW; f = nextOfTuple(f)) {
    if (!isActive(f) || !isOneWay(f)) continue;
    if (count == MOST) return;
    store<u32>(list + (count++ << 2), f);
  }
  if (count < 2) return;
  for (let i: u32 = 0; i < count; i++) {
    const f = load<u32>(list + (i << 2));
    if (directionOf(rowIn(rowsFrom(f))) != 0) continue;
    let kept = false;
    for (let k: u32 = 0; k < count; k++) {
      const g = load<u32>(list + (k << 2));
      if (i == k || directionOf(rowIn(rowsFrom(g))) != 1 || inOneSet(f, g)) continue;
      if (!kept) keepEnds(f);
      kept = true;
      if (acknowledges(g)) joinSets(f, g, 0, EVIDENCE_ACK);
    }
  }
}

function isOneWay(flow: u32): bool {
  const r = flowRow(flow) + F_PACKETS;
  return (load<u32>(r) == 0) != (load<u32>(r + 4) == 0);
}

/** The sequence number behind a segment: its payload, SYN and FIN count. */
// @ts-ignore: decorator
@inline
function endOf(r: usize): u32 {
  const word = load<u32>(r + 32);
  return load<u32>(r + 16) + (word >> 8) + ((word >> 1) & 1) + (word & 1);
}

function keepEnds(flow: u32): void {
  const from = rowsFrom(flow);
  const to = rowsTo(flow);
  mask = 63;
  while (mask < (to - from) << 1) mask = (mask << 1) | 1;
  if (mask >= room) {
    room = mask + 1;
    slots = borrowed(room << 2);
  }
  memory.fill(slots, 0, (mask + 1) << 2);
  for (let i = from; i < to; i++) {
    const at = slotOf(endOf(rowIn(i)));
    if (!load<u32>(at)) store<u32>(at, i + 1);
  }
}

/** Where a sequence number is kept, or would be. */
function slotOf(end: u32): usize {
  let i = stir(0x27d4eb2f, end) & mask;
  let v = load<u32>(slots + (i << 2));
  while (v && endOf(rowIn(v - 1)) != end) {
    i = (i + 1) & mask;
    v = load<u32>(slots + (i << 2));
  }
  return slots + (i << 2);
}

/** A packet of the flow acknowledges one that was kept. */
function acknowledges(flow: u32): bool {
  const to = rowsTo(flow);
  for (let i = rowsFrom(flow); i < to; i++) {
    const r = rowIn(i);
    if (load<u32>(r + 32) & 16 && load<u32>(slotOf(load<u32>(r + 20)))) return true;
  }
  return false;
}
