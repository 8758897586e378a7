/** The packet list in a real browser with the real engine: moving, selecting, filtering, sorting, columns, finding, marks. */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { captureOf, CONVERSATIONS, manyPackets } from "./support/packet-captures";

const PACKETS = 12_000;

afterAll(closeSharedChromium);

function grid(app: App): Locator {
  return app.page.getByRole("grid", { name: "Packets" });
}

/** `count` packets, one a millisecond from `start` seconds on. */
function conversation(start: number, count: number): string {
  const line = (n: number): string => `${(start + n / 1000).toFixed(3)} 10.0.0.1:4000 > 10.0.0.2:80 udp "packet ${n}"`;
  return Array.from({ length: count }, (_, n) => line(n)).join("\n");
}

/** The texts of a column of the rows on screen, top to bottom. */
async function column(app: App, index: number): Promise<string[]> {
  const rows = await app.page.locator('[role="row"][aria-rowindex]:visible').evaluateAll(
    (elements, cell) =>
      elements
        .filter((row) => row.querySelector('[role="gridcell"]'))
        .map((row) => ({
          at: Number(row.getAttribute("aria-rowindex")),
          text: row.querySelectorAll('[role="gridcell"]')[cell]?.textContent ?? "",
        }))
        .sort((a, b) => a.at - b.at)
        .map(({ text }) => text),
    index,
  );
  return rows;
}

const NUMBER = 1;
const TIME = 2;
/** Of a list of one capture point. */
const INFO = 7;

async function selectedNumber(app: App): Promise<string> {
  await app.idle();
  const row = app.page.locator('[role="row"][aria-selected="true"]');
  return (await row.locator('[role="gridcell"]').nth(NUMBER).textContent()) ?? "";
}

async function applyFilter(app: App, filter: string): Promise<void> {
  await app.page.keyboard.press("Control+/");
  await app.page.keyboard.press("Control+a");
  await app.page.keyboard.press("Delete");
  await app.page.keyboard.type(filter);
  await press(app, "Enter");
  await grid(app).focus();
}

