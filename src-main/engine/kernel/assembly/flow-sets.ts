/**
 * Which flows at capture points are one connection: a union-find that also knows, for each flow, whether its endpoint A is on the same
 * side as endpoint A of the set's root (canonical order flips when NAT changes an address).
 *
 * ```
 * parents   u32 by flow: the flow above it * 2 + (1: A and B are swapped against that one); a root is above itself
 * evidence  u16 by flow: EVIDENCE_* of all joins in the set, at its root
 * numbers   i32 by flow: number of its set after `numberSets`, -1 if it is in none (not FLOW_ACTIVE)
 * setFlows[setStart[s]] … setFlows[setStart[s + 1] - 1]   flows of set s, ascending: the first is its root
 * ```
 */
import { FLOW_ACTIVE } from "./abi";
import { zeroed } from "./hash";
import { allocate } from "./host";
import { borrowed } from "./scratch";

let flows: u32 = 0;
let kinds: usize = 0;
let parents: usize = 0;
let evidence: usize = 0;
let numbers: usize = 0;
let starts: usize = 0;
let members: usize = 0;

/** Every one of `count` flows alone; `kindOfFlow` u8 by flow. Gives `numbers`, which is free until `numberSets`. */
export function beginSets(count: u32, kindOfFlow: usize): usize {
  flows = count;
  kinds = kindOfFlow;
  parents = allocate((count + 1) << 2);
  for (let f: u32 = 0; f < count; f++) store<u32>(parents + (f << 2), f << 1);
  evidence = zeroed((count + 1) << 1);
  numbers = allocate((count + 1) << 2);
  starts = 0;
  members = 0;
  return numbers;
}

export function setParents(): usize {
  return parents;
}
export function setEvidence(): usize {
  return evidence;
}
export function setNumbers(): usize {
  return numbers;
}
export function setStart(): usize {
  return starts;
}
export function setFlows(): usize {
  return members;
}

/** The set's root * 2 + (1: A and B of the flow are swapped against it). */
export function rootOf(flow: u32): u32 {
  const first = load<u32>(parents + (flow << 2));
  let at = first >> 1;
  let up = load<u32>(parents + (at << 2));
  if (up >> 1 == at) return first;
  let swapped = first & 1;
  while (up >> 1 != at) {
    swapped ^= up & 1;
    at = up >> 1;
    up = load<u32>(parents + (at << 2));
  }
  // Flatten: everything on the way points at the root.
  let walk = flow;
  let own = swapped;
  while (walk != at) {
    const above = load<u32>(parents + (walk << 2));
    store<u32>(parents + (walk << 2), (at << 1) | own);
    own ^= above & 1;
    walk = above >> 1;
  }
  return (at << 1) | swapped;
}

// @ts-ignore: decorator
@inline
export function inOneSet(f: u32, g: u32): bool {
  return rootOf(f) >> 1 == rootOf(g) >> 1;
}

/** Joins the sets of two flows whose A and B are the same way round (0) or swapped (1). */
export function joinSets(f: u32, g: u32, swapped: u32, bits: u32): void {
  const x = rootOf(f);
  const y = rootOf(g);
  const a = x >> 1;
  const b = y >> 1;
  const all = bits | (load<u16>(evidence + (a << 1)) as u32) | (load<u16>(evidence + (b << 1)) as u32);
  // The lower number stays the root: results do not depend on the order of joins.
  const to = a < b ? a : b;
  if (a != b) store<u32>(parents + ((a < b ? b : a) << 2), (to << 1) | ((swapped ^ x ^ y) & 1));
  store<u16>(evidence + (to << 1), all as u16);
}

/** Numbers the sets by their roots, ascending, and lists their flows. How many there are. Afterwards every flow points at its root. */
export function numberSets(): u32 {
  let count: u32 = 0;
  let active: u32 = 0;
  for (let f: u32 = 0; f < flows; f++) {
    if (load<u8>(kinds + f) != FLOW_ACTIVE) {
      store<i32>(numbers + (f << 2), -1);
      continue;
    }
    active++;
    // The root is the lowest: it has its number already.
    const root = rootOf(f) >> 1;
    store<u32>(numbers + (f << 2), root == f ? count++ : load<u32>(numbers + (root << 2)));
  }
  // Joining leaves fewer sets: the second time the room is there.
  if (!starts) {
    starts = borrowed((count + 2) << 2);
    members = borrowed((active + 1) << 2);
  }
  memory.fill(starts, 0, (count + 2) << 2);
  // starts[s + 2] counts, starts[s + 1] then is where the next flow of set s goes, and ends as where set s + 1 begins.
  for (let f: u32 = 0; f < flows; f++) {
    const s = load<i32>(numbers + (f << 2));
    if (s < 0) continue;
    const at = starts + ((s + 2) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let s: u32 = 2; s <= count; s++)
    store<u32>(starts + (s << 2), load<u32>(starts + (s << 2)) + load<u32>(starts + ((s - 1) << 2)));
  for (let f: u32 = 0; f < flows; f++) {
    const s = load<i32>(numbers + (f << 2));
    if (s < 0) continue;
    const at = starts + ((s + 1) << 2);
    const to = load<u32>(at);
    store<u32>(members + (to << 2), f);
    store<u32>(at, to + 1);
  }
  return count;
}
