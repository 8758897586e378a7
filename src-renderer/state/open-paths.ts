/** Opens what a person pointed at, by what it is: captures and folders as the workspace, JSON and YAML as cluster files. */
import { showToast } from "./toasts.svelte";
import { workspace } from "./workspace.svelte";

const CLUSTER_NAME = /\.(json|ya?ml)$/i;

/** @param add what is open stays open. Rejected with a ContractError. */
export async function openPaths(paths: readonly string[], add: boolean): Promise<void> {
  const cluster = paths.filter((path) => CLUSTER_NAME.test(path));
  const captures = paths.filter((path) => !CLUSTER_NAME.test(path));
  if (captures.length > 0) await workspace.open(captures, add);
  if (cluster.length === 0) return;
  const known = workspace.state.clusterFiles;
  await workspace.setCluster([...known, ...cluster.filter((path) => !known.includes(path))]);
  showToast(
    `Names are taken from ${cluster.length === 1 ? "a cluster file" : `${cluster.length} cluster files`} now.`,
    {
      undo: () => void workspace.setCluster(known),
    },
  );
}
