/** Plain files as byte sources: read synchronously, and followed while another program still writes them. */
import { appendFileSync, openSync, truncateSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { FileSource } from "../../../src-main/engine/sources/file-source";
import { ascii, randomBytes, readAll, temporaryFile } from "./helpers";

describe("a plain file", () => {
  it("is read synchronously: a number, never a promise", () => {
    const path = temporaryFile(ascii("content"));
    const source = new FileSource(path, openSync(path, "r"));
    const target = new Uint8Array(10).fill(0x2e);
    expect(source.size).toBe(7);
    expect(source.read(target, 2, 4)).toBe(4);
    expect(source.read(target, 6, 4)).toBe(3);
    expect(Buffer.from(target).toString()).toBe("..content.");
    expect(source.read(target, 0, 10)).toBe(0);
    source.close();
  });

  it("gives the same one byte at a time", async () => {
    const bytes = randomBytes(5000);
    const path = temporaryFile(bytes);
    expect((await readAll(new FileSource(path, openSync(path, "r")), 1)).equals(bytes)).toBe(true);
  });

  it("is at its end after close, however often closed", () => {
    const path = temporaryFile(ascii("content"));
    const source = new FileSource(path, openSync(path, "r"));
    source.close();
    source.close();
    expect(source.read(new Uint8Array(10), 0, 10)).toBe(0);
  });
});

describe("a file that is still being written (tail)", () => {
  it("delivers what is there at once, waits for more, and ends when told to", async () => {
    const path = temporaryFile(ascii("one"));
    const stop = new AbortController();
    const source = new FileSource(path, openSync(path, "r"), { tail: true, signal: stop.signal });
    const target = new Uint8Array(10);
    const text = (count: number): string => Buffer.from(target.subarray(0, count)).toString();

    expect(source.size).toBeUndefined();
    expect(text(await source.read(target, 0, 10))).toBe("one");

    for (const more of ["two", "three"]) {
      const waiting = source.read(target, 0, 10);
      expect(waiting).toBeInstanceOf(Promise);
      appendFileSync(path, more);
      expect(text(await waiting)).toBe(more);
    }

    const last = source.read(target, 0, 10);
    stop.abort();
    expect(await last).toBe(0);
    source.close();
  });

  it("delivers what was written before the end was asked for", async () => {
    const path = temporaryFile(ascii(""));
    const stop = new AbortController();
    const source = new FileSource(path, openSync(path, "r"), { tail: true, signal: stop.signal });
    appendFileSync(path, "late");
    stop.abort();
    expect((await readAll(source, 3)).toString()).toBe("late");
  });

  it("says so if the file is cut back: its place in the file is gone", async () => {
    const path = temporaryFile(ascii("content"));
    const source = new FileSource(path, openSync(path, "r"), { tail: true });
    await source.read(new Uint8Array(10), 0, 10);
    truncateSync(path, 2);
    await expect(source.read(new Uint8Array(10), 0, 10)).rejects.toThrow("became shorter");
    source.close();
  });

  it("stops waiting when closed", async () => {
    const path = temporaryFile(ascii(""));
    const source = new FileSource(path, openSync(path, "r"), { tail: true });
    const waiting = source.read(new Uint8Array(1), 0, 1);
    source.close();
    expect(await waiting).toBe(0);
  });
});
