/**
 * Facts of one direction from journeys joined packet by packet: where segmentation offload split and merged, where fragments or
 * repetitions are. Slower than packet-groups.ts, and needed for few.
 */
import { SIGHTING_FRAGMENT, SIGHTING_NO_TRANSPORT } from "../../kernel/assembly/abi";
import type { JoinedPackets, PacketMatcher } from "../packet-matching";
import { PROTOCOL_TCP, type SightingColumns, W_ID, W_LENGTH, W_SEQ } from "../sighting-columns";
import { ByteRanges } from "./byte-ranges";
import { crossedPoints } from "./crossed-points";
import type { DirectionFacts } from "./direction-facts";
import { type Way, chooseWay } from "./ways";

const LATER_FRAGMENT = SIGHTING_FRAGMENT | SIGHTING_NO_TRANSPORT;
/** Ways that a merged segment may have gone. */
const LONGEST_WAYS = 8;

export class JoinedDirections {
  constructor(
    private readonly columns: SightingColumns,
    private readonly matcher: PacketMatcher,
    private readonly pointOfFlow: Int32Array,
  ) {}

  factsOf(joined: JoinedPackets, protocol: number): DirectionFacts {
    const byPoints = new Map<string, Way>();
    const wayOf: Way[] = [];
    for (let j = 0; j < joined.count; j++) {
      const points = this.pointsOf(joined, j);
      const data = joined.data[j] === 1;
      const key = `${data ? 1 : 0} ${points.join(" ")}`;
      let way = byPoints.get(key);
      if (!way) byPoints.set(key, (way = { data, count: 0, first: j, points }));
      way.count++;
      wayOf.push(way);
    }
    const ways = [...byPoints.values()];
    if (joined.offload) this.followMerged(joined, ways, wayOf);
    const best = chooseWay(ways);
    const points = best.way?.points ?? [];
    const { bytes, again } = this.bytes(joined, protocol);
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

  /**
   * A segment that was merged with others on its way is part of what some point saw: it went the longer way, whose further points
   * saw its bytes.
   */
  private followMerged(joined: JoinedPackets, ways: readonly Way[], wayOf: readonly Way[]): void {
    const longest = ways
      .filter((way) => way.data)
      .sort((a, b) => b.points.length - a.points.length)
      .slice(0, LONGEST_WAYS);
    const bytes = new Map<number, ByteRanges | undefined>();
    const hasBytes = (p: number, seq: number): boolean => {
      if (!bytes.has(p)) bytes.set(p, this.bytesAt(joined, p));
      return bytes.get(p)?.has(seq) ?? false;
    };
    wayOf.forEach((way, j) => {
      if (!way.data) return;
      const seq = this.columns.word(joined.rows[joined.start[j] as number] as number, W_SEQ);
      const longer = longest.find(
        (one) =>
          one.points.length > way.points.length &&
          isPartOf(way.points, one.points) &&
          one.points.every((p) => way.points.includes(p) || hasBytes(p, seq)),
      );
      if (!longer) return;
      way.count--;
      longer.count++;
    });
  }

  /** Points of a journey in hop order, each once in a row. Of what was split the first piece is followed. */
  pointsOf(joined: JoinedPackets, journey: number): readonly number[] {
    const { columns } = this;
    const rows = joined.rows.subarray(joined.start[journey], joined.start[journey + 1]);
    if (!this.isSplit(rows)) return crossedPoints(columns, this.pointOfFlow, rows);
    const seq = columns.word(rows.find((row) => !this.isLaterFragment(row)) ?? (rows[0] as number), W_SEQ);
    const followed = rows.filter((row) => columns.word(row, W_SEQ) === seq && !this.isLaterFragment(row));
    const points = crossedPoints(columns, this.pointOfFlow, followed);
    // Merged with what was sent before it, a piece begins elsewhere: each point where it was first.
    const all = new Set(Array.from(rows, (row) => this.pointOfFlow[columns.flow(row)] as number));
    return new Set(points).size === all.size ? points : [...all];
  }

  /** Some rows are pieces of the packet. */
  private isSplit(rows: Uint32Array): boolean {
    const seq = this.columns.word(rows[0] as number, W_SEQ);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      if (this.columns.word(row, W_SEQ) !== seq || this.isLaterFragment(row)) return true;
    }
    return false;
  }

  private isLaterFragment(row: number): boolean {
    return (this.columns.word(row, W_ID) & LATER_FRAGMENT) === LATER_FRAGMENT;
  }

  /** Journeys not seen at the end of the path. */
  private missing(joined: JoinedPackets, path: readonly number[]): number {
    if (path.length < 2) return 0;
    const last = path[path.length - 1] as number;
    let missing = 0;
    const covered = this.bytesAt(joined, last);
    for (let j = 0; j < joined.count; j++) {
      let seen = false;
      for (let i = joined.start[j] as number; i < (joined.start[j + 1] as number) && !seen; i++)
        seen = this.pointOfFlow[this.columns.flow(joined.rows[i] as number)] === last;
      const end = this.pointOfFlow[this.columns.flow(joined.rows[(joined.start[j + 1] as number) - 1] as number)];
      // Last seen beside the path, it arrived elsewhere: the address is another pod's by now.
      if (
        !seen &&
        path.includes(end as number) &&
        !covered?.has(this.columns.word(joined.rows[joined.start[j] as number] as number, W_SEQ))
      )
        missing++;
    }
    return missing;
  }

  /** Bytes seen at a point, where segments were split and merged: what is among them was not lost. */
  bytesAt(joined: JoinedPackets, point: number): ByteRanges | undefined {
    if (!joined.offload) return undefined;
    const ranges = new Map<number, number>();
    for (const row of joined.rows) {
      if (this.pointOfFlow[this.columns.flow(row)] !== point) continue;
      const seq = this.columns.word(row, W_SEQ);
      const length = this.columns.word(row, W_LENGTH) >>> 8;
      if (length > 0) ranges.set(seq, Math.max(length, ranges.get(seq) ?? 0));
    }
    return new ByteRanges(ranges);
  }

  /** The first sighting that kept the header: without it neither flags nor length are known. */
  private toldRow(joined: JoinedPackets, journey: number): number {
    const first = joined.start[journey] as number;
    for (let i = first; i < (joined.start[journey + 1] as number); i++)
      if (this.columns.word(joined.rows[i] as number, W_LENGTH) !== 0) return joined.rows[i] as number;
    return joined.rows[first] as number;
  }

  /** Payload bytes counted once a packet, and journeys that send again what was sent. */
  private bytes(joined: JoinedPackets, protocol: number): { readonly bytes: number; readonly again: number } {
    const tcp = protocol === PROTOCOL_TCP;
    let bytes = 0;
    let again = 0;
    const sent = new Map<number, number>();
    for (let j = 0; j < joined.count; j++) {
      const row = this.toldRow(joined, j);
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
}

/** Journeys seen once only. */
function alone(joined: JoinedPackets): number {
  let n = 0;
  for (let j = 0; j < joined.count; j++) if ((joined.start[j + 1] as number) - (joined.start[j] as number) === 1) n++;
  return n;
}

/** `part` is `whole` with some points left out. */
function isPartOf(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const p of whole) if (part[at] === p) at++;
  return at === part.length;
}
