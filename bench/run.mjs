/**
 * Measures our commands and the installed peers in one run, round robin, and prints ratios. See README.md.
 *
 *   npm run bench -- [--quick] [--scale] [--json OUT] [--runs 3] [--inputs k8s,small,multi,two-node] [--bytes 1GB]
 *                    [--only TEXT,TEXT] [--partial 500000|all] [--limit SECONDS] [--data FOLDER]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CaptureFile } from "./capture-file.mjs";
import { findOwnCommands, findPeers, flowsCommand, rowsFor } from "./commands.mjs";
import { KINDS, generateOnce, parseBytes, parseCount } from "./generate.mjs";
import { hasGnuTime, measure, warm } from "./measure.mjs";
import { align, figuresOf, formatTable, median, ratioOf, thousands } from "./report.mjs";

/** A command that takes longer than this is not run again: its first run counts. */
const SLOW_SECONDS = 10;
const QUICK_BYTES = 30e6;
const QUICK_PARTIAL = 50_000;
const SCALE_PACKETS = [1e6, 5e6, 20e6];

/** @typedef {import("./report.mjs").Result} Result */
/** @typedef {{ kind: import("./traffic.mjs").Kind, format: string, files: string[], bytes: number, packets: number, flows: number }} Input */

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      scale: { type: "boolean", default: false },
      json: { type: "string" },
      runs: { type: "string" },
      inputs: { type: "string" },
      bytes: { type: "string" },
      only: { type: "string" },
      partial: { type: "string" },
      limit: { type: "string", default: "1800" },
      data: { type: "string", default: fileURLToPath(new URL("./data", import.meta.url)) },
    },
  });
  const { quick } = values;
  const partial = values.partial ?? String(quick ? QUICK_PARTIAL : 500_000);
  return {
    quick,
    scale: values.scale,
    json: values.json,
    runs: parseCount(values.runs ?? (quick ? "1" : "3"), "runs"),
    data: values.data,
    // None of the scaling check alone, unless asked for.
    inputs: (values.inputs ?? (values.scale ? "" : Object.keys(KINDS).join(","))).split(",").filter(Boolean),
    bytes: values.bytes === undefined ? undefined : parseBytes(values.bytes),
    only: values.only?.split(",").map((text) => text.trim()),
    partial: partial === "all" ? Infinity : parseCount(partial, "partial"),
    limitSeconds: parseCount(values.limit, "limit"),
  };
}

/** @typedef {ReturnType<typeof readOptions>} Options */

/**
 * "k8s", or "k8s.pcapng" for the other format.
 * @param {string} name
 * @param {Options} options
 * @returns {Input}
 */
function makeInput(name, { quick, data, bytes: wanted }) {
  const [kindName, formatName] = name.split(".");
  if (!Object.hasOwn(KINDS, kindName)) throw new Error(`no input is named ${name}: ${Object.keys(KINDS).join(", ")}`);
  const kind = /** @type {import("./traffic.mjs").Kind} */ (kindName);
  const usual = KINDS[kind];
  const format = usual.formats.find((known) => known === (formatName ?? usual.formats[0]));
  if (!format) throw new Error(`${kind} is written as ${usual.formats.join(" or ")}`);
  const bytes = wanted ?? (quick ? QUICK_BYTES : usual.bytes);
  const flows = Math.max(1, Math.round((usual.flows * bytes) / usual.bytes));
  progress(`making ${name}`);
  const made = generateOnce({ kind, format, path: join(data, `${kind}-${bytes}.${format}`), bytes, flows });
  progress("");
  return { kind, format, files: made.files, bytes: made.bytes, packets: made.packets, flows: made.flows };
}

/**
 * @param {Input} input
 * @param {Options} options
 * @param {Set<string>} own
 * @param {ReturnType<typeof findPeers>} peers
 * @returns {Promise<Result[]>}
 */
