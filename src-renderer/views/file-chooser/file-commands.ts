/** Commands of the File menu that open and close things. */
import { call } from "../../bridge/engine";
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { live } from "../../state/live.svelte";
import { importConntrack, openPaths } from "../../state/open-paths";
import { showToast } from "../../state/toasts.svelte";
import { workspace } from "../../state/workspace.svelte";
import { workspaceFile } from "../../workspace-file/workspace-file.svelte";
import ClusterDialog from "./cluster-dialog.svelte";
import FileChooser from "./file-chooser.svelte";
import RecentDialog from "./recent-dialog.svelte";

/** Lets a person choose: the native dialog where there is one, else the window's own. Empty: nothing was chosen. */
export async function choosePaths(
  title: string,
  options: { folders?: boolean; kind?: "capture" | "cluster" | "conntrack" } = {},
): Promise<readonly string[]> {
  const { folders = false, kind = "capture" } = options;
  if (workspace.app?.dialogs) return (await call("files.pick", { title, folders, multiple: true })).paths;
  return (await openDialog(FileChooser, { title, folders, kind })) ?? [];
}

/** @param argument a path handed over by the host (a file of the recent documents, say) */
async function open(title: string, folders: boolean, add: boolean, argument?: string): Promise<void> {
  const paths = argument === undefined ? await choosePaths(title, { folders }) : [argument];
  if (paths.length > 0) await openPaths(paths, add);
}

const isOpen = (): boolean => !workspace.isEmpty;

export const fileCommands: CommandSpec[] = [
  { id: "file.open", run: (argument) => open("Open captures", false, false, argument) },
  { id: "file.openFolder", run: (argument) => open("Open a folder of captures", true, false, argument) },
  { id: "file.add", run: (argument) => open("Add captures to the workspace", false, true, argument) },
  {
    id: "file.recent",
    run: async () => {
      const path = await openDialog(RecentDialog, {});
      if (path !== null) await openPaths([path], false);
    },
  },
  {
    id: "file.cluster",
    run: async () => {
      await openDialog(ClusterDialog, {
        choose: (kind: "cluster" | "conntrack") =>
          choosePaths(kind === "cluster" ? "Add cluster files" : "Import output of conntrack", { kind }),
      });
    },
  },
  {
    id: "file.conntrack",
    run: async () => {
      const paths = await choosePaths("Import output of conntrack", { kind: "conntrack" });
      if (paths.length > 0) await importConntrack(paths);
    },
  },
  { id: "file.reload", enabled: isOpen, run: () => workspace.reload() },
  { id: "file.stop", enabled: () => workspace.isLoading, run: () => workspace.cancel() },
  {
    id: "file.close",
    enabled: isOpen,
    run: async () => {
      const paths = workspace.state.files.map((file) => file.path);
      if (!(await workspaceFile.mayLeave("Close all"))) return;
      const recorded = live.sources.length > 0;
      // Opening again brings the files back, but not what was said about them.
      const told = workspaceFile.dirty;
      const saved = workspaceFile.path;
      await workspace.close(null);
      if (!told && !recorded) {
        showToast("Closed the workspace.", {
          action: { label: "Open again", run: () => void openPaths(saved === null ? paths : [saved], false) },
        });
      }
    },
  },
];
