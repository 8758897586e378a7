/**
 * Measures the window in a real browser on a large capture: `hopscope serve`, Chromium without a screen, the whole interface.
 *
 *   node bench/window.mjs [--packets 10_000_000] [--bytes 1GB] [--kind small] [--data FOLDER] [FILE]
 *
 * ```
 * first rows      click on a recent file ─► the first packet's row is in a frame
 * jump            Go to packet: Enter ─► that packet's row is in a frame
 * filter          Enter in the filter bar ─► the filtered list is complete and drawn
 * scroll          for every frame: CPU time of the interface thread from one frame to the next (trace events, thread clock)
 * ```
 * CPU time and not wall time for frames: what other programs take away from them is not the interface's doing. Wall times
 * are printed beside.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { generateOnce, parseBytes, parseCount } from "./generate.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FIRST_ROW = '.row[aria-rowindex="2"]:not([hidden])';
const FILTERS = ["tcp.port == 443", "udp", "tcp.flags.syn == 1 && ip.addr == 10.0.0.0/8", "frame.len > 1000"];
const LIMIT_MS = 300_000;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ name: string, ph: string, pid: number, tid: number, ts: number, dur?: number, tdur?: number, args: { name?: string } }} TraceEvent */

/**
 * The chromium that HOPSCOPE_CHROMIUM names, else the first in PATH.
 * @returns {string}
 */
function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = [process.env.HOPSCOPE_CHROMIUM ?? "", ...folders.map((folder) => join(folder, "chromium"))].find(
    (path) => path !== "" && existsSync(path),
  );
  if (found === undefined) throw new Error("no chromium in PATH; HOPSCOPE_CHROMIUM=path names another");
  return found;
}

/**
 * @param {readonly number[]} values
 * @param {number} share
 */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/**
 * @param {string} file
 * @param {string} config
 * @returns {Promise<{ link: string, end: () => void }>}
 */
async function serve(file, config) {
  const child = spawn(process.execPath, [join(ROOT, "out/main/cli.js"), "serve", "--no-open", "--port", "0", file], {
    env: { ...process.env, HOPSCOPE_CONFIG: config },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const link = await new Promise((found, failed) => {
    let text = "";
    child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
      const address = /(http:\S+)/.exec((text += chunk.toString("utf8")))?.[1];
      if (address !== undefined) found(address);
    });
    child.on("exit", (code) => failed(new Error(`hopscope serve ended with ${code}: ${text}`)));
  });
  return { link, end: () => child.kill("SIGINT") };
}

/** @param {Page} page */
async function idle(page) {
  // Not waitForFunction with a text: the page's security policy refuses to evaluate texts.
  await page.locator('html[data-idle="true"]').waitFor({ state: "attached", timeout: LIMIT_MS });
}

/**
 * Milliseconds from the next `event` in the page to the first frame in which `wanted` (a function's source, called in every
 * frame) is true. Both are looked at inside the page: what the driver takes for its messages does not count.
 * @param {Page} page
 * @param {string} event
 * @param {string} wanted
 * @param {() => Promise<void>} act
 */
async function timeFrom(page, event, wanted, act) {
  const session = await page.context().newCDPSession(page);
  // By the debugger: the page's security policy refuses scripts that are not its own.
  const { result } = await session.send("Runtime.evaluate", {
    expression: `new Promise((tell) => {
      const wanted = ${wanted};
      addEventListener(${JSON.stringify(event)}, ({ timeStamp }) => {
        const look = () => (wanted() ? tell(performance.now() - timeStamp) : requestAnimationFrame(look));
        requestAnimationFrame(look);
      }, { once: true, capture: true });
    })`,
    awaitPromise: false,
  });
  await act();
  const answer = await session.send("Runtime.awaitPromise", {
    promiseObjectId: String(result.objectId),
    returnByValue: true,
  });
  await session.detach();
  return Number(answer.result.value);
}

/**
 * Frames while `act` runs: CPU milliseconds of the interface thread between two frames, and wall time between them.
 * @param {Page} page
 * @param {() => Promise<void>} act
 */
