/** Joins sets of different tuples that NAT made of one another: candidates share a key, weighPair() decides. */
import {
  PAIR_AT_ONE_POINT,
  PAIR_BYTES,
  PAIR_REFUSED,
  PAIR_SWAPPED,
  PAIR_TURNS,
  PICK_BYTES,
  PICK_CLASS_BYTES,
} from "./abi";
import { setTotal } from "./candidate-sets";
import { tupleOf } from "./flow-matching";
import { flowRow } from "./flow-rows";
import { joinSets, setFlows, setNumbers, setStart } from "./flow-sets";
import { allocate } from "./host";
import { rowAt } from "./joining";
import { fileOf, pointOf, ttlOf } from "./matched-flows";
import { pairAtOnePoint, pairEvidence, pairSwapped, weighPair } from "./pair-weight";
import { isCrowdedPartner, isTurnOfLoop, partnerAt, partnersFrom } from "./partner-lists";
import { nextShared, picksOf, sharedAt } from "./picks";
import { sortByUpper } from "./radix-sort";
import { borrowed, lend } from "./scratch";

/** Packets of a candidate pair that are weighed. */
const MAX_MATCHES: u32 = 6;
const LIST_BYTES: u32 = MAX_MATCHES << 3;
/** Sets whose partners' picks are touched together, and flows of a set that are. */
const BATCH: u32 = 16;
const TOUCHED_FLOWS: u32 = 16;

// How two flows were seen: the first is best.
const AT_ONE_POINT: u32 = 0;
const IN_ONE_FILE: u32 = 1;
const ANYWHERE: u32 = 2;

/**
 * The two ways in which ends of two flows may belong together: 0, endpoint A of the one is A of the other; 1, canonical order has turned round.
 * An answer may repeat its question (echo): then packets are shared either way.
 */
const WAYS: u32 = 2;
// What two sets share, by way: u32 flow of the one, u32 of the other, u32 packets, u32 where their list is (u32 row of the one, u32 of the other)
const WAY_BYTES: u32 = 16;
let ways: usize = 0;
/** What the two flows share that are looked at. */
let looked: usize = 0;

/** Pairs that are heavy enough, PAIR_BYTES each, and in which order they are joined: u64 with the pair's number below. */
let pairs: usize = 0;
let pairCount: u32 = 0;
let pairRoom: u32 = 0;
let ordered: usize = 0;
let touched: u32 = 0;

/** Before the first `weighCandidates`. */
export function beginPairs(): void {
  ways = allocate(WAYS * WAY_BYTES);
  for (let way: u32 = 0; way < WAYS; way++) store<u32>(wayAt(way) + 12, allocate(LIST_BYTES) as u32);
  looked = allocate(LIST_BYTES);
  pairCount = 0;
  pairRoom = 4096;
  pairs = borrowed(pairRoom * PAIR_BYTES);
}

export function pairsAt(): usize {
  return pairs;
}

/** Weighs the sets `from` … `to - 1` with each of their partners. How many pairs are heavy enough so far. */
export function weighCandidates(from: u32, to: u32): u32 {
  for (let first = from; first < to; first += BATCH) {
    const end = first + BATCH < to ? first + BATCH : to;
    let sum: u32 = 0;
    for (let s = first; s < end; s++) {
      const last = partnersFrom(s + 1);
      if (partnersFrom(s) == last) continue;
      sum += touchSet(s);
      for (let i = partnersFrom(s); i < last; i++) sum += touchSet(partnerAt(i));
    }
    touched += sum;
    for (let s = first; s < end; s++) {
      const last = partnersFrom(s + 1);
      for (let i = partnersFrom(s); i < last; i++) {
        if (isListedBefore(s, i)) continue;
        const found = pairCount;
        weigh(s, partnerAt(i), isCrowdedPartner(s, i));
        if (pairCount > found && isTurnOfLoop(i)) mark(found, PAIR_TURNS);
      }
    }
  }
  return pairCount;
}

/** Touching picks, flows and rows first: 30 ms for 50,000 connections, 38 without. */
function touchSet(s: u32): u32 {
  let sum: u32 = 0;
  const from = load<u32>(setStart() + (s << 2));
  let to = load<u32>(setStart() + ((s + 1) << 2));
  if (to - from > TOUCHED_FLOWS) to = from + TOUCHED_FLOWS;
  for (let i = from; i < to; i++) {
    const f = load<u32>(setFlows() + (i << 2));
    const p = picksOf(f);
    sum += load<u32>(p) ^ load<u32>(p + 64) ^ load<u32>(p + 128) ^ load<u32>(flowRow(f));
  }
  return sum;
}

