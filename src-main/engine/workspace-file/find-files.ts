/**
 * Finds the files a workspace speaks of, by content.
 *
 * ```
 * 1 path from the workspace file    moved together with it
 * 2 recorded path                   nothing was moved
 * 3 beside the workspace file       whatever the names there
 * 4 folders a person points at      whatever the names, some levels deep
 * 5 a file at 1 or 2 with other content: "changed"
 * ```
 */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { FoundState } from "../../../src-shared/contract/workspace-file";
import type { FileReference } from "../../../src-shared/workspace-file/document";
import { contentHash } from "./content-hash";

/** A folder pointed at by mistake (a home folder) is looked through so far. */
const MAX_LEVELS = 6;
const MAX_FILES = 50_000;

export interface Place {
  readonly path: string | null;
  readonly state: FoundState;
}

/** Looks in each folder once, however many files are missing. */
export class FileFinder {
  private readonly base: string;
  /** Paths by size. */
  private beside: ReadonlyMap<number, readonly string[]> | undefined;
  private pointedAt: ReadonlyMap<number, readonly string[]> | undefined;

  /** @param workspace path of the workspace file */
  constructor(
    workspace: string,
    private readonly folders: readonly string[],
  ) {
    this.base = dirname(resolve(workspace));
  }

  /** Never throws: what cannot be read is not the file. */
  find(file: FileReference): Place {
    const places = [...(file.relative === null ? [] : [resolve(this.base, file.relative)]), file.path];
    for (const path of places) if (isSame(path, file)) return { path, state: path === file.path ? "found" : "moved" };
    this.beside ??= filesBySize([this.base], 1);
    this.pointedAt ??= filesBySize(this.folders, MAX_LEVELS);
    for (const path of [...(this.beside.get(file.bytes) ?? []), ...(this.pointedAt.get(file.bytes) ?? [])])
      if (isSame(path, file)) return { path, state: "moved" };
    const changed = places.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    return changed === undefined ? { path: null, state: "missing" } : { path: changed, state: "changed" };
  }
}

/** Without a hash (it could not be read when it was saved) a file at its place with its size has to do. */
function isSame(path: string, { bytes, hash }: FileReference): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size === bytes && (hash === null || contentHash(path) === hash);
  } catch {
    return false;
  }
}

function filesBySize(folders: readonly string[], levels: number): ReadonlyMap<number, readonly string[]> {
  const bySize = new Map<number, string[]>();
  let looked = 0;
  let level = folders.map((folder) => resolve(folder));
  for (let depth = 0; depth < levels && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      for (const entry of entriesOf(folder)) {
        const path = join(folder, entry.name);
        // Links to folders may lead in circles; links to files are files.
        if (entry.isDirectory()) {
          if (!entry.name.startsWith(".")) next.push(path);
          continue;
        }
        if (++looked > MAX_FILES) return bySize;
        const size = sizeOf(path);
        if (size === null) continue;
        const known = bySize.get(size);
        if (known) known.push(path);
        else bySize.set(size, [path]);
      }
    }
    level = next;
  }
  return bySize;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function sizeOf(path: string): number | null {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat.size : null;
  } catch {
    return null;
  }
}
