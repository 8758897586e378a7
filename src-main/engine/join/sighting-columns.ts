/**
 * The kernel's sighting rows and flow rows read as columns. Nothing here makes an object per row: a row is a number, its words
 * are read where they lie (layout: kernel/assembly/sightings.ts).
 *
 * ```
 * flow f ──► order[start[f]] … order[start[f + 1] - 1]     its rows, in reading order
 * row r  ──► words[at(r)] …                                its eleven words
 * ```
 */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import type { KernelHandle } from "../decode/pipeline";
import {
  C_DEPTH,
  C_POINT,
  C_VNI,
  CONTEXT_BYTES,
  DEPTH_QUOTED,
  FLOW_BYTES,
  FLOW_SEGMENT_SHIFT,
  F_A,
  F_B,
  F_CARRIER,
  F_PACKETS,
  F_PORTS,
  F_STATE,
  F_TAG,
  FLOW_CONTEXT_SHIFT,
  FLOW_V6,
  K_ADDRESSES6,
  K_CONTEXTS,
  MACS_BYTES,
  MACS_SEGMENT_SHIFT,
  SIGHTING_BYTES,
  SIGHTING_SEGMENT_SHIFT,
} from "../kernel/assembly/abi";

const ROW_WORDS = SIGHTING_BYTES / 4;
const FLOW_SEGMENT_MASK = (1 << FLOW_SEGMENT_SHIFT) - 1;
const SEGMENT_MASK = (1 << SIGHTING_SEGMENT_SHIFT) - 1;

/** Word offsets of a row; the words before them are the time (`SightingReader.timeNs`). */
export const W_PACKET = 2;
export const W_FLOW = 3;
export const W_SEQ = 4;
export const W_ACK = 5;
export const W_EXTRA = 6;
export const W_HASH = 7;
export const W_LENGTH = 8;
export const W_ID = 9;
export const W_IP_LENGTH = 10;

/** Packet type of a cooked capture: sent by the machine that recorded it. */
const COOKED_SENT = 4;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_SCTP = 132;

/** Rows and flows as they lie in the kernel. While a reading goes on, `refresh` takes in what came since. */
export class SightingReader {
  words: Uint32Array;
  bytes: Uint8Array;
  /** Rows. */
  count = 0;
  flowCount = 0;
  /** First word of each segment of rows. */
  private segments = new Uint32Array(0);
  private macSegments = new Uint32Array(0);
  private flowSegments = new Uint32Array(0);
  private contexts = 0;
  private addresses6 = 0;
  /** Whole second that `timeNs` counts from. */
  baseSeconds = 0;

  constructor(readonly handle: KernelHandle) {
    const { buffer } = handle.memory.memory;
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.refresh();
  }

  refresh(): void {
    const { kernel, memory } = this.handle;
    const { buffer } = memory.memory;
    // The memory has grown: what was handed out since lies behind the end of the views.
    if (this.bytes.length < buffer.byteLength) {
      this.words = new Uint32Array(buffer);
      this.bytes = new Uint8Array(buffer);
    }
    this.count = kernel.sightingCount();
    this.flowCount = kernel.flowCount();
    const directory = kernel.sightingSegments() >>> 2;
    this.segments = new Uint32Array((this.count >>> SIGHTING_SEGMENT_SHIFT) + 1);
    for (let s = 0; s < this.segments.length; s++) this.segments[s] = (this.words[directory + s] as number) >>> 2;
    const macs = kernel.macDirectory() >>> 2;
    this.macSegments = new Uint32Array((this.flowCount >>> MACS_SEGMENT_SHIFT) + 1);
    for (let s = 0; s < this.macSegments.length; s++) this.macSegments[s] = this.words[macs + s] as number;
    const interned = this.handle.interned >>> 2;
    this.contexts = (this.words[interned + K_CONTEXTS / 4] as number) >>> 2;
    this.addresses6 = this.words[interned + K_ADDRESSES6 / 4] as number;
    this.flowSegments = new Uint32Array(Math.ceil(this.flowCount / (1 << FLOW_SEGMENT_SHIFT)));
    for (let s = 0; s < this.flowSegments.length; s++)
      this.flowSegments[s] = kernel.flowRow(s << FLOW_SEGMENT_SHIFT) >>> 2;
  }

  /** Index of the row's first word. */
  at(row: number): number {
    return (this.segments[row >>> SIGHTING_SEGMENT_SHIFT] as number) + (row & SEGMENT_MASK) * ROW_WORDS;
  }

  word(row: number, offset: number): number {
    return this.words[this.at(row) + offset] as number;
  }

  /** Nanoseconds after `baseSeconds` on the file's own clock; exact within 104 days of it. */
  timeNs(row: number): number {
    const at = this.at(row);
    const low = this.words[at] as number;
    const seconds = ((this.words[at + 1] as number) | 0) * 4 + (low >>> 30);
    return (seconds - this.baseSeconds) * 1e9 + (low & 0x3fffffff);
  }

  seconds(row: number): number {
    const at = this.at(row);
    return ((this.words[at + 1] as number) | 0) * 4 + ((this.words[at] as number) >>> 30);
  }

  nanoseconds(row: number): number {
    return (this.words[this.at(row)] as number) & 0x3fffffff;
  }

  flow(row: number): number {
    return this.word(row, W_FLOW) >>> 1;
  }

