/**
 * The ends of a connection, read off its packets: from what each side saw of its own.
 *
 * ```
 * to the server:  first sighting  = what the client sent        (client → requested)
 *                 last  sighting  = what arrived                (seen as → server)
 * to the client:  first sighting  = what the server answered    (server → seen as): decides, it is the server's own view,
 *                                   unless what was sent to the server was seen nearer to it (`serverSide`)
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
    let client = clientSide(sources, backTargets);
    let requested = clientSide(targets, backSources);
    if (client !== sources[0] && sources.length > 0 && backSources.length < 2) requested = undefined;
    const server = serverSide(targets, backSources);
    let seenAs = serverSide(sources, backTargets);
    if (this.isTranslatedBack(there, back)) {
      client = backTargets[0];
      requested = backSources.length > 1 ? backSources[0] : undefined;
      seenAs = sources[sources.length - 1];
    }
    this.put(connection, client, requested, server, seenAs);
  }

  /**
   * One point shows what goes to the server with another client than the answers are for, and neither is seen the other way: a
   * bridge shows answers translated back (flow-matching/one-way-pairs.ts).
   */
  isTranslatedBack(there: readonly number[], back: readonly number[]): boolean {
    const [sent, answer] = [there[there.length - 1], back[0]];
    if (sent === undefined || answer === undefined || this.isClient(sent, 0, answer, 1)) return false;
    if (this.columns.point(this.columns.flow(sent)) !== this.columns.point(this.columns.flow(answer))) return false;
    return !there.some((x) => back.some((y) => this.isClient(x, 0, y, 1)));
  }

  /** Source (0) or destination (1) of one row is that of another, both being the client's. */
  private isClient(row: number, which: number, other: number, otherWhich: number): boolean {
    return (
      this.address(row, which) === this.address(other, otherWhich) &&
      this.port(row, which, true) === this.port(other, otherWhich, true)
    );
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

/**
 * What the client used, of values in order from it. Answers that were translated back may have been seen nearer to it than anything it sent:
 *
 *   there    P    back  S P     S: what P was before
 */
function clientSide(there: readonly End[], back: readonly End[]): End | undefined {
  const [sent] = there;
  const [answered] = back;
  if (!sent || !answered) return sent ?? answered;
  for (let i = 1; i < back.length; i++)
    if (isEnd(back[i] as End, sent)) return holds(there, answered.address, answered.port) ? sent : answered;
  return sent;
}

/**
 * What the server saw, of values in order from the client: `there` read off a packet to it, `back` off one of its own. A bridge shows
 * answers when they have been translated back (bridge netfilter): where the server's own veth is not recorded, only what was sent to
 * it shows what it gets. A bridge's copy may also come late, behind its translation: what goes to the server decides about the order.
 *
 *   there  C T    back  C       T: the way there was seen further
 *   there  S P    back  P S     P: a copy came late
 */
function serverSide(there: readonly End[], back: readonly End[]): End | undefined {
  const last = there[there.length - 1];
  const answered = back[back.length - 1];
  if (!last || !answered) return last ?? answered;
  for (let i = there.length - 2; i >= 0; i--) if (isEnd(there[i] as End, answered)) return last;
  return answered;
}

function isEnd(a: End, b: End): boolean {
  return a.address === b.address && a.port === b.port;
}

export function holds(list: readonly End[], address: number, port: number): boolean {
  for (const e of list) if (e.address === address && e.port === port) return true;
  return false;
}
