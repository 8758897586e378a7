/**
 * Who has the keyboard around dialogs: what had it before has it again, whichever way the dialog was called; a question that could lose
 * something gives it to what loses nothing.
 */
import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

/** Places in the menu bar. */
const [EDIT, GO, ANALYZE] = [1, 3, 5];

/** The name of what has the keyboard. */
function keyboard(app: App): Promise<string> {
  return app.page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent?.trim() ?? "nothing";
  });
}

async function selectedNumber(app: App): Promise<string> {
  const row = app.page.locator('[role="row"][aria-selected="true"]');
  return (await row.locator('[role="gridcell"]').nth(1).textContent()) ?? "";
}

describe.skipIf(CHROMIUM === undefined)("the keyboard", () => {
  it("is back in the packet list after dialogs of menus, of the palette and of keys", async () => {
    const app = await openApp("browser", ["fixtures/service-dnat.pcapng"]);
    const dialog = app.page.getByRole("dialog");
    const grid = app.page.getByRole("grid", { name: "Packets" });
    await app.page.getByRole("combobox", { name: "Display filter" }).fill("tcp");
    await press(app, "Enter");
    await grid.focus();
    await press(app, "Home");

    await press(app, "Control+g", "Escape", "ArrowDown");
    expect(await selectedNumber(app), "keys go on from where they were").toBe("2");
    await press(app, "Control+Shift+K", "Escape", "ArrowDown");
    expect(await selectedNumber(app)).toBe("3");
    await press(app, "Control+Shift+K");
    await app.page.keyboard.type("Go to Packet");
    await press(app, "Enter");
    await dialog.getByLabel("Packet number").waitFor();
    await press(app, "Escape", "ArrowDown");
    expect(await selectedNumber(app), "from one dialog to another").toBe("4");

    // A menu's item ends in "…" where it asks something first.
    const asked: string[] = [];
    const items = app.page.getByRole("menu").getByRole("menuitem", { name: /…/, disabled: false });
    const openMenu = async (menu: number): Promise<void> => {
      await grid.focus();
      for (const key of ["F10", "Home", ...Array.from({ length: menu }, () => "ArrowRight")])
        await app.page.keyboard.press(key);
      await press(app, "ArrowDown");
    };
    for (const menu of [EDIT, GO, ANALYZE]) {
      await openMenu(menu);
      const count = await items.count();
      await press(app, "Escape");
      for (let item = 0; item < count; item++) {
        await openMenu(menu);
        const name = (await items.nth(item).innerText()).split("\n")[0] ?? "";
        await items.nth(item).click();
        await app.idle();
        const isDialog = (await dialog.count()) > 0;
        await press(app, "Escape");
        // Some ask in a menu, or a bar.
        if (!isDialog) continue;
        await dialog.waitFor({ state: "hidden" });
        expect(await keyboard(app), name).toBe("Packets");
        asked.push(name);
      }
    }
    expect(asked.length, asked.join(", ")).toBeGreaterThan(5);

    const button = app.page.getByRole("toolbar").getByRole("button", { name: "Go to Packet" });
    await button.click();
    await dialog.waitFor();
    await press(app, "Escape");
    expect(await keyboard(app), "a button that was pressed has it again").toBe("Go to Packet");
    await app.close();
  });

  it("is not on what loses something, and Enter saves, where a workspace is closed that is in no file", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-closed-")), "call.pcapng");
    copyFileSync("fixtures/service-dnat.pcapng", path);
    const app = await openApp("browser", [path]);
    const closeAll = async (): Promise<void> => {
      await app.page.getByRole("menubar").getByRole("menuitem", { name: "File" }).click();
      await app.page.getByRole("menuitem", { name: "Close All" }).click();
      await app.idle();
    };
    const point = app.page.getByRole("checkbox").first();
    await point.click();
    await app.idle();
    const question = app.page.getByRole("dialog", { name: "Close without saving?" });
    await closeAll();
    expect(await keyboard(app)).toBe("Save…");
    await app.screenshot("dialogs/close-without-saving");
    await press(app, "Escape");
    expect(await point.isVisible(), "Esc closes nothing").toBe(true);

    await closeAll();
    await press(app, "Enter");
    const place = app.page.getByRole("dialog", { name: "Save workspace" });
    await press(app, "Escape");
    await place.waitFor({ state: "hidden" });
    expect(await point.isVisible(), "nor is anything closed that was not saved after all").toBe(true);

    await closeAll();
    await press(app, "Enter");
    await place.getByLabel("Name").fill("closed");
    await place.getByRole("button", { name: "Save", exact: true }).click();
    await app.page.getByText("Saved closed.hopscope").waitFor();
    await point.waitFor({ state: "hidden" });

    // It has a file now; to write over it is asked, too, and the answer that loses nothing has the keyboard.
    await app.page.getByRole("button", { name: "Open again" }).click();
    await point.waitFor();
    await app.idle();
    await point.click();
    await press(app, "Control+Shift+s", "Enter");
    await app.page.getByRole("dialog", { name: "Replace closed.hopscope?" }).waitFor();
    expect(await keyboard(app)).toBe("Cancel");
    await press(app, "Enter", "Escape");
    await closeAll();
    await question.getByRole("button", { name: "Close all" }).click();
    await point.waitFor({ state: "hidden" });
    await app.close();
  });
});
