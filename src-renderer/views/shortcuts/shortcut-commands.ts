/** The command that shows all keys. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import ShortcutsDialog from "./shortcuts-dialog.svelte";

export const shortcutCommands: CommandSpec[] = [
  {
    id: "help.shortcuts",
    keys: ["?", "F1"],
    run: async () => {
      await openDialog(ShortcutsDialog, {});
    },
  },
];
