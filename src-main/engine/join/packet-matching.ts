/**
 * Joins the packets of one connection: which of its sightings are the same network-layer packet (a journey).
 *
 * ```
 * rows of one direction
 *   │ equal: sequence, acknowledgment, flags, length, identification (0: TSval); payload and identification for others
 *   ▼
 * groups ── identification 0 and seen several times at one point: sent again, or a copy? (repeated-packets.ts)
 *   │ bytes inside a longer segment of another point: segmentation offload (packet-matching/pieces.ts)
 *   │ fragments with the identification of a whole packet
 *   ▼
 * journeys, their rows in order of aligned time
 * ```
 * One object serves many connections: its arrays are reused, and what it gives holds until the next call.
 */
import { SIGHTING_CARRIED, SIGHTING_FRAGMENT } from "../kernel/assembly/abi";
import type { ClockMap } from "./clock-map";
import { isHeaderCut, isWithoutSequence } from "./packet-matching/cut-headers";
import { type MatchedPackets, mergeFragments, mergeOffload } from "./packet-matching/pieces";
import { RepeatedPackets } from "./repeated-packets";
import {
  PROTOCOL_TCP,
  type SightingColumns,
  W_ACK,
  W_EXTRA,
  W_FLOW,
  W_HASH,
  W_ID,
  W_IP_LENGTH,
  W_LENGTH,
  W_SEQ,
} from "./sighting-columns";
import type { SightingOrder } from "./sighting-order";

