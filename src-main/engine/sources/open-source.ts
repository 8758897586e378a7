/**
 * Opens an input by its name, whatever it is: looks at the first bytes and puts a decompressor on top where they ask
 * for one. The bytes looked at are given back: the source returned delivers everything from the first byte on.
 */
import { close, fstatSync, open } from "node:fs";
import { promisify } from "node:util";

import { FileSource } from "./file-source";
import { gzipSource } from "./gzip-source";
import { lz4Source } from "./lz4-source";
import { compressionOf, MAGIC_LENGTH } from "./magic";
import { openFailureMessage } from "./open-failure";
import type { ByteSource } from "./source";
import { pipeSource, stdinSource } from "./stdin-source";
import { zstdSource } from "./zstd-source";

export interface OpenOptions {
  /** At the end of a regular file wait for it to grow, until `signal` is aborted. Pipes always wait. */
  readonly tail?: boolean | undefined;
  /** Ends the waiting for data that is not there yet; reads then answer 0. */
  readonly signal?: AbortSignal | undefined;
  /** With `tail`: how often to look whether the file grew. */
  readonly pollMilliseconds?: number | undefined;
}

/**
 * Opens the file, FIFO or device at `path`, or standard input for "-". Plain regular files are read synchronously.
 *
 * Waits for the first 4 bytes, so on a quiet pipe or an empty file with `tail` it resolves when they arrive, the input
 * ends or `signal` is aborted. Rejects with an `Error` for the user if the input cannot be opened. Reads of the source
 * reject with `CompressionError` where compressed data is damaged, and with the system's error where reading fails.
 */
export async function openSource(path: string, options: OpenOptions = {}): Promise<ByteSource> {
  const raw = path === "-" ? stdinSource(options.signal) : await openPath(path, options);
  try {
    return decompressed(await withHead(raw), options.signal);
  } catch (error) {
    raw.close();
    throw error;
  }
}

async function openPath(path: string, options: OpenOptions): Promise<ByteSource> {
  let fd: number;
  try {
    // Not openSync: opening a FIFO blocks until somebody writes to it.
    fd = await promisify(open)(path, "r");
  } catch (error) {
    throw new Error(openFailureMessage(error), { cause: error });
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return new FileSource(path, fd, options);
  if (!stat.isDirectory()) return pipeSource(path, fd, options.signal);
  close(fd);
  throw new Error(openFailureMessage(Object.assign(new Error("folder"), { code: "EISDIR" })));
}

function decompressed(source: HeadedSource, signal: AbortSignal | undefined): ByteSource {
  switch (compressionOf(source.head)) {
    case "gzip":
      return gzipSource(source, signal);
    case "zstd":
      return zstdSource(source, signal);
    case "lz4":
      return lz4Source(source, signal);
    case undefined:
      return source;
  }
}

/** Reads the first bytes, fewer if there are no more, and puts them in front of the rest. */
async function withHead(source: ByteSource): Promise<HeadedSource> {
  const head = new Uint8Array(MAGIC_LENGTH);
  let length = 0;
  while (length < head.length) {
    const count = await source.read(head, length, head.length - length);
    if (count === 0) break;
    length += count;
  }
  return new HeadedSource(head.subarray(0, length), source);
}

/** A source of which the first bytes have already been read. */
class HeadedSource implements ByteSource {
  readonly head: Uint8Array;
  private readonly rest: ByteSource;
  private given = 0;

  constructor(head: Uint8Array, rest: ByteSource) {
    this.head = head;
    this.rest = rest;
  }

  get name(): string {
    return this.rest.name;
  }

  get size(): number | undefined {
    return this.rest.size;
  }

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    if (this.given === this.head.length) return this.rest.read(target, offset, length);
    const bytes = this.head.subarray(this.given, this.given + length);
    target.set(bytes, offset);
    this.given += bytes.length;
    return bytes.length;
  }

  close(): void {
    this.rest.close();
  }
}
