/**
 * Finds two flows of different tuples to join that one capture point saw one way each: a bridge, which shows what was sent behind its
 * translation, and answers when they have been translated back (bridge netfilter).
 *
 * ```
 *   N ──SNAT──► T > P:80   shown                    what the one acknowledges, the other sent, and the other way round;
 *   N ◄───────  P:80 > N   shown, not P:80 > T      one end is the same in both
 * ```
 * Elsewhere such a connection shares packets with a flow of its own tuple; this is where no other point saw it. Only flows are looked at
 * that are in no set with both ways, in most recordings none; a scanner's probes acknowledge nothing.
 */
import type { FlowSets } from "../flow-sets";
import { type SightingColumns, W_ACK, W_LENGTH, W_SEQ } from "../sighting-columns";

/** Packets of a flow that are looked at. */
const FIRST_PACKETS = 6;
/** Numbers below this are made by hand: real ones are random, one in 4096 is below. */
const RANDOM_FROM = 1 << 20;
const NEAR_NS = 1e9;

/** Two flows to be joined; swapped 1: endpoint A of the one is B of the other. */
export interface OneWayPair {
  readonly f: number;
  readonly g: number;
  readonly swapped: number;
}

/** `flows`: TCP flows whose whole set was seen one way, ascending. */
export function findOneWayPairs(
  columns: SightingColumns,
  sets: FlowSets,
  flows: readonly number[],
): readonly OneWayPair[] {
  if (flows.length < 2) return [];
  const acknowledging = new Map<number, number[]>();
  for (const g of flows)
    for (const ack of acknowledgments(columns, g)) {
      const list = acknowledging.get(ack);
      if (list) list.push(g);
      else acknowledging.set(ack, [g]);
    }
  const pairs: (readonly [f: number, g: number])[] = [];
  const partners = new Map<number, Set<number>>();
  const count = (f: number, g: number): void => {
    const set = partners.get(sets.root(f));
    if (set) set.add(sets.root(g));
    else partners.set(sets.root(f), new Set([sets.root(g)]));
  };
  for (const f of flows)
    for (const end of ends(columns, f))
      for (const g of acknowledging.get(end) ?? []) {
        if (f >= g || !belong(columns, f, g)) continue;
        pairs.push([f, g]);
        count(f, g);
        count(g, f);
      }
  // Equally good for several: none.
  const only = (f: number): boolean => partners.get(f)?.size === 1;
  return pairs
    .filter(([f, g]) => only(sets.root(f)) && only(sets.root(g)))
    .map(([f, g]) => ({ f, g, swapped: sender(columns, f) ^ sender(columns, g) ^ 1 }));
}

/** Which endpoint of a one-way flow sends. */
function sender(columns: SightingColumns, flow: number): number {
  return columns.direction(columns.order[columns.start[flow] as number] as number);
}

function belong(columns: SightingColumns, f: number, g: number): boolean {
  if (columns.point(f) !== columns.point(g) || columns.v6(f) !== columns.v6(g)) return false;
  const [fromF, fromG] = [sender(columns, f), sender(columns, g)];
  const isEnd = (endF: number, endG: number): boolean =>
    columns.address(f, endF) === columns.address(g, endG) && columns.port(f, endF) === columns.port(g, endG);
  if (isEnd(fromF, fromG ^ 1) === isEnd(fromF ^ 1, fromG)) return false;
  const first = (flow: number): number => columns.timeNs(columns.order[columns.start[flow] as number] as number);
  if (Math.abs(first(f) - first(g)) > NEAR_NS) return false;
  const answers = (x: number, y: number): boolean => {
    const sentNumbers = ends(columns, y);
    return acknowledgments(columns, x).some((ack) => ack >= RANDOM_FROM && sentNumbers.includes(ack));
  };
  return answers(f, g) && answers(g, f);
}

/** Numbers behind the first packets of a one-way flow. */
function ends(columns: SightingColumns, flow: number): readonly number[] {
  const found: number[] = [];
  eachOfFirst(columns, flow, (row) => {
    const length = columns.word(row, W_LENGTH);
    const end = (columns.word(row, W_SEQ) + (length >>> 8) + ((length >> 1) & 1) + (length & 1)) >>> 0;
    if (!found.includes(end)) found.push(end);
  });
  return found;
}

function acknowledgments(columns: SightingColumns, flow: number): readonly number[] {
  const found: number[] = [];
  eachOfFirst(columns, flow, (row) => {
    const ack = columns.word(row, W_ACK);
    if (columns.word(row, W_LENGTH) & 16 && !found.includes(ack)) found.push(ack);
  });
  return found;
}

function eachOfFirst(columns: SightingColumns, flow: number, each: (row: number) => void): void {
  const start = columns.start[flow] as number;
  const end = Math.min(columns.start[flow + 1] as number, start + FIRST_PACKETS);
  for (let i = start; i < end; i++) each(columns.order[i] as number);
}
