/**
 * Facts of a connection's two directions from the kernel's groups of equal packets (kernel/assembly/joining.ts): nearly all
 * connections are of packets that are equal wherever they were seen.
 */
import {
  GROUPS_ALONE,
  GROUPS_FIRST_WAY,
  GROUPS_IN,
  GROUP_BYTES,
  GROUP_HEADER_BYTES,
  GROUP_NEXT_WAY,
  GROUP_OF_WAY,
  GROUP_POINTS,
  GROUP_WORD,
  JOINT_BYTES,
  NO_ROW,
} from "../../kernel/assembly/abi";
import type { ConnectionTable } from "../connection-table";
import { PROTOCOL_TCP, type SightingColumns } from "../sighting-columns";
import { crossedPoints } from "./crossed-points";
import { type DirectionFacts, NOTHING } from "./direction-facts";
import { type Way, chooseWay, equalLists } from "./ways";

const NO_POINTS: readonly number[] = [];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class PacketGroups {
  /** First word of the kernel's headers, of its groups and of their rows: they stay where they are. */
  private readonly headers: number;
  private readonly base: number;
  private readonly joints: number;
  private readonly words: Uint32Array;
  private readonly numbers: Float64Array;
  /** Lists of points by the kernel's hash of them: a recording has few different ones. */
  private readonly pointLists = new Map<number, readonly number[]>();
  private readonly listsByText = new Map<string, readonly number[]>();
  /** Of the connection that is read: one object for all, by direction. */
  private readonly facts: readonly [Mutable<DirectionFacts>, Mutable<DirectionFacts>] = [
    { ...NOTHING },
    { ...NOTHING },
  ];
  private readonly read: [DirectionFacts, DirectionFacts] = [NOTHING, NOTHING];
  private readonly exemplary: readonly number[][] = [[], []];
  private readonly looked: number[] = [];

  constructor(
    private readonly columns: SightingColumns,
    private readonly table: ConnectionTable,
    private readonly pointOfFlow: Int32Array,
    /** For directions whose packets are not equal everywhere. */
    private readonly slowly: (connection: number, direction: number) => DirectionFacts,
  ) {
    this.headers = columns.handle.kernel.groupTable() >>> 2;
    this.base = this.headers + (2 * GROUP_HEADER_BYTES) / 4;
    this.joints = columns.handle.kernel.jointTable() >>> 2;
    this.words = new Uint32Array(columns.handle.memory.memory.buffer);
    this.numbers = new Float64Array(columns.handle.memory.memory.buffer);
  }

  /** To the server, to the client: both are written over by the next connection's. */
  factsOf(connection: number): readonly [DirectionFacts, DirectionFacts] {
    const { table, read } = this;
    const tcp = table.protocol[connection] === PROTOCOL_TCP;
    this.columns.handle.kernel.groupPackets(connection, table.serverIsA[connection] as number, tcp);
    read[0] = this.directionFacts(connection, 0);
    read[1] = this.directionFacts(connection, 1);
    return read;
  }

  private directionFacts(connection: number, direction: 0 | 1): DirectionFacts {
    const { words, numbers } = this;
    const header = this.headers + direction * (GROUP_HEADER_BYTES / 4);
    const firstWay = words[header + GROUPS_FIRST_WAY / 4] as number;
    if (firstWay === NO_ROW) return NOTHING;
    if ((words[header] as number) !== 0) return this.slowly(connection, direction);
    const facts = this.facts[direction];
    const exemplary = this.exemplary[direction] as number[];
    const only = this.onlyPoints(firstWay);
    if (only) {
      facts.points = only;
      facts.others = 0;
      facts.missing = 0;
      this.rowsOfGroup(this.wayWithData(firstWay), exemplary);
    } else {
      const ways = this.ways(firstWay);
      const { way, others } = chooseWay(sumOf(ways));
      facts.points = way?.points ?? NO_POINTS;
      facts.others = others;
      facts.missing = way ? missingFrom(way.points, ways) : 0;
      if (way) this.rowsOfGroup(way.first, exemplary);
      else exemplary.length = 0;
    }
    // Two lists with one hash: one in four thousand million; then it is done by the lists themselves.
    if (exemplary.length > 0 && !this.crosses(exemplary, facts.points)) return this.slowly(connection, direction);
    facts.exemplary = exemplary;
    facts.journeys = words[header + GROUPS_IN / 4] as number;
    facts.rows = words[header + 1] as number;
    facts.alone = words[header + GROUPS_ALONE / 4] as number;
    facts.again = words[header + 2] as number;
    facts.firstRow = words[header + 3] as number;
    facts.lastRow = words[header + 4] as number;
    facts.bytes = numbers[(header + 6) >>> 1] as number;
    facts.firstNs = numbers[(header + 8) >>> 1] as number;
    facts.lastNs = numbers[(header + 10) >>> 1] as number;
    return facts;
  }

  private wordOf(group: number, offset: number): number {
    return this.words[this.base + (group * GROUP_BYTES + offset) / 4] as number;
  }

  /** The points that all ways have in common, as nearly always: they differ in payload or copies; undefined: points differ. */
  private onlyPoints(firstWay: number): readonly number[] | undefined {
    const points = this.pointsOf(firstWay);
    for (let g = this.wordOf(firstWay, GROUP_NEXT_WAY); g !== NO_ROW; g = this.wordOf(g, GROUP_NEXT_WAY))
      if (this.pointsOf(g) !== points) return undefined;
    return points;
  }

  /** The first way with payload, else the first. */
  private wayWithData(firstWay: number): number {
    for (let g = firstWay; g !== NO_ROW; g = this.wordOf(g, GROUP_NEXT_WAY))
      if (this.wordOf(g, GROUP_WORD) > 255) return g;
    return firstWay;
  }

  private ways(firstWay: number): Way[] {
    const ways: Way[] = [];
    for (let g = firstWay; g !== NO_ROW; g = this.wordOf(g, GROUP_NEXT_WAY))
      ways.push({
        data: this.wordOf(g, GROUP_WORD) > 255,
        count: this.wordOf(g, GROUP_OF_WAY),
        first: g,
        points: this.pointsOf(g),
      });
    return ways;
  }

  private pointsOf(group: number): readonly number[] {
    const hash = this.wordOf(group, GROUP_POINTS);
    return this.pointLists.get(hash) ?? this.keepPoints(hash, this.rowsOfGroup(group, this.looked));
  }

  /** Fills `rows` with those of a group, in order of time. */
  private rowsOfGroup(group: number, rows: number[]): number[] {
    const { words, joints } = this;
    let count = 0;
    for (let k = this.wordOf(group, 0); k !== NO_ROW;) {
      const at = joints + k * (JOINT_BYTES / 4);
      rows[count++] = words[at + 2] as number;
      k = words[at + 4] as number;
    }
    // Emptied first, an array would get new memory each time.
    if (rows.length > count) rows.length = count;
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

/** Packets that did not come to the end of the path. Last seen beside it, they arrived elsewhere: the address is another pod's by now. */
function missingFrom(path: readonly number[], ways: readonly Way[]): number {
  const last = path[path.length - 1];
  if (path.length < 2 || last === undefined) return 0;
  let missing = 0;
  for (const { points, count } of ways)
    if (!points.includes(last) && path.includes(points[points.length - 1] as number)) missing += count;
  return missing;
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
