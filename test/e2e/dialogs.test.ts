/** Every dialog that can be called up with a capture open, at twice the size, dark: nothing out of sight sideways, no axe violation. */
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

describe.skipIf(CHROMIUM === undefined)("dialogs at twice the size, dark", () => {
  it("are whole, and have no axe violation", async () => {
    const app = await openApp("browser", ["fixtures/service-dnat.pcapng"], { theme: "dark" });
    const fontSize = (): Promise<string> => app.page.evaluate(() => document.documentElement.style.fontSize);
    while (Number.parseFloat(await fontSize()) < 26) await press(app, "Control+=");
    await app.page.getByRole("combobox", { name: "Display filter" }).fill("tcp");
    await press(app, "Enter");
    for (const [command, name] of DIALOGS) {
      await press(app, "Control+Shift+K");
      await app.page.keyboard.type(command);
      await press(app, "Enter");
      const dialog = app.page.getByRole("dialog", { name, exact: true });
      await dialog.waitFor();
      expect(await outOfSight(app), name).toEqual([]);
      await expectAccessible(app, name);
      await app.screenshot(`dialogs/${name.toLowerCase().replaceAll(" ", "-")}`);
      await press(app, "Escape");
      await dialog.waitFor({ state: "hidden" });
    }
    await app.close();
    // axe takes one to two seconds a dialog.
  }, 120_000);
});
