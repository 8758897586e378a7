/** The file phase: whole files, damaged anywhere, through the pipeline, every field of every packet, and the flow table's texts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DEFAULT_DECODE_OPTIONS } from "../../src-main/engine/decode/decode-options";
import { type KernelHandle, createKernel, runPipeline } from "../../src-main/engine/decode/pipeline";
import { FieldColumns, printValue } from "../../src-main/engine/fields/field-columns";
import { fieldNames, findField } from "../../src-main/engine/fields/registry";
import { writeCommunityId } from "../../src-main/engine/flows/community-id";
import type { Batch } from "../../src-main/engine/kernel/batch";
import type { CaptureEvent } from "../../src-main/engine/readers/capture-file";
import { Workspace } from "../../src-main/engine/session/workspace";
import { TextWriter } from "../../src-shared/base/text-writer";
import type { CaptureOnDisk } from "../property/support/captures";
import { MODES, type Mode } from "../property/support/engine";
import { brokenInvariant } from "../property/support/invariants";
import { lz4Frame, stored } from "../unit/sources/lz4-frames";
import { raw, zstdFrame } from "../unit/sources/zstd-frames";
import type { Progress } from "./packets";
import { type Failures, makeCollector } from "./report";
import { Random } from "./random";

/** Files of one run of the pipeline: a kernel is made for each run, and none for each file. */
const PER_RUN = 200;
/** A file that takes longer hangs, as far as anybody waiting can tell. */
const SLOW_MS = 2000;
/** Flow table, slots and stage of a run of small files. */
const MEMORY_OF_A_RUN = 96 << 20;

const MODE_NAMES = Object.keys(MODES) as Mode[];

export interface FilePhase {
  readonly files: number;
  readonly packets: number;
  readonly values: number;
  readonly seconds: number;
  readonly problems: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  readonly memory: number;
}

export function readSeedFiles(captures: readonly CaptureOnDisk[]): Uint8Array[] {
  return captures.map(({ path }) => new Uint8Array(readFileSync(path)));
}

/** File number `index` of a seed: damaged before or after it was compressed, or not compressed at all. */
export function makeFile(seeds: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = new Random(seed ^ 0x5bd1e995, index);
  // The fixtures come first; they have more in a file than most others.
  let bytes = seeds[random.below(random.below(3) ? seeds.length : Math.min(seeds.length, 20))] as Uint8Array;
  const packing = random.below(10);
  const late = random.below(3) === 0;
  if (packing > 2 || !late) bytes = damage(random, bytes, seeds);
  if (packing > 2) return bytes;
  if (packing === 0) bytes = new Uint8Array(gzipSync(bytes, { level: 1 }));
  else {
    const blocks: Uint8Array[] = [];
    const size = 1 + random.below(60_000);
    for (let at = 0; at < bytes.length; at += size) blocks.push(bytes.subarray(at, at + size));
    const checksumOf = random.below(2) ? { checksumOf: bytes } : {};
    bytes =
      packing === 1
        ? zstdFrame(blocks.map(raw), checksumOf)
        : lz4Frame(blocks.map(stored), { ...checksumOf, linked: random.below(2) === 1 });
  }
  return late ? damage(random, bytes, seeds) : bytes;
}

const NUMBERS = [
  0, 1, 4, 8, 11, 12, 16, 28, 31, 32, 0xffff, 0x10000, 0x40000, 0x40001, 1_900_000, 1_900_001, 0x7ffffffc, 0x7fffffff,
  0x80000000, 0xfffffffc, 0xffffffff,
] as const;
const BLOCK_TYPES = [0, 1, 2, 3, 4, 5, 6, 10, 0xbad, 0x40000bad, 0x0a0d0d0a, 0x80000001] as const;