async function frames(page, act) {
  const session = await page.context().newCDPSession(page);
  /** @type {TraceEvent[]} */
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => void events.push(.../** @type {any} */ (value)));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"] },
  });
  await act();
  const complete = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const threads = new Set(
    events.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid} ${e.tid}`),
  );
  const ours = events.filter((e) => threads.has(`${e.pid} ${e.tid}`)).sort((a, b) => a.ts - b.ts);
  const starts = ours.filter((e) => e.name === "FireAnimationFrame").map((e) => e.ts);
  // Several callbacks are one frame.
  const begins = starts.filter((ts, i) => i === 0 || ts - (starts[i - 1] ?? 0) > 1500);
  const tasks = ours.filter((e) => e.name === "RunTask" && e.ph === "X");
  const cpuMs = begins.slice(0, -1).map((begin, i) => {
    const end = begins[i + 1] ?? begin;
    // A frame's callbacks run inside a task that began a little before them.
    const inside = tasks.filter((task) => task.ts >= begin - 500 && task.ts < end - 500);
    return inside.reduce((sum, task) => sum + (task.tdur ?? task.dur ?? 0), 0) / 1000;
  });
  const wallMs = begins.slice(1).map((begin, i) => (begin - (begins[i] ?? begin)) / 1000);
  return { cpuMs, wallMs };
}

/**
 * @param {string} what
 * @param {{ cpuMs: number[], wallMs: number[] }} measured
 */
function printFrames(what, { cpuMs, wallMs }) {
  const [half, most] = [percentile(cpuMs, 0.5), percentile(cpuMs, 0.95)].map((ms) => ms.toFixed(1));
  const [wallHalf, wallMost] = [percentile(wallMs, 0.5), percentile(wallMs, 0.95)].map((ms) => ms.toFixed(1));
  console.log(
    `  ${what.padEnd(34)} CPU/frame median ${half} ms, 95 % ${most} ms; between frames ${wallHalf} / ${wallMost} ms; ${cpuMs.length} frames`,
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    packets: { type: "string" },
    bytes: { type: "string" },
    kind: { type: "string", default: "small" },
    data: { type: "string", default: join(ROOT, "bench/data") },
  },
});
const kind = /** @type {import("./generate.mjs").Kind} */ (values.kind);
const packets = values.packets === undefined ? undefined : parseCount(values.packets, "packets");
const bytes =
  values.bytes === undefined ? (packets === undefined ? parseBytes("1GB") : undefined) : parseBytes(values.bytes);
const file =
  positionals[0] ??
  generateOnce({
    kind,
    format: "pcap",
    path: join(values.data, `window-${kind}-${packets ?? "all"}-${bytes ?? "all"}.pcap`),
    ...(packets === undefined ? {} : { packets }),
    ...(bytes === undefined ? {} : { bytes }),
  }).files[0];
if (file === undefined) throw new Error("no input");

const config = mkdtempSync(join(tmpdir(), "hopscope-bench-window-"));
const host = await serve(file, config);
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(host.link);
  await idle(page);
  const rowsText = await page.getByRole("grid", { name: "Packets" }).getAttribute("aria-rowcount");
  const rows = Number(rowsText) - 1;
  console.log(`${basename(file)}: ${rows} packets`);

  // By the menu: Ctrl+W is the browser's own.
  await page.getByRole("menuitem", { name: "File" }).click();
  await page.getByRole("menuitem", { name: "Close All" }).click();
  const recent = page
    .locator("main")
    .getByRole("button", { name: basename(file) })
    .first();
  await recent.waitFor();
  await idle(page);
  const opened = await timeFrom(
    page,
    "click",
    `() => document.querySelector(${JSON.stringify(FIRST_ROW)}) !== null`,
    () => recent.click(),
  );
  console.log(`  first rows after a click on the file   ${opened.toFixed(0)} ms`);
  await idle(page);

  const grid = page.getByRole("grid", { name: "Packets" });
  /** @type {number[]} */
  const jumps = [];
  for (let i = 1; i <= 10; i++) {
    const number = Math.floor((rows * i) / 11);
    await page.keyboard.press("Control+g");
    await page.keyboard.type(String(number));
    const shown = `() => document.querySelector('.row.selected[aria-rowindex="${number + 1}"]:not([hidden])') !== null`;
    jumps.push(await timeFrom(page, "keydown", shown, () => page.keyboard.press("Enter")));
    await idle(page);
  }
  console.log(
    `  jump to a packet                       median ${percentile(jumps, 0.5).toFixed(0)} ms, longest ${Math.max(...jumps).toFixed(0)} ms`,
  );

  await grid.focus();
  await page.keyboard.press("Home");
  await idle(page);
  const box = await grid.boundingBox();
  const track = await page.getByRole("scrollbar", { name: /packet list/ }).boundingBox();
  if (!box || !track) throw new Error("the list is not shown");
  await page.mouse.move(box.x + 400, box.y + 300);
  for (const [what, px] of /** @type {const} */ ([
    ["wheel, 3 rows a notch", 60],
    ["wheel, a screen a notch", 500],
  ]))
    printFrames(
      what,
      await frames(page, async () => {
        for (let i = 0; i < 200; i++) await page.mouse.wheel(0, px);
      }),
    );
  printFrames(
    "scroll bar dragged over everything",
    await frames(page, async () => {
      await page.mouse.move(track.x + 8, track.y + 5);
      await page.mouse.down();
      for (let i = 0; i <= 200; i++) await page.mouse.move(track.x + 8, track.y + 5 + ((track.height - 10) * i) / 200);
      await page.mouse.up();
    }),
  );
  await idle(page);

  for (const filter of FILTERS) {
    await page.keyboard.press("Control+/");
    await page.keyboard.press("Control+a");
    await page.keyboard.type(filter);
    await idle(page);
    const before = await grid.getAttribute("aria-rowcount");
    const done = `() => { const grid = document.querySelector('[role="grid"][aria-label="Packets"]');
      return grid.getAttribute("aria-rowcount") !== ${JSON.stringify(before)} && grid.getAttribute("aria-busy") === "false"; }`;
    const ms = await timeFrom(page, "keydown", done, () => page.keyboard.press("Enter"));
    await idle(page);
    const found = Number(await grid.getAttribute("aria-rowcount")) - 1;
    console.log(`  filter ${filter.padEnd(48)} ${ms.toFixed(0)} ms, ${found} packets`);
  }
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const elements = await page.locator("*").count();
  console.log(
    `  interface                              ${(usedSize / 1e6).toFixed(0)} MB of JavaScript objects, ${elements} elements`,
  );
} finally {
  await browser.close();
  host.end();
  rmSync(config, { recursive: true, force: true });
}
