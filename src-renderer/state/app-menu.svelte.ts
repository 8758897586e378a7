/**
 * The application menu as it is now: which items can be chosen and which have a check mark. The window's own menu bar draws it; the
 * desktop's native menu is told of it, so that both always agree.
 *
 * ```
 * commands (enabled, checked) ─► menuState() ─┬─► menu-bar.svelte                          browser
 *                                             └─► tellNativeMenu ─"menu.state"─► host      desktop, only what is new
 * ```
 */
import { APP_MENUS, type AppMenu, type AppMenuItem, itemsOfMenu } from "../../src-shared/contract/menu";
import type { MenuState } from "../../src-shared/contract/menu-state";
import { call } from "../bridge/engine";
import { findCommand } from "./commands.svelte";
import { dialogs } from "./dialogs.svelte";
import { separator, type MenuEntry } from "./menus.svelte";

function canRun(item: AppMenuItem): boolean {
  return findCommand(item.command)?.enabled() ?? false;
}

function titleOf(item: AppMenuItem): string {
  return findCommand(item.command)?.menuTitle?.() ?? item.title;
}

/** undefined: it is no item with a check mark. */
function isChecked(item: AppMenuItem): boolean | undefined {
  if (item.mark === undefined) return undefined;
  return findCommand(item.command)?.checked?.() ?? false;
}

/** A menu's items for the window's own bar. @param run gets the id of the command that was chosen */
export function menuEntries(menu: AppMenu, run: (command: string) => void): MenuEntry[] {
  const entryOf = (item: AppMenuItem): MenuEntry => ({
    label: titleOf(item),
    keys: findCommand(item.command)?.keys[0],
    disabled: !canRun(item),
    checked: isChecked(item),
    radio: item.mark === "radio",
    run: () => run(item.command),
  });
  return menu.items.flatMap((entry): MenuEntry[] => {
    if (entry === "separator") return [separator];
    if ("items" in entry) {
      const items = entry.items.map((item) => (item === "separator" ? separator : entryOf(item)));
      return [{ label: entry.label, items }];
    }
    return entry.host === "electron" ? [] : [entryOf(entry)];
  });
}

/** Reactive. While a dialog has the keyboard no command can be chosen, as the dialog covers the window's own bar. */
export function menuState(): MenuState {
  const items = APP_MENUS.flatMap(itemsOfMenu);
  const ids = (some: readonly AppMenuItem[]): string[] => some.map(({ command }) => command);
  return {
    disabled: ids(dialogs.modal ? items : items.filter((item) => !canRun(item))),
    checked: ids(items.filter((item) => isChecked(item) === true)),
    titles: items.flatMap((item) => {
      const title = titleOf(item);
      return title === item.title ? [] : [{ command: item.command, title }];
    }),
  };
}

let told = "";

/** Tells the host, if it is something new. Call in an effect. */
export function tellNativeMenu(): void {
  const state = menuState();
  const text = JSON.stringify(state);
  if (text === told) return;
  told = text;
  // A host that cannot be told keeps the menu it has; a command that is not possible says so.
  call("menu.state", state).catch(() => (told = ""));
}
