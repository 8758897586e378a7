/**
 * A small JSON document on disk that survives what happens to files: it is written beside its place and then renamed, so
 * that a reader sees the old text or the new one, never half; a file that does not parse is put aside and begun anew.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import * as v from "valibot";

/** More than any settings need; what is larger was not written by Hopscope. */
const MAX_BYTES = 64 << 20;

export class JsonFile<T> {
  /** @param empty what it holds while there is no file */
  constructor(
    readonly path: string,
    private readonly schema: v.GenericSchema<unknown, T>,
    private readonly empty: T,
  ) {}

  /** Never throws: a missing, unreadable or damaged file reads as `empty`. A damaged one is renamed to `….damaged`. */
  read(): T {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch {
      return this.empty;
    }
    try {
      if (text.length > MAX_BYTES) throw new Error("too large");
      return v.parse(this.schema, JSON.parse(text));
    } catch {
      this.putAside();
      return this.empty;
    }
  }

  /**
   * Replaces the contents by what `change` makes of them. Reads first: a second Hopscope may have written meanwhile.
   * Throws the file system's error if it cannot be written.
   */
  update(change: (current: T) => T): void {
    const text = JSON.stringify(change(this.read()));
    const beside = `${this.path}.${process.pid}.new`;
    try {
      const fd = openSync(beside, "w", 0o600);
      try {
        writeSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(beside, this.path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  private putAside(): void {
    try {
      if (existsSync(this.path)) renameSync(this.path, `${this.path}.damaged`);
    } catch {
      // It stays where it is, and the next write replaces it.
    }
  }
}
