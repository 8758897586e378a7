/** Details tree, bytes and diagram of a packet: they show the same thing, and point at each other. */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { captureOf, CONVERSATIONS } from "./support/packet-captures";

afterAll(closeSharedChromium);

/** Selects a packet of the list by its number. */
async function show(app: App, number: number): Promise<void> {
  await press(app, "Control+g");
  await app.page.keyboard.type(String(number));
  await press(app, "Enter");
}

function tree(app: App): Locator {
  return app.page.getByRole("tree", { name: /^Details of packet/ });
}

/** The item with the keyboard's mark. */
function selectedItem(app: App): Promise<string> {
  return tree(app).getByRole("treeitem", { selected: true }).innerText();
}

/** Texts of all items on screen. */
function items(app: App): Promise<string[]> {
  return tree(app).getByRole("treeitem").allInnerTexts();
}

/** Characters of the bytes pane that are drawn as selected, its hex area only. */
function selectedHex(app: App): Promise<string> {
  return app.page
    .locator('[data-area="hex"] .selected')
    .allInnerTexts()
    .then((texts) => texts.join(" ").replace(/\s+/g, " ").trim());
}

/** Of CONVERSATIONS: the DNS question, the request, its retransmission. */
const DNS_QUERY = 1;
const REQUEST = 6;
const AGAIN = 7;

describe.skipIf(!CHROMIUM)("packet details", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", [captureOf("talk.pcapng", CONVERSATIONS)], { width: 1920, height: 1080 });
  }, 60_000);
  afterAll(() => app.close());

  it("are a tree that is walked, opened and closed with the keyboard", async () => {
    await show(app, REQUEST);
    await tree(app).focus();
    expect(await items(app)).toEqual([
      expect.stringMatching(/^Frame 6/),
      expect.stringMatching(/^Ethernet II/),
      expect.stringMatching(/^Internet Protocol Version 4, Src: 10.244.1.11, Dst: 10.96.10.20/),
      expect.stringMatching(/Transmission Control Protocol/),
      expect.stringMatching(/Hypertext Transfer Protocol/),
    ]);
    await press(app, "Home", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight");
    expect(await selectedItem(app)).toContain("Version: 4");
    const ttl = tree(app).getByRole("treeitem", { name: /Time to Live/ });
    expect(await ttl.getAttribute("aria-level")).toBe("2");
    await press(app, "ArrowLeft", "ArrowLeft");
    expect(await selectedItem(app)).toContain("Internet Protocol");
    expect((await items(app)).length).toBe(5);
    await press(app, "Control+ArrowRight");
    expect((await items(app)).length).toBeGreaterThan(20);
    await expectAccessible(app, "the open details tree");
    await press(app, "Control+ArrowLeft");
    expect((await items(app)).length).toBe(5);
  });

  it("keep what is open, and the selected field, from packet to packet", async () => {
    await show(app, REQUEST);
    await tree(app).focus();
    await press(app, "Home", "ArrowDown", "ArrowDown", "ArrowRight");
    await tree(app)
      .getByRole("treeitem", { name: /Time to Live/ })
      .click();
    await press(app, "Control+ArrowDown");
    expect(await selectedItem(app)).toContain("Time to Live");
    await show(app, DNS_QUERY);
    expect(await selectedItem(app), "behind another stack of protocols").toContain("Time to Live");
    await tree(app).focus();
    await press(app, "ArrowLeft", "ArrowLeft");
  });

  it("and the bytes show each other", async () => {
    await show(app, REQUEST);
    await tree(app).focus();
    await press(app, "Home", "ArrowDown", "ArrowDown", "ArrowRight");
    await tree(app)
      .getByRole("treeitem", { name: /Source Address/ })
      .click();
    await app.idle();
    expect(await selectedHex(app)).toBe("0a f4 01 0b");
    // From the bytes: the first byte of the destination, one row below and to the left.
    await app.page.getByRole("application", { name: /byte by byte/ }).focus();
    await press(app, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight");
    expect(await selectedItem(app)).toContain("Destination Address: 10.96.10.20");
    expect(await selectedHex(app)).toBe("0a 60 0a 14");
    const status = app.page.getByRole("region", { name: "Packet bytes" });
    expect(await status.innerText()).toContain("001e: 0a, 10, Destination Address: 10.96.10.20");
    // A click on the text area selects too, and opens what is closed above.
    await press(app, "Control+Home");
    expect(await selectedItem(app)).toContain("Destination: 02:00:0a:60:0a:14");
  });

  it("show single bits in the bits view", async () => {
    await tree(app).focus();
    await tree(app)
      .getByRole("treeitem", { name: /Header Length: 20/ })
      .click();
    await app.page.getByRole("button", { name: "Bits" }).click();
    await app.idle();
    expect(await selectedHex(app)).toBe("0101");
    await app.screenshot("packet-details/bits");
    await app.page.getByRole("button", { name: "Bits" }).click();
  });

  it("apply as filter, with not, and, or; and prepare", async () => {
    await tree(app)
      .getByRole("treeitem", { name: /Source Address/ })
      .click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Apply as filter" }).hover();
    await expectAccessible(app, "the field menu");
    await app.page.getByRole("menuitem", { name: "Selected", exact: true }).click();
    await app.idle();
    const filter = app.page.getByRole("combobox", { name: /filter/i });
    expect(await filter.inputValue()).toBe("ip.src == 10.244.1.11");
    await tree(app)
      .getByRole("treeitem", { name: /Time to Live/ })
      .click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Prepare as filter" }).hover();
    await app.page.getByRole("menuitem", { name: "… and not selected" }).click();
    expect(await filter.inputValue()).toBe("(ip.src == 10.244.1.11) && !(ip.ttl == 64)");
    await tree(app)
      .getByRole("treeitem", { name: /Time to Live/ })
      .click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Apply as column" }).click();
    await expect.poll(() => app.page.getByRole("columnheader").allInnerTexts()).toContain("ip.ttl");
    await app.page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => app.page.getByRole("columnheader").allInnerTexts()).not.toContain("ip.ttl");
    await filter.fill("");
    await press(app, "Enter");
  });

  it("are copied as text, value, filter, bytes and JSON", async () => {
    const copy = async (what: string): Promise<string> => {
      await tree(app)
        .getByRole("treeitem", { name: /Source Address/ })
        .click({ button: "right" });
      await app.page.getByRole("menuitem", { name: "Copy" }).hover();
      await app.page.getByRole("menuitem", { name: new RegExp(`^${what}`) }).click();
      return copied(app);
    };
    expect(await copy("Text")).toBe("Source Address: 10.244.1.11");
    expect(await copy("Value")).toBe("10.244.1.11");
    expect(await copy("As filter")).toBe("ip.src == 10.244.1.11");
    expect(await copy("Bytes as hex stream")).toBe("0af4010b");
    expect(JSON.parse(await copy("Subtree as JSON"))).toMatchObject({ field: "ip.src", value: "10.244.1.11" });
  });

  it("say in words what an icon shows: a retransmission is a note", async () => {
    await show(app, AGAIN);
    await tree(app).focus();
    await press(app, "Control+ArrowRight", "Home");
    const isNote = async (): Promise<boolean> => /suspected.*retransmission/.test(await selectedItem(app));
    for (let step = 0; step < 100 && !(await isNote()); step++) await press(app, "ArrowDown");
    expect(await selectedItem(app)).toMatch(/^Note:/);
    await press(app, "End");
    const texts = (await items(app)).join("\n");
    expect(texts, "text stays text").toContain("<img src=x onerror=alert(1)>");
    await press(app, "Control+ArrowLeft");
  });

  it("are drawn as RFCs draw headers; cells and fields select each other", async () => {
    await show(app, REQUEST);
    await app.page.getByRole("tab", { name: "Diagram" }).click();
    await app.idle();
    const diagram = app.page.getByRole("listbox", { name: /Diagram/ });
    const cell = diagram.getByRole("option", { name: /^Time to Live: 64/ });
    await cell.click();
    await app.idle();
    expect(await selectedItem(app)).toContain("Time to Live: 64");
    await diagram.focus();
    await press(app, "ArrowRight");
    expect(await selectedItem(app)).toContain("Protocol: TCP (6)");
    expect(await diagram.getByRole("option", { selected: true }).locator("title").textContent()).toMatch(/^Protocol/);
    await press(app, "PageDown");
    expect(await selectedItem(app)).toContain("Source Port: 47004");
    await expectAccessible(app, "the packet diagram");
    await app.screenshot("packet-details/diagram");
    await app.page.getByRole("tab", { name: "Bytes" }).click();
  });
});

