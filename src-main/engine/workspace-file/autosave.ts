/**
 * What is not saved, kept in the person's data folder while Hopscope runs, and offered at the next start if it was not saved.
 *
 * ```
 * <data>/unsaved/<pid>.hopscope    a workspace file; one a process
 *                └ still running: its own business.  Gone: "not saved last time"
 * ```
 * Notes are not in it: they are durable by themselves, and tied to the captures by content.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { RecoverableWorkspace } from "../../../src-shared/contract/workspace-file";
import { ContractError } from "../../../src-shared/contract/messages";
import type { WindowPart } from "../../../src-shared/workspace-file/document";
import { WORKSPACE_ENTRY, parseWorkspaceDocument } from "../../../src-shared/workspace-file/document";
import type { SavedSession } from "../service/saved-session";
import { type SaveOptions, saveWorkspace } from "./save-workspace";
import { ZipReader } from "./zip-reader";

const NAME = /^(\d+)\.hopscope$/;
const MAX_SHOWN = 10;
const MAX_DOCUMENT_BYTES = 64 << 20;

/** @throws ContractError "file" */
export async function autosave(
  folder: string,
  session: SavedSession,
  window: WindowPart,
  name: string | null,
  options: SaveOptions,
): Promise<void> {
  makeFolder(folder);
  await saveWorkspace(ownPath(folder), session, window, { ...options, inside: false, base: name });
}

export function forgetAutosave(folder: string): void {
  rmSync(ownPath(folder), { force: true });
}

/** Of processes that are no more, newest first. Files that cannot be read are put aside as `….damaged`, and not offered. */
export async function recoverable(folder: string): Promise<RecoverableWorkspace[]> {
  const found: RecoverableWorkspace[] = [];
  for (const path of leftovers(folder)) {
    try {
      const zip = ZipReader.open(path);
      try {
        const json = new TextDecoder().decode(await zip.read(WORKSPACE_ENTRY, MAX_DOCUMENT_BYTES));
        const { captures, base, savedMs } = parseWorkspaceDocument(json);
        const names = captures.map((capture) => capture.name);
        const title =
          base !== null
            ? basename(base)
            : names.length > 2
              ? `${names[0] ?? ""} and ${names.length - 1} more`
              : names.join(", ");
        found.push({ path, title, savedMs, captures: captures.length });
      } finally {
        zip.close();
      }
    } catch {
      putAside(path);
    }
  }
  return found.sort((a, b) => b.savedMs - a.savedMs).slice(0, MAX_SHOWN);
}

/** @throws ContractError "invalid-request" for a path that is none of ours */
export function discardAutosave(folder: string, path: string): void {
  if (!isAutosave(folder, path)) throw new ContractError("invalid-request", `${path} is no autosave`);
  rmSync(path, { force: true });
}

function isAutosave(folder: string, path: string): boolean {
  return resolve(path) === join(resolve(folder), basename(path)) && NAME.test(basename(path));
}

function leftovers(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const unfinished = /\.part-(\d+)$/.exec(name)?.[1];
    // Half a file, of a process that ended while it wrote.
    if (unfinished !== undefined && !isRunning(Number(unfinished))) rmSync(join(folder, name), { force: true });
    const pid = NAME.exec(name)?.[1];
    return pid === undefined || isRunning(Number(pid)) ? [] : [join(folder, name)];
  });
}

function ownPath(folder: string): string {
  return join(folder, `${process.pid}.hopscope`);
}

/** What an earlier process of the same number left is not overwritten. */
const claimed = new Set<string>();
function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = ownPath(folder);
  if (claimed.has(own)) return;
  claimed.add(own);
  if (statSync(own, { throwIfNoEntry: false })) renameSync(own, join(folder, `${2 ** 31 + process.pid}.hopscope`));
}

function isRunning(pid: number): boolean {
  if (pid > 2 ** 31) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function putAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // It stays, and is tried again at the next start.
  }
}
