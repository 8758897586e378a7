/** zstd, decompressed in whatever portions it comes; damaged data never passes for good. */
import { describe, expect, it } from "vitest";

import { CompressionError } from "../../../src-main/engine/sources/compression-error";
import { zstdSource } from "../../../src-main/engine/sources/zstd-source";
import {
  ascii,
  compressor,
  damaged,
  MEGABYTE,
  MemorySource,
  mixedBytes,
  packetLines,
  randomBytes,
  readAll,
  readUntilError,
} from "./helpers";
import { skippableFrame } from "./lz4-frames";
import { raw, run, zstdFrame } from "./zstd-frames";

const unzstd = (bytes: Uint8Array, step?: number) => zstdSource(new MemorySource(bytes, step));
const zstd = compressor("zstd");

/** `packetLines(60)` by `zstd -19`: a compressed block with its own tables, a content size and a checksum. */
const PACKED_LINES = Buffer.from(
  "KLUv/WRmBz0GAHKMGxOgKWPFbw/9q4rF3rsiImSZOmzyhc9rzvKR67ffnvx26T6uMYtHrNt2a9KbJfu0piwdqV67bclulerDGrJw" +
    "hDpttiS5UaLPasaykemz147cNmk+NSwjRL/ttiS3FTpmSBiHZhQMiIEhIyEgBACHfqgRUHLtb8CDFMYRJAiCFyIBEn8fQTn7mGcf" +
    "8+xjnn3Ms4959jHPPubZxzz7mGcfs/0n2j/Xh8Of38Otn8ujo8PnWlQQBaoANUAFB2OZbakn6z+gVQFLKKeC",
  "base64",
);

describe("a zstd source", () => {
  it("decompresses, whether bytes trickle in or out one at a time", async () => {
    const original = packetLines(60);
    expect((await readAll(unzstd(PACKED_LINES))).equals(original)).toBe(true);
    expect((await readAll(unzstd(PACKED_LINES, 1))).equals(original)).toBe(true);
    expect((await readAll(unzstd(PACKED_LINES), 1)).equals(original)).toBe(true);
  });

  it("reads raw and run-length blocks of any size, also the smallest", async () => {
    for (const length of [0, 1, 2, 5, 17, 18, 19, 100_000]) {
      const bytes = randomBytes(length);
      const packed = zstdFrame([raw(bytes), run(0x41, 3), raw(bytes)], {
        checksumOf: Buffer.concat([bytes, ascii("AAA"), bytes]),
      });
      expect((await readAll(unzstd(packed))).equals(Buffer.concat([bytes, ascii("AAA"), bytes]))).toBe(true);
    }
  });

  it("joins concatenated frames and passes over skippable ones", async () => {
    const packed = Buffer.concat([
      zstdFrame([raw(ascii("one "))], { checksumOf: ascii("one ") }),
      skippableFrame(randomBytes(100_000)),
      zstdFrame([raw(new Uint8Array(0))]),
      zstdFrame([raw(ascii("two"))], { contentSize: 3 }),
    ]);
    expect((await readAll(unzstd(packed))).toString()).toBe("one two");
    expect((await readAll(unzstd(packed, 1))).toString()).toBe("one two");
  });

  it("reads thousands of tiny frames without running out of stack", async () => {
    const frame = zstdFrame([raw(ascii("x"))], { window: 0 });
    const packed = Buffer.concat(Array.from({ length: 20_000 }, () => frame));
    expect((await readAll(unzstd(packed))).equals(Buffer.alloc(20_000, "x"))).toBe(true);
  });

  it("delivers the blocks before a cut, then says that the file is cut off and where", async () => {
    const blocks = [raw(randomBytes(1000)), raw(randomBytes(1000)), raw(randomBytes(1000))];
    const { bytes, error } = await readUntilError(unzstd(zstdFrame(blocks).subarray(0, 2500)));
    expect(bytes.equals(Buffer.concat([randomBytes(1000), randomBytes(1000)]))).toBe(true);
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ offset: 2000, message: expect.stringContaining("cut off") as string });
  });

  it("reports a cut at every single place", async () => {
    for (let length = 1; length < PACKED_LINES.length; length++) {
      const { error } = await readUntilError(unzstd(PACKED_LINES.subarray(0, length)));
      expect(error).toBeInstanceOf(CompressionError);
    }
  });

  it("never passes damaged data off as good, whichever byte is hit", async () => {
    const original = packetLines(60);
    for (let at = 0; at < PACKED_LINES.length; at++) {
      const { bytes, error } = await readUntilError(unzstd(damaged(PACKED_LINES, at, 1 << (at % 8))));
      // One header bit is unused.
      expect(error instanceof CompressionError || bytes.equals(original)).toBe(true);
    }
  });

  it.each([
    ["a block of the reserved type", zstdFrame([{ type: 3, size: 1, bytes: Uint8Array.of(0) }]), "reserved"],
    ["a block larger than allowed", zstdFrame([run(0, 128 * 1024 + 1)]), "more than its frame allows"],
    ["a window too large for memory", zstdFrame([raw(ascii("x"))], { window: 17 << 3 }), "128 MiB"],
    ["a dictionary", zstdFrame([raw(ascii("x"))], { dictionary: 9 }), "dictionary"],
    ["less content than announced", zstdFrame([raw(ascii("x"))], { contentSize: 2 }), "says it holds 2 bytes"],
    ["other content than announced", zstdFrame([raw(ascii("x"))], { checksumOf: ascii("y") }), "checksum"],
    ["something else after the frame", Buffer.concat([zstdFrame([raw(ascii("x"))]), ascii("else")]), "something else"],
  ])("reports %s", async (_what, packed, message) => {
    const { error } = await readUntilError(unzstd(packed));
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) as string });
  });

  it("decompresses no further than asked, even where 80 KB hold gigabytes", async () => {
    const source = unzstd(zstdFrame(Array.from({ length: 20_000 }, () => run(0x41, 128 * 1024))));
    const target = new Uint8Array(MEGABYTE);
    const before = process.memoryUsage().arrayBuffers;
    expect(await source.read(target, 0, target.length)).toBe(128 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MEGABYTE);
    source.close();
  });

  it.skipIf(zstd === undefined).each(["-1", "-12", "--no-check", "--long=26"])(
    "gives back several megabytes packed by zstd %s",
    async (option) => {
      const original = mixedBytes();
      expect((await readAll(unzstd(zstd!(original, option)))).equals(original)).toBe(true);
    },
  );
});
