/**
 * Room that is needed for a while only, while flows are matched. The host never gets memory back: what one step has done with is lent to the
 * next ones.
 *
 * ```
 * table of tuples   ─lend─►  ┐                    ┌─► what was said again, sorted keys, partners
 * chains of tuples  ─lend─►  ┴ the first with room ┴─► …
 * ```
 */
import { allocate } from "./host";

const MOST: u32 = 16;

/** u32 place, u32 bytes of each. */
let lent: usize = 0;
let count: u32 = 0;

/** Forgets what was lent; `borrowed` gives new room. */
export function beginScratch(): void {
  if (!lent) lent = allocate(MOST << 3);
  count = 0;
}

/** Gives away `bytes` at a place that is a multiple of 8. */
export function lend(at: usize, bytes: u32): void {
  if (count == MOST) return;
  store<u32>(lent + (count << 3), at as u32);
  store<u32>(lent + (count << 3) + 4, bytes);
  count++;
}

/** Room for `bytes`, not cleared. */
export function borrowed(bytes: u32): usize {
  const whole = (bytes + 7) & ~7;
  for (let i: u32 = 0; i < count; i++) {
    const at = lent + (i << 3);
    const left = load<u32>(at + 4);
    if (left < whole) continue;
    const place = load<u32>(at);
    store<u32>(at, place + whole);
    store<u32>(at + 4, left - whole);
    return place;
  }
  return allocate(bytes);
}
