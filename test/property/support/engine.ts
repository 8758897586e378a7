/**
 * The engine driven from a test: bytes in, rows out as text that does not depend on where they lie in memory. One engine
 * serves many runs; what the kernel keeps between them (interned contexts, streams, flow rows) is told relative to the run.
 */
import { Batch } from "../../../src-main/engine/kernel/batch";
import {
  A_ACK,
  A_FLAGS,
  A_IRTT,
  A_SEQ,
  A_STREAM,
  A_WINDOW,
  C_DEPTH,
  C_POINT,
  C_VNI,
  CONTEXT_BYTES,
  E_ACK,
  E_BITS,
  E_FRAME_LENGTH,
  E_IP_LENGTH,
  E_KEY,
  E_NETWORK,
  E_PACKET,
  E_PAYLOAD,
  E_SEQ,
  E_TIME,
  E_TRANSPORT,
  EVENT_BYTES,
  EVENTS_FLOWS,
  EVENTS_NONE,
  EVENTS_POINT_STREAMS,
  EVENTS_STREAMS,
  F_CARRIER,
  F_TAG,
  FLOW_BYTES,
  FLOW_CONTEXT_SHIFT,
  H_EVENTS,
  K_CONTEXTS,
  LAYER_FLAG_REASSEMBLED,
  NO_ROW,
  S_EVENTS,
  S_REASSEMBLED,
  S_RAW,
  SLOT_BYTES,
} from "../../../src-main/engine/kernel/assembly/abi";
import { DEFAULT_DECODE_OPTIONS, type DecodeOptions } from "../../../src-main/engine/decode/decode-options";
import { DecodeStage, type StageMemory, allocateStage } from "../../../src-main/engine/decode/decode-stage";
import { type KernelHandle, createKernel } from "../../../src-main/engine/decode/pipeline";
import type { CaptureEvent } from "../../../src-main/engine/readers/capture-file";
import type { ByteSource } from "../../../src-main/engine/sources/source";
import {
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import type { Problem } from "../../../src-shared/model/problem";

/** Kinds whose AUX is the row of the network layer. */
export const TRANSPORT_KINDS: ReadonlySet<number> = new Set([
  LAYER_TCP,
  LAYER_UDP,
  LAYER_SCTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
]);

export const MODES = {
  none: EVENTS_NONE,
  flows: EVENTS_FLOWS,
  streams: EVENTS_STREAMS,
  "point-streams": EVENTS_POINT_STREAMS,
} as const;
/** "point-streams" for one run an engine only: its stream numbers go on from those of the runs before. */
export type Mode = keyof typeof MODES;

/** Hands out bytes in pieces of the sizes given, over and over; the last piece is what is left. Every other one asynchronously. */
export class PiecesSource implements ByteSource {
  readonly name = "pieces";
  readonly size = undefined;
  private at = 0;
  private turn = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly sizes: readonly number[] = [Infinity],
    private readonly asynchronous = false,
  ) {}

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    const size = this.sizes[this.turn % this.sizes.length] as number;
    const count = Math.min(size, length, this.bytes.length - this.at);
    target.set(this.bytes.subarray(this.at, this.at + count), offset);
    this.at += count;
    this.turn++;
    return this.asynchronous && this.turn % 2 === 0 ? Promise.resolve(count) : count;
  }

  close(): void {}
}

export interface Run {
  /** One text a packet: all of its columns, layers, events and (flow modes) analysis columns. */
  readonly rows: string[];
  /** Offset in the file of each packet's record. */
  readonly offsets: number[];
  /** What the readers told, in order; capture points and files count from 0. */
  readonly events: CaptureEvent[];
  readonly problems: Problem[];
  /** Flow rows this run added, empty without flows. */
  readonly flows: string[];
  /** Packets in each batch. */
  readonly batches: number[];
  readonly flowEvents: number;
}

export class Engine {
  readonly handle: KernelHandle;
  readonly stage: StageMemory;
  readonly slots: readonly number[];
  readonly batches: readonly Batch[];
  private readonly decode: DecodeStage;
  private readonly emitted: { take: (event: CaptureEvent) => void } = { take: () => undefined };
  private file = 0;
  private pointsUsed = 0;
  private streamsUsed = [0, 0];
  /** The first capture point of the latest run. */
  pointsBefore = 0;

  constructor(
    readonly mode: Mode,
    options: Partial<DecodeOptions> = {},
    slots = 2,
  ) {
    this.handle = createKernel();
    const { kernel, memory } = this.handle;
    this.stage = allocateStage(memory);
    this.slots = Array.from({ length: slots }, () => memory.allocate(SLOT_BYTES));
    if (mode !== "none") kernel.configureFlows(MODES[mode], true, this.handle.interned);
    kernel.configureEvents(MODES[mode], this.handle.interned, 12345);
    this.batches = this.slots.map((slot) => new Batch(memory.memory, slot));
    this.decode = new DecodeStage(
      kernel,
      memory.memory,
      this.stage,
      { ...DEFAULT_DECODE_OPTIONS, ...options },
      (event) => this.emitted.take(event),
    );
    this.reassemble = options.reassemble ?? true;
    this.byBytes = options.byBytes ?? true;
  }

