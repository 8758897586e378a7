/**
 * What the engine keeps of every packet while a workspace is open: 52 bytes a packet, in columns.
 *
 * ```
 * id        0 … 65535          65536 … 131071      ids run through all files in the order they were read
 * segment   0                  1
 *           time   │ offset │ captured │ length │ path │ stream │ seq ack window segment │ analysis tcp flags │ colour application
 * path      7 ─► dictionary: capture point, layers, addresses, ports …   (paths.ts)
 * ```
 * The kernel writes a batch's rows (kernel/assembly/packet-index.ts), they are copied here. Segments are memory of their own,
 * outside of the kernel's 4 GiB, and are shared: another thread can read them. Rows are never moved.
 */
import { upperBound } from "../../../src-shared/base/search";
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import {
  MAX_PACKETS,
  NO_ROW,
  PACKET_CUSTOM_BLOCK,
  PACKET_NO_TIME,
  ROW_FRAGMENT,
  ROW_HAS_RTT,
  ROW_PACKET_SHIFT,
  TCP_HAS_STREAM,
  X_ACK,
  X_ANALYSIS,
  X_APPLICATION,
  X_COLOUR,
  X_FLAGS,
  X_PATH,
  X_RTT,
  X_SEGMENT,
  X_SEQ,
  X_STREAM,
  X_TCP,
  X_WINDOW,
} from "../kernel/assembly/abi";
import { type Batch, timeSeconds } from "../kernel/batch";
import type { KernelHandle } from "../decode/pipeline";
import { GrowableU32 } from "./growable";
import { Paths } from "./paths";
import { RoundTrips } from "./round-trips";

const CUSTOM_BLOCK = PACKET_CUSTOM_BLOCK << ROW_PACKET_SHIFT;
const NO_TIME = PACKET_NO_TIME << ROW_PACKET_SHIFT;

export const SEGMENT_SHIFT = 16;
export const SEGMENT_ROWS = 1 << SEGMENT_SHIFT;
export const SEGMENT_MASK = SEGMENT_ROWS - 1;
/** Memory of a row, bytes. */
const ROW_BYTES = 52;

/** A stream of the workspace: TCP stream n is 2n, UDP stream n is 2n + 1 (the numbers of tcp.stream and udp.stream). */
export type StreamId = number;

/** The columns of SEGMENT_ROWS packets; row r of segment s is packet s << 16 | r. */
export class IndexSegment {
  /** i64 as two words, low first: seconds << 30 | nanoseconds. */
  readonly time: Uint32Array;
  /** Byte offset of the record in its file, counted from `origin`; unless the segment spans files or more than 4 GiB: then `far` holds it. */
  private readonly near: Uint32Array;
  private origin = 0;
  private far: Float64Array | undefined;
  readonly captured: Uint32Array;
  readonly length: Uint32Array;
  readonly path: Uint32Array;
  /** StreamId of the innermost transport layer, NO_ROW if none. */
  readonly stream: Uint32Array;
  /** Of the TCP layer: relative numbers, scaled window, bytes of the segment (see TCP_* in `tcp` for what is there). */
  readonly seq: Uint32Array;
  readonly ack: Uint32Array;
  readonly window: Uint32Array;
  readonly segment: Uint32Array;
  /** ANALYSIS_* of the TCP layer. */
  readonly analysis: Uint16Array;
  /** Twelve TCP flags | TCP_*. */
  readonly tcp: Uint16Array;
  /** Stop reason | ROW_*. */
  readonly flags: Uint16Array;
  /** Index into COLOUR_RULES, NO_COLOUR if none. */
  readonly colour: Uint8Array;
  /** Kind of the application layer, 0 none. */
  readonly application: Uint8Array;

