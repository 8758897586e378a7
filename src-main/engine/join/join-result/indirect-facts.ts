/**
 * What other packets show of a connection: translations that only an ICMP error quotes, the WireGuard tunnel that carried it.
 * Looked for when the first connection is asked for: both need the points' roles.
 */
import type { Point, Sightings } from "../../../../src-shared/reconstruct/result";
import type { FoundCarrier } from "../connection-table";
import { FLOW_QUOTED } from "../../kernel/assembly/abi";
import { type QuotedNat, findQuotedNat } from "../quoted-nat";
import { findWireguardCarriers } from "../wireguard-carriers";
import type { JoinResultInput } from "./join-result-input";

const NO_QUOTED_NAT: QuotedNat = { translations: new Map(), rows: new Map() };

export class IndirectFacts {
  /** Quoted flows by number of their tuple. */
  private readonly quotedFlows = new Map<number, number[]>();

  constructor(
    private readonly input: JoinResultInput,
    private readonly points: readonly Point[],
    private readonly sightings: Sightings,
  ) {
    const { kind, tuple } = input.joined.match;
    for (let f = 0; f < input.columns.flowCount; f++) {
      if (kind[f] !== FLOW_QUOTED) continue;
      const flows = this.quotedFlows.get(tuple[f] as number);
      if (flows) flows.push(f);
      else this.quotedFlows.set(tuple[f] as number, [f]);
    }
  }

  private foundQuotedNat: QuotedNat | undefined;

  get quotedNat(): QuotedNat {
    return (this.foundQuotedNat ??=
      this.quotedFlows.size === 0
        ? NO_QUOTED_NAT
        : findQuotedNat(this.input.columns, this.input.joined, (point) => {
            const role = this.points[point]?.role;
            return role === "pod-nic" || role === "host-veth";
          }));
  }

  private foundWireguard: ReadonlyMap<number, FoundCarrier> | undefined;

  /** By row of the connection table. */
  get wireguard(): ReadonlyMap<number, FoundCarrier> {
    if (this.foundWireguard) return this.foundWireguard;
    const { columns, joined, messages } = this.input;
    if (messages.wireguard.length === 0) return (this.foundWireguard = new Map());
    const packets = new Set(messages.wireguard.array());
    const rows: number[] = [];
    for (let row = 0; row < columns.count; row++)
      if (packets.has(this.sightings.packet(row)) && !this.sightings.quoted(row) && !this.sightings.carries(row))
        rows.push(row);
    return (this.foundWireguard = findWireguardCarriers({
      columns,
      joined,
      rows,
      isTunnelDevice: (point) => this.points[point]?.role === "tunnel-device",
      machineOf: (point) => this.points[point]?.machine ?? -1,
    }));
  }

  /** Quoted rows that complain about the connection in row `c` of the table. */
  complaints(c: number): number[] {
    const { columns, joined } = this.input;
    const { table, match } = joined;
    const tuples = new Set<number>();
    for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++)
      tuples.add(match.tuple[table.flows[i] as number] as number);
    const flows = [...tuples].flatMap((tuple) => this.quotedFlows.get(tuple) ?? []).sort((a, b) => a - b);
    const rows = flows.flatMap((f) => Array.from(columns.order.subarray(columns.start[f], columns.start[f + 1])));
    rows.push(...(this.quotedNat.rows.get(c) ?? []));
    return rows;
  }
}
