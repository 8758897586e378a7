/** Exports reach a file: as a download in a browser, at the place the save dialog gave in Electron, and nowhere else. */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hopscope } from "../builders/shared-data";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

const DHCP = "fixtures/dhcp.pcap";

async function exportAs(app: App, format: RegExp, name: string): Promise<void> {
  await app.page.keyboard.press("Control+Shift+E");
  const dialog = app.page.getByRole("dialog");
  await dialog.getByLabel(format).check();
  await dialog.getByLabel("File name").fill(name);
  await dialog.getByRole("button", { name: /^Export/ }).click();
}

describe.skipIf(CHROMIUM === undefined)("an export", () => {
  it("is a download in the browser host, of the packets as they were", async () => {
    const app = await openApp("browser", [DHCP]);
    const coming = app.page.waitForEvent("download");
    await exportAs(app, /pcapng/i, "to share ü");
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/^to[ _]share[ _]ü\.pcapng$/);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-save-")), "x.pcapng");
    await download.saveAs(path);
    const text = (file: string): string => hopscope("packets", file).stdout;
    expect(text(path)).toBe(text(DHCP));
    await app.close();
  });

  it("is written where the save dialog says, in the Electron host", async () => {
    const app = await openApp("electron", [DHCP]);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-save-")), "chosen.csv");
    await app.electron?.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await exportAs(app, /csv/i, "packets");
    await expect.poll(() => existsSync(path) && readFileSync(path, "utf8").split("\n").length).toBe(7);
    await app.idle();
    await app.close();
  });

  it("is refused where nobody chose to save, whatever the page asks", async () => {
    const app = await openApp("electron", [DHCP]);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-save-")), "not-chosen.csv");
    const answer = await app.page.evaluate(
      (target) =>
        new Promise((done) => {
          const { hopscope: bridge } = window as unknown as {
            hopscope: {
              post: (message: unknown) => void;
              onMessage: (listener: (message: { id?: number }) => void) => void;
            };
          };
          bridge.onMessage((message) => {
            if (message.id === 900_001) done(message);
          });
          const params = { view: 1, packets: null, path: target, columns: [] };
          bridge.post({ kind: "request", id: 900_001, method: "export.write", params });
        }),
      path,
    );
    expect(answer).toMatchObject({ ok: false, code: "file" });
    expect(existsSync(path)).toBe(false);
    await app.close();
  });
});
