/** The choices of how times are shown, as a menu. */
import { runCommand } from "./commands.svelte";
import { openMenu, separator, type MenuEntry } from "./menus.svelte";
import { timeFormat, timePrecision, timeZone } from "./settings.svelte";

export const TIME_FORMATS = [
  { id: "relative", label: "Seconds since the first packet" },
  { id: "delta", label: "Seconds since the row above" },
  { id: "time", label: "Time of day" },
  { id: "date-time", label: "Date and time of day" },
  { id: "epoch", label: "Seconds since 1970" },
] as const;

export const TIME_PRECISIONS = [
  { digits: 0, label: "Seconds" },
  { digits: 3, label: "Milliseconds" },
  { digits: 6, label: "Microseconds" },
  { digits: 9, label: "Nanoseconds" },
] as const;

function isNamed(): boolean {
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
    { label: "Local time", radio: true, checked: timeZone.value === "local", run: () => (timeZone.value = "local") },
    { label: "UTC", radio: true, checked: timeZone.value === "utc", run: () => (timeZone.value = "utc") },
    {
      // It is looked for in the settings; chosen, it is named here.
      label: isNamed() ? `${timeZone.value}…` : "Another zone…",
      radio: true,
      checked: isNamed(),
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
