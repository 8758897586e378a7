/**
 * Loads the kernel (AssemblyScript, compiled to WebAssembly) and hands out its memory.
 *
 * One memory is shared by the two instances of the module: the decode stage fills slots, the flow stage reads them, and
 * nothing is copied between the threads.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { constants, inflateRawSync } from "node:zlib";

const PAGE = 65536;
const INITIAL_PAGES = 256;
/** wasm32 ends at 4 GiB. */
const MAXIMUM_PAGES = 65536;

export interface KernelExports {
  beginFile(
    format: number,
    swap: boolean,
    nanoseconds: boolean,
    lengthOrder: number,
    recordExtra: number,
    snapLength: number,
    interfaces: number,
  ): void;
  beginSection(swap: boolean): void;
  setInterfaceCount(count: number): void;
  readBlocks(slot: number): number;
  /** See assembly/decode.ts; `sixOnly` is false if left out. */
  configureDecoder(udpPorts: number, tcpPorts: number, fragments: number, byBytes: boolean, sixOnly?: boolean): void;
  /** Appends the pcapng custom block at `at` (in RAW) as a row; 0 if the slot is full. */
  customBlock(slot: number, at: number, total: number, point: number): number;
  decodeOne(slot: number, linkType: number, data: number, captured: number, length: number): void;
  configureEvents(mode: number, interned: number, hashSeed: number): void;
  configureFlows(mode: number, writeColumns: boolean, interned: number): void;
  processSlot(slot: number): void;
  flowCount(): number;
  flowRow(row: number): number;
  flowGroups(out: number): number;
  /** See assembly/flow-text.ts. */
  printFlows(...args: number[]): number;
  /** Position of the 20 bytes of a flow row's Community ID. */
  communityIdOf(row: number): number;
  communityId(
    source: number,
    destination: number,
    width: number,
    protocol: number,
    sourcePort: number,
    destinationPort: number,
    seed: number,
    scratch: number,
    out: number,
  ): void;
  tcpStreamCount(): number;
  udpStreamCount(): number;
  longestProbe(): number;
  /** See assembly/packet-index.ts. */
  configurePaths(interned: number, hashSeed: number): void;
  configureIndex(interned: number): number;
  indexSlot(slot: number): void;
  pathCount(): number;
  pathAt(path: number): number;
  pathsInto(slot: number, first: number, count: number, kindsLow: number, kindsHigh: number): number;
  /** See assembly/path-marks.ts. */
  markPaths(
    first: number,
    count: number,
    kind: number,
    width: number,
    placeA: number,
    placeB: number,
    intervals: number,
    intervalCount: number,
    want: boolean,
    all: boolean,
    out: number,
  ): void;
  /** 1 if the packet found room in the slot. */
  decodeRow(
    slot: number,
    linkType: number,
    data: number,
    captured: number,
    length: number,
    packetFlags: number,
  ): number;
  sum16(p: number, n: number, initial: number): number;
  /** See assembly/sightings.ts. */
  configureSightings(): void;
  appendSightings(slot: number): void;
  dropSightings(): void;
  sightingCount(): number;
  sightingSegments(): number;
  macDirectory(): number;
  earliestSeconds(): number;
  unseenCounts(): number;
  /** See assembly/joining.ts. */
  indexSightings(): void;
  rowOrder(): number;
  rowStart(): number;
  configureGroups(pointOfFlow: number, clocks: number, count: number, baseSeconds: number, rows: number): void;
  configureRanks(ranks: number, resolutionNs: number): void;
  fetchConnection(set: number): void;
  groupPackets(set: number, serverIsA: number, tcp: boolean): number;
  groupTable(): number;
  jointTable(): number;
  /** See assembly/flow-matching.ts. */
  beginMatching(interned: number, fileOfPoint: number): void;
  numberFlows(from: number, to: number): void;
  tupleOfFlow(): number;
  pointOfFlow(): number;
  kindOfFlow(): number;
  joinTuples(from: number, to: number): void;
  numberSets(): number;
  setParents(): number;
  setEvidence(): number;
  setNumbers(): number;
  setStart(): number;
  setFlows(): number;
  beginCandidates(sets: number): void;
  markKeys(from: number, to: number): void;
  collectKeys(from: number, to: number): void;
  findCandidates(): void;
  beginPairs(): void;
  weighCandidates(from: number, to: number): number;
  pairsAt(): number;
  orderPairs(): number;
  forkCount(): number;
  joinPairs(): void;
  joinSets(f: number, g: number, swapped: number, evidence: number): void;
  /** See assembly/one-way-flows.ts. */
  listOneWay(sets: number): number;
  oneWayCount(): number;
  /** See assembly/scratch.ts. */
  borrowed(bytes: number): number;
  /** See assembly/same-packet.ts. */
  sameRows(x: number, y: number, protocol: number): number;
  describeSets(count: number, protocols: number, versions: number, evidence: number): number;
}

const ARENA_LOCK = 0;
const ARENA_NEXT = 1;
const ARENA_LIMIT = 2;
/** Addresses are counted in cache lines: 4 GiB fit an Int32. */
const LINE = 64;

