/**
 * Finds the flows that are one connection: the same tuple at several points, and tuples that NAT made of one another.
 *
 * ```
 * flow at a point ─► at most 16 of its packets, those with the smallest keys      the same ones are picked wherever
 *                          │                                                       the flow was seen, however late the
 *                          ▼                                                       capture began
 *               table key ─► packets of several flows
 *                          │
 *      same tuple          │            other tuple
 *      compatible packet ──┴── counted as a candidate pair, weighed: weighPair()
 *                                            │
 *                 one set  ◄────── heavy enough, contradicted by nothing
 * ```
 * A key that more than six tuples share says nothing (a scan, a generator with constant numbers) and joins only equal tuples.
 * Cost: linear in packets (keys) plus the picked packets; no pair of flows is looked at that shares no key.
 */
import { PICK_CLASS_BYTES, PICKS_BYTES, PICKS_CARRYING, PICKS_SEGMENT_SHIFT } from "../kernel/assembly/abi";
import { EVIDENCE_ACK, EVIDENCE_ID, EVIDENCE_PAYLOAD, EVIDENCE_SEQ, EVIDENCE_TIMESTAMP } from "./evidence";
import { FlowSets } from "./flow-sets";
import { type CandidatePair, weighPair } from "./pair-weight";
import { samePacket } from "./same-packet";
import { PROTOCOL_TCP, type SightingColumns, W_ACK, W_HASH, W_ID, W_LENGTH, W_SEQ } from "./sighting-columns";

export const FLOW_ACTIVE = 0;
/** Outer side of tunnels. */
export const FLOW_CARRIER = 1;
/** Quoted in ICMP errors. */
export const FLOW_QUOTED = 2;

const SEGMENT_MASK = (1 << PICKS_SEGMENT_SHIFT) - 1;

/** More tuples than NAT can make of one: client, service, node port, pod, node, gateway. */
const MAX_TUPLES = 6;
/** Packets of a candidate pair that are weighed. */
const MAX_MATCHES = 6;

export interface FlowMatch {
  readonly sets: FlowSets;
  /** FLOW_* by flow. */
  readonly kind: Uint8Array;
  /** Number of the flow's tuple (addresses, ports, protocol), whatever its point. */
  readonly tuple: Int32Array;
  /** Translations that were accepted. */
  readonly pairs: readonly CandidatePair[];
  /** Flows whose sets were equally good for the same partner and were left apart. */
  readonly ambiguous: readonly (readonly number[])[];
}

export interface MatchOptions {
  /** File of each capture point: rows of one file have one clock. */
  readonly fileOfPoint: readonly number[];
}

export function matchFlows(columns: SightingColumns, options: MatchOptions): FlowMatch {
  const count = columns.flowCount;
  const sets = new FlowSets(count);
  const tuple = numberTuples(columns);
  const picks = new Picks(columns);
  const kind = new Uint8Array(count);
  for (let f = 0; f < count; f++) {
    const rows = (columns.start[f + 1] as number) - (columns.start[f] as number);
    if (columns.quoted(f)) kind[f] = FLOW_QUOTED;
    else if (picks.carrying(f) * 2 > rows) kind[f] = FLOW_CARRIER;
  }
  joinEqualTuples(columns, options, sets, kind, tuple, picks);
  joinOneWayFlows(columns, sets, kind, tuple);
  const { pairs, ambiguous } = joinTranslations(columns, options, sets, kind, tuple, picks);
  return { sets, kind, tuple, pairs, ambiguous };
}

/** Equal addresses, ports and protocol get equal numbers. */
function numberTuples(columns: SightingColumns): Int32Array {
  const count = columns.flowCount;
  const tuple = new Int32Array(count);
  let mask = 1023;
  while (mask < count * 2) mask = mask * 2 + 1;
  const slots = new Int32Array(mask + 1);
  for (let f = 0; f < count; f++) {
    const a = columns.address(f, 0);
    const b = columns.address(f, 1);
    const ports = columns.ports(f);
    const tag = columns.protocol(f) | (columns.v6(f) ? 256 : 0);
    let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35) ^ tag;
    h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
    let i = (h ^ (h >>> 13)) & mask;
    for (;;) {
      const other = (slots[i] as number) - 1;
      if (other < 0) {
        slots[i] = f + 1;
        tuple[f] = f;
        break;
      }
      if (
        columns.address(other, 0) === a &&
        columns.address(other, 1) === b &&
        columns.ports(other) === ports &&
        (columns.protocol(other) | (columns.v6(other) ? 256 : 0)) === tag
      ) {
        tuple[f] = other;
        break;
      }
      i = (i + 1) & mask;
    }
  }
  return tuple;
}

