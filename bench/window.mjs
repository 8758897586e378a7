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
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { LIMIT_MS, ROOT, findChromium, frames, idle, printFrames, serve, timeFrom } from "./browser.mjs";
import { percentile } from "./report.mjs";
import { generateOnce, parseBytes, parseCount } from "./generate.mjs";

const FIRST_ROW = '.row[aria-rowindex="2"]:not([hidden])';
const FILTERS = ["tcp.port == 443", "udp", "tcp.flags.syn == 1 && ip.addr == 10.0.0.0/8", "frame.len > 1000"];

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
const host = await serve([file], config);
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
  await host.end();
  rmSync(config, { recursive: true, force: true });
}
