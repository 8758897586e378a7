/**
 * A file that is written beside its place and moved there when it is whole: what fails leaves no half file, what was there before
 * stays until then, and a capture that is being read may be the target.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** The message names the file and says why it could not be written. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

export class OutputFile {
  bytes = 0;
  private readonly part: string;
  private readonly descriptor: number;

  /** @throws OutputError */
  constructor(
    private readonly path: string,
    /** Who may read it: as for any new file, less what the user's umask takes away. */
    mode = 0o666,
  ) {
    this.part = `${path}.part-${process.pid}`;
    this.descriptor = this.attempt(() => openSync(this.part, "w", mode));
  }

  /** @throws OutputError */
  readonly write = (bytes: Uint8Array): void => {
    this.attempt(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.descriptor, bytes, at);
    });
    this.bytes += bytes.length;
  };

  /** `synced`: everything is on the disk when it returns. @throws OutputError */
  done(synced = false): void {
    this.attempt(() => {
      if (synced) fsyncSync(this.descriptor);
      closeSync(this.descriptor);
      renameSync(this.part, this.path);
    });
  }

  discard(): void {
    try {
      closeSync(this.descriptor);
    } catch {
      // closed already
    }
    rmSync(this.part, { force: true });
  }

  private attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new OutputError(`${this.path}: ${writeFailureMessage(error)}`, { cause: error });
    }
  }
}

/** Says why a file could not be written and what to do about it, from what the system reported. */
export function writeFailureMessage(error: unknown): string {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such folder to write to; check the spelling, or make it first";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "this user may not write there; choose another folder";
    case "EISDIR":
    case "ENOTEMPTY":
      return "a folder of this name is there; choose another name";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full; make room, or choose another folder";
    default:
      return `it cannot be written (${error instanceof Error ? error.message : String(error)})`;
  }
}
