/** Joins flows of one tuple at several points: those that share a packet, and those that saw one way each (one-way-flows.ts). */
import { NO_ROW, PICK_BYTES, PICK_CLASS_BYTES } from "./abi";
import { compareCut, identificationOf, isCutFlow, lookedTo } from "./cut-packets";
import { isActive, lendTable, nextOfTuple, tupleOf } from "./flow-matching";
import { inOneSet } from "./flow-sets";
import { stir } from "./hash";
import { allocate } from "./host";
import { rowAt } from "./joining";
import { ICMP, ICMP6, protocolOf, rowIn, rowsFrom } from "./matched-flows";
import { joinOneWay } from "./one-way-flows";
import { nextShared, picksOf, sharedAt } from "./picks";
import { borrowed } from "./scratch";
import { beginTuple, joinBy, sawWeak } from "./same-tuple";

/** Flows of one tuple are compared pair by pair up to here, by a table of keys above (ports used again and again). */
const FEW: u32 = 24;
/** Tuples whose flows are touched together. */
const BATCH: u32 = 16;

/** The active flows of the tuple, or FEW of them; then as many that a key is compared with. */
let list: usize = 0;
let recent: usize = 0;
let touched: u32 = 0;

// Keys of the flows of one tuple: table of entries plus one; an entry is u32 key, flow, older entry of the key plus one
const ENTRY_BYTES: u32 = 12;
let entries: usize = 0;
let slots: usize = 0;
let room: u32 = 0;
let mask: u32 = 0;
let used: u32 = 0;

/** Joins the flows of the tuples `from` … `to - 1`. */
export function joinTuples(from: u32, to: u32): void {
  if (!list) {
    list = allocate(FEW << 2);
    recent = allocate(FEW << 2);
  }
  if (!from) lendTable();
  for (let first = from; first < to; first += BATCH) {
    const end = first + BATCH < to ? first + BATCH : to;
    let sum: u32 = 0;
    for (let t = first; t < end; t++) if (isShared(t)) sum += touchPicks(t);
    for (let t = first; t < end; t++) if (isShared(t)) sum += touchRows(t);
    touched += sum;
    for (let t = first; t < end; t++) if (isShared(t)) joinTuple(t);
  }
}

/** Flow `t` is the first of several of its tuple. */
// @ts-ignore: decorator
@inline
function isShared(t: u32): bool {
  return nextOfTuple(t) != NO_ROW && tupleOf(t) == t;
}

/** Touching picks and rows first: 300,000 flows in 36 ms, 42 without. */
function touchPicks(t: u32): u32 {
  let sum: u32 = 0;
  let left = FEW;
  for (let f = t; f != NO_ROW && left; f = nextOfTuple(f), left--) {
    const p = picksOf(f);
    sum += load<u32>(p) ^ load<u32>(p + 32);
  }
  return sum;
}

/** The first row picked of each flow is the one it most likely shares. */
function touchRows(t: u32): u32 {
  let sum: u32 = 0;
  let left = FEW;
  for (let f = t; f != NO_ROW && left; f = nextOfTuple(f), left--) {
    let p = picksOf(f);
    if (!load<u32>(p)) p += PICK_CLASS_BYTES << 1;
    if (load<u32>(p)) {
      const r = rowAt(load<u32>(p + 8));
      sum += load<u32>(r) ^ load<u32>(r + 40);
    }
  }
  return sum;
}

function joinTuple(t: u32): void {
  let count: u32 = 0;
  for (let f = t; f != NO_ROW; f = nextOfTuple(f)) {
    if (!isActive(f)) continue;
    if (count < FEW) store<u32>(list + (count << 2), f);
    count++;
  }
  if (count < 2) return;
  beginTuple();
  if (count <= FEW) {
    comparePairs(count, false);
    if (sawWeak()) comparePairs(count, true);
  } else {
    compareByKey(t, false);
    if (sawWeak()) compareByKey(t, true);
  }
  joinOneWay(t);
}

