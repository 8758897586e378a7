/** The folders and files of a folder, for the window's own file chooser (the browser has none that tells paths). */
import { closeSync, openSync, readSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Results } from "../../../src-shared/contract/requests";
import type { FolderEntry } from "../../../src-shared/contract/results";
import { MAGIC_LENGTH, looksReadable } from "../../engine/sources/magic";
import { openFailureMessage } from "../../engine/sources/open-failure";

/** More entries are cut off: nobody looks through them. */
const MAX_ENTRIES = 5000;
/** Files of a folder whose first bytes are looked at; the rest go by their names. On a slow disk each costs a few ms. */
const MAX_LOOKED_INTO = 500;

/** Workspace files are opened like captures. */
const CAPTURE_NAME = /\.(hopscope|(pcap|pcapng|cap|ntar|dmp)(\.(gz|zst|zstd|lz4))?)$/i;
const collator = new Intl.Collator("en", { numeric: true });

/**
 * Folders first, then files, each in natural order; hidden ones are left out. An empty path is the home folder.
 * Throws ContractError "file" if it is no folder that can be read.
 */
export function listFolder(path: string): Results["files.list"] {
  const folder = path === "" ? homedir() : resolve(path);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new ContractError("file", `${folder}: ${openFailureMessage(error)}`);
  }
  const entries: FolderEntry[] = [];
  let lookedInto = 0;
  for (const name of names.filter((n) => !n.startsWith(".")).slice(0, MAX_ENTRIES)) {
    const at = join(folder, name);
    // Dangling links, sockets, devices: nothing that could be opened.
    const stat = attempt(() => statSync(at));
    if (stat === undefined || !(stat.isDirectory() || stat.isFile())) continue;
    const isCapture = (): boolean =>
      CAPTURE_NAME.test(name) || (lookedInto++ < MAX_LOOKED_INTO && attempt(() => looksReadable(headOf(at))) === true);
    entries.push({
      name,
      path: at,
      kind: stat.isDirectory() ? "folder" : isCapture() ? "capture" : "file",
      bytes: stat.isDirectory() ? 0 : stat.size,
      modifiedMs: Math.round(stat.mtimeMs),
    });
  }
  const order = (e: FolderEntry): number => (e.kind === "folder" ? 0 : 1);
  entries.sort((a, b) => order(a) - order(b) || collator.compare(a.name, b.name));
  const parent = dirname(folder);
  return { path: folder, parent: parent === folder ? null : parent, entries };
}

function headOf(path: string): Uint8Array {
  const fd = openSync(path, "r");
  try {
    const head = new Uint8Array(MAGIC_LENGTH);
    return head.subarray(0, readSync(fd, head, 0, MAGIC_LENGTH, 0));
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