function mix(h: number, value: number): number {
  h = Math.imul(h ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}

export interface JoinedPackets {
  /** Journeys of this direction. */
  readonly count: number;
  /** Rows of journey j: rows[start[j]] … rows[start[j + 1] - 1], by aligned time. */
  readonly rows: Uint32Array;
  readonly start: Uint32Array;
  /** 1: it carries payload. */
  readonly data: Uint8Array;
  /** Segments were split or merged on the way. */
  readonly offload: boolean;
}

/** Longest list that is sorted by insertion. */
const INSERTED = 32;

export class PacketMatcher {
  private slots = new Int32Array(2048);
  private groupOf = new Int32Array(1024);
  private times = new Float64Array(1024);

  constructor(
    private readonly columns: SightingColumns,
    private readonly pointOfFlow: Int32Array,
    private readonly fileOfPoint: readonly number[],
    private readonly clocks: ClockMap,
    /** Order where times are equal (hop-order.ts, station-order.ts). */
    private readonly order: SightingOrder,
  ) {}

  alignedNs(row: number): number {
    const point = this.pointOfFlow[this.columns.flow(row)] as number;
    return this.clocks.aligned(this.fileOfPoint[point] ?? 0, this.columns.timeNs(row));
  }

  private pointOf(row: number): number {
    return this.pointOfFlow[this.columns.flow(row)] as number;
  }

  /** A flow with a TTL: a capture of all interfaces, one point, sees at one what comes in whole and at the next what goes out in pieces. */
  private stationOf(row: number): number {
    return this.columns.flow(row) * 256 + ttlOf(this.columns, row);
  }

  /** Number of the group of each row (in `groupOf`), by what survives. Groups are numbered by first appearance. */
  private group(rows: Uint32Array, protocol: number): number {
    const { columns } = this;
    const { words } = columns;
    const n = rows.length;
    let mask = 1023;
    while (mask < n * 2) mask = mask * 2 + 1;
    if (this.slots.length <= mask) this.slots = new Int32Array(mask + 1);
    else this.slots.fill(0, 0, mask + 1);
    if (this.groupOf.length < n) this.groupOf = new Int32Array(n * 2);
    const firstOf: number[] = [];
    const same = (a: number, b: number): boolean => {
      const x = columns.at(a);
      const y = columns.at(b);
      const wx = words[x + W_ID] as number;
      const wy = words[y + W_ID] as number;
      if (wx >>> 16 !== wy >>> 16) return false;
      const fragment = (wx & wy & SIGHTING_FRAGMENT) !== 0;
      if ((wx ^ wy) & SIGHTING_FRAGMENT) return false;
      if (fragment) return true;
      if (protocol === PROTOCOL_TCP) {
        const cut = Number(isHeaderCut(columns, x)) + Number(isHeaderCut(columns, y));
        if (cut > 0)
          return (
            (cut === 2 || wx >>> 16 !== 0) &&
            (words[x + W_SEQ] === words[y + W_SEQ] || isWithoutSequence(columns, x) || isWithoutSequence(columns, y)) &&
            words[x + W_IP_LENGTH] === words[y + W_IP_LENGTH]
          );
      }
      if (
        words[x + W_LENGTH] !== words[y + W_LENGTH] &&
        !sameLength(words[x + W_LENGTH] as number, words[y + W_LENGTH] as number)
      )
        return false;
      if (protocol === PROTOCOL_TCP)
        return (
          words[x + W_SEQ] === words[y + W_SEQ] &&
          words[x + W_ACK] === words[y + W_ACK] &&
          (wx >>> 16 !== 0 || sameTimestamp(words[x + W_EXTRA] as number, words[y + W_EXTRA] as number))
        );
      const hx = words[x + W_HASH] as number;
      const hy = words[y + W_HASH] as number;
      return words[x + W_EXTRA] === words[y + W_EXTRA] && (hx === hy || (wx >>> 16 !== 0 && (hx === 0 || hy === 0)));
    };
    const byIdentification =
      protocol === PROTOCOL_TCP && rows.some((row) => isWithoutSequence(columns, columns.at(row)));
    for (let k = 0; k < n; k++) {
      const row = rows[k] as number;
      const at = columns.at(row);
      const id = words[at + W_ID] as number;
      let h = mix(0x3c6ef372, id >>> 16);
      if (!(id & SIGHTING_FRAGMENT) && !(byIdentification && id >>> 16 !== 0)) {
        if (protocol === PROTOCOL_TCP)
          h = mix(mix(h, words[at + W_SEQ] as number), id >>> 16 ? 0 : (words[at + W_ACK] as number));
        else if (id >>> 16 === 0) h = mix(h, words[at + W_HASH] as number);
      }
      let i = h & mask;
      for (;;) {
        const g = (this.slots[i] as number) - 1;
        if (g < 0) {
          this.slots[i] = firstOf.length + 1;
          this.groupOf[k] = firstOf.length;
          firstOf.push(row);
          break;
        }
        if (same(firstOf[g] as number, row)) {
          this.groupOf[k] = g;
          break;
        }
        i = (i + 1) & mask;
      }
    }
    return protocol === PROTOCOL_TCP ? this.mergeCut(rows, firstOf) : firstOf.length;
  }

  /**
   * Segments without identification of which some point kept no acknowledgment (cut within the header): of the group that alone has their
   * sequence number and length; where not even the former was kept, their length. Gives the number of groups.
   */
  private mergeCut(rows: Uint32Array, firstOf: readonly number[]): number {
    const { columns } = this;
    const isCut = firstOf.map((row) => columns.word(row, W_ID) >>> 16 === 0 && isHeaderCut(columns, columns.at(row)));
    if (!isCut.includes(true)) return firstOf.length;
    const lengthOf = (row: number): number => columns.word(row, W_IP_LENGTH) & 65535;
    const keyOf = (row: number): number =>
      isWithoutSequence(columns, columns.at(row)) ? -lengthOf(row) : columns.word(row, W_SEQ) * 65536 + lengthOf(row);
    /** Group of each key, and of each length below 0; -1 several. */
    const whole = new Map<number, number>();
    firstOf.forEach((row, g) => {
      if (isCut[g] || columns.word(row, W_ID) >>> 16 !== 0) return;
      for (const key of [keyOf(row), -lengthOf(row)]) whole.set(key, whole.has(key) ? -1 : g);
    });
    const mergedWith = firstOf.map((row, g) => {
      const other = isCut[g] ? (whole.get(keyOf(row)) ?? -1) : -1;
      return other < 0 ? g : other;
    });
    const number = new Int32Array(firstOf.length).fill(-1);
    let count = 0;
    for (let k = 0; k < rows.length; k++) {
      const g = mergedWith[this.groupOf[k] as number] as number;
      if (number[g] === -1) number[g] = count++;
      this.groupOf[k] = number[g] as number;
    }
    return count;
  }

  /**
   * Groups only, by what survives, without times: for estimating clocks. Calls `each` with the rows of every group of two or
   * more whose points are all different.
   * @param repeated also groups with several rows at one point, if by its identification they are one packet: a capture of all
   *   interfaces sees it come in and go out
   */
  eachUnambiguous(
    rows: Uint32Array,
    protocol: number,
    each: (rows: readonly number[]) => void,
    repeated = false,
  ): void {
    const groups = this.group(rows, protocol);
    const members: number[][] = Array.from({ length: groups }, () => []);
    for (let k = 0; k < rows.length; k++) members[this.groupOf[k] as number]?.push(rows[k] as number);
    const seen = new Set<number>();
    for (const list of members) {
      if (list.length < 2) continue;
      seen.clear();
      for (const row of list) seen.add(this.pointOf(row));
      const isOnePacket = (): boolean => list.every((row) => this.columns.word(row, W_ID) >>> 16 !== 0);
      if (seen.size === list.length || (repeated && isOnePacket())) each(list);
    }
  }

  /** Joins the rows of one direction. */
  join(rows: Uint32Array, protocol: number): JoinedPackets {
    const { columns } = this;
    const n = rows.length;
    const groups = this.group(rows, protocol);
    if (this.times.length < n) this.times = new Float64Array(n * 2);
    for (let k = 0; k < n; k++) this.times[k] = this.alignedNs(rows[k] as number);
    // Positions by group, each group's by time.
    const start = new Uint32Array(groups + 1);
    for (let k = 0; k < n; k++)
      start[(this.groupOf[k] as number) + 1] = (start[(this.groupOf[k] as number) + 1] as number) + 1;
    for (let g = 0; g < groups; g++) start[g + 1] = (start[g + 1] as number) + (start[g] as number);
    const next = start.slice();
    const positions = new Uint32Array(n);
    for (let k = 0; k < n; k++) {
      const g = this.groupOf[k] as number;
      positions[next[g] as number] = k;
      next[g] = (next[g] as number) + 1;
    }
    const lists: number[][] = [];
    for (let g = 0; g < groups; g++) {
      const list: number[] = [];
      for (let k = start[g] as number; k < (start[g + 1] as number); k++) list.push(positions[k] as number);
      if (list.length > 1) this.sortByTime(rows, list);
      lists.push(list);
    }
    const packets: MatchedPackets = {
      columns,
      rows,
      times: this.times,
      stationOf: (row) => this.stationOf(row),
      before: (a, b) => this.before(rows, a, b),
    };
    const { times, before } = packets;
    const repeated = new RepeatedPackets(columns, this.fileOfPoint, { rows, times, protocol, groups: lists, before });
    const members: number[][] = [];
    for (const list of lists) {
      // Identification 0 decides nothing.
      const isTold = columns.word(rows[list[0] as number] as number, W_ID) >>> 16 !== 0;
      if (isTold || !repeated.isRepeated(list)) members.push(list);
      else for (const one of repeated.split(list)) members.push(one);
    }
    let offload = false;
    let joined = members;
    if (protocol === PROTOCOL_TCP) {
      const merged = mergeOffload(packets, members);
      if (merged) {
        joined = merged;
        offload = true;
      }
    } else joined = mergeFragments(packets, members);
    joined.sort(
      (a, b) =>
        (this.times[a[0] as number] as number) - (this.times[b[0] as number] as number) ||
        (rows[a[0] as number] as number) - (rows[b[0] as number] as number),
    );
    const outRows = new Uint32Array(n);
    const outStart = new Uint32Array(joined.length + 1);
    const data = new Uint8Array(joined.length);
    let at = 0;
    joined.forEach((list, j) => {
      for (const k of list) {
        const row = rows[k] as number;
        outRows[at++] = row;
        if (columns.word(row, W_LENGTH) >>> 8 > 0) data[j] = 1;
      }
      outStart[j + 1] = at;
    });
    return { count: joined.length, rows: outRows, start: outStart, data, offload };
  }

  /** As the kernel's groupPackets does. */
  private sortByTime(rows: Uint32Array, list: number[]): void {
    // By insertion: nearly in order already, and Array.sort copies even the shortest list (half of all that joining
    // every journey of 2 M packets allocated).
    if (list.length > INSERTED) list.sort((a, b) => this.before(rows, a, b));
    else
      for (let i = 1; i < list.length; i++) {
        const k = list[i] as number;
        let to = i;
        for (; to > 0 && this.before(rows, list[to - 1] as number, k) > 0; to--) list[to] = list[to - 1] as number;
        list[to] = k;
      }
    for (let i = 2; i < list.length; i++) {
      const [here, a, b] = [list[i - 2] as number, list[i - 1] as number, list[i] as number];
      const point = this.pointOf(rows[here] as number);
      const isTie =
        this.times[a] === this.times[b] &&
        ttlOf(this.columns, rows[a] as number) === ttlOf(this.columns, rows[b] as number);
      // Between a card's bare packet and the one it carries lies a tunnel's device.
      const isCarried = (k: number): number => this.columns.word(rows[k] as number, W_ID) & SIGHTING_CARRIED;
      if (this.order.ofFlow && isCarried(here) !== isCarried(b)) continue;
      // What nothing tells apart in time stays at its point.
      if (!isTie || this.pointOf(rows[a] as number) === point || this.pointOf(rows[b] as number) !== point) continue;
      list[i - 1] = b;
      list[i] = a;
    }
  }

  /** As the kernel's `before` does. */
  private before(rows: Uint32Array, a: number, b: number): number {
    const { columns, order } = this;
    const [x, y] = [rows[a] as number, rows[b] as number];
    const later = (this.times[a] as number) - (this.times[b] as number);
    const apart = Math.abs(later);
    if (later !== 0 && (apart >= order.coarsestNs || !this.isWithinStep(x, y, apart))) return later;
    return (
      // Clocks of microseconds see many packets at once: each router leaves a hop less.
      ttlOf(columns, y) - ttlOf(columns, x) ||
      (order.ofFlow
        ? (order.ofFlow[columns.word(x, W_FLOW)] as number) - (order.ofFlow[columns.word(y, W_FLOW)] as number) || later
        : 0) ||
      (order.ofPoint[this.pointOf(x)] as number) - (order.ofPoint[this.pointOf(y)] as number) ||
      x - y
    );
  }

  /** Two clocks, and the times are closer than one of them counts. */
  private isWithinStep(x: number, y: number, apart: number): boolean {
    const { resolutionNs } = this.order;
    const { scale, shift } = this.clocks;
    const [p, q] = [this.pointOf(x), this.pointOf(y)];
    if (apart >= Math.max(resolutionNs[p] as number, resolutionNs[q] as number)) return false;
    const [a, b] = [this.fileOfPoint[p] ?? 0, this.fileOfPoint[q] ?? 0];
    return resolutionNs[p] !== resolutionNs[q] || scale[a] !== scale[b] || shift[a] !== shift[b];
  }
}

/** TSval: 0 where the options were cut off. */
function sameTimestamp(a: number, b: number): boolean {
  return a === b || a === 0 || b === 0;
}

/** Length and flags: PSH is set and cleared by offload. */
function sameLength(a: number, b: number): boolean {
  return a >>> 8 === b >>> 8 && (a & 0x17) === (b & 0x17);
}

function ttlOf(columns: SightingColumns, row: number): number {
  return (columns.word(row, W_ID) >>> 8) & 255;
}
