/**
 * Candidates among pings that all look alike: more of them have one key (an echo without payload has only its sequence) than translation can make
 * of one. Then only those that began at nearly the same time are compared.
 *
 * ```
 * sets of one key, by their first packet     a  b     c  d e          f
 * compared                                   a─b      c─d─e
 * ```
 */
import { setFlows, setStart } from "./flow-sets";
import { ICMP, ICMP6, protocolOf, rowIn, rowsFrom } from "./matched-flows";
import { pairTwo } from "./partner-lists";
import { sortByUpper } from "./radix-sort";
import { borrowed } from "./scratch";
import { earliestSeconds } from "./sightings";

/** A machine passes an echo on within this: 2 ms, in steps of 100 µs. */
const STEP_NS: i64 = 100000;
const NEAR_STEPS: u32 = 20;
/** Partners of one set. */
const MOST: u32 = 6;

/** u64: step << 32 | set, twice as much room as entries. */
let entries: usize = 0;
let room: u32 = 0;

/** Before candidates are looked for. */
export function beginNearEchoes(): void {
  room = 0;
}

/** Whether the set is of pings. */
export function isEchoSet(set: u32): bool {
  const protocol = protocolOf(firstFlow(set));
  return protocol == ICMP || protocol == ICMP6;
}

/**
 * Of the `length` entries (u32 set, u32 key) at `run`, in order of their sets: counts (`placed`: places) pairs of sets that began at nearly
 * the same time.
 */
export function pairNearEchoes(run: usize, length: u32, placed: bool): void {
  if (length > room) {
    entries = borrowed(length << 4);
    room = length;
  }
  const earliest = earliestSeconds();
  const base: i64 = earliest == Infinity ? 0 : (earliest as i64);
  let count: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const s = load<u32>(run + (i << 3));
    if (i > 0 && load<u32>(run + ((i - 1) << 3)) == s) continue;
    const t = load<i64>(rowIn(rowsFrom(firstFlow(s))));
    const step = (((t >> 30) - base) * 1000000000 + (t & 0x3fffffff)) / STEP_NS;
    store<u64>(entries + (count++ << 3), ((step as u32 as u64) << 32) | (s as u64));
  }
  const sorted = sortByUpper(entries, entries + (length << 3), count);
  for (let i: u32 = 0; i < count; i++) {
    const s = load<u32>(sorted + (i << 3));
    const step = load<u32>(sorted + (i << 3) + 4);
    for (let k = i + 1; k < count && k <= i + MOST; k++) {
      if (load<u32>(sorted + (k << 3) + 4) - step > NEAR_STEPS) break;
      const other = load<u32>(sorted + (k << 3));
      pairTwo(s, other, placed);
    }
  }
}

function firstFlow(set: u32): u32 {
  return load<u32>(setFlows() + (load<u32>(setStart() + (set << 2)) << 2));
}
