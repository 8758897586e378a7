/** The packet phase: batches of mutated packets through the kernel's block reader, decoder, events and flow table. */
import { allocateStage } from "../../src-main/engine/decode/decode-stage";
import { DEFAULT_DECODE_OPTIONS, fillPortTables } from "../../src-main/engine/decode/decode-options";
import { createKernel } from "../../src-main/engine/decode/pipeline";
import {
  CONTEXT_BYTES,
  EVENT_BYTES,
  F_PACKETS,
  FLOW_BYTES,
  FORMAT_PCAP,
  FORMAT_PCAPNG,
  H_EVENTS,
  H_FILE,
  H_FILE_OFFSET,
  H_LAYERS,
  H_PACKETS,
  H_RAW_DONE,
  H_RAW_USED,
  H_REASSEMBLED_USED,
  I_BINARY_TIME,
  I_LINK_TYPE,
  I_OFFSET_SECONDS,
  I_POINT,
  I_SNAP_LENGTH,
  I_TIME_UNITS,
  INTERFACE_BYTES,
  K_ADDRESS6_COUNT,
  K_CONTEXT_COUNT,
  MAX_PACKETS,
  MAX_RECORD_BYTES,
  READ_FULL,
  READ_MORE,
  S_RAW,
  SLOT_BYTES,
} from "../../src-main/engine/kernel/assembly/abi";
import { Batch } from "../../src-main/engine/kernel/batch";
import { MODES, type Mode } from "../property/support/engine";
import { brokenInvariant } from "../property/support/invariants";
import { type PacketToWrite, type SeedPacket, writePcapng } from "../property/support/packets";
import { type BatchBytes, BatchMaker, LINK_TYPES, SeedBank } from "./batches";
import { type Failures, makeCollector } from "./report";

/** More than a slot has rows for. */
const PER_BATCH = MAX_PACKETS + 100;
/** Packets a kernel decodes before the next takes over: its flow table never forgets. */
const PER_KERNEL = 1_000_000;
/** Rows of these batches are looked at one by one. */
const SAMPLE = 12;
const TCP_STATE_BYTES = 152;
const COMMUNITY_ID_BYTES = 20;
const SEGMENT_ROWS = 16384;

export interface PacketPhase {
  readonly packets: number;
  readonly decoded: number;
  readonly layers: number;
  readonly reassembled: number;
  readonly flows: number;
  readonly seconds: number;
  readonly sampledBatches: number;
  /** The largest share of the memory a kernel was allowed that it took. */
  readonly memoryShare: number;
}

export interface Progress {
  /** Called before each batch and each file; "other" is work that may take its time. */
  (phase: "packets" | "files" | "other", index: number): void;
}

export function fuzzPackets(
  seeds: readonly SeedPacket[],
  total: number,
  seed: number,
  failures: Failures,
  progress: Progress,
  deadline: number,
): PacketPhase {
  const collect = makeCollector();
  const bank = new SeedBank(seeds);
  const maker = new BatchMaker(bank, seed, PER_BATCH);
  let pair = new Pair("streams", seed);
  const phase = {
    packets: 0,
    decoded: 0,
    layers: 0,
    reassembled: 0,
    flows: 0,
    seconds: 0,
    sampledBatches: 0,
    memoryShare: 0,
  };
  const begin = performance.now();
  const retire = (batch: number): void => {
    progress("other", batch);
    try {
      phase.memoryShare = Math.max(phase.memoryShare, pair.finish());
    } catch (error) {
      failures.tell(error, `the tables after batch ${batch} of seed ${seed}`, () => ({
        bytes: new Uint8Array(),
        suffix: ".none",
      }));
    }
    phase.flows += pair.flowRows;
    // Both ways of counting streams get their turn.
    pair = new Pair(pair.streams.mode === "streams" ? "point-streams" : "streams", seed + batch);
    collect();
  };
  for (let batch = 0; phase.packets < total && Date.now() < deadline; batch++) {
    progress("packets", batch);
    const { flows, streams } = pair;
    const made = maker.make(batch, flows.bytes, flows.raw);
    // The streams' kernel shares no memory with the flows'.
    streams.bytes.set(flows.bytes.subarray(flows.raw, flows.raw + made.used), streams.raw);
    const sample = batch % SAMPLE === 0;
    try {
      for (const machine of [flows, streams]) {
        machine.decode(made, sample);
        phase.decoded += made.packets;
      }
      if (sample) phase.sampledBatches++;
      phase.layers += flows.layers;
      phase.reassembled += flows.reassembled;
    } catch (error) {
      progress("other", batch);
      failures.tell(error, `batch ${batch} of seed ${seed}`, () => smallestInput(made, flows, error));
      pair = new Pair(streams.mode, seed + batch);
      collect();
    }
    phase.packets += made.packets;
    if (pair.flows.packets >= PER_KERNEL) retire(batch);
  }
  if (pair.flows.packets > 0) retire(-1);
  phase.seconds = (performance.now() - begin) / 1000;
  return phase;
}

