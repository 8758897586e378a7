/** Reads a `.hopscope` file and finds the captures it speaks of; those inside are unpacked into the scratch folder. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type { FoundFile } from "../../../src-shared/contract/workspace-file";
import {
  type FileReference,
  WORKSPACE_ENTRY,
  type WorkspaceDocument,
  parseWorkspaceDocument,
} from "../../../src-shared/workspace-file/document";
import { parseEntryName } from "../../../src-shared/workspace-file/entry-name";
import type { SavedSession } from "../service/saved-session";
import { openFailureMessage } from "../sources/open-failure";
import { FileFinder, type Place } from "./find-files";
import { ZipReader } from "./zip-reader";

/** Half a million notes are 250 MB. */
const MAX_DOCUMENT_BYTES = 512 << 20;
/** A full disk harms more than a workspace that is not opened. */
const SPARE_BYTES = 256 << 20;

export interface LocateOptions {
  readonly folders: readonly string[];
  readonly scratchFolder: string;
  readonly breathe: () => Promise<void>;
  readonly progress: (done: number, total: number, text: string) => void;
}

export interface LocatedWorkspace {
  readonly document: WorkspaceDocument;
  readonly files: readonly FoundFile[];
  readonly session: SavedSession;
  /** Deletes what was unpacked: nobody opens it. */
  readonly discard: () => void;
}

/** @throws ContractError "file": the path, what is wrong, and where in the file */
export async function locateWorkspace(path: string, options: LocateOptions): Promise<LocatedWorkspace> {
  let zip: ZipReader | undefined;
  let folder: string | undefined;
  const discard = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    zip = ZipReader.open(path);
    const document = parseWorkspaceDocument(
      new TextDecoder().decode(await zip.read(WORKSPACE_ENTRY, MAX_DOCUMENT_BYTES)),
    );
    const finder = new FileFinder(path, options.folders);
    const unpacked = (): string => {
      mkdirSync(options.scratchFolder, { recursive: true });
      return (folder ??= mkdtempSync(join(options.scratchFolder, "workspace-")));
    };
    const files: FoundFile[] = [];
    const locate = async (file: FileReference, kind: FoundFile["kind"]): Promise<Place> => {
      const place =
        file.inside === null ? finder.find(file) : await unpackFile(zip as ZipReader, file.inside, unpacked(), options);
      files.push({ name: file.name, kind, recorded: file.path, ...place });
      return place;
    };
    const captures: SavedSession["captures"][number][] = [];
    for (const capture of document.captures) {
      const place = await locate(capture, "capture");
      captures.push({
        path: place.path ?? capture.path,
        ...(place.path === null && { problem: "it was not found when the workspace was opened" }),
        clockOffset: capture.clockOffset,
        points: capture.points,
      });
    }
    const clusterFiles: string[] = [];
    for (const file of document.clusterFiles) {
      const place = await locate(file, "cluster");
      if (place.path !== null) clusterFiles.push(place.path);
    }
    return { document, files, session: { captures, decodeAs: document.decodeAs, clusterFiles }, discard };
  } catch (error) {
    discard();
    if (error instanceof ContractError) throw error;
    const isSystem = error instanceof Error && "code" in error;
    const why = isSystem ? openFailureMessage(error) : error instanceof Error ? error.message : String(error);
    throw new ContractError("file", `${path} cannot be opened as a workspace: ${why}`);
  } finally {
    zip?.close();
  }
}

/** Each entry into a folder of its number, under a name that cannot lead elsewhere. */
async function unpackFile(zip: ZipReader, name: string, folder: string, options: LocateOptions): Promise<Place> {
  const parts = parseEntryName(name);
  const entry = zip.entries.get(name);
  if (!parts) throw new Error(`workspace.json: "${name}" is no name of an entry (captures/<number>/<file name>)`);
  if (!entry) throw new Error(`workspace.json speaks of ${name}, which is not in the file`);
  const { bavail, bsize } = statfsSync(folder);
  if (entry.bytes > bavail * bsize - SPARE_BYTES)
    throw new Error(`the disk that holds ${options.scratchFolder} has no room for ${name} (${entry.bytes} bytes)`);
  const target = join(folder, parts.kind, String(parts.index));
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const path = join(target, parts.file);
  const fd = openSync(path, "wx", 0o600);
  try {
    let done = 0;
    await zip.unpack(
      entry,
      (part) => {
        for (let at = 0; at < part.length;) at += writeSync(fd, part, at);
        done += part.length;
        options.progress(done, entry.bytes, parts.file);
      },
      options.breathe,
    );
  } finally {
    closeSync(fd);
  }
  return { path, state: "inside" };
}
