/**
 * Every dialog at twice the size, dark: nothing out of sight sideways, no axe violation; all of it can be reached by keyboard, Esc closes it,
 * and what had the keyboard before has it again.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

/** What is typed into the palette, and the dialog that comes. */
const DIALOGS: readonly (readonly [command: string, dialog: string])[] = [
  ["About", "About Hopscope"],
  ["Settings", "Settings"],
  ["Keyboard Shortcuts", "Keyboard shortcuts"],
  ["Columns", "Columns"],
  ["Go to Packet", "Go to packet"],
  ["Decode As", "Decode as"],
  ["Clock Offset", "Clock offsets"],
  ["Cluster Files", "Cluster files"],
  ["Recent", "Recent files"],
  ["Save Filter", "Save filter as button"],
  ["Author", "Author of notes"],
  ["Export Packets", "Export packets"],
  ["Report", "Report"],
  ["Capture Options", "Capture"],
  ["Save Workspace As", "Save workspace"],
];

/** What of a dialog cannot be seen without scrolling it sideways, or lies outside the window. */
function outOfSight(app: App): Promise<readonly string[]> {
  return app.page.getByRole("dialog").evaluate((dialog) => {
    const box = dialog.getBoundingClientRect();
    const parts = [...dialog.querySelectorAll("form > *, button, input, select, textarea")].filter(
      (part) => part.checkVisibility() && part.closest(".visually-hidden") === null,
    );
    const beside = parts.filter((part) => {
      const { left, right, width } = part.getBoundingClientRect();
      return width > 0 && (left < box.left - 1 || right > box.right + 1);
    });
    const isOutside = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
    return [...(isOutside ? ["the dialog"] : []), ...beside.map((part) => part.outerHTML.slice(0, 80))];
  });
}

/** Tab from where the keyboard is, once round: buttons that were not reached, and what had the keyboard outside of the dialog. */
async function notReached(app: App): Promise<readonly string[]> {
  const stops = await app.page.getByRole("dialog").evaluate((dialog) => {
    const parts = [...dialog.querySelectorAll<HTMLElement>("button, input, select, textarea, [tabindex]")].filter(
      (part) => part.checkVisibility() && part.tabIndex >= 0 && !part.matches(":disabled"),
    );
    parts.forEach((part, at) => (part.dataset["stop"] = String(at)));
    return parts.map((part) => part.outerHTML.slice(0, 80));
  });
  const reached = new Set<number>();
  const outside: string[] = [];
  for (let n = 0; n <= stops.length; n++) {
    const at = await app.page.evaluate(() => {
      const { activeElement } = document;
      // Between the last stop and the first the browser's own buttons have the keyboard: there it is the page's body.
      if (activeElement === null || activeElement === document.body || activeElement.matches("dialog")) return -1;
      if (activeElement.closest("dialog") === null) return activeElement.outerHTML.slice(0, 80);
      return Number(activeElement.closest<HTMLElement>("[data-stop]")?.dataset["stop"] ?? -1);
    });
    if (typeof at === "string") outside.push(`outside: ${at}`);
    else reached.add(at);
    await app.page.keyboard.press("Tab");
  }
  // Of radio buttons Tab reaches the one that is chosen.
  return [...outside, ...stops.filter((html, at) => !reached.has(at) && !html.includes('type="radio"'))];
}

/** Marks what has the keyboard; the answer tells whether it has it again. */
async function holdFocus(app: App): Promise<() => Promise<string>> {
  await app.page.evaluate(() => {
    for (const held of document.querySelectorAll<HTMLElement>("[data-held]")) delete held.dataset["held"];
    (document.activeElement as HTMLElement).dataset["held"] = "";
  });
  return () =>
    app.page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.matches("[data-held]")
        ? "the keyboard is back"
        : (activeElement?.outerHTML.slice(0, 120) ?? "");
    });
}