  private readonly reassemble: boolean | "ipv6";
  private readonly byBytes: boolean;

  /** Forgets fragments and ports: what one run leaves must not reach into the next. */
  configure(): void {
    const { udpPorts, tcpPorts, fragments } = this.stage;
    this.handle.kernel.configureDecoder(
      udpPorts,
      tcpPorts,
      this.reassemble ? fragments : 0,
      this.byBytes,
      this.reassemble === "ipv6",
    );
  }

  /** Reads a whole source. `visit` sees each batch after the flow stage. `rows: false` skips the texts. */
  async run(
    source: ByteSource | Uint8Array,
    visit?: (batch: Batch) => void,
    options: { readonly rows?: boolean; readonly process?: boolean } = {},
  ): Promise<Run> {
    const { kernel, memory } = this.handle;
    this.configure();
    const pointBase = this.pointsUsed;
    this.pointsBefore = pointBase;
    const file = this.file++;
    const flowBase = this.mode === "none" ? 0 : kernel.flowCount();
    const streamBase = this.streamsUsed;
    const run: Run = { rows: [], offsets: [], events: [], problems: [], flows: [], batches: [], flowEvents: 0 };
    const process = (options.process ?? true) && this.mode !== "none";
    let flowEvents = 0;
    this.emitted.take = (event) => {
      if (event.kind === "interface") this.pointsUsed = event.interface.point + 1;
      if (event.kind === "problem") run.problems.push(event.problem);
      run.events.push(relativeEvent(event, pointBase));
    };
    this.decode.open(source instanceof Uint8Array ? new PiecesSource(source) : source, file);
    let turn = 0;
    while (await this.decode.fill(this.slots[turn] as number)) {
      const batch = this.batches[turn] as Batch;
      if (process) kernel.processSlot(batch.slot);
      flowEvents += this.mode === "none" ? 0 : batch.view.getUint32(batch.slot + H_EVENTS, true);
      if (options.rows !== false) {
        const texts = new RowTexts(this, batch, { pointBase, file, flowBase, streamBase, process });
        for (let packet = 0; packet < batch.packetCount; packet++) {
          run.rows.push(texts.row(packet));
          run.offsets.push(batch.offset[packet] as number);
        }
      }
      run.batches.push(batch.packetCount);
      visit?.(batch);
      turn = (turn + 1) % this.slots.length;
    }
    if (this.mode !== "flows" && this.mode !== "none")
      this.streamsUsed = [kernel.tcpStreamCount(), kernel.udpStreamCount()];
    if (process && this.mode === "flows" && options.rows !== false) {
      const view = new DataView(memory.memory.buffer);
      const carrierOf = (row: number): number => (row === NO_ROW ? -1 : row - flowBase);
      for (let row = flowBase; row < kernel.flowCount(); row++) {
        const at = kernel.flowRow(row) >>> 0;
        let text = "";
        for (let o = 0; o < FLOW_BYTES; o += 4) {
          const word = view.getUint32(at + o, true);
          if (o === F_TAG) text += `${word & 0x1ff}@${this.context(word >>> FLOW_CONTEXT_SHIFT, pointBase, file)} `;
          else text += `${o === F_CARRIER ? carrierOf(word) : word} `;
        }
        run.flows.push(text);
      }
    }
    return { ...run, flowEvents };
  }

  /** A flow context by what it means: interned numbers go on counting from run to run. */
  context(id: number, pointBase: number, file: number): string {
    const view = new DataView(this.handle.memory.memory.buffer);
    const at = view.getUint32(this.handle.interned + K_CONTEXTS, true) + id * CONTEXT_BYTES;
    const point = view.getUint32(at + C_POINT, true) - (this.mode === "streams" ? file : pointBase);
    return `${point}/${view.getUint32(at + C_DEPTH, true)}/${view.getUint32(at + C_VNI, true)}`;
  }
}

function relativeEvent(event: CaptureEvent, pointBase: number): CaptureEvent {
  const told = { ...event, file: 0 };
  if (told.kind === "interface")
    return { ...told, interface: { ...told.interface, point: told.interface.point - pointBase } };
  return told;
}

interface RunBase {
  readonly pointBase: number;
  readonly file: number;
  readonly flowBase: number;
  readonly streamBase: readonly number[];
  readonly process: boolean;
}

