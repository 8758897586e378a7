/**
 * From files a person dropped to paths that "workspace.open" understands.
 *
 * ```
 * Electron   File ──► path on this computer                            nothing is copied
 * browser    File ──► PUT /upload ──► path in the host's scratch folder
 *            folder ──► the capture and cluster files in it, each uploaded
 * ```
 */
import { ContractError } from "../../src-shared/contract/messages";
import { holdIdle } from "./idle";
import { hostBridge } from "./transport";

export interface UploadProgress {
  readonly name: string;
  /** 1-based, of `files`. */
  readonly file: number;
  readonly files: number;
  /** Bytes of all files. */
  readonly done: number;
  readonly total: number;
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Names worth uploading out of a dropped folder; single files are taken whatever their name. */
const USABLE_NAME = /\.(pcap|pcapng|cap|dmp|ntar|json|ya?ml)(\.(gz|zst|lz4))?$/i;
/** A folder dropped by mistake (a home folder) must not keep the window busy for hours. */
const MAX_FILES = 2000;

/**
 * What was dropped, as paths. Must be called in the drop event itself: afterwards the browser forgets the items.
 * Rejected with a ContractError: "file" (cannot be read, or the host refused it), "cancelled".
 */
export async function pathsOfDrop(data: DataTransfer, options: UploadOptions = {}): Promise<string[]> {
  const bridge = hostBridge();
  if (bridge) return [...data.files].map((file) => bridge.pathForFile(file)).filter((path) => path !== "");
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const loose = [...data.files];
  const files: File[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry?.isDirectory) await collect(entry, files);
    else if (entry?.isFile) files.push(await fileOf(entry as FileSystemFileEntry));
    else if (loose[index]) files.push(loose[index]);
  }
  return pathsOfFiles(files, options);
}

/** Uploads files that a person chose (browser), or names their paths (Electron). Errors as pathsOfDrop. */
async function pathsOfFiles(files: readonly File[], options: UploadOptions = {}): Promise<string[]> {
  const bridge = hostBridge();
  if (bridge) return files.map((file) => bridge.pathForFile(file)).filter((path) => path !== "");
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const paths: string[] = [];
  let before = 0;
  for (const [index, file] of files.entries()) {
    const path = await upload(file, options.signal, (bytes) =>
      options.onProgress?.({ name: file.name, file: index + 1, files: files.length, done: before + bytes, total }),
    );
    paths.push(path);
    before += file.size;
  }
  return paths;
}

/** Starts the browser's download of something the host keeps ("/download/…"). */
export function startDownload(path: string, name: string): void {
  const link = document.createElement("a");
  link.href = path;
  link.download = name;
  link.click();
}

/** XMLHttpRequest, because fetch tells nothing about the progress of an upload. */
function upload(file: File, signal: AbortSignal | undefined, onBytes: (bytes: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new ContractError("cancelled", "Cancelled."));
    const request = new XMLHttpRequest();
    const release = holdIdle();
    const abort = (): void => request.abort();
    signal?.addEventListener("abort", abort, { once: true });
    request.upload.onprogress = (event) => onBytes(event.loaded);
    request.onload = () => {
      const path = request.status === 201 ? pathIn(request.responseText) : null;
      if (path !== null) resolve(path);
      else reject(refused(file, request.responseText || `the host answered ${request.status}`));
    };
    request.onerror = () => reject(refused(file, "the connection was lost, or the file cannot be read"));
    request.onabort = () => reject(new ContractError("cancelled", "Cancelled."));
    request.onloadend = () => {
      signal?.removeEventListener("abort", abort);
      release();
    };
    request.open("PUT", "/upload");
    request.setRequestHeader("x-file-name", encodeURIComponent(file.name));
    request.send(file);
  });
}

function refused(file: File, why: string): ContractError {
  return new ContractError("file", `${file.name} could not be sent: ${why.trim()}`);
}

function pathIn(answer: string): string | null {
  try {
    const { path } = JSON.parse(answer) as { path?: unknown };
    return typeof path === "string" ? path : null;
  } catch {
    return null;
  }
}

async function collect(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (files.length >= MAX_FILES) return;
  if (entry.isFile) {
    if (USABLE_NAME.test(entry.name)) files.push(await fileOf(entry as FileSystemFileEntry));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // readEntries gives at most 100 at a time; an empty list ends.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const inner of entries) await collect(inner, files);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) =>
    entry.file(resolve, (error) => reject(new ContractError("file", `${entry.name} cannot be read: ${error.message}`))),
  );
}
