/**
 * The window around the panes: welcome screen, file chooser, capture points, filter bar, palette, settings, what happens when
 * engine or connection go; by keyboard and with a screen reader's eyes (axe).
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { press as pressKeys } from "./support/actions";
import { type App, openApp, type OpenOptions } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { manyPoints } from "./support/packet-captures";

const scratch = mkdtempSync(join(tmpdir(), "hopscope-window-"));
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await closeSharedChromium();
});

let app: App;
afterEach(() => app.close());

async function open(captures: readonly string[], options?: OpenOptions): Promise<App> {
  app = await openApp("browser", captures, options);
  // Well below the test's own limit, so that the step that failed is named.
  app.page.setDefaultTimeout(8000);
  return app;
}

const press = (...keys: string[]): Promise<void> => pressKeys(app, ...keys);

async function type(text: string): Promise<void> {
  await app.page.keyboard.type(text);
  await app.idle();
}

const status = (): Promise<string> => app.page.getByRole("status", { name: "Packets" }).innerText();
const tree = (): Locator => app.page.getByRole("tree", { name: "Capture points" });
const row = (name: string): Locator => tree().getByRole("treeitem", { name });
const files = (): Locator => tree().getByRole("treeitem", { level: 1 });
/** What has the keyboard: its name, as screen readers get it. */
const focused = (): Promise<string> =>
  app.page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
  });

describe.skipIf(CHROMIUM === undefined)("with nothing open", () => {
  it("says how to open something, and opens a capture by keyboard alone", async () => {
    mkdirSync(join(scratch, "captures"));
    for (const name of ["service-dnat.pcapng", "dhcp.pcap"])
      copyFileSync(`fixtures/${name}`, join(scratch, "captures", name));
    copyFileSync("fixtures/README.md", join(scratch, "captures", "README.md"));

    await open([]);
    expect(await app.page.getByRole("main").innerText()).toContain("Drop captures here");
    await expectAccessible(app, "welcome");
    await app.screenshot("window/welcome");

    await press("Control+o");
    const list = app.page.getByRole("listbox", { name: /Contents of/ });
    await list.waitFor();
    await app.page.getByRole("textbox", { name: "Folder" }).fill(join(scratch, "captures"));
    await press("Enter");
    // Only captures, until asked for everything.
    expect(await list.getByRole("option").allInnerTexts()).toEqual([
      expect.stringContaining("dhcp.pcap"),
      expect.stringContaining("service-dnat.pcapng"),
    ]);
    await expectAccessible(app, "file chooser");
    await app.screenshot("window/file-chooser");
    await type("serv");
    await press("Enter");
    expect(await status()).toBe("16 packets");
    expect(await app.page.title()).toBe("service-dnat.pcapng · Hopscope");

    // Closed again, it is offered as a recent file.
    await app.page.getByRole("button", { name: "Close All" }).click();
    await app.idle();
    await app.page
      .getByRole("list", { name: "Recent files" })
      .getByRole("button", { name: /service-dnat/ })
      .click();
    await app.idle();
    expect(await status()).toBe("16 packets");
  });

  it("opens several files at once, and a whole folder", async () => {
    mkdirSync(join(scratch, "two"));
    for (const name of ["service-dnat.pcapng", "dhcp.pcap"])
      copyFileSync(`fixtures/${name}`, join(scratch, "two", name));
    await open([]);
    await press("Control+o");
    await app.page.getByRole("textbox", { name: "Folder" }).fill(join(scratch, "two"));
    await press("Enter", "Home", "Shift+End");
    expect(await app.page.getByText("2 files chosen").isVisible()).toBe(true);
    await press("Enter");
    expect(await files().count()).toBe(2);

    await press("Control+Shift+o");
    await app.page.getByRole("textbox", { name: "Folder" }).fill(scratch);
    await press("Enter");
    await app.page.getByRole("button", { name: "Open all in this folder" }).click();
    await app.idle();
    expect(await files().count()).toBeGreaterThanOrEqual(2);
  });

  it("says why a folder cannot be shown", async () => {
    await open([]);
    await press("Control+o");
    await app.page.getByRole("textbox", { name: "Folder" }).fill(join(scratch, "nowhere"));
    await press("Enter");
    expect(await app.page.getByRole("alert").innerText()).toContain("nowhere");
    await press("Escape");
    expect(await app.page.getByRole("dialog").count()).toBe(0);
  });
});

