/** A workspace is saved, closed, moved about and opened again; what was not saved when the host was killed is offered. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expectAccessible } from "./support/axe";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { newConfigFolder } from "./support/serve-process";

afterAll(closeSharedChromium);

const FIXTURES = ["service-vxlan-node1.pcapng", "service-vxlan-node2.pcapng"];

/** The captures in a folder of their own, to be moved. */
function copied(): { readonly folder: string; readonly files: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-workspace-"));
  return {
    folder,
    files: FIXTURES.map((name) => {
      copyFileSync(join("fixtures", name), join(folder, name));
      return join(folder, name);
    }),
  };
}

async function filterBy(app: App, filter: string): Promise<void> {
  await app.page.keyboard.press("Control+/");
  await app.page.keyboard.press("Control+A");
  await app.page.keyboard.type(filter);
  await app.page.keyboard.press("Enter");
  await app.idle();
}

const shown = (app: App): Promise<string> => app.page.getByRole("status", { name: "Packets" }).innerText();

async function rename(app: App, from: string, to: string): Promise<void> {
  await app.page.getByRole("treeitem", { name: from }).first().click();
  await app.page.keyboard.press("F2");
  await app.page.keyboard.press("Control+A");
  await app.page.keyboard.type(to);
  await app.page.keyboard.press("Enter");
  await app.idle();
}

async function saveAs(app: App, name: string): Promise<void> {
  await app.page.keyboard.press("Control+S");
  const dialog = app.page.getByRole("dialog", { name: "Save workspace" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await app.page.getByText(`Saved ${name}.hopscope`).waitFor();
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined)("a workspace", () => {
  it("comes back with names and filter, also after its captures were moved away from it", async () => {
    const { folder, files } = copied();
    const app = await openApp("browser", files);
    await rename(app, "cni0", "the bridge");
    await filterBy(app, "http");
    await app.page.keyboard.press("Control+S");
    await expectAccessible(app, "the save dialog");
    await app.screenshot("workspace/save");
    await app.page.keyboard.press("Escape");
    await saveAs(app, "orders");
    expect(await app.page.title()).toBe("orders.hopscope · Hopscope");
    const path = join(folder, "orders.hopscope");
    expect(existsSync(path)).toBe(true);
    await app.close();

    // Another folder holds the captures now, under other names.
    const elsewhere = mkdtempSync(join(tmpdir(), "hopscope-e2e-moved-"));
    renameSync(files[0] ?? "", join(elsewhere, "a.cap"));
    mkdirSync(join(elsewhere, "deeper"));
    renameSync(files[1] ?? "", join(elsewhere, "deeper", "b.cap"));
    const again = await openApp("browser", [path]);
    const missing = again.page.getByRole("dialog", { name: /Files of orders\.hopscope are missing/ });
    await missing.getByText(`not found: ${files[0] ?? ""}`).waitFor();
    await expectAccessible(again, "the dialog of missing files");
    await again.screenshot("workspace/missing");
    await missing.getByRole("button", { name: "Choose folder…" }).click();
    const chooser = again.page.getByRole("dialog", { name: /Folder to look/ });
    await chooser.getByLabel("Folder", { exact: true }).fill(elsewhere);
    await chooser.getByRole("button", { name: "Go" }).click();
    await again.idle();
    await chooser.getByRole("button", { name: /^Open/ }).last().click();
    await again.page.getByText("found again at another place").waitFor();
    await again.idle();
    expect(await shown(again)).toMatch(/14 shown/);
    await again.page.getByRole("checkbox", { name: "Show packets of the bridge" }).waitFor();
    await again.close();
  });

  it("can be handed on as one file with the captures inside, by way of a download", async () => {
    const { files } = copied();
    const app = await openApp("browser", files);
    await app.page.keyboard.press("Control+Shift+S");
    const coming = app.page.waitForEvent("download");
    await app.page.getByRole("dialog").getByRole("button", { name: "Download a copy" }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/\.hopscope$/);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-handed-")), "handed.hopscope");
    await download.saveAs(path);
    expect(readFileSync(path).subarray(0, 2).toString()).toBe("PK");
    await app.close();

    const other = await openApp("browser");
    await other.drop([path]);
    await expect.poll(() => shown(other), { timeout: 10_000 }).toMatch(/63 packets/);
    await other.close();
  });

  it("handed over by the system takes the place of what is open only when that may be lost", async () => {
    const { files } = copied();
    const config = newConfigFolder();
    const first = await openApp("browser", files, { config });
    await rename(first, "cni0", "the bridge");
    await saveAs(first, "orders");
    await first.close();

    const app = await openApp("electron", ["fixtures/dhcp.pcap"]);
    await rename(app, "interface 0", "said and not saved");
    const handOver = async (): Promise<void> => {
      await app.electron?.evaluate(
        ({ app: electronApp }, path) => {
          electronApp.emit("second-instance", {}, [], "", { files: [path] });
        },
        join(dirname(files[0] ?? ""), "orders.hopscope"),
      );
    };
    await handOver();
    const question = app.page.getByRole("dialog", { name: "Leave without saving?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await app.idle();
    expect(await shown(app)).toMatch(/\b5 packets/);
    await app.page.getByRole("treeitem", { name: "said and not saved" }).first().waitFor();
    await handOver();
    await question.getByRole("button", { name: "Leave" }).click();
    await app.page.getByRole("checkbox", { name: "Show packets of the bridge" }).waitFor();
    await app.close();
  });

  it("is offered again when Hopscope was killed before it was saved", async () => {
    const { files } = copied();
    const config = newConfigFolder();
    const app = await openApp("browser", files, { config, expectedErrors: /ERR_|WebSocket/ });
    await rename(app, "cni0", "unsaved bridge");
    // Written beside its place first, then moved there: only that counts.
    const kept = (): boolean =>
      existsSync(join(config, "unsaved")) &&
      readdirSync(join(config, "unsaved")).some((name) => name.endsWith(".hopscope"));
    await expect.poll(kept, { timeout: 15_000 }).toBe(true);
    const { process: host } = app.serve ?? {};
    const ended = new Promise((done) => host?.once("exit", done));
    host?.kill("SIGKILL");
    await ended;
    await app.page.context().close();

    const again = await openApp("browser", [], { config });
    await again.page.getByText("Not saved last time").waitFor();
    await expectAccessible(again, "what was not saved");
    await again.screenshot("workspace/unsaved");
    await again.page.getByRole("button", { name: "Restore" }).click();
    await again.page.getByRole("checkbox", { name: "Show packets of unsaved bridge" }).waitFor();
    await again.close();
  });
});
