/**
 * Reads the facts of one connection off its joined packets: who asked whom, as whom the server saw it, the path each way, every
 * translation with the points it lies between, the carriers, what went missing.
 *
 * ```
 * to the server:  first sighting  = what the client sent        (client → requested)
 *                 last  sighting  = what arrived                (seen as → server)
 * to the client:  first sighting  = what the server answered    (server → seen as): decides, it is the server's own view
 * ```
 */
import { GROUP_BYTES, GROUP_HEADER_BYTES, JOINT_BYTES, NO_ROW, SIGHTING_CARRIED } from "../kernel/assembly/abi";
import { type ConnectionTable, type FoundCarrier, type FoundTranslation, NO_PORT } from "./connection-table";
import { evidenceNames } from "./evidence";
import { samePacket } from "./same-packet";
import type { FlowSets } from "./flow-sets";
import type { JoinedPackets, PacketMatcher } from "./packet-matching";
import { PROTOCOL_TCP, PROTOCOL_UDP, type SightingColumns, W_EXTRA, W_ID, W_LENGTH, W_SEQ } from "./sighting-columns";

/** Echo, timestamp, information and mask replies; advertisements. */
const ICMP_REPLIES: ReadonlySet<number> = new Set([0, 9, 14, 16, 18, 129, 134, 136, 140]);
/** Packets of a flow that are asked who is the client. */
const ORIENTED_BY = 4;
const SYN = 2;
const ACK = 16;

/** A list of points that journeys crossed. */
interface Way {
  readonly hash: number;
  readonly data: boolean;
  count: number;
  readonly first: number;
  points: readonly number[];
}

const NO_POINTS: readonly number[] = [];
const NO_CHANGES: readonly FoundTranslation[] = [];

function startsWith(list: readonly number[], start: readonly number[]): boolean {
  return start.length <= list.length && start.every((p, i) => list[i] === p);
}

interface End {
  readonly address: number;
  readonly port: number;
}

/** Rows of a connection by direction. */
export interface ConnectionRows {
  readonly toServer: Uint32Array;
  readonly toClient: Uint32Array;
}

export interface JoinedConnection {
  readonly toServer: JoinedPackets;
  readonly toClient: JoinedPackets;
}

/** What one direction of a connection comes to. */
interface DirectionFacts {
  readonly points: readonly number[];
  /** Rows of a journey that went this way, in hop order. */
  readonly exemplary: readonly number[];
  /** Journeys that went otherwise. */
  readonly others: number;
  readonly journeys: number;
  readonly rows: number;
  readonly missing: number;
  readonly alone: number;
  readonly bytes: number;
  readonly again: number;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstNs: number;
  readonly lastNs: number;
}

const NOTHING: DirectionFacts = {
  points: [],
  exemplary: [],
  others: 0,
  journeys: 0,
  rows: 0,
  missing: 0,
  alone: 0,
  bytes: 0,
  again: 0,
  firstRow: 0,
  lastRow: 0,
  firstNs: Infinity,
  lastNs: -Infinity,
};

export class FactReader {
  /** Kernel memory for the flows of a connection. */
  private list = 0;
  private readonly words: Uint32Array;
  private readonly numbers: Float64Array;
  /** Lists of points by the kernel's hash of them: a recording has few different ones. */
  private readonly pointLists = new Map<number, readonly number[]>();

  constructor(
    private readonly columns: SightingColumns,
    private readonly sets: FlowSets,
    private readonly table: ConnectionTable,
    private readonly matcher: PacketMatcher,
    private readonly pointOfFlow: Int32Array,
    /** Number of each flow's tuple. */
    private readonly tuple: Int32Array,
  ) {
    let most = 1;
    for (let c = 0; c < table.count; c++)
      most = Math.max(most, (table.flowStart[c + 1] as number) - (table.flowStart[c] as number));
    this.list = columns.handle.memory.allocate(most * 4);
    this.words = new Uint32Array(columns.handle.memory.memory.buffer);
    this.numbers = new Float64Array(columns.handle.memory.memory.buffer);
  }

  private protocol(connection: number): number {
    return this.columns.protocol(this.table.root[connection] as number);
  }

  /** Which side is the client: who sent the SYN, asked the echo, else who spoke first or has the higher port. */
  orient(connection: number): void {
    const { columns, table, sets } = this;
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
      serverIsA = this.firstSide(connection);
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
  private firstSide(connection: number): number {
    const { columns, table, sets } = this;
    let firstNs = Infinity;
    let side = 0;
    for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
      const flow = table.flows[i] as number;
      const row = columns.order[columns.start[flow] as number] as number;
      const t = this.matcher.alignedNs(row);
      if (t >= firstNs) continue;
      firstNs = t;
      side = columns.direction(row) ^ sets.swapped(flow);
    }
    return side;
  }

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

