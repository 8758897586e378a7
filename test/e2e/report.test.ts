/** A note becomes a report, and travels with the workspace to somebody else. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { expectAccessible } from "./support/axe";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium, sharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

const FILES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const HOSTILE = "The **request** <img src=x onerror=alert(1)> is still addressed to the Service.";

async function annotateRequest(app: App): Promise<void> {
  const { page } = app;
  await page.getByRole("grid", { name: "Packets" }).getByText("GET /orders HTTP/1.1").first().click();
  await app.idle();
  await page.keyboard.press("Control+Alt+C");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your name").fill("Anna");
  await dialog.locator("textarea").fill(HOSTILE);
  await dialog.getByRole("button", { name: "Save note" }).click();
  await dialog.waitFor({ state: "hidden" });
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined)("a note", () => {
  it("becomes one HTML file with its packet, its way hop by hop, and nothing that runs or loads; travels with the workspace", async () => {
    const app = await openApp("browser", FILES);
    await annotateRequest(app);
    await app.page.keyboard.press("Control+Shift+P");
    await app.page.getByRole("combobox", { name: "Zone, for times of day" }).selectOption("other");
    await app.page.getByLabel("Name of the zone").fill("Asia/Kathmandu");
    await app.page.keyboard.press("Escape");
    await app.page.keyboard.press("Control+Alt+R");
    const dialog = app.page.getByRole("dialog", { name: "Report" });
    await dialog.getByLabel("Title").fill("Where the request went");
    const preview = dialog.getByRole("region", { name: "Preview" });
    await preview.getByRole("heading", { name: "Where the request went" }).waitFor();
    await preview.getByText("Packets, hop by hop").waitFor();
    await preview.getByText("Times are those of Asia/Kathmandu").waitFor();
    await app.page.mouse.move(1, 1);
    await expectAccessible(app, "the report dialog");
    await app.screenshot("report/dialog");
    const coming = app.page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save as HTML" }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/^Where the request went\.html$/);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-report-")), "report.html");
    await download.saveAs(path);
    await app.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await app.page.keyboard.press("Control+Shift+S");
    const handed = app.page.waitForEvent("download");
    await app.page.getByRole("dialog").getByRole("button", { name: "Download a copy" }).click();
    const workspace = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-note-")), "with-note.hopscope");
    await (await handed).saveAs(workspace);
    await app.close();

    expect(readFileSync(path, "utf8")).not.toMatch(/<script|<img src=x/);
    const reader = await (await sharedChromium()).newPage();
    const asked: string[] = [];
    reader.on("request", (request) => asked.push(request.url()));
    await reader.goto(pathToFileURL(path).href);
    expect(await reader.title()).toBe("Where the request went");
    // Picture, cited packet, and the hop where the destination changed.
    expect(
      await reader.locator("figure img").evaluate((image: HTMLImageElement) => image.naturalWidth),
    ).toBeGreaterThan(500);
    await reader.getByRole("cell", { name: "GET /orders HTTP/1.1" }).waitFor();
    expect(await reader.getByRole("cell", { name: /^destination/ }).count()).toBe(1);
    // The zone that was chosen, in every time and named at the end.
    expect(await reader.getByRole("cell", { name: /^\d{4}-.* \+05:45$/ }).count()).toBeGreaterThan(0);
    expect(await reader.locator("footer").innerText()).toContain("Asia/Kathmandu");
    expect(asked.filter((url) => !url.startsWith("data:"))).toHaveLength(1);
    await reader.close();

    // Somebody else finds the note in the workspace that was handed on.
    const other = await openApp("browser", [workspace]);
    await other.page.getByRole("tab", { name: "Notes" }).click();
    await other.page.getByText("is still addressed to the Service").first().waitFor();
    await other.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("in the Electron host", () => {
  it("a report is printed to the PDF file that the save dialog gave", async () => {
    const app = await openApp("electron", FILES);
    await annotateRequest(app);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-pdf-")), "report.pdf");
    await app.electron?.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await app.page.keyboard.press("Control+Alt+R");
    const dialog = app.page.getByRole("dialog", { name: "Report" });
    await dialog.getByText("Packets, hop by hop").waitFor();
    await dialog.getByRole("button", { name: "Save as PDF…" }).click();
    await app.page.getByText("Saved the report as PDF").waitFor();
    const pdf = readFileSync(path);
    expect(pdf.subarray(0, 5).toString("latin1")).toBe("%PDF-");
    // The report alone: a handful of pages, not the window behind it.
    expect(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThanOrEqual(1);
    await app.close();
  });

  it("a workspace is saved where the save dialog said, saved again without asking, and opened by a second start", async () => {
    const app = await openApp("electron", FILES);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-desktop-")), "desk.hopscope");
    await app.electron?.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await app.page.keyboard.press("Control+S");
    await app.page.getByText("Saved desk.hopscope").waitFor();
    await app.electron?.evaluate(({ dialog }) => {
      dialog.showSaveDialog = () => Promise.reject(new Error("asked again"));
    });
    await app.page.getByRole("treeitem", { name: "cni0" }).first().click();
    await app.page.keyboard.press("F2");
    await app.page.keyboard.press("Control+A");
    await app.page.keyboard.type("bridge of node 1");
    await app.page.keyboard.press("Enter");
    await app.idle();
    await expect.poll(() => app.page.title()).toBe("• desk.hopscope · Hopscope");
    await app.page.keyboard.press("Control+S");
    await expect.poll(() => app.page.title()).toBe("desk.hopscope · Hopscope");
    await app.close();

    const again = await openApp("electron", [path]);
    await again.page.getByRole("checkbox", { name: "Show packets of bridge of node 1" }).waitFor();
    expect(await again.page.title()).toBe("desk.hopscope · Hopscope");
    await again.close();
  });
});