/** The partner at a place has shared another key before. */
function isListedBefore(set: u32, place: u32): bool {
  for (let i = partnersFrom(set); i < place; i++) if (partnerAt(i) == partnerAt(place)) return true;
  return false;
}

/**
 * Weighs two sets by the two flows that tell most and the packets both picked, in the heavier of two ways. Flows at one point are best
 * (which came first, whether it was routed between), then in one file (one clock), then any: each is asked only if the one before gave
 * nothing. `crowded`: what they share many share.
 */
function weigh(a: u32, b: u32, crowded: bool): void {
  let wanted: u32 = (1 << WAYS) - 1;
  for (let rank = AT_ONE_POINT; rank <= ANYWHERE && wanted; ) {
    if (!look(a, b, rank, wanted, crowded)) {
      rank++;
      continue;
    }
    for (let way: u32 = 0; way < WAYS; way++) touched += touchRows(rowsOf(way), countOf(way));
    let heaviest: u32 = 0;
    for (let way: u32 = 0; way < WAYS; way++) {
      if (!countOf(way)) continue;
      wanted &= ~(1 << way);
      const f = load<u32>(wayAt(way));
      const g = load<u32>(wayAt(way) + 4);
      const weight = weighPair(f, g, rowsOf(way), countOf(way), MAX_MATCHES, crowded);
      if (weight <= heaviest) continue;
      heaviest = weight;
      keep(pairCount, f, g, weight);
    }
    if (heaviest) {
      pairCount++;
      return;
    }
  }
}

// @ts-ignore: decorator
@inline
function wayAt(way: u32): usize {
  return ways + way * WAY_BYTES;
}
// @ts-ignore: decorator
@inline
function countOf(way: u32): u32 {
  return load<u32>(wayAt(way) + 8);
}
// @ts-ignore: decorator
@inline
function rowsOf(way: u32): usize {
  return load<u32>(wayAt(way) + 12);
}

function touchRows(rows: usize, count: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count << 1; i++) {
    const r = rowAt(load<u32>(rows + (i << 2)));
    sum += load<u32>(r) ^ load<u32>(r + 40);
  }
  return sum;
}

/** Writes the pair that was weighed last. */
function keep(number: u32, f: u32, g: u32, weight: u32): void {
  if (number == pairRoom) {
    const more = borrowed((pairRoom << 1) * PAIR_BYTES);
    memory.copy(more, pairs, pairRoom * PAIR_BYTES);
    lend(pairs, pairRoom * PAIR_BYTES);
    pairs = more;
    pairRoom <<= 1;
  }
  const p = pairs + number * PAIR_BYTES;
  store<u32>(p, f);
  store<u32>(p + 4, g);
  store<u32>(p + 8, weight | (pairEvidence() << 16));
  store<u32>(p + 12, (pairSwapped() ? PAIR_SWAPPED : 0) | (pairAtOnePoint() ? PAIR_AT_ONE_POINT : 0));
}

function mark(number: u32, bit: u32): void {
  const how = pairs + number * PAIR_BYTES + 12;
  store<u32>(how, load<u32>(how) | bit);
}

/**
 * Looks at pairs of flows of sets `a` and `b` that were seen as `rank` says, in the wanted ways (bits). `crowded`: of those that share as much,
 * one between which it was routed. False: they share nothing.
 */
function look(a: u32, b: u32, rank: u32, wanted: u32, crowded: bool): bool {
  for (let way: u32 = 0; way < WAYS; way++) store<u32>(wayAt(way) + 8, 0);
  const lastA = load<u32>(setStart() + ((a + 1) << 2));
  const firstB = load<u32>(setStart() + (b << 2));
  const lastB = load<u32>(setStart() + ((b + 1) << 2));
  let found = false;
  for (let i = load<u32>(setStart() + (a << 2)); i < lastA; i++) {
    const f = load<u32>(setFlows() + (i << 2));
    const pf = pointOf(f);
    for (let k = firstB; k < lastB; k++) {
      const g = load<u32>(setFlows() + (k << 2));
      if (tupleOf(f) == tupleOf(g)) continue;
      const pg = pointOf(g);
      const own = pf == pg ? AT_ONE_POINT : fileOf(pf) == fileOf(pg) ? IN_ONE_FILE : ANYWHERE;
      if (own != rank) continue;
      let most: u32 = 0;
      for (let way: u32 = 0; way < WAYS; way++) if (wanted & (1 << way)) most = max<u32>(most, lookWay(way, f, g, crowded));
      if (!most) continue;
      found = true;
      if (rank == ANYWHERE || (most == MAX_MATCHES && !crowded)) return true;
    }
  }
  return found;
}

