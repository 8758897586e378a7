/** Sorts entries of 64 bits by their upper half: three passes of 11 bits, stable. */

import { allocate } from "./host";

const DIGIT: u32 = 2048;

/** Counts, then places, of each pass. */
let counts: usize = 0;

/** Sorts `count` entries at `from` with the help of as much room at `to`; gives where they lie afterwards, one of the two. */
export function sortByUpper(from: usize, to: usize, count: u32): usize {
  if (!counts) counts = allocate((DIGIT * 3) << 2);
  memory.fill(counts, 0, (DIGIT * 3) << 2);
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u32>(from + (i << 3) + 4);
    increment(counts + ((key & 2047) << 2));
    increment(counts + ((DIGIT + ((key >> 11) & 2047)) << 2));
    increment(counts + ((DIGIT * 2 + (key >> 22)) << 2));
  }
  for (let pass: u32 = 0; pass < 3; pass++) {
    const places = counts + ((DIGIT * pass) << 2);
    const shift: u64 = 32 + 11 * (pass as u64);
    // Digits that are all the same need no pass.
    if (count && load<u32>(places + ((((load<u64>(from) >> shift) as u32) & 2047) << 2)) == count) continue;
    let place: u32 = 0;
    for (let d: u32 = 0; d < DIGIT; d++) {
      const n = load<u32>(places + (d << 2));
      store<u32>(places + (d << 2), place);
      place += n;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry = load<u64>(from + (i << 3));
      const at = places + ((((entry >> shift) as u32) & 2047) << 2);
      const next = load<u32>(at);
      store<u32>(at, next + 1);
      store<u64>(to + (next << 3), entry);
    }
    const other = from;
    from = to;
    to = other;
  }
  return from;
}

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}
