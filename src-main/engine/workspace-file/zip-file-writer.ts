/**
 * Writes a zip file. Entries are deflated as they come; the file is never in memory.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { Zip, ZipDeflate } from "fflate/browser";
import { OutputFile } from "../export/output-file";

const CHUNK = 1 << 18;
/** fflate writes no zip64. */
const MAX_BYTES = 0xf000_0000;
/** Captures shrink to a third at level 1; level 6 makes them 10 % smaller in three times the time. */
const LEVEL = 1;

export class ZipFileWriter {
  private readonly file: OutputFile;
  private readonly zip: Zip;
  private failure: Error | undefined;

  /** Only its owner may read it. @throws OutputError */
  constructor(path: string) {
    this.file = new OutputFile(path, 0o600);
    this.zip = new Zip((error, data) => {
      if (error) this.failure ??= error;
      else this.write(data);
    });
  }

  get bytes(): number {
    return this.file.bytes;
  }

  addText(name: string, text: string): void {
    const entry = new ZipDeflate(name, { level: 6 });
    this.zip.add(entry);
    entry.push(new TextEncoder().encode(text), true);
    this.check();
  }

  /** @throws OutputError; the file system's error if `path` cannot be read; Error if the zip would be larger than 4 GB */
  async addFile(name: string, path: string, breathe: () => Promise<void>): Promise<void> {
    const entry = new ZipDeflate(name, { level: LEVEL });
    this.zip.add(entry);
    const fd = openSync(path, "r");
    try {
      for (let at = 0, done = false; !done;) {
        // A buffer of its own each time: the compressor keeps a window of what it was given.
        const buffer = new Uint8Array(CHUNK);
        const read = readSync(fd, buffer, 0, CHUNK, at);
        at += read;
        done = read === 0;
        entry.push(buffer.subarray(0, read), done);
        this.check();
        if (at > MAX_BYTES || this.bytes > MAX_BYTES)
          throw new Error("captures inside a workspace file may take 4 GB together at most; save it without them");
        await breathe();
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Everything is on the disk when it returns. */
  done(): void {
    this.zip.end();
    this.check();
    this.file.done(true);
  }

  discard(): void {
    this.file.discard();
  }

  /** Called by the compressor, which is not to be interrupted. */
  private write(data: Uint8Array): void {
    try {
      this.file.write(data);
    } catch (error) {
      this.failure ??= error as Error;
    }
  }

  private check(): void {
    if (this.failure) throw this.failure;
  }
}