/** The shared memory and its arena. Regions are handed out to any thread and live as long as the memory. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Lock, next free line, lines there are: shared between the threads. */
  readonly arena: Int32Array;
  private cached: Uint8Array;

  /** Without arguments a new memory; with those of another thread's, the same one. */
  constructor(shared?: { readonly memory: WebAssembly.Memory; readonly arena: Int32Array }) {
    this.memory =
      shared?.memory ?? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES, shared: true });
    this.arena = shared?.arena ?? new Int32Array(new SharedArrayBuffer(12));
    if (!shared) {
      this.arena[ARENA_NEXT] = PAGE / LINE; // the module's constants lie below
      this.arena[ARENA_LIMIT] = (INITIAL_PAGES * PAGE) / LINE;
    }
    this.cached = new Uint8Array(this.memory.buffer);
  }

  /** Reserves `bytes`, zeroed, aligned to a cache line. Throws OutOfMemoryError at the end of wasm32's address space. */
  allocate(bytes: number): number {
    const lines = Math.ceil(bytes / LINE);
    const { arena } = this;
    while (Atomics.compareExchange(arena, ARENA_LOCK, 0, 1) !== 0) Atomics.wait(arena, ARENA_LOCK, 1, 1);
    try {
      const line = arena[ARENA_NEXT] as number;
      const limit = arena[ARENA_LIMIT] as number;
      if (line + lines > limit) {
        // Grow in steps of 16 MiB at least: each growth makes new views necessary.
        const pages = Math.max(Math.ceil(((line + lines - limit) * LINE) / PAGE), 256);
        const wanted = Math.min(pages, MAXIMUM_PAGES - (limit * LINE) / PAGE);
        if (limit + (wanted * PAGE) / LINE < line + lines) throw new OutOfMemoryError(bytes);
        try {
          this.memory.grow(wanted);
        } catch {
          throw new OutOfMemoryError(bytes);
        }
        arena[ARENA_LIMIT] = limit + (wanted * PAGE) / LINE;
      }
      arena[ARENA_NEXT] = line + lines;
      return line * LINE;
    } finally {
      Atomics.store(arena, ARENA_LOCK, 0);
      Atomics.notify(arena, ARENA_LOCK, 1);
    }
  }

  /** Bytes handed out so far. */
  get used(): number {
    return (this.arena[ARENA_NEXT] as number) * LINE;
  }

  /** All of the memory; renewed after growth, so do not keep it across allocations. */
  bytes(): Uint8Array {
    if (this.cached.buffer !== this.memory.buffer) this.cached = new Uint8Array(this.memory.buffer);
    return this.cached;
  }
}

export class OutOfMemoryError extends Error {
  constructor(bytes: number) {
    super(
      `the index is full: ${bytes} more bytes do not fit into 4 GiB; open fewer files at once, or filter the capture first`,
    );
    this.name = "OutOfMemoryError";
  }
}

let compiled: WebAssembly.Module | undefined;

/** Compiles the kernel once a thread. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(kernelPath()));
  return compiled;
}

function kernelPath(): string {
  // From the bundle (out/main/x.js) and from the sources (src-main/engine/kernel/kernel.ts) alike.
  const here = import.meta.url;
  const relative = here.includes("/out/main/") ? "../kernel/kernel.wasm" : "../../../out/kernel/kernel.wasm";
  return fileURLToPath(new URL(relative, here));
}

/** Raw deflate, cut or not; 0 bytes if it is none, or more than `limit` come out. */
function inflateInto(bytes: Uint8Array, from: number, length: number, to: number, limit: number): number {
  try {
    // A copy: zlib takes no shared memory.
    const packed = bytes.slice(from, from + length);
    const plain = inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: limit });
    bytes.set(plain, to);
    return plain.length;
  } catch {
    return 0;
  }
}

/** An instance of the kernel over `memory`. */
export function instantiateKernel(module: WebAssembly.Module, memory: KernelMemory): KernelExports {
  const instance = new WebAssembly.Instance(module, {
    env: {
      memory: memory.memory,
      abort: () => {
        throw new Error("kernel: internal check failed");
      },
    },
    host: {
      allocate: (bytes: number): number => memory.allocate(bytes >>> 0),
      inflate: (from: number, length: number, to: number, limit: number): number =>
        inflateInto(memory.bytes(), from >>> 0, length >>> 0, to >>> 0, limit >>> 0),
    },
  });
  return withUnsignedPositions(instance.exports as unknown as KernelExports);
}

/** What tells a position in the memory. */
const POSITIONS = [
  "borrowed",
  "communityIdOf",
  "configureIndex",
  "flowRow",
  "groupTable",
  "jointTable",
  "kindOfFlow",
  "listOneWay",
  "macDirectory",
  "orderPairs",
  "pairsAt",
  "pathAt",
  "pointOfFlow",
  "rowOrder",
  "rowStart",
  "setEvidence",
  "setFlows",
  "setNumbers",
  "setParents",
  "setStart",
  "sightingSegments",
  "tupleOfFlow",
  "unseenCounts",
] as const satisfies readonly (keyof KernelExports)[];

/** WebAssembly hands out signed numbers: positions from 2 GiB on would be negative. */
function withUnsignedPositions(signed: KernelExports): KernelExports {
  const kernel = { ...signed };
  for (const name of POSITIONS) kernel[name] = (row?: number): number => signed[name](row ?? 0) >>> 0;
  return kernel;
}
