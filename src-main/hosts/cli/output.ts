/** Standard output, written whole and in order. A reader that went away ends the program quietly, as in any pipe. */
import { writeSync } from "node:fs";
import type { TextWriter } from "../../../src-shared/base/text-writer";

/** Thrown when nobody reads any more. */
export class PipeClosed extends Error {}

export function writeAll(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") {
        // A pipe that is full and was opened non-blocking: wait a moment.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        continue;
      }
      if (code === "EPIPE") throw new PipeClosed();
      throw error;
    }
  }
}

const FLUSH_AT = 1 << 18;

/** Writes out what has gathered once it is worth a system call. */
export function flushSome(out: TextWriter): void {
  if (out.length >= FLUSH_AT) flush(out);
}

export function flush(out: TextWriter): void {
  if (out.length) writeAll(1, out.bytes());
  out.clear();
}

export function print(text: string): void {
  writeAll(1, Buffer.from(text, "utf8"));
}

export function printError(text: string): void {
  try {
    writeAll(2, Buffer.from(`${text}\n`, "utf8"));
  } catch (error) {
    if (!(error instanceof PipeClosed)) throw error;
  }
}
