/**
 * Reads the facts of one connection off its joined packets into its row of the table: who asked whom, as whom the server saw it, the
 * path each way, every translation with the points it lies between, the carriers, what went missing.
 *
 * ```
 * client-side ─► packet-groups (equal everywhere) ─┬─► ways ─► path, what is missing
 *                joined-directions (all others) ───┘    └─► packet-ends, translations     carriers
 * ```
 */
import { FlowTable } from "../flows/flow-table";
import { orient } from "./connection-facts/client-side";
import { findCarriers } from "./connection-facts/carriers";
import { JoinedDirections } from "./connection-facts/joined-directions";
import { endState } from "./connection-facts/end-state";
import { PacketEnds } from "./connection-facts/packet-ends";
import { PacketGroups } from "./connection-facts/packet-groups";
import { findTranslations } from "./connection-facts/translations";
import type { ConnectionTable } from "./connection-table";
import type { FlowSets } from "./flow-sets";
import type { JoinedPackets, PacketMatcher } from "./packet-matching";
import type { SightingColumns } from "./sighting-columns";

/** Rows of a connection by direction. */
export interface ConnectionRows {
  readonly toServer: Uint32Array;
  readonly toClient: Uint32Array;
}

export interface JoinedConnection {
  readonly toServer: JoinedPackets;
  readonly toClient: JoinedPackets;
}

export class FactReader {
  /** Reads what was joined packet by packet. */
  readonly directions: JoinedDirections;
  private readonly groups: PacketGroups;
  private readonly ends: PacketEnds;
  private readonly flowTable: FlowTable;

  constructor(
    readonly columns: SightingColumns,
    readonly sets: FlowSets,
    readonly table: ConnectionTable,
    readonly matcher: PacketMatcher,
    private readonly pointOfFlow: Int32Array,
    /** Number of each flow's tuple. */
    private readonly tuple: Int32Array,
  ) {
    this.directions = new JoinedDirections(columns, matcher, pointOfFlow);
    this.ends = new PacketEnds(columns, table);
    this.flowTable = new FlowTable(columns.handle);
    this.groups = new PacketGroups(columns, table, pointOfFlow, (connection, direction) => {
      const { toServer, toClient } = this.rows(connection);
      const protocol = this.protocol(connection);
      return this.directions.factsOf(matcher.join(direction ? toClient : toServer, protocol), protocol);
    });
  }

  private protocol(connection: number): number {
    return this.table.protocol[connection] as number;
  }

  /** Sightings of the connection each way, by flow; before `read` either way may be the client's. */
  rows(connection: number): ConnectionRows {
    const { columns, table, sets } = this;
    const from = table.flowStart[connection] as number;
    const to = table.flowStart[connection + 1] as number;
    const serverIsA = table.serverIsA[connection] as number;
    let total = 0;
    for (let i = from; i < to; i++) {
      const f = table.flows[i] as number;
      total += (columns.start[f + 1] as number) - (columns.start[f] as number);
    }
    const toServer = new Uint32Array(total);
    const toClient = new Uint32Array(total);
    let n = 0;
    let m = 0;
    for (let i = from; i < to; i++) {
      const flow = table.flows[i] as number;
      const flip = sets.swapped(flow) ^ serverIsA;
      const end = columns.start[flow + 1] as number;
      for (let k = columns.start[flow] as number; k < end; k++) {
        const row = columns.order[k] as number;
        if ((columns.direction(row) ^ flip) === 0) toServer[n++] = row;
        else toClient[m++] = row;
      }
    }
    return { toServer: toServer.subarray(0, n), toClient: toClient.subarray(0, m) };
  }

  join(connection: number): JoinedConnection {
    const { toServer, toClient } = this.rows(connection);
    const protocol = this.protocol(connection);
    return { toServer: this.matcher.join(toServer, protocol), toClient: this.matcher.join(toClient, protocol) };
  }

  /** Finds out which side is the client, and fills the connection's row of the table. */
  read(connection: number): void {
    const { columns, table } = this;
    columns.handle.kernel.fetchConnection(connection);
    orient(this, connection);
    const facts = this.groups.factsOf(connection);
    const there = facts[0];
    const back = facts[1];
    table.path[connection] = table.internPath(there.points);
    table.returnPath[connection] = table.internPath(back.points);
    table.otherPaths[connection] = there.others + back.others;
    table.sightings[connection] = there.rows + back.rows;
    table.distinct[connection] = there.journeys + back.journeys;
    table.missing[connection] = there.missing + back.missing;
    table.alone[connection] = there.alone + back.alone;
    table.bytesFromClient[connection] = there.bytes;
    table.bytesFromServer[connection] = back.bytes;
    table.retransmissions[connection] = there.again + back.again;
    const first = back.rows > 0 && (there.rows === 0 || back.firstNs < there.firstNs) ? back : there;
    const last = there.rows > 0 && (back.rows === 0 || there.lastNs >= back.lastNs) ? there : back;
    table.firstRow[connection] = first.firstRow;
    table.lastRow[connection] = last.lastRow;
    table.firstNs[connection] = first.firstNs;
    const thereRow = there.exemplary[0];
    const row = thereRow ?? back.exemplary[0];
    if (row !== undefined && this.oneTuple(connection))
      this.ends.readUntranslated(connection, row, thereRow === undefined);
    else {
      this.ends.read(connection, there.exemplary, back.exemplary);
      const protocol = this.protocol(connection);
      const changes = findTranslations(columns, this.ends, this.pointOfFlow, protocol, there, back);
      if (changes.length > 0) {
        table.changes[connection] = table.translations.length;
        table.translations.push(changes);
      }
    }
    table.state[connection] = endState(columns, this.flowTable, table, connection);
    table.carriers[connection] = table.internCarriers(findCarriers(columns, this.sets, table, connection));
  }

  /** Every flow has the same tuple: nothing was translated. */
  private oneTuple(connection: number): boolean {
    const { table, tuple } = this;
    const from = table.flowStart[connection] as number;
    const first = tuple[table.flows[from] as number];
    for (let i = from + 1; i < (table.flowStart[connection + 1] as number); i++)
      if (tuple[table.flows[i] as number] !== first) return false;
    return true;
  }
}
