/**
 * Opens what a person pointed at, by what it is: captures and folders as the workspace, JSON and YAML as cluster files, text named
 * after conntrack as its output, .hopscope as it was saved.
 */
import type { Params } from "../../src-shared/contract/requests";
import { baseName } from "../../src-shared/base/file-name";
import { byOpenedKind } from "../../src-shared/model/opened-file";
import { call } from "../bridge/engine";
import { showError } from "./dialogs.svelte";
import { tellChange } from "./last-change.svelte";
import { workspace } from "./workspace.svelte";
import { lessonState } from "../lessons/lesson-state.svelte";
import { workspaceFile } from "../workspace-file/workspace-file.svelte";

/** @param add what is open stays open. Rejected with a ContractError. */
export async function openPaths(paths: readonly string[], add: boolean): Promise<void> {
  const { captures, cluster, conntrack, workspaces: saved } = byOpenedKind(paths);
  const replaces = saved.length > 0 || (!add && captures.length > 0);
  if (replaces && !(await workspaceFile.mayLeave())) return;
  // One at a time: it takes the place of what is open.
  for (const path of saved.slice(0, 1)) await workspaceFile.open(path);
  if (captures.length > 0) {
    const before = add ? workspace.state.clusterFiles : [];
    await workspace.open(captures, add || saved.length > 0);
    if (saved.length === 0) await tellOfBeside(before);
    if (!add && saved.length === 0) {
      workspaceFile.forget();
      lessonState.adopt(null);
    }
  }
  if (conntrack.length > 0) await importConntrack(conntrack);
  if (cluster.length > 0) await importCluster(cluster);
}

/** The only cluster file of a folder was opened with its captures: says so, with a way back. */
async function tellOfBeside(before: readonly string[]): Promise<void> {
  const found = workspace.state.clusterFiles.filter((path) => !before.includes(path));
  if (found.length === 0) return;
  const taken = await usableOf({ cluster: found, conntrack: [] }, "The file beside the captures is not kubectl's");
  if (taken.length < found.length) await workspace.setCluster([...before, ...taken]);
  const [first] = taken;
  if (first === undefined) return;
  const what = taken.length === 1 ? baseName(first) : `${taken.length} cluster files`;
  tellChange(
    `Names are taken from ${what}, found beside the captures.`,
    {
      undo: () => workspace.setCluster(workspace.state.clusterFiles.filter((path) => !taken.includes(path))),
      redo: () => workspace.setCluster([...new Set([...workspace.state.clusterFiles, ...taken])]),
    },
    { ofFiles: true },
  );
}

/** Adds cluster files, and says what could not be understood of them. */
async function importCluster(paths: readonly string[]): Promise<void> {
  const known = workspace.state.clusterFiles;
  const usable = await usableOf({ cluster: [...paths], conntrack: [] }, "Not the output of kubectl");
  const added = usable.filter((path) => !known.includes(path));
  if (added.length === 0) return;
  await workspace.setCluster([...known, ...added]);
  tellChange(
    `Names are taken from ${added.length === 1 ? "a cluster file" : `${added.length} cluster files`} now.`,
    { undo: () => workspace.setCluster(known), redo: () => workspace.setCluster([...known, ...added]) },
    { ofFiles: true },
  );
}

/** Adds files of conntrack's output, and says what could not be understood of them. */
export async function importConntrack(paths: readonly string[]): Promise<void> {
  const known = workspace.state.conntrackFiles;
  const usable = await usableOf({ cluster: [], conntrack: [...paths] }, "Not the output of conntrack");
  const added = usable.filter((path) => !known.includes(path));
  if (added.length === 0) return;
  await workspace.setConntrack([...known, ...added]);
  tellChange(
    `Translations are compared with ${added.length === 1 ? baseName(added[0] ?? "") : `${added.length} files of conntrack`} now.`,
    { undo: () => workspace.setConntrack(known), redo: () => workspace.setConntrack([...known, ...added]) },
    { ofFiles: true },
  );
}

/** Paths of the files that hold something of use; tells what is wrong with the others, and with parts of these. */
async function usableOf(asked: Params<"import.check">, unusable: string): Promise<string[]> {
  const { files } = await call("import.check", asked);
  const usable = files.filter((file) => !file.unusable).map((file) => file.path);
  const trouble = files.flatMap(({ path, problems, unusable: isEmpty }) =>
    problems.length > 0 || !isEmpty
      ? problems.map(
          ({ line, place, message }) =>
            `${baseName(path)}${line > 0 ? ` line ${line}` : ""}: ${place === "" ? "" : `${place} `}${message}`,
        )
      : [`${baseName(path)}: nothing in it`],
  );
  if (trouble.length > 0)
    showError(
      usable.length === files.length ? "Part of it could not be read" : unusable,
      new Error([...trouble.slice(0, 6), ...(trouble.length > 6 ? [`and ${trouble.length - 6} more`] : [])].join("\n")),
    );
  return usable;
}
