/** gzip, decompressed in whatever portions it comes; what is damaged or cut off is delivered up to there and reported with its place. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { CompressionError } from "../../../src-main/engine/sources/compression-error";
import { gzipSource } from "../../../src-main/engine/sources/gzip-source";
import {
  ascii,
  damaged,
  MEGABYTE,
  MemorySource,
  mixedBytes,
  packetLines,
  randomBytes,
  readAll,
  readUntilError,
} from "./helpers";

const gunzip = (bytes: Uint8Array, step?: number) => gzipSource(new MemorySource(bytes, step));

describe("a gzip source", () => {
  it("gives back several megabytes exactly", async () => {
    const original = mixedBytes();
    expect((await readAll(gunzip(gzipSync(original)))).equals(original)).toBe(true);
  });

  it("gives the same whether bytes trickle in or out one at a time", async () => {
    const original = packetLines(300);
    const packed = gzipSync(original);
    expect((await readAll(gunzip(packed, 1))).equals(original)).toBe(true);
    expect((await readAll(gunzip(packed), 1)).equals(original)).toBe(true);
  });

  it("joins concatenated members, wherever the portions of input are cut", async () => {
    const packed = Buffer.concat([gzipSync(ascii("one ")), gzipSync(new Uint8Array(0)), gzipSync(ascii("two"))]);
    for (let step = 1; step <= packed.length; step++) {
      expect((await readAll(gunzip(packed, step))).toString()).toBe("one two");
    }
  });

  it("passes over all that a header may hold: extra field, name, comment, checksum", async () => {
    const plain = gzipSync(ascii("content"));
    const extras = Buffer.concat([Uint8Array.of(3, 0), ascii("abc"), ascii("name\0comment\0"), Uint8Array.of(1, 2)]);
    const packed = Buffer.concat([damaged(plain.subarray(0, 10), 3, 0x1e), extras, plain.subarray(10)]);
    for (const step of [1, 2, 7, 1000]) {
      expect((await readAll(gunzip(packed, step))).toString()).toBe("content");
    }
  });

  it("takes zeros after the last member for padding", async () => {
    const packed = Buffer.concat([gzipSync(ascii("content")), new Uint8Array(1000)]);
    expect((await readAll(gunzip(packed))).toString()).toBe("content");
  });

  it("delivers what a cut-off file still holds, then says that it is cut off and where", async () => {
    const original = randomBytes(3 * MEGABYTE);
    const packed = gzipSync(original);
    const { bytes, error } = await readUntilError(gunzip(packed.subarray(0, 2 * MEGABYTE)));
    expect(bytes.length).toBeGreaterThan(2 * MEGABYTE - 64 * 1024);
    expect(bytes.equals(original.subarray(0, bytes.length))).toBe(true);
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ offset: bytes.length, message: expect.stringContaining("cut off") as string });
  });

  it("reports a cut at every single place, in header, data and trailer", async () => {
    const packed = gzipSync(ascii("a few bytes, a few bytes"));
    for (let length = 0; length < packed.length; length++) {
      const { error } = await readUntilError(gunzip(packed.subarray(0, length)));
      expect(error).toBeInstanceOf(CompressionError);
    }
  });

  it("loses nothing to a wrong checksum or length, but reports it", async () => {
    const packed = gzipSync(ascii("content"));
    for (const fromEnd of [8, 1]) {
      const { bytes, error } = await readUntilError(gunzip(damaged(packed, packed.length - fromEnd, 0x40)));
      expect(bytes.toString()).toBe("content");
      expect(error).toMatchObject({ name: "CompressionError", offset: 7 });
    }
  });

  it("loses nothing to something else after the last member, but reports it", async () => {
    for (const garbage of ["garbage", "\0\0garbage"]) {
      const { bytes, error } = await readUntilError(
        gunzip(Buffer.concat([gzipSync(ascii("content")), ascii(garbage)])),
      );
      expect(bytes.toString()).toBe("content");
      expect(error).toMatchObject({ name: "CompressionError", offset: 7 });
    }
  });

  it("never passes damaged data off as good, whichever byte is hit", async () => {
    const original = packetLines(20);
    const packed = gzipSync(original);
    for (let at = 0; at < packed.length; at++) {
      const { bytes, error } = await readUntilError(gunzip(damaged(packed, at, 1 << (at % 8))));
      // Flags and time in the header may change without harm.
      expect(error instanceof CompressionError || bytes.equals(original)).toBe(true);
    }
  });

  it("repeats its error at each later read instead of pretending to be at the end", async () => {
    const source = gunzip(gzipSync(ascii("content")).subarray(0, 10));
    const target = new Uint8Array(100);
    await expect(source.read(target, 0, 100)).rejects.toThrow(CompressionError);
    await expect(source.read(target, 0, 100)).rejects.toThrow(CompressionError);
    source.close();
  });

  it("decompresses no further than asked: the rest of the file stays unread", async () => {
    const inner = new MemorySource(gzipSync(randomBytes(4 * MEGABYTE)));
    const source = gzipSource(inner);
    await source.read(new Uint8Array(1), 0, 1);
    expect(inner.position).toBeLessThan(256 * 1024);
    source.close();
    expect(inner.closed).toBe(true);
  });
});
