/** The command that opens the palette. */
import type { CommandSpec } from "../../state/commands.svelte";
import { runCommand } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import Palette from "./palette.svelte";

export const paletteCommands: CommandSpec[] = [
  {
    id: "help.palette",
    inTextFields: true,
    hidden: true,
    run: async () => {
      const id = await openDialog(Palette, {});
      // After the dialog gave the keyboard back: many commands work on what has it.
      if (id !== null) setTimeout(() => runCommand(id));
    },
  },
];
