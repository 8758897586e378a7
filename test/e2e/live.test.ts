/** Live input in the window: it grows, goes with the newest packets, stops, and says when its source dies. */
import { execFileSync } from "node:child_process";
import { type WriteStream, createWriteStream, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pings, pingsInTwoParts, recorderPlace } from "../builders/live-recorder";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

/** What the window shows of a live source comes when it comes: looked for until it is there. */
const soon = { timeout: 15_000 };

const bar = (app: App): Locator => app.page.getByRole("region", { name: "Recording" });
const row = (app: App, number: number): Locator =>
  app.page.locator(`.row:not([hidden])[aria-rowindex="${number + 1}"]`);

describe.skipIf(CHROMIUM === undefined)("standard input", () => {
  let app: App;
  let writer: WriteStream;
  beforeEach(async () => {
    // A pipe, so that the stream goes on as long as the test wants.
    const pipe = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-live-")), "pipe");
    execFileSync("mkfifo", [pipe]);
    writer = createWriteStream(pipe);
    const [head] = pingsInTwoParts(500, 2);
    writer.write(head);
    app = await openApp("browser", ["-"], { input: pipe });
  });
  afterEach(() => app.close());

  it("grows in the window, goes with the newest packets until one scrolls up, and ends", async () => {
    const whole = pings(503);
    const upTo = (packets: number): number => pings(packets).length;
    const rest = whole.subarray(upTo(2), upTo(500));
    const half = Math.floor(rest.length / 2) + 3;
    const grid = app.page.getByRole("grid", { name: "Packets" });
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Live[^]*standard input[^]*2 packets/);
    await row(app, 2).waitFor(soon);
    expect(await app.page.title()).toMatch(/^● /);

    writer.write(rest.subarray(0, half));
    await row(app, 249).waitFor(soon);

    // A look at what was before: the list stays there while packets come.
    await app.page.getByText("Echo (ping) request").filter({ visible: true }).first().waitFor();
    await app.page.mouse.move(700, 300);
    await app.page.mouse.wheel(0, -100_000);
    await row(app, 1).waitFor(soon);
    writer.write(rest.subarray(half));
    await expect.poll(() => grid.getAttribute("aria-rowcount"), soon).toBe("501");
    await app.idle();
    expect(await row(app, 1).isVisible()).toBe(true);

    // Tables and joined views are there without waiting for an end.
    await app.page.getByRole("tab", { name: "Flows" }).click();
    await expect.poll(() => app.page.locator("[data-pane=flows] [data-row='0']").innerText(), soon).toContain("500");
    await app.page.getByRole("tab", { name: "Connections" }).click();
    const connection = app.page.locator("[data-pane=connections] [data-row='0']");
    await expect.poll(() => connection.innerText(), soon).toContain("500");
    writer.write(whole.subarray(upTo(500), upTo(501)));
    // Joined again by itself: nobody asked.
    await expect.poll(() => connection.innerText(), soon).toContain("501");
    await app.page.getByRole("tab", { name: "Packets" }).click();

    writer.end(whole.subarray(upTo(501)));
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Stopped/);
    await app.idle();
    expect(await app.page.title()).not.toContain("●");
    expect(await grid.getAttribute("aria-rowcount")).toBe("504");
    await expectAccessible(app, "a recording that ended");
  });

  it("is stopped by Ctrl+E: what was written is there", async () => {
    await row(app, 2).waitFor(soon);
    writer.write(pings(3, 2));
    await row(app, 5).waitFor(soon);
    await app.page.keyboard.press("Control+e");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Stopped[^]*5 packets/);
    writer.destroy();
  });
});