describe.skipIf(!CHROMIUM)("the packet list", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", [manyPackets(PACKETS)]);
  }, 60_000);
  afterAll(() => app.close());

  it("shows the first packets, selects the first one, and tells screen readers how many there are", async () => {
    expect((await column(app, NUMBER)).slice(0, 3)).toEqual(["1", "2", "3"]);
    expect(await selectedNumber(app)).toBe("1");
    expect(await grid(app).getAttribute("aria-rowcount")).toBe(String(PACKETS + 1));
    await expectAccessible(app, "the packet list");
  });

  it("is walked with the keyboard alone", async () => {
    await grid(app).focus();
    await press(app, "ArrowDown", "ArrowDown");
    expect(await selectedNumber(app)).toBe("3");
    await press(app, "End");
    expect(await selectedNumber(app)).toBe(String(PACKETS));
    await press(app, "ArrowUp", "Control+ArrowUp", "F7");
    expect(await selectedNumber(app)).toBe(String(PACKETS - 3));
    await press(app, "Control+Home", "PageDown", "PageUp", "F8");
    expect(await selectedNumber(app)).toBe("2");
    const active = await grid(app).getAttribute("aria-activedescendant");
    expect(await app.page.locator(`#${active}`).getAttribute("aria-rowindex")).toBe("3");
    await press(app, "Alt+ArrowLeft");
    expect(await selectedNumber(app), "back in history").toBe("1");
  });

  it("jumps to a packet by its number, and says when there is none", async () => {
    await press(app, "Control+g");
    await app.page.keyboard.type("9876");
    await press(app, "Enter");
    expect(await selectedNumber(app)).toBe("9876");
    await press(app, "Control+g");
    await app.page.keyboard.type("99999");
    await press(app, "Enter");
    expect(await app.page.getByRole("alert").innerText()).toContain("no packet 99999");
    await press(app, "Escape");
  });

  it("never draws a blank row while it is scrolled, wherever to", async () => {
    // Looks at every frame from inside the page: rows that cover the pane, each with a number that fits its place.
    await app.page.evaluate(() => {
      const viewport = document.querySelector('[aria-label="Packets"] > [role="rowgroup"]:last-child') as HTMLElement;
      const problems: string[] = [];
      let frames = 0;
      const look = (): void => {
        frames++;
        const box = viewport.getBoundingClientRect();
        const rows = [...viewport.querySelectorAll<HTMLElement>('[role="row"]')].filter((row) => !row.hidden);
        let covered = 0;
        for (const row of rows) {
          const place = row.getBoundingClientRect();
          covered += Math.max(0, Math.min(place.bottom, box.bottom) - Math.max(place.top, box.top));
          const number = row.querySelectorAll('[role="gridcell"]')[1]?.textContent;
          if (number !== String(Number(row.getAttribute("aria-rowindex")) - 1)) problems.push(`row says ${number}`);
        }
        if (covered < box.height - 1) {
          const places = rows.map(
            (row) => `${row.getAttribute("aria-rowindex")} at ${row.getBoundingClientRect().top - box.top}`,
          );
          problems.push(`frame ${frames}: ${covered} of ${box.height} pixels have rows: ${places.join(", ")}`);
        }
        (window as unknown as Record<string, unknown>)["looked"] = { problems: problems.slice(0, 5), frames };
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    const box = await grid(app).boundingBox();
    if (!box) throw new Error("no list");
    await app.page.mouse.move(box.x + 200, box.y + 200);
    for (const [times, px] of [
      [30, 100],
      [30, 3000],
      [20, -5000],
    ] as const)
      for (let i = 0; i < times; i++) await app.page.mouse.wheel(0, px);
    const track = await app.page.getByRole("scrollbar", { name: /packet list/ }).boundingBox();
    if (!track) throw new Error("no scroll bar");
    await app.page.mouse.move(track.x + 8, track.y + 4);
    await app.page.mouse.down();
    for (let i = 0; i <= 40; i++) await app.page.mouse.move(track.x + 8, track.y + 4 + (track.height * i) / 40);
    await app.page.mouse.up();
    await app.idle();
    const { problems, frames } = await app.page.evaluate(
      () => (window as unknown as { looked: { problems: string[]; frames: number } }).looked,
    );
    expect(problems).toEqual([]);
    expect(frames).toBeGreaterThan(20);
    expect((await column(app, NUMBER)).at(-1), "the thumb's end is the list's end").toBe(String(PACKETS));
  });

  it("goes from packet to packet of a conversation", async () => {
    await grid(app).focus();
    await press(app, "Home", "Control+g");
    await app.page.keyboard.type("20");
    await press(app, "Enter", "Control+.");
    expect(await selectedNumber(app)).toBe("30");
    await press(app, "Control+,", "Control+,");
    expect(await selectedNumber(app)).toBe("10");
    const gutters = app.page.locator('.row:visible .gutter[data-line="member"]');
    await expect.poll(() => gutters.count()).toBeGreaterThan(0);
  });

  it("keeps the selected packet in sight when a filter is applied and taken back", async () => {
    await press(app, "Control+g");
    await app.page.keyboard.type("5000");
    await press(app, "Enter");
    await applyFilter(app, "tcp");
    expect(await selectedNumber(app)).toBe("5000");
    expect(await grid(app).getAttribute("aria-rowcount")).toBe(String(PACKETS / 10 + 1));
    await applyFilter(app, "");
    expect(await selectedNumber(app)).toBe("5000");
  });

  it("goes on from the next packet in time when a filter hides the selected one, and from the last one behind it", async () => {
    await press(app, "Control+g");
    await app.page.keyboard.type("5003");
    await press(app, "Enter");
    await applyFilter(app, "tcp");
    await expect.poll(() => selectedNumber(app)).toBe("5010");
    await applyFilter(app, "");
    await press(app, "End");
    await applyFilter(app, "frame.number < 100");
    await expect.poll(() => selectedNumber(app)).toBe("99");
    await applyFilter(app, "");
  });

  it("gives the keyboard to the tab that comes to the front, and gets it back", async () => {
    const focused = (): Promise<string | null> =>
      app.page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? null);
    await press(app, "Alt+9");
    await expect.poll(focused).toBe("Flows");
    await press(app, "Alt+1");
    await expect.poll(focused).toBe("Packets");
  });

  it("keeps a column's texts whole at another size", async () => {
    const cell = app.page.locator('.row[aria-rowindex="4"]:visible [role="gridcell"]').nth(3);
    const isWhole = (): Promise<boolean> => cell.evaluate((element) => element.scrollWidth <= element.clientWidth);
    await press(app, "Home", "Control+=", "Control+=", "Control+=");
    expect(await isWhole()).toBe(true);
    await press(app, "Control+0");
    const edge = app.page.getByRole("columnheader", { name: "Source" }).locator(".edge");
    await edge.dblclick();
    // Off the heading: its tooltip would lie over what is looked at next.
    await app.page.mouse.move(640, 796);
    await app.idle();
    expect(await isWhole(), "as wide as its cells need").toBe(true);
    expect(await cell.evaluate((element) => element.clientWidth)).toBeLessThan(120);
  });

  it("says what the filter is when nothing matches it, and offers to clear it", async () => {
    await applyFilter(app, "arp");
    const pane = app.page.getByRole("region", { name: "Packet list" });
    expect(await pane.innerText()).toContain("No packet matches the filter");
    expect(await pane.innerText()).toContain("arp");
    await expectAccessible(app, "the empty packet list");
    await app.screenshot("packet-list/no-match");
    await pane.getByRole("button", { name: "Clear filter" }).click();
    await app.idle();
    expect((await column(app, NUMBER)).length).toBeGreaterThan(5);
  });

  it("makes filters of what is pointed at", async () => {
    await grid(app).focus();
    await press(app, "Home");
    await app.page.locator('.row[aria-rowindex="4"]:visible [role="gridcell"]').nth(3).click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Apply as filter" }).hover();
    await app.page.getByRole("menuitem", { name: "Selected", exact: true }).click();
    await app.idle();
    expect(new Set(await column(app, 3))).toEqual(new Set(["10.0.1.3"]));
    expect(await app.page.getByRole("combobox", { name: /filter/i }).inputValue()).toBe("ip.src == 10.0.1.3");
    await applyFilter(app, "");
    // By keyboard no cell is pointed at: the menu offers all of them, and the packet's conversations.
    await press(app, "Home", "Shift+F10", "ArrowRight");
    await app.page.getByRole("menuitem", { name: "Source: ip.src ==" }).waitFor();
    await press(app, "ArrowLeft", "ArrowDown", "ArrowDown", "Enter", "Enter");
    const filter = await app.page.getByRole("combobox", { name: /filter/i }).inputValue();
    expect(filter).toMatch(
      /^\(ip\.addr == \S+ && ip\.addr == \S+\) && \((tcp|udp)\.port == \d+ && (tcp|udp)\.port == \d+\)$/,
    );
    await applyFilter(app, "");
  });

  it("sorts by a heading, by keyboard too, and back", async () => {
    await grid(app).focus();
    await press(app, "Home");
    const heading = app.page.getByRole("columnheader", { name: "Length" });
    await heading.focus();
    await press(app, "Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("ascending");
    await press(app, "Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("descending");
    const lengths = (await column(app, 6)).map(Number);
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    expect(lengths[0]).toBeGreaterThan(50);
    await press(app, "Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("none");
    await grid(app).focus();
    await press(app, "Home");
    expect((await column(app, NUMBER)).slice(0, 2)).toEqual(["1", "2"]);
  });

  it("changes columns: width, order, removed, any field added; and keeps them", async () => {
    const heading = (name: string): Locator => app.page.getByRole("columnheader", { name, exact: true });
    await heading("Protocol").focus();
    const before = (await heading("Protocol").boundingBox())?.width ?? 0;
    await press(app, "Shift+ArrowRight", "Shift+ArrowRight");
    expect((await heading("Protocol").boundingBox())?.width).toBe(before + 20);
    await press(app, "Control+Shift+ArrowLeft", "Delete");
    await app.page.getByRole("menuitem", { name: "View" }).click();
    await app.page.getByRole("menuitem", { name: "Columns…" }).click();
    await app.page.getByLabel("A field").fill("ip.ttl");
    await app.page.keyboard.press("Enter");
    await app.page.getByRole("dialog").getByText("The field ip.ttl").waitFor();
    await app.page.getByLabel("A field").fill("no.such.field");
    await app.page.keyboard.press("Enter");
    await expect.poll(() => app.page.getByRole("dialog").getByRole("alert").innerText()).toContain("no.such.field");
    await expectAccessible(app, "the columns dialog");
    await app.page.getByRole("button", { name: "Done" }).click();
    await app.idle();
    const names = await app.page.getByRole("columnheader").allInnerTexts();
    expect(names.slice(1)).toEqual(["No.", "Time", "Source", "Destination", "Length", "ip.ttl", "Info"]);
    expect((await column(app, 6))[0]).toBe("64");
    await app.page.reload();
    await app.idle();
    expect(await app.page.getByRole("columnheader").allInnerTexts()).toEqual(names);
    await app.page.getByRole("columnheader", { name: "Length" }).click({ button: "right" });
    await app.page.getByRole("menuitem", { name: "Columns…" }).click();
    await app.page.getByRole("button", { name: "Defaults" }).click();
    await app.page.getByRole("button", { name: "Done" }).click();
    await app.idle();
  });

  it("finds by text, bytes and filter, goes on at the other end, and says when there is nothing", async () => {
    await grid(app).focus();
    await press(app, "Home", "Control+f");
    const bar = app.page.getByRole("search", { name: "Find packet" });
    await bar.getByRole("combobox", { name: "Search by" }).selectOption("hex");
    // "packet 77"
    await bar.getByRole("textbox", { name: "Find" }).fill("70 61 63 6b 65 74 20 37 37");
    await press(app, "Enter");
    expect(await selectedNumber(app)).toBe("77");
    await press(app, "Enter");
    expect(await selectedNumber(app)).toBe("770");
    await press(app, "Shift+Enter", "Shift+Enter");
    expect(await selectedNumber(app), "the last one, from the end").toBe("7799");
    await bar.getByRole("combobox", { name: "Search by" }).selectOption("filter");
    await bar.getByRole("textbox", { name: "Find" }).fill("frame.number == 11111");
    await press(app, "Enter");
    expect(await selectedNumber(app)).toBe("11111");
    await bar.getByRole("textbox", { name: "Find" }).fill("frame.nmber");
    await expect.poll(() => bar.getByRole("status").innerText()).toContain("frame.nmber");
    await expectAccessible(app, "the find bar");
    await bar.getByRole("textbox", { name: "Find" }).fill("arp");
    await press(app, "Enter");
    await expect.poll(() => bar.getByRole("status").innerText()).toContain("No packet");
    await press(app, "Escape");
    expect(await bar.count()).toBe(0);
  });

  it("marks, ignores and sets time references", async () => {
    await grid(app).focus();
    await press(app, "Home", "ArrowDown", "Control+m", "ArrowDown", "Control+d");
    const row = (index: number): Locator => app.page.locator(`.row[aria-rowindex="${index + 1}"]`);
    expect(await row(2).locator('[role="gridcell"]').first().getAttribute("aria-label")).toContain("marked");
    await expect.poll(() => row(3).locator('[role="gridcell"]').nth(INFO).innerText()).toBe("<Ignored>");
    await press(app, "ArrowDown");
    await app.page.getByRole("menuitem", { name: "Edit" }).click();
    await app.page.getByRole("menuitem", { name: "Set or Unset Time Reference" }).click();
    await app.idle();
    expect((await column(app, TIME)).slice(0, 5)).toEqual(["0.000000", "0.001000", "0.002000", "*REF*", "0.001000"]);
    await expectAccessible(app, "marked, ignored and reference rows");
    await app.screenshot("packet-list/marks");
  });

  it("copies a packet as text, CSV and JSON", async () => {
    await grid(app).focus();
    await press(app, "Home", "Control+Shift+c");
    expect(await copied(app)).toContain("10.0.1.1");
    await press(app, "Shift+F10");
    await app.page.getByRole("menuitem", { name: "Copy" }).hover();
    await app.page.getByRole("menuitem", { name: "Summary as JSON" }).click();
    expect(JSON.parse(await copied(app))).toMatchObject([{ "No.": "1", Source: "10.0.1.1", Protocol: "UDP" }]);
  });
});

describe.skipIf(!CHROMIUM)("the packet list of several capture points", () => {
  it("shows where each packet was seen, as soon as there are two points", async () => {
    const app = await openApp("browser", ["fixtures/service-dnat.pcapng"]);
    expect(await app.page.getByRole("columnheader").allInnerTexts()).toContain("Capture point");
    await app.close();
  });

  it("puts the packets of files that overlap in order of time, and says so", async () => {
    const app = await openApp("browser", [
      captureOf("one.pcapng", conversation(100, 4)),
      captureOf("two.pcapng", conversation(100.002, 4)),
    ]);
    const byTime = "1 2 3 1 4 2 3 4";
    expect((await column(app, NUMBER)).join(" ")).toBe(byTime);
    await app.page.getByRole("columnheader", { name: "No." }).hover();
    await app.page.getByText("packets of all files stand in order of time").waitFor();
    // Sorted by another column and back: a third click gives the order of time again.
    for (const order of ["1 1 2 2 3 3 4 4", "4 4 3 3 2 2 1 1", byTime]) {
      await app.page.getByRole("columnheader", { name: "No." }).click();
      await app.idle();
      expect((await column(app, NUMBER)).join(" ")).toBe(order);
    }
    await app.close();
  });

  it("stays at its packet when a file is added whose packets came before", async () => {
    const app = await openApp("browser", [captureOf("late.pcapng", conversation(500, 300))]);
    await grid(app).focus();
    await press(app, "Control+g");
    await app.page.keyboard.type("150");
    await press(app, "Enter");
    const place = (): Promise<number> =>
      app.page
        .locator('[role="row"][aria-selected="true"]')
        .evaluate((row) => Math.round(row.getBoundingClientRect().top));
    expect(await selectedNumber(app)).toBe("150");
    const before = await place();
    await app.drop([captureOf("early.pcapng", conversation(100, 300))], "[data-pane='points']");
    await expect.poll(() => grid(app).getAttribute("aria-rowcount"), { timeout: 10_000 }).toBe("601");
    await app.idle();
    expect(await selectedNumber(app)).toBe("150");
    expect(await app.page.locator('[role="row"][aria-selected="true"]').getAttribute("aria-rowindex")).toBe("451");
    expect(await place(), "where it was on screen").toBe(before);
    expect(
      (await column(app, TIME + 1)).every((point) => point.endsWith("late")),
      "the last one's rows",
    ).toBe(true);
    await app.close();
  });

  it("shows what is hostile as text, in both themes", async () => {
    for (const theme of ["light", "dark"] as const) {
      const app = await openApp("browser", [captureOf("talk.pcapng", CONVERSATIONS)], { theme });
      await grid(app).focus();
      await press(app, "End", "ArrowUp");
      expect((await column(app, INFO)).join("\n")).toContain("GET /<img src=x onerror=alert(1)> HTTP/1.1");
      await expectAccessible(app, `the packet list, ${theme}`);
      await app.screenshot(`packet-list/${theme}`);
      await app.close();
    }
  });
});
