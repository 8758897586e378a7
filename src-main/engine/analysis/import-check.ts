/** What a person imported, file by file: what was found in it, and what could not be understood, with line and place. */
import type { ImportedFile } from "../../../src-shared/contract/nat";
import { loadCluster } from "../cluster/load-cluster";
import { loadConntrack } from "../cluster/load-conntrack";

/** More lines of trouble with one file than a person reads. */
const MOST_PROBLEMS = 50;

/** `breathe` is called between files. */
export async function checkImports(
  cluster: readonly string[],
  conntrack: readonly string[],
  breathe: () => Promise<void>,
): Promise<readonly ImportedFile[]> {
  const files: ImportedFile[] = [];
  for (const path of cluster) {
    await breathe();
    const { cluster: read, problems } = loadCluster([path]);
    const kinds = new Map<string, number>();
    for (const { objects } of read.snapshots)
      for (const { kind } of objects) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const holds = [...kinds].map(([kind, n]) => `${n} ${kind}${n === 1 ? "" : "s"}`).join(", ");
    files.push(imported(path, "cluster", holds, problems));
  }
  for (const path of conntrack) {
    await breathe();
    const { entries, problems } = loadConntrack([path]);
    // No entries and nothing wrong: a machine that tracked no connection.
    const holds =
      entries.length === 0 && problems.length > 0
        ? ""
        : `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
    files.push(imported(path, "conntrack", holds, problems));
  }
  return files;
}

function imported(
  path: string,
  kind: ImportedFile["kind"],
  holds: string,
  problems: readonly { readonly line: number; readonly path: string; readonly message: string }[],
): ImportedFile {
  return {
    path,
    kind,
    holds,
    unusable: holds === "",
    problems: problems.slice(0, MOST_PROBLEMS).map(({ line, path: place, message }) => ({ line, place, message })),
  };
}