async function measureInput(input, options, own, peers) {
  const partialPackets = Math.min(options.partial, input.packets);
  const rows = rowsFor(input, own, peers, partialPackets).filter(
    ({ name }) => !options.only || options.only.some((text) => name.includes(text)),
  );
  const results = rows.map((row) => {
    const partial = row.partial === true && partialPackets < input.packets;
    const packets = partial ? partialPackets : input.packets;
    /** @type {Result} */
    const result = {
      name: row.name,
      what: row.what,
      ours: row.ours,
      absent: row.absent,
      packets,
      bytes: partial ? Math.round((input.bytes * packets) / input.packets) : input.bytes,
      partial,
      samples: [],
    };
    return { row, result, done: row.command === undefined };
  });

  const warmUps = options.quick ? 0 : 1;
  for (let round = 0; round < warmUps + options.runs; round++) {
    for (const file of input.files) warm(file);
    for (let i = 0; i < results.length; i++) {
      // Each round begins with another command, so that none always follows the same one.
      const entry = results[(i + round) % results.length];
      const { row, result } = entry;
      if (entry.done || !row.command) continue;
      progress(
        `${input.kind}: ${round < warmUps ? "warm-up" : `run ${round - warmUps + 1} of ${options.runs}`}: ${row.name}`,
      );
      const sample = await measure(row.command(input.files[0]), options);
      if (sample.failure !== undefined) {
        entry.done = true;
        result.samples = [];
        result.absent = `failed: ${sample.failure}`;
      } else if (round >= warmUps) result.samples.push(sample);
      else if (sample.wall > SLOW_SECONDS) {
        entry.done = true;
        result.samples.push(sample);
      }
    }
  }
  progress("");

  for (const { result } of results) if (result.samples.length) result.figures = figuresOf(result);
  for (const { row, result } of results) {
    const base = row.against
      .map((name) => results.find((other) => other.result.name === name)?.result)
      .find((other) => other?.figures);
    if (base) result.ratio = ratioOf(result, base);
  }
  return results.map(({ result }) => result);
}

/**
 * Does a packet cost the same in a large file as in a small one? `small` at three sizes, one flow to ten packets.
 * @param {Options} options
 */
async function measureScale(options) {
  /** @type {{ packets: number, path: string, bytes: number }[]} */
  const inputs = [{ packets: 0, path: makeEmptyCapture(options), bytes: 24 }];
  for (const packets of SCALE_PACKETS) {
    progress(`making small, ${thousands(packets)} packets`);
    const path = join(options.data, `scale-${packets}.pcap`);
    const made = generateOnce({ kind: "small", format: "pcap", path, packets, flows: packets / 10 });
    inputs.push({ packets: made.packets, path, bytes: made.bytes });
  }
  const variants = [[], ["--threads", "1"]];
  const series = variants.flatMap((threads) =>
    inputs.map((input) => ({
      ...input,
      threads,
      samples: /** @type {import("./measure.mjs").Sample[]} */ ([]),
    })),
  );
  for (let round = 0; round <= options.runs; round++) {
    for (const { path, packets, threads, samples } of series) {
      warm(path);
      progress(`scale: round ${round} of ${options.runs}: ${thousands(packets)} packets`);
      const sample = await measure(flowsCommand(path, ...threads), options);
      if (sample.failure !== undefined)
        throw new Error(`hopscope flows, ${thousands(packets)} packets: ${sample.failure}`);
      if (round > 0) samples.push(sample);
    }
  }
  progress("");
  /** @type {{ name: string, packets: number, wallNs: number, cpuNs: number, netWallNs: number, netCpuNs: number, peakMiB: number, times: number }[]} */
  const lines = [];
  for (const threads of variants) {
    const own = series.filter((entry) => entry.threads === threads);
    const figures = own.map(({ samples }) => ({
      wall: median(samples.map(({ wall }) => wall)),
      cpu: median(samples.map(({ cpu }) => cpu ?? NaN)),
      peakMiB: median(samples.map(({ peakMiB }) => peakMiB ?? NaN)),
    }));
    const [start] = figures;
    own.slice(1).forEach(({ packets }, i) => {
      const { wall, cpu, peakMiB } = figures[i + 1];
      const netCpuNs = ((cpu - start.cpu) / packets) * 1e9;
      lines.push({
        name: ["hopscope flows", ...threads].join(" "),
        packets,
        wallNs: (wall / packets) * 1e9,
        cpuNs: (cpu / packets) * 1e9,
        netWallNs: ((wall - start.wall) / packets) * 1e9,
        netCpuNs,
        peakMiB,
        times: i === 0 ? 1 : netCpuNs / lines[lines.length - i].netCpuNs,
      });
    });
  }
  const ns = (/** @type {number} */ value) => value.toFixed(0);
  console.log(
    "\nscale: ns per packet; net is without the time an empty capture takes; the last column compares net CPU",
  );
  const header = ["", "packets", "wall", "CPU", "net wall", "net CPU", "peak MiB", "against the first"];
  const cells = lines.map((line) => [
    ...[line.name, thousands(line.packets), ns(line.wallNs), ns(line.cpuNs), ns(line.netWallNs), ns(line.netCpuNs)],
    ...[ns(line.peakMiB), `${line.times.toFixed(2)}x`],
  ]);
  console.log(align([header, ...cells], [0]));
  return lines;
}

