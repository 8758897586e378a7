/**
 * Writes down what it reads: input that can only be read forward (compressed, standard input, a pipe) is kept in a file of its
 * own, so that packets can be read again by their offset.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { ByteSource } from "./source";

export class SpoolSource implements ByteSource {
  readonly size = undefined;
  private readonly descriptor: number;
  private closed = false;

  /** Takes over `inner`: closes it. Throws if the spool cannot be made. */
  constructor(
    private readonly inner: ByteSource,
    private readonly path: string,
  ) {
    // For this user only: what is captured may be nobody else's business.
    this.descriptor = openSync(path, "w", 0o600);
  }

  get name(): string {
    return this.inner.name;
  }

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    const answer = this.inner.read(target, offset, length);
    if (typeof answer === "number") return this.write(target, offset, answer);
    return answer.then((count) => this.write(target, offset, count));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
    this.inner.close();
  }

  private write(target: Uint8Array, offset: number, count: number): number {
    try {
      for (let done = 0; done < count;) done += writeSync(this.descriptor, target, offset + done, count - done);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`its decompressed copy cannot be kept in ${this.path} (${reason}); make room there`, {
        cause: error,
      });
    }
    return count;
  }
}