  constructor() {
    const memory = new SharedArrayBuffer(SEGMENT_ROWS * ROW_BYTES);
    let at = 0;
    const take = (width: number): number => {
      const from = at;
      at += width * SEGMENT_ROWS;
      return from;
    };
    const words = (): Uint32Array => new Uint32Array(memory, take(4), SEGMENT_ROWS);
    const halves = (): Uint16Array => new Uint16Array(memory, take(2), SEGMENT_ROWS);
    this.time = new Uint32Array(memory, take(8), SEGMENT_ROWS * 2);
    this.near = words();
    this.captured = words();
    this.length = words();
    this.path = words();
    this.stream = words();
    this.seq = words();
    this.ack = words();
    this.window = words();
    this.segment = words();
    this.analysis = halves();
    this.tcp = halves();
    this.flags = halves();
    this.colour = new Uint8Array(memory, take(1), SEGMENT_ROWS);
    this.application = new Uint8Array(memory, take(1), SEGMENT_ROWS);
  }

  /** Byte offset of a row's record in its file. */
  offsetOf(row: number): number {
    return this.far ? (this.far[row] as number) : this.origin + (this.near[row] as number);
  }

  /** Takes the offsets of the rows from `at` on; all rows before have theirs. */
  setOffsets(offsets: Float64Array, at: number): void {
    if (at === 0) this.origin = offsets[0] ?? 0;
    const { near, origin } = this;
    for (let i = 0; i < offsets.length && !this.far; i++) {
      const distance = (offsets[i] as number) - origin;
      if (distance < 0 || distance > 0xffffffff) this.widen(at + i);
      else near[at + i] = distance;
    }
    this.far?.set(offsets, at);
  }

  /** Wide offsets from now on, those of the first `rows` taken over. */
  private widen(rows: number): void {
    const far = new Float64Array(SEGMENT_ROWS);
    for (let row = 0; row < rows; row++) far[row] = this.origin + (this.near[row] as number);
    this.far = far;
  }
}

export class PacketIndex {
  readonly segments: IndexSegment[] = [];
  readonly paths: Paths;
  /** Packets so far; ids are 0 … count - 1. */
  count = 0;
  /** Bytes on the wire of all packets. */
  bytes = 0;
  /** Id of the first packet of each file, ascending; files that are not begun have none yet. */
  private readonly starts: number[] = [];
  /** Ids of packets that are fragments, ascending. */
  readonly fragments = new GrowableU32();
  /** By capture point: packets, bytes on the wire. */
  readonly pointPackets: number[] = [];
  readonly pointBytes: number[] = [];
  /** Earliest and latest time of all packets that have one, as words of the time column; undefined while there is none. */
  earliest: readonly [low: number, high: number] | undefined;
  latest: readonly [low: number, high: number] | undefined;
  private readonly rtts = new RoundTrips();
  private readonly area: Area;

  constructor(private readonly handle: KernelHandle) {
    const at = handle.kernel.configureIndex(handle.interned);
    this.area = readArea(handle.memory.memory, at);
    this.paths = new Paths(handle);
  }

  /** Takes a batch whose flow events were processed and whose paths were made. */
  append(batch: Batch): void {
    this.begin(batch.file);
    const n = batch.packetCount;
    if (n === 0) return;
    this.handle.kernel.indexSlot(batch.slot);
    this.paths.update();
    for (let from = 0; from < n;) {
      const at = this.count & SEGMENT_MASK;
      if (at === 0) this.segments.push(new IndexSegment());
      const to = Math.min(n, from + SEGMENT_ROWS - at);
      this.copy(this.segments[this.segments.length - 1] as IndexSegment, at, batch, from, to);
      this.count += to - from;
      from = to;
    }
  }

