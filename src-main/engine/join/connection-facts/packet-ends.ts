/**
 * The ends of a connection, read off its packets: from what each side saw of its own.
 *
 * ```
 * to the server:  first sighting  = what the client sent        (client → requested)
 *                 last  sighting  = what arrived                (seen as → server)
 * to the client:  first sighting  = what the server answered    (server → seen as): decides, it is the server's own view
 * ```
 */
import { type ConnectionTable, NO_PORT } from "../connection-table";
import type { SightingColumns } from "../sighting-columns";

export interface End {
  readonly address: number;
  readonly port: number;
}

export class PacketEnds {
  constructor(
    private readonly columns: SightingColumns,
    private readonly table: ConnectionTable,
  ) {}

  /**
   * Fills the ends of the connection's row; `there` and `back`: rows of an exemplary journey each way. A client whose packets were first seen translated may be named by
   * its replies (a node's own call to a Service: only the un-translated answer crosses the bridge); what it asked for is then
   * not shown.
   */
  read(connection: number, there: readonly number[], back: readonly number[]): void {
    const sources = this.values(there, 0, true, false);
    const targets = this.values(there, 1, false, false);
    // Read from the client's side: the replies backwards.
    const backTargets = this.values(back, 1, true, true);
    const backSources = this.values(back, 0, false, true);
    const has = (list: readonly End[], end: End | undefined): boolean =>
      end !== undefined && holds(list, end.address, end.port);
    let client = sources[0] ?? backTargets[0];
    let requested = targets[0] ?? backSources[0];
    if (
      sources.length > 0 &&
      backTargets.length > 1 &&
      has(backTargets.slice(1), sources[0]) &&
      !has(sources, backTargets[0])
    ) {
      client = backTargets[0];
      requested = backSources.length > 1 ? backSources[0] : undefined;
    }
    const server = back.length > 0 ? backSources[backSources.length - 1] : targets[targets.length - 1];
    const seenAs = back.length > 0 ? backTargets[backTargets.length - 1] : sources[sources.length - 1];
    this.put(connection, client, requested, server, seenAs);
  }

  /** The same for a connection whose flows have one tuple: every packet tells all ends. `row`: one of them. */
  readUntranslated(connection: number, row: number, toClient: boolean): void {
    const client = { address: this.address(row, toClient ? 1 : 0), port: this.port(row, toClient ? 1 : 0, true) };
    const server = { address: this.address(row, toClient ? 0 : 1), port: this.port(row, toClient ? 0 : 1, false) };
    this.put(connection, client, server, server, client);
  }

  private put(
    connection: number,
    client: End | undefined,
    requested: End | undefined,
    server: End | undefined,
    seenAs: End | undefined,
  ): void {
    const { table } = this;
    const set = (addresses: Uint32Array, ports: Uint32Array, end: End | undefined): void => {
      addresses[connection] = end?.address ?? 0;
      ports[connection] = end?.port ?? NO_PORT;
    };
    set(table.clientAddress, table.clientPort, client);
    set(table.requestedAddress, table.requestedPort, requested);
    set(table.serverAddress, table.serverPort, server);
    set(table.seenAsAddress, table.seenAsPort, seenAs);
  }

  /** Sources (0) or destinations (1) of a journey's sightings, each once, in order of sighting; `reverse`: that turned round. */
  private values(rows: readonly number[], which: number, clientSide: boolean, reverse: boolean): End[] {
    const list: End[] = [];
    for (const row of rows) {
      const address = this.address(row, which);
      const port = this.port(row, which, clientSide);
      if (!holds(list, address, port)) list.push({ address, port });
    }
    return reverse ? list.reverse() : list;
  }

  /** Source (0) or destination (1) of a row: which end of the flow. */
  private end(row: number, which: number): number {
    return this.columns.direction(row) ^ which;
  }
  address(row: number, which: number): number {
    return this.columns.address(this.columns.flow(row), this.end(row, which));
  }
  port(row: number, which: number, clientSide: boolean): number {
    const flow = this.columns.flow(row);
    // ICMP: the identifier is the client's port, the server's is 0.
    if (this.columns.isIcmp(flow)) return clientSide ? this.columns.port(flow, 0) : 0;
    return this.columns.port(flow, this.end(row, which));
  }
}

export function holds(list: readonly End[], address: number, port: number): boolean {
  for (const e of list) if (e.address === address && e.port === port) return true;
  return false;
}
