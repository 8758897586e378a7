/**
 * Finds the sets of flows that share a key: candidates for a translation. Whoever saw the same packets has the same smallest keys.
 *
 * ```
 * sets ─► up to four keys each ─► sorted ─► sets of one key, side by side ─► partners[starts[s]] … of set s,
 *         (markKeys, collectKeys)                                           each with a greater number than s
 * ```
 * Most keys are of one set only. They are passed over: markKeys notes for each key, by 22 bits or more of it, whether it came again;
 * collectKeys keeps those that did. All kept, a million sets took 64 MB.
 * Sorted, not hashed: neighbours are read in order, and the sorted keys take 16 bytes each where a table took 28.
 * A key of more sets than NAT makes of one says nothing, or says it of many calls: crowded-keys.ts and near-echoes.ts split those. Or it is of a
 * segment that went round and round: loop-turns.ts.
 */
import { PICK_BYTES, PICK_CLASS_BYTES } from "./abi";
import { beginCrowds, pairsOfCrowd } from "./crowded-keys";
import { lendChains } from "./flow-matching";
import { setFlows, setStart } from "./flow-sets";
import { stir } from "./hash";
import { allocate } from "./host";
import { isSegmentSet, pairLoopTurns } from "./loop-turns";
import { beginNearEchoes, isEchoSet, pairNearEchoes } from "./near-echoes";
import { MAX_TUPLES, beginPartners, pairThem, placePartners } from "./partner-lists";
import { picksOf } from "./picks";
import { sortByUpper } from "./radix-sort";
import { borrowed, lend } from "./scratch";

/** Keys of a set that are looked up, each way. Long packets may have been split: they are asked where there are no short ones. */
const LOOKED_UP: u32 = 2;

/** Two bits by hash of a key: seen, seen again. */
let seen: usize = 0;
let seenMask: u32 = 0;
let again: u32 = 0;
/** u64: key << 32 | set. */
let entries: usize = 0;
let count: u32 = 0;
let sets: u32 = 0;
/** The smallest keys so far; the different sets of a key. */
let smallest: usize = 0;
let different: usize = 0;

/** After `numberSets`, which found `total` sets. */
export function beginCandidates(total: u32): void {
  sets = total;
  count = 0;
  again = 0;
  // Eight places for each set, 2 bytes.
  seenMask = (1 << 22) - 1;
  while (seenMask < total << 3) seenMask = (seenMask << 1) | 1;
  beginCrowds();
  beginNearEchoes();
  lendChains();
  seen = borrowed((seenMask + 1) >> 2);
  memory.fill(seen, 0, (seenMask + 1) >> 2);
  entries = 0;
  smallest = allocate(LOOKED_UP << 2);
  different = allocate(MAX_TUPLES << 2);
}

/** Notes the smallest keys of the sets `from` … `to - 1`. */
export function markKeys(from: u32, to: u32): void {
  for (let s = from; s < to; s++)
    for (let c: u32 = 0; c < 4; c += 2) {
      const size = smallestEachWay(s, c);
      for (let i: u32 = 0; i < size; i++) {
        const place = placeOf(load<u32>(smallest + (i << 2)));
        const at = seen + (place >> 2);
        const shift = (place & 3) << 1;
        const bits = load<u8>(at) as u32;
        if (bits & (1 << shift)) again++;
        store<u8>(at, (bits | ((bits & (1 << shift) ? 2 : 1) << shift)) as u8);
      }
    }
}

/** Keeps those of their keys that were noted more than once. */
export function collectKeys(from: u32, to: u32): void {
  // A place has one key that was the first there, and those that came again.
  if (!entries) entries = borrowed(((again << 1) + 1) << 3);
  for (let s = from; s < to; s++)
    for (let c: u32 = 0; c < 4; c += 2) {
      const size = smallestEachWay(s, c);
      for (let i: u32 = 0; i < size; i++) {
        const key = load<u32>(smallest + (i << 2));
        const place = placeOf(key);
        if ((load<u8>(seen + (place >> 2)) as u32) & (2 << ((place & 3) << 1)))
          store<u64>(entries + (count++ << 3), ((key as u64) << 32) | (s as u64));
      }
    }
}

// @ts-ignore: decorator
@inline
function placeOf(key: u32): u32 {
  return stir(0, key) & seenMask;
}

/** The smallest short keys of one direction, else the long ones. */
function smallestEachWay(set: u32, kind: u32): u32 {
  const size = smallestOf(set, kind);
  return size ? size : smallestOf(set, kind + 1);
}

/** The smallest keys of one class that any flow of a set picked; how many. */
function smallestOf(set: u32, kind: u32): u32 {
  let size: u32 = 0;
  const last = load<u32>(setStart() + ((set + 1) << 2));
  for (let i = load<u32>(setStart() + (set << 2)); i < last; i++) {
    const picks = picksOf(load<u32>(setFlows() + (i << 2))) + kind * PICK_CLASS_BYTES;
    const end = picks + 4 + load<u32>(picks) * PICK_BYTES;
    for (let p = picks + 4; p < end; p += PICK_BYTES) {
      const key = load<u32>(p);
      let to = size;
      while (to > 0 && load<u32>(smallest + ((to - 1) << 2)) > key) to--;
      // The flow's keys are sorted: behind one that is too great come greater ones.
      if (to == LOOKED_UP) break;
      if (to > 0 && load<u32>(smallest + ((to - 1) << 2)) == key) continue;
      for (let m = size < LOOKED_UP - 1 ? size : LOOKED_UP - 1; m > to; m--)
        store<u32>(smallest + (m << 2), load<u32>(smallest + ((m - 1) << 2)));
      store<u32>(smallest + (to << 2), key);
      if (size < LOOKED_UP) size++;
    }
  }
  return size;
}

/** Lists the partners of every set; one that shares several keys is listed several times. */
export function findCandidates(): void {
  // A set has its keys; what was said again no longer matters.
  lend(seen, (seenMask + 1) >> 2);
  const sorted = sortByUpper(entries, borrowed((count + 1) << 3), count);
  beginPartners(sets);
  eachKey(sorted, false);
  placePartners();
  eachKey(sorted, true);
}

/** Counts the pairs of sets that share a key; `placed`: writes them. */
function eachKey(sorted: usize, placed: bool): void {
  for (let i: u32 = 0; i < count; ) {
    const key = load<u32>(sorted + (i << 3) + 4);
    const from = i;
    while (i < count && load<u32>(sorted + (i << 3) + 4) == key) i++;
    if (i - from > 1) pairsOf(sorted + (from << 3), i - from, placed);
  }
}

function pairsOf(run: usize, length: u32, placed: bool): void {
  let found: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    // Entries were made in order of their sets, and sorting has kept it.
    const s = load<u32>(run + (i << 3));
    if (found > 0 && load<u32>(different + ((found - 1) << 2)) == s) continue;
    if (found == MAX_TUPLES) {
      pairsOfCrowd(run, length, placed);
      if (isEchoSet(s)) pairNearEchoes(run, length, placed);
      else if (isSegmentSet(s)) pairLoopTurns(run, length, placed);
      return;
    }
    store<u32>(different + (found++ << 2), s);
  }
  pairThem(different, found, placed, false);
}

/** Sets there are. */
export function setTotal(): u32 {
  return sets;
}