  private copy(s: IndexSegment, at: number, batch: Batch, from: number, to: number): void {
    const { area } = this;
    s.time.set(batch.time.subarray(from * 2, to * 2), at * 2);
    s.setOffsets(batch.offset.subarray(from, to), at);
    s.captured.set(batch.captured.subarray(from, to), at);
    s.length.set(batch.length.subarray(from, to), at);
    s.path.set(area.path.subarray(from, to), at);
    s.stream.set(area.stream.subarray(from, to), at);
    s.seq.set(area.seq.subarray(from, to), at);
    s.ack.set(area.ack.subarray(from, to), at);
    s.window.set(area.window.subarray(from, to), at);
    s.segment.set(area.segment.subarray(from, to), at);
    s.analysis.set(area.analysis.subarray(from, to), at);
    s.tcp.set(area.tcp.subarray(from, to), at);
    s.flags.set(area.flags.subarray(from, to), at);
    s.colour.set(area.colour.subarray(from, to), at);
    s.application.set(area.application.subarray(from, to), at);
    const { point, length, time } = batch;
    const base = this.count - from;
    let bytes = 0;
    let [firstLow, firstHigh] = this.earliest ?? [0xffffffff, 0x7fffffff];
    let [lastLow, lastHigh] = this.latest ?? [0, -0x80000000];
    for (let i = from; i < to; i++) {
      const high = (time[i * 2 + 1] as number) | 0;
      const low = time[i * 2] as number;
      if (!((area.flags[i] as number) & NO_TIME)) {
        if (high < firstHigh || (high === firstHigh && low < firstLow)) {
          firstHigh = high;
          firstLow = low;
        }
        if (high > lastHigh || (high === lastHigh && low > lastLow)) {
          lastHigh = high;
          lastLow = low;
        }
      }
      const n = length[i] as number;
      if (((area.flags[i] as number) & CUSTOM_BLOCK) === CUSTOM_BLOCK) continue; // a row, but no packet
      const p = point[i] as number;
      bytes += n;
      this.pointPackets[p] = (this.pointPackets[p] ?? 0) + 1;
      this.pointBytes[p] = (this.pointBytes[p] ?? 0) + n;
      if ((area.flags[i] as number) & ROW_FRAGMENT) this.fragments.push(base + i);
      if ((area.flags[i] as number) & ROW_HAS_RTT) {
        const rtt = area.rtt[i] as number;
        this.rtts.set((area.stream[i] as number) >>> 1, p, rtt === NO_ROW ? rttOf(batch, i) : rtt);
      }
    }
    this.bytes += bytes;
    if (firstHigh > lastHigh) return; // no packet has a time
    this.earliest = [firstLow, firstHigh];
    this.latest = [lastLow, lastHigh];
  }

  private begin(file: number): void {
    while (this.starts.length <= file) this.starts.push(this.count);
  }

  segmentOf(id: number): IndexSegment {
    const segment = id >= 0 && id < this.count ? this.segments[id >>> SEGMENT_SHIFT] : undefined;
    if (!segment) throw new RangeError(`no packet ${id} of ${this.count}`);
    return segment;
  }

  /** File of a packet. */
  fileOf(id: number): number {
    return upperBound(this.starts, id) - 1;
  }

  /** Id of the file's first packet, and of the first packet behind it; empty for a file not begun. */
  rangeOf(file: number): readonly [from: number, to: number] {
    const from = this.starts[file];
    if (from === undefined) return [this.count, this.count];
    return [from, this.starts[file + 1] ?? this.count];
  }

  /** Files of which packets may have been read. */
  get filesBegun(): number {
    return this.starts.length;
  }

  /** frame.number: from 1 in each file. */
  number(id: number): number {
    return id - (this.starts[this.fileOf(id)] ?? 0) + 1;
  }

  seconds(id: number): number {
    return timeSeconds(this.segmentOf(id).time, id & SEGMENT_MASK);
  }

  nanoseconds(id: number): number {
    return (this.segmentOf(id).time[(id & SEGMENT_MASK) * 2] as number) & 0x3fffffff;
  }

  /** Negative, 0 or positive, as packet `a` was captured before, with or after `b`. */
  compareTimes(a: number, b: number): number {
    const s = this.segmentOf(a).time;
    const t = this.segmentOf(b).time;
    const i = (a & SEGMENT_MASK) * 2;
    const j = (b & SEGMENT_MASK) * 2;
    return ((s[i + 1] as number) | 0) - ((t[j + 1] as number) | 0) || (s[i] as number) - (t[j] as number);
  }

