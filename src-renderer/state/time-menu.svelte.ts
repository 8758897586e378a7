/** The choices of how times are shown, as a menu. */
import { TIME_FORMATS, TIME_PRECISIONS, TIME_ZONES } from "../../src-shared/contract/time-choices";
import { runCommand } from "./commands.svelte";
import { openMenu, separator, type MenuEntry } from "./menus.svelte";
import { timeFormat, timePrecision, timeZone } from "./settings.svelte";

/** A zone that has no entry of its own. */
export function isOtherZone(): boolean {
  return timeZone.value !== "local" && timeZone.value !== "utc";
}

export function timeMenu(): MenuEntry[] {
  return [
    ...TIME_FORMATS.map(({ id, label }) => ({
      label,
      radio: true,
      checked: timeFormat.value === id,
      run: () => (timeFormat.value = id),
    })),
    separator,
    ...TIME_PRECISIONS.map(({ digits, label }) => ({
      label,
      radio: true,
      checked: timePrecision.value === digits,
      run: () => (timePrecision.value = digits),
    })),
    separator,
    ...TIME_ZONES.map(({ id, label }) => ({
      label,
      radio: true,
      checked: timeZone.value === id,
      run: () => (timeZone.value = id),
    })),
    {
      // It is looked for in the settings; chosen, it is named here.
      label: isOtherZone() ? `${timeZone.value}…` : "Another zone…",
      radio: true,
      checked: isOtherZone(),
      run: () => runCommand("app.settings"),
    },
  ];
}

/** Opened by a command: where the keyboard is. */
export function openTimeMenu(): void {
  const at = document.activeElement ?? document.body;
  const { left, top, width } = at.getBoundingClientRect();
  const x = at === document.body || width === 0 ? innerWidth / 2 - 120 : left + 40;
  openMenu(timeMenu(), { x, y: at === document.body ? innerHeight / 4 : Math.max(40, top + 24) }, { label: "Times" });
}