describe.skipIf(CHROMIUM === undefined)("the filter bar", () => {
  const bar = (): Locator => app.page.getByRole("combobox", { name: "Display filter" });

  it("starts with typing, completes, applies, and goes back", async () => {
    await open(["fixtures/service-dnat.pcapng", "fixtures/dhcp.pcap"]);
    await app.page.getByRole("grid").first().focus();
    await type("dhc");
    expect(await bar().inputValue()).toBe("dhc");
    const completions = app.page.getByRole("listbox", { name: "Completions" });
    expect(await completions.getByRole("option").first().innerText()).toContain("dhcp");
    await app.screenshot("window/completion");
    await expectAccessible(app, "completion");
    await press("ArrowDown", "Enter");
    expect(await bar().inputValue()).toBe("dhcp");
    expect(await completions.count()).toBe(0);
    await press("Enter");
    expect(await status()).toMatch(/^\d+ packets\s+\d+ shown/);
    expect(await bar().getAttribute("aria-invalid")).toBe("false");
    // Esc takes back what was typed but not applied.
    await type(" && foo");
    await press("Escape", "Escape");
    expect(await bar().inputValue()).toBe("dhcp");
    await app.page.getByRole("button", { name: "Clear the filter" }).click();
    await app.idle();
    expect(await status()).not.toContain("shown");
  });

  it("shows an error in words under its character, and keeps the packets", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await bar().fill("tcp.port = 80");
    await app.idle();
    expect(await bar().getAttribute("aria-invalid")).toBe("true");
    expect(await app.page.locator("mark").innerText()).toBe("=");
    expect(await app.page.getByRole("button", { name: "Apply the filter" }).isDisabled()).toBe(true);
    await expectAccessible(app, "filter error");
    await app.screenshot("window/filter-error");
    await press("Enter");
    expect(await status()).toBe("16 packets");
    // The mark is where the character is: same font, same place.
    const [mark, input] = await Promise.all([app.page.locator("mark").boundingBox(), bar().boundingBox()]);
    const characterPx = await app.page.evaluate(() => {
      const context = document.createElement("canvas").getContext("2d");
      const field = document.querySelector("#filter-input");
      if (!context || !field) return 0;
      const { fontSize, fontFamily } = getComputedStyle(field);
      context.font = `${fontSize} ${fontFamily}`;
      return context.measureText("0").width;
    });
    expect((mark?.x ?? 0) - (input?.x ?? 0)).toBeCloseTo("tcp.port ".length * characterPx, 0);
  });

  it("keeps filters as buttons, and brings a removed one back", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await bar().fill("http");
    await press("Enter");
    await app.page.getByRole("button", { name: "Saved filters" }).click();
    await press("Enter");
    await type("Web");
    await press("Enter");
    const button = app.page.getByRole("group", { name: "Saved filters" }).getByRole("button", { name: "Web" });
    expect(await button.getAttribute("aria-pressed")).toBe("true");
    await app.page.getByRole("button", { name: "Clear the filter" }).click();
    await app.idle();
    await button.click();
    await app.idle();
    expect(await bar().inputValue()).toBe("http");
    await button.click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Remove" }).click();
    expect(await button.count()).toBe(0);
    await app.page.getByRole("button", { name: "Undo" }).click();
    expect(await button.count()).toBe(1);
  });

  it("remembers filters that were applied", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    for (const filter of ["http", "tcp.flags.syn == 1", ""]) {
      await bar().fill(filter);
      await press("Enter");
    }
    await app.page.getByRole("button", { name: "Filters used before" }).click();
    await expectAccessible(app, "menu");
    await press("ArrowDown", "Enter");
    expect(await bar().inputValue()).toBe("http");
  });
});

