/**
 * Finds the flows that are one connection: the same tuple at several points, and tuples that NAT made of one another.
 *
 * ```
 * flow at a point ─► at most 16 of its packets, those with the smallest keys      the same ones are picked wherever
 *                          │        (picks.ts)                                     the flow was seen, however late the
 *                          ▼                                                       capture began
 *               equal keys ─► packets of several flows
 *                          │
 *      same tuple          │            other tuple
 *      compatible packet ──┴── counted as a candidate pair, weighed: weighPair()
 *      equal-tuples.ts                       │            candidate-sets.ts, translated-tuples.ts, pair-weight.ts
 *                 one set  ◄────── heavy enough, contradicted by nothing
 *                 flow-sets.ts
 * ```
 * A key that more than six tuples share says nothing (a scan, a generator with constant numbers) and joins only equal tuples,
 * unless something else that NAT keeps splits it (crowded-keys.ts).
 * Cost: linear in packets (keys) plus the picked packets; no pair of flows is looked at that shares no key.
 *
 * The host calls, in this order: beginMatching, numberFlows, joinTuples, numberSets, markKeys, collectKeys, findCandidates,
 * weighCandidates, orderPairs, joinPairs, numberSets, describeSets (engine/join/flow-matching.ts). What takes a range is called in pieces: code that
 * runs only once stays as it was compiled first, in haste. Flows and rows lie far apart; those of many are touched before they are
 * looked at, for loads that do not wait for each other overlap. Of 50,000 connections, 300,000 flows at points, all of it takes
 * 135 ms (in JavaScript, which began uncompiled, 310 to 390).
 */
import {
  C_POINT,
  DEPTH_QUOTED,
  F_A,
  F_PORTS,
  F_TAG,
  FLOW_ACTIVE,
  FLOW_CARRIER,
  FLOW_CUT,
  FLOW_NEIGHBOURS,
  FLOW_QUOTED,
  NO_ROW,
  PICKS_CARRYING,
  SIGHTING_CUT,
  SIGHTING_FRAGMENT,
} from "./abi";
import { flowCount, flowRow } from "./flow-rows";
import { beginSets, setEvidence, setFlows, setStart } from "./flow-sets";
import { mix, zeroed } from "./hash";
import { allocate } from "./host";
import {
  ICMP6,
  SCTP,
  TCP,
  UDP,
  configureMatchedFlows,
  contextOf,
  depthsOf,
  isV6,
  portsOf,
  protocolOf,
  rowIn,
  rowsFrom,
  rowsTo,
} from "./matched-flows";
import { picksOf } from "./picks";
import { beginSaidOnce } from "./said-once";
import { beginScratch, lend } from "./scratch";

/** Protocol and FLOW_V6 of F_TAG. */
const TUPLE_TAG: u32 = 0x1ff;
/** Flows that are touched together. */
const BATCH: u32 = 32;

let tuples: usize = 0;
let points: usize = 0;
let kinds: usize = 0;

// While tuples are numbered
let slots: usize = 0;
let mask: u32 = 0;
let hashes: usize = 0;
/** Of a tuple's number: its last flow so far. */
let last: usize = 0;
/** The next flow of the same tuple, NO_ROW behind the last. */
let next: usize = 0;

/** What was touched, so that the compiler does not leave it out. */
let touched: u32 = 0;

/** u32 by flow: number of the flow's tuple (addresses, ports, protocol), whatever its point: the first flow that has it. */
export function tupleOfFlow(): usize {
  return tuples;
}
/** u32 by flow. */
export function pointOfFlow(): usize {
  return points;
}
/** u8 by flow: FLOW_*. */
export function kindOfFlow(): usize {
  return kinds;
}
// @ts-ignore: decorator
@inline
export function tupleOf(flow: u32): u32 {
  return load<u32>(tuples + (flow << 2));
}
// @ts-ignore: decorator
@inline
export function isActive(flow: u32): bool {
  return load<u8>(kinds + flow) == FLOW_ACTIVE;
}
// @ts-ignore: decorator
@inline
export function nextOfTuple(flow: u32): u32 {
  return load<u32>(next + (flow << 2));
}

/** To be called after `indexSightings`. `interned` as configureFlows; `fileOfPoint` u32 by point: rows of one file have one clock. */
export function beginMatching(interned: usize, fileOfPoint: usize): void {
  const flows = flowCount();
  beginScratch();
  beginSaidOnce();
  tuples = allocate((flows + 1) << 2);
  points = allocate((flows + 1) << 2);
  kinds = allocate(flows + 1);
  last = beginSets(flows, kinds);
  next = allocate((flows + 1) << 2);
  mask = 1023;
  while (mask < flows << 1) mask = (mask << 1) | 1;
  slots = zeroed((mask + 1) << 2);
  hashes = allocate(BATCH << 2);
  configureMatchedFlows(interned, fileOfPoint, points);
}