  /** 0: sent by endpoint A of the flow, 1: by B. */
  direction(row: number): number {
    return this.word(row, W_FLOW) & 1;
  }

  // Flows: endpoints A and B in canonical order, A the smaller

  /** Position of the flow's row in the kernel's memory, in words. Computed: a table of them would be 4 bytes a flow. */
  flowRow(flow: number): number {
    return (this.flowSegments[flow >>> FLOW_SEGMENT_SHIFT] as number) + (flow & FLOW_SEGMENT_MASK) * (FLOW_BYTES / 4);
  }
  private flowWord(flow: number, offset: number): number {
    return this.words[this.flowRow(flow) + offset / 4] as number;
  }
  /** Endpoint A (0) or B (1): IPv4 address, or number of an interned IPv6 address. */
  address(flow: number, end: number): number {
    return this.flowWord(flow, end ? F_B : F_A);
  }
  ports(flow: number): number {
    return this.flowWord(flow, F_PORTS);
  }
  protocol(flow: number): number {
    return this.flowWord(flow, F_TAG) & 255;
  }
  v6(flow: number): boolean {
    return (this.flowWord(flow, F_TAG) & FLOW_V6) !== 0;
  }
  carrierFlow(flow: number): number {
    return this.flowWord(flow, F_CARRIER);
  }
  state(flow: number): number {
    return this.flowWord(flow, F_STATE);
  }
  /** Packets sent by endpoint A (0) or B (1). */
  sentBy(flow: number, end: number): number {
    return this.flowWord(flow, F_PACKETS + end * 4);
  }
  /** Number of what is around the flow: equal for the same point, depth, tunnel kind and VNI. */
  context(flow: number): number {
    return this.flowWord(flow, F_TAG) >>> FLOW_CONTEXT_SHIFT;
  }
  private contextWord(flow: number, offset: number): number {
    const context = this.context(flow);
    return this.words[this.contexts + (context * CONTEXT_BYTES + offset) / 4] as number;
  }
  point(flow: number): number {
    return this.contextWord(flow, C_POINT);
  }
  /** 1: outermost. */
  depth(flow: number): number {
    return this.contextWord(flow, C_DEPTH) & 127;
  }
  quoted(flow: number): boolean {
    return (this.contextWord(flow, C_DEPTH) & DEPTH_QUOTED) !== 0;
  }
  /** LAYER_* of the innermost tunnel around it, 0 if none or IP in IP. */
  tunnelKind(flow: number): number {
    return (this.contextWord(flow, C_DEPTH) >>> 8) & 127;
  }
  vni(flow: number): number {
    return this.contextWord(flow, C_VNI);
  }

  isIcmp(flow: number): boolean {
    const p = this.protocol(flow);
    return p === PROTOCOL_ICMP || p === PROTOCOL_ICMPV6;
  }

  /** Port of an endpoint; of ICMP echo the identifier whichever end is asked, of other ICMP 0. */
  port(flow: number, end: number): number {
    const ports = this.ports(flow);
    if (this.isIcmp(flow)) return ports & 0x8000 ? 0 : ports >>> 16;
    return end ? ports & 0xffff : ports >>> 16;
  }

  /** ICMP echo and its kin: requests and replies of one identifier. */
  isIcmpEcho(flow: number): boolean {
    return this.isIcmp(flow) && !(this.ports(flow) & 0x8000);
  }

  addressText(value: number, v6: boolean): string {
    return v6 ? formatIpv6(this.bytes, this.addresses6 + value * 16) : formatIpv4(value);
  }

  /** 16 bytes of an interned IPv6 address start here in `bytes`. */
  address6At(value: number): number {
    return this.addresses6 + value * 16;
  }

  /** Position in `bytes` of the MACs of the first packet in a direction: source (6), destination (6; SLL2: the interface's index, 4), then see `macSeen`. */
  macsAt(flow: number, direction: number): number {
    const base = this.macSegments[flow >>> MACS_SEGMENT_SHIFT] as number;
    return base + (flow & ((1 << MACS_SEGMENT_SHIFT) - 1)) * MACS_BYTES + direction * (MACS_BYTES / 2);
  }

  /** 0: no packet in this direction; 1: MACs (zero if the link has none); 2 + packet type: a cooked capture, source only, and COOKED_*. */
  macSeen(flow: number, direction: number): number {
    return this.words[(this.macsAt(flow, direction) + 12) >>> 2] as number;
  }

  /** The machine that recorded the first packet in this direction sent it: a cooked capture tells. */
  sentHere(flow: number, direction: number): boolean {
    return (this.macSeen(flow, direction) & 0xffff) === 2 + COOKED_SENT;
  }
}

/** All rows of a reading that has ended, by flow. */
export class SightingColumns extends SightingReader {
  /** Rows by flow: those of flow f are order[start[f]] … order[start[f + 1] - 1], in reading order. */
  readonly order: Uint32Array;
  readonly start: Uint32Array;

  constructor(handle: KernelHandle) {
    handle.kernel.indexSightings();
    super(handle);
    const { kernel, memory } = handle;
    this.order = new Uint32Array(memory.memory.buffer, kernel.rowOrder(), this.count);
    this.start = new Uint32Array(memory.memory.buffer, kernel.rowStart(), this.flowCount + 1);
    const earliest = kernel.earliestSeconds();
    this.baseSeconds = earliest === Infinity ? 0 : earliest;
  }
}
