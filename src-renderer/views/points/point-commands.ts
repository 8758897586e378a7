/** Commands about files and capture points as a whole. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { workspace } from "../../state/workspace.svelte";
import ClockOffsetDialog from "./clock-offset-dialog.svelte";
import DecodeAsDialog from "./decode-as-dialog.svelte";
import ProblemsDialog from "./problems-dialog.svelte";

const isOpen = (): boolean => !workspace.isEmpty;

export const pointCommands: CommandSpec[] = [
  {
    id: "analyze.decodeAs",
    enabled: isOpen,
    run: async () => {
      await openDialog(DecodeAsDialog, {});
    },
  },
  {
    id: "analyze.clockOffset",
    enabled: isOpen,
    run: async () => {
      await openDialog(ClockOffsetDialog, { file: null });
    },
  },
  {
    id: "view.problems",
    title: "Problems of the Files…",
    group: "View",
    enabled: () => workspace.problems.length > 0,
    run: async () => {
      await openDialog(ProblemsDialog, { file: null });
    },
  },
];
