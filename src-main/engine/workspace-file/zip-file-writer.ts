/**
 * Writes a zip beside its place and moves it there when it is whole: what was there before stays until then, and after a crash.
 * Entries are deflated as they come; the file is never in memory.
 */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { Zip, ZipDeflate } from "fflate/browser";

const CHUNK = 1 << 18;
/** fflate writes no zip64. */
const MAX_BYTES = 0xf000_0000;
/** Captures shrink to a third at level 1; level 6 makes them 10 % smaller in three times the time. */
const LEVEL = 1;

export class ZipFileWriter {
  bytes = 0;
  private readonly part: string;
  private readonly fd: number;
  private readonly zip: Zip;
  private failure: Error | undefined;

  /** @throws the file system's error */
  constructor(private readonly path: string) {
    this.part = `${path}.part-${process.pid}`;
    this.fd = openSync(this.part, "w", 0o600);
    this.zip = new Zip((error, data) => {
      if (error) this.failure ??= error;
      else this.write(data);
    });
  }

  addText(name: string, text: string): void {
    const entry = new ZipDeflate(name, { level: 6 });
    this.zip.add(entry);
    entry.push(new TextEncoder().encode(text), true);
    this.check();
  }

  /** @throws the file system's error; Error if the zip would be larger than 4 GB */
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
    fsyncSync(this.fd);
    closeSync(this.fd);
    renameSync(this.part, this.path);
  }

  discard(): void {
    try {
      closeSync(this.fd);
    } catch {
      // closed already
    }
    rmSync(this.part, { force: true });
  }

  private write(data: Uint8Array): void {
    try {
      for (let at = 0; at < data.length;) at += writeSync(this.fd, data, at);
      this.bytes += data.length;
    } catch (error) {
      this.failure ??= error as Error;
    }
  }

  private check(): void {
    if (this.failure) throw this.failure;
  }
}
