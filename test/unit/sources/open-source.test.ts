/** Opening an input: what it is is told by its first bytes, and none of them is lost. */
import { execFileSync } from "node:child_process";
import { appendFileSync, constants, openSync, closeSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { CompressionError } from "../../../src-main/engine/sources/compression-error";
import { openSource } from "../../../src-main/engine/sources/open-source";
import { ascii, randomBytes, readAll, readUntilError, temporaryFile, temporaryFolder } from "./helpers";
import { lz4Frame, stored } from "./lz4-frames";
import { raw, zstdFrame } from "./zstd-frames";

describe("opening an input", () => {
  it("loses none of the bytes it looked at, however few there are", async () => {
    for (let length = 0; length <= 9; length++) {
      const bytes = ascii("123456789").subarray(0, length);
      const path = temporaryFile(bytes);
      for (const step of [1, 3, 4, 5, 100]) {
        expect((await readAll(await openSource(path), step)).equals(bytes)).toBe(true);
      }
    }
  });

  it("leaves plain files synchronous and tells their size", async () => {
    const path = temporaryFile(randomBytes(1000));
    const source = await openSource(path);
    expect(source).toMatchObject({ name: path, size: 1000 });
    let total = 0;
    for (;;) {
      const count = source.read(new Uint8Array(300), 0, 300);
      expect(typeof count).toBe("number");
      if (count === 0) break;
      total += Number(count);
    }
    expect(total).toBe(1000);
    source.close();
  });

  it.each([
    ["gzip", gzipSync(ascii("content"))],
    ["zstd", zstdFrame([raw(ascii("content"))])],
    ["lz4", lz4Frame([stored(ascii("content"))])],
  ])("recognises %s by its first bytes, not by its name", async (_format, packed) => {
    const path = temporaryFile(packed, "capture.pcap");
    const source = await openSource(path);
    expect(source.name).toBe(path);
    expect(source.size).toBeUndefined();
    expect((await readAll(source, 2)).toString()).toBe("content");
  });

  it("says what to do about a file that is not there", async () => {
    const path = join(temporaryFolder(), "missing.pcap");
    await expect(openSource(path)).rejects.toThrow("no such file or folder; check the spelling");
  });

  it("says what to do about a folder", async () => {
    await expect(openSource(temporaryFolder())).rejects.toThrow("it is a folder; name the capture files in it");
  });

  it.skipIf(process.platform === "win32")("reads a FIFO, compressed or not", async () => {
    for (const bytes of [ascii("content"), gzipSync(ascii("content"))]) {
      const path = join(temporaryFolder(), "fifo");
      execFileSync("mkfifo", [path]);
      const opening = openSource(path);
      const writer = openSync(path, constants.O_RDWR);
      writeSync(writer, bytes);
      const source = await opening;
      closeSync(writer);
      expect((await readAll(source)).toString()).toBe("content");
    }
  });
});

describe("opening a file that is still being written (tail)", () => {
  it("waits for the first bytes of an empty file", async () => {
    const path = temporaryFile(ascii(""));
    const stop = new AbortController();
    const opening = openSource(path, { tail: true, signal: stop.signal });
    appendFileSync(path, "content");
    const source = await opening;
    stop.abort();
    expect((await readAll(source)).toString()).toBe("content");
  });

  it("follows a compressed file; being told to stop in its middle is not damage", async () => {
    const packed = Buffer.concat([gzipSync(randomBytes(50_000, 1)), gzipSync(randomBytes(50_000, 2))]);
    const path = temporaryFile(packed.subarray(0, 20_000));
    const stop = new AbortController();
    const source = await openSource(path, { tail: true, signal: stop.signal });
    const target = new Uint8Array(60_000);
    let length = 0;
    while (length < 50_000) {
      length += await source.read(target, length, target.length - length);
      if (length < 50_000) writeFileSync(path, packed.subarray(0, 60_000));
    }
    expect(Buffer.from(target.subarray(0, 50_000)).equals(randomBytes(50_000, 1))).toBe(true);
    stop.abort();
    expect((await readUntilError(source)).error).toBeUndefined();
  });

  it("still reports the cut if nobody asked it to stop", async () => {
    const path = temporaryFile(gzipSync(randomBytes(50_000)).subarray(0, 20_000));
    expect((await readUntilError(await openSource(path))).error).toBeInstanceOf(CompressionError);
  });
});
