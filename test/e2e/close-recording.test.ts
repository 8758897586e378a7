/** Closing the desktop window with a recording that is in no file: asked first, and nothing is lost before the answer. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

const soon = { timeout: 20_000 };

describe.skipIf(CHROMIUM === undefined)("the window is closed while a simulation is recorded", () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp("electron");
    await app.page.keyboard.press("Control+e");
    const dialog = app.page.getByRole("dialog", { name: "Capture" });
    await dialog.getByRole("tab", { name: /simulat/i }).click();
    await dialog.getByRole("button", { name: "Start" }).click();
    await expect.poll(() => recording().innerText(), soon).toMatch(/[1-9]\d* packets/);
  }, 60_000);
  afterEach(() => app.close());
  afterAll(closeSharedChromium);

  const recording = (): Locator => app.page.getByRole("region", { name: "Recording" });
  const question = (): Locator => app.page.getByRole("dialog", { name: "Save the recording?" });
  const closeWindow = async (): Promise<void> => {
    await app.electron?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  };
  const answer = (name: string): Promise<void> => question().getByRole("button", { name }).click();
  const gone = (): Promise<unknown> => app.page.waitForEvent("close", soon);

  it("stays when the question is cancelled, and goes when the recording is discarded", async () => {
    await closeWindow();
    await question().waitFor(soon);
    expect(await question().innerText()).toMatch(/\d packets\) and is in no file yet/);
    await expectAccessible(app, "the question at the end");
    await app.screenshot("live/close-question");
    await answer("Cancel");
    await question().waitFor({ state: "detached", ...soon });
    expect(await recording().isVisible()).toBe(true);

    await closeWindow();
    await question().waitFor(soon);
    const closed = gone();
    await answer("Discard");
    await closed;
  });

  it("saves all of it where the dialog says, then goes", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-close-")), "kept.pcapng");
    await app.electron?.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await closeWindow();
    await question().waitFor(soon);
    const closed = gone();
    await answer("Save…");
    await closed;
    expect(existsSync(path)).toBe(true);
    const read = spawnSync(process.execPath, [resolve("out/main/cli.js"), "info", path], { encoding: "utf8" });
    expect(read.stdout + read.stderr).toMatch(/packets/i);
    expect(read.status).toBe(0);
  });
});
