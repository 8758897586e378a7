/**
 * The menu that is open: a context menu, or one of a button. Drawn by ui/menu-host.svelte.
 *
 * ```
 * openMenu([{ label: "Copy", keys: "Mod+C", run }, separator, { label: "Apply as filter", items: […] }], event)
 * ```
 */

export interface MenuItem {
  readonly label: string;
  readonly run?: () => void;
  /** Submenu. */
  readonly items?: readonly MenuEntry[];
  /** Shown at the right: "Mod+C". */
  readonly keys?: string | undefined;
  readonly icon?: string | undefined;
  /** A check mark (true), room for one (false), or neither. */
  readonly checked?: boolean | undefined;
  /** One of several: announced as a radio item. */
  readonly radio?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly danger?: boolean | undefined;
}

export const separator = "separator";
export type MenuEntry = MenuItem | typeof separator;

export interface OpenMenu {
  readonly entries: readonly MenuEntry[];
  /** Where it drops from, in window pixels: below the rectangle, or above where there is no room. */
  readonly anchor: { readonly left: number; readonly top: number; readonly bottom: number };
  readonly label: string;
  /** Gets the keyboard back. */
  readonly returnTo: HTMLElement | null;
  /** The pointed-at or first item has the focus from the start (opened by keyboard). */
  readonly onClose: (() => void) | null;
  /** Left and right arrows at the top level: the neighbouring menu of a menu bar. */
  readonly onSideways: ((step: -1 | 1) => void) | null;
}

class Menus {
  open = $state.raw<OpenMenu | null>(null);

  close(restoreFocus = true): void {
    const menu = this.open;
    if (!menu) return;
    this.open = null;
    if (restoreFocus) menu.returnTo?.focus();
    menu.onClose?.();
  }
}

export const menus = new Menus();

export interface MenuOptions {
  readonly label?: string;
  readonly onClose?: () => void;
  readonly onSideways?: (step: -1 | 1) => void;
  /** Gets the keyboard back when the menu closes; else what has it now. */
  readonly returnTo?: HTMLElement | null;
}

/**
 * Opens a menu at the pointer (a mouse event), below an element (button, or the element a context-menu key was pressed on),
 * or at a point.
 */
export function openMenu(
  entries: readonly MenuEntry[],
  at: MouseEvent | Element | { readonly x: number; readonly y: number },
  options: MenuOptions = {},
): void {
  menus.close(false);
  let anchor: OpenMenu["anchor"];
  if (at instanceof Element) anchor = at.getBoundingClientRect();
  else if (at instanceof MouseEvent) {
    at.preventDefault();
    anchor = { left: at.clientX, top: at.clientY, bottom: at.clientY };
  } else anchor = { left: at.x, top: at.y, bottom: at.y };
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  menus.open = {
    entries,
    anchor,
    label: options.label ?? "Menu",
    returnTo: options.returnTo === undefined ? focused : options.returnTo,
    onClose: options.onClose ?? null,
    onSideways: options.onSideways ?? null,
  };
}
