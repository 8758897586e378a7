/** Makes folders that are missing. `mkdirSync` with `recursive` never returns below /proc, where no folder can be made (Node 20). */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Throws what the file system says, or that a file is in the way. */
export function makeFolder(path: string, mode = 0o777): void {
  const absolute = resolve(path);
  if (existsSync(absolute)) {
    if (statSync(absolute).isDirectory()) return;
    throw new Error(`${absolute} is a file, not a folder`);
  }
  const parent = dirname(absolute);
  if (parent !== absolute) makeFolder(parent, mode);
  mkdirSync(absolute, { mode });
}
