/** Files get into the app by every way there is, in both hosts. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type App, HOSTS, ROOT, electronEnvironment, electronExecutable, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { newConfigFolder } from "./support/serve-process";

afterAll(closeSharedChromium);

const DHCP = "fixtures/dhcp.pcap";
const dhcpPackets = 5;
const TLS = "fixtures/tls-hello.pcapng";
const tlsPackets = 5;

/** The workspace as the window shows it: names of files in the sidebar, packets counted in the status bar. */
async function shows(app: App, packets: number, ...files: string[]): Promise<void> {
  const status = app.page.getByRole("status", { name: "Packets" });
  await expect.poll(() => status.innerText(), { timeout: 10_000 }).toMatch(new RegExp(`\\b${packets} packets`));
  const text = await app.page.locator("body").innerText();
  for (const file of files) expect(text).toContain(basename(file));
}

/** What the open dialog is going to answer. */
async function dialogAnswers(app: App, paths: readonly string[]): Promise<void> {
  await app.electron?.evaluate(
    ({ dialog }, filePaths) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
    },
    paths.map((path) => resolve(path)),
  );
}

async function clickMenu(app: App, id: string): Promise<void> {
  await app.electron?.evaluate(({ Menu }, command) => {
    Menu.getApplicationMenu()?.getMenuItemById(command)?.click();
  }, id);
}

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("the %s host opens", (host) => {
  it("what it was started with", async () => {
    const app = await openApp(host, [DHCP, TLS]);
    await shows(app, dhcpPackets + tlsPackets, DHCP, TLS);
    await app.screenshot(`open/start-${host}`);
    await app.close();
  });

  it("files that are dropped on it, and folders", async () => {
    const app = await openApp(host);
    expect(await app.page.locator("body").innerText()).toContain("Drop captures here");
    await app.drop([DHCP]);
    await shows(app, dhcpPackets, DHCP);
    const folder = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-drop-")), "captures");
    mkdirSync(folder);
    copyFileSync(TLS, join(folder, "in-folder.pcapng"));
    // On the tree of capture points: beside what is open, not in its place.
    await app.drop([folder], "[data-pane='points']");
    await shows(app, dhcpPackets + tlsPackets, DHCP, "in-folder.pcapng");
    await app.close();
  });

  it("what was open the last time, from the list of recent files", async () => {
    const first = await openApp(host, [DHCP]);
    await first.close();
    const again = await openApp(host, [], { config: first.config });
    await again.page.getByText("dhcp.pcap").first().click();
    await shows(again, dhcpPackets, DHCP);
    await again.close();
  });

  it("a damaged file as far as it can be read, and says what is wrong with one that is no capture", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-broken-"));
    writeFileSync(join(folder, "notes.pcap"), "these are no packets, whatever the name says");
    const app = await openApp(host, ["fixtures/damaged-truncated.pcapng", join(folder, "notes.pcap"), DHCP]);
    await expect.poll(() => app.page.locator("body").innerText()).toContain("dhcp.pcap");
    const text = await app.page.locator("body").innerText();
    expect(text).toContain("damaged-truncated.pcapng");
    expect(text).toContain("notes.pcap");
    await app.screenshot(`open/broken-${host}`);
    // It goes on working.
    await app.page.getByText("DHCP").first().click();
    await app.idle();
    await app.close();
  });

  it("as a cluster file only what is one", async () => {
    const app = await openApp(host, [DHCP]);
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-json-")), "settings.json");
    writeFileSync(path, '{ "colour": "blue" }');
    await app.drop([path]);
    await app.page.getByRole("heading", { name: "Not the output of kubectl" }).waitFor();
    await app.page.getByText(/settings\.json line 1: .*expected/).waitFor();
    await app.close();
  });

  it("names that are markup, as names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-names-"));
    const name = "<img src=x onerror=document.title='broken-in'>.pcap";
    copyFileSync(DHCP, join(folder, name));
    const app = await openApp(host, [join(folder, name)]);
    await shows(app, dhcpPackets, name);
    expect(await app.page.locator("img").count()).toBe(0);
    expect(await app.page.title()).not.toBe("broken-in");
    await app.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("the browser host opens", () => {
  it("files chosen in the window's own file chooser, and adds others", async () => {
    const app = await openApp("browser");
    const choose = async (path: string): Promise<void> => {
      await app.page.getByLabel("Folder", { exact: true }).fill(resolve("fixtures"));
      await app.page.getByRole("button", { name: "Go", exact: true }).click();
      await app.page.getByRole("option", { name: basename(path) }).click();
      await app.screenshot("open/chooser");
      await app.page.getByRole("dialog").getByRole("button", { name: "Open", exact: true }).click();
    };
    await app.page.keyboard.press("Control+o");
    await choose(DHCP);
    await shows(app, dhcpPackets, DHCP);
    await app.page.getByRole("menuitem", { name: "File", exact: true }).click();
    await app.page.getByRole("menuitem", { name: /^Add to Workspace/ }).click();
    await choose(TLS);
    await shows(app, dhcpPackets + tlsPackets, DHCP, TLS);
    await app.close();
  });

  it("standard input", async () => {
    const app = await openApp("browser", ["-"], { input: DHCP });
    await shows(app, dhcpPackets);
    await app.page.getByText("DHCP Offer").first().click();
    await app.idle();
    await expect.poll(() => app.page.locator("body").innerText()).toContain("Frame 2");
    await app.close();
  });

  it("an upload whose name would climb out of its folder", async () => {
    const app = await openApp("browser");
    const path = await app.page.evaluate(async () => {
      const answer = await fetch("/upload", {
        method: "PUT",
        headers: { "x-file-name": encodeURIComponent("../../../../tmp/hopscope-climbed.pcap") },
        body: new Uint8Array(3),
      });
      return ((await answer.json()) as { path: string }).path;
    });
    expect(path).toMatch(/hopscope-scratch-\d+-\w+.uploads.[\w-]+.hopscope-climbed\.pcap$/);
    await app.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("the electron host opens", () => {
  it("files chosen in the native dialog, by key and by native menu", async () => {
    const app = await openApp("electron");
    await dialogAnswers(app, [DHCP]);
    await app.page.keyboard.press("Control+o");
    await shows(app, dhcpPackets, DHCP);
    await dialogAnswers(app, [TLS]);
    await clickMenu(app, "file.add");
    await shows(app, dhcpPackets + tlsPackets, DHCP, TLS);
    await app.close();
  });

  it("files that the system hands over (open with), beside what is open", async () => {
    const app = await openApp("electron", [DHCP]);
    await app.electron?.evaluate(({ app: electronApp }, path) => {
      electronApp.emit("open-file", { preventDefault: () => {} }, path);
    }, resolve(TLS));
    await shows(app, dhcpPackets + tlsPackets, DHCP, TLS);
    await app.close();
  });

  it("files of a second start, which then ends", async () => {
    const app = await openApp("electron", [DHCP]);
    const { path } = electronExecutable();
    // A runner's kernel may refuse Chromium's sandbox to programs in a checkout; Playwright switches it off for the first.
    const switches = process.platform === "linux" ? ["--no-sandbox"] : [];
    const second = spawn(path, [ROOT, resolve(TLS), ...switches], {
      env: { ...process.env, ...electronEnvironment(app.config) },
      stdio: "ignore",
    });
    expect(await new Promise((ended) => second.on("exit", ended))).toBe(0);
    await shows(app, dhcpPackets + tlsPackets, DHCP, TLS);
    const windows = await app.electron?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    expect(windows).toBe(1);
    await app.close();
  });

  it("files of a second start that are not there, and says so", async () => {
    const app = await openApp("electron", [DHCP]);
    const missing = resolve("fixtures/typo.pcap");
    await app.electron?.evaluate(({ app: electronApp }, path) => {
      electronApp.emit("second-instance", {}, [], "", { files: [path] });
    }, missing);
    await app.page
      .getByText(/typo\.pcap/)
      .first()
      .waitFor();
    await app.idle();
    expect(await app.page.locator("body").innerText()).toMatch(
      /typo\.pcap[^]*(no such file|not found|does not exist)/i,
    );
    await app.close();
  });

  it("recent files from the native menu", async () => {
    const config = newConfigFolder();
    await (await openApp("electron", [DHCP], { config })).close();
    const app = await openApp("electron", [], { config });
    await app.electron?.evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById("recent")?.submenu?.items[0]?.click();
    });
    await shows(app, dhcpPackets, DHCP);
    await app.close();
  });
});