function comparePairs(count: u32, weak: bool): void {
  for (let i: u32 = 1; i < count; i++)
    for (let k = i; k > 0; k--) compare(load<u32>(list + (i << 2)), load<u32>(list + ((k - 1) << 2)), weak);
}

/** Compares each flow with those that had one of its keys last; where some are cut, also with those that had one of its identifications. */
function compareByKey(t: u32, weak: bool): void {
  const protocol = protocolOf(t);
  const icmp = protocol == ICMP || protocol == ICMP6;
  let most: u32 = 0;
  let someCut = false;
  for (let f = t; f != NO_ROW; f = nextOfTuple(f)) {
    if (!isActive(f)) continue;
    for (let c: u32 = 0; c < 4; c++) most += load<u32>(picksOf(f) + c * PICK_CLASS_BYTES);
    if (!someCut) someCut = isCutFlow(f);
  }
  if (someCut) for (let f = t; f != NO_ROW; f = nextOfTuple(f)) if (isActive(f)) most += lookedTo(f) - rowsFrom(f);
  if (most > room) {
    room = 1024;
    while (room < most) room <<= 1;
    entries = borrowed(room * ENTRY_BYTES);
    slots = borrowed(room << 3);
  }
  mask = 1023;
  while (mask + 1 < most << 1) mask = (mask << 1) | 1;
  memory.fill(slots, 0, (mask + 1) << 2);
  used = 0;
  for (let f = t; f != NO_ROW; f = nextOfTuple(f)) {
    if (!isActive(f)) continue;
    for (let c: u32 = 0; c < 4; c++) {
      const picks = picksOf(f) + c * PICK_CLASS_BYTES;
      const count = load<u32>(picks);
      for (let i: u32 = 0; i < count; i++) meet(f, load<u32>(picks + 4 + i * PICK_BYTES), weak);
    }
    if (!someCut) continue;
    const last = lookedTo(f);
    for (let i = rowsFrom(f); i < last; i++) {
      const key = identificationOf(rowIn(i), icmp);
      if (key) meet(f, stir(0x7feb352d, key), weak);
    }
  }
}

/** Compares the flow with those that had the key last, and is one of them from now on. */
function meet(f: u32, key: u32, weak: bool): void {
  let at = stir(0, key) & mask;
  let v = load<u32>(slots + (at << 2));
  while (v && load<u32>(entries + (v - 1) * ENTRY_BYTES) != key) {
    at = (at + 1) & mask;
    v = load<u32>(slots + (at << 2));
  }
  const entry = entries + used++ * ENTRY_BYTES;
  store<u32>(entry, key);
  store<u32>(entry + 4, f);
  store<u32>(entry + 8, v);
  store<u32>(slots + (at << 2), used);
  let others: u32 = 0;
  for (; v && others < FEW; v = load<u32>(entries + (v - 1) * ENTRY_BYTES + 8))
    store<u32>(recent + (others++ << 2), load<u32>(entries + (v - 1) * ENTRY_BYTES + 4));
  while (others > 0) compare(f, load<u32>(recent + (--others << 2)), weak);
}

function compare(f: u32, g: u32, weak: bool): void {
  if (inOneSet(f, g)) return;
  const x = picksOf(f);
  const y = picksOf(g);
  for (let c: u32 = 0; c < 4 * PICK_CLASS_BYTES; c += PICK_CLASS_BYTES)
    if (compareShared(f, g, x + c, y + c, weak)) return;
  compareCut(f, g, weak);
}

/** Tries the rows of keys that the flows share in one class. True: they are joined. */
function compareShared(f: u32, g: u32, x: usize, y: usize, weak: bool): bool {
  const endX = x + 4 + load<u32>(x) * PICK_BYTES;
  const endY = y + 4 + load<u32>(y) * PICK_BYTES;
  for (let at = nextShared(x + 4, endX, y + 4, endY); at; at = nextShared(at + PICK_BYTES, endX, sharedAt + PICK_BYTES, endY))
    if (joinBy(f, g, rowAt(load<u32>(at + 4)), rowAt(load<u32>(sharedAt + 4)), weak)) return true;
  return false;
}
