/**
 * The partners of every set: those with a greater number that share something with it. Pairs are counted, then placed.
 *
 * ```
 * partners[starts[s]] … partners[starts[s + 1] - 1]   of set s; u32 set, CROWDED, TURN
 * ```
 */
import { borrowed } from "./scratch";

/** More tuples than NAT can make of one: client, service, node port, pod, node, gateway. */
export const MAX_TUPLES: u32 = 6;
/** The two share a key with many, and what else they share is the end that sent first. */
const CROWDED: u32 = 0x80000000;
/** The two are turns of a routing loop, one behind the other. */
const TURN: u32 = 0x40000000;

let sets: u32 = 0;
let starts: usize = 0;
let partners: usize = 0;

/** Before pairs of `count` sets are counted. */
export function beginPartners(count: u32): void {
  sets = count;
  starts = borrowed((sets + 2) << 2);
  memory.fill(starts, 0, (sets + 2) << 2);
}

/** All are counted; the same ones are placed next. */
export function placePartners(): void {
  // starts[s + 2] counts, then starts[s + 1] is where the next partner of set s goes, and ends as where those of s + 1 begin.
  for (let s: u32 = 2; s <= sets; s++)
    store<u32>(starts + (s << 2), load<u32>(starts + (s << 2)) + load<u32>(starts + ((s - 1) << 2)));
  partners = borrowed((load<u32>(starts + (sets << 2)) + load<u32>(starts + ((sets + 1) << 2)) + 1) << 2);
}

/** Counts (`placed`: places) the pairs of `found` sets, u32 each, ascending. */
export function pairThem(list: usize, found: u32, placed: bool, crowded: bool): void {
  const flag = crowded ? CROWDED : 0;
  for (let a: u32 = 0; a + 1 < found; a++) {
    const s = load<u32>(list + (a << 2));
    const at = starts + ((s + (placed ? 1 : 2)) << 2);
    let to = load<u32>(at);
    if (placed) for (let b = a + 1; b < found; b++) store<u32>(partners + (to++ << 2), load<u32>(list + (b << 2)) | flag);
    else to += found - a - 1;
    store<u32>(at, to);
  }
}

/** Counts (`placed`: places) one pair of sets. */
export function pairTwo(a: u32, b: u32, placed: bool): void {
  pairAs(a, b, 0, placed);
}

/** Counts (`placed`: places) two turns of a routing loop, one behind the other. */
export function pairTurns(a: u32, b: u32, placed: bool): void {
  pairAs(a, b, TURN, placed);
}

function pairAs(a: u32, b: u32, flag: u32, placed: bool): void {
  const at = starts + ((min<u32>(a, b) + (placed ? 1 : 2)) << 2);
  const to = load<u32>(at);
  if (placed) store<u32>(partners + (to << 2), max<u32>(a, b) | flag);
  store<u32>(at, to + 1);
}

/** Place of the first partner of a set; those of the next begin behind its last. */
// @ts-ignore: decorator
@inline
export function partnersFrom(set: u32): u32 {
  return load<u32>(starts + (set << 2));
}
// @ts-ignore: decorator
@inline
export function partnerAt(place: u32): u32 {
  return load<u32>(partners + (place << 2)) & ~(CROWDED | TURN);
}
/** The partner at a place and the set are turns of a routing loop. */
export function isTurnOfLoop(place: u32): bool {
  return (load<u32>(partners + (place << 2)) & TURN) != 0;
}
/** Of all that the partner at a place shares with the set, many have a part. */
export function isCrowdedPartner(set: u32, place: u32): bool {
  const last = partnersFrom(set + 1);
  for (let i = partnersFrom(set); i < last; i++)
    if (partnerAt(i) == partnerAt(place) && !(load<u32>(partners + (i << 2)) & CROWDED)) return false;
  return true;
}
