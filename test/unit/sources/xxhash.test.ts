/** The checksums of LZ4 and zstd against the reference implementation's values. */
import { describe, expect, it } from "vitest";

import { XxHash32, XxHash64 } from "../../../src-main/engine/sources/xxhash";
import { ascii, randomBytes } from "./helpers";

describe("the checksums of lz4 and zstd", () => {
  it("agree with the reference implementation", () => {
    const hash32 = (text: string): number => feed(new XxHash32(), ascii(text)).digest();
    const hash64 = (text: string): number => feed(new XxHash64(), ascii(text)).digestLow32();
    expect(hash32("")).toBe(0x02cc5d05);
    expect(hash32("abc")).toBe(0x32d153ff);
    expect(hash32("Nobody inspects the spammish repetition")).toBe(0xe2293b2f);
    expect(hash64("")).toBe(0x51d8e999);
    expect(hash64("abc")).toBe(0xad770999);
    expect(hash64("Nobody inspects the spammish repetition")).toBe(0x8a378bf1);
  });

  it("do not depend on the portions the data comes in", () => {
    const bytes = randomBytes(1000);
    const whole32 = feed(new XxHash32(), bytes).digest();
    const whole64 = feed(new XxHash64(), bytes).digestLow32();
    for (const step of [1, 3, 15, 16, 17, 31, 32, 33, 100]) {
      expect(feed(new XxHash32(), bytes, step).digest()).toBe(whole32);
      expect(feed(new XxHash64(), bytes, step).digestLow32()).toBe(whole64);
    }
  });
});

function feed<T extends XxHash32 | XxHash64>(hash: T, bytes: Uint8Array, step = bytes.length): T {
  for (let at = 0; at < bytes.length; at += step) hash.update(bytes.subarray(at, at + step));
  return hash;
}