  /** Fills the connection's row of the table. */
  read(connection: number): void {
    const { table } = this;
    const [there, back] = this.directionFacts(connection);
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
    this.readEnds(connection, there.exemplary, back.exemplary);
    const changes = this.oneTuple(connection) ? NO_CHANGES : this.translations(connection, there, back);
    if (changes.length > 0) {
      table.changes[connection] = table.translations.length;
      table.translations.push(changes);
    }
    table.carriers[connection] = table.internCarriers(this.findCarriers(connection));
  }

  /** By the kernel where packets are equal everywhere, with splitting and merging looked at where they are not. */
  private directionFacts(connection: number): readonly [DirectionFacts, DirectionFacts] {
    const { table, words, sets } = this;
    const { kernel } = this.columns.handle;
    const tcp = this.protocol(connection) === PROTOCOL_TCP;
    const from = table.flowStart[connection] as number;
    const count = (table.flowStart[connection + 1] as number) - from;
    const serverIsA = table.serverIsA[connection] as number;
    for (let i = 0; i < count; i++) {
      const flow = table.flows[from + i] as number;
      words[(this.list >>> 2) + i] = flow * 2 + (sets.swapped(flow) ^ serverIsA);
    }
    const groups = kernel.groupPackets(this.list, count, tcp);
    const ways: Way[][] = [[], []];
    const alone = [0, 0];
    const journeys = [0, 0];
    const base = (kernel.groupTable() >>> 2) + GROUP_HEADER_BYTES / 2;
    for (let g = 0; g < groups; g++) {
      const at = base + (g * GROUP_BYTES) / 4;
      const seen = words[at + 1] as number;
      const direction = seen >>> 31;
      journeys[direction] = (journeys[direction] as number) + 1;
      if ((seen & 0x7fffffff) === 1) alone[direction] = (alone[direction] as number) + 1;
      const data = (words[at + 2] as number) > 255;
      const hash = words[at + 5] as number;
      const list = ways[direction] as Way[];
      let known: Way | undefined;
      // Few ways, the usual ones first.
      for (const way of list)
        if (way.hash === hash && way.data === data) {
          known = way;
          break;
        }
      if (known) known.count++;
      else list.push({ hash, data, count: 1, first: g, points: NO_POINTS });
    }
    return [
      this.fastFacts(connection, 0, base, ways[0] as Way[], journeys[0] as number, alone[0] as number),
      this.fastFacts(connection, 1, base, ways[1] as Way[], journeys[1] as number, alone[1] as number),
    ];
  }

  private fastFacts(
    connection: number,
    direction: number,
    base: number,
    ways: readonly Way[],
    journeys: number,
    alone: number,
  ): DirectionFacts {
    const { words } = this;
    const header = base - ((2 - direction) * GROUP_HEADER_BYTES) / 4;
    if (ways.length === 0) return NOTHING;
    if ((words[header] as number) !== 0) return this.slowDirection(connection, direction);
    for (const way of ways) {
      way.points =
        this.pointLists.get(way.hash) ??
        this.keepPoints(way.hash, this.pointsOfRows(this.rowsOfGroup(base, way.first)));
    }
    const best = chooseWay(ways);
    const exemplary = best.way ? this.rowsOfGroup(base, best.way.first) : NO_POINTS;
    // Two lists with one hash: one in four thousand million; then it is done by the lists themselves.
    if (best.way && !this.crosses(exemplary, best.way.points)) return this.slowDirection(connection, direction);
    let missing = 0;
    if (best.way && best.way.points.length > 1 && ways.length > 1) {
      const last = best.way.points[best.way.points.length - 1] as number;
      for (const way of ways) if (!way.points.includes(last)) missing += way.count;
    }
    return {
      points: best.way?.points ?? NO_POINTS,
      exemplary,
      others: best.others,
      journeys,
      rows: words[header + 1] as number,
      missing,
      alone,
      again: words[header + 2] as number,
      firstRow: words[header + 3] as number,
      lastRow: words[header + 4] as number,
      bytes: this.numbers[(header + 6) >>> 1] as number,
      firstNs: this.numbers[(header + 8) >>> 1] as number,
      lastNs: this.numbers[(header + 10) >>> 1] as number,
    };
  }

