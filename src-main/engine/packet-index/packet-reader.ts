/**
 * Reads packets again by their ids: what the index does not keep is decoded anew, from the record's bytes in its file.
 *
 * ```
 * id ─► file, offset, lengths (index) ─► one read ─► scratch slot ─► decoder ─► batch
 *                    stream numbers, TCP analysis, directions (index) ─────────────┘ restored into it
 * ```
 * Rows of a window that lie one behind the other in a file are one read and one batch. A packet whose datagram was rebuilt
 * from fragments is decoded after those fragments.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { lowerBound } from "../../../src-shared/base/search";
import { LAYER_TCP, LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { ContractError } from "../../../src-shared/contract/messages";
import type { PacketId } from "../../../src-shared/contract/results";
import { type DecodeOptions, fillPortTables } from "../decode/decode-options";
import type { KernelHandle } from "../decode/pipeline";
import { ApplicationLayers } from "../fields/application-layers";
import type { FieldContext, PacketTime } from "../fields/field-context";
import type { JoinedFacts } from "../fields/joined-facts";
import {
  ANALYSIS_REPLY,
  FRAGMENT_MEMORY,
  H_FILE,
  H_FILE_OFFSET,
  H_FIRST_NUMBER,
  H_LAYERS,
  H_PACKETS,
  H_RAW_USED,
  H_REASSEMBLED_USED,
  MAX_PACKETS,
  NO_ROW,
  PACKET_BIG_ENDIAN_OPTIONS,
  PACKET_FAR_TIME,
  PACKET_NO_TIME,
  PACKET_OBSOLETE,
  RAW_BYTES,
  ROW_HAS_OPTIONS,
  ROW_PACKET_SHIFT,
  ROW_REASSEMBLED,
  ROW_REPLY,
  SLOT_BYTES,
  S_RAW,
  TCP_HAS_STREAM,
} from "../kernel/assembly/abi";
import { Batch } from "../kernel/batch";
import { type KernelExports, instantiateKernel, kernelModule } from "../kernel/kernel";
import type { PacketNotes } from "../notes/packet-notes";
import { openFailureMessage } from "../sources/open-failure";
import type { CaptureInterface } from "../readers/capture-file";
import type { Workspace } from "../session/workspace";
import { type IndexSegment, type PacketIndex, SEGMENT_MASK } from "./packet-index";
import { StreamNeighbours } from "./stream-neighbours";

/** Captures whose packets can be read again. */
export interface IndexedCaptures {
  readonly handle: KernelHandle;
  /** Files, capture points, names, problems. */
  readonly workspace: Workspace;
  readonly index: PacketIndex;
  readonly decode: DecodeOptions;
  /** What joining said last; undefined: nobody asked. */
  readonly joined?: JoinedFacts | undefined;
  /** Where the bytes of file `file` can be read by offset: the file itself, or what a compressed one was spooled to. */
  bytesPath(file: number): string;
  /** Whether what is open as `descriptor` is still the file that was read; without it nobody knows. */
  holds?(file: number, descriptor: number): boolean;
  readonly notes?: PacketNotes;
}

/** One packet, decoded; its batch is valid until the reader decodes something else. */
export interface DecodedPacket {
  /** Stream numbers and TCP analysis are there as they were when the file was read. */
  readonly batch: Batch;
  /** Row of the packet in the batch. */
  readonly packet: number;
  readonly id: PacketId;
  /** frame.number */
  readonly number: number;
  readonly file: number;
  readonly point: CaptureInterface;
  /** For fields and protocolStack(): the reader's own, always the same; conversations are forgotten with each decoding. */
  readonly context: FieldContext;
}

/** Packets `from` … `from + batch.packetCount - 1`, which follow each other in one file. */
export interface DecodedRun {
  readonly batch: Batch;
  readonly from: PacketId;
  readonly file: number;
  readonly context: FieldContext;
}

const PCAP_HEAD = 16;
const ENHANCED_HEAD = 28;
const SIMPLE_HEAD = 12;
const PACKET_FLAGS = PACKET_NO_TIME | PACKET_BIG_ENDIAN_OPTIONS | PACKET_OBSOLETE | PACKET_FAR_TIME;
/** Bytes read behind a run, for options and padding of its last record. */
const SLACK = 4096;
const MAX_OPEN_FILES = 64;
/** Fragments a datagram's rest is looked for among: it must be whole within 30 s. */
const MAX_FRAGMENTS = 2048;
const FRAGMENT_SECONDS = 30;

/** Of a custom block in a file without interfaces. */
const NO_INTERFACE: CaptureInterface = {
  index: 0,
  numberInSection: 0,
  section: 0,
  point: 0,
  linkType: -1,
  snapLength: 0,
  name: undefined,
  description: undefined,
  filter: undefined,
  operatingSystem: undefined,
  comments: [],
  resolution: "10^-6",
  offsetSeconds: 0,
  fcsLength: 0,
};

