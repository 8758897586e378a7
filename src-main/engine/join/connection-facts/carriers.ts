/** The tunnels that carried a connection's packets. */
import { SIGHTING_CARRIED } from "../../kernel/assembly/abi";
import { type ConnectionTable, type FoundCarrier, sameCarrier } from "../connection-table";
import type { FlowSets } from "../flow-sets";
import { PROTOCOL_UDP, type SightingColumns, W_ID } from "../sighting-columns";

/** Packets of a flow among which the first each way is looked for, to name its carrier. */
const CARRIERS_LOOKED_AT = 8;

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
        const carrier: FoundCarrier = {
          kind: columns.tunnelKind(carried),
          inner6: columns.v6(carried),
          outer6: columns.v6(outer),
          vni: columns.vni(carried),
          port: columns.protocol(outer) === PROTOCOL_UDP ? columns.port(outer, from ^ 1) : -1,
          source: columns.address(outer, toClient ? from ^ 1 : from),
          destination: columns.address(outer, toClient ? from : from ^ 1),
          protocol: columns.protocol(outer),
        };
        if (!found.some((c) => sameCarrier(c, carrier))) found.push(carrier);
      }
    }
  }
  return found;
}