/** A dialog that is open: whole, no violation, all of it by Tab; Esc closes it. */
async function examine(app: App, name: string | RegExp): Promise<void> {
  const dialog = app.page.getByRole("dialog", { name, exact: true });
  await dialog.waitFor();
  const title = String(name);
  expect(await outOfSight(app), title).toEqual([]);
  await expectAccessible(app, title);
  await app.screenshot(`dialogs/${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`);
  expect(await notReached(app), `${title}, by Tab`).toEqual([]);
  await press(app, "Escape");
  await dialog.waitFor({ state: "hidden" });
}

async function enlarge(app: App): Promise<void> {
  const fontSize = (): Promise<string> => app.page.evaluate(() => document.documentElement.style.fontSize);
  while (Number.parseFloat(await fontSize()) < 26) await press(app, "Control+=");
}

describe.skipIf(CHROMIUM === undefined)("dialogs at twice the size, dark", () => {
  it("are whole, have no axe violation, are used by keyboard, and give it back", async () => {
    const app = await openApp("browser", ["fixtures/service-dnat.pcapng"], { theme: "dark" });
    await enlarge(app);
    await app.page.getByRole("combobox", { name: "Display filter" }).fill("tcp");
    await press(app, "Enter");
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    const isBack = await holdFocus(app);
    for (const [command, name] of DIALOGS) {
      await press(app, "Control+Shift+K");
      await app.page.keyboard.type(command);
      await press(app, "Enter");
      await examine(app, name);
      expect(await isBack(), name).toBe("the keyboard is back");
    }
    await app.close();
    // axe takes one to two seconds a dialog.
  }, 120_000);

  it("so are those that a packet, a damaged file, and the file chooser bring", async () => {
    const app = await openApp("browser", ["fixtures/service-dnat.pcapng", "fixtures/damaged-truncated.pcapng"], {
      theme: "dark",
    });
    await enlarge(app);
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    await press(app, "Home");
    const isBack = await holdFocus(app);
    for (const [keys, name] of [
      ["Control+Alt+C", "Note on Packet 1 · service-dnat.pcapng"],
      ["Control+O", "Open captures"],
      ["Control+Shift+O", "Open a folder of captures"],
    ] as const) {
      await press(app, keys);
      await examine(app, name);
      expect(await isBack(), name).toBe("the keyboard is back");
    }
    // By its button in the status bar, which gets the keyboard back.
    const problems = app.page.getByRole("button", { name: /problem/i }).last();
    await problems.focus();
    const isButtonBack = await holdFocus(app);
    await press(app, "Enter");
    await examine(app, "Problems");
    expect(await isButtonBack()).toBe("the keyboard is back");
    await app.close();
  }, 120_000);

  it("so are the lessons where nothing is open, and the question for files that a workspace misses", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-dialogs-"));
    const capture = join(folder, "gone.pcapng");
    copyFileSync("fixtures/service-dnat.pcapng", capture);
    const first = await openApp("browser", [capture]);
    await press(first, "Control+S");
    await first.page.getByRole("dialog").getByLabel("Name").fill("dialogs");
    await first.page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await first.page.getByText("Saved dialogs.hopscope").waitFor();
    await first.close();
    rmSync(capture);

    const app = await openApp("browser", [join(folder, "dialogs.hopscope")], { theme: "dark" });
    await app.page.getByRole("dialog", { name: /are missing/ }).waitFor();
    await press(app, "Escape");
    await enlarge(app);
    // Opened again by hand: it asks again.
    await app.page.getByRole("main").focus();
    const isBack = await holdFocus(app);
    await app.drop([join(folder, "dialogs.hopscope")]);
    await examine(app, "Files of dialogs.hopscope are missing");
    await app.idle();
    expect(await isBack()).toBe("the keyboard is back");
    await press(app, "Control+Shift+K");
    await app.page.keyboard.type("Lessons");
    await press(app, "Enter");
    await examine(app, "Lessons");
    expect(await isBack()).toBe("the keyboard is back");
    await app.close();
  }, 120_000);
});
