/**
 * Packets added up by path and stream: what every table is made from. One pass over the index's columns, no look at a packet
 * itself.
 */
import { NO_ROW, ROW_REPLY, TCP_HAS_LENGTH } from "../kernel/assembly/abi";
import { type PacketIndex, SEGMENT_MASK, SEGMENT_ROWS, SEGMENT_SHIFT } from "../packet-index/packet-index";

/** Besides the nine TCP flags: the packets are answers; some carried data. */
export const UNIT_REPLY = 1 << 16;
export const UNIT_DATA = 1 << 17;
const TCP_FLAGS = 0x1ff;
/** Packets taken between two calls of `breathe`. */
const AT_ONCE = 1 << 18;
const START = 1024;

export class TrafficUnits {
  count = 0;
  path = new Uint32Array(START);
  /** StreamId of the index, NO_ROW none. */
  stream = new Uint32Array(START);
  packets = new Uint32Array(START);
  bytes = new Float64Array(START);
  /** TCP flags of all packets, UNIT_*. */
  bits = new Uint32Array(START);
  /** Times as words of the index: seconds << 30 | nanoseconds. */
  firstLow = new Uint32Array(START);
  firstHigh = new Int32Array(START);
  lastLow = new Uint32Array(START);
  lastHigh = new Int32Array(START);
  /** By path: its latest unit + 1. */
  private latest = new Uint32Array(START);
  /** Unit of the same path before, + 1. */
  private before = new Uint32Array(START);

  constructor(private readonly index: PacketIndex) {}

  /**
   * Adds packets `from` … `to - 1`, or those of `ids`.
   * @param skipPoint by capture point: its packets are left out
   */
  async add(
    selection: { readonly from: number; readonly to: number } | { readonly ids: ArrayLike<number> },
    skipPoint: (point: number) => boolean,
    breathe: () => Promise<void>,
  ): Promise<void> {
    const { paths } = this.index;
    if (this.latest.length < paths.count) {
      const bigger = new Uint32Array(paths.count * 2);
      bigger.set(this.latest);
      this.latest = bigger;
    }
    const skip = new Uint8Array(paths.count);
    const points = paths.pointColumn();
    for (let path = 0; path < skip.length; path++) skip[path] = skipPoint(points[path] as number) ? 1 : 0;
    if ("ids" in selection) {
      const { ids } = selection;
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i] as number;
        this.addRows(id >>> SEGMENT_SHIFT, id & SEGMENT_MASK, (id & SEGMENT_MASK) + 1, skip);
        if (i % AT_ONCE === AT_ONCE - 1) await breathe();
      }
      return;
    }
    for (let id = selection.from; id < selection.to;) {
      const row = id & SEGMENT_MASK;
      const count = Math.min(SEGMENT_ROWS - row, selection.to - id);
      this.addRows(id >>> SEGMENT_SHIFT, row, row + count, skip);
      id += count;
      if (id % AT_ONCE === 0) await breathe();
    }
  }

  private addRows(segmentNumber: number, from: number, to: number, skip: Uint8Array): void {
    const s = this.index.segments[segmentNumber];
    if (!s) return;
    for (let row = from; row < to; row++) {
      const path = s.path[row] as number;
      if (skip[path]) continue;
      const stream = s.stream[row] as number;
      const low = s.time[row * 2] as number;
      const high = (s.time[row * 2 + 1] as number) | 0;
      const flags = s.tcp[row] as number;
      const unit = this.unitOf(path, stream, low, high);
      this.packets[unit] = (this.packets[unit] as number) + 1;
      this.bytes[unit] = (this.bytes[unit] as number) + (s.length[row] as number);
      let bits = flags & TCP_FLAGS;
      if ((s.flags[row] as number) & ROW_REPLY) bits |= UNIT_REPLY;
      if (flags & TCP_HAS_LENGTH && (s.segment[row] as number) > 0) bits |= UNIT_DATA;
      this.bits[unit] = (this.bits[unit] as number) | bits;
      if (
        high < (this.firstHigh[unit] as number) ||
        (high === this.firstHigh[unit] && low < (this.firstLow[unit] as number))
      ) {
        this.firstHigh[unit] = high;
        this.firstLow[unit] = low;
      }
      if (
        high > (this.lastHigh[unit] as number) ||
        (high === this.lastHigh[unit] && low > (this.lastLow[unit] as number))
      ) {
        this.lastHigh[unit] = high;
        this.lastLow[unit] = low;
      }
    }
  }

  private unitOf(path: number, stream: number, low: number, high: number): number {
    const latest = this.latest[path] as number;
    if (latest > 0 && this.stream[latest - 1] === stream) return latest - 1;
    for (let u = latest; u > 0; u = this.before[u - 1] as number) if (this.stream[u - 1] === stream) return u - 1;
    const unit = this.count++;
    if (unit === this.path.length) this.grow();
    this.path[unit] = path;
    this.stream[unit] = stream;
    this.before[unit] = latest;
    this.latest[path] = unit + 1;
    this.firstLow[unit] = low;
    this.firstHigh[unit] = high;
    this.lastLow[unit] = low;
    this.lastHigh[unit] = high;
    return unit;
  }

  private grow(): void {
    const bigger = <T extends Uint32Array | Int32Array | Float64Array>(old: T): T => {
      const next = new (old.constructor as new (n: number) => T)(old.length * 2);
      next.set(old);
      return next;
    };
    this.path = bigger(this.path);
    this.stream = bigger(this.stream);
    this.packets = bigger(this.packets);
    this.bytes = bigger(this.bytes);
    this.bits = bigger(this.bits);
    this.firstLow = bigger(this.firstLow);
    this.firstHigh = bigger(this.firstHigh);
    this.lastLow = bigger(this.lastLow);
    this.lastHigh = bigger(this.lastHigh);
    this.before = bigger(this.before);
  }

  pointOf(unit: number): number {
    return this.index.paths.pointOf(this.path[unit] as number);
  }
}

export const NO_STREAM = NO_ROW;
