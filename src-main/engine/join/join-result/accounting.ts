/** Accounts for every sighting: joined, or alone, and why. */
import type { Accounting } from "../../../../src-shared/reconstruct/result";
import { FLOW_ACTIVE, FLOW_CARRIER, FLOW_CUT, FLOW_NEIGHBOURS, FLOW_QUOTED } from "../../kernel/assembly/abi";
import type { QuotedNat } from "../quoted-nat";
import type { JoinResultInput } from "./join-result-input";

export function accountFor(input: JoinResultInput, quotedNat: QuotedNat): Accounting {
  const { columns, joined, packets, unseen } = input;
  const { table } = joined;
  const { kind, tuple } = joined.match;
  const tuples = new Set<number>();
  for (let f = 0; f < columns.flowCount; f++) if (kind[f] === FLOW_ACTIVE) tuples.add(tuple[f] as number);
  let carriers = 0;
  let quotedTied = 0;
  let quotedUntied = 0;
  let neighbours = 0;
  let withoutPorts = 0;
  let inConnections = 0;
  for (let f = 0; f < columns.flowCount; f++) {
    const n = (columns.start[f + 1] as number) - (columns.start[f] as number);
    if (kind[f] === FLOW_CARRIER) carriers += n;
    else if (kind[f] === FLOW_NEIGHBOURS) neighbours += n;
    else if (kind[f] === FLOW_CUT) withoutPorts += n;
    else if (kind[f] === FLOW_QUOTED) {
      if (tuples.has(tuple[f] as number)) quotedTied += n;
      else quotedUntied += n;
    } else inConnections += n;
  }
  for (const rows of quotedNat.rows.values()) {
    quotedTied += rows.length;
    quotedUntied -= rows.length;
  }
  let single = 0;
  let unmatched = 0;
  let ambiguous = 0;
  for (let c = 0; c < table.count; c++) {
    const n = table.alone[c] as number;
    if (n === 0) continue;
    if (table.ambiguous[c]) ambiguous += n;
    else if ((table.path[c] ? (table.paths[table.path[c] as number] ?? []).length : 0) < 2 && n === table.sightings[c])
      single += n;
    else unmatched += n;
  }
  return {
    packets,
    withoutNetworkLayer: unseen,
    sightings: columns.count,
    joined: inConnections - single - unmatched - ambiguous,
    alone: {
      "its conversation was seen at one point only": single,
      "no other point saw this packet": unmatched,
      "several joins are equally good": ambiguous,
      ...(withoutPorts > 0 && { "cut before its ports": withoutPorts }),
      ...(neighbours > 0 && { "neighbour discovery, as ARP on one link": neighbours }),
    },
    carriers,
    quotedTied,
    quotedUntied,
  };
}
