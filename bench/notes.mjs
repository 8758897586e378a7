/**
 * Measures 50,000 notes on one recording in a real browser: `hopscope serve`, Chromium without a screen. Takes about a minute.
 *
 *   node bench/notes.mjs [--notes 50000] [--packets 1_000_000] [--data FOLDER] [--profile FOLDER]
 *
 * ```
 * first        a browser that never saw the notes: they come from the host's journal
 * open         page loaded anew: from the first question about notes to the frame that lists them (performance.measure
 *              "open notes"), and the CPU time of the window's thread for the whole reload
 * list         wall time between frames while the list is scrolled 20 rows a frame
 * timeline     the same while the timeline is moved
 * search       from the typed word to the frame that shows what was found
 * add          from the click on "Save note" until it is on two disks and the dialog is closed
 * ```
 * `--profile` writes what the window's thread did at first (FOLDER/first.cpuprofile) and during the last opening (open.cpuprofile), for
 * the "Performance" tab of Chromium's tools.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { ROOT, findChromium, idle, serve } from "./browser.mjs";
import { generateOnce, parseCount } from "./generate.mjs";

const CLI = join(ROOT, "out/main/cli.js");
const FRAMES = 200;
/** @typedef {import("playwright-core").Page} Page */

/**
 * Evaluates by the debugger: the page's security policy refuses scripts that are not its own.
 * @param {Page} page
 * @param {string} expression a promise
 * @returns {Promise<any>}
 */
async function evaluate(page, expression) {
  const session = await page.context().newCDPSession(page);
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

/**
 * Wall times between frames while `step` (source, called in every frame) runs.
 * @param {Page} page
 * @param {string} step
 */
async function frames(page, step) {
  /** @type {number[]} */
  const times = await evaluate(
    page,
    `new Promise((tell) => {
      const step = ${step};
      const times = [];
      let last = 0;
      const frame = (now) => {
        if (last > 0) times.push(now - last);
        last = now;
        if (times.length >= ${FRAMES}) return tell(times);
        step(times.length);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    })`,
  );
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1);
  return `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, most ${at(1)} ms`;
}

/**
 * Where --profile was given; the function that is given back writes it.
 * @param {Page} page
 * @param {string} name
 */
async function startProfile(page, name) {
  const { profile: folder } = values;
  if (folder === undefined) return () => Promise.resolve();
  const profiler = await page.context().newCDPSession(page);
  await profiler.send("Profiler.enable");
  await profiler.send("Profiler.start");
  return async () => {
    const { profile } = await profiler.send("Profiler.stop");
    writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(profile));
    await profiler.detach();
  };
}

/**
 * What the window's thread worked from a reload until it is idle: unlike wall time the same on a busy machine.
 * @param {Page} page
 */
async function reloadCpuMs(page) {
  const session = await page.context().newCDPSession(page);
  const worked = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
  };
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await worked();
  await page.reload();
  await page.locator('[data-pane="notes"] [data-row="0"]').waitFor();
  await idle(page);
  const after = await worked();
  await session.detach();
  // Counted from the start of the page where the browser begins anew.
  return after >= before ? after - before : after;
}

/** @param {Page} page */
async function lastOpen(page) {
  const value = await evaluate(
    page,
    `Promise.resolve(performance.getEntriesByName("open notes").map(({ duration }) => duration).at(-1) ?? -1)`,
  );
  return Number(value);
}

/**
 * The notes as lines of the journal, spread evenly over the recording's packets. Every version is by a stamp of its own, as if
 * each note had been written by hand.
 * @param {any} model a note that the window wrote
 * @param {string[]} times of the packets
 * @param {number} count
 */
function journalLines(model, times, count) {
  const step = Math.max(1, Math.floor(times.length / count));
  return Array.from({ length: count }, (_, n) => {
    const ordinal = Math.min(times.length, n * step + 1);
    const packet = { ...model.subject.packet, ordinal, time: times[ordinal - 1], check: hexadecimal(n, 16) };
    const stamp = { timeMs: model.createdMs + n, author: "Ada", change: uuid(n) };
    return JSON.stringify({
      ...model,
      id: uuid(n + count),
      createdMs: stamp.timeMs,
      subject: { kind: "packet", packet },
      text: `Case c${n}: the **window** is small here, compare with packet ${ordinal + 3}. ${"Some words more. ".repeat(n % 7)}`,
      tags: [["mtu", "dns", "slow"][n % 3]],
      colour: ["yellow", "red", "blue"][n % 3],
      stamps: { text: stamp, tags: stamp, colour: stamp, deleted: stamp },
    });
  });
}