describe.skipIf(CHROMIUM === undefined)("capture points", () => {
  it("are switched, renamed and given roles by keyboard, with undo", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    const point = row("veth0");
    await files().first().focus();
    await press("ArrowDown");
    expect(await point.getAttribute("aria-checked")).toBe("true");
    await press("Space");
    expect(await point.getAttribute("aria-checked")).toBe("false");
    expect(await files().first().getAttribute("aria-checked")).toBe("mixed");
    const rows = app.page.getByRole("grid").first();
    expect(await rows.getAttribute("aria-rowcount")).toMatch(/^[89]$/);
    await press("Space");
    expect(await rows.getAttribute("aria-rowcount")).toMatch(/^1[67]$/);

    await press("F2");
    await type("client side");
    await press("Enter");
    expect(await row("client side").count()).toBe(1);
    await app.page.getByRole("button", { name: "Undo" }).click();
    await app.idle();
    expect(await point.count()).toBe(1);

    await point.click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Role" }).click();
    await expectAccessible(app, "role menu");
    await app.screenshot("window/role-menu");
    await app.page.getByRole("menuitemradio", { name: "Pod NIC" }).click();
    await app.idle();
    expect(await point.innerText()).toContain("Pod NIC");
  });

  it("are told apart by their machines where one file has a thousand of one name; only those in sight are elements", async () => {
    await open([manyPoints(1000)]);
    await files().first().focus();
    await press("End");
    expect(await focused()).toContain("eth0 machine-999");
    expect(await tree().getByRole("treeitem").count()).toBeLessThan(60);
    await press("Home", "ArrowDown");
    expect(await focused()).toContain("eth0 machine-0");
    await tree().evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    await row("machine-500").waitFor();
    // What has the keyboard stays, although it is out of sight.
    expect(await focused()).toContain("eth0 machine-0");
    const list = app.page.getByRole("grid", { name: "Packets" });
    expect(await list.innerText()).toContain("eth0 · machine-0");
    await expectAccessible(app, "a thousand capture points");
  });

  it("shows problems with the byte they are at", async () => {
    await open(["fixtures/damaged-truncated.pcapng", "fixtures/dhcp.pcap"]);
    expect(await row("cut short").innerText()).toContain("at byte 224");
    await app.page.getByRole("button", { name: "1 problem" }).click();
    expect(await app.page.getByRole("dialog", { name: "Problems" }).innerText()).toContain("at byte 224");
    await expectAccessible(app, "problems");
    await press("Enter");
    expect(await app.page.getByRole("dialog").count()).toBe(0);
  });

  it("closes one file, and opens it again from the message", async () => {
    await open(["fixtures/service-dnat.pcapng", "fixtures/dhcp.pcap"]);
    await row("dhcp.pcap").focus();
    await press("Delete");
    expect(await status()).toBe("16 packets");
    await app.page.getByRole("button", { name: "Open again" }).click();
    await app.idle();
    expect(await files().count()).toBe(2);
  });

  it("keeps a clock offset, and refuses one that is no number", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await press("Control+Shift+K");
    await type("clock");
    await press("Enter");
    const field = app.page.getByRole("textbox", { name: "service-dnat.pcapng" });
    await app.page.getByText("The reference: the other files' clocks are compared with this one's.").waitFor();
    await field.fill("a bit");
    expect(await app.page.getByRole("alert").innerText()).toContain("Seconds");
    await field.fill("-250 ms");
    await expectAccessible(app, "clock offsets");
    await press("Enter");
    expect(await files().first().innerText()).toContain("clock -0.25 s");
    await press("Control+z");
    expect(await files().first().innerText()).not.toContain("clock");
  });

  it("take names from cluster files that are dropped, and can do without them again", async () => {
    const cluster = join(scratch, "cluster.json");
    const node = { kind: "Node", metadata: { name: "n1" }, status: { addresses: [] } };
    writeFileSync(cluster, JSON.stringify({ apiVersion: "v1", kind: "List", items: [node] }));
    await open(["fixtures/service-dnat.pcapng"]);
    await app.drop([cluster]);
    await app.page.getByText("Names are taken from a cluster file now.").waitFor();
    // The capture stays open: a cluster file is no capture.
    expect(await status()).toBe("16 packets");
    await app.page.getByRole("button", { name: "Cluster files" }).click();
    const list = app.page.getByRole("dialog").getByRole("list", { name: "Cluster files" });
    expect(await list.getByRole("listitem").count()).toBe(1);
    await expectAccessible(app, "cluster files");
    await list.getByRole("button", { name: /^Remove/ }).click();
    await app.idle();
    expect(await list.count()).toBe(0);
  });

  it("decodes a port as told", async () => {
    await open(["fixtures/dhcp.pcap"]);
    await press("Control+Shift+u");
    await app.page.getByRole("textbox", { name: "Number" }).fill("99999");
    expect(await app.page.getByRole("alert").innerText()).toContain("65535");
    await app.page.getByRole("textbox", { name: "Number" }).fill("67");
    await app.page.getByRole("combobox", { name: "Is decoded as" }).selectOption("data");
    await expectAccessible(app, "decode as");
    await app.screenshot("window/decode-as");
    await press("Enter");
    expect(await app.page.getByRole("dialog").count()).toBe(0);
    expect(await app.page.getByRole("grid").first().innerText()).toContain("68 → 67 Len=300");
  });
});