/** The input of a batch that does not come back. */
export function batchInput(seeds: readonly SeedPacket[], seed: number, batch: number): Uint8Array {
  const memory = new Uint8Array(4 << 20);
  const made = new BatchMaker(new SeedBank(seeds), seed, PER_BATCH).make(batch, memory, 0);
  return writePcapng(packetsOf(made, memory, 0));
}

function packetsOf(made: BatchBytes, memory: Uint8Array, start: number): PacketToWrite[] {
  return Array.from({ length: made.packets }, (_, i) => {
    const at = start + (made.at[i] as number);
    return {
      linkType: LINK_TYPES[made.links[i] as number] as number,
      bytes: memory.slice(at, at + (made.captured[i] as number)),
      length: made.wire[i] as number,
    };
  });
}

/** One packet that fails by itself if there is one, else half the batch over and over while one half fails, else all of it. */
function smallestInput(made: BatchBytes, machine: Machine, error: unknown): { bytes: Uint8Array; suffix: string } {
  const text = (e: unknown): string => (e instanceof Error ? e.message : String(e)).replaceAll(/-?\d+/g, "#");
  const all = packetsOf(made, machine.bytes, machine.raw);
  const fails = (packets: readonly PacketToWrite[]): boolean => {
    for (const mode of ["flows", "streams", "point-streams"] as const) {
      const probe = new Machine(mode, 1);
      const bytes = writePcapng(packets);
      // Only the blocks: the head is written by hand as everywhere here.
      const from = 28 + new Set(packets.map((p) => p.linkType)).size * 20;
      probe.bytes.set(bytes.subarray(from), probe.raw);
      const links = [...new Set(packets.map((p) => p.linkType))];
      probe.interfaces(links);
      try {
        probe.decode(
          { ...made, pcapng: true, swapped: false, used: bytes.length - from, packets: packets.length },
          true,
          true,
        );
      } catch (e) {
        if (text(e) === text(error)) return true;
      }
    }
    return false;
  };
  let left = all;
  if (!fails(left)) return { bytes: writePcapng(all), suffix: "-batch.pcapng" };
  for (let chunk = Math.ceil(left.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < left.length && left.length > 1;) {
      const without = [...left.slice(0, from), ...left.slice(from + chunk)];
      if (without.length > 0 && fails(without)) left = without;
      else from += chunk;
      if (chunk < 64 && left.length > 512) break; // it needs most of them: no use to go on
    }
  }
  return { bytes: writePcapng(left), suffix: `-${left.length}.pcapng` };
}

class Pair {
  readonly flows: Machine;
  readonly streams: Machine;

  constructor(streams: Mode, seed: number) {
    this.flows = new Machine("flows", seed);
    this.streams = new Machine(streams, seed);
  }

  get flowRows(): number {
    return this.flows.handle.kernel.flowCount();
  }

  finish(): number {
    return Math.max(this.flows.finish(), this.streams.finish());
  }
}

/** A kernel, one slot, and the interface table: the decode and the flow stage without anything around them. */
class Machine {
  readonly handle = createKernel();
  readonly raw: number;
  packets = 0;
  /** Of the latest batch. */
  layers = 0;
  reassembled = 0;
  private readonly slot: number;
  private readonly stage: ReturnType<typeof allocateStage>;
  private readonly batch: Batch;
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly usedAtStart: number;
  private events = 0;

  constructor(
    readonly mode: Mode,
    seed: number,
  ) {
    const { kernel, memory } = this.handle;
    this.stage = allocateStage(memory);
    this.slot = memory.allocate(SLOT_BYTES);
    this.raw = this.slot + S_RAW;
    kernel.configureFlows(MODES[mode], true, this.handle.interned);
    kernel.configureEvents(MODES[mode], this.handle.interned, seed);
    this.usedAtStart = memory.used;
    this.bytes = memory.bytes();
    this.view = new DataView(memory.memory.buffer);
    this.batch = new Batch(memory.memory, this.slot);
    const { udpPorts, tcpPorts, fragments } = this.stage;
    fillPortTables(
      DEFAULT_DECODE_OPTIONS,
      this.bytes.subarray(udpPorts, udpPorts + 65536),
      this.bytes.subarray(tcpPorts, tcpPorts + 65536),
    );
    kernel.configureDecoder(udpPorts, tcpPorts, fragments, true);
    this.interfaces(LINK_TYPES);
  }

  interfaces(linkTypes: readonly number[]): void {
    linkTypes.forEach((linkType, i) => {
      const p = this.stage.interfaces + i * INTERFACE_BYTES;
      this.view.setUint32(p + I_LINK_TYPE, linkType, true);
      this.view.setUint32(p + I_SNAP_LENGTH, 0, true);
      this.view.setUint32(p + I_POINT, i, true);
      this.view.setUint32(p + I_BINARY_TIME, 0, true);
      this.view.setBigUint64(p + I_TIME_UNITS, 1_000_000n, true);
      this.view.setBigInt64(p + I_OFFSET_SECONDS, 0n, true);
    });
  }

