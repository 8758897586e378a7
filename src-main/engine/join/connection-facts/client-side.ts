/** Which side of a connection is the client: who sent the SYN, asked the echo, else who spoke first or has the higher port. */
import type { ConnectionTable } from "../connection-table";
import type { FlowSets } from "../flow-sets";
import type { PacketMatcher } from "../packet-matching";
import { PROTOCOL_TCP, PROTOCOL_UDP, type SightingColumns, W_EXTRA, W_LENGTH } from "../sighting-columns";

/** Echo, timestamp, information and mask replies; advertisements. */
const ICMP_REPLIES: ReadonlySet<number> = new Set([0, 9, 14, 16, 18, 129, 134, 136, 140]);
/** Packets of a flow that are asked who is the client. */
const ORIENTED_BY = 4;
const SYN = 2;
const ACK = 16;

/** What is asked for the client's side. */
export interface OrientedBy {
  readonly columns: SightingColumns;
  readonly sets: FlowSets;
  readonly table: ConnectionTable;
  readonly matcher: PacketMatcher;
}

/** Fills `serverIsA` and `directionInferred` of the connection. */
export function orient(by: OrientedBy, connection: number): void {
  const { columns, table, sets } = by;
  const root = table.root[connection] as number;
  const protocol = columns.protocol(root);
  const from = table.flowStart[connection] as number;
  const to = table.flowStart[connection + 1] as number;
  let votes = 0;
  const tcp = protocol === PROTOCOL_TCP;
  const echo = columns.isIcmpEcho(root);
  for (let i = from; (tcp || echo) && i < to; i++) {
    const flow = table.flows[i] as number;
    const swapped = sets.swapped(flow);
    const start = columns.start[flow] as number;
    const end = Math.min(columns.start[flow + 1] as number, start + ORIENTED_BY);
    for (let k = start; k < end; k++) {
      const row = columns.order[k] as number;
      const side = columns.direction(row) ^ swapped;
      if (tcp) {
        const flags = columns.word(row, W_LENGTH) & 255;
        if (!(flags & SYN)) break;
        votes += (flags & ACK ? 1 : 0) === side ? 1 : -1;
      } else votes += (ICMP_REPLIES.has(columns.word(row, W_EXTRA) >>> 24) ? 1 : 0) === side ? 1 : -1;
    }
  }
  let serverIsA = votes < 0 ? 1 : 0;
  if (votes === 0) {
    table.directionInferred[connection] = 1;
    serverIsA = firstSide(by, connection);
    // Ports tell more than a capture that began in the middle.
    const a = columns.port(root, 0);
    const b = columns.port(root, 1);
    if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) {
      const service = (p: number): boolean => p < 1024;
      if (service(a) !== service(b)) serverIsA = service(a) ? 1 : 0;
      else if (protocol === PROTOCOL_TCP && a >= 32768 !== b >= 32768) serverIsA = a < b ? 1 : 0;
    }
  }
  table.serverIsA[connection] = serverIsA;
}

/** Side of the root's endpoints that was seen sending first. */
function firstSide({ columns, table, sets, matcher }: OrientedBy, connection: number): number {
  let firstNs = Infinity;
  let side = 0;
  for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
    const flow = table.flows[i] as number;
    const row = columns.order[columns.start[flow] as number] as number;
    const t = matcher.alignedNs(row);
    if (t >= firstNs) continue;
    firstNs = t;
    side = columns.direction(row) ^ sets.swapped(flow);
  }
  return side;
}
