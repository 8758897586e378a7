/** Makes the document of what is open and writes it as a `.hopscope` file. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import {
  type FileReference,
  WORKSPACE_ENTRY,
  WORKSPACE_EXTENSION,
  WORKSPACE_FORMAT,
  WORKSPACE_VERSION,
  type WindowPart,
  type WorkspaceDocument,
} from "../../../src-shared/workspace-file/document";
import { entryName } from "../../../src-shared/workspace-file/entry-name";
import type { SavedSession } from "../service/saved-session";
import { OutputError } from "../export/output-file";
import { openFailureMessage } from "../sources/open-failure";
import { contentHash } from "./content-hash";
import { ZipFileWriter } from "./zip-file-writer";
import { ZipReader } from "./zip-reader";

export interface SaveOptions {
  /** All captures go inside; otherwise only those that lie in `scratchFolder`, which ends with the program. */
  readonly inside: boolean;
  readonly scratchFolder: string;
  /** Of all that goes inside only because of `scratchFolder`; larger files stay outside. */
  readonly maxScratchBytes: number;
  readonly application: string;
  readonly nowMs: number;
  /** For an autosave: the workspace file it belongs to. */
  readonly base?: string | null;
  readonly breathe: () => Promise<void>;
  readonly progress: (done: number, total: number, text: string) => void;
}

/** Hashes of files that did not change since: saving again reads nothing. */
const hashes = new Map<string, string>();

/**
 * @returns bytes written and captures put inside
 * @throws ContractError "file": which file, and why
 */
export async function saveWorkspace(
  path: string,
  session: SavedSession,
  window: WindowPart,
  options: SaveOptions,
): Promise<{ readonly bytes: number; readonly inside: number }> {
  const folder = dirname(resolve(path));
  let scratchBytes = 0;
  const refer = (kind: "captures" | "cluster", file: string, index: number): FileReference => {
    const stat = statSync(file, { throwIfNoEntry: false });
    const isFile = stat?.isFile() ?? false;
    const bytes = stat?.size ?? 0;
    const isFleeting = isFile && isBelow(file, options.scratchFolder);
    if (isFleeting) scratchBytes += bytes;
    const goesInside = isFile && (options.inside || (isFleeting && scratchBytes <= options.maxScratchBytes));
    const from = relative(folder, file);
    return {
      name: basename(file).slice(-255) || "capture",
      path: file,
      relative: isAbsolute(from) || isFleeting ? null : from.split(sep).join("/"),
      bytes,
      hash: isFile ? hashOf(file, bytes, stat?.mtimeMs ?? 0) : null,
      inside: goesInside ? entryName(kind, index, basename(file)) : null,
    };
  };
  const document: WorkspaceDocument = {
    format: WORKSPACE_FORMAT,
    version: WORKSPACE_VERSION,
    savedMs: options.nowMs,
    application: options.application,
    base: options.base ?? null,
    captures: session.captures.map(({ path: file, clockOffset, points }, i) => ({
      ...refer("captures", file, i),
      clockOffset,
      points: points.map((point) => ({ ...point })),
    })),
    decodeAs: session.decodeAs.map((rule) => ({ ...rule, as: rule.as as WorkspaceDocument["decodeAs"][number]["as"] })),
    clusterFiles: session.clusterFiles.map((file, i) => refer("cluster", resolve(file), i)),
    window,
  };
  const put = [...document.captures, ...document.clusterFiles].filter(({ inside }) => inside !== null);
  const total = put.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  let writer: ZipFileWriter | undefined;
  try {
    writer = new ZipFileWriter(path);
    writer.addText(WORKSPACE_ENTRY, JSON.stringify(document));
    for (const file of put) {
      options.progress(done, total, file.name);
      await writer.addFile(file.inside as string, file.path, options.breathe);
      done += file.bytes;
    }
    writer.done();
  } catch (error) {
    writer?.discard();
    if (error instanceof ContractError) throw error;
    if (error instanceof OutputError) throw new ContractError("file", error.message);
    const isSystem = error instanceof Error && "code" in error;
    throw new ContractError("file", `${path}: ${isSystem ? openFailureMessage(error) : (error as Error).message}`);
  }
  return { bytes: writer.bytes, inside: document.captures.filter(({ inside }) => inside !== null).length };
}

/**
 * Refuses to write over what is no workspace: a page that was taken over must not be able to destroy other files.
 * @throws ContractError "file"
 */
export function checkTarget(path: string): void {
  if (!path.toLowerCase().endsWith(WORKSPACE_EXTENSION))
    throw new ContractError("file", `${path}: expected a name that ends in ${WORKSPACE_EXTENSION}`);
  if (!existsSync(path)) return;
  let zip: ZipReader | undefined;
  try {
    zip = ZipReader.open(path);
    if (zip.entries.has(WORKSPACE_ENTRY)) return;
  } catch {
    // As said below.
  } finally {
    zip?.close();
  }
  throw new ContractError("file", `${path} is there already and is no workspace; choose another name`);
}

function hashOf(path: string, bytes: number, modifiedMs: number): string | null {
  const key = `${bytes} ${modifiedMs} ${path}`;
  const known = hashes.get(key);
  if (known !== undefined) return known;
  try {
    const hash = contentHash(path);
    if (hashes.size > 5000) hashes.clear();
    hashes.set(key, hash);
    return hash;
  } catch {
    return null;
  }
}

function isBelow(path: string, folder: string): boolean {
  const from = relative(resolve(folder), resolve(path));
  return from !== "" && !from.startsWith("..") && !isAbsolute(from);
}
