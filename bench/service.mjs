/**
 * Measures the engine behind the window as a window would use it: time to the first rows, loading, filters, windows of rows,
 * memory. One engine thread a capture, the file in the page cache.
 *
 *   node bench/service.mjs [--inputs k8s,small] [--bytes 1GB] [--runs 3] [--data FOLDER] [FILE...]
 *
 * Beside the absolute times stands `flows`, the command, over the same file in the same sitting: reading, decoding
 * and a flow table, without an index. Only ratios within one run count.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { KINDS, generateOnce, parseBytes, parseCount } from "./generate.mjs";
import { median, percentile } from "./report.mjs";

const MAIN = fileURLToPath(new URL("../out/main/", import.meta.url));
const COLUMNS = ["number", "source", "destination", "protocol", "length", "info"];
const SCREEN = 60;
/** Between two looks of the window while it loads. */
const LOOK_MS = 100;
const JUMPS = 200;

/** Answered by the index; the last one by reading the file again. */
const FILTERS = [
  "tcp.port == 443",
  "ip.addr == 10.0.0.0/8",
  "tcp",
  "tcp.flags & 2",
  "frame.len > 100",
  "tcp.len > 0 && ip.ttl < 64",
  "tcp.analysis.retransmission",
  "frame.time_epoch > 1 && frame.number % 2 == 0",
  "ip.id == 1",
];

class Engine {
  constructor() {
    this.scratch = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
    this.worker = new Worker(join(MAIN, "engine-thread.js"), {
      workerData: { scratchFolder: this.scratch, maxIndexBytes: 16e9, restore: null },
    });
    this.next = 1;
    /** @type {Map<number, (message: any) => void>} */
    this.waiting = new Map();
    /** @type {((message: any) => void)[]} */
    this.events = [];
    this.worker.on("message", (message) => {
      if (message.kind === "result") this.waiting.get(message.id)?.(message);
      else if (message.kind === "event") for (const listener of [...this.events]) listener(message);
    });
  }

  /**
   * @param {string} method
   * @param {unknown} params
   * @returns {Promise<any>}
   */
  call(method, params) {
    const id = this.next++;
    this.worker.postMessage({ kind: "request", id, method, params });
    return new Promise((resolve, reject) =>
      this.waiting.set(id, (message) => {
        this.waiting.delete(id);
        if (message.ok) resolve(message.value);
        else reject(new Error(`${method}: ${message.message}`));
      }),
    );
  }

  /**
   * @param {string} event
   * @param {(data: any) => boolean} wanted
   * @returns {Promise<any>}
   */
  when(event, wanted) {
    return new Promise((resolve) => {
      const listener = (/** @type {any} */ message) => {
        if (message.event !== event || !wanted(message.data)) return;
        this.events.splice(this.events.indexOf(listener), 1);
        resolve(message.data);
      };
      this.events.push(listener);
    });
  }

