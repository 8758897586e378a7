/** Translations, learned tables and saved pictures in a real browser, on a Service call that two nodes recorded. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTab, press } from "./support/actions";
import { type App, HOSTS, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { chooseFirstRow, SERVICE_CALL } from "./support/service-call";
import { applyFromMenu } from "./support/value-menus";

const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-nat-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What `conntrack -L -o extended` of the first node would print. */
const entry = (pod: string): string =>
  `ipv4     2 tcp      6 86399 ESTABLISHED src=10.244.1.11 dst=10.96.10.20 sport=47004 dport=80 src=${pod} dst=10.244.1.11 sport=8080 dport=47004 [ASSURED] mark=0 use=1\n`;

/**
 * The file that the page offers for saving while `act` runs. Where it goes is the host's: a browser downloads it, Electron asks;
 * the stand-in does neither, so it is taken where the page hands it over.
 */
async function offeredFile(app: App, act: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  await app.page.evaluate(() => {
    const offered = { name: "", bytes: Promise.resolve("") };
    Object.assign(window, { offered });
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      offered.bytes = blob
        .arrayBuffer()
        .then((bytes) => Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
      return make(blob);
    };
    const link = HTMLAnchorElement.prototype;
    // The one of HTMLElement lies below it.
    link.click = function (this: HTMLAnchorElement) {
      Reflect.deleteProperty(link, "click");
      URL.createObjectURL = make;
      offered.name = this.download;
    };
  });
  await act();
  await app.page.waitForFunction(() => (window as unknown as { offered: { name: string } }).offered.name !== "");
  const { name, bytes } = await app.page.evaluate(async () => {
    const { offered } = window as unknown as { offered: { name: string; bytes: Promise<string> } };
    return { name: offered.name, bytes: await offered.bytes };
  });
  return { name, bytes: Buffer.from(bytes, "latin1") };
}

afterAll(closeSharedChromium);

