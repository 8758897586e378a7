/** Settings, theme, size, and how times are shown. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { theme, zoom } from "../../state/settings.svelte";
import { openTimeMenu } from "../../state/time-menu.svelte";
import { isDark } from "../../ui/metrics.svelte";
import { nextZoom } from "../../viewmodel/zoom-steps";
import SettingsDialog from "./settings-dialog.svelte";

export const settingsCommands: CommandSpec[] = [
  {
    id: "app.settings",
    alsoCalled: "Preferences",
    run: async () => {
      await openDialog(SettingsDialog, {});
    },
  },
  { id: "view.theme", run: () => void (theme.value = isDark() ? "light" : "dark") },
  { id: "view.timeFormat", run: openTimeMenu },
  {
    id: "view.zoomIn",
    keys: ["Mod+Plus", "Mod+="],
    inTextFields: true,
    run: () => void (zoom.value = nextZoom(zoom.value, 1)),
  },
  { id: "view.zoomOut", inTextFields: true, run: () => void (zoom.value = nextZoom(zoom.value, -1)) },
  { id: "view.zoomReset", inTextFields: true, run: () => void (zoom.value = 100) },
];