describe.skipIf(CHROMIUM === undefined || process.platform === "win32")("the capture dialog", () => {
  const path = process.env["PATH"] ?? "";
  let app: App;
  beforeAll(async () => {
    const [head, tail] = pingsInTwoParts(5, 2);
    const { folders } = recorderPlace({
      good0: [{ write: head }, { wait: "until-interrupted" }, { write: tail }, { exit: 0 }],
      dies0: [{ write: pings(3) }, { say: "dumpcap: the network adapter was removed" }, { exit: 2 }],
      other0: [{ write: pings(4) }, { wait: "until-interrupted" }, { exit: 0 }],
      denied0: [{ say: "dumpcap: You don't have permission to capture on that device" }, { exit: 1 }],
    });
    process.env["PATH"] = [...folders, path].join(delimiter);
    app = await openApp("browser");
    process.env["PATH"] = path;
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  const choose = async (name: string): Promise<void> => {
    await app.page.keyboard.press("Control+e");
    const dialog = app.page.getByRole("dialog", { name: "Capture" });
    await dialog.getByRole("checkbox", { name }).waitFor(soon);
    for (const box of await dialog.locator(".interfaces input").all()) await box.setChecked(false);
    await dialog.getByRole("checkbox", { name }).check();
    await dialog.getByRole("button", { name: "Start" }).click();
  };

  it("records an interface, stops, and saves what was recorded", async () => {
    await app.page.keyboard.press("Control+e");
    await app.page.getByRole("checkbox", { name: "good0" }).waitFor(soon);
    await expectAccessible(app, "the capture dialog");
    await app.screenshot("live/dialog");
    await app.page.keyboard.press("Escape");

    await choose("good0");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Live[^]*good0[^]*2 packets/);
    await app.page.keyboard.press("Control+e");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Stopped[^]*5 packets/);
    const download = app.page.waitForEvent("download");
    await bar(app).getByRole("button", { name: "Save" }).click();
    const saved = await (await download).path();
    expect(readFileSync(saved).readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect((await download).suggestedFilename()).toBe("good0.pcapng");
  });

  it("records another source beside one that runs, and stops them one by one", async () => {
    await choose("good0");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Live[^]*good0[^]*2 packets/);
    await bar(app).getByRole("button", { name: "Record beside…" }).click();
    const dialog = app.page.getByRole("dialog", { name: "Capture" });
    await dialog.getByText("Recorded together with good0").waitFor(soon);
    await dialog.getByRole("checkbox", { name: "good0" }).uncheck();
    await dialog.getByRole("checkbox", { name: "other0" }).check();
    await dialog.getByRole("button", { name: "Start" }).click();
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/2 sources together[^]*6 packets/);
    await row(app, 6).waitFor(soon);
    await app.idle();
    await app.screenshot("live/together");
    await expectAccessible(app, "two sources recorded together");
    await bar(app).getByRole("button", { name: "Stop good0" }).click();
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Live[^]*9 packets[^]*Stopped, 5 packets/);
    await app.page.keyboard.press("Control+e");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/^Stopped/);
    // What is in no file yet is asked about: kept, then thrown away.
    await app.page.getByRole("button", { name: "Close All" }).click();
    const question = app.page.getByRole("dialog", { name: "Save the recording?" });
    await question.getByText("good0 + other0 was recorded (9 packets)").waitFor(soon);
    await app.screenshot("live/unsaved");
    await question.getByRole("button", { name: "Cancel" }).click();
    await app.page.getByRole("button", { name: "Close All" }).click();
    await question.getByRole("button", { name: "Discard" }).click();
    await app.page.getByRole("button", { name: /^Open/ }).first().waitFor(soon);
  });

  it("tells what a source said when it died, and keeps its packets", async () => {
    await choose("dies0");
    await expect.poll(() => bar(app).innerText(), soon).toMatch(/Ended[^]*3 packets[^]*adapter was removed/);
    await row(app, 3).waitFor(soon);
    await app.screenshot("live/died");
  });

  it("says what to do where one may not record, and leaves the dialog open", async () => {
    await choose("denied0");
    // What died before was not saved.
    await app.page.getByRole("button", { name: "Discard" }).click();
    const alert = app.page.getByRole("dialog", { name: "Capture" }).getByRole("alert");
    await alert.waitFor(soon);
    expect(await alert.innerText()).toMatch(/may not record[^]*(setcap|usermod)/);
    await expectAccessible(app, "the capture dialog with a problem");
    await app.page.keyboard.press("Escape");
  });

  it("pauses, steps and injects into a simulation", async () => {
    await app.page.keyboard.press("Control+e");
    await app.page.getByRole("tab", { name: "Simulator" }).click();
    await app.page.getByRole("radio", { name: /^Steady traffic/ }).check();
    await app.page.getByLabel("Packets per second").fill("2");
    const dialog = app.page.getByRole("dialog", { name: "Capture" });
    await dialog.getByRole("button", { name: "Start" }).click();
    await app.page.getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => bar(app).innerText(), soon).toContain("Steady traffic");
    await row(app, 1).waitFor(soon);
    await bar(app).getByRole("button", { name: "Pause" }).click();
    await bar(app).getByRole("button", { name: "Resume" }).waitFor(soon);
    const count = async (): Promise<number> =>
      Number(await app.page.getByRole("grid", { name: "Packets" }).getAttribute("aria-rowcount")) - 1;
    const before = await count();
    await bar(app).getByRole("button", { name: "Next packet" }).click();
    await expect.poll(count, soon).toBeGreaterThan(before);
    const stepped = await count();
    await bar(app).getByRole("button", { name: "Inject" }).click();
    await app.page.getByRole("menuitem", { name: "Burst of 100 packets" }).click();
    await expect.poll(count, soon).toBe(stepped + 100);
  });
});
