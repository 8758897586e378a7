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
import { SIGHTING_CUT, SIGHTING_FRAGMENT } from "../kernel/assembly/abi";
import { FlowSets } from "./flow-sets";
import { joinEqualTuples, joinOneWayFlows } from "./flow-matching/equal-tuples";
import { FLOW_CARRIER, FLOW_CUT, FLOW_NEIGHBOURS, FLOW_QUOTED, type MatchOptions } from "./flow-matching/flow-kinds";
import { numberTuples } from "./flow-matching/flow-tuples";
import { joinOneWayPairs } from "./flow-matching/one-way-pairs";
import { PickedPackets } from "./flow-matching/picked-packets";
import { joinTranslations } from "./flow-matching/translated-tuples";
import { PROTOCOL_TCP, PROTOCOL_UDP, type SightingColumns, W_ID } from "./sighting-columns";

export interface FlowMatch {
  readonly sets: FlowSets;
  /** FLOW_* by flow. */
  readonly kind: Uint8Array;
  /** Number of the flow's tuple (addresses, ports, protocol), whatever its point. */
  readonly tuple: Int32Array;
  /** Flows whose sets were equally good for the same partner and were left apart. */
  readonly ambiguous: readonly (readonly number[])[];
}

const PROTOCOL_SCTP = 132;

export function matchFlows(columns: SightingColumns, options: MatchOptions): FlowMatch {
  const count = columns.flowCount;
  const sets = new FlowSets(count);
  const tuple = numberTuples(columns);
  const picks = new PickedPackets(columns);
  const kind = new Uint8Array(count);
  for (let f = 0; f < count; f++) {
    const rows = (columns.start[f + 1] as number) - (columns.start[f] as number);
    if (columns.quoted(f)) kind[f] = FLOW_QUOTED;
    else if (columns.isNeighbourDiscovery(f)) kind[f] = FLOW_NEIGHBOURS;
    else if (picks.carrying(f) * 2 > rows) kind[f] = FLOW_CARRIER;
    else if (rows > 0 && isWithoutPorts(columns, f)) kind[f] = FLOW_CUT;
  }
  joinEqualTuples(columns, options, sets, kind, tuple, picks);
  const oneWay = joinOneWayFlows(columns, sets, kind, tuple);
  const ambiguous = joinTranslations(columns, options, sets, kind, tuple, picks);
  joinOneWayPairs(columns, sets, kind, oneWay);
  return { sets, kind, tuple, ambiguous };
}

/** TCP, UDP or SCTP of which the capture kept no port. */
function isWithoutPorts(columns: SightingColumns, flow: number): boolean {
  if (columns.port(flow, 0) !== 0 || columns.port(flow, 1) !== 0) return false;
  const protocol = columns.protocol(flow);
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP && protocol !== PROTOCOL_SCTP) return false;
  const bits = columns.word(columns.order[columns.start[flow] as number] as number, W_ID);
  return (bits & SIGHTING_CUT) !== 0 && (bits & SIGHTING_FRAGMENT) === 0;
}