interface OpenFile {
  readonly descriptor: number;
  /** Bytes between a pcap record's head and its data (modified formats). */
  readonly recordExtra: number;
}

export class PacketReader {
  /** For fields of what was decoded. */
  readonly context: FieldContext;
  private readonly kernel: KernelExports;
  private readonly slot: number;
  private readonly batch: Batch;
  private readonly tables: { readonly udp: number; readonly tcp: number };
  private fragments = 0;
  /** By file, the latest used last. */
  private readonly open = new Map<number, OpenFile>();
  /** Files that were looked at in this call: they are what they were. */
  private readonly looked = new Set<number>();

  constructor(private readonly captures: IndexedCaptures) {
    const { memory } = captures.handle;
    this.kernel = instantiateKernel(kernelModule(), memory);
    this.slot = memory.allocate(SLOT_BYTES);
    this.tables = { udp: memory.allocate(65536), tcp: memory.allocate(65536) };
    this.batch = new Batch(memory.memory, this.slot);
    const table = (at: number): Uint8Array => this.batch.bytes.subarray(at, at + 65536);
    fillPortTables(captures.decode, table(this.tables.udp), table(this.tables.tcp));
    this.configure(0);
    const { workspace, handle, index } = captures;
    const neighbours = new StreamNeighbours(index);
    const timeOf = (id: PacketId): PacketTime => [index.seconds(id), index.nanoseconds(id)];
    this.context = {
      get joined() {
        return captures.joined;
      },
      files: workspace.files,
      points: workspace.points,
      kernel: this.kernel,
      scratch: handle.scratch,
      decode: captures.decode,
      verifyChecksums: false,
      notes: captures.notes,
      times: (file, number) => {
        const [from, to] = index.rangeOf(file);
        const id = from + number - 1;
        return id < from || id >= to ? undefined : timeOf(id);
      },
      streamTimes: (file, number) => {
        const [from, to] = index.rangeOf(file);
        const id = from + number - 1;
        if (id < from || id >= to || index.tcpStreamOf(id) < 0) return undefined;
        return { first: timeOf(neighbours.firstOf(id)), last: timeOf(neighbours.beforeOf(id)) };
      },
    };
  }

  /**
   * Decodes one packet. Valid until the next call of any method here.
   * @throws ContractError "gone" for an id that does not exist, "file" where the file no longer holds it
   */
  decode(id: PacketId): DecodedPacket {
    this.looked.clear();
    const run = this.decodeRun(id, 1);
    const point = this.captures.workspace.points[this.batch.point[0] as number] ?? NO_INTERFACE;
    return {
      batch: run.batch,
      packet: 0,
      id,
      number: this.captures.index.number(id),
      file: run.file,
      point,
      context: run.context,
    };
  }

  /**
   * Decodes packets in the order given, calling `visit` with runs of consecutive ids; `at` is where the run's first packet
   * stands in `ids`. A run is valid during the call.
   */
  decodeAll(ids: ArrayLike<PacketId>, visit: (run: DecodedRun, at: number) => void): void {
    this.looked.clear();
    for (let at = 0; at < ids.length;) {
      const from = ids[at] as number;
      let length = 1;
      while (at + length < ids.length && ids[at + length] === from + length) length++;
      for (let done = 0; done < length;) {
        const run = this.decodeRun(from + done, length - done);
        visit(run, at + done);
        done += run.batch.packetCount;
      }
      at += length;
    }
  }

  /** Decodes packets `from`, `from + 1` … of one file, at most `count`, as many as find room: at least one. */
  decodeRun(from: PacketId, count: number): DecodedRun {
    const { index } = this.captures;
    if (!Number.isInteger(from) || from < 0 || from >= index.count)
      throw new ContractError("gone", `there is no packet ${from}: the workspace has ${index.count}`);
    const file = index.fileOf(from);
    const end = Math.min(index.rangeOf(file)[1], from + count, from + MAX_PACKETS);
    this.begin(file, index.number(from));
    if (this.isReassembled(from)) this.decodeReassembled(from, file);
    else this.load(from, this.runEnd(from, end), file);
    this.restore(from);
    // What a conversation showed before must not depend on what was looked at before.
    ApplicationLayers.forget(this.context);
    return { batch: this.batch, from, file, context: this.context };
  }

  close(): void {
    for (const file of this.open.values()) closeSync(file.descriptor);
    this.open.clear();
  }

  private configure(fragments: number): void {
    this.kernel.configureDecoder(this.tables.udp, this.tables.tcp, fragments, this.captures.decode.byBytes);
  }

