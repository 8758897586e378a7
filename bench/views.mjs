/**
 * Measures the pictures of joined captures in a real browser: a made-up cluster of 100 nodes and 4,000 named pods, 100,000
 * connections; and the ladder of one connection of thousands of packets, each seen at four capture points.
 *
 *   node bench/views.mjs [--flows 100000] [--packets 600000] [--ladder 24000] [--only map|ladder] [--data FOLDER]
 *
 * ```
 * open        press on the tab ─► the picture is drawn (the captures are joined already); whole: with all its lines
 * pan, zoom   for every frame: CPU time of the interface thread from one frame to the next, as in window.mjs
 * ```
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { LIMIT_MS, ROOT, findChromium, frames, idle, printFrames, serve, timeFrom } from "./browser.mjs";
import { generateOnce, parseCount } from "./generate.mjs";
import { NODES, nodeAddress, podAddress } from "./traffic.mjs";

const PODS = 40;
const WORKLOADS = ["web", "cart", "db", "queue", "cache", "log"];
const DRAWN = `() => {
  const canvas = document.querySelector('[data-pane="map"] canvas[aria-hidden]');
  if (!canvas || canvas.width === 0) return false;
  const { data } = canvas.getContext("2d").getImageData(0, canvas.height >> 1, canvas.width, 1);
  return data.some((byte) => byte !== 0);
}`;

/** The flow of the first Service, or that there are none. */
const SHOWS_SERVICE = `() => document.querySelector('[data-pane="service"] svg, [data-pane="services"] .empty .text') !== null`;
const SHOWS_LADDER = `() => document.querySelector('svg[aria-label^="Ladder of"] .row') !== null`;

/** @typedef {import("playwright-core").Page} Page */

/** @param {number} address */
const text = (address) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");

/** The cluster that traffic.mjs makes packets of, as kubectl would tell it. */
function cluster() {
  const items = [];
  for (let node = 0; node < NODES; node++) {
    const nodeName = `node-${node}`;
    items.push({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: nodeName },
      status: { addresses: [{ type: "InternalIP", address: text(nodeAddress(node)) }] },
    });
    for (let pod = 0; pod < PODS; pod++) {
      const name = WORKLOADS[pod % WORKLOADS.length] ?? "";
      items.push({
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: `${name}-${node}-${pod}`,
          namespace: pod % 2 ? "shop" : "base",
          ownerReferences: [{ kind: "StatefulSet", name, controller: true }],
        },
        spec: { nodeName },
        status: { podIP: text(podAddress(node, pod)) },
      });
    }
  }
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

const { values } = parseArgs({
  options: {
    flows: { type: "string", default: "100000" },
    packets: { type: "string", default: "600000" },
    ladder: { type: "string", default: "24000" },
    only: { type: "string", default: "" },
    data: { type: "string", default: join(ROOT, "bench/data") },
  },
});
const flows = parseCount(values.flows, "flows");
const packets = parseCount(values.packets, "packets");
const ladderPackets = parseCount(values.ladder, "ladder");

/**
 * A window on captures, in a browser of its own.
 * @param {readonly string[]} files
 * @param {(page: Page, config: string) => Promise<void>} measure
 */
async function inWindow(files, measure) {
  const config = mkdtempSync(join(tmpdir(), "hopscope-bench-views-"));
  const host = await serve(files, config);
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 }, reducedMotion: "reduce" });
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(host.link);
    await idle(page);
    await measure(page, config);
  } finally {
    await browser.close();
    await host.end();
    rmSync(config, { recursive: true, force: true });
  }
}

/**
 * @param {Page} page
 * @param {string} name
 */
const tabOf = (page, name) => page.getByRole("tab", { name, exact: true });

if (values.only !== "ladder") {
  const { files } = generateOnce({
    kind: "k8s",
    format: "pcapng",
    path: join(values.data, `views-k8s-${packets}-${flows}.pcapng`),
    packets,
    flows,
  });
  await inWindow(files, (page, config) => measureMap(page, config, files));
}
if (values.only !== "map") {
  const { files } = generateOnce({
    kind: "two-node",
    format: "pcapng",
    path: join(values.data, `views-ladder-${ladderPackets}.pcapng`),
    packets: ladderPackets,
    flows: 1,
  });
  await inWindow(files, (page) => measureLadder(page, files));
}

/**
 * @param {Page} page
 * @param {string} config
 * @param {readonly string[]} files
 */