/** The packets the kernel picked of each flow: four classes, each sorted by key. */
class Picks {
  private readonly words: Uint32Array;
  /** Word position of each segment. */
  private readonly segments: Uint32Array;

  constructor(columns: SightingColumns) {
    const { kernel, memory } = columns.handle;
    this.words = new Uint32Array(memory.memory.buffer);
    const count = (Math.max(0, columns.flowCount - 1) >>> PICKS_SEGMENT_SHIFT) + 1;
    this.segments = new Uint32Array(memory.memory.buffer, kernel.pickDirectory(), count).map((at) => at >>> 2);
  }

  /** Position of a class; there the count, then key and row in turns. */
  at(flow: number, kind: number): number {
    return this.placeOf(flow) + (kind * PICK_CLASS_BYTES) / 4;
  }
  /** Rows of a flow that carry another network layer. */
  carrying(flow: number): number {
    return this.words[this.placeOf(flow) + PICKS_CARRYING / 4] as number;
  }
  private placeOf(flow: number): number {
    return (this.segments[flow >>> PICKS_SEGMENT_SHIFT] as number) + ((flow & SEGMENT_MASK) * PICKS_BYTES) / 4;
  }
  word(at: number): number {
    return this.words[at] as number;
  }

  /** Calls `each` for every key that both flows picked; it says whether that is enough. */
  eachShared(f: number, g: number, each: (rowF: number, rowG: number) => boolean): void {
    for (let kind = 0; kind < 4; kind++) if (this.sharedOf(f, kind, g, kind, each)) return;
  }

  /** As eachShared, endpoint A of one being B of the other. */
  eachSharedTurned(f: number, g: number, each: (rowF: number, rowG: number) => boolean): void {
    for (let kind = 0; kind < 4; kind++) if (this.sharedOf(f, kind, g, kind ^ 2, each)) return;
  }

  private sharedOf(
    f: number,
    kindF: number,
    g: number,
    kindG: number,
    each: (rowF: number, rowG: number) => boolean,
  ): boolean {
    const { words } = this;
    let i = this.at(f, kindF);
    let k = this.at(g, kindG);
    const endI = i + 1 + (words[i] as number) * 2;
    const endK = k + 1 + (words[k] as number) * 2;
    i++;
    k++;
    while (i < endI && k < endK) {
      const a = words[i] as number;
      const b = words[k] as number;
      if (a < b) i += 2;
      else if (b < a) k += 2;
      else {
        if (each(words[i + 1] as number, words[k + 1] as number)) return true;
        i += 2;
        k += 2;
      }
    }
    return false;
  }
}

/** Flows of one tuple are compared pair by pair up to here, by a table of keys above (ports used again and again). */
const FEW = 24;

function joinEqualTuples(
  columns: SightingColumns,
  options: MatchOptions,
  sets: FlowSets,
  kind: Uint8Array,
  tuple: Int32Array,
  picks: Picks,
): void {
  const count = columns.flowCount;
  const next = new Int32Array(count).fill(-1);
  const first = new Int32Array(count).fill(-1);
  const last = new Int32Array(count).fill(-1);
  for (let f = 0; f < count; f++) {
    if (kind[f] !== FLOW_ACTIVE) continue;
    const t = tuple[f] as number;
    if ((last[t] as number) >= 0) next[last[t] as number] = f;
    else first[t] = f;
    last[t] = f;
  }
  const list: number[] = [];
  for (let t = 0; t < count; t++) {
    if ((first[t] as number) < 0) continue;
    list.length = 0;
    for (let f = first[t] as number; f >= 0; f = next[f] as number) list.push(f);
    if (list.length < 2) continue;
    const weak: number[] = [];
    const compare = (a: number, b: number): void => {
      if (sets.root(a) === sets.root(b)) return;
      picks.eachShared(a, b, (x, y) => {
        const protocol = columns.protocol(a);
        const bits = samePacket(columns, x, y, protocol);
        if (!bits) {
          if (protocol === PROTOCOL_TCP) weak.push(x, y);
          return false;
        }
        if (!plausibleSameTuple(columns, options, x, y, bits)) return false;
        sets.join(a, b, 0, bits);
        return true;
      });
    };
    if (list.length <= FEW) {
      for (let i = 1; i < list.length; i++)
        for (let k = i - 1; k >= 0; k--) compare(list[i] as number, list[k] as number);
    } else {
      const byKey = new Map<number, number[]>();
      for (const a of list)
        for (let c = 0; c < 4; c++) {
          const at = picks.at(a, c);
          for (let i = 0; i < picks.word(at); i++) {
            const key = picks.word(at + 1 + i * 2);
            const others = byKey.get(key);
            if (!others) byKey.set(key, [a]);
            else {
              for (const b of others.slice(-FEW)) compare(a, b);
              others.push(a);
            }
          }
        }
    }
    for (let i = 0; i < weak.length; i += 2) {
      const x = weak[i] as number;
      const y = weak[i + 1] as number;
      const a = columns.flow(x);
      const b = columns.flow(y);
      if (sets.root(a) === sets.root(b)) continue;
      // Sent again and seen elsewhere: the same conversation if its numbers are (a payload that differs says it is not).
      if (sameContent(columns, x, y) && plausibleSameTuple(columns, options, x, y, EVIDENCE_SEQ))
        sets.join(a, b, 0, EVIDENCE_SEQ);
    }
  }
}

