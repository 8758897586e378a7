/** LZ4 frames, decompressed by our own reader: every kind of block, and damage with its place. */
import { describe, expect, it } from "vitest";

import { CompressionError } from "../../../src-main/engine/sources/compression-error";
import { lz4Source } from "../../../src-main/engine/sources/lz4-source";
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
import { compressed, lz4Frame, skippableFrame, stored } from "./lz4-frames";

const unlz4 = (bytes: Uint8Array, step?: number) => lz4Source(new MemorySource(bytes, step));
const lz4 = compressor("lz4");

/** Literals "ab", then 6 bytes from 2 back, then the literal "!". */
const ABABABAB = compressed(0x22, 0x61, 0x62, 2, 0, 0x10, 0x21);

describe("an lz4 source", () => {
  it("reads stored blocks, with every optional field of the frame", async () => {
    const original = randomBytes(200_000);
    const blocks = [0, 1, 2, 3].map((i) => stored(original.subarray(i * 65536, (i + 1) * 65536)));
    for (const blockChecksums of [false, true]) {
      for (const contentSize of [undefined, original.length]) {
        for (const checksumOf of [undefined, original]) {
          const options = { blockChecksums, ...(contentSize && { contentSize }), ...(checksumOf && { checksumOf }) };
          expect((await readAll(unlz4(lz4Frame(blocks, options)))).equals(original)).toBe(true);
        }
      }
    }
  });

  it("repeats bytes where a match overlaps its own output", async () => {
    expect((await readAll(unlz4(lz4Frame([ABABABAB])))).toString()).toBe("abababab!");
  });

  it("reads lengths that go on over several bytes", async () => {
    // 15 + 255 + 30 literals; then a match of 4 + 15 + 255 + 0, all from 300 back.
    const literals = randomBytes(300);
    const block = compressed(0xff, 255, 30, ...literals, 300 & 255, 300 >> 8, 255, 0, 0x00);
    const expected = Buffer.concat([literals, literals.subarray(0, 274)]);
    expect((await readAll(unlz4(lz4Frame([block])))).equals(expected)).toBe(true);
  });

  it("lets linked blocks refer to the blocks before, up to 64 KiB back", async () => {
    const first = randomBytes(65536, 1);
    const second = randomBytes(65535, 2);
    // 4 bytes from 65535 back: the first four bytes of the second block.
    const third = compressed(0x00, 0xff, 0xff, 0x10, 0x21);
    const packed = lz4Frame([stored(first), stored(second), third], { linked: true });
    const expected = Buffer.concat([first, second, second.subarray(0, 4), ascii("!")]);
    expect((await readAll(unlz4(packed))).equals(expected)).toBe(true);
  });

  it("does not let independent blocks do so", async () => {
    const packed = lz4Frame([stored(ascii("abcdefgh")), compressed(0x00, 4, 0, 0x10, 0x21)]);
    const { bytes, error } = await readUntilError(unlz4(packed));
    expect(bytes.toString()).toBe("abcdefgh");
    expect(error).toMatchObject({ name: "CompressionError", offset: 8 });
  });

  it("joins concatenated frames and passes over skippable ones", async () => {
    const packed = Buffer.concat([
      lz4Frame([stored(ascii("one "))], { blockSizeCode: 7 }),
      skippableFrame(randomBytes(100_000)),
      lz4Frame([]),
      lz4Frame([ABABABAB], { checksumOf: ascii("abababab!") }),
    ]);
    expect((await readAll(unlz4(packed))).toString()).toBe("one abababab!");
    expect((await readAll(unlz4(packed, 1))).toString()).toBe("one abababab!");
    expect((await readAll(unlz4(packed), 1)).toString()).toBe("one abababab!");
  });

  it.each([
    ["a match from before the beginning", compressed(0x10, 0x61, 2, 0, 0x10, 0x21)],
    ["a match from nowhere (offset 0)", compressed(0x10, 0x61, 0, 0, 0x10, 0x21)],
    ["literals past the end of the block", compressed(0x50, 0x61)],
    ["a length past the end of the block", compressed(0xf0, 255, 255)],
    ["a match length past the end of the block", compressed(0x1f, 0x61, 1, 0, 255)],
    ["half an offset", compressed(0x10, 0x61, 1)],
    ["no literals at the end", compressed(0x10, 0x61, 1, 0)],
    ["more output than a block may have", compressed(0x1f, 0x61, 1, 0, ...Array<number>(300).fill(255), 0, 0x10, 0x21)],
    ["a block larger than the frame allows", stored(new Uint8Array(65537))],
  ])("reports %s, after delivering the blocks before", async (_what, block) => {
    const { bytes, error } = await readUntilError(unlz4(lz4Frame([stored(ascii("good")), block], { linked: false })));
    expect(bytes.toString()).toBe("good");
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ offset: 4 });
  });

  it.each([
    ["content other than its checksum", lz4Frame([stored(ascii("x"))], { checksumOf: ascii("y") }), "checksum"],
    ["less content than announced", lz4Frame([stored(ascii("x"))], { contentSize: 2 }), "says it holds 2 bytes"],
    ["a damaged header", damaged(lz4Frame([]), 4, 0x04), "header"],
    ["something else after the frame", Buffer.concat([lz4Frame([]), ascii("else")]), "something else"],
    ["the legacy format", Uint8Array.of(0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0), "legacy"],
  ])("reports %s", async (_what, packed, message) => {
    const { error } = await readUntilError(unlz4(packed));
    expect(error).toBeInstanceOf(CompressionError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) as string });
  });

  it("reports a cut at every single place but between frames", async () => {
    const packed = lz4Frame([stored(ascii("content")), ABABABAB], {
      blockChecksums: true,
      checksumOf: ascii("contentabababab!"),
    });
    for (let length = 1; length < packed.length; length++) {
      const { error } = await readUntilError(unlz4(packed.subarray(0, length)));
      expect(error).toBeInstanceOf(CompressionError);
      expect(error).toMatchObject({ message: expect.stringContaining("cut off") as string });
    }
  });

  it("decompresses no further than asked: the rest of the file stays unread", async () => {
    const blocks = Array.from({ length: 64 }, () => stored(new Uint8Array(65536)));
    const inner = new MemorySource(lz4Frame(blocks));
    const source = lz4Source(inner);
    await source.read(new Uint8Array(1), 0, 1);
    expect(inner.position).toBeLessThan(256 * 1024);
    source.close();
    expect(inner.closed).toBe(true);
  });

  it
    .skipIf(lz4 === undefined)
    .each([["-1"], ["-9", "-B4", "-BD"], ["-B5", "-BI", "-BX"], ["-B7", "--content-size"], ["-BD", "--no-frame-crc"]])(
    "gives back several megabytes packed by lz4 %s %s %s",
    async (...options) => {
      const original = mixedBytes();
      expect((await readAll(unlz4(lz4!(original, ...options)))).equals(original)).toBe(true);
      expect(original.length).toBeGreaterThan(4 * MEGABYTE);
    },
  );

  it.skipIf(lz4 === undefined)("never passes damaged data off as good, whichever byte is hit", async () => {
    const original = packetLines(60);
    const packed = lz4!(original);
    for (let at = 0; at < packed.length; at++) {
      const { bytes, error } = await readUntilError(unlz4(damaged(packed, at, 1 << (at % 8))));
      // A match may by chance refer to another place where the same bytes are.
      expect(error instanceof CompressionError || bytes.equals(original)).toBe(true);
    }
  });
});
