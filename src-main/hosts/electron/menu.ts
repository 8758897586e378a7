/**
 * The native menu, made from contract/menu.ts: an item sends event "command" with its id to the window, which does it.
 *
 * Keys are shown; outside macOS the window's own key handling carries them out (registerAccelerator false), so that a key
 * does the same in both hosts, and a text field keeps those it needs itself.
 */
import type { MenuItemConstructorOptions } from "electron";
import { APP_MENUS, type AppMenu } from "../../../src-shared/contract/menu";

export interface MenuOptions {
  readonly platform: string;
  readonly recent: readonly { readonly path: string; readonly name: string }[];
  readonly command: (id: string) => void;
  readonly openRecent: (path: string) => void;
}

export function menuTemplate(options: MenuOptions): MenuItemConstructorOptions[] {
  const isMac = options.platform === "darwin";
  const menus = APP_MENUS.map((menu): MenuItemConstructorOptions => {
    const items = commandItems(menu, options);
    if (menu.label === "File") items.push(...fileItems(options, isMac));
    if (menu.label === "Edit") items.push({ type: "separator" }, ...TEXT_ITEMS);
    if (menu.label === "View")
      items.push({ type: "separator" }, { role: "togglefullscreen" }, { role: "toggleDevTools" });
    return { label: menu.label, submenu: items };
  });
  if (!isMac) return menus;
  // macOS: the first menu is the application's, and the window menu comes before the last one, Help.
  return [{ role: "appMenu" }, ...menus.slice(0, -1), { role: "windowMenu" }, ...menus.slice(-1)];
}

/**
 * Keys that the roles of a Mac's menus have. There registerAccelerator is not known, and of two items with a key the first
 * in the menu bar would have it: the window carries these out, whose page sees keys before the menu does.
 */
const ROLE_KEYS: ReadonlySet<string> = new Set(["Mod+Z", "Mod+Shift+Z", "Mod+W", "Mod+M", "Mod+H", "Mod+Q"]);

/** What text fields need; without these items macOS gives the keys no meaning. */
const TEXT_ITEMS: readonly MenuItemConstructorOptions[] = [
  { role: "undo", registerAccelerator: false },
  { role: "redo", registerAccelerator: false },
  { role: "cut", registerAccelerator: false },
  { role: "copy", registerAccelerator: false },
  { role: "paste", registerAccelerator: false },
  { role: "selectAll", registerAccelerator: false },
];

function commandItems(menu: AppMenu, { command, platform }: MenuOptions): MenuItemConstructorOptions[] {
  const isShown = (keys: string): boolean => platform !== "darwin" || !ROLE_KEYS.has(keys);
  const items: MenuItemConstructorOptions[] = [];
  for (const item of menu.items) {
    if (item === "separator") items.push({ type: "separator" });
    else if (item.host !== "browser")
      items.push({
        id: item.command,
        label: item.title.replaceAll("&", "&&"),
        ...(item.keys !== undefined &&
          isShown(item.keys) && { accelerator: item.keys.replace(/\bMod\b/, "CmdOrCtrl") }),
        registerAccelerator: false,
        click: () => command(item.command),
      });
  }
  return items;
}

function fileItems({ recent, openRecent }: MenuOptions, isMac: boolean): MenuItemConstructorOptions[] {
  const openRecentMenu: MenuItemConstructorOptions = isMac
    ? { role: "recentDocuments", submenu: [{ role: "clearRecentDocuments" }] }
    : {
        id: "recent",
        label: "Open Recent",
        enabled: recent.length > 0,
        submenu: recent.map(({ path }) => ({ label: menuText(path), click: () => openRecent(path) })),
      };
  return [
    { type: "separator" },
    openRecentMenu,
    { type: "separator" },
    isMac ? { role: "close" } : { role: "quit", label: "Quit" },
  ];
}

/** A path as a label: "&" would underline a letter, control and direction characters would lie about the name. */
function menuText(path: string): string {
  const clean = path.replaceAll(/[\p{Cc}\p{Cf}]/gu, "�").replaceAll("&", "&&");
  return clean.length > 80 ? `…${clean.slice(-79)}` : clean;
}
