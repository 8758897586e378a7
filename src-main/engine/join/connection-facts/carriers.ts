/** The tunnels that carried a connection's packets. */
import { SIGHTING_CARRIED } from "../../kernel/assembly/abi";
import { type ConnectionTable, type FoundCarrier, sameCarrier } from "../connection-table";
import type { FlowSets } from "../flow-sets";
import { PROTOCOL_UDP, type SightingColumns, W_ID } from "../sighting-columns";

/** Packets of a flow among which the first each way is looked for, to name its carrier. */
const CARRIERS_LOOKED_AT = 8;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** Written over by each `readCarrier`: nearly all are known already. */
const reused: Mutable<FoundCarrier> = {
  kind: 0,
  inner6: false,
  outer6: false,
  vni: 0,
  port: -1,
  source: 0,
  destination: 0,
  protocol: 0,
};

function readCarrier(
  columns: SightingColumns,
  carried: number,
  outer: number,
  /** End of `outer` that sent the packet; the end that is the carrier's source. */
  from: number,
  source: number,
): FoundCarrier {
  reused.kind = columns.tunnelKind(carried);
  reused.inner6 = columns.v6(carried);
  reused.outer6 = columns.v6(outer);
  reused.vni = columns.vni(carried);
  reused.protocol = columns.protocol(outer);
  reused.port = reused.protocol === PROTOCOL_UDP ? columns.port(outer, from ^ 1) : -1;
  reused.source = columns.address(outer, source);
  reused.destination = columns.address(outer, source ^ 1);
  return reused;
}

function known(found: readonly FoundCarrier[], carrier: FoundCarrier): boolean {
  for (const one of found) if (sameCarrier(one, carrier)) return true;
  return false;
}

/** Carriers of the connection's flows: of the first packets each way of each, which say what tunnel it is. */
export function findCarriers(
  columns: SightingColumns,
  sets: FlowSets,
  table: ConnectionTable,
  connection: number,
): FoundCarrier[] {
  const found: FoundCarrier[] = [];
  const serverIsA = table.serverIsA[connection] as number;
  for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
    const flow = table.flows[i] as number;
    if (columns.depth(flow) < 2) continue;
    const flip = sets.swapped(flow) ^ serverIsA;
    const start = columns.start[flow] as number;
    const end = Math.min(columns.start[flow + 1] as number, start + CARRIERS_LOOKED_AT);
    let looked = 0;
    for (let k = start; k < end && looked !== 3; k++) {
      let row = columns.order[k] as number;
      const way = 1 << columns.direction(row);
      if (looked & way) continue;
      looked |= way;
      const toClient = (columns.direction(row) ^ flip) === 1;
      while (row > 0 && columns.word(row, W_ID) & SIGHTING_CARRIED) {
        const carried = columns.flow(row);
        row--;
        const outer = columns.flow(row);
        const from = columns.direction(row);
        // Towards the client the outer addresses are the other way round; the destination port stays that of the tunnel.
        const carrier = readCarrier(columns, carried, outer, from, toClient ? from ^ 1 : from);
        if (!known(found, carrier)) found.push({ ...carrier });
      }
    }
  }
  return found;
}
