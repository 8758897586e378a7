/**
 * A plain file, read where it lies: each read is one positioned system call into the caller's buffer, with no
 * stream, no copy and no await. With `tail`, the end of the file is not the end: the source waits for more.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { ByteSource } from "./source";

/** Polled, because change notices do not arrive on network file systems, where captures often are. */
const TAIL_POLL_MILLISECONDS = 50;

export interface FileSourceOptions {
  /** At the end of the file wait for it to grow. */
  readonly tail?: boolean | undefined;
  /** Ends the waiting: the rest of the file is still delivered, then reads answer 0. */
  readonly signal?: AbortSignal | undefined;
  /** How often to look whether it grew; 50 ms unless told. */
  readonly pollMilliseconds?: number | undefined;
}

/** Owns the descriptor `fd` of a regular file: `close` closes it. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number | undefined;
  private readonly fd: number;
  private readonly tail: boolean;
  private readonly signal: AbortSignal | undefined;
  private readonly pollMilliseconds: number;
  private position = 0;
  private closed = false;

  constructor(name: string, fd: number, options: FileSourceOptions = {}) {
    this.name = name;
    this.fd = fd;
    this.tail = options.tail ?? false;
    this.signal = options.signal;
    this.pollMilliseconds = options.pollMilliseconds ?? TAIL_POLL_MILLISECONDS;
    this.size = this.tail ? undefined : fstatSync(fd).size;
  }

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    const count = this.readNow(target, offset, length);
    return count > 0 || length === 0 || !this.tail ? count : this.readWhenGrown(target, offset, length);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }

  private readNow(target: Uint8Array, offset: number, length: number): number {
    if (this.closed) return 0;
    const count = readSync(this.fd, target, offset, length, this.position);
    this.position += count;
    return count;
  }

  private async readWhenGrown(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (!this.closed && this.signal?.aborted !== true) {
      // Waiting for the old size to be passed again would skip what is written until then.
      if (fstatSync(this.fd).size < this.position) throw new Error("the file became shorter while it was being read");
      // The delay rejects only when aborted, and the loop looks at that itself.
      await delay(this.pollMilliseconds, undefined, { signal: this.signal }).catch(() => undefined);
      const count = this.readNow(target, offset, length);
      if (count > 0) return count;
    }
    return 0;
  }
}
