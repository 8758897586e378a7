/**
 * Measures live input in a real browser: packets come through a named pipe into `hopscope serve`; when are they in the list?
 *
 *   node bench/live.mjs [--rate 50_000] [--seconds 60] [--quiet-seconds 15] [--flows 20_000] [--data FOLDER]
 *
 * ```
 * writer (thread) ─► named pipe ─► hopscope serve ─► Chromium: the list scrolls with the newest packets
 *   notes: packet n written at t            after every frame: the last row that is drawn, and when
 * ```
 * The latency of packet n is the time from its write to the first frame that shows row n or a later one. Twice: 20 packets a second
 * (what a person sees when they ping), and the sustained rate. Memory is that of the serving process, by /proc (Linux).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearInterval, setInterval, setTimeout } from "node:timers";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { chromium } from "playwright-core";
import { ROOT, findChromium, serve } from "./browser.mjs";
import { generateOnce, parseCount } from "./generate.mjs";
import { percentile } from "./report.mjs";

const QUIET_RATE = 20;
/** After the last packet the window gets this long to show it. */
const LIMIT_MS = 60_000;
/** Memory is taken to grow evenly from this share of the time on. */
const SETTLED = 0.25;

/** @typedef {{ notes: [number, number][], written: number, tookMs: number }} Written */

/** @param {number | undefined} pid */
function residentBytes(pid) {
  const path = `/proc/${pid ?? 0}/status`;
  if (!existsSync(path)) return NaN;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(path, "utf8"))?.[1]) * 1024;
}

/**
 * Milliseconds a packet took, one a write: from before the write to the first frame with a row of that number or a later one.
 * @param {readonly [number, number][]} notes
 * @param {readonly [number, number][]} frames
 */
function latencies(notes, frames) {
  const result = [];
  let frame = 0;
  for (const [packets, writtenMs] of notes) {
    while (frame < frames.length && /** @type {[number, number]} */ (frames[frame])[0] < packets) frame++;
    const seen = frames[frame];
    if (seen === undefined) break;
    result.push(seen[1] - writtenMs);
  }
  return result;
}

/**
 * @param {string} file
 * @param {number} rate
 * @param {number} seconds
 */
async function measure(file, rate, seconds) {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const host = await serve([pipe], folder);
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(host.link);
    await page.getByRole("grid", { name: "Packets" }).waitFor();
    const session = await page.context().newCDPSession(page);
    // By the debugger: the page's security policy refuses scripts that are not its own.
    await session.send("Runtime.evaluate", {
      expression: `(() => {
        window.benchFrames = [];
        let last = 0;
        const look = () => {
          // After the frame's own work, when it is about to be painted.
          const rows = document.querySelectorAll(".row:not([hidden])[aria-rowindex]");
          let shown = 0;
          for (const row of rows) shown = Math.max(shown, Number(row.getAttribute("aria-rowindex")) - 1);
          if (shown > last) window.benchFrames.push([(last = shown), Date.now()]);
          requestAnimationFrame(() => setTimeout(look));
        };
        look();
      })()`,
    });
    const writer = new Worker(new URL("./live-writer.mjs", import.meta.url), {
      workerData: { file, pipe, rate, seconds },
    });
    /** @type {{ ms: number, bytes: number }[]} */
    const memory = [];
    const begun = performance.now();
    const timer = setInterval(
      () => memory.push({ ms: performance.now() - begun, bytes: residentBytes(host.pid) }),
      1000,
    );
    const done = /** @type {Written} */ (
      await new Promise((resolve, reject) => {
        writer.on("message", resolve);
        writer.on("error", reject);
      })
    );
    const frames = async () => {
      const { result } = await session.send("Runtime.evaluate", {
        expression: "JSON.stringify(window.benchFrames)",
        returnByValue: true,
      });
      return /** @type {[number, number][]} */ (JSON.parse(String(result.value)));
    };
    let seen = await frames();
    const until = performance.now() + LIMIT_MS;
    while ((seen.at(-1)?.[0] ?? 0) < done.written && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen = await frames();
    }
    clearInterval(timer);
    const first = memory.find(({ ms }) => ms >= seconds * 1000 * SETTLED);
    const last = memory.at(-1);
    const growth = first && last ? last.bytes - first.bytes : NaN;
    const packets = first && last ? ((last.ms - first.ms) / 1000) * (done.written / (done.tookMs / 1000)) : NaN;
    return {
      written: done.written,
      shown: seen.at(-1)?.[0] ?? 0,
      rate: done.written / (done.tookMs / 1000),
      latencies: latencies(done.notes, seen),
      residentMiB: (last?.bytes ?? NaN) / 2 ** 20,
      bytesPerPacket: growth / packets,
    };
  } finally {
    await browser.close();
    await host.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "50_000" },
    seconds: { type: "string", default: "60" },
    "quiet-seconds": { type: "string", default: "15" },
    /** Conversations: each takes memory of its own, besides the packets. */
    flows: { type: "string", default: "20_000" },
    data: { type: "string" },
  },
});
const rate = parseCount(values.rate, "rate");
const flows = parseCount(values.flows, "flows");
const seconds = Number(values.seconds);
const quietSeconds = Number(values["quiet-seconds"]);
const packets = Math.max(Math.ceil(rate * seconds), QUIET_RATE * quietSeconds);
const [file] = generateOnce({
  kind: "small",
  format: "pcap",
  path: join(values.data ?? join(ROOT, "bench/data"), `live-${packets}-${flows}.pcap`),
  packets,
  flows,
}).files;
if (file === undefined) throw new Error("no input");

for (const [name, wanted, duration] of /** @type {const} */ ([
  ["a few packets", QUIET_RATE, quietSeconds],
  ["sustained", rate, seconds],
])) {
  if (duration === 0) continue;
  const r = await measure(file, wanted, duration);
  const ms = (/** @type {number} */ share) => percentile(r.latencies, share).toFixed(0);
  console.log(`${name}: ${r.rate.toFixed(0)} packets/s asked ${wanted}, ${r.written} written, ${r.shown} shown`);
  console.log(`  written to visible: median ${ms(0.5)} ms, p95 ${ms(0.95)} ms, longest ${ms(1)} ms`);
  if (wanted === rate)
    console.log(`  memory: ${r.residentMiB.toFixed(0)} MiB at the end, ${r.bytesPerPacket.toFixed(0)} bytes a packet`);
  if (r.shown !== r.written) process.exitCode = 1;
}