describe.skipIf(!CHROMIUM)("packet bytes", () => {
  it("has a tab for what was put together from fragments", async () => {
    const app = await openApp("browser", ["fixtures/ipv4-fragments.pcap"], { theme: "dark" });
    const tabs = app.page.getByRole("tablist", { name: "Byte sources" }).getByRole("tab");
    const last = await app.page.getByRole("grid", { name: "Packets" }).getAttribute("aria-rowcount");
    for (let number = 1; number < Number(last) && (await tabs.count()) === 0; number++) await show(app, number);
    expect(await tabs.allInnerTexts()).toEqual([
      expect.stringMatching(/^Frame \(\d+ bytes\)/),
      expect.stringMatching(/^Reassembled IPv4 \(\d+ bytes\)/),
    ]);
    await tabs.nth(1).click();
    await app.idle();
    await expectAccessible(app, "several byte sources");
    await app.screenshot("packet-details/reassembled");
    await app.close();
  });

  it("of 64 KB puts only what is on screen into the page", async () => {
    const capture = captureOf("big.pcapng", `0 10.0.0.1:1 > 10.0.0.2:2 tcp ACK len=65000`);
    const app = await openApp("browser", [capture]);
    const pane = app.page.getByRole("application", { name: /byte by byte/ });
    await pane.focus();
    await press(app, "Control+End");
    const shown = app.page.locator(".offset");
    // 65,054 bytes: headers of 54, then the data.
    await expect.poll(async () => (await shown.allInnerTexts()).at(-1)).toBe("fe10");
    const offsets = await shown.allInnerTexts();
    expect(offsets.length).toBeLessThan(60);
    await app.close();
  });
});