  private begin(file: number, number: number): void {
    const { view } = this.batch;
    for (const at of [H_PACKETS, H_LAYERS, H_REASSEMBLED_USED, H_RAW_USED]) view.setUint32(this.slot + at, 0, true);
    view.setUint32(this.slot + H_FILE, file, true);
    view.setFloat64(this.slot + H_FIRST_NUMBER, number - 1, true);
  }

  private isReassembled(id: PacketId): boolean {
    return ((this.captures.index.segmentOf(id).flags[id & SEGMENT_MASK] as number) & ROW_REASSEMBLED) !== 0;
  }

  /** Where the run must end: in front of a packet made of fragments, or when the raw bytes are full. */
  private runEnd(from: PacketId, end: number): number {
    const { index } = this.captures;
    const start = offsetOf(index, from);
    let id = from + 1;
    for (; id < end; id++) {
      if (this.isReassembled(id)) break;
      const segment = index.segmentOf(id);
      const row = id & SEGMENT_MASK;
      if (segment.offsetOf(row) + (segment.captured[row] as number) + SLACK - start > RAW_BYTES) break;
    }
    return id;
  }

  /** Reads the records of packets `from` … `end - 1` at once and decodes them. */
  private load(from: PacketId, end: PacketId, file: number): void {
    const { index } = this.captures;
    const { batch, slot } = this;
    const start = offsetOf(index, from);
    const last = index.segmentOf(end - 1);
    const lastRow = (end - 1) & SEGMENT_MASK;
    const wanted = last.offsetOf(lastRow) - start + ENHANCED_HEAD + (last.captured[lastRow] as number) + SLACK;
    const raw = slot + S_RAW;
    const used = this.read(file, raw, start, Math.min(wanted, RAW_BYTES));
    batch.view.setFloat64(slot + H_FILE_OFFSET, start, true);
    batch.view.setUint32(slot + H_RAW_USED, used, true);
    for (let id = from; id < end; id++) if (!this.decodeRecord(id, raw, start, used, file)) break;
  }

  /** Decodes the record of a packet, which was read to `raw` with its surroundings. False if the slot is full. */
  private decodeRecord(id: PacketId, raw: number, start: number, used: number, file: number): boolean {
    const { index, workspace } = this.captures;
    const { batch, slot } = this;
    const segment = index.segmentOf(id);
    const row = id & SEGMENT_MASK;
    const flags = segment.flags[row] as number;
    const packetFlags = (flags >>> ROW_PACKET_SHIFT) & PACKET_FLAGS;
    const captured = segment.captured[row] as number;
    const at = segment.offsetOf(row) - start;
    const pcapng = workspace.files[file]?.format === "pcapng";
    const head = !pcapng
      ? PCAP_HEAD + this.openFile(file).recordExtra
      : packetFlags & PACKET_NO_TIME
        ? SIMPLE_HEAD
        : ENHANCED_HEAD;
    if (at + head + captured > used)
      throw new ContractError(
        "file",
        `${workspace.files[file]?.name ?? "the file"}: packet ${index.number(id)} is no longer at byte ${segment.offsetOf(row)}; the file was changed, reload it`,
      );
    const to = batch.packetCount;
    const data = raw + at + head;
    batch.time[to * 2] = segment.time[row * 2] as number;
    batch.time[to * 2 + 1] = segment.time[row * 2 + 1] as number;
    batch.offset[to] = segment.offsetOf(row);
    batch.data[to] = data;
    batch.captured[to] = captured;
    batch.length[to] = segment.length[row] as number;
    const point = index.pointOf(id);
    batch.point[to] = point;
    batch.options[to] = 0;
    batch.optionsLength[to] = 0;
    if (flags & ROW_HAS_OPTIONS) {
      const total = batch.view.getUint32(raw + at + 4, !(packetFlags & PACKET_BIG_ENDIAN_OPTIONS));
      const from = data + ((captured + 3) & ~3);
      const missing = at + total - used;
      // Comments can be longer than what was read behind the record.
      if (missing > 0 && at + total <= RAW_BYTES) this.read(file, raw + used, start + used, missing);
      if (at + total <= RAW_BYTES) {
        batch.options[to] = from;
        batch.optionsLength[to] = raw + at + total - 4 - from;
      }
    }
    const linkType = workspace.points[point]?.linkType ?? -1;
    return this.kernel.decodeRow(slot, linkType, data, captured, batch.length[to], packetFlags) !== 0;
  }