/** All flows are numbered: the table by which they were is free. */
export function lendTable(): void {
  lend(slots, (mask + 1) << 2);
}
/** The flows of every tuple are joined: nobody asks for the next one any more. */
export function lendChains(): void {
  lend(next, (flowCount() + 1) << 2);
}

/** Tuple, point and kind of the flows `from` … `to - 1`. */
export function numberFlows(from: u32, to: u32): void {
  let sum: u32 = 0;
  for (let first = from; first < to; first += BATCH) {
    const end = first + BATCH < to ? first + BATCH : to;
    for (let f = first; f < end; f++) {
      const r = flowRow(f);
      const tag = load<u32>(r + F_TAG) & TUPLE_TAG;
      const h = mix(load<u64>(r + F_A), (load<u32>(r + F_PORTS) as u64) | ((tag as u64) << 32)) & mask;
      store<u32>(hashes + ((f - first) << 2), h);
      sum += load<u32>(slots + (h << 2));
    }
    for (let f = first; f < end; f++) {
      const v = load<u32>(slots + (load<u32>(hashes + ((f - first) << 2)) << 2));
      if (v) sum += load<u32>(flowRow(v - 1)) ^ load<u32>(last + ((v - 1) << 2));
    }
    for (let f = first; f < end; f++) {
      numberTuple(f, load<u32>(hashes + ((f - first) << 2)));
      const kind = kindOf(f);
      store<u8>(kinds + f, kind as u8);
      store<u32>(points + (f << 2), load<u32>(contextOf(f) + C_POINT));
    }
  }
  touched += sum;
}

function numberTuple(f: u32, hash: u32): void {
  const r = flowRow(f);
  const ends = load<u64>(r + F_A);
  const ports = load<u32>(r + F_PORTS);
  const tag = load<u32>(r + F_TAG);
  store<u32>(next + (f << 2), NO_ROW);
  for (let i = hash; ; i = (i + 1) & mask) {
    const v = load<u32>(slots + (i << 2));
    if (!v) {
      store<u32>(slots + (i << 2), f + 1);
      store<u32>(tuples + (f << 2), f);
      store<u32>(last + (f << 2), f);
      return;
    }
    const t = v - 1;
    const other = flowRow(t);
    if (
      load<u64>(other + F_A) != ends ||
      load<u32>(other + F_PORTS) != ports ||
      (load<u32>(other + F_TAG) ^ tag) & TUPLE_TAG
    )
      continue;
    store<u32>(tuples + (f << 2), t);
    store<u32>(next + (load<u32>(last + (t << 2)) << 2), f);
    store<u32>(last + (t << 2), f);
    return;
  }
}

function kindOf(f: u32): u32 {
  if (depthsOf(f) & DEPTH_QUOTED) return FLOW_QUOTED;
  if (isNeighbourDiscovery(f)) return FLOW_NEIGHBOURS;
  const rows = rowsTo(f) - rowsFrom(f);
  if (load<u32>(picksOf(f) + PICKS_CARRYING) << 1 > rows) return FLOW_CARRIER;
  return rows && isWithoutPorts(f) ? FLOW_CUT : FLOW_ACTIVE;
}

/** TCP, UDP or SCTP of which the capture kept no port. */
// @ts-ignore: decorator
@inline
function isWithoutPorts(f: u32): bool {
  if (portsOf(f)) return false;
  const protocol = protocolOf(f);
  if (protocol != TCP && protocol != UDP && protocol != SCTP) return false;
  return (load<u32>(rowIn(rowsFrom(f)) + 36) & (SIGHTING_CUT | SIGHTING_FRAGMENT)) == SIGHTING_CUT;
}

/** ICMPv6 133 to 137 (RFC 4861). */
function isNeighbourDiscovery(f: u32): bool {
  if (protocolOf(f) != ICMP6) return false;
  const ports = portsOf(f);
  // As events.ts packs them: the question's type of a pair, or of a one-way message (a redirect) type and code.
  const type = ports & 0x8000 ? ports >> 24 : ports & 0xff;
  return type >= 133 && type <= 137;
}

/** Writes of each of `count` sets what its root says: u8 protocol, u8 1 for IPv6, u16 EVIDENCE_*. Gives the most rows a set has. */
export function describeSets(count: u32, protocols: usize, versions: usize, evidence: usize): u32 {
  const starts = setStart();
  const members = setFlows();
  const bits = setEvidence();
  let most: u32 = 1;
  for (let s: u32 = 0; s < count; s++) {
    const from = load<u32>(starts + (s << 2));
    const to = load<u32>(starts + ((s + 1) << 2));
    const root = load<u32>(members + (from << 2));
    store<u8>(protocols + s, protocolOf(root) as u8);
    store<u8>(versions + s, isV6(root) ? 1 : 0);
    store<u16>(evidence + (s << 1), load<u16>(bits + (root << 1)));
    let rows: u32 = 0;
    for (let i = from; i < to; i++) {
      const f = load<u32>(members + (i << 2));
      rows += rowsTo(f) - rowsFrom(f);
    }
    if (rows > most) most = rows;
  }
  return most;
}