function sameContent(columns: SightingColumns, a: number, b: number): boolean {
  const x = columns.word(a, W_HASH);
  const y = columns.word(b, W_HASH);
  const lx = columns.word(a, W_LENGTH) >>> 8;
  const ly = columns.word(b, W_LENGTH) >>> 8;
  return !x || !y || x === y || (lx !== ly && (lx < 256 || ly < 256));
}

/** Seconds two sightings of one packet may lie apart on one clock. */
const MAX_APART_NS = 10e9;

/**
 * One tuple may be two connections: the same addresses in two virtual networks, one tuple used again. Flows in different
 * networks at the same depth need more than numbers that a generator may repeat.
 */
function plausibleSameTuple(
  columns: SightingColumns,
  options: MatchOptions,
  a: number,
  b: number,
  bits: number,
): boolean {
  const fa = columns.flow(a);
  const fb = columns.flow(b);
  const pa = columns.point(fa);
  const pb = columns.point(fb);
  const apart = Math.abs(columns.timeNs(a) - columns.timeNs(b));
  if (options.fileOfPoint[pa] === options.fileOfPoint[pb] && apart > MAX_APART_NS && bits !== EVIDENCE_SEQ)
    return false;
  const otherNetwork =
    columns.depth(fa) === columns.depth(fb) &&
    (columns.vni(fa) !== columns.vni(fb) || columns.tunnelKind(fa) !== columns.tunnelKind(fb)) &&
    columns.depth(fa) > 1;
  if (!otherNetwork) return true;
  if (
    !(bits & (EVIDENCE_ID | EVIDENCE_TIMESTAMP)) &&
    !(bits & EVIDENCE_PAYLOAD && columns.protocol(fa) !== PROTOCOL_TCP)
  )
    return false;
  // A gateway between the two networks routes: fewer hops are left behind it.
  const ta = (columns.word(a, W_ID) >>> 8) & 255;
  const tb = (columns.word(b, W_ID) >>> 8) & 255;
  return pa !== pb || ta !== tb;
}

/**
 * Flows of one tuple that were seen one way at one point and the other way at another (asymmetric routes) share no packet; what
 * one side acknowledges is what the other sent.
 */
function joinOneWayFlows(columns: SightingColumns, sets: FlowSets, kind: Uint8Array, tuple: Int32Array): void {
  const { start, order, words } = columns;
  const firstOf = new Map<number, number[]>();
  for (let f = 0; f < columns.flowCount; f++) {
    if (kind[f] !== FLOW_ACTIVE || columns.protocol(f) !== PROTOCOL_TCP || !oneWay(columns, f)) continue;
    const key = tuple[f] as number;
    const list = firstOf.get(key);
    if (list) list.push(f);
    else firstOf.set(key, [f]);
  }
  const ends = new Set<number>();
  for (const flows of firstOf.values()) {
    if (flows.length < 2 || flows.length > 64) continue;
    for (const f of flows)
      for (const g of flows) {
        if (f === g || columns.direction(order[start[f] as number] as number) !== 0) continue;
        if (columns.direction(order[start[g] as number] as number) !== 1 || sets.root(f) === sets.root(g)) continue;
        ends.clear();
        for (let i = start[f] as number; i < (start[f + 1] as number); i++) {
          const at = columns.at(order[i] as number);
          const length = words[at + W_LENGTH] as number;
          ends.add(((words[at + W_SEQ] as number) + (length >>> 8) + ((length >> 1) & 1) + (length & 1)) >>> 0);
        }
        let acknowledged = 0;
        for (let i = start[g] as number; i < (start[g + 1] as number); i++) {
          const at = columns.at(order[i] as number);
          if ((words[at + W_LENGTH] as number) & 16 && ends.has(words[at + W_ACK] as number)) acknowledged++;
        }
        if (acknowledged > 0) sets.join(f, g, 0, EVIDENCE_ACK);
      }
  }
}

