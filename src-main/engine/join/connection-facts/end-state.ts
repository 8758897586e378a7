/** How a connection ended: Zeek's state at the point that saw most of it, of those where TCP's flags were captured. */
import type { FlowTable } from "../../flows/flow-table";
import type { ConnectionTable } from "../connection-table";
import { STATE_NEXT_A } from "../../kernel/assembly/abi";
import type { SightingColumns } from "../sighting-columns";

/** Some segment of the one or the other direction was captured with its flags. */
const TOLD = STATE_NEXT_A | (STATE_NEXT_A << 1);

/** The states there are, by the number in the table of connections; 0 where it has no flows. */
export const CONN_STATES: readonly string[] = [
  "OTH",
  "S0",
  "S1",
  "S2",
  "S3",
  "SF",
  "SH",
  "SHR",
  "REJ",
  "RSTO",
  "RSTOS0",
  "RSTR",
  "RSTRH",
];

/** Looked up while the flows' rows are in the cache: when connections are printed, in order of time, they are not. */
export function endState(
  columns: SightingColumns,
  flowTable: FlowTable,
  table: ConnectionTable,
  connection: number,
): number {
  let best = -1;
  let most = -1;
  for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
    const f = table.flows[i] as number;
    const packets = columns.state(f) & TOLD ? columns.sentBy(f, 0) + columns.sentBy(f, 1) : 0;
    if (packets > most) {
      most = packets;
      best = f;
    }
  }
  return best < 0 ? 0 : CONN_STATES.indexOf(flowTable.seekTo(columns.flowRow(best)).connState);
}