  /** Decodes the fragments before a packet, then the packet that completes the datagram. */
  private decodeReassembled(id: PacketId, file: number): void {
    const { index, handle } = this.captures;
    this.fragments ||= handle.memory.allocate(FRAGMENT_MEMORY);
    const { fragments } = index;
    let at = lowerBound(fragments.array(), id);
    const behind = at;
    const [first] = index.rangeOf(file);
    const point = index.pointOf(id);
    const earliest = index.seconds(id) - FRAGMENT_SECONDS - 1;
    while (
      at > 0 &&
      behind - at < MAX_FRAGMENTS &&
      fragments.at(at - 1) >= first &&
      index.seconds(fragments.at(at - 1)) >= earliest
    )
      at--;
    this.configure(this.fragments);
    try {
      for (; at < behind; at++) {
        const piece = fragments.at(at);
        if (index.pointOf(piece) !== point) continue;
        this.begin(file, 1);
        this.load(piece, piece + 1, file);
      }
      this.begin(file, index.number(id));
      this.load(id, id + 1, file);
    } finally {
      this.configure(0);
    }
  }

  /** Puts stream numbers and TCP analysis back where the flow stage had written them. */
  private restore(from: PacketId): void {
    const { index } = this.captures;
    const { batch } = this;
    batch.stream.fill(NO_ROW, 0, batch.layerCount);
    for (let packet = 0; packet < batch.packetCount; packet++) {
      const id = from + packet;
      const segment = index.segmentOf(id);
      const row = id & SEGMENT_MASK;
      const first = batch.firstLayer[packet] as number;
      const last = first + batch.layersOf(packet);
      const reply = (segment.flags[row] as number) & ROW_REPLY ? ANALYSIS_REPLY : 0;
      let udp: number[] | undefined;
      let ordinal = 0;
      for (let layer = first; layer < last; layer++) {
        const kind = batch.layerKind[layer];
        if (kind === LAYER_UDP) {
          udp ??= index.paths.udpStreams(segment.path[row] as number);
          batch.stream[layer] = udp[ordinal++] ?? NO_ROW;
          batch.analysis[layer] = reply;
        } else if (kind === LAYER_TCP) {
          batch.relativeSeq[layer] = 0;
          batch.relativeAck[layer] = 0;
          batch.scaledWindow[layer] = 0;
          batch.analysis[layer] = 0;
          if ((segment.tcp[row] as number) & TCP_HAS_STREAM)
            restoreTcp(batch, layer, segment, row, reply, index.initialRttNs(id));
        }
      }
    }
  }

  /** Reads up to `length` bytes of a file at `offset` to kernel memory at `to`; returns how many there were. */
  private read(file: number, to: number, offset: number, length: number): number {
    const { descriptor } = this.openFile(file);
    if (!this.looked.has(file)) {
      if (this.captures.holds?.(file, descriptor) === false)
        throw changedFile(this.captures.workspace.files[file]?.name ?? "a file");
      this.looked.add(file);
    }
    let got = 0;
    while (got < length) {
      const n = readSync(descriptor, this.batch.bytes, to + got, length - got, offset + got);
      if (n === 0) break;
      got += n;
    }
    return got;
  }

  private openFile(file: number): OpenFile {
    let open = this.open.get(file);
    if (open) {
      if (this.open.size > 1) {
        this.open.delete(file);
        this.open.set(file, open);
      }
      return open;
    }
    const path = this.captures.bytesPath(file);
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch (error) {
      throw new ContractError(
        "file",
        `${this.captures.workspace.files[file]?.name ?? path}: ${openFailureMessage(error)}`,
      );
    }
    for (const [old, { descriptor: oldest }] of this.open) {
      if (this.open.size < MAX_OPEN_FILES) break;
      closeSync(oldest);
      this.open.delete(old);
    }
    const head = new Uint8Array(4);
    readSync(descriptor, head, 0, 4, 0);
    open = { descriptor, recordExtra: isModifiedPcap(head) ? 8 : 0 };
    this.open.set(file, open);
    return open;
  }
}

function restoreTcp(
  batch: Batch,
  layer: number,
  segment: IndexSegment,
  row: number,
  reply: number,
  rttNs: number,
): void {
  batch.stream[layer] = (segment.stream[row] as number) >>> 1;
  batch.relativeSeq[layer] = segment.seq[row] as number;
  batch.relativeAck[layer] = segment.ack[row] as number;
  batch.scaledWindow[layer] = segment.window[row] as number;
  batch.analysis[layer] = (segment.analysis[row] as number) | reply;
  batch.initialRtt[layer * 2] = rttNs % 0x100000000;
  batch.initialRtt[layer * 2 + 1] = Math.floor(rttNs / 0x100000000);
}

/** Of a file whose bytes are no longer those that were read. */
export function changedFile(name: string): ContractError {
  return new ContractError("file", `${name}: the file was changed since it was opened; reload it`);
}

function offsetOf(index: PacketIndex, id: PacketId): number {
  return index.segmentOf(id).offsetOf(id & SEGMENT_MASK);
}

/** The pcap format as modified by Alexey Kuznetsov: eight more bytes in front of each packet. */
function isModifiedPcap(head: Uint8Array): boolean {
  const magic = new DataView(head.buffer).getUint32(0);
  return magic === 0xa1b2cd34 || magic === 0x34cdb2a1;
}
