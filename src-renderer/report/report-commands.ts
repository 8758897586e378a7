/** The command that makes a report of notes. */
import type { CommandSpec } from "../state/commands.svelte";
import { openDialog } from "../state/dialogs.svelte";
import { workspace } from "../state/workspace.svelte";
import ReportDialog from "./report-dialog.svelte";

export const reportCommands: readonly CommandSpec[] = [
  {
    id: "file.report",
    enabled: () => !workspace.isEmpty,
    run: async () => void (await openDialog(ReportDialog, {})),
  },
];
