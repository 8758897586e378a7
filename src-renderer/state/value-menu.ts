/**
 * The menu of values that are shown outside of lists and trees: in sentences, small tables, pictures.
 *
 * ```svelte
 * <tr {@attach valueMenu(() => [endpoint, pod])}>          menu key: of which value, then how it is joined
 *   <td data-value="0">10.1.0.5:80</td> …                  right click on a cell: of this one
 * ```
 */
import type { Attachment } from "svelte/attachments";
import type { FilterValue } from "../viewmodel/filter-value";
import { copyText } from "./clipboard";
import { filterMenu, filterMenuOf } from "./filter-menu";
import { openMenu, separator, type MenuEntry } from "./menus.svelte";

/** A longer filter would make its menu wider than the window: the value as it is shown stands for it. */
const LONGEST_SHOWN = 72;

/** Apply, prepare, copy. Of several values each says first which one is meant. */
export function valueEntries(values: readonly FilterValue[]): MenuEntry[] {
  const [only] = values;
  if (only && values.length === 1)
    return [
      ...filterMenu(only.filter),
      separator,
      { label: "Copy value", run: () => void copyText(only.text, only.label) },
      {
        label: "Copy as filter",
        disabled: only.filter === null,
        run: () => void copyText(only.filter ?? "", "Filter"),
      },
    ];
  return [
    ...filterMenuOf(
      values.flatMap(({ label, text, filter }) =>
        filter === null ? [] : [{ label: `${label}: ${filter.length > LONGEST_SHOWN ? text : filter}`, filter }],
      ),
    ),
    separator,
    {
      label: "Copy value",
      disabled: values.length === 0,
      items: values.map(({ label, text }) => ({
        label: `${label}: ${text.slice(0, LONGEST_SHOWN)}`,
        run: () => void copyText(text, label),
      })),
    },
  ];
}

/** Opens the menu of what is under `at`. */
export function openValueMenu(
  values: readonly FilterValue[],
  at: Parameters<typeof openMenu>[1],
  more: readonly MenuEntry[] = [],
): void {
  const name = values.length === 1 ? values[0]?.text.slice(0, 60) : undefined;
  const entries: MenuEntry[] = valueEntries(values);
  if (more.length > 0) entries.push(separator, ...more);
  openMenu(entries, at, { label: name ?? "Values" });
}

/** A contextmenu that the keyboard asked for: no button of a mouse, no finger. */
export function isByKeyboard(event: MouseEvent): boolean {
  return event.button !== 2 && !(event instanceof PointerEvent && event.pointerType === "touch");
}

/**
 * Right click and the menu key on an element. Inside it an element with `data-value` stands for the value with that number, any other
 * place for all of them. Nothing to offer: the browser's own menu.
 */
export function valueMenu(
  values: () => readonly FilterValue[],
  more: () => readonly MenuEntry[] = () => [],
): Attachment<Element> {
  return (element) => {
    const open = (event: Event): void => {
      if (!(event instanceof MouseEvent) || event.defaultPrevented) return;
      const all = values();
      const target = event.target instanceof Element ? event.target : element;
      const pointed = isByKeyboard(event) ? null : target.closest<HTMLElement>("[data-value]");
      const one = pointed && element.contains(pointed) ? all[Number(pointed.dataset["value"])] : undefined;
      const shown = one ? [one] : all;
      if (shown.length === 0 && more().length === 0) return;
      openValueMenu(shown, isByKeyboard(event) ? target : event, more());
      // The menu of what is around it stays closed.
      event.preventDefault();
      event.stopPropagation();
    };
    element.addEventListener("contextmenu", open);
    return () => element.removeEventListener("contextmenu", open);
  };
}

/** Arrow keys from row to row of a table whose rows can have the keyboard; only the first is a stop of Tab. */
export function rowKeys(event: KeyboardEvent): void {
  const { currentTarget: row, target } = event;
  if (!(row instanceof HTMLElement) || target !== row || event.ctrlKey || event.altKey || event.metaKey) return;
  const rows = row.parentElement?.children;
  const next = {
    ArrowDown: row.nextElementSibling,
    ArrowUp: row.previousElementSibling,
    Home: rows?.[0],
    End: rows?.[rows.length - 1],
  }[event.key];
  if (!(next instanceof HTMLElement)) return;
  next.focus();
  event.preventDefault();
}
