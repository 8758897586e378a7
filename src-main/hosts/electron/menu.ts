/**
 * The native menu, made from contract/menu.ts: an item sends event "command" with its id to the window, which does it.
 *
 * Keys are shown; outside macOS the window's own key handling carries them out (registerAccelerator false), so that a key
 * does the same in both hosts, and a text field keeps those it needs itself.
 */
import type { Menu, MenuItemConstructorOptions } from "electron";
import { APP_MENUS, type AppMenu, type AppMenuItem, MENU_COMMANDS } from "../../../src-shared/contract/menu";
import type { MenuState } from "../../../src-shared/contract/menu-state";

export interface MenuOptions {
  readonly platform: string;
  /** What the window said last: items that cannot be chosen, and those with a check mark. */
  readonly state: MenuState;
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

function commandItems(menu: AppMenu, options: MenuOptions): MenuItemConstructorOptions[] {
  return menu.items.flatMap((entry): MenuItemConstructorOptions[] => {
    if (entry === "separator") return [{ type: "separator" }];
    if ("items" in entry) {
      const submenu = commandItems(entry, options);
      return [{ label: entry.label, submenu }];
    }
    return entry.host === "browser" ? [] : [commandItem(entry, options)];
  });
}

function commandItem(item: AppMenuItem, { command, platform, state }: MenuOptions): MenuItemConstructorOptions {
  const isShown = (keys: string): boolean => platform !== "darwin" || !ROLE_KEYS.has(keys);
  return {
    id: item.command,
    label: menuText(state.titles.find((one) => one.command === item.command)?.title ?? item.title),
    ...(item.keys !== undefined && isShown(item.keys) && { accelerator: item.keys.replace(/\bMod\b/, "CmdOrCtrl") }),
    registerAccelerator: false,
    enabled: !state.disabled.includes(item.command),
    // Also one of several: Electron's radio items check themselves when they are told that they are not.
    ...(item.mark !== undefined && { type: "checkbox", checked: state.checked.includes(item.command) }),
    click: () => command(item.command),
  };
}

/** Brings the items of a menu that is there up to date. A chosen item has changed its own mark: the window's word counts. */
export function applyMenuState(menu: Menu | null, state: MenuState): void {
  for (const id of MENU_COMMANDS) {
    const item = menu?.getMenuItemById(id);
    if (!item) continue;
    item.enabled = !state.disabled.includes(id);
    if (item.type === "checkbox") item.checked = state.checked.includes(id);
  }
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
