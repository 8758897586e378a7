/**
 * A slot of kernel memory seen as columns: what every consumer reads. Row i of a packet column is packet i of the batch;
 * its layers are rows firstLayer[i] … firstLayer[i] + layerCount(i) - 1 of the layer columns, outermost first.
 */
import {
  A_ACK,
  A_FLAGS,
  A_IRTT,
  A_SEQ,
  A_STREAM,
  A_WINDOW,
  E_PACKET,
  EVENT_BYTES,
  H_EVENTS,
  H_FILE,
  H_FILE_OFFSET,
  H_FIRST_NUMBER,
  H_LAYERS,
  H_PACKETS,
  L_AUX,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_LENGTH,
  L_PTR,
  MAX_LAYERS,
  MAX_PACKETS,
  P_CAPTURED,
  P_DATA,
  P_FIRST_LAYER,
  P_LENGTH,
  P_META,
  P_OFFSET,
  P_OPTIONS,
  P_OPTIONS_LENGTH,
  P_POINT,
  P_STOP_AT,
  P_TIME,
  PACKET_CUSTOM_BLOCK,
  PACKET_NO_TIME,
  S_EVENTS,
  S_RAW,
} from "./assembly/abi";

export class Batch {
  /** All of the kernel's memory: `data`, `layerPtr` and the like are positions in it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** i64 as two words, low first: seconds << 30 | nanoseconds. */
  readonly time: Uint32Array;
  /** Offset of the record in its file. */
  readonly offset: Float64Array;
  readonly data: Uint32Array;
  readonly captured: Uint32Array;
  readonly length: Uint32Array;
  readonly point: Uint32Array;
  readonly firstLayer: Uint32Array;
  /** Layer count | stop reason << 8 | packet flags << 16. */
  readonly meta: Uint32Array;
  readonly stopAt: Uint32Array;
  readonly options: Uint32Array;
  readonly optionsLength: Uint32Array;
  readonly layerKind: Uint8Array;
  readonly layerFlags: Uint8Array;
  readonly layerHeader: Uint16Array;
  readonly layerPtr: Uint32Array;
  readonly layerLength: Uint32Array;
  readonly layerEnd: Uint32Array;
  readonly layerAux: Uint32Array;
  readonly stream: Uint32Array;
  readonly relativeSeq: Uint32Array;
  readonly relativeAck: Uint32Array;
  readonly scaledWindow: Uint32Array;
  readonly analysis: Uint32Array;
  /** i64 nanoseconds as two words, low first. */
  readonly initialRtt: Uint32Array;
  private readonly header: Uint32Array;
  private readonly words: Uint32Array;
  private readonly headerNumbers: Float64Array;

  constructor(
    memory: WebAssembly.Memory,
    readonly slot: number,
  ) {
    const b = memory.buffer;
    this.bytes = new Uint8Array(b);
    this.view = new DataView(b);
    const packets = (at: number): Uint32Array => new Uint32Array(b, slot + at, MAX_PACKETS);
    const layers = (at: number): Uint32Array => new Uint32Array(b, slot + at, MAX_LAYERS);
    this.header = new Uint32Array(b, slot, 16);
    this.words = new Uint32Array(b);
    this.headerNumbers = new Float64Array(b, slot, 8);
    this.time = new Uint32Array(b, slot + P_TIME, MAX_PACKETS * 2);
    this.offset = new Float64Array(b, slot + P_OFFSET, MAX_PACKETS);
    this.data = packets(P_DATA);
    this.captured = packets(P_CAPTURED);
    this.length = packets(P_LENGTH);
    this.point = packets(P_POINT);
    this.firstLayer = packets(P_FIRST_LAYER);
    this.meta = packets(P_META);
    this.stopAt = packets(P_STOP_AT);
    this.options = packets(P_OPTIONS);
    this.optionsLength = packets(P_OPTIONS_LENGTH);
    this.layerKind = new Uint8Array(b, slot + L_KIND, MAX_LAYERS);
    this.layerFlags = new Uint8Array(b, slot + L_FLAGS, MAX_LAYERS);
    this.layerHeader = new Uint16Array(b, slot + L_HEADER, MAX_LAYERS);
    this.layerPtr = layers(L_PTR);
    this.layerLength = layers(L_LENGTH);
    this.layerEnd = layers(L_END);
    this.layerAux = layers(L_AUX);
    this.stream = layers(A_STREAM);
    this.relativeSeq = layers(A_SEQ);
    this.relativeAck = layers(A_ACK);
    this.scaledWindow = layers(A_WINDOW);
    this.analysis = layers(A_FLAGS);
    this.initialRtt = new Uint32Array(b, slot + A_IRTT, MAX_LAYERS * 2);
  }

  get packetCount(): number {
    return this.header[H_PACKETS >> 2] as number;
  }

  get layerCount(): number {
    return this.header[H_LAYERS >> 2] as number;
  }

  /** frame.number of row 0, less one. */
  get numberBefore(): number {
    return this.headerNumbers[H_FIRST_NUMBER >> 3] as number;
  }

  get file(): number {
    return this.header[H_FILE >> 2] as number;
  }

  get rawFileOffset(): number {
    return this.headerNumbers[H_FILE_OFFSET >> 3] as number;
  }

  /** Address of the first byte of packet `packet`'s record (pcap) or block (pcapng). */
  recordAt(packet: number): number {
    return this.slot + S_RAW + ((this.offset[packet] as number) - this.rawFileOffset);
  }

  /** Drops the flow events of packets whose byte in `keep` is 0. */
  dropEvents(keep: Uint8Array): void {
    const count = this.header[H_EVENTS >> 2] as number;
    const base = (this.slot + S_EVENTS) >> 2;
    const words = EVENT_BYTES >> 2;
    const all = this.words;
    let to = 0;
    for (let i = 0; i < count; i++) {
      const from = base + i * words;
      if (!keep[all[from + (E_PACKET >> 2)] as number]) continue;
      if (to !== i) all.copyWithin(base + to * words, from, from + words);
      to++;
    }
    this.header[H_EVENTS >> 2] = to;
  }

  layersOf(packet: number): number {
    return (this.meta[packet] as number) & 0xff;
  }

  stopReason(packet: number): number {
    return ((this.meta[packet] as number) >>> 8) & 0xff;
  }

  packetFlags(packet: number): number {
    return (this.meta[packet] as number) >>> 16;
  }

  /** True for a row that is no packet: see PACKET_CUSTOM_BLOCK. */
  isCustomBlock(packet: number): boolean {
    return (this.packetFlags(packet) & PACKET_CUSTOM_BLOCK) === PACKET_CUSTOM_BLOCK;
  }

  /** False for packets of blocks that have no time. */
  hasTime(packet: number): boolean {
    return !(this.packetFlags(packet) & PACKET_NO_TIME);
  }

  /** Whole seconds since the epoch; may be negative. */
  seconds(packet: number): number {
    return timeSeconds(this.time, packet);
  }

  nanoseconds(packet: number): number {
    return (this.time[packet * 2] as number) & 0x3fffffff;
  }
}

/** Seconds of row `row` of a time column (words low, high of seconds << 30 | nanoseconds). */
export function timeSeconds(words: Uint32Array, row: number): number {
  return ((words[row * 2 + 1] as number) | 0) * 4 + ((words[row * 2] as number) >>> 30);
}