describe.skipIf(CHROMIUM === undefined)("the panes of translations and learned tables", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", SERVICE_CALL);
  }, 60_000);
  afterAll(() => app.close());

  const tab = (name: string): Promise<void> => openTab(app, name);
  const rowText = async (pane: string, row: number): Promise<string> =>
    (await app.page.locator(`[data-pane=${pane}] [data-row='${row}']`).innerText()).replace(/\s+/g, " ");
  /** Chooses the translation, so that it is shown below the table. */
  const translation = async (): Promise<string> => {
    await chooseFirstRow(app, "NAT", "nat");
    return app.page.locator("[data-pane=translation]").innerText();
  };

  it("show, before anything is chosen, the call that tells most of the network; every pane has the same", async () => {
    await tab("NAT");
    const selected = (pane: string): Promise<string> =>
      app.page.locator(`[data-pane=${pane}] [role=row][aria-selected=true]`).innerText();
    expect(await selected("nat")).toContain("DNAT");
    await app.page.locator("[data-pane=translation]").getByText("DNAT of a TCP connection").waitFor();
    await tab("Connections");
    expect(await selected("connections")).toContain("10.96.10.20:80");
    await app.page.getByText("To begin with: a call to the Service 10.96.10.20 across nodes.").waitFor();
    await tab("Services");
    await app.page.getByRole("heading", { name: "10.96.10.20:80" }).waitFor();
  });

  it("tell what the kernel's table would have, and why that is believed", async () => {
    await tab("NAT");
    expect(await rowText("nat", 0)).toMatch(
      /TCP DNAT 10\.244\.1\.11:47004 10\.96\.10\.20:80 10\.244\.2\.5:8080 10\.244\.1\.11:47004/,
    );
    const told = await translation();
    expect(told).toContain("DNAT of a TCP connection");
    expect(told).toMatch(
      /The same packet was seen to 10\.96\.10\.20:80 at \S+ and to 10\.244\.2\.5:8080 at \S+: same TCP/,
    );
    expect(told).toContain("No output of conntrack was imported");
    await expectAccessible(app, "translations");
  });

  it("ask for what a line of the translation says, by mouse and from its row by the keys", async () => {
    const lines = app.page.getByRole("table", { name: "Translation", exact: true }).getByRole("row");
    await lines.first().getByText("10.96.10.20:80").click({ button: "right" });
    expect(await applyFromMenu(app)).toBe("ip.addr == 10.96.10.20 && tcp.port == 80");
    await tab("NAT");
    await lines.first().focus();
    await press(app, "ArrowDown", "ContextMenu");
    await app.screenshot("nat/line-menu");
    expect(await applyFromMenu(app, /^Reply from: /)).toBe("ip.addr == 10.244.2.5 && tcp.port == 8080");
    await tab("NAT");
  });

  it("compare it with imported connection tracking: equal, then another that differs", async () => {
    await app.drop([file("conntrack-node1.txt", entry("10.244.2.5"))]);
    await expect.poll(translation).toContain("Equal");
    await app.page.getByRole("button", { name: "Do not compare with conntrack-node1.txt" }).click();
    await app.drop([file("conntrack-other.txt", entry("10.244.2.77"))]);
    await expect.poll(translation).toContain("Its reply source is 10.244.2.77:8080, in the packets 10.244.2.5:8080");
    await app.screenshot("nat/differs");
  });

  it("say which line of an imported file is no entry, and what was expected", async () => {
    await app.drop([file("conntrack-broken.txt", "this is no table\n")]);
    const dialog = app.page.getByRole("alertdialog").or(app.page.getByRole("dialog"));
    await dialog.getByText("conntrack-broken.txt line 1: expected").waitFor();
    await app.page.keyboard.press("Escape");
    await app.idle();
  });

  it("refuse a cluster file that holds nothing, and say why", async () => {
    await app.drop([file("empty.json", '{"apiVersion":"v1","kind":"List","items":[]}')]);
    const message = app.page.getByRole("dialog", { name: "Not the output of kubectl" });
    await message.getByText("empty.json: nothing in it").waitFor();
    await app.page.keyboard.press("Escape");
    await message.waitFor({ state: "hidden" });
  });

  it("say what of a cluster file could not be understood, at once and in the dialog of cluster files", async () => {
    await app.drop([
      file(
        "cluster.json",
        '{"kind":"List","items":[\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":7}},\n{"kind":"Node","metadata":{"name":"n1"}}]}',
      ),
    ]);
    const message = app.page.getByRole("dialog", { name: "Part of it could not be read" });
    await message.getByText("cluster.json line 2: items[0].metadata.name expected text, found 7").waitFor();
    await app.page.keyboard.press("Escape");
    await app.idle();
    await app.page.keyboard.press("Control+Shift+K");
    await app.page.keyboard.type("Cluster Files");
    await app.page.keyboard.press("Enter");
    await app.idle();
    const files = app.page.getByRole("dialog").getByRole("list", { name: "Cluster files" });
    expect(await files.innerText()).toMatch(/line 2\s+items\[0\]\.metadata\.name\s+expected text, found 7/);
    await expectAccessible(app, "cluster files");
    await files.getByRole("button", { name: /^Remove/ }).click();
    await app.idle();
    await app.page.keyboard.press("Escape");
    await app.idle();
  });

  it("show the connection behind a translation, and save the table as CSV", async () => {
    const download = app.page.waitForEvent("download");
    await app.page.locator("[data-pane=nat]").getByRole("button", { name: "Save as CSV" }).click();
    expect(readFileSync(await (await download).path(), "utf8")).toMatch(
      /^Machine,Protocol,Kind,Conntrack,What differs,Original from/,
    );
    await translation();
    await app.page.getByRole("button", { name: "Show the connection" }).click();
    await app.idle();
    await app.page.getByRole("img", { name: /^Seen first at veth7c/ }).waitFor();
  });

  it.each([
    ["MAC tables", "macs"],
    ["Neighbours (ARP)", "neighbours"],
    ["Tunnels", "tunnels"],
    ["Routes", "routes"],
  ])("has learned: %s", async (title, pane) => {
    await tab("Device tables");
    await tab(title);
    const text = await app.page.locator(`[data-pane=${pane}]`).innerText();
    if (pane === "tunnels") {
      expect(text).toContain("10.244.2.5");
      expect(text).toContain("192.168.61.12");
    } else if (pane === "routes") expect(text).toContain("tunnel to 192.168.61.12");
    else if (pane === "macs") expect(text).toContain("veth7c");
    // The four are one component.
    if (pane === "routes") await expectAccessible(app, title);
  });
});

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("a picture, in the %s host", (host) => {
  it("is saved as SVG and as PNG twice as large, with the theme's colours and all of it", async () => {
    const app = await openApp(host, SERVICE_CALL, { theme: "dark" });
    const { page } = app;
    await chooseFirstRow(app, "Connections", "connections");
    const save = async (keys: string): Promise<{ name: string; bytes: Buffer }> =>
      offeredFile(app, () => page.keyboard.press(keys));
    const svg = await save("Control+Alt+S");
    expect(svg.name).toBe("journey.svg");
    const text = svg.bytes.toString("utf8");
    // The dark theme's surface, not a variable's name.
    expect(text).toContain("rgb(23, 25, 29)");
    expect(text).not.toMatch(/var\(--|class=/);
    expect(text).toContain("Wrapped into");
    const width = Number(/<svg[^>]* width="(\d+)/.exec(text)?.[1]);
    const png = await save("Control+Alt+P");
    expect(png.name).toBe("journey.png");
    expect(png.bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
    // IHDR: width at byte 16 (PNG, section 11.2.1).
    expect(png.bytes.readUInt32BE(16)).toBe(Math.round(width * 2));
    await page.getByRole("tab", { name: "Ladder", exact: true }).click();
    await app.idle();
    const ladder = await offeredFile(app, async () => {
      await page.getByRole("button", { name: "Save the picture" }).click();
      await page.getByRole("menuitem", { name: "Save as SVG" }).click();
    });
    expect(ladder.name).toBe("ladder.svg");
    // All nine packets, also those out of sight.
    expect(ladder.bytes.toString("utf8").match(/<title>/g)?.length).toBeGreaterThanOrEqual(9);
    await app.close();
  });
});
