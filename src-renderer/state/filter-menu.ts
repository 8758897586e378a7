/** "Apply as filter" and "Prepare as filter": the same two submenus wherever a value is pointed at. */
import { FILTER_JOINS } from "../viewmodel/packet-filter";
import type { MenuItem } from "./menus.svelte";
import { packets } from "./packets.svelte";

/** `expression` null: the value has no filter, the items are shown but disabled. */
export function filterMenu(expression: string | null): MenuItem[] {
  return [
    { label: "Apply as filter", ...submenu(expression, false) },
    { label: "Prepare as filter", ...submenu(expression, true) },
  ];
}

function submenu(expression: string | null, prepare: boolean): Pick<MenuItem, "items" | "disabled"> {
  if (expression === null) return { disabled: true };
  return {
    items: FILTER_JOINS.map(({ join, label }) => ({
      label,
      run: () => void packets.applyExpression(expression, join, prepare),
    })),
  };
}