function oneWay(columns: SightingColumns, flow: number): boolean {
  return (columns.sentBy(flow, 0) === 0) !== (columns.sentBy(flow, 1) === 0);
}

/** Keys of a set that are looked up, by class. Long packets may have been split: they are asked where there are no short ones. */
const LOOKED_UP = 2;

function joinTranslations(
  columns: SightingColumns,
  options: MatchOptions,
  sets: FlowSets,
  kind: Uint8Array,
  tuple: Int32Array,
  picks: Picks,
): Pick<FlowMatch, "pairs" | "ambiguous"> {
  const members = new Members(columns, sets, kind);
  const table = new KeyTable(members.count * 2 * LOOKED_UP);
  const smallest = new Uint32Array(LOOKED_UP + 1);
  /** Entries of set s in the table: first[s] … first[s + 1] - 1. */
  const first = new Uint32Array(members.count + 1);
  for (let s = 0; s < members.count; s++) {
    first[s] = table.count;
    for (let direction = 0; direction < 2; direction++) {
      // The set's smallest keys: whoever saw the same packets has the same.
      let size = smallestOf(members, picks, s, direction * 2, smallest);
      if (size === 0) size = smallestOf(members, picks, s, direction * 2 + 1, smallest);
      for (let i = 0; i < size; i++) table.add(smallest[i] as number, s);
    }
  }
  first[members.count] = table.count;
  const accepted: (Accepted & { readonly bits: number })[] = [];
  const others: number[] = [];
  const partners: number[] = [];
  for (let s = 0; s < members.count; s++) {
    partners.length = 0;
    for (let e = first[s] as number; e < (first[s + 1] as number); e++) {
      if (!table.others(e, others)) continue;
      for (const other of others) if (other > s && !partners.includes(other)) partners.push(other);
    }
    for (const other of partners) {
      const pair = pairOf(columns, options, members, s, other, tuple, picks);
      const w = pair && weighPair(columns, options.fileOfPoint, pair);
      if (w) accepted.push({ pair, ...w });
    }
  }
  accepted.sort(
    (x, y) => y.weight - x.weight || x.pair.flows[0] - y.pair.flows[0] || x.pair.flows[1] - y.pair.flows[1],
  );
  const forks = findForks(columns, sets, accepted);
  const kept: CandidatePair[] = [];
  for (const one of accepted) {
    if (forks.refused.has(one.pair)) continue;
    sets.join(one.pair.flows[0], one.pair.flows[1], one.swapped, one.bits);
    kept.push(one.pair);
  }
  return { pairs: kept, ambiguous: forks.groups };
}

/** The smallest keys of one class that any flow of a set picked; how many. */
function smallestOf(members: Members, picks: Picks, set: number, kind: number, into: Uint32Array): number {
  let size = 0;
  for (let i = members.start[set] as number; i < (members.start[set + 1] as number); i++) {
    const at = picks.at(members.flows[i] as number, kind);
    const end = at + picks.word(at) * 2;
    for (let k = at + 1; k < end; k += 2) {
      const key = picks.word(k);
      let to = size;
      while (to > 0 && (into[to - 1] as number) > key) to--;
      // The flow's keys are sorted: behind one that is too great come greater ones.
      if (to === LOOKED_UP) break;
      if (to > 0 && into[to - 1] === key) continue;
      for (let m = Math.min(size, LOOKED_UP - 1); m > to; m--) into[m] = into[m - 1] as number;
      into[to] = key;
      if (size < LOOKED_UP) size++;
    }
  }
  return size;
}

/** Flows of each set: flows[start[s]] … flows[start[s + 1] - 1]. */
class Members {
  readonly count: number;
  readonly start: Uint32Array;
  readonly flows: Uint32Array;

