/**
 * Candidates among the turns of a routing loop through a machine that translates: it takes what comes back for something new, and gives it another
 * port each time. So more sets have the key of one segment than translation makes of one.
 *
 * ```
 * sets of one key, by hops left     64 C:4000 > V     63 C:4000 > P     61 C:1587 > P     59 C:4045 > P …
 * compared                               └──────────────┘  └──────────────┘  └───────────────┘
 * ```
 * One segment has one identification and one timestamp. A scanner's probes and a generator's segments, which have one number too, have all their hops.
 */
import { rowOf } from "./crowded-keys";
import { setFlows, setStart } from "./flow-sets";
import { allocate } from "./host";
import { TCP, apartNs, fileOf, pointOf, protocolOf, ttlOf } from "./matched-flows";
import { pairTurns } from "./partner-lists";
import { sortByUpper } from "./radix-sort";

/** Entries that are looked at: 255 hops, one taken each turn, and both sides of a translation. */
const MOST: u32 = 512;

/** u64: hops taken << 32 | set, twice as much room as entries. */
let entries: usize = 0;

/** Whether the set is of TCP segments. */
export function isSegmentSet(set: u32): bool {
  return protocolOf(load<u32>(setFlows() + (load<u32>(setStart() + (set << 2)) << 2))) == TCP;
}

/** Counts (`placed`: places) pairs of turns, one behind the other, of a run of `length` entries (u64: key << 32 | set, by set) of one key. */
export function pairLoopTurns(run: usize, length: u32, placed: bool): void {
  if (length > MOST) return;
  if (!entries) entries = allocate(MOST << 4);
  const key = load<u32>(run + 4);
  let count: u32 = 0;
  let id: u32 = 0;
  let timestamp: u32 = 0;
  let freshest: usize = 0;
  let oldest: usize = 0;
  for (let i: u32 = 0; i < length; i++) {
    const set = load<u32>(run + (i << 3));
    if (i > 0 && load<u32>(run + ((i - 1) << 3)) == set) continue;
    const row = rowOf(set, key);
    if (!row) continue;
    if (!count) {
      id = load<u16>(row + 38) as u32;
      timestamp = load<u32>(row + 24);
      if (!id || !timestamp) return;
    }
    if ((load<u16>(row + 38) as u32) != id || load<u32>(row + 24) != timestamp) return;
    if (!freshest || ttlOf(row) > ttlOf(freshest)) freshest = row;
    if (!oldest || ttlOf(row) < ttlOf(oldest)) oldest = row;
    store<u64>(entries + (count++ << 3), ((255 - (ttlOf(row) as u64)) << 32) | (set as u64));
  }
  // Clock reads may change places with those of the next turn, not over all of them.
  if (!count || (clockOf(freshest) == clockOf(oldest) && apartNs(freshest, oldest) <= 0)) return;
  const sorted = sortByUpper(entries, entries + ((MOST as usize) << 3), count);
  // Translated without a hop two may have as many left, and no more.
  for (let i: u32 = 2; i < count; i++)
    if (load<u32>(sorted + (i << 3) + 4) == load<u32>(sorted + ((i - 2) << 3) + 4)) return;
  for (let i: u32 = 1; i < count; i++) pairTurns(load<u32>(sorted + ((i - 1) << 3)), load<u32>(sorted + (i << 3)), placed);
}

function clockOf(row: usize): u32 {
  return fileOf(pointOf(load<u32>(row + 12) >> 1));
}