/** Keeps what two flows share if it is more than what was found before; how much it is. */
function lookWay(way: u32, f: u32, g: u32, crowded: bool): u32 {
  const count = findShared(f, g, way << 1);
  const best = countOf(way);
  if (count > best || (crowded && count > 0 && count == best && isMoreRouted(rowsOf(way)))) {
    const at = wayAt(way);
    const rows = rowsOf(way);
    store<u32>(at, f);
    store<u32>(at + 4, g);
    store<u32>(at + 8, count);
    store<u32>(at + 12, looked as u32);
    looked = rows;
  }
  return count;
}

/** Between the rows looked at it was routed, between those kept it was not. */
function isMoreRouted(kept: usize): bool {
  return !isRouted(kept) && isRouted(looked);
}

function isRouted(rows: usize): bool {
  return ttlOf(rowAt(load<u32>(rows))) != ttlOf(rowAt(load<u32>(rows + 4)));
}

/** Lists the packets that both picked, class of the one xor `turn` being that of the other. How many, MAX_MATCHES at most. */
function findShared(f: u32, g: u32, turn: u32): u32 {
  let count: u32 = 0;
  for (let c: u32 = 0; c < 4; c++) {
    const x = picksOf(f) + c * PICK_CLASS_BYTES;
    const y = picksOf(g) + (c ^ turn) * PICK_CLASS_BYTES;
    const endX = x + 4 + load<u32>(x) * PICK_BYTES;
    const endY = y + 4 + load<u32>(y) * PICK_BYTES;
    for (let at = nextShared(x + 4, endX, y + 4, endY); at; at = nextShared(at + PICK_BYTES, endX, sharedAt + PICK_BYTES, endY)) {
      store<u32>(looked + (count << 3), load<u32>(at + 4));
      store<u32>(looked + (count << 3) + 4, load<u32>(sharedAt + 4));
      if (++count == MAX_MATCHES) return count;
    }
  }
  return count;
}

/**
 * Puts the heaviest pairs first, those of one weight by their flows. Lists those of sets that have several partners, in this order: their
 * numbers, of which `forkCount` tells how many there are.
 */
export function orderPairs(): usize {
  let from = borrowed((pairCount + 1) << 3);
  let to = borrowed((pairCount + 1) << 3);
  for (let i: u32 = 0; i < pairCount; i++) store<u64>(from + (i << 3), i as u64);
  // By the second flow, then by the first, then by weight: sorting is stable.
  for (let step: u32 = 0; step < 3; step++) {
    for (let i: u32 = 0; i < pairCount; i++) {
      const p = pairs + load<u32>(from + (i << 3)) * PAIR_BYTES;
      const key = step == 0 ? load<u32>(p + 4) : step == 1 ? load<u32>(p) : 0xffff - (load<u16>(p + 8) as u32);
      store<u32>(from + (i << 3) + 4, key);
    }
    const sorted = sortByUpper(from, to, pairCount);
    if (sorted != from) {
      to = from;
      from = sorted;
    }
  }
  ordered = from;
  return listForks(to);
}

let forks: u32 = 0;

export function forkCount(): u32 {
  return forks;
}

function listForks(list: usize): usize {
  // Partners of each set, two at most.
  const several = borrowed(setTotal());
  memory.fill(several, 0, setTotal());
  for (let i: u32 = 0; i < pairCount; i++) {
    const p = pairs + i * PAIR_BYTES;
    countPartner(several, load<u32>(p));
    countPartner(several, load<u32>(p + 4));
  }
  forks = 0;
  for (let i: u32 = 0; i < pairCount; i++) {
    const number = load<u32>(ordered + (i << 3));
    const p = pairs + number * PAIR_BYTES;
    if (load<u8>(several + setOf(load<u32>(p))) > 1 || load<u8>(several + setOf(load<u32>(p + 4))) > 1)
      store<u32>(list + (forks++ << 2), number);
  }
  return list;
}

// @ts-ignore: decorator
@inline
function setOf(flow: u32): u32 {
  return load<u32>(setNumbers() + (flow << 2));
}

function countPartner(several: usize, flow: u32): void {
  const at = several + setOf(flow);
  if (load<u8>(at) < 2) store<u8>(at, load<u8>(at) + 1);
}

/** Joins the pairs that are not refused. */
export function joinPairs(): void {
  for (let i: u32 = 0; i < pairCount; i++) {
    const p = pairs + load<u32>(ordered + (i << 3)) * PAIR_BYTES;
    const how = load<u32>(p + 12);
    if (!(how & PAIR_REFUSED)) joinSets(load<u32>(p), load<u32>(p + 4), how & PAIR_SWAPPED, load<u16>(p + 10));
  }
}
