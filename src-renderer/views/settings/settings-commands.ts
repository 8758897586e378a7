/** Settings, theme, size, and how times are shown. */
import { timeCommand } from "../../../src-shared/contract/menu";
import { TIME_FORMATS, TIME_PRECISIONS, TIME_ZONES } from "../../../src-shared/contract/time-choices";
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { theme, timeFormat, timePrecision, timeZone, zoom } from "../../state/settings.svelte";
import { isOtherZone, openTimeMenu } from "../../state/time-menu.svelte";
import { isDark } from "../../ui/metrics.svelte";
import { nextZoom } from "../../viewmodel/zoom-steps";
import SettingsDialog from "./settings-dialog.svelte";

/** The menu's choices of how times are shown; the palette names them with what they are about. */
const timeCommands: CommandSpec[] = [
  ...TIME_FORMATS.map(({ id, label }) => ({
    id: timeCommand("format", id),
    title: `Time Display: ${label}`,
    checked: () => timeFormat.value === id,
    run: () => void (timeFormat.value = id),
  })),
  ...TIME_PRECISIONS.map(({ digits, label }) => ({
    id: timeCommand("precision", digits),
    title: `Time Precision: ${label}`,
    checked: () => timePrecision.value === digits,
    run: () => void (timePrecision.value = digits),
  })),
  ...TIME_ZONES.map(({ id, label }) => ({
    id: timeCommand("zone", id),
    title: `Time Zone: ${label}`,
    checked: () => timeZone.value === id,
    run: () => void (timeZone.value = id),
  })),
  {
    id: timeCommand("zone", "other"),
    title: "Time Zone: Another…",
    checked: isOtherZone,
    run: openSettings,
  },
];

async function openSettings(): Promise<void> {
  await openDialog(SettingsDialog, {});
}

export const settingsCommands: CommandSpec[] = [
  {
    id: "app.settings",
    alsoCalled: "Preferences",
    run: openSettings,
  },
  {
    id: "view.theme",
    title: "Switch Theme",
    checked: isDark,
    run: () => void (theme.value = isDark() ? "light" : "dark"),
  },
  { id: "view.timeFormat", title: "Time Display…", group: "View", run: openTimeMenu },
  ...timeCommands,
  {
    id: "view.zoomIn",
    keys: ["Mod+Plus", "Mod+="],
    inTextFields: true,
    run: () => void (zoom.value = nextZoom(zoom.value, 1)),
  },
  { id: "view.zoomOut", inTextFields: true, run: () => void (zoom.value = nextZoom(zoom.value, -1)) },
  { id: "view.zoomReset", inTextFields: true, run: () => void (zoom.value = 100) },
];