  constructor(columns: SightingColumns, sets: FlowSets, kind: Uint8Array) {
    const total = columns.flowCount;
    const number = new Int32Array(total).fill(-1);
    let count = 0;
    let active = 0;
    for (let f = 0; f < total; f++) {
      if (kind[f] !== FLOW_ACTIVE) continue;
      active++;
      const root = sets.root(f);
      if ((number[root] as number) < 0) number[root] = count++;
      number[f] = number[root] as number;
    }
    this.count = count;
    this.start = new Uint32Array(count + 1);
    this.flows = new Uint32Array(active);
    for (let f = 0; f < total; f++)
      if (kind[f] === FLOW_ACTIVE)
        this.start[(number[f] as number) + 1] = (this.start[(number[f] as number) + 1] as number) + 1;
    for (let s = 0; s < count; s++) this.start[s + 1] = (this.start[s + 1] as number) + (this.start[s] as number);
    const next = this.start.slice();
    for (let f = 0; f < total; f++) {
      if (kind[f] !== FLOW_ACTIVE) continue;
      const s = number[f] as number;
      this.flows[next[s] as number] = f;
      next[s] = (next[s] as number) + 1;
    }
  }
}

/** Keys and the sets that have them: open addressing, entries of one key chained. */
class KeyTable {
  private readonly keys: Uint32Array;
  private readonly values: Int32Array;
  /** Next entry of the same key plus one, 0 at the end. The entry in `heads` is the newest. */
  private readonly next: Int32Array;
  private readonly slots: Int32Array;
  private readonly mask: number;
  count = 0;

  /** `most` entries at most. */
  constructor(most: number) {
    this.keys = new Uint32Array(most);
    this.values = new Int32Array(most);
    this.next = new Int32Array(most);
    let mask = 1023;
    while (mask < most * 2) mask = mask * 2 + 1;
    this.mask = mask;
    this.slots = new Int32Array(mask + 1);
  }

  private slotOf(key: number): number {
    let i = (Math.imul(key, 0x9e3779b1) >>> 7) & this.mask;
    for (;;) {
      const at = this.slots[i] as number;
      if (at === 0 || this.keys[at - 1] === key) return i;
      i = (i + 1) & this.mask;
    }
  }

  add(key: number, value: number): void {
    const at = this.count++;
    this.keys[at] = key;
    this.values[at] = value;
    const slot = this.slotOf(key);
    this.next[at] = this.slots[slot] as number;
    this.slots[slot] = at + 1;
  }

  keyOf(entry: number): number {
    return this.keys[entry] as number;
  }

  /** The other sets with the key of this entry. False: none, or more than NAT can make of one. */
  others(entry: number, into: number[]): boolean {
    into.length = 0;
    const newest = (this.slots[this.slotOf(this.keys[entry] as number)] as number) - 1;
    if (newest === entry && this.next[entry] === 0) return false;
    const own = this.values[entry] as number;
    for (let at = newest; at >= 0; at = (this.next[at] as number) - 1) {
      const s = this.values[at] as number;
      if (s === own || into.includes(s)) continue;
      if (into.length === MAX_TUPLES - 1) return false;
      into.push(s);
    }
    return into.length > 0;
  }
}

/**
 * The two flows of two sets that tell most, and the packets both picked: at one point (which came first, whether it was routed
 * between), else in one file (one clock), else any.
 */
function pairOf(
  columns: SightingColumns,
  options: MatchOptions,
  members: Members,
  a: number,
  b: number,
  tuple: Int32Array,
  picks: Picks,
): CandidatePair | undefined {
  let best: CandidatePair | undefined;
  let bestRank = Infinity;
  // One pair of lists for all candidates: of sixteen most share nothing.
  const first: number[] = [];
  const second: number[] = [];
  const take = (x: number, y: number): boolean => {
    first.push(x);
    second.push(y);
    return first.length >= MAX_MATCHES;
  };
  for (let i = members.start[a] as number; i < (members.start[a + 1] as number); i++) {
    const f = members.flows[i] as number;
    const pf = columns.point(f);
    for (let k = members.start[b] as number; k < (members.start[b + 1] as number); k++) {
      const g = members.flows[k] as number;
      if (tuple[f] === tuple[g]) continue;
      const pg = columns.point(g);
      const rank = pf === pg ? 0 : options.fileOfPoint[pf] === options.fileOfPoint[pg] ? 1 : 2;
      if (rank > bestRank || (rank === bestRank && rank === 2)) continue;
      first.length = 0;
      second.length = 0;
      picks.eachShared(f, g, take);
      // Canonical order may have turned round: then one's packets sent by A are the other's sent by B.
      picks.eachSharedTurned(f, g, take);
      if (first.length === 0 || (rank === bestRank && first.length <= (best?.first.length ?? 0))) continue;
      best = { flows: [f, g], first: first.slice(), second: second.slice() };
      bestRank = rank;
    }
  }
  return best;
}

