/** The app goes on after what happens to programs: a reload, a second tab, a crash of the engine or of the page. */
import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type App, HOSTS, openApp } from "./support/app";
import { press } from "./support/actions";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { manyPackets } from "./support/packet-captures";
import { startServe } from "./support/serve-process";

afterAll(closeSharedChromium);

const DHCP = "fixtures/dhcp.pcap";

async function showsDhcp(page: App["page"]): Promise<void> {
  const status = page.getByRole("status", { name: "Packets" });
  await expect.poll(() => status.innerText(), { timeout: 10_000 }).toMatch(/\b5 packets/);
}

/** What a person has before them, but for the time of day. */
async function before({ page }: App): Promise<Readonly<Record<string, unknown>>> {
  return {
    filter: await page.getByRole("combobox", { name: "Display filter" }).inputValue(),
    packets: await page.getByRole("status", { name: "Packets" }).innerText(),
    sorted: await page.locator('[role=columnheader][aria-sort="descending"]').innerText(),
    tabs: await page.getByRole("tablist", { name: "Main area" }).getByRole("tab").allInnerTexts(),
    front: await page.getByRole("tablist", { name: "Main area" }).getByRole("tab", { selected: true }).innerText(),
    details: await page.locator("[data-pane=packet-details]").innerText(),
    row: await page.getByRole("scrollbar", { name: "Position in the packet list" }).getAttribute("aria-valuenow"),
  };
}

/** A filter, an order, a followed stream, a marked packet, and the list scrolled to where that packet is not in sight. */
async function settleIn(app: App): Promise<void> {
  await app.page.getByRole("combobox", { name: "Display filter" }).fill("udp");
  await press(app, "Enter");
  const time = app.page.getByRole("columnheader", { name: "Time" });
  await time.click();
  await time.click();
  await app.idle();
  await app.page.getByRole("row").nth(4).click();
  await press(app, "Control+m", "Control+Alt+Shift+t");
  await app.page.getByRole("tab", { name: "Packets" }).click();
  await app.page.getByRole("grid", { name: "Packets" }).hover();
  await app.page.mouse.wheel(0, 12_000);
  await app.idle();
}