  private slowDirection(connection: number, direction: number): DirectionFacts {
    const rows = this.rows(connection);
    return this.slowFacts(
      this.matcher.join(direction ? rows.toClient : rows.toServer, this.protocol(connection)),
      connection,
    );
  }

  /** Rows of a group in order of time. */
  private rowsOfGroup(base: number, group: number): number[] {
    const { words } = this;
    const rows: number[] = [];
    const joints = this.columns.handle.kernel.jointTable() >>> 2;
    let k = words[base + (group * GROUP_BYTES) / 4] as number;
    while (k !== NO_ROW) {
      const at = joints + k * (JOINT_BYTES / 4);
      rows.push(words[at + 2] as number);
      k = words[at + 4] as number;
    }
    return rows;
  }

  /** The rows' points, each once in a row, are these. */
  private crosses(rows: readonly number[], points: readonly number[]): boolean {
    let at = -1;
    for (const row of rows) {
      const p = this.pointOfFlow[this.columns.flow(row)] as number;
      if (at >= 0 && points[at] === p) continue;
      if (points[++at] !== p) return false;
    }
    return at === points.length - 1;
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

  private keepPoints(hash: number, points: readonly number[]): readonly number[] {
    this.pointLists.set(hash, points);
    return points;
  }

  private pointsOfRows(rows: readonly number[]): number[] {
    const points: number[] = [];
    for (const row of rows) {
      const p = this.pointOfFlow[this.columns.flow(row)] as number;
      if (points[points.length - 1] !== p) points.push(p);
    }
    return points;
  }

  private slowFacts(joined: JoinedPackets, connection: number): DirectionFacts {
    const ways = new Map<string, Way>();
    for (let j = 0; j < joined.count; j++) {
      const points = this.pointsOf(joined, j);
      const data = joined.data[j] === 1;
      const key = `${data ? 1 : 0} ${points.join(" ")}`;
      const known = ways.get(key);
      if (known) known.count++;
      else ways.set(key, { hash: 0, data, count: 1, first: j, points });
    }
    const best = chooseWay([...ways.values()]);
    const points = best.way?.points ?? [];
    const { bytes, again } = this.bytes(joined, connection);
    let firstRow = 0;
    let lastRow = 0;
    let firstNs = Infinity;
    let lastNs = -Infinity;
    for (const row of joined.rows) {
      const t = this.matcher.alignedNs(row);
      if (t < firstNs || (t === firstNs && row < firstRow)) {
        firstNs = t;
        firstRow = row;
      }
      if (t > lastNs || (t === lastNs && row > lastRow)) {
        lastNs = t;
        lastRow = row;
      }
    }
    return {
      points,
      exemplary: best.way
        ? Array.from(joined.rows.subarray(joined.start[best.way.first], joined.start[best.way.first + 1]))
        : [],
      others: best.others,
      journeys: joined.count,
      rows: joined.rows.length,
      missing: this.missing(joined, points),
      alone: alone(joined),
      bytes,
      again,
      firstRow,
      lastRow,
      firstNs,
      lastNs,
    };
  }

  /** Source (0) or destination (1) of a row: the flow's end. */
  private end(row: number, which: number): number {
    return this.columns.direction(row) ^ which;
  }
  private address(row: number, which: number): number {
    return this.columns.address(this.columns.flow(row), this.end(row, which));
  }
  private port(row: number, which: number, clientSide: boolean): number {
    const flow = this.columns.flow(row);
    // ICMP: the identifier is the client's port, the server's is 0.
    if (this.columns.isIcmp(flow)) return clientSide ? this.columns.port(flow, 0) : 0;
    return this.columns.port(flow, this.end(row, which));
  }

  /** Points of a journey in hop order, each once in a row. Of a segment that was split the first piece is followed. */
  pointsOf(joined: JoinedPackets, journey: number): number[] {
    const { columns } = this;
    const from = joined.start[journey] as number;
    const to = joined.start[journey + 1] as number;
    const all: number[] = [];
    const followed: number[] = [];
    const seq = columns.word(joined.rows[from] as number, W_SEQ);
    for (let i = from; i < to; i++) {
      const row = joined.rows[i] as number;
      const p = this.pointOfFlow[columns.flow(row)] as number;
      if (all[all.length - 1] !== p) all.push(p);
      if (columns.word(row, W_SEQ) === seq && followed[followed.length - 1] !== p) followed.push(p);
    }
    if (!joined.offload || all.length === followed.length) return all;
    // Merged with what was sent before it, a piece begins elsewhere: each point where it was first.
    return new Set(followed).size === new Set(all).size ? followed : all.filter((p, i) => all.indexOf(p) === i);
  }

  /** Journeys not seen at the end of the path. */
  private missing(joined: JoinedPackets, path: readonly number[]): number {
    if (path.length < 2) return 0;
    const last = path[path.length - 1] as number;
    let missing = 0;
    const covered = joined.offload ? this.coverage(joined, last) : undefined;
    for (let j = 0; j < joined.count; j++) {
      let seen = false;
      for (let i = joined.start[j] as number; i < (joined.start[j + 1] as number) && !seen; i++)
        seen = this.pointOfFlow[this.columns.flow(joined.rows[i] as number)] === last;
      if (seen) continue;
      if (covered) {
        const row = joined.rows[joined.start[j] as number] as number;
        if (covered.has(this.columns.word(row, W_SEQ)) || this.inside(covered, row)) continue;
      }
      missing++;
    }
    return missing;
  }

  /** The bytes of `row` were seen at `point` inside other segments. */
  coveredAt(joined: JoinedPackets, point: number, row: number): boolean {
    return joined.offload && this.inside(this.coverage(joined, point), row);
  }

  /** Byte ranges seen at a point: start to end. */
  private coverage(joined: JoinedPackets, point: number): Map<number, number> {
    const ranges = new Map<number, number>();
    for (const row of joined.rows) {
      if (this.pointOfFlow[this.columns.flow(row)] !== point) continue;
      const length = this.columns.word(row, W_LENGTH) >>> 8;
      if (length > 0)
        ranges.set(this.columns.word(row, W_SEQ), Math.max(length, ranges.get(this.columns.word(row, W_SEQ)) ?? 0));
    }
    return ranges;
  }

  private inside(ranges: ReadonlyMap<number, number>, row: number): boolean {
    const seq = this.columns.word(row, W_SEQ);
    for (const [start, length] of ranges) if ((seq - start) >>> 0 < length) return true;
    return false;
  }

  /** Payload bytes counted once a packet, and journeys that send again what was sent. */
  private bytes(joined: JoinedPackets, connection: number): { readonly bytes: number; readonly again: number } {
    const tcp = this.protocol(connection) === PROTOCOL_TCP;
    let bytes = 0;
    let again = 0;
    const sent = new Map<number, number>();
    for (let j = 0; j < joined.count; j++) {
      const row = joined.rows[joined.start[j] as number] as number;
      const word = this.columns.word(row, W_LENGTH);
      const length = word >>> 8;
      bytes += length;
      if (!tcp || (length === 0 && !(word & 3))) continue;
      const seq = this.columns.word(row, W_SEQ);
      if ((sent.get(seq) ?? -1) >= length) again++;
      else sent.set(seq, length);
    }
    return { bytes, again };
  }

  /**
   * The ends, from what each side saw of its own packets. A client whose packets were first seen translated may be named by
   * its replies (a node's own call to a Service: only the un-translated answer crosses the bridge); what it asked for is then
   * not shown.
   */
  private readEnds(connection: number, there: readonly number[], back: readonly number[]): void {
    const { table } = this;
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
    const put = (address: Uint32Array, port: Uint32Array, end: End | undefined): void => {
      address[connection] = end?.address ?? 0;
      port[connection] = end?.port ?? NO_PORT;
    };
    put(table.clientAddress, table.clientPort, client);
    put(table.requestedAddress, table.requestedPort, requested);
    put(table.serverAddress, table.serverPort, server);
    put(table.seenAsAddress, table.seenAsPort, seenAs);
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

  /**
   * Changes of source and of destination along a journey. A value that was left and comes back (copies a bridge makes between
   * two of NAT's steps) is no further change.
   */
  private translations(connection: number, there: DirectionFacts, back: DirectionFacts): FoundTranslation[] {
    const out: FoundTranslation[] = [];
    const packets = there.journeys + back.journeys;
    const walk = (rows: readonly number[], isBack: boolean): void => {
      for (const side of [1, 0]) {
        // Towards the client the server is the source, and what was changed is changed back.
        const which = isBack ? side ^ 1 : side;
        const clientSide = side === 0;
        const values: End[] = [];
        let previous = -1;
        for (const row of rows) {
          const address = this.address(row, which);
          const port = this.port(row, which, clientSide);
          const last = values[values.length - 1];
          if (!holds(values, address, port)) {
            const end = { address, port };
            values.push(end);
            if (last) {
              const [from, to] = isBack ? [end, last] : [last, end];
              const [x, y] = isBack ? [row, previous] : [previous, row];
              add(side, from, to, x, y);
            }
          }
          previous = row;
        }
      }
    };
    const add = (side: number, from: End, to: End, before: number, after: number): void => {
      const icmp = this.columns.isIcmp(this.columns.flow(after));
      const kind = side === 1 ? "dnat" : icmp && from.address === to.address ? "icmp-id" : "snat";
      const known = out.some(
        (t) =>
          t.kind === kind &&
          t.fromAddress === from.address &&
          t.fromPort === from.port &&
          t.toAddress === to.address &&
          t.toPort === to.port,
      );
      if (known) return;
      out.push({
        kind,
        fromAddress: from.address,
        fromPort: from.port,
        toAddress: to.address,
        toPort: to.port,
        before: this.pointOfFlow[this.columns.flow(before)] as number,
        after: this.pointOfFlow[this.columns.flow(after)] as number,
        evidence: evidenceNames(samePacket(this.columns, before, after, this.protocol(connection))),
        packets,
      });
    };
    walk(there.exemplary, false);
    walk(back.exemplary, true);
    return out;
  }

  /** Carriers of the connection's flows: of the first packets each way of each, which say what tunnel it is. */
  private findCarriers(connection: number): FoundCarrier[] {
    const { columns, table } = this;
    const found: FoundCarrier[] = [];
    const serverIsA = table.serverIsA[connection] as number;
    for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
      const flow = table.flows[i] as number;
      if (columns.depth(flow) < 2) continue;
      const flip = this.sets.swapped(flow) ^ serverIsA;
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
          const port = columns.protocol(outer) === PROTOCOL_UDP ? columns.port(outer, from ^ 1) : -1;
          const kind = columns.tunnelKind(carried);
          const vni = columns.vni(carried);
          const source = columns.address(outer, toClient ? from ^ 1 : from);
          const destination = columns.address(outer, toClient ? from : from ^ 1);
          const protocol = columns.protocol(outer);
          if (
            found.some(
              (c) =>
                c.kind === kind &&
                c.vni === vni &&
                c.port === port &&
                c.source === source &&
                c.destination === destination &&
                c.protocol === protocol,
            )
          )
            continue;
          found.push({
            kind,
            inner6: columns.v6(carried),
            outer6: columns.v6(outer),
            vni,
            port,
            source,
            destination,
            protocol,
          });
        }
      }
    }
    return found;
  }
}

