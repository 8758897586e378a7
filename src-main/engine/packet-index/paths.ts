/**
 * The dictionary of paths (see kernel/assembly/packet-index.ts): what headers have in common packet after packet. Fields that
 * a path decides are read from it as from a batch of packets, one a path.
 */
import { LAYER_UDP } from "../../../src-shared/model/layer-kind";
import type { KernelHandle } from "../decode/pipeline";
import { MAX_PACKETS, PATH_POINT, PATH_SIZES, SLOT_BYTES } from "../kernel/assembly/abi";
import { Batch } from "../kernel/batch";
import type { FieldContext } from "../fields/field-context";
import type { Workspace } from "../session/workspace";
import { GrowableU32 } from "./growable";
import { INTERVAL_BYTES, type PathTest } from "./path-tests";

/** A set of LAYER_* numbers, a bit each. */
export interface LayerKinds {
  readonly low: number;
  readonly high: number;
}

/** Paths that are marked in one call of the kernel. */
const MARKED_AT_ONCE = 1 << 16;

const ALL_KINDS: LayerKinds = { low: 0xffffffff, high: 0xffffffff };

export function layerKinds(kinds: Iterable<number>): LayerKinds {
  let low = 0;
  let high = 0;
  for (const kind of kinds) {
    if (kind < 32) low |= 1 << kind;
    else high |= 1 << (kind - 32);
  }
  return { low: low >>> 0, high: high >>> 0 };
}

export class Paths {
  private readonly points = new GrowableU32(4096);
  private slot = 0;
  private batch: Batch | undefined;
  /** Of the kernel's memory: intervals of a test, then marks. */
  private marks = 0;

  constructor(private readonly handle: KernelHandle) {}

  /** Takes notice of paths that are new in the kernel. */
  update(): void {
    const { kernel, memory } = this.handle;
    const n = kernel.pathCount();
    if (n === this.points.length) return;
    const bytes = memory.bytes();
    for (let path = this.points.length; path < n; path++)
      this.points.push(readWord(bytes, kernel.pathAt(path) + PATH_POINT));
  }

  get count(): number {
    return this.points.length;
  }

  /** Capture point of a path. */
  pointOf(path: number): number {
    return this.points.at(path);
  }

  /** By path. A view: do not keep it. */
  pointColumn(): Uint32Array {
    return this.points.array();
  }

  /**
   * Paths from `first` on as a batch: row i is path first + i. Valid until the next call. Its headers hold what paths keep
   * (lengths, checksums and the like are 0); times and lengths of the packets it has none.
   * @param kinds layers of these kinds only: the fewer the quicker
   */
  read(first: number, kinds: LayerKinds = ALL_KINDS): Batch {
    const { kernel, memory } = this.handle;
    this.slot ||= memory.allocate(SLOT_BYTES);
    // The dictionary lies all over the memory: columns made before it grew do not reach the newest records.
    if (this.batch?.bytes.buffer !== memory.memory.buffer) this.batch = new Batch(memory.memory, this.slot);
    kernel.pathsInto(this.slot, first, Math.min(this.count - first, MAX_PACKETS), kinds.low, kinds.high);
    return this.batch;
  }

  /** Calls `visit` with batches of all paths, from path `from` on. */
  forEachBatch(visit: (batch: Batch, first: number) => void, from = 0, kinds = ALL_KINDS): void {
    for (let first = from; first < this.count;) {
      const batch = this.read(first, kinds);
      visit(batch, first);
      first += batch.packetCount;
    }
  }

  /** Sets `out[path]` to 1 or 0 for all paths from `first` on: whether they satisfy the test. 2 M paths: see path-marks.ts. */
  mark(test: PathTest, first: number, out: Uint8Array): void {
    const { kernel, memory } = this.handle;
    this.marks ||= memory.allocate(INTERVAL_BYTES + MARKED_AT_ONCE);
    const to = this.marks + INTERVAL_BYTES;
    const bytes = memory.bytes();
    bytes.set(test.intervals, this.marks);
    const { kind, width, placeA, placeB, intervalCount, want, all } = test;
    for (let path = first; path < this.count; path += MARKED_AT_ONCE) {
      const count = Math.min(MARKED_AT_ONCE, this.count - path);
      kernel.markPaths(path, count, kind, width, placeA, placeB, this.marks, intervalCount, want, all, to);
      out.set(bytes.subarray(to, to + count), path);
    }
  }

  /** All of the kernel's memory: what positions in columns of paths point into. */
  bytes(): Uint8Array {
    return this.handle.memory.bytes();
  }

  /** For fields of paths. */
  context(workspace: Workspace): FieldContext {
    return {
      files: workspace.files,
      points: workspace.points,
      kernel: this.handle.kernel,
      scratch: this.handle.scratch,
      verifyChecksums: false,
    };
  }

  /** udp.stream of a path's UDP layers, outermost first; NO_ROW for one without. */
  udpStreams(path: number): number[] {
    const bytes = this.handle.memory.bytes();
    const at = this.handle.kernel.pathAt(path);
    const sizes = readWord(bytes, at + PATH_SIZES);
    let k = at + 8;
    let stream = at + (sizes & 0xffff);
    const streams: number[] = [];
    for (let layers = (sizes >>> 16) & 0xff; layers > 0; layers--) {
      if (bytes[k] === LAYER_UDP) {
        streams.push(readWord(bytes, stream));
        stream += 4;
      }
      k += 8 + (((readWord(bytes, k) >>> 16) + 7) & ~7);
    }
    return streams;
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
