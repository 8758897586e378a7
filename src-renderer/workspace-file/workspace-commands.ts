/** Commands about the workspace's file. */
import type { CommandSpec } from "../state/commands.svelte";
import { workspace } from "../state/workspace.svelte";
import { workspaceFile } from "./workspace-file.svelte";

const canSave = (): boolean => !workspace.isEmpty && !workspaceFile.saving;

export const workspaceCommands: readonly CommandSpec[] = [
  { id: "file.save", enabled: canSave, inTextFields: true, run: async () => void (await workspaceFile.save()) },
  { id: "file.saveAs", enabled: canSave, inTextFields: true, run: async () => void (await workspaceFile.saveAs()) },
  {
    id: "file.saveWithCaptures",
    title: "Save Workspace with Captures Inside…",
    group: "File",
    enabled: canSave,
    run: async () => void (await workspaceFile.saveWithCaptures()),
  },
  {
    id: "file.takeWorkspace",
    title: "Show the Workspace That Was Opened",
    group: "File",
    hidden: true,
    run: () => workspaceFile.takeWaiting(),
  },
];
