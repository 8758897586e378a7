/** Joins flows of one tuple at several points: those that share a packet, and those that saw one way each. */
import { EVIDENCE_ACK, EVIDENCE_ID, EVIDENCE_PAYLOAD, EVIDENCE_SEQ, EVIDENCE_TIMESTAMP } from "../evidence";
import type { FlowSets } from "../flow-sets";
import { samePacket } from "../same-packet";
import { PROTOCOL_TCP, type SightingColumns, W_ACK, W_HASH, W_ID, W_LENGTH, W_SEQ } from "../sighting-columns";
import { eachCutPair } from "./cut-packets";
import { FLOW_ACTIVE, type MatchOptions } from "./flow-kinds";
import type { PickedPackets } from "./picked-packets";

/** Flows of one tuple are compared pair by pair up to here, by a table of keys above (ports used again and again). */
const FEW = 24;

export function joinEqualTuples(
  columns: SightingColumns,
  options: MatchOptions,
  sets: FlowSets,
  kind: Uint8Array,
  tuple: Int32Array,
  picks: PickedPackets,
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
  /** Pairs of rows with one key that are not the same packet. */
  const weak: number[] = [];
  let a = 0;
  let b = 0;
  const joinIfSame = (x: number, y: number): boolean => {
    const protocol = columns.protocol(a);
    const bits = samePacket(columns, x, y, protocol);
    if (!bits) {
      if (protocol === PROTOCOL_TCP) weak.push(x, y);
      return false;
    }
    if (!plausibleSameTuple(columns, options, x, y, bits)) return false;
    sets.join(a, b, 0, bits);
    return true;
  };
  const compare = (flow: number, other: number): void => {
    if (sets.root(flow) === sets.root(other)) return;
    a = flow;
    b = other;
    picks.eachShared(flow, other, joinIfSame);
    if (sets.root(a) !== sets.root(b)) eachCutPair(columns, a, b, joinIfSame);
  };
  for (let t = 0; t < count; t++) {
    if ((first[t] as number) < 0) continue;
    list.length = 0;
    for (let f = first[t] as number; f >= 0; f = next[f] as number) list.push(f);
    if (list.length < 2) continue;
    weak.length = 0;
    if (list.length <= FEW) {
      for (let i = 1; i < list.length; i++)
        for (let k = i - 1; k >= 0; k--) compare(list[i] as number, list[k] as number);
    } else {
      const byKey = new Map<number, number[]>();
      for (const flow of list)
        for (let c = 0; c < 4; c++) {
          const at = picks.at(flow, c);
          for (let i = 0; i < picks.word(at); i++) {
            const key = picks.word(at + 1 + i * 2);
            const others = byKey.get(key);
            if (!others) byKey.set(key, [flow]);
            else {
              for (const other of others.slice(-FEW)) compare(flow, other);
              others.push(flow);
            }
          }
        }
    }
    for (let i = 0; i < weak.length; i += 2) {
      const x = weak[i] as number;
      const y = weak[i + 1] as number;
      const fx = columns.flow(x);
      const fy = columns.flow(y);
      if (sets.root(fx) === sets.root(fy)) continue;
      // Sent again and seen elsewhere: the same conversation if its numbers are (a payload that differs says it is not).
      if (sameContent(columns, x, y) && plausibleSameTuple(columns, options, x, y, EVIDENCE_SEQ))
        sets.join(fx, fy, 0, EVIDENCE_SEQ);
    }
  }
}

function sameContent(columns: SightingColumns, a: number, b: number): boolean {
  const x = columns.word(a, W_HASH);
  const y = columns.word(b, W_HASH);
  const lx = columns.word(a, W_LENGTH) >>> 8;
  const ly = columns.word(b, W_LENGTH) >>> 8;
  return !x || !y || x === y || (!lx && !ly) || (lx !== ly && (lx < 256 || ly < 256));
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
 * one side acknowledges is what the other sent. Gives all TCP flows that were seen one way.
 */
export function joinOneWayFlows(
  columns: SightingColumns,
  sets: FlowSets,
  kind: Uint8Array,
  tuple: Int32Array,
): readonly number[] {
  const { start, order, words } = columns;
  const all: number[] = [];
  const firstOf = new Map<number, number[]>();
  for (let f = 0; f < columns.flowCount; f++) {
    if (kind[f] !== FLOW_ACTIVE || columns.protocol(f) !== PROTOCOL_TCP || !oneWay(columns, f)) continue;
    all.push(f);
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
  return all;
}

function oneWay(columns: SightingColumns, flow: number): boolean {
  return (columns.sentBy(flow, 0) === 0) !== (columns.sentBy(flow, 1) === 0);
}
