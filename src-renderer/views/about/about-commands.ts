/** The command that shows what this is. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import AboutDialog from "./about-dialog.svelte";

export const aboutCommands: CommandSpec[] = [
  {
    id: "help.about",
    run: async () => {
      await openDialog(AboutDialog, {});
    },
  },
];