/**
 * What a command takes for an empty capture, which is part of every figure: it weighs on small inputs.
 * @param {Options} options
 * @param {ReturnType<typeof findPeers>} peers
 */
async function measureStart(options, peers) {
  const path = makeEmptyCapture(options);
  const tshark = peers.get("tshark");
  /** @type {Record<string, number>} */
  const seconds = {};
  /** @type {[string, string[]][]} */
  const commands = [["hopscope flows", flowsCommand(path)]];
  if (tshark) commands.push(["tshark", [tshark.path, "-n", "-r", path]]);
  for (const [name, command] of commands) {
    const walls = [];
    for (let run = 0; run <= options.runs; run++) {
      const { wall, failure } = await measure(command, options);
      if (run > 0 && failure === undefined) walls.push(wall);
    }
    if (walls.length) seconds[name] = median(walls);
  }
  const list = Object.entries(seconds).map(([name, wall]) => `${name} ${wall.toFixed(2)} s`);
  console.log(`start-up (an empty capture), part of every figure below: ${list.join(", ")}`);
  return seconds;
}

/** @param {Options} options */
function makeEmptyCapture({ data }) {
  mkdirSync(data, { recursive: true });
  const path = join(data, "empty.pcap");
  new CaptureFile(path, "pcap", []).close();
  return path;
}

/**
 * What is going on, where somebody watches.
 * @param {string} text
 */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function main() {
  const options = readOptions();
  const own = findOwnCommands();
  const peers = findPeers();
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAtStart: Number(loadavg()[0].toFixed(2)),
  };
  console.log(
    `Node ${machine.node}, ${machine.platform}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, load ${machine.loadAtStart}`,
  );
  for (const [name, tool] of peers) console.log(tool ? `${name} ${tool.version}` : `not installed: ${name}`);
  if (machine.loadAtStart > machine.cores / 2)
    console.log("The machine is busy: only the ratios mean something, and less than usual.");
  if (!hasGnuTime)
    console.log("GNU time is not installed: CPU and memory of programs other than Node's are not known.");

  const startUp = await measureStart(options, peers);
  /** @type {{ input: object, results: Result[] }[]} */
  const tables = [];
  for (const name of options.inputs) {
    const input = makeInput(name, options);
    const runs = `${options.runs} run${options.runs > 1 ? "s" : ""}${options.quick ? "" : " after a warm-up"}`;
    const size = `${(input.bytes / 1e6).toFixed(0)} MB, ${thousands(input.packets)} packets, ${thousands(input.flows)} flows`;
    console.log(`\n${name}: ${input.files.map((file) => basename(file)).join(" ")}, ${size}; ${runs}`);
    const results = await measureInput(input, options, own, peers);
    console.log(formatTable(results));
    tables.push({ input: { ...input, files: input.files.map((file) => basename(file)) }, results });
  }
  const scale = options.scale ? await measureScale(options) : undefined;
  if (options.json !== undefined) {
    const versions = Object.fromEntries([...peers].map(([name, tool]) => [name, tool?.version ?? null]));
    const { quick, runs } = options;
    const report = {
      version: 1,
      date: new Date().toISOString(),
      machine,
      peers: versions,
      quick,
      runs,
      startUp,
      tables,
      scale,
    };
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  // A peer that fails is a line in the table; one of ours that fails is a failure.
  const broken = tables
    .flatMap(({ results }) => results)
    .some(({ ours, absent }) => ours && absent?.startsWith("failed"));
  if (broken) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  progress("");
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