async function measureMap(page, config, files) {
  const clusterFile = join(config, "cluster.json");
  writeFileSync(clusterFile, cluster());
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [clusterFile], dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"]))
    await session.send("Input.dispatchDragEvent", { type, x: 900, y: 500, data });
  await page.getByText(/^Names are taken/).waitFor();

  /** @param {string} name */
  const tab = (name) => tabOf(page, name);
  /** @param {string} what */
  const openMap = async (what) => {
    const started = performance.now();
    const first = await timeFrom(page, "click", DRAWN, () => tab("Map").click());
    await page.locator("[data-pane=map] .note[role=status]").waitFor({ state: "detached" });
    const whole = performance.now() - started;
    console.log(`  map, ${what.padEnd(35)} ${first.toFixed(0)} ms; whole after ${whole.toFixed(0)} ms`);
    await idle(page);
  };
  let started = performance.now();
  await tab("Connections").click();
  await page.locator("[data-pane=connections] [data-row='0']").waitFor();
  const joined = performance.now() - started;
  const status = await page.locator("[data-pane=connections] .pane-status").innerText();
  console.log(`${files.map((f) => basename(f)).join(", ")}: ${status.split("\n")[0]}`);
  console.log(`  captures joined, table of connections    ${joined.toFixed(0)} ms`);
  await idle(page);

  await openMap("opened right after joining");
  await tab("Connections").click();
  await idle(page);
  await openMap("brought to the front again");

  // A window that finds everything joined and prepared.
  await page.reload();
  await idle(page);
  await tab("Connections").click();
  await idle(page);
  await openMap("opened for the first time, prepared");

  const map = page.getByRole("application", { name: /^Map/ });
  const box = await map.boundingBox();
  if (!box) throw new Error("the map is not shown");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  for (const [network, grouping] of /** @type {const} */ ([
    ["Node network", "workload"],
    ["Node network", "pods"],
    ["Pod network", "workload"],
    ["Pod network", "pods"],
    ["Service network", "pods"],
  ])) {
    started = performance.now();
    await page.getByText(network, { exact: true }).click();
    await page.getByRole("combobox", { name: "Group pods by" }).selectOption(grouping);
    await idle(page);
    console.log(`  ${network}, by ${grouping}: shown after ${(performance.now() - started).toFixed(0)} ms`);
    await page.getByRole("button", { name: "Everything" }).click();
    await idle(page);
    printFrames(
      `  dragged`,
      await frames(page, async () => {
        await page.mouse.move(x, y);
        await page.mouse.down();
        for (let i = 0; i < 120; i++) await page.mouse.move(x + Math.sin(i / 9) * 400, y + Math.cos(i / 13) * 250);
        await page.mouse.up();
      }),
    );
    printFrames(
      `  zoomed by the wheel`,
      await frames(page, async () => {
        for (let i = 0; i < 120; i++) await page.mouse.wheel(0, i % 60 < 30 ? -120 : 120);
      }),
    );
    // The picture is drawn anew when the hand rests: that is no part of pointing.
    await idle(page);
    printFrames(
      `  pointer moved over it`,
      await frames(
        page,
        async () => {
          for (let i = 0; i < 400; i++) await page.mouse.move(x + Math.sin(i / 7) * 500, y + Math.cos(i / 11) * 300);
        },
        { scrolled: true },
      ),
    );
  }
  started = performance.now();
  await page.getByRole("button", { name: "Next busy moment" }).click();
  await idle(page);
  console.log(`  replay: counts of every moment after     ${(performance.now() - started).toFixed(0)} ms`);
  printFrames(
    "replay, played",
    await frames(page, async () => {
      await page.getByRole("combobox", { name: "Speed" }).selectOption("4");
      await page.getByRole("button", { name: "Play", exact: true }).click();
      await page.waitForTimeout(2500);
      await page.getByRole("button", { name: "Pause", exact: true }).click();
    }),
  );
  const services = await timeFrom(page, "click", SHOWS_SERVICE, () => tab("Services").click());
  console.log(`  Services, opened for the first time      ${services.toFixed(0)} ms`);
}

/**
 * The one connection's ladder: opened, scrolled by the wheel and by the keys.
 * @param {Page} page
 * @param {readonly string[]} files
 */
async function measureLadder(page, files) {
  await tabOf(page, "Connections").click();
  await page.locator("[data-pane=connections] [data-row='0']").click();
  await idle(page);
  console.log(files.map((f) => basename(f)).join(", "));
  const opened = await timeFrom(page, "click", SHOWS_LADDER, () => tabOf(page, "Ladder").click());
  console.log(`  ladder, opened                           ${opened.toFixed(0)} ms`);
  await idle(page);
  const ladder = page.getByRole("img", { name: /^Ladder of/ });
  console.log(`  ${await ladder.getAttribute("aria-label")}`);
  const box = await page.getByRole("group", { name: /^Ladder/ }).boundingBox();
  if (!box) throw new Error("the ladder is not shown");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  printFrames(
    "scrolled by the wheel",
    await frames(
      page,
      async () => {
        for (let i = 0; i < 180; i++) await page.mouse.wheel(0, i % 120 < 90 ? 160 : -160);
      },
      { scrolled: true },
    ),
  );
  await page.getByRole("group", { name: /^Ladder/ }).focus();
  printFrames(
    "arrow key held",
    await frames(page, async () => {
      for (let i = 0; i < 120; i++) await page.keyboard.press("ArrowDown");
    }),
  );
}
