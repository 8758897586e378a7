/** Where Hopscope keeps things of this person: settings (kept), scratch files (deleted when it ends). */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "./make-folder";

/** Tests, and people who want their settings elsewhere, name the folder in this variable. */
const CONFIG_VARIABLE = "HOPSCOPE_CONFIG";

/** The folder for settings, by the system's custom; made if it is missing. The same in both hosts. */
export function configFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const folder = environment[CONFIG_VARIABLE] ?? customFolder(environment, platform);
  makeFolder(folder, 0o700);
  return folder;
}

function customFolder(environment: Readonly<Record<string, string | undefined>>, platform: string): string {
  if (platform === "win32") return join(environment["APPDATA"] ?? join(homedir(), "AppData", "Roaming"), "Hopscope");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "Hopscope");
  return join(environment["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "hopscope");
}

const SCRATCH_PREFIX = "hopscope-scratch-";

/**
 * A new folder that only this person may enter, for spooled input, uploads and exports. Folders that processes left behind
 * which are no more are deleted.
 */
export function makeScratchFolder(parent: string = tmpdir()): string {
  removeLeftovers(parent);
  return mkdtempSync(join(parent, `${SCRATCH_PREFIX}${process.pid}-`));
}

export function removeScratchFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^hopscope-scratch-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another person's: theirs to delete.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
