/** The joined views in a real browser on a Service call that two nodes recorded: table, layers, ladder, facts, findings. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTab } from "./support/actions";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

const NODES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];

describe.skipIf(CHROMIUM === undefined)("a Service call recorded on two nodes", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", NODES);
    await app.page.getByRole("tab", { name: "Connections" }).click();
    await app.idle();
    await app.page.locator("[data-pane=connections] [data-row='0']").click();
    await app.idle();
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  const tab = (name: string): Promise<void> => openTab(app, name);

  it("is one connection: asked for the Service, answered by the pod, through VXLAN", async () => {
    const row = await app.page.locator("[data-pane=connections] [data-row='0']").innerText();
    expect(row.split(/\n+/).map((cell) => cell.trim())).toEqual(
      expect.arrayContaining(["10.244.1.11:47004", "10.96.10.20:80", "10.244.2.5:8080", "TCP", "DNAT", "vxlan 1"]),
    );
  });

  it("shows every hop of a packet, with what changed and why", async () => {
    const picture = app.page.getByRole("img", { name: /^Seen first at veth7c/ });
    const told = (await picture.getAttribute("aria-label")) ?? "";
    expect(told).toContain("DNAT: to 10.96.10.20:80 → 10.244.2.5:8080.");
    expect(told).toContain("Wrapped into a tunnel (VXLAN, VNI 1, UDP 8472): 192.168.61.11 → 192.168.61.12.");
    expect(told).toContain("Taken out of the tunnel");
    expect(await picture.locator(".field.changed").count()).toBeGreaterThan(4);
  });

  it("is stepped with the arrow keys", async () => {
    const stage = app.page.getByRole("region", { name: /^Layers at each hop/ });
    await stage.focus();
    for (let hop = 0; hop < 3; hop++) await app.page.keyboard.press("ArrowRight");
    await app.idle();
    const now = app.page.getByRole("group", { name: "Journey of a packet" }).getByText(/^4\/7/);
    expect(await now.innerText()).toContain("4/7");
    await app.screenshot("connections/layers");
  });

  it("draws the ladder of all packets over all capture points", async () => {
    await tab("Ladder");
    const ladder = app.page.getByRole("img", { name: "Ladder of 9 packets over 7 capture points" });
    expect((await ladder.locator(".nat").allTextContents()).map((text) => text.trim())).toContain("DNAT");
    await app.screenshot("connections/ladder");
  });

  it("says in words who asked for what, with the evidence", async () => {
    await tab("Facts");
    const facts = await app.page.locator("[data-pane=connection]").innerText();
    expect(facts).toMatch(/evidence: .*tcp-seq/);
    expect(facts).toContain("inferred from the traffic");
  });

  it("shows the connection's packets when it is opened, at every point", async () => {
    await app.page.locator("[data-pane=connections] [data-row='0']").click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Show packets of this connection" }).click();
    await app.idle();
    const status = app.page.getByRole("status", { name: "Packets" });
    await expect.poll(() => status.innerText()).toContain("63");
    await tab("Connections");
  });

  it("has no finding, and the rules of the model say what they rest on", async () => {
    await tab("Findings");
    const text = await app.page.locator("[data-pane=findings]").innerText();
    expect(text).toContain("Nothing found");
    expect(text).toContain("Pods reach all pods without NAT");
    await expectAccessible(app, "findings");
    await tab("Connections");
  });

  it("has no axe violation in any of its views", async () => {
    for (const view of ["Layers", "Ladder", "Facts"]) {
      await tab(view);
      await expectAccessible(app, view);
    }
  });
});

describe.skipIf(CHROMIUM === undefined)("the statistics of a capture", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", ["fixtures/tcp-trouble.pcapng", "fixtures/http-ethernet.pcap"], { theme: "dark" });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  it.each(["Flows", "Conversations", "Endpoints", "Protocols", "Expert", "Timeline"])(
    "%s has content and no axe violation",
    async (name) => {
      await app.page.getByRole("tab", { name, exact: true }).click();
      await app.idle();
      const pane = app.page.locator("[role=tabpanel]:visible [data-pane]:visible").first();
      expect((await pane.innerText()).length).toBeGreaterThan(20);
      await expectAccessible(app, name);
      await app.screenshot(`statistics/${name.toLowerCase()}-dark`);
    },
  );

  it("the flows are saved as CSV", async () => {
    await app.page.getByRole("tab", { name: "Flows", exact: true }).click();
    await app.idle();
    const download = app.page.waitForEvent("download");
    await app.page.locator("[data-pane=flows]").getByRole("button", { name: "Save as CSV" }).click();
    const csv = readFileSync(await (await download).path(), "utf8");
    expect(csv.split("\r\n")[0]).toMatch(/^Protocol,Source,Port,Destination/);
  });

  it("the timeline draws filters as lines beside each other, and says why one is no filter", async () => {
    await app.page.getByRole("tab", { name: "Timeline", exact: true }).click();
    await app.page.getByRole("combobox", { name: "Series" }).selectOption("By filter");
    await app.idle();
    const series = app.page.getByRole("list", { name: "Series" });
    const added = app.page.getByLabel("Add a filter");
    await added.fill("tcp.analysis.retransmission");
    await added.press("Enter");
    await app.idle();
    // Those without a packet are there, too.
    expect(await series.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(/^tcp\s+[1-9]/),
      expect.stringMatching(/^dns\s+0/),
      expect.stringMatching(/^http\s+[1-9]/),
      expect.stringMatching(/^tcp\.analysis\.retransmission\s+[1-9]/),
    ]);
    await added.fill("tcp &&");
    await added.press("Enter");
    await app.idle();
    expect(await series.getByRole("listitem").count()).toBe(4);
    expect(await added.inputValue()).toBe("tcp &&");
    await expectAccessible(app, "a timeline of filters");
    await app.page.getByRole("button", { name: "Remove dns" }).click();
    await app.idle();
    expect(await series.getByRole("listitem").count()).toBe(3);
    await app.page.getByRole("combobox", { name: "Series" }).selectOption("Everything");
    await app.idle();
  });

  it("resolved names are in a tab of their own, from the menu", async () => {
    await app.page.getByRole("menuitem", { name: "Statistics" }).click();
    await app.page.getByRole("menuitem", { name: "Resolved Names" }).click();
    await app.idle();
    const tab = app.page.getByRole("tab", { name: "Resolved names" });
    expect(await tab.getAttribute("aria-selected")).toBe("true");
    expect(await app.page.locator("[data-pane=names]").innerText()).toMatch(/No names|Told by/);
    await tab.press("Delete");
    expect(await tab.count()).toBe(0);
  });

  it("a stream is followed: both directions, in order, found in", async () => {
    await app.page.getByRole("tab", { name: "Packets", exact: true }).click();
    await app.page.keyboard.press("Control+/");
    await app.page.keyboard.type("http.request");
    await app.page.keyboard.press("Escape");
    await app.page.keyboard.press("Enter");
    await app.idle();
    await app.page.locator("[data-pane='packet-list'] [role=row][aria-rowindex='2']").click();
    await app.idle();
    await app.page.keyboard.press("Control+Alt+Shift+T");
    await app.idle();
    const stream = app.page.locator("[data-pane=follow]");
    await app.screenshot("statistics/follow-dark");
    const text = await stream.innerText();
    expect(text.indexOf("GET /")).toBeGreaterThan(-1);
    expect(text.indexOf("GET /")).toBeLessThan(text.indexOf("abcdefgh"));
    await expectAccessible(app, "a followed stream");
  });
});
