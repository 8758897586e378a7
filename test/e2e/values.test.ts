/** "Apply as filter" from values everywhere: by mouse and by keyboard, in each kind of view; and what the filters find. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, openTab, press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { chooseFirstRow, SERVICE_CALL } from "./support/service-call";
import { applyFromMenu, filterText } from "./support/value-menus";

describe.skipIf(CHROMIUM === undefined)("values of a Service call that two nodes recorded", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", SERVICE_CALL);
  }, 60_000);
  afterAll(() => app.close());

  const keyMenu = (): Promise<void> => press(app, "ContextMenu");

  it("a cell of a table: a port, by mouse; all of a row's values by the menu key", async () => {
    await openTab(app, "Flows");
    const flows = app.page.locator("[data-pane=flows]");
    await flows.locator("[data-row='0'] [data-column=dport]").click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^(tcp|udp)\.port == \d+$/);
    await openTab(app, "Flows");
    await flows.getByRole("grid").focus();
    await keyMenu();
    expect(await applyFromMenu(app, /^Source: /)).toMatch(/^ip\.addr == [\d.]+$/);
  });

  it("a connection's client: the name stands for its address and port; prepared, it is only written", async () => {
    await openTab(app, "Connections");
    await app.page.locator("[data-pane=connections] [data-row='0'] [data-column=client]").click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^ip\.addr == [\d.]+ && tcp\.port == \d+$/);
    await openTab(app, "Connections");
    await app.page.locator("[data-pane=connections] [data-row='0'] [data-column=kind]").click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Prepare as filter", exact: true }).hover();
    await app.page.getByRole("menuitem", { name: "… and selected", exact: true }).click();
    expect(await filterText(app)).toMatch(/^\(ip\.addr == .*\) && \(connection\.kind == "pod-to-service"\)$/);
  });

  it("a header's field on the layers, of its depth where the packet has several; by the menu key all of a hop", async () => {
    await chooseFirstRow(app, "Connections", "connections");
    // On the node's card the packet is inside a tunnel: its own header is the second.
    const column = app.page.locator(".journey svg g.column", { has: app.page.locator(".protocol-vxlan") }).first();
    const field = column.locator("g.field", { hasText: /10\.244\.2\.5/ });
    await field.click({ button: "right" });
    await app.screenshot("values/layers-menu");
    expect(await applyFromMenu(app)).toMatch(/^ip\.(src|dst)#2 == 10\.244\.2\.5$/);
    await openTab(app, "Connections");
    await app.page.getByRole("region", { name: /^Layers at each hop/ }).focus();
    await keyMenu();
    expect(await applyFromMenu(app, /TTL/)).toMatch(/^ip\.ttl(#\d)? == \d+$/);
  });

  it("a packet in the journey's list and a hop's heading on the layers: that packet wherever it was seen, that point", async () => {
    await openTab(app, "Connections");
    await app.page.getByRole("listbox", { name: "Packets of the connection" }).focus();
    await keyMenu();
    await app.screenshot("values/journey-menu");
    expect(await applyFromMenu(app, /^Packet, everywhere: /)).toMatch(
      /^\(frame\.number == \d+ && point\.id == ".*"\) \|\| \(/,
    );
    await openTab(app, "Connections");
    await app.page.locator(".journey svg .head-0").first().click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^point\.id == "service-vxlan-node\d\.pcapng#\d"$/);
  });

  it("the ladder: a heading is its capture point; a row has the numbers and ends of its packet, there or everywhere", async () => {
    await openTab(app, "Connections");
    await app.page.getByRole("tab", { name: "Ladder", exact: true }).click();
    await app.idle();
    await app.page.locator("[data-pane=connection] svg .name").first().click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^point\.id == /);
    await openTab(app, "Connections");
    await app.page.locator("[data-pane=connection] svg .row .label").nth(1).click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Apply as filter", exact: true }).waitFor();
    await app.screenshot("values/ladder-menu");
    expect(await applyFromMenu(app, /^Sequence number: /)).toMatch(/^tcp\.seq_raw(#\d)? == \d+$/);
    await openTab(app, "Connections");
    await app.page.getByRole("group", { name: /^Ladder: arrow keys/ }).focus();
    await press(app, "ArrowDown", "ContextMenu");
    await app.page.getByRole("menuitem", { name: "Apply as filter", exact: true }).waitFor();
    await app.screenshot("values/ladder-key-menu");
    expect(await applyFromMenu(app, /^Packet, everywhere: /)).toContain("frame.number == ");
  });

  it("facts of a connection: each line's values, by mouse and from its row by the keys", async () => {
    await openTab(app, "Connections");
    await app.page.getByRole("tab", { name: "Facts", exact: true }).click();
    await app.idle();
    const row = (name: string): ReturnType<App["page"]["locator"]> =>
      app.page.locator("[data-pane=connection] tr", { has: app.page.getByRole("rowheader", { name, exact: true }) });
    await row("Tunnel").click({ button: "right" });
    await app.screenshot("values/facts-menu");
    expect(await applyFromMenu(app, /^VNI: /)).toMatch(/^vxlan\.vni == \d+$/);
    await openTab(app, "Connections");
    await row("Client").focus();
    await press(app, "ArrowDown");
    await keyMenu();
    expect(await applyFromMenu(app)).toBe("ip.addr == 10.96.10.20 && tcp.port == 80");
    await openTab(app, "Connections");
    await app.page.getByRole("tab", { name: "Layers", exact: true }).click();
  });

  it("a count in a table stands for its row's packets; on the timeline a series for its own", async () => {
    await openTab(app, "Protocols");
    await app.page.locator("[data-pane=hierarchy] [data-row='1'] [data-column=packets]").click({ button: "right" });
    expect(await applyFromMenu(app)).toBe("eth && ip");
    await openTab(app, "Timeline");
    const by = app.page.getByRole("combobox", { name: "Series" });
    await by.selectOption("protocol");
    await app.idle();
    const series = app.page.getByRole("list", { name: "Series" }).getByRole("listitem");
    await series.first().focus();
    await press(app, "ArrowDown");
    await keyMenu();
    expect(await applyFromMenu(app)).toMatch(/^(tcp|http|dns|arp|udp)$/);
    await openTab(app, "Timeline");
    await by.selectOption("point");
    await app.idle();
    await series.first().click({ button: "right" });
    await app.screenshot("values/timeline-menu");
    expect(await applyFromMenu(app)).toMatch(/^point\.id == "service-vxlan-node\d\.pcapng#\d"$/);
  });

  it("a followed stream's ends and its pieces; a field in the bytes and in the diagram", async () => {
    await openTab(app, "Packets");
    const bar = app.page.getByRole("combobox", { name: /filter/i }).first();
    await bar.fill("http.request");
    await press(app, "Enter");
    await app.page.locator('.row[aria-rowindex="2"]:visible').click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Follow stream" }).click();
    await app.idle();
    const follow = app.page.locator("[data-pane=follow]:visible");
    await follow
      .getByText(/server/)
      .last()
      .click({ button: "right" });
    await app.screenshot("values/follow-menu");
    expect(await applyFromMenu(app)).toMatch(/^ip\.addr == [\d.]+ && tcp\.port == \d+$/);
    const pane = app.page.getByRole("application", { name: /byte by byte/ });
    await pane.focus();
    await press(app, "End", "ContextMenu");
    expect(await applyFromMenu(app)).not.toBe("");
  });

  it("a capture point, and the time range on the timeline", async () => {
    await app.page.locator("[data-pane=points] .row.point").first().click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^point\.id == "service-vxlan-node1\.pcapng#\d"$/);
    await openTab(app, "Timeline");
    const timeline = app.page.getByRole("application", { name: /over time/ });
    await timeline.focus();
    await press(app, "ArrowRight");
    await keyMenu();
    expect(await applyFromMenu(app)).toMatch(/^frame\.time_epoch >= [\d.]+ && frame\.time_epoch <= [\d.]+$/);
  });

  it("a Service's endpoint, by mouse in the picture and in the table, by keyboard from its row", async () => {
    await openTab(app, "Services");
    const pane = app.page.locator("[data-pane=service]");
    await pane.locator("svg .node", { hasText: "10.244.2.5" }).last().click({ button: "right" });
    expect(await applyFromMenu(app)).toBe("ip.addr == 10.244.2.5 && tcp.port == 8080");
    await openTab(app, "Services");
    await pane.locator("tbody tr").first().locator("td").first().click({ button: "right" });
    await app.screenshot("values/services-menu");
    expect(await applyFromMenu(app)).toBe("ip.addr == 10.244.2.5 && tcp.port == 8080");
    await openTab(app, "Services");
    await pane.locator("tbody tr").first().focus();
    await keyMenu();
    expect(await applyFromMenu(app, /^Endpoint: /)).toBe("ip.addr == 10.244.2.5 && tcp.port == 8080");
  });

  it("what is on the map: by mouse what is under the pointer, by keyboard where the arrow keys are", async () => {
    await openTab(app, "Map");
    const map = app.page.getByRole("application", { name: /^Map/ });
    await map.focus();
    await press(app, "Home");
    await keyMenu();
    await app.screenshot("values/map-menu");
    await app.page.getByRole("menuitem", { name: "Copy value" }).first().waitFor();
    await press(app, "Escape");
    const box = (await map.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    // Somewhere on it there is an element: looked for by what the map tells of what is under the pointer.
    for (let step = 1; step < 40; step++) {
      await app.page.mouse.move(box.x + (box.width * (step % 8)) / 8, box.y + (box.height * Math.ceil(step / 8)) / 6);
      await app.idle();
      if (await app.page.locator("[data-pane=map] .tip", { hasText: /Capture point/ }).count()) break;
    }
    await app.page.mouse.down({ button: "right" });
    await app.page.mouse.up({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^point\.id == /);
  });

  it("a value can be copied as it is, and as a filter", async () => {
    await openTab(app, "Services");
    const cell = app.page.locator("[data-pane=service] tbody tr").first().locator("td").first();
    await cell.click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Copy value" }).click();
    expect(await copied(app)).toBe("10.244.2.5:8080");
  });

  it("a removed column comes back by the toast, or by Ctrl+Z", async () => {
    await openTab(app, "Packets");
    const header = app.page.getByRole("columnheader", { name: "Length" });
    for (const back of ["toast", "key"] as const) {
      await header.click({ button: "right" });
      await app.page.getByRole("menuitem", { name: /^Remove/ }).click();
      await app.idle();
      expect(await header.count()).toBe(0);
      if (back === "toast") await app.page.getByRole("button", { name: "Undo" }).last().click();
      else await press(app, "Control+z");
      await app.idle();
      expect(await header.count()).toBe(1);
    }
  });

  it("times are shown in a zone that is chosen by its name; a name that is none changes nothing", async () => {
    await press(app, "Control+Shift+P");
    const dialog = app.page.getByRole("dialog", { name: "Settings" });
    await dialog.getByRole("combobox", { name: "Shown as" }).selectOption("date-time");
    await dialog.getByRole("combobox", { name: "Zone, for times of day" }).selectOption("other");
    const name = dialog.getByLabel("Name of the zone");
    await name.fill("Nowhere/<b>City</b>");
    await app.idle();
    expect(await dialog.getByRole("alert").innerText()).toContain("There is no zone");
    await app.screenshot("values/zone-refused");
    await name.fill("asia/kolkata");
    await app.idle();
    await app.screenshot("values/zone");
    await dialog.getByRole("button", { name: "Done" }).click();
    await app.idle();
    expect(await app.page.getByRole("contentinfo", { name: "Status" }).innerText()).toMatch(/Asia\/(Kolkata|Calcutta)/);
  });
});

describe.skipIf(CHROMIUM === undefined)("values of a finding", () => {
  it("its connections, places and addresses by the list's menu key; its packets by mouse", async () => {
    const app = await openApp("browser", ["fixtures/icmp-errors.pcapng"], { theme: "dark" });
    await openTab(app, "Findings");
    await app.page.getByRole("listbox", { name: "Findings" }).focus();
    await press(app, "ContextMenu");
    await app.page.getByRole("menuitem", { name: "Apply as filter", exact: true }).hover();
    await app.screenshot("values/findings-menu");
    expect(await applyFromMenu(app, /^Connection: /)).toMatch(/^connection\.id == "/);
    await openTab(app, "Findings");
    await app.page.locator("[data-pane=findings] h1").click({ button: "right" });
    expect(await applyFromMenu(app)).toBe("ipv6.addr == fd00:1::1");
    await openTab(app, "Findings");
    await app.page
      .getByRole("button", { name: /^Packet \d+ of/ })
      .first()
      .click({ button: "right" });
    expect(await applyFromMenu(app)).toMatch(/^frame\.number == \d+$/);
    await app.close();
    await closeSharedChromium();
  });
});