describe.skipIf(CHROMIUM === undefined)("at 200 per cent", () => {
  it("the connections have a whole row, and names of files what tells them apart", async () => {
    for (const name of ["client-a", "client-b"])
      copyFileSync("fixtures/service-dnat.pcapng", join(scratch, `${name}-of-the-same-long-name.pcapng`));
    await open(["client-a", "client-b"].map((name) => join(scratch, `${name}-of-the-same-long-name.pcapng`)));
    for (let step = 0; step < 5; step++) await press("Control++");
    await app.page.getByRole("tab", { name: "Connections" }).click();
    const pane = app.page.locator("[data-pane=connections]");
    await pane.locator("[data-row]").first().waitFor();
    await app.idle();
    const box = async (what: Locator) => (await what.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const first = await box(pane.locator("[data-row]").first());
    const foot = await box(pane.locator(".pane-status").first());
    expect(first.height).toBeGreaterThan(30);
    expect(first.y + first.height).toBeLessThanOrEqual(foot.y);
    // It grows with the text in it.
    expect((await box(app.page.locator("[data-pane=points]"))).width).toBeGreaterThanOrEqual(339);
    await pane.getByRole("grid").first().focus();
    // With Caps Lock the key is "C".
    await press("Home", "Control+C");
    await app.page
      .getByText(/copied/i)
      .first()
      .waitFor();
    const shown = await files().locator(".name [aria-hidden=true]").allInnerTexts();
    expect(shown).toHaveLength(2);
    expect(new Set(shown).size).toBe(2);
    await app.screenshot("window/connections-200");
  });
});

describe.skipIf(CHROMIUM === undefined)("the keyboard", () => {
  it("reaches every pane with F6, and skips to the main area", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    const visited: string[] = [];
    for (let n = 0; n < 12; n++) {
      await press("F6");
      visited.push(
        await app.page.evaluate(
          () => document.activeElement?.closest<HTMLElement>("[data-pane]")?.dataset["pane"] ?? "none",
        ),
      );
    }
    const panes = new Set(visited);
    expect(panes).not.toContain("none");
    for (const pane of ["filter", "points", "packet-list", "packet-details", "packet-bytes"]) {
      expect(
        [...panes].some((name) => name.startsWith(pane)),
        `${pane} in ${visited.join(" ")}`,
      ).toBe(true);
    }
    await app.page.reload();
    await press("Tab");
    expect(await focused()).toBe("Skip to the main area");
    await press("Enter");
    expect(await app.page.evaluate(() => document.activeElement?.id)).toBe("main");
  });

  it("finds commands in the palette, and packets by number", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await press("Control+Shift+K");
    await type("gtp");
    expect(await app.page.getByRole("option").first().innerText()).toContain("Go to Packet");
    await expectAccessible(app, "palette");
    await app.screenshot("window/palette");
    await press("Escape");
    await press("Control+Shift+K");
    await type("#5");
    await press("Enter");
    expect(await app.page.getByRole("row", { selected: true }).first().innerText()).toMatch(/^5\b/);
    await press("Control+Shift+K");
    await type("=http");
    await press("Enter");
    expect(await app.page.getByRole("combobox", { name: "Display filter" }).inputValue()).toBe("http");
  });

  it("opens menus with F10 and moves through them with arrows", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await press("F10", "ArrowRight", "ArrowRight", "ArrowDown");
    expect(await app.page.getByRole("menu", { name: "View" }).isVisible()).toBe(true);
    await expectAccessible(app, "menu bar");
    await press("ArrowRight");
    expect(await app.page.getByRole("menu", { name: "Go" }).isVisible()).toBe(true);
    await press("Escape");
    expect(await app.page.getByRole("menu").count()).toBe(0);
    expect(await focused()).toBe("Go");
    // What the menu says is done.
    await press("ArrowLeft", "ArrowDown", "Enter");
    expect(await app.page.getByRole("tree", { name: "Capture points" }).isVisible()).toBe(false);
    await press("Control+Shift+1");
    expect(await app.page.getByRole("tree", { name: "Capture points" }).isVisible()).toBe(true);
  });

  it("moves separators, and the sizes are there after a reload", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    const separator = app.page.getByRole("separator", { name: "Height of the packet list" });
    await separator.focus();
    await press("Home");
    const least = await separator.getAttribute("aria-valuenow");
    await press("ArrowDown", "ArrowDown");
    const now = await separator.getAttribute("aria-valuenow");
    expect(Number(now)).toBeGreaterThan(Number(least));
    await app.page.reload();
    await app.idle();
    expect(await separator.getAttribute("aria-valuenow")).toBe(now);
  });

  it("shows all keys, and finds one", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await app.page.getByRole("grid").first().focus();
    await press("?");
    const sheet = app.page.getByRole("dialog", { name: "Keyboard shortcuts" });
    expect(await sheet.innerText()).toContain("Go to Packet");
    await expectAccessible(app, "shortcuts");
    await app.screenshot("window/shortcuts");
    await type("Ctrl+G");
    expect(await sheet.getByRole("term").allInnerTexts()).toEqual(["Go to Packet"]);
  });
});