/** FNV-1a, to compare bytes without keeping them. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let i = from; i < to; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h >>> 0;
}

class RowTexts {
  private event = 0;
  private readonly events: number;

  constructor(
    private readonly engine: Engine,
    private readonly batch: Batch,
    private readonly base: RunBase,
  ) {
    this.events = engine.mode === "none" ? 0 : batch.view.getUint32(batch.slot + H_EVENTS, true);
  }

  row(packet: number): string {
    const { batch, base } = this;
    const { slot } = batch;
    const data = batch.data[packet] as number;
    const captured = batch.captured[packet] as number;
    const first = batch.firstLayer[packet] as number;
    const count = batch.layersOf(packet);
    let rebuilt = 0;
    let rebuiltEnd = 0;
    for (let row = first; row < first + count && !rebuilt; row++) {
      if (!((batch.layerFlags[row] as number) & LAYER_FLAG_REASSEMBLED)) continue;
      rebuilt = batch.layerPtr[row] as number;
      rebuiltEnd = batch.layerEnd[row] as number;
    }
    const place = (p: number): string =>
      rebuilt && p >= slot + S_REASSEMBLED && p <= slot + S_RAW ? `r${p - rebuilt}` : `${p - data}`;
    const stop = batch.stopReason(packet);
    const options = batch.options[packet] as number;
    let text =
      `${batch.time[packet * 2 + 1]}:${batch.time[packet * 2]} @${batch.offset[packet]} cap=${captured} ` +
      `len=${batch.length[packet]} if=${(batch.point[packet] as number) - base.pointBase} stop=${stop}` +
      `${stop ? `@${place(batch.stopAt[packet] as number)}` : ""} flags=${batch.packetFlags(packet)} ` +
      `opt=${options ? `${options - data}+${batch.optionsLength[packet]}` : "-"} #${hashBytes(batch.bytes, data, data + captured)}`;
    if (rebuilt) text += ` rebuilt#${hashBytes(batch.bytes, rebuilt, rebuiltEnd)}`;
    for (let row = first; row < first + count; row++) {
      const kind = batch.layerKind[row] as number;
      const aux = batch.layerAux[row] as number;
      text +=
        `|${kind} f=${batch.layerFlags[row]} h=${batch.layerHeader[row]} p=${place(batch.layerPtr[row] as number)} ` +
        `l=${batch.layerLength[row]} e=${place(batch.layerEnd[row] as number)} a=${TRANSPORT_KINDS.has(kind) ? aux - first : aux}`;
      if (base.process) text += this.analysis(row);
    }
    const { view } = batch;
    for (; this.event < this.events; this.event++) {
      const e = slot + S_EVENTS + this.event * EVENT_BYTES;
      if (view.getUint32(e + E_PACKET, true) !== packet) break;
      const tag = view.getUint32(e + E_KEY + 12, true);
      const transport = view.getUint32(e + E_TRANSPORT, true);
      text += `!${view.getUint32(e + E_KEY, true)} ${view.getUint32(e + E_KEY + 4, true)} ${view.getUint32(e + E_KEY + 8, true)} `;
      text += `${tag & 0x1ff}@${this.engine.context(tag >>> FLOW_CONTEXT_SHIFT, base.pointBase, base.file)} `;
      text += `n=${view.getUint32(e + E_NETWORK, true) - first} t=${transport === NO_ROW ? "-" : transport - first}`;
      for (const at of [E_TIME, E_TIME + 4, E_FRAME_LENGTH, E_IP_LENGTH, E_PAYLOAD, E_SEQ, E_ACK, E_BITS])
        text += ` ${view.getUint32(e + at, true)}`;
    }
    return text;
  }

  private analysis(row: number): string {
    const { batch, base } = this;
    const at = (column: number): number => batch.view.getUint32(batch.slot + column + row * 4, true);
    const stream = at(A_STREAM);
    if (stream === NO_ROW) return "";
    if (this.engine.mode === "flows") return ` flow=${stream - base.flowBase}`;
    const kind = batch.layerKind[row] as number;
    if (kind !== LAYER_TCP) return ` s=${stream - (base.streamBase[1] as number)}`;
    const rtt = batch.view.getBigInt64(batch.slot + A_IRTT + row * 8, true);
    return ` s=${stream - (base.streamBase[0] as number)} ${at(A_SEQ)} ${at(A_ACK)} ${at(A_WINDOW)} ${at(A_FLAGS)} ${rtt}`;
  }
}

/** What of two runs must be equal: all but how packets were spread over batches, and how far beyond an error was read. */
export function comparable(run: Run): Omit<Run, "batches"> {
  const { batches: _batches, ...rest } = run;
  if (!run.problems.some((p) => p.fatal)) return rest;
  return { ...rest, events: run.events.map((event) => (event.kind === "end" ? { ...event, bytes: -1 } : event)) };
}