  /** Capture point. */
  pointOf(id: number): number {
    return this.paths.pointOf(this.segmentOf(id).path[id & SEGMENT_MASK] as number);
  }

  /** Stream of the innermost transport layer, -1 if none. */
  streamOf(id: number): StreamId {
    const stream = this.segmentOf(id).stream[id & SEGMENT_MASK] as number;
    return stream === NO_ROW ? -1 : stream;
  }

  /**
   * Ids of the stream's packets, ascending, of all capture points. 10 M packets: 5 ms, also the first time (a loop of our own is
   * not compiled yet then: over 100 ms).
   */
  rowsOfStream(stream: StreamId): Uint32Array {
    const found = new GrowableU32();
    if (stream < 0) return found.array();
    this.segments.forEach((segment, s) => {
      const column = segment.stream;
      const n = Math.min(SEGMENT_ROWS, this.count - s * SEGMENT_ROWS);
      for (let i = column.indexOf(stream); i >= 0 && i < n; i = column.indexOf(stream, i + 1))
        found.push(s * SEGMENT_ROWS + i);
    });
    return found.array();
  }

  /** Initial round-trip time told on the packet, nanoseconds; 0 if none. */
  initialRttNs(id: number): number {
    const segment = this.segmentOf(id);
    const row = id & SEGMENT_MASK;
    if (!((segment.flags[row] as number) & ROW_HAS_RTT)) return 0;
    return this.rtts.at((segment.stream[row] as number) >>> 1, this.pointOf(id));
  }

  /** tcp.stream of the packet, -1 if it has none. */
  tcpStreamOf(id: number): number {
    const segment = this.segmentOf(id);
    const row = id & SEGMENT_MASK;
    return (segment.tcp[row] as number) & TCP_HAS_STREAM ? (segment.stream[row] as number) >>> 1 : -1;
  }

  /** Bytes the index takes, without the kernel's dictionary. */
  get memoryBytes(): number {
    return this.segments.length * SEGMENT_ROWS * ROW_BYTES + this.fragments.length * 4 + this.rtts.memoryBytes;
  }
}

/** Initial round-trip time told on a packet of a batch, nanoseconds. */
function rttOf(batch: Batch, packet: number): number {
  const first = batch.firstLayer[packet] as number;
  for (let row = first + batch.layersOf(packet) - 1; row >= first; row--)
    if (batch.layerKind[row] === LAYER_TCP)
      return (batch.initialRtt[row * 2 + 1] as number) * 0x100000000 + (batch.initialRtt[row * 2] as number);
  return 0;
}

/** The kernel's index area as columns of MAX_PACKETS. */
interface Area {
  readonly path: Uint32Array;
  readonly stream: Uint32Array;
  readonly seq: Uint32Array;
  readonly ack: Uint32Array;
  readonly window: Uint32Array;
  readonly segment: Uint32Array;
  readonly rtt: Uint32Array;
  readonly analysis: Uint16Array;
  readonly tcp: Uint16Array;
  readonly flags: Uint16Array;
  readonly colour: Uint8Array;
  readonly application: Uint8Array;
}

function readArea(memory: WebAssembly.Memory, at: number): Area {
  const b = memory.buffer;
  const words = (offset: number): Uint32Array => new Uint32Array(b, at + offset, MAX_PACKETS);
  const halves = (offset: number): Uint16Array => new Uint16Array(b, at + offset, MAX_PACKETS);
  return {
    path: words(X_PATH),
    stream: words(X_STREAM),
    seq: words(X_SEQ),
    ack: words(X_ACK),
    window: words(X_WINDOW),
    segment: words(X_SEGMENT),
    rtt: words(X_RTT),
    analysis: halves(X_ANALYSIS),
    tcp: halves(X_TCP),
    flags: halves(X_FLAGS),
    colour: new Uint8Array(b, at + X_COLOUR, MAX_PACKETS),
    application: new Uint8Array(b, at + X_APPLICATION, MAX_PACKETS),
  };
}