/** Packets of a flow among which the first each way is looked for, to name its carrier. */
const CARRIERS_LOOKED_AT = 8;

function holds(list: readonly End[], address: number, port: number): boolean {
  for (const e of list) if (e.address === address && e.port === port) return true;
  return false;
}

/**
 * The way most data packets went. A packet that was lost on the way votes for the way it was on, if others came through there.
 */
function chooseWay(all: readonly Way[]): { readonly way: Way | undefined; readonly others: number } {
  const [only] = all;
  if (all.length === 1) return { way: only, others: 0 };
  const withData = all.filter((w) => w.data);
  const bare = all.filter((w) => !w.data);
  const ways = withData.length > 0 ? withData : bare;
  const most = (among: readonly Way[]): Way | undefined => {
    let best: Way | undefined;
    for (const one of among)
      // Of equally frequent ones the longer: the shorter missed something.
      if (!best || one.count > best.count || (one.count === best.count && one.points.length > best.points.length))
        best = one;
    return best;
  };
  const first = most(ways);
  if (!first) return { way: undefined, others: 0 };
  let total = 0;
  for (const way of ways) total += way.count;
  const usual = most(bare);
  let best = first;
  for (const one of ways) {
    if (one.points.length <= best.points.length || !startsWith(one.points, best.points)) continue;
    if (one.count * 4 < best.count && !(usual && equalLists(usual.points, one.points))) continue;
    best = one;
  }
  // All data was lost where everything else came through.
  if (usual && usual.points.length > best.points.length && startsWith(usual.points, best.points) && usual.count > 1)
    best = usual;
  let votes = 0;
  for (const one of ways) if (startsWith(best.points, one.points)) votes += one.count;
  return { way: best, others: total - votes };
}

function equalLists(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && startsWith(a, b);
}

/** Journeys seen once only. */
function alone(joined: JoinedPackets): number {
  let n = 0;
  for (let j = 0; j < joined.count; j++) if ((joined.start[j + 1] as number) - (joined.start[j] as number) === 1) n++;
  return n;
}
