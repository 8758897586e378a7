/** The application menu of both hosts: what cannot be chosen and what has a check mark, as it is at the moment. */
import { afterAll, describe, expect, it } from "vitest";
import { APP_MENUS, itemsOfMenu } from "../../src-shared/contract/menu";
import { press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

const ITEMS = APP_MENUS.flatMap(itemsOfMenu);

/** "off Save Workspace", "on Dark Theme": the items that are not merely there. */
type Marks = readonly string[];

async function nativeMarks(app: App): Promise<Marks> {
  const found = await app.electron?.evaluate(
    ({ Menu }, ids) =>
      ids.map((id) => {
        const item = Menu.getApplicationMenu()?.getMenuItemById(id);
        return { enabled: item?.enabled === true, checked: item?.checked === true };
      }),
    ITEMS.map(({ command }) => command),
  );
  return ITEMS.flatMap(({ title }, index) => [
    ...(found?.[index]?.enabled === true ? [] : [`off ${title}`]),
    ...(found?.[index]?.checked === true ? [`on ${title}`] : []),
  ]);
}

/** Opens one menu after the other and reads it as a screen reader would. */
async function barMarks(app: App): Promise<Marks> {
  const marks: string[] = [];
  for (const { label, items } of APP_MENUS) {
    await app.page.getByRole("menubar").getByRole("menuitem", { name: label, exact: true }).click();
    const submenus = items.flatMap((item) => (item !== "separator" && "items" in item ? [item.label] : []));
    await app.page.getByRole("menu", { name: label }).waitFor();
    for (const name of submenus) await app.page.getByRole("menuitem", { name }).click();
    marks.push(
      ...(await app.page.locator("[role=menu] [role^=menuitem]").evaluateAll((elements) =>
        elements.flatMap((element) => {
          const title = element.querySelector(".label")?.textContent ?? "";
          return [
            ...(element.getAttribute("aria-disabled") === "true" ? [`off ${title}`] : []),
            ...(element.getAttribute("aria-checked") === "true" ? [`on ${title}`] : []),
          ];
        }),
      )),
    );
    await press(app, "Escape", ...submenus.map(() => "Escape"));
  }
  return marks;
}

async function click(app: App, id: string): Promise<void> {
  await app.electron?.evaluate(({ Menu }, command) => {
    Menu.getApplicationMenu()?.getMenuItemById(command)?.click();
  }, id);
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined)("the menu", () => {
  it("is the same in the browser's bar and on the desktop, with nothing open and with a capture", async () => {
    for (const files of [[], ["fixtures/service-dnat.pcapng"]]) {
      const browser = await openApp("browser", files);
      const shown = await barMarks(browser);
      await browser.close();
      const desktop = await openApp("electron", files);
      expect([...(await nativeMarks(desktop))].sort()).toEqual([...shown].sort());
      await desktop.close();
      expect(shown.includes("off Packet Bytes")).toBe(files.length === 0);
      expect(shown).toContain("on Seconds since the first packet");
    }
  });

  it("on the desktop follows what is done: marks, panes, dialogs, closing", async () => {
    const app = await openApp("electron", ["fixtures/service-dnat.pcapng"]);
    const marks = (): Promise<Marks> => nativeMarks(app);
    expect(await marks()).toContain("on Packet Bytes");
    await click(app, "view.bytes");
    expect(await marks()).not.toContain("on Packet Bytes");
    await press(app, "Control+Shift+3");
    expect(await marks()).toContain("on Packet Bytes");

    await click(app, "time.format.epoch");
    expect((await marks()).filter((mark) => mark.startsWith("on Seconds"))).toEqual(["on Seconds since 1970"]);

    // It opens the settings, where a zone is chosen: until then the mark stays where it was, and the dialog has the keyboard.
    await click(app, "time.zone.other");
    expect(await marks()).not.toContain("on Another Zone…");
    expect(await marks()).toContain("on Local time");
    expect(await marks()).toContain("off Open…");
    await press(app, "Escape");
    expect(await marks()).not.toContain("off Open…");

    await click(app, "file.close");
    expect(await marks()).toContain("off Packet Bytes");
    await app.close();
  });
});
