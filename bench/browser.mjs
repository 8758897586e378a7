/**
 * What benches of the window share: start `hopscope serve` and Chromium, wait, take times inside the page, count frames.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { percentile } from "./report.mjs";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const LIMIT_MS = 300_000;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ name: string, ph: string, pid: number, tid: number, ts: number, dur?: number, tdur?: number, args: { name?: string } }} TraceEvent */

/**
 * The chromium that HOPSCOPE_CHROMIUM names, else the first in PATH.
 * @returns {string}
 */
export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = [process.env.HOPSCOPE_CHROMIUM ?? "", ...folders.map((folder) => join(folder, "chromium"))].find(
    (path) => path !== "" && existsSync(path),
  );
  if (found === undefined) throw new Error("no chromium in PATH; HOPSCOPE_CHROMIUM=path names another");
  return found;
}

/**
 * Starts `hopscope serve`, which ends with this process at the latest.
 * @param {readonly string[]} files
 * @param {string} config folder for its settings and notes
 * @returns {Promise<{ link: string, pid: number | undefined, end: () => Promise<void> }>} `end` resolves when it has ended
 */
export async function serve(files, config) {
  const child = spawn(
    process.execPath,
    [join(ROOT, "out/main/cli.js"), "serve", "--no-open", "--port", "0", ...files],
    {
      env: { ...process.env, HOPSCOPE_CONFIG: config },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const link = await new Promise((found, failed) => {
    let text = "";
    child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
      const address = /(http:\S+)/.exec((text += chunk.toString("utf8")))?.[1];
      if (address !== undefined) found(address);
    });
    child.on("exit", (code) => failed(new Error(`hopscope serve ended with ${code}: ${text}`)));
  });
  const ended = new Promise((resolve) => child.once("exit", () => resolve(undefined)));
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    link,
    pid: child.pid,
    end: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

/** @param {Page} page */
export async function idle(page) {
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
export async function timeFrom(page, event, wanted, act) {
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
 * @param {{ scrolled?: boolean }} [options] scrolled: the page itself asks for no frame; one is asked for each time
 */
export async function frames(page, act, { scrolled = false } = {}) {
  const session = await page.context().newCDPSession(page);
  if (scrolled)
    await session.send("Runtime.evaluate", {
      expression: "(() => { const next = () => requestAnimationFrame(next); next(); })()",
    });
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
export function printFrames(what, { cpuMs, wallMs }) {
  const [half, most] = [percentile(cpuMs, 0.5), percentile(cpuMs, 0.95)].map((ms) => ms.toFixed(1));
  const [wallHalf, wallMost] = [percentile(wallMs, 0.5), percentile(wallMs, 0.95)].map((ms) => ms.toFixed(1));
  console.log(
    `  ${what.padEnd(34)} CPU/frame median ${half} ms, 95 % ${most} ms; between frames ${wallHalf} / ${wallMost} ms; ${cpuMs.length} frames`,
  );
}