/** The engine's process dies; the window says so, and has everything again. */
async function survivesCrash(app: App): Promise<void> {
  await app.crashEngine();
  await app.page
    .getByText(/engine stopped/i)
    .first()
    .waitFor();
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("the %s host", (host) => {
  it("has all of what a person had before them after a reload and after a crash of the engine", async () => {
    const app = await openApp(host, [manyPackets(1500)]);
    await settleIn(app);
    const kept = await before(app);
    expect(kept).toMatchObject({ filter: "udp", packets: expect.stringContaining("1 marked") as string });
    expect(Number(kept["row"])).toBeGreaterThan(100);
    expect(kept["tabs"]).toContainEqual(expect.stringMatching(/^Stream /));
    await app.page.reload();
    await app.idle();
    await expect.poll(() => before(app)).toEqual(kept);
    await survivesCrash(app);
    await expect.poll(() => before(app)).toEqual(kept);
    await app.close();
  });

  it("draws the rows that were there until the engine that was started again has them", async () => {
    const app = await openApp(host, [manyPackets(1500)]);
    await app.page.getByRole("grid", { name: "Packets" }).hover();
    await app.page.mouse.wheel(0, 12_000);
    await app.idle();
    // Every frame from here on: which packets are in sight.
    await app.page.evaluate(() => {
      const seen = new Set<string>();
      (window as unknown as { seen: Set<string> }).seen = seen;
      const look = (): void => {
        const rows = [...document.querySelectorAll<HTMLElement>(".layer .row")].filter((row) => !row.hidden);
        const numbers = rows.map((row) => Number(row.getAttribute("aria-rowindex")));
        seen.add(rows.length === 0 ? "none" : `from ${Math.min(...numbers)}`);
        requestAnimationFrame(look);
      };
      look();
    });
    await survivesCrash(app);
    const seen = await app.page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
    expect(seen).toEqual([expect.stringMatching(/^from \d{3,}$/)]);
    await app.close();
  });

  it("has the workspace still open after a reload", async () => {
    const app = await openApp(host, [DHCP]);
    await app.page.reload();
    await app.idle();
    await showsDhcp(app.page);
    await app.close();
  });

  it("opens the captures again after its engine crashed, says so, and answers", async () => {
    const app = await openApp(host, [DHCP]);
    await showsDhcp(app.page);
    await app.crashEngine();
    const notice = app.page.getByText(/engine stopped/i).first();
    await notice.waitFor();
    await app.idle();
    await showsDhcp(app.page);
    await app.screenshot(`survive/engine-crash-${host}`);
    await app.page.getByText("DHCP Offer").first().click();
    await app.idle();
    await expect.poll(() => app.page.locator("body").innerText()).toContain("Frame 2");
    await app.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("the browser host", () => {
  it("shows nothing of a file that was changed while it was open, says so, and reads it again", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-changed-")), "mine.pcap");
    copyFileSync(DHCP, path);
    const app = await openApp("browser", [path]);
    await showsDhcp(app.page);
    copyFileSync("fixtures/http-ethernet.pcap", path);
    await app.page.keyboard.press("Control+/");
    await app.page.keyboard.type("http.request.method");
    await app.page.keyboard.press("Enter");
    await app.page.getByText("Packets could not be read").waitFor();
    await app.page.getByText("the file was changed since it was opened").waitFor();
    // It does not ask again and again.
    await app.idle();
    await app.page.getByRole("button", { name: "Reload", exact: true }).last().click();
    await app.page.getByText("GET /").first().waitFor();
    await app.close();
  });

  it("shows one workspace in several tabs, and keeps it when one is closed", async () => {
    const app = await openApp("browser", [DHCP]);
    const second = await app.page.context().newPage();
    await second.goto(new URL("/", app.page.url()).href);
    await showsDhcp(second);
    // What one tab does, the other sees.
    await app.page.bringToFront();
    await app.page
      .getByRole("checkbox", { name: /interface 0/ })
      .first()
      .click();
    await expect
      .poll(() =>
        second
          .getByRole("checkbox", { name: /interface 0/ })
          .first()
          .isChecked(),
      )
      .toBe(false);
    await second.close();
    await app.page.bringToFront();
    await app.idle();
    await showsDhcp(app.page);
    await app.close();
  });

  it("tells when it has ended, and that another start needs its own link", async () => {
    const app = await openApp("browser", [DHCP], { expectedErrors: /ERR_CONNECTION_REFUSED|WebSocket|401/ });
    const port = new URL(app.page.url()).port;
    expect(await app.serve?.interrupt()).toBe(0);
    await app.page.getByText(/connection to Hopscope is lost/).waitFor();
    const again = await startServe([], { arguments: ["--port", port] });
    await app.page.getByText(/session is over/).waitFor();
    await app.screenshot("survive/session-over");
    await app.page.context().close();
    expect(await again.interrupt()).toBe(0);
  });
});

describe.skipIf(CHROMIUM === undefined)("the electron host", () => {
  it("loads the page again after it crashed, with the workspace still open", async () => {
    const app = await openApp("electron", [DHCP], { expectedErrors: /./ });
    await showsDhcp(app.page);
    await app.page.getByRole("combobox", { name: "Display filter" }).fill("udp.srcport == 67");
    await press(app, "Enter");
    await app.page.waitForFunction(() => Object.values(sessionStorage).some((text: string) => text.includes("== 67")));
    await app.electron?.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
    // Asked through Electron: Playwright gives a crashed page up for good.
    const text = (): Promise<unknown> | undefined =>
      app.electron?.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript("document.body?.innerText ?? ''"),
      );
    await expect.poll(text, { timeout: 15_000 }).toMatch(/shown \(\d+ %\)|shown \(\d+%\)/);
    await app.close();
  });

  it("opens where it was", async () => {
    const first = await openApp("electron");
    await first.electron?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.maximize());
    await first.close();
    const again = await openApp("electron", [], { config: first.config });
    const maximized = await again.electron?.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.isMaximized(),
    );
    expect(maximized).toBe(true);
    await again.close();
  });
});