  async close() {
    const ended = new Promise((resolve) => this.worker.once("exit", resolve));
    this.worker.postMessage({ kind: "close" });
    await ended;
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** CPU milliseconds of all threads so far: where others use the machine, wall time says little. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** @param {() => Promise<unknown>} action */
async function time(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

const row = (/** @type {string} */ what, /** @type {number} */ ms, note = "") =>
  console.log(`  ${what.padEnd(52)} ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms ${note}`);

/** @param {string} file */
async function measure(file) {
  await pipeline(
    createReadStream(file, { highWaterMark: 1 << 20 }),
    new Writable({ write: (_chunk, _encoding, done) => done() }),
  ); // into the page cache
  const rssBefore = process.memoryUsage().rss;
  const engine = new Engine();
  await engine.call("workspace.state", {}); // the thread has started
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const ready = engine.when("workspace", (s) => s.state === "ready" || s.state === "cancelled");
  const some = engine.when("workspace", (s) => s.packets > SCREEN);
  await engine.call("workspace.open", { paths: [file], add: false });
  const view = await engine.call("packets.open", { filter: "", sort: [], ignored: [] });
  await some;
  await engine.call("packets.rows", { view: view.view, from: 0, count: SCREEN, columns: COLUMNS });
  const first = performance.now() - start;
  /** Windows while it loads: does the thread still answer? */
  const during = [];
  let loaded = false;
  void ready.then(() => (loaded = true));
  while (!loaded) {
    during.push(
      await time(() => engine.call("packets.rows", { view: view.view, from: 0, count: SCREEN, columns: COLUMNS })),
    );
    await pause(LOOK_MS);
  }
  const state = await ready;
  const total = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  const { packets } = state;
  row("first rows", first);
  row("everything loaded", total, `${packets} packets, ${Math.round((total * 1e6) / packets)} ns each`);
  row(
    "  of all threads, CPU",
    (cpu.user + cpu.system) / 1e3,
    `${Math.round(((cpu.user + cpu.system) * 1e3) / packets)} ns each`,
  );
  row("a screen while loading, median / 95 %", percentile(during, 0.5), `/ ${percentile(during, 0.95).toFixed(0)} ms`);
  const memory = process.memoryUsage().rss - rssBefore;
  console.log(
    `  memory                                               ${Math.round(memory / 1e6)} MB, ${(memory / packets).toFixed(0)} bytes a packet`,
  );

  const jumps = [];
  for (let i = 0; i < JUMPS; i++) {
    const from = Math.floor((packets * ((i * 7919) % JUMPS)) / JUMPS);
    jumps.push(
      await time(() => engine.call("packets.rows", { view: view.view, from, count: SCREEN, columns: COLUMNS })),
    );
  }
  row("jump to any row, a screen, median / 95 %", percentile(jumps, 0.5), `/ ${percentile(jumps, 0.95).toFixed(1)} ms`);
  row("minimap, 1000 buckets", await time(() => engine.call("packets.minimap", { view: view.view, buckets: 1000 })));
  for (const filter of FILTERS) {
    const times = [];
    const cpus = [];
    let rows = 0;
    for (let i = 0; i < (filter === "ip.id == 1" ? 1 : 3); i++) {
      const begin = performance.now();
      const cpuBegin = cpuMs();
      let v = await engine.call("packets.open", { filter, sort: [], ignored: [] });
      const { view: id } = v;
      if (!v.complete) v = await engine.when("view", (s) => s.view === id && s.complete);
      times.push(performance.now() - begin);
      cpus.push(cpuMs() - cpuBegin);
      rows = v.rows;
      if (rows > 0 && i === 0) {
        const at = Math.floor(rows / 2);
        const scattered = await time(() =>
          engine.call("packets.rows", { view: id, from: at, count: SCREEN, columns: COLUMNS }),
        );
        row(`  a screen of "${filter}"`, scattered);
      }
      await engine.call("packets.close", { view: id });
    }
    row(`filter ${filter}`, median(times), `(CPU ${Math.round(median(cpus))} ms) ${rows} rows`);
  }
  for (const column of ["time", "length", "source", "protocol"]) {
    const ms = await time(async () => {
      const v = await engine.call("packets.open", { filter: "", sort: [{ column, descending: true }], ignored: [] });
      if (!v.complete) await engine.when("view", (s) => s.view === v.view && s.complete);
      await engine.call("packets.close", { view: v.view });
    });
    row(`sort by ${column}`, ms);
  }
  row(
    "timeline, 1000 parts",
    await time(() =>
      engine.call("stats.timeline", { from: null, to: null, buckets: 1000, by: "all", filters: [], view: null }),
    ),
  );
  await engine.close();
  const command = performance.now();
  spawnSync(process.execPath, [join(MAIN, "cli.js"), "flows", file], { stdio: "ignore" });
  row("hopscope flows, whole process", performance.now() - command);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "k8s,small" },
    bytes: { type: "string" },
    runs: { type: "string", default: "1" },
    data: { type: "string", default: fileURLToPath(new URL("./data", import.meta.url)) },
  },
});
const files = positionals.length
  ? positionals
  : values.inputs.split(",").flatMap((name) => {
      const kind = /** @type {import("./traffic.mjs").Kind} */ (name);
      const usual = KINDS[kind];
      if (!usual) throw new Error(`no input is named ${name}: ${Object.keys(KINDS).join(", ")}`);
      const bytes = values.bytes === undefined ? usual.bytes : parseBytes(values.bytes);
      const flows = Math.max(1, Math.round((usual.flows * bytes) / usual.bytes));
      return generateOnce({ kind, format: "pcap", path: join(values.data, `${kind}-${bytes}.pcap`), bytes, flows })
        .files;
    });
for (let run = 0; run < parseCount(values.runs, "runs"); run++)
  for (const file of files) {
    console.log(basename(file));
    await measure(file);
  }
