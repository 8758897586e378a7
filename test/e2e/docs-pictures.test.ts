/** A picture of each main view for README.md and docs/; see support/docs-pictures.ts for how they are renewed. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { hopscope } from "../builders/shared-data";
import { type App, type OpenOptions, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { docsPicture, RENEWS_PICTURES } from "./support/docs-pictures";

const NODES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const WIDE: OpenOptions = { width: 1920, height: 1080, theme: "dark" };

afterAll(closeSharedChromium);

async function showTab(app: App, name: string): Promise<void> {
  await app.page.getByRole("tab", { name, exact: true }).first().click();
  await app.idle();
}

async function chooseFirstRow(app: App, pane: string): Promise<void> {
  await app.page.locator(`[data-pane=${pane}] [data-row='0']`).click();
  await app.idle();
}

/** Opens, shows, takes the picture, closes. */
async function taken(
  name: string,
  files: readonly string[],
  options: OpenOptions,
  show: (app: App) => Promise<void>,
): Promise<void> {
  const app = await openApp("browser", files, options);
  await show(app);
  await docsPicture(app, name);
  await app.close();
}

async function startSimulation(app: App, title: string): Promise<void> {
  await app.page.getByRole("button", { name: "Simulate a network…" }).click();
  const dialog = app.page.getByRole("dialog", { name: "Capture" });
  await dialog.getByRole("radio", { name: title }).check();
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined || !RENEWS_PICTURES)("pictures of the documents", () => {
  it("show how to begin", async () => {
    await taken("welcome-1280-light", [], {}, () => Promise.resolve());
    await taken("simulator-1280-light", [], {}, (app) => startSimulation(app, "Pod to Service: ClusterIP"));
  });

  it.each([
    ["packets-1280-light", {}],
    ["packets-1920-dark", WIDE],
  ] as const)("show packets: %s", async (name, options) => {
    await taken(name, NODES, options, async (app) => {
      await app.page.getByRole("grid", { name: "Packets" }).getByText("GET /orders HTTP/1.1").first().click();
      await app.idle();
      const details = app.page.getByRole("tree", { name: /^Details of packet/ });
      await details.getByRole("treeitem", { name: /^Internet Protocol/ }).click();
      await app.page.keyboard.press("ArrowRight");
      await app.idle();
    });
  });

  it.each([
    ["layers-1280-light", {}],
    ["layers-1920-dark", WIDE],
  ] as const)("show a connection's layers: %s", async (name, options) => {
    await taken(name, NODES, options, async (app) => {
      await showTab(app, "Connections");
      await chooseFirstRow(app, "connections");
      await app.page.getByRole("region", { name: /^Layers at each hop/ }).focus();
      for (let hop = 1; hop < 4; hop++) await app.page.keyboard.press("ArrowRight");
      await app.idle();
    });
  });

  it("show a connection's ladder, its translation", async () => {
    await taken("ladder-1280-light", NODES, {}, async (app) => {
      await showTab(app, "Connections");
      await chooseFirstRow(app, "connections");
      await showTab(app, "Ladder");
    });
    await taken("nat-1280-light", NODES, {}, async (app) => {
      await showTab(app, "NAT");
      await chooseFirstRow(app, "nat");
    });
  });

  it.each([
    ["map-1280-light", "Map"],
    ["services-1280-light", "Services"],
    ["timeline-1280-light", "Timeline"],
  ])("show the network: %s", async (name, title) => {
    await taken(name, NODES, {}, (app) => showTab(app, title));
  });

  it("show findings, with what to check next", async () => {
    const recording = join(mkdtempSync(join(tmpdir(), "hopscope-pictures-")), "mtu-blackhole.pcapng");
    hopscope("simulate", "fault-mtu-blackhole", "--out", recording);
    await taken("findings-1280-light", [recording], {}, async (app) => {
      await showTab(app, "Findings");
      await app.page.getByRole("listbox", { name: "Findings" }).getByRole("option").first().click();
      await app.idle();
    });
  });

  it("show notes and the report made of them", async () => {
    const app = await openApp("browser", NODES);
    const { page } = app;
    await page.getByRole("grid", { name: "Packets" }).getByText("10.96.10.20").nth(1).click();
    await app.idle();
    await page.keyboard.press("Control+Alt+C");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog
      .locator("textarea")
      .fill("Here the pod still asks for the **Service's** address; one hop further it is gone.");
    await dialog.getByLabel("Tags").fill("dnat");
    await dialog.getByRole("button", { name: "Save note" }).click();
    await dialog.waitFor({ state: "hidden" });
    await showTab(app, "Notes");
    await chooseFirstRow(app, "notes");
    await docsPicture(app, "notes-1280-light");
    await page.keyboard.press("Control+Alt+R");
    await page.getByRole("dialog", { name: "Report" }).getByText("Packets, hop by hop").waitFor();
    await docsPicture(app, "report-1280-light");
    await app.close();
  });

  it("show a simulated network while it runs", async () => {
    const app = await openApp("browser");
    await startSimulation(app, "Pod to Service: ClusterIP");
    await app.page.getByRole("button", { name: "Start", exact: true }).click();
    const live = app.page.getByRole("region", { name: "Recording" });
    await live.getByText(/[3-9]\d\d packets,/).waitFor({ timeout: 60_000 });
    // Stopped in time, so that the pictures are of one moment.
    await live.getByRole("button", { name: "Pause" }).click();
    await app.page.getByRole("grid", { name: "Packets" }).press("Control+End");
    await app.idle();
    await docsPicture(app, "live-1280-light");
    await showTab(app, "Map");
    await docsPicture(app, "simulated-map-1280-light");
    await app.close();
  }, 90_000);
});