  /** Takes the records that lie in the slot. Throws on a trap, a broken invariant (of a sample) and a reader that disagrees. */
  decode(made: BatchBytes, sample: boolean, anyStatus = false): void {
    const { kernel } = this.handle;
    const { slot, view } = this;
    const set = (at: number, value: number): void => view.setUint32(slot + at, value, true);
    const get = (at: number): number => view.getUint32(slot + at, true);
    kernel.beginFile(
      made.pcapng ? FORMAT_PCAPNG : FORMAT_PCAP,
      made.swapped,
      false,
      0,
      0,
      MAX_RECORD_BYTES,
      this.tableFor(made),
    );
    if (made.pcapng) kernel.setInterfaceCount(LINK_TYPES.length);
    set(H_RAW_USED, made.used);
    set(H_RAW_DONE, 0);
    set(H_FILE, 0);
    view.setFloat64(slot + H_FILE_OFFSET, 0, true);
    let read = 0;
    this.layers = 0;
    this.reassembled = 0;
    for (;;) {
      set(H_PACKETS, 0);
      set(H_LAYERS, 0);
      set(H_EVENTS, 0);
      set(H_REASSEMBLED_USED, 0);
      const status = kernel.readBlocks(slot);
      if (status !== READ_MORE && status !== READ_FULL && !anyStatus)
        throw new Error(`readBlocks said ${status} at ${get(H_RAW_DONE)}`);
      read += get(H_PACKETS);
      this.layers += get(H_LAYERS);
      if (get(H_REASSEMBLED_USED) > 0) this.reassembled++;
      this.events += get(H_EVENTS);
      kernel.processSlot(slot);
      if (sample) {
        const broken = brokenInvariant(this.batch, true);
        if (broken) throw new Error(`${this.mode}: ${broken.replace(/^packet \d+: /, "")}`);
      }
      if (status === READ_FULL && get(H_PACKETS) > 0) continue;
      break;
    }
    if (read !== made.packets) throw new Error(`${read} of ${made.packets} packets read`);
    this.packets += read;
  }

  /** pcap has one interface: the table begins with it. */
  private tableFor(made: BatchBytes): number {
    return this.stage.interfaces + (made.pcapng ? 0 : made.link * INTERFACE_BYTES);
  }

  /** Judges the tables: every event counted, no more memory than the rows need. Answers the share of the allowed memory. */
  finish(): number {
    const { kernel, memory } = this.handle;
    const view = new DataView(memory.memory.buffer);
    const rows = kernel.flowCount();
    if (this.mode === "flows") {
      let packets = 0;
      for (let row = 0; row < rows; row++) {
        const at = kernel.flowRow(row) >>> 0;
        packets += view.getUint32(at + F_PACKETS, true) + view.getUint32(at + F_PACKETS + 4, true);
      }
      if (packets !== this.events) throw new Error(`flows: ${packets} packets in ${rows} flows, ${this.events} events`);
    }
    if (rows > this.events * 2) throw new Error(`${this.mode}: ${rows} rows of ${this.events} events`);
    const probe = kernel.longestProbe();
    if (probe > 400) throw new Error(`${this.mode}: a search took ${probe} probes`);
    const taken = memory.used - this.usedAtStart;
    const allowed = this.memoryFor(rows);
    if (taken > allowed)
      throw new Error(
        `${this.mode}: ${taken} bytes of memory taken, ${allowed} needed for ${rows} rows of ${this.events} events`,
      );
    return taken / allowed;
  }

  /** Tables double and are never given back: twice the last size at most. */
  private memoryFor(rows: number): number {
    const doubled = (entries: number, bytes: number, least: number): number => {
      let size = least;
      while (size < entries) size *= 2;
      return size > least ? size * 2 * bytes : 0;
    };
    const interned = (at: number): number => this.view.getUint32(this.handle.interned + at, true);
    const segments = Math.ceil(rows / SEGMENT_ROWS) * SEGMENT_ROWS;
    const addresses = interned(K_ADDRESS6_COUNT);
    const contexts = interned(K_CONTEXT_COUNT);
    let bytes = segments * FLOW_BYTES + doubled(rows * 2, 8, 65536) + 65536;
    bytes += doubled(addresses, 16, 4096) + doubled(addresses * 2, 4, 16384);
    bytes += doubled(contexts, CONTEXT_BYTES, 1024) + doubled(contexts * 4, 4, 4096);
    // Flows keep the 20 bytes of a Community ID a row.
    if (this.mode === "flows") bytes += segments * COMMUNITY_ID_BYTES;
    // Streams keep a state a row and a list of unacknowledged segments.
    if (this.mode !== "flows") bytes += segments * TCP_STATE_BYTES + this.events * 12 + 49152 + EVENT_BYTES;
    return bytes;
  }
}