interface Accepted {
  readonly pair: CandidatePair;
  readonly weight: number;
  readonly swapped: number;
  /** Both were seen at one point with one TTL: nothing routed between them there. */
  readonly atOnePoint: boolean;
}

/**
 * Two partners of one flow that cannot both be right: neither became the other, they were seen at the same points. Both are
 * refused and shown as alternatives.
 */
function findForks(
  columns: SightingColumns,
  sets: FlowSets,
  accepted: readonly Accepted[],
): { readonly refused: Set<CandidatePair>; readonly groups: number[][] } {
  // Only a set with two partners can be a fork.
  const count = new Uint8Array(columns.flowCount);
  for (const one of accepted)
    for (const flow of one.pair.flows) {
      const root = sets.root(flow);
      count[root] = Math.min((count[root] as number) + 1, 2);
    }
  const partners = new Map<number, Accepted[]>();
  for (const one of accepted)
    for (const flow of one.pair.flows) {
      const root = sets.root(flow);
      if (count[root] === 1) continue;
      const list = partners.get(root);
      if (list) list.push(one);
      else partners.set(root, [one]);
    }
  const refused = new Set<CandidatePair>();
  const groups: number[][] = [];
  const forked: { readonly one: Accepted; readonly self: number; readonly other: number }[][] = [];
  const linked = new Map<string, Accepted>();
  const linkKey = (x: number, y: number): string => `${Math.min(x, y)} ${Math.max(x, y)}`;
  for (const [self, list] of partners) {
    forked.push(
      list.map((one) => {
        const [f, g] = one.pair.flows;
        const rf = sets.root(f);
        const other = rf === self ? sets.root(g) : rf;
        linked.set(linkKey(self, other), one);
        return { one, self, other };
      }),
    );
  }
  if (forked.length === 0) return { refused, groups };
  // Points of the sets that matter.
  const points = new Map<number, Set<number>>();
  for (const list of forked) for (const p of list) points.set(p.other, new Set());
  for (let f = 0; f < columns.flowCount; f++) points.get(sets.root(f))?.add(columns.point(f));
  const samePoints = (f: number, g: number): boolean => {
    const a = points.get(f);
    const b = points.get(g);
    return !!a && !!b && a.size === b.size && [...a].every((p) => b.has(p));
  };
  for (const partners of forked)
    for (let i = 0; i < partners.length; i++)
      for (let k = i + 1; k < partners.length; k++) {
        const p = partners[i];
        const q = partners[k];
        if (!p || !q || !alternatives(columns, p.self, p.other, q.other) || !samePoints(p.other, q.other)) continue;
        // One became the other, and a router lay between.
        const link = linked.get(linkKey(p.other, q.other));
        if (link && !link.atOnePoint) continue;
        refused.add(p.one.pair);
        refused.add(q.one.pair);
        if (link) refused.add(link.pair);
        groups.push([p.self, p.other, q.other]);
      }
  return { refused, groups };
}

/** One end alike, the other different and neither of them an end of `self`: one packet cannot have become both. */
function alternatives(columns: SightingColumns, self: number, f: number, g: number): boolean {
  if (columns.v6(f) !== columns.v6(g)) return false;
  const same = (a: number, x: number, b: number, y: number): boolean =>
    columns.address(a, x) === columns.address(b, y) && columns.port(a, x) === columns.port(b, y);
  const has = (a: number, b: number, y: number): boolean => same(a, 0, b, y) || same(a, 1, b, y);
  const own = [0, 1].filter((y) => !has(g, f, y));
  const others = [0, 1].filter((y) => !has(f, g, y));
  const [x] = own;
  const [y] = others;
  if (own.length !== 1 || others.length !== 1 || x === undefined || y === undefined) return false;
  return !has(self, f, x) && !has(self, g, y);
}
