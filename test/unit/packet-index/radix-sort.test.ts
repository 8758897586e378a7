/** Sorting by numbers: the same as comparing, and stable. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { radixSort } from "../../../src-main/engine/packet-index/radix-sort";

describe("radix sort", () => {
  it("orders ids by their keys; equal keys keep their order", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(20), fc.nat(0xffffffff)), { maxLength: 300 }), (keys) => {
        const ids = Uint32Array.from(keys, (_, i) => i + 1000);
        const sorted = Uint32Array.from(keys);
        radixSort(ids, sorted);
        const expected = keys.map((key, i) => ({ key, id: i + 1000 })).sort((a, b) => a.key - b.key);
        expect([...ids]).toEqual(expected.map((e) => e.id));
        expect([...sorted]).toEqual(expected.map((e) => e.key));
      }),
    );
  });
});
