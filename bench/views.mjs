/**
 * Measures the pictures of joined captures in a real browser: a made-up cluster of 100 nodes and 4,000 named pods, 100,000 connections.
 *
 *   node bench/views.mjs [--flows 100000] [--packets 600000] [--data FOLDER]
 *
 * ```
 * open        press on the tab ─► the picture is drawn (the captures are joined already)
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
    data: { type: "string", default: join(ROOT, "bench/data") },
  },
});
const flows = parseCount(values.flows, "flows");
const packets = parseCount(values.packets, "packets");
const { files } = generateOnce({
  kind: "k8s",
  format: "pcapng",
  path: join(values.data, `views-k8s-${packets}-${flows}.pcapng`),
  packets,
  flows,
});
const config = mkdtempSync(join(tmpdir(), "hopscope-bench-views-"));
const clusterFile = join(config, "cluster.json");
writeFileSync(clusterFile, cluster());
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
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [clusterFile], dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"]))
    await session.send("Input.dispatchDragEvent", { type, x: 900, y: 500, data });
  await page.getByText(/^Names are taken/).waitFor();

  /** @param {string} name */
  const tab = (name) => page.getByRole("tab", { name, exact: true });
  let started = performance.now();
  await tab("Connections").click();
  await page.locator("[data-pane=connections] [data-row='0']").waitFor();
  const joined = performance.now() - started;
  const status = await page.locator("[data-pane=connections] .status").innerText();
  console.log(`${files.map((f) => basename(f)).join(", ")}: ${status.split("\n")[0]}`);
  console.log(`  captures joined, table of connections    ${joined.toFixed(0)} ms`);
  await idle(page);

  const first = await timeFrom(page, "click", DRAWN, () => tab("Map").click());
  console.log(`  map, opened right after joining          ${first.toFixed(0)} ms`);
  await idle(page);
  await tab("Connections").click();
  await idle(page);
  const again = await timeFrom(page, "click", DRAWN, () => tab("Map").click());
  console.log(`  map, brought to the front again          ${again.toFixed(0)} ms`);
  await idle(page);

  // A window that finds everything joined and prepared.
  await page.reload();
  await idle(page);
  await tab("Connections").click();
  await idle(page);
  const prepared = await timeFrom(page, "click", DRAWN, () => tab("Map").click());
  console.log(`  map, opened for the first time, prepared ${prepared.toFixed(0)} ms`);
  await idle(page);

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
    printFrames(
      `  pointer moved over it`,
      await frames(page, async () => {
        for (let i = 0; i < 120; i++) await page.mouse.move(x + Math.sin(i / 7) * 500, y + Math.cos(i / 11) * 300);
      }),
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
  // The largest connection's ladder: scrolled to its end and back.
  await tab("Connections").click();
  await idle(page);
  const packets = page.locator("[data-pane=connections]").getByRole("columnheader", { name: /^Packets/ });
  await packets.click();
  await idle(page);
  await packets.click();
  await idle(page);
  await page.locator("[data-pane=connections] [data-row='0']").click();
  await idle(page);
  const ladder = page.getByRole("img", { name: /^Ladder of/ });
  started = performance.now();
  await tab("Ladder").click();
  await ladder.waitFor();
  await idle(page);
  console.log(`  ladder of the largest connection          ${(performance.now() - started).toFixed(0)} ms`);
  started = performance.now();
  await tab("Services").click();
  await idle(page);
  console.log(`  Services, opened for the first time      ${(performance.now() - started).toFixed(0)} ms`);
} finally {
  await browser.close();
  host.end();
  rmSync(config, { recursive: true, force: true });
}
