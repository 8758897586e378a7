/**
 * Facts of a connection's two directions from the kernel's groups of equal packets (kernel/assembly/joining.ts): nearly all
 * connections are of packets that are equal wherever they were seen.
 */
import { GROUP_BYTES, GROUP_HEADER_BYTES, JOINT_BYTES, NO_ROW } from "../../kernel/assembly/abi";
import type { ConnectionTable } from "../connection-table";
import type { FlowSets } from "../flow-sets";
import { PROTOCOL_TCP, type SightingColumns } from "../sighting-columns";
import { crossedPoints } from "./crossed-points";
import { type DirectionFacts, NOTHING } from "./direction-facts";
import { type Way, chooseWay, equalLists } from "./ways";

const NO_POINTS: readonly number[] = [];

export class PacketGroups {
  /** Kernel memory for the flows of a connection. */
  private list = 0;
  /** First word of the kernel's groups (behind both headers) and of their rows: they stay where they are. */
  private readonly base: number;
  private readonly joints: number;
  private readonly words: Uint32Array;
  private readonly numbers: Float64Array;
  /** Lists of points by the kernel's hash of them: a recording has few different ones. */
  private readonly pointLists = new Map<number, readonly number[]>();
  private readonly listsByText = new Map<string, readonly number[]>();
  /** Of the connection that is read, by direction: one object for all (40 of 630 MB allocated for 50,000 connections). */
  private readonly ways: readonly Way[][] = [[], []];
  private readonly alone = [0, 0];
  private readonly journeys = [0, 0];
  private readonly exemplary: readonly number[][] = [[], []];
  private readonly looked: number[] = [];

  constructor(
    private readonly columns: SightingColumns,
    private readonly sets: FlowSets,
    private readonly table: ConnectionTable,
    private readonly pointOfFlow: Int32Array,
    /** For directions whose packets are not equal everywhere. */
    private readonly slowly: (connection: number, direction: number) => DirectionFacts,
  ) {
    let most = 1;
    for (let c = 0; c < table.count; c++)
      most = Math.max(most, (table.flowStart[c + 1] as number) - (table.flowStart[c] as number));
    this.list = columns.handle.memory.allocate(most * 4);
    this.base = (columns.handle.kernel.groupTable() >>> 2) + GROUP_HEADER_BYTES / 2;
    this.joints = columns.handle.kernel.jointTable() >>> 2;
    this.words = new Uint32Array(columns.handle.memory.memory.buffer);
    this.numbers = new Float64Array(columns.handle.memory.memory.buffer);
  }

  /** To the server, to the client; `exemplary` is written over by the next connection's. */
  factsOf(connection: number): readonly [DirectionFacts, DirectionFacts] {
    const { table, words, sets } = this;
    const { kernel } = this.columns.handle;
    const tcp = table.protocol[connection] === PROTOCOL_TCP;
    const from = table.flowStart[connection] as number;
    const count = (table.flowStart[connection + 1] as number) - from;
    const serverIsA = table.serverIsA[connection] as number;
    for (let i = 0; i < count; i++) {
      const flow = table.flows[from + i] as number;
      words[(this.list >>> 2) + i] = flow * 2 + (sets.swapped(flow) ^ serverIsA);
    }
    const groups = kernel.groupPackets(this.list, count, tcp);
    const { base, ways, alone, journeys } = this;
    for (let direction = 0; direction < 2; direction++) {
      (ways[direction] as Way[]).length = 0;
      alone[direction] = 0;
      journeys[direction] = 0;
    }
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
      this.directionFacts(connection, 0, base, ways[0] as Way[], journeys[0] as number, alone[0] as number),
      this.directionFacts(connection, 1, base, ways[1] as Way[], journeys[1] as number, alone[1] as number),
    ];
  }

  private directionFacts(
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
    if ((words[header] as number) !== 0) return this.slowly(connection, direction);
    for (const way of ways)
      way.points =
        this.pointLists.get(way.hash) ?? this.keepPoints(way.hash, this.rowsOfGroup(base, way.first, this.looked));
    const best = chooseWay(ways.length > 1 ? sumOf(ways) : ways);
    const exemplary = best.way
      ? this.rowsOfGroup(base, best.way.first, this.exemplary[direction] as number[])
      : NO_POINTS;
    // Two lists with one hash: one in four thousand million; then it is done by the lists themselves.
    if (best.way && !this.crosses(exemplary, best.way.points)) return this.slowly(connection, direction);
    let missing = 0;
    if (best.way && best.way.points.length > 1 && ways.length > 1) {
      const last = best.way.points[best.way.points.length - 1] as number;
      for (const { points, count } of ways)
        // Last seen beside the path, they arrived elsewhere: the address is another pod's by now.
        if (!points.includes(last) && best.way.points.includes(points[points.length - 1] as number)) missing += count;
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

  /** Fills `rows` with those of a group, in order of time. */
  private rowsOfGroup(base: number, group: number, rows: number[]): number[] {
    const { words, joints } = this;
    rows.length = 0;
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
    return this.crossesAll(rows, points) || equalLists(crossedPoints(this.columns, this.pointOfFlow, rows), points);
  }

  /** Without copies, as nearly always. */
  private crossesAll(rows: readonly number[], points: readonly number[]): boolean {
    let at = -1;
    for (const row of rows) {
      const p = this.pointOfFlow[this.columns.flow(row)] as number;
      if (at >= 0 && points[at] === p) continue;
      if (points[++at] !== p) return false;
    }
    return at === points.length - 1;
  }

  /** Equal lists are one object. */
  private keepPoints(hash: number, rows: readonly number[]): readonly number[] {
    const points = crossedPoints(this.columns, this.pointOfFlow, rows);
    const key = points.join(" ");
    let list = this.listsByText.get(key);
    if (!list) this.listsByText.set(key, (list = points));
    this.pointLists.set(hash, list);
    return list;
  }
}

/** Ways of equal points as one: with and without copies of packets on the way. */
function sumOf(ways: readonly Way[]): readonly Way[] {
  const out: Way[] = [];
  for (const way of ways) {
    const same = out.find((one) => one.points === way.points && one.data === way.data);
    if (same) same.count += way.count;
    else out.push({ ...way });
  }
  return out;
}