describe.skipIf(CHROMIUM === undefined)("settings", () => {
  it("hold at once and after a reload", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await press("Control+Shift+P");
    await app.page.getByRole("combobox", { name: "Theme" }).selectOption("dark");
    await app.page.getByRole("combobox", { name: "Shown as" }).selectOption("date-time");
    await app.page.getByRole("combobox", { name: "Zone, for times of day" }).selectOption("utc");
    await app.page.getByRole("button", { name: "Larger" }).click();
    await expectAccessible(app, "settings");
    await app.screenshot("window/settings-dark");
    await press("Escape");
    const look = () =>
      app.page.evaluate(() => ({
        theme: document.documentElement.dataset["theme"],
        size: document.documentElement.style.fontSize,
      }));
    expect(await look()).toEqual({ theme: "dark", size: "14.3px" });
    expect(await app.page.getByRole("grid").first().innerText()).toMatch(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/);
    await app.page.reload();
    await app.idle();
    expect(await look()).toEqual({ theme: "dark", size: "14.3px" });
    await press("Control+0");
    expect((await look()).size).toBe("13px");
    await app.page.getByRole("button", { name: /Date and time of day, UTC/ }).click();
    await expectAccessible(app, "time menu");
    await app.page.getByRole("menuitemradio", { name: "Nanoseconds" }).click();
    await app.idle();
    expect(await app.page.getByRole("grid").first().innerText()).toMatch(/:\d\d\.\d{9}/);
  });

  it("tells what this is", async () => {
    await open([]);
    await press("Control+Shift+K");
    await type("about");
    await press("Enter");
    expect(await app.page.getByRole("dialog", { name: "About Hopscope" }).innerText()).toContain("Version");
    await expectAccessible(app, "about");
  });
});

describe.skipIf(CHROMIUM === undefined)("when something breaks", () => {
  it("comes back after the engine crashed: same files, same filter, and says so", async () => {
    await open(["fixtures/service-dnat.pcapng"]);
    await app.page.getByRole("combobox", { name: "Display filter" }).fill("http");
    await press("Enter");
    const before = await status();
    await app.crashEngine();
    await app.page.getByText("The engine stopped and was started again").waitFor();
    await app.page.waitForFunction(
      (text) => document.querySelector("[role=status][aria-label=Packets]")?.textContent?.includes(text) ?? false,
      "shown",
    );
    await app.idle();
    expect(await status()).toBe(before);
    await expectAccessible(app, "after a crash");
  });

  it("says that the connection is lost, and tries again", async () => {
    await open(["fixtures/service-dnat.pcapng"], { expectedErrors: /WebSocket|ERR_CONNECTION|Failed to load/ });
    await app.serve?.interrupt();
    const banner = app.page.getByRole("alert").filter({ hasText: "connection" });
    await banner.waitFor();
    expect(await banner.getByRole("button", { name: "Try now" }).isEnabled()).toBe(true);
    // What was on the window stays to be read.
    expect(await files().first().innerText()).toContain("service-dnat");
    // A packet that cannot be asked for is still open.
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    await press("ArrowDown");
    await app.page.locator("[data-pane=packet-details]").getByText("The connection to Hopscope is lost.").waitFor();
    await expectAccessible(app, "connection lost");
    await app.screenshot("window/connection-lost");
  });
});

describe.skipIf(CHROMIUM === undefined).each([
  // Contrast is the theme's, what is cut off or covered the size's: each once. docs/SCREENS.md has all four.
  { theme: "light", width: 1280, height: 800 },
  { theme: "dark", width: 1920, height: 1080 },
] as const)("at $width x $height, $theme", (options) => {
  it("no screen has an accessibility violation", async () => {
    const name = `${options.theme}-${options.width}`;
    await open(["fixtures/service-dnat.pcapng", "fixtures/vxlan-ports.pcapng"], options);
    await expectAccessible(app, "packets");
    await app.screenshot(`window/packets-${name}`);
    const tabs = app.page.getByRole("tablist", { name: "Main area" }).getByRole("tab");
    for (let index = 1; index < (await tabs.count()); index++) {
      await tabs.nth(index).click();
      const title = (await tabs.nth(index).innerText()).trim();
      await expectAccessible(app, title);
      await app.screenshot(`window/${title.toLowerCase().replaceAll(" ", "-")}-${name}`);
    }
    // axe takes one to two seconds a screen.
  }, 120_000);
});