function damage(random: Random, given: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  let bytes = given.slice();
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) {
    const n = bytes.length;
    if (n < 8) return bytes;
    // A third of it at the front, where the head and the first records are.
    const at = random.below(3) ? random.below(n) : random.below(Math.min(n, 256));
    const view = new DataView(bytes.buffer);
    const word = Math.min(at & ~3, (n - 4) & ~3);
    const little = random.below(8) !== 0;
    switch (random.below(12)) {
      case 0:
      case 1:
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
        break;
      case 2:
        bytes[at] = random.of([0, 255, 1, 128]);
        break;
      case 3:
      case 4:
        view.setUint32(word, random.of(NUMBERS), little);
        break;
      case 5:
        view.setUint32(word, view.getUint32(word, little) + random.below(65) - 32, little);
        break;
      case 6:
        view.setUint32(word, random.of(BLOCK_TYPES), little);
        break;
      case 7:
        bytes = bytes.slice(0, at);
        break;
      case 8: {
        const count = 1 + random.below(64);
        bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]));
        break;
      }
      case 9: {
        const extra = Uint8Array.from({ length: 1 + random.below(16) }, () => random.next());
        bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]));
        break;
      }
      case 10: {
        const other = random.of(seeds);
        bytes = new Uint8Array(
          Buffer.concat([
            bytes.subarray(0, random.below(2) ? at : n),
            other.subarray(random.below(3) ? 0 : random.below(other.length)),
          ]),
        );
        break;
      }
      default: {
        const to = Math.min(n, at + 1 + random.below(400));
        bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, to), bytes.subarray(to)]));
      }
    }
  }
  return bytes;
}

interface RunState {
  readonly workspace: Workspace;
  readonly handle: KernelHandle;
  /** Files that have ended. */
  ended: number;
  values: number;
  packets: number;
}

/** Runs files through everything; throws what they make the engine throw. `state` tells how far it came. */
async function runFiles(
  paths: readonly string[],
  mode: Mode,
  random: Random,
  state: RunState,
  ended: (ms: number) => void,
): Promise<void> {
  const { workspace, handle } = state;
  const out = new TextWriter();
  let columns: FieldColumns | undefined;
  let since = performance.now();
  const event = (e: CaptureEvent): void => {
    workspace.take(e);
    if (e.kind !== "end") return;
    state.ended++;
    ended(performance.now() - since);
    since = performance.now();
  };
  const batch = (b: Batch): void => {
    const broken = brokenInvariant(b, mode !== "none");
    if (broken) throw new Error(`${mode}: ${broken.replace(/^packet \d+: /, "")}`);
    state.packets += b.packetCount;
    const { kernel, scratch } = handle;
    columns ??= new FieldColumns({
      files: workspace.files,
      points: workspace.points,
      kernel,
      scratch,
      verifyChecksums: true,
    });
    columns.begin(b);
    for (const name of fieldNames()) {
      const field = findField(name);
      if (!field || (field.needsStreams && mode !== "streams" && mode !== "point-streams")) continue;
      const column = columns.column(name);
      let packet = 0;
      for (let row = 0; row < column.count; row++) {
        const p = column.packet[row] as number;
        if (p < packet || p >= b.packetCount)
          throw new Error(`${name}: row of packet ${p} after one of ${packet}, of ${b.packetCount}`);
        if (!Number.isFinite(column.numbers[row])) throw new Error(`${name}: a value that is no number`);
        packet = p;
        printValue(out, field, column, row);
        if (out.length > 1 << 20) out.clear();
      }
      state.values += column.count;
    }
    out.clear();
  };
  await runPipeline(
    handle,
    paths,
    {
      decode: { ...DEFAULT_DECODE_OPTIONS, reassemble: random.below(4) !== 0, byBytes: random.below(4) !== 0 },
      flows: mode,
      annotate: mode === "flows" && random.below(2) === 0,
      threads: 1,
    },
    { event, batch },
  );
  if (mode !== "flows") return;
  const rows = handle.kernel.flowCount();
  for (let row = 0; row < rows; row++) writeCommunityId(out, handle.memory.bytes(), handle.kernel.communityIdOf(row));
  const groups = handle.memory.allocate(Math.max(rows, 1) * 4);
  const count = handle.kernel.flowGroups(groups);
  if (count > rows) throw new Error(`${count} groups of ${rows} flows`);
}

