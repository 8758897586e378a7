/**
 * Which flows are one connection: found by the kernel (kernel/assembly/flow-matching.ts says how), called here in pieces; what it cannot
 * decide, pairs that exclude each other, is decided by `forked-pairs.ts`.
 *
 * ```
 * SightingColumns ─► matchFlows ─► FlowMatch: columns by flow and by set, all of them in the kernel's memory
 * ```
 */
import { EVIDENCE_ACK, PAIR_REFUSED } from "../kernel/assembly/abi";
import { FlowSets } from "./flow-sets";
import { AcceptedPairs, findForks } from "./flow-matching/forked-pairs";
import { findOneWayPairs } from "./flow-matching/one-way-pairs";
import type { SightingColumns } from "./sighting-columns";

/** Flows, tuples or sets of one call: what is called again is compiled well meanwhile. One call for all took 10 of 135 ms more. */
const AT_ONCE = 2048;

export interface MatchOptions {
  /** File of each capture point: rows of one file have one clock. */
  readonly fileOfPoint: readonly number[];
}

export interface FlowMatch {
  readonly sets: FlowSets;
  /** FLOW_* by flow. */
  readonly kind: Uint8Array;
  /** Number of the flow's tuple (addresses, ports, protocol), whatever its point. */
  readonly tuple: Int32Array;
  /** Capture point by flow. */
  readonly point: Int32Array;
  /** Flows whose sets were equally good for the same partner and were left apart. */
  readonly ambiguous: readonly (readonly number[])[];
  /** Set by flow, -1 if it is not FLOW_ACTIVE. Sets are numbered by their lowest flow. */
  readonly setOfFlow: Int32Array;
  readonly members: SetMembers;
  /** Rows that any set has at most. */
  readonly mostRows: number;
}

/** Sets of flows as columns. */
export interface SetMembers {
  readonly count: number;
  /** Flows of set s, ascending: flows[start[s]] … flows[start[s + 1] - 1]. */
  readonly start: Uint32Array;
  readonly flows: Uint32Array;
  /** Of the lowest flow: IP protocol, 1 for IPv6. */
  readonly protocol: Uint8Array;
  readonly v6: Uint8Array;
  /** EVIDENCE_* of all joins in the set. */
  readonly evidence: Uint16Array;
}

export function matchFlows(columns: SightingColumns, options: MatchOptions): FlowMatch {
  const { kernel, memory, interned } = columns.handle;
  const { flowCount } = columns;
  const files = memory.allocate(Math.max(1, options.fileOfPoint.length) * 4);
  new Uint32Array(memory.memory.buffer, files, options.fileOfPoint.length).set(options.fileOfPoint);
  kernel.beginMatching(interned, files);
  inPieces(flowCount, (from, to) => kernel.numberFlows(from, to));
  inPieces(flowCount, (from, to) => kernel.joinTuples(from, to));

  const found = kernel.numberSets();
  kernel.beginCandidates(found);
  inPieces(found, (from, to) => kernel.markKeys(from, to));
  inPieces(found, (from, to) => kernel.collectKeys(from, to));
  kernel.findCandidates();
  kernel.beginPairs();
  inPieces(found, (from, to) => kernel.weighCandidates(from, to));
  const listed = kernel.orderPairs();
  const { buffer } = memory.memory;
  const sets = new FlowSets(
    new Uint32Array(buffer, kernel.setParents(), flowCount),
    new Uint16Array(buffer, kernel.setEvidence(), flowCount),
  );
  const setOfFlow = new Int32Array(buffer, kernel.setNumbers(), flowCount);
  const start = new Uint32Array(buffer, kernel.setStart(), found + 1);
  const flows = new Uint32Array(buffer, kernel.setFlows(), start[found]);
  const pairs = new AcceptedPairs(new Uint32Array(buffer), kernel.pairsAt() >>> 2);
  const { refused, groups } = findForks(columns, sets, pairs, {
    pairs: new Uint32Array(buffer, listed, kernel.forkCount()),
    pointsOf: (root) => {
      const s = setOfFlow[root] as number;
      return new Set(Array.from(flows.subarray(start[s], start[s + 1]), (f) => columns.point(f)));
    },
  });
  for (const pair of refused) pairs.mark(pair, PAIR_REFUSED);
  kernel.joinPairs();
  const count = joinOneWayPairs(columns, sets, kernel.numberSets());
  const protocol = kernel.borrowed(count);
  const v6 = kernel.borrowed(count);
  const evidence = kernel.borrowed(count * 2);
  const mostRows = kernel.describeSets(count, protocol, v6, evidence);
  const own = memory.memory.buffer;
  return {
    sets,
    kind: new Uint8Array(own, kernel.kindOfFlow(), flowCount),
    tuple: new Int32Array(own, kernel.tupleOfFlow(), flowCount),
    point: new Int32Array(own, kernel.pointOfFlow(), flowCount),
    ambiguous: groups,
    setOfFlow,
    members: {
      count,
      start: start.subarray(0, count + 1),
      flows,
      protocol: new Uint8Array(own, protocol, count),
      v6: new Uint8Array(own, v6, count),
      evidence: new Uint16Array(own, evidence, count),
    },
    mostRows,
  };
}

/** Joins those, in most recordings none, of `count` sets. How many sets there are then. */
function joinOneWayPairs(columns: SightingColumns, sets: FlowSets, count: number): number {
  const { kernel, memory } = columns.handle;
  const listed = kernel.listOneWay(count);
  const flows = new Uint32Array(memory.memory.buffer, listed, kernel.oneWayCount());
  const pairs = findOneWayPairs(columns, sets, Array.from(flows));
  for (const { f, g, swapped } of pairs) kernel.joinSets(f, g, swapped, EVIDENCE_ACK);
  return pairs.length > 0 ? kernel.numberSets() : count;
}

function inPieces(count: number, call: (from: number, to: number) => unknown): void {
  for (let from = 0; from < count; from += AT_ONCE) call(from, Math.min(count, from + AT_ONCE));
}
