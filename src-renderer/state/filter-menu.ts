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

/** The same where several values are meant at once (a whole row, by keyboard): first which of them, then how it is joined. */
export function filterMenuOf(choices: readonly { readonly label: string; readonly filter: string }[]): MenuItem[] {
  return [false, true].map((prepare) => ({
    label: prepare ? "Prepare as filter" : "Apply as filter",
    disabled: choices.length === 0,
    items: choices.map(({ label, filter }) => ({ label, ...submenu(filter, prepare) })),
  }));
}

function submenu(expression: string | null, prepare: boolean): Pick<MenuItem, "items" | "disabled"> {
  return expression === null ? { disabled: true } : { items: filterJoins(expression, prepare) };
}

/** The ways a filter joins the one in force; `prepare`: it is only written into the filter bar. */
export function filterJoins(expression: string, prepare: boolean): MenuItem[] {
  return FILTER_JOINS.map(({ join, label }) => ({
    label,
    run: () => void packets.applyExpression(expression, join, prepare),
  }));
}