export async function fuzzFiles(
  captures: readonly CaptureOnDisk[],
  total: number,
  seed: number,
  failures: Failures,
  progress: Progress,
  deadline: number,
): Promise<FilePhase> {
  const collect = makeCollector();
  const seeds = readSeedFiles(captures);
  const folder = mkdtempSync(join(tmpdir(), "hopscope-fuzz-"));
  const begin = performance.now();
  const problems = new Map<string, number>();
  let done = 0;
  let packets = 0;
  let values = 0;
  let slowestMs = 0;
  let memory = 0;
  try {
    for (let run = 0; done < total && Date.now() < deadline; run++) {
      const mode = MODE_NAMES[run % MODE_NAMES.length] as Mode;
      const from = done;
      progress("other", done);
      const count = Math.min(PER_RUN, total - done);
      const paths = Array.from({ length: count }, (_, i) => {
        const path = join(folder, `${i}`);
        writeFileSync(path, makeFile(seeds, seed, from + i));
        return path;
      });
      const told = (error: unknown, index: number): void =>
        failures.tell(error, `file ${index} of seed ${seed}, flows: ${mode}`, () => ({
          bytes: makeFile(seeds, seed, index),
          suffix: ".capture",
        }));
      const handle = createKernel();
      const state: RunState = { workspace: new Workspace(paths), handle, ended: 0, values: 0, packets: 0 };
      progress("files", done);
      try {
        await runFiles(paths, mode, new Random(seed, run), state, (ms) => {
          slowestMs = Math.max(slowestMs, ms);
          if (ms > SLOW_MS) told(new Error(`a file took ${Math.round(ms)} ms`), done);
          done++;
          progress("files", done);
        });
        progress("other", done);
      } catch (error) {
        progress("other", done);
        told(error, done);
        // On with the one behind.
        if (done < from + count) done++;
      }
      for (const p of state.workspace.problems) problems.set(p.code, (problems.get(p.code) ?? 0) + 1);
      const many = state.workspace.files
        .slice(0, done - from)
        .findIndex((f) => f.problems.filter((p) => p.fatal).length > 1);
      if (many >= 0) told(new Error("more than one fatal problem in a file"), from + many);
      packets += state.packets;
      values += state.values;
      const used = handle.memory.used;
      memory = Math.max(memory, used);
      if (used > MEMORY_OF_A_RUN)
        told(new Error(`${used} bytes of kernel memory for ${state.packets} packets`), done - 1);
      if (run % 8 === 7) collect();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { files: done, packets, values, seconds: (performance.now() - begin) / 1000, problems, slowestMs, memory };
}

/** Reads one file in every mode, three times each with other options, and tells how it went. Throws what the engine throws. */
export async function replayFile(path: string, log: (line: string) => void): Promise<boolean> {
  let good = true;
  for (const mode of MODE_NAMES) {
    for (let options = 0; options < 6; options++) {
      const handle = createKernel();
      const state: RunState = { workspace: new Workspace([path]), handle, ended: 0, values: 0, packets: 0 };
      let slow = 0;
      try {
        await runFiles([path], mode, new Random(options, 0), state, (ms) => {
          slow = ms;
        });
      } catch (error) {
        log(`${mode}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        good = false;
        break;
      }
      if (options > 0) continue;
      for (const p of state.workspace.problems)
        log(`${mode}: ${p.code} at ${p.offset}${p.fatal ? " (fatal)" : ""}: ${p.message}`);
      log(`${mode}: ${state.packets} packets, ${state.values} values, ${Math.round(slow)} ms`);
    }
  }
  return good;
}