/** @param {number} n @param {number} digits */
function hexadecimal(n, digits) {
  return (BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).slice(-digits).padStart(digits, "0");
}

/** @param {number} n */
function uuid(n) {
  return hexadecimal(n, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const { values } = parseArgs({
  options: {
    notes: { type: "string", default: "50000" },
    packets: { type: "string", default: "1_000_000" },
    data: { type: "string", default: join(ROOT, "bench/data") },
    profile: { type: "string" },
  },
});
const count = parseCount(values.notes, "notes");
const packets = parseCount(values.packets, "packets");
const file = join(values.data, `notes-${packets}.pcap`);
generateOnce({ kind: "small", format: "pcap", path: file, packets, flows: 10_000 });
const config = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  // One note by hand tells the recording's hash; the others are made from it.
  const first = await serve([file], config);
  const writer = await browser.newPage();
  await writer.goto(first.link);
  await idle(writer);
  await writer.getByRole("grid", { name: "Packets" }).focus();
  await writer.keyboard.press("Control+Alt+c");
  await writer.getByLabel(/^Text/).fill("first");
  await writer.getByLabel("Your name").fill("Ada");
  await writer.getByRole("button", { name: "Save note" }).click();
  await writer.getByRole("button", { name: "Save note" }).waitFor({ state: "detached" });
  await writer.close();
  await first.end();
  const journal = join(config, "notes.jsonl");
  const [, line = ""] = readFileSync(journal, "utf8").split("\n");
  const times = execFileSync(process.execPath, [CLI, "fields", file, "-e", "frame.time_epoch"], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  })
    .trimEnd()
    .split("\n");
  const lines = journalLines(JSON.parse(line), times, count);
  appendFileSync(journal, `${lines.join("\n")}\n`);

  const all = `${(count + 1).toLocaleString("en-US")} notes`;
  const host = await serve([file], config);
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  page.setDefaultTimeout(300_000);
  await page.goto(host.link);
  const begun = performance.now();
  const firstProfile = await startProfile(page, "first");
  await page.getByRole("tab", { name: "Notes", exact: true }).click();
  await page.getByText(all).waitFor();
  console.log(`first: all notes in the window after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await idle(page);
  await firstProfile();
  const opens = [];
  for (let n = 0; n < 5; n++) {
    const profile = n === 4 ? await startProfile(page, "open") : null;
    await page.reload();
    await page.getByText(all).waitFor();
    await idle(page);
    await profile?.();
    opens.push(await lastOpen(page));
  }
  console.log(`open: ${opens.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  console.log(
    `open: ${(await reloadCpuMs(page)).toFixed(0)} ms of CPU time of the window's thread for the whole reload`,
  );

  const scroller = `document.querySelector('[data-pane="notes"] [role=grid]')`;
  console.log(`list: ${await frames(page, `() => { ${scroller}.scrollTop += 400; }`)}`);

  const word = `c${Math.floor(count / 10)}`;
  const hits = lines.filter((text) => text.includes(word)).length;
  const searchMs = await evaluate(
    page,
    `new Promise((tell) => {
      const box = document.querySelector('[data-pane="notes"] input[type=search]');
      const start = performance.now();
      box.value = ${JSON.stringify(word)};
      box.dispatchEvent(new InputEvent("input", { bubbles: true }));
      requestAnimationFrame(() => tell(performance.now() - start));
    })`,
  );
  await page.getByText(`${hits.toLocaleString("en-US")} of ${all}`).waitFor();
  console.log(`search: ${Number(searchMs).toFixed(0)} ms`);

  await page.getByRole("tab", { name: "Timeline" }).click();
  await idle(page);
  const wheel = `(n) => document.querySelector('[data-pane="timeline"] canvas').dispatchEvent(
    new WheelEvent("wheel", { deltaY: n % 40 < 20 ? -100 : 100, clientX: 700, clientY: 400, bubbles: true, cancelable: true }))`;
  console.log(`timeline: ${await frames(page, wheel)}`);

  await page.getByRole("tab", { name: "Packets", exact: true }).click();
  await idle(page);
  await page.getByRole("grid", { name: "Packets" }).focus();
  await page.keyboard.press("Control+Alt+c");
  await page.getByLabel(/^Text/).fill("one more");
  const added = performance.now();
  await page.getByRole("button", { name: "Save note" }).click();
  await page.getByRole("button", { name: "Save note" }).waitFor({ state: "detached" });
  console.log(`add: kept after ${(performance.now() - added).toFixed(0)} ms (with the driver's messages)`);
  await host.end();
} finally {
  await browser.close();
  rmSync(config, { recursive: true });
}
