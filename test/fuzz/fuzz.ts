/**
 * Throws damaged input at the engine: mutated packets at the kernel, damaged files at the whole pipeline. What must hold: no
 * exception, no hang, no memory beyond what the tables need, and the rows' invariants. See run.mjs for the command.
 */
import { corpusCaptures, fixtureCaptures, labCaptures } from "../property/support/captures";
import { type SeedPacket, readPackets } from "../property/support/packets";
import { type FilePhase, fuzzFiles, makeFile, readSeedFiles, replayFile } from "./files";
import { type PacketPhase, type Progress, batchInput, fuzzPackets } from "./packets";
import { Failures, writeInput } from "./report";

export interface FuzzOptions {
  readonly packets: number;
  readonly files: number;
  readonly seed: number;
  /** Stop after so many seconds, whatever is left. */
  readonly seconds: number;
  /** Only the project's own fixtures: the same everywhere. */
  readonly fixturesOnly?: boolean;
}

export interface FuzzResult {
  readonly packets: PacketPhase;
  readonly files: FilePhase;
  readonly failures: Failures;
}

/** Captures longer than this are no seeds for the file phase: most damage would hit bytes behind the first megabyte. */
const LARGEST_FILE = 40_000;

function seedCaptures(fixturesOnly: boolean, maxBytes: number): ReturnType<typeof fixtureCaptures> {
  if (fixturesOnly) return fixtureCaptures();
  return [...fixtureCaptures(), ...corpusCaptures("", maxBytes), ...labCaptures(maxBytes)];
}

async function seedPackets(fixturesOnly: boolean): Promise<SeedPacket[]> {
  return readPackets(seedCaptures(fixturesOnly, 3e6), 60, 3000);
}

export async function fuzz(
  options: FuzzOptions,
  log: (line: string) => void,
  progress: Progress = () => undefined,
): Promise<FuzzResult> {
  const { seed } = options;
  const fixturesOnly = options.fixturesOnly ?? false;
  const deadline = Date.now() + options.seconds * 1000;
  const failures = new Failures(seed);
  const seeds = await seedPackets(fixturesOnly);
  const captures = seedCaptures(fixturesOnly, LARGEST_FILE);
  log(`seed ${seed}: ${seeds.length} packets and ${captures.length} files to start from`);

  const packets = fuzzPackets(seeds, options.packets, seed, failures, progress, deadline);
  log(
    `packets: ${packets.packets} mutated, ${packets.decoded} decoded (flows and streams), ${packets.layers} layers, ` +
      `${packets.flows} flows, ${packets.reassembled} batches with reassembly, ${packets.sampledBatches} batches looked at row by row; ` +
      `${rate(packets.packets, packets.seconds)}; memory ${(packets.memoryShare * 100).toFixed(0)} % of what the tables may take`,
  );

  const files = await fuzzFiles(captures, options.files, seed, failures, progress, deadline);
  log(
    `files: ${files.files} damaged, ${files.packets} packets, ${files.values} field values; ${rate(files.files, files.seconds)}; ` +
      `slowest ${Math.round(files.slowestMs)} ms; most kernel memory ${(files.memory / 1048576).toFixed(0)} MiB; problems told: ` +
      [...files.problems].map(([code, n]) => `${code} ${n}`).join(", "),
  );
  return { packets, files, failures };
}

function rate(n: number, seconds: number): string {
  return `${seconds.toFixed(1)} s, ${Math.round(n / Math.max(seconds, 0.001))}/s`;
}

/** Writes the input that phase and index stand for: the watchdog's part, in a thread that still runs. */
export async function writeHanging(phase: "packets" | "files", index: number, options: FuzzOptions): Promise<string> {
  const fixturesOnly = options.fixturesOnly ?? false;
  if (phase === "packets")
    return writeInput(
      batchInput(await seedPackets(fixturesOnly), options.seed, index),
      `hang-${options.seed}-batch-${index}.pcapng`,
    );
  const seeds = readSeedFiles(seedCaptures(fixturesOnly, LARGEST_FILE));
  return writeInput(makeFile(seeds, options.seed, index), `hang-${options.seed}-file-${index}.capture`);
}

/** The command's thread: 0 if nothing was found. */
export async function main(
  options: FuzzOptions & { readonly replay?: string | undefined },
  progress: Progress,
): Promise<number> {
  if (options.replay !== undefined) return (await replayFile(options.replay, console.log)) ? 0 : 1;
  const { failures } = await fuzz(options, console.log, progress);
  if (failures.total === 0) {
    console.log("nothing found");
    return 0;
  }
  console.log(`${failures.total} failures, ${failures.list.length} kinds:`);
  for (const line of failures.lines()) console.log(line);
  return 1;
}
