/** A payload that was read before is known by its bytes alone, every one of them. */
import { describe, expect, test } from "vitest";
import { SeenContents } from "../../../src-main/engine/join/seen-contents";

const LONGEST = 41;
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const payload = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 255);

describe("contents seen before", () => {
  test("are found wherever they lie, with the rows that came of them", () => {
    const seen = new SeenContents();
    expect(seen.find(view(payload(20)), 0, 20)).toBe(false);
    seen.keep(7, 2);
    const elsewhere = new Uint8Array(64);
    elsewhere.set(payload(20), 13);
    expect(seen.find(view(elsewhere), 13, 33)).toBe(true);
    expect([seen.first, seen.count]).toEqual([7, 2]);
  });

  test("may have given no row: they are not read again either", () => {
    const seen = new SeenContents();
    seen.find(view(payload(5)), 0, 5);
    seen.keep(3, 0);
    expect(seen.find(view(payload(5)), 0, 5)).toBe(true);
    expect(seen.count).toBe(0);
  });

  test("differ by any byte, and by their length", () => {
    for (let length = 1; length <= LONGEST; length++) {
      const seen = new SeenContents();
      const bytes = payload(length);
      seen.find(view(bytes), 0, length);
      seen.keep(1, 1);
      for (let at = 0; at < length; at++) {
        const other = bytes.slice();
        other[at] = (other[at] as number) ^ (1 << (at & 7));
        expect(seen.find(view(other), 0, length), `${length} bytes, another byte ${at}`).toBe(false);
      }
      const longer = new Uint8Array(length + 1);
      longer.set(bytes);
      expect(seen.find(view(longer), 0, length + 1), `${length} bytes and a zero`).toBe(false);
      expect(seen.find(view(bytes), 0, length)).toBe(true);
    }
  });
});
