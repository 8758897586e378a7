/** docs/WALKTHROUGH.md, step by step: what it tells is read in the window, and is in the document. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTab } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { docsPicture } from "./support/docs-pictures";

const text = readFileSync("docs/WALKTHROUGH.md", "utf8");
/** The files that its command names. */
const FILES = [...(/serve (.*)/.exec(text)?.[1] ?? "").matchAll(/\S+/g)].map(([file]) => file);
/** The hops of its table: number, capture point, addresses, what happened. */
const HOPS = text
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("*", "").trim()),
  );

describe.skipIf(CHROMIUM === undefined)("the walk-through", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", FILES);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  const tab = (name: string): Promise<void> => openTab(app, name);
  const picture = (name: string): Promise<void> => docsPicture(app, `walkthrough-${name}`);

  it("1: the only connection says who answered", async () => {
    await tab("Connections");
    await app.page.locator("[data-pane=connections] [data-row='0']").click();
    await app.idle();
    const row = await app.page.locator("[data-pane=connections] [data-row='0']").innerText();
    for (const part of ["10.244.1.11:47004", "10.96.10.20:80", "10.244.2.5:8080", "DNAT", "vxlan 1"]) {
      expect(row).toContain(part);
      expect(text).toContain(part.replace("vxlan", "VXLAN"));
    }
    expect(await app.page.locator("[data-pane=connections] [data-row='1']").count()).toBe(0);
    await picture("1-connections");
  });

  it("2: stepping with the arrow key reads the addresses at each hop, as the document has them", async () => {
    expect(HOPS).toHaveLength(7);
    await app.page.getByRole("option", { name: /SYN/ }).first().click();
    for (const [at, [, point = "", addresses = "", happened = ""]] of HOPS.entries()) {
      if (at > 0) await app.page.keyboard.press("ArrowRight");
      await app.idle();
      const now = (await app.page.locator(".now").innerText()).toLowerCase();
      expect(now).toContain(`${at + 1}/7`);
      expect(now).toContain(point.split(",")[0]);
      for (const word of happened.toLowerCase().split(/[ ,:()]+/))
        if (/^(routed|dnat|wrapped|taken|unchanged|switched)$/.test(word)) expect(now).toContain(word);
      // The table behind the picture has what the picture draws.
      const cells = app.page
        .getByRole("table", { name: "The packet at each hop" })
        .locator(`tr > :nth-child(${at + 2})`);
      const column = (await cells.allTextContents()).join("\n");
      for (const [address] of addresses.matchAll(/\d+\.\d+\.\d+\.\d+/g)) expect(column).toContain(address);
      if (at === 3) await picture("2-layers");
    }
  });

  it("3: the first node's in layers and out layers", async () => {
    await app.page.getByRole("button", { name: "In / out layers" }).click();
    await app.page.getByRole("group", { name: "Devices on the way" }).getByRole("button").first().click();
    await app.idle();
    const into = app.page.getByRole("table", { name: "In layers, at veth7c" });
    const out = app.page.getByRole("table", { name: /^Out layers, at .*eth0/ });
    expect(await into.innerText()).toContain("→ 10.96.10.20");
    expect(await out.innerText()).toContain("→ 10.244.2.5");
    expect(await out.innerText()).toContain("192.168.61.11 → 192.168.61.12");
    await picture("3-devices");
    await app.page.getByRole("button", { name: "In / out layers" }).click();
  });

  it("4: the ladder marks where the answer gets the Service's address back", async () => {
    await tab("Ladder");
    const ladder = app.page.getByRole("img", { name: "Ladder of 9 packets over 7 capture points" });
    const marks = (await ladder.locator(".nat").allTextContents()).map((mark) => mark.trim());
    expect([...new Set(marks)].sort()).toEqual(["DNAT", "DNAT undone"]);
    await picture("4-ladder");
  });

  it("5: translation and tunnel table say the same", async () => {
    await tab("NAT");
    await app.page.locator("[data-pane=nat] [data-row='0']").click();
    await app.idle();
    expect(await app.page.locator("[data-pane=translation]").innerText()).toContain(
      "The same packet was seen to 10.96.10.20:80",
    );
    await picture("5-nat");
    await tab("Device tables");
    await tab("Tunnels");
    const rows = await app.page.locator("[data-pane=tunnels]").innerText();
    expect(rows.replace(/\s+/g, " ")).toMatch(/10\.244\.2\.5 \S* ?[\da-f:]{17} 192\.168\.61\.12/);
    await picture("6-learned");
  });
});
