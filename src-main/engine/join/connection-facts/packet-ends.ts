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
import { EndList, addressOf, portOf } from "./end-list";

export class PacketEnds {
  /** Of an exemplary journey to the server, then of one to the client. */
  readonly sources: EndList;
  readonly targets: EndList;
  readonly backSources: EndList;
  readonly backTargets: EndList;

  constructor(
    private readonly columns: SightingColumns,
    private readonly table: ConnectionTable,
  ) {
    this.sources = new EndList(columns);
    this.targets = new EndList(columns);
    this.backSources = new EndList(columns);
    this.backTargets = new EndList(columns);
  }

  /**
   * Fills the lists and the ends of the connection's row; `there` and `back`: rows of an exemplary journey each way. A client whose packets
   * were first seen translated may be named by its replies (a node's own call to a Service: only the un-translated answer crosses the
   * bridge); what it asked for is then not shown.
   */
  read(connection: number, there: readonly number[], back: readonly number[]): void {
    const { table, sources, targets, backSources, backTargets } = this;
    sources.fill(there, 0, true);
    targets.fill(there, 1, false);
    backSources.fill(back, 0, false);
    backTargets.fill(back, 1, true);
    const put = (addresses: Uint32Array, ports: Uint32Array, list: EndList, index: number): void => {
      addresses[connection] = index < 0 ? 0 : list.address(index);
      ports[connection] = index < 0 ? NO_PORT : list.port(index);
    };
    const putServerSide = (addresses: Uint32Array, ports: Uint32Array, sent: EndList, answered: EndList): void => {
      if (isSentFurther(sent, answered)) put(addresses, ports, sent, sent.count - 1);
      else put(addresses, ports, answered, answered.count > 0 ? 0 : -1);
    };
    const putClientSide = (addresses: Uint32Array, ports: Uint32Array, sent: EndList, answered: EndList): void => {
      if (isSentNearer(sent, answered)) put(addresses, ports, sent, 0);
      else put(addresses, ports, answered, answered.count - 1);
    };
    putServerSide(table.serverAddress, table.serverPort, targets, backSources);
    if (this.isTranslatedBack(there, back)) {
      put(table.clientAddress, table.clientPort, backTargets, backTargets.count - 1);
      const asked = backSources.count > 1 ? backSources.count - 1 : -1;
      put(table.requestedAddress, table.requestedPort, backSources, asked);
      put(table.seenAsAddress, table.seenAsPort, sources, sources.count - 1);
      return;
    }
    putClientSide(table.clientAddress, table.clientPort, sources, backTargets);
    if (sources.count > 0 && !isSentNearer(sources, backTargets) && backSources.count < 2)
      put(table.requestedAddress, table.requestedPort, targets, -1);
    else putClientSide(table.requestedAddress, table.requestedPort, targets, backSources);
    putServerSide(table.seenAsAddress, table.seenAsPort, sources, backTargets);
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
    const { columns } = this;
    return (
      addressOf(columns, row, which) === addressOf(columns, other, otherWhich) &&
      portOf(columns, row, which, true) === portOf(columns, other, otherWhich, true)
    );
  }

  /** The same for a connection whose flows have one tuple: every packet tells all ends. `row`: one of them. */
  readUntranslated(connection: number, row: number, toClient: boolean): void {
    const { columns, table } = this;
    const [client, server] = toClient ? [1, 0] : [0, 1];
    const clientAddress = addressOf(columns, row, client);
    const clientPort = portOf(columns, row, client, true);
    const serverAddress = addressOf(columns, row, server);
    const serverPort = portOf(columns, row, server, false);
    table.clientAddress[connection] = clientAddress;
    table.clientPort[connection] = clientPort;
    table.requestedAddress[connection] = serverAddress;
    table.requestedPort[connection] = serverPort;
    table.serverAddress[connection] = serverAddress;
    table.serverPort[connection] = serverPort;
    table.seenAsAddress[connection] = clientAddress;
    table.seenAsPort[connection] = clientPort;
  }
}

/**
 * Whether the first end that was sent is the client's own, rather than the last one answered. Answers that were translated back may have
 * been seen nearer to the client than anything it sent:
 *
 *   there    P    back  P S     S: what P was before
 */
function isSentNearer(there: EndList, back: EndList): boolean {
  if (there.count === 0) return false;
  for (let i = back.count - 2; i >= 0; i--)
    if (back.is(i, there.address(0), there.port(0)))
      return there.holds(back.address(back.count - 1), back.port(back.count - 1));
  return true;
}

/**
 * Whether the last end that was sent is what the server saw, rather than the first one it answered. A bridge shows answers when they have
 * been translated back (bridge netfilter): where the server's own veth is not recorded, only what was sent to it shows what it gets. A
 * bridge's copy may also come late, behind its translation: what goes to the server decides about the order.
 *
 *   there  C T    back  C       T: the way there was seen further
 *   there  S P    back  P S     P: a copy came late
 *   there  C N G  back  N G N C  not further: the answer shows the same changes, and one more
 */
function isSentFurther(there: EndList, back: EndList): boolean {
  if (back.count === 0) return there.count > 0;
  if (isStartOf(there, back)) return false;
  for (let i = there.count - 2; i >= 0; i--) if (there.is(i, back.address(0), back.port(0))) return true;
  return false;
}

/** What was sent to the server shows the ends that the answers show, turned round, as far as it goes. */
function isStartOf(there: EndList, back: EndList): boolean {
  if (there.count > back.count) return false;
  for (let i = 0; i < there.count; i++) if (!back.is(back.count - 1 - i, there.address(i), there.port(i))) return false;
  return true;
}
