/**
 * Bisecting finds what looking at one after the other finds. `FC_SEED=… npx vitest run --project unit test/unit/base` repeats a run.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstIndex, lowerBound, upperBound } from "../../../src-shared/base/search";

const seed = Number(process.env["FC_SEED"] ?? Date.now() % 0x7fffffff);
console.log(`bisecting: FC_SEED=${seed}`);

const ascending = fc
  .array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 })
  .map((list) => list.sort((a, b) => a - b));
const orEnd = (at: number, end: number): number => (at < 0 ? end : at);

describe("the first index that fits", () => {
  it("is the one that a walk from the start finds; behind the last where none fits", () => {
    fc.assert(
      fc.property(ascending, fc.integer({ min: -1, max: 21 }), (values, value) => {
        const end = values.length;
        expect(lowerBound(values, value)).toBe(
          orEnd(
            values.findIndex((one) => one >= value),
            end,
          ),
        );
        expect(upperBound(values, value)).toBe(
          orEnd(
            values.findIndex((one) => one > value),
            end,
          ),
        );
        expect(firstIndex(end, (index) => (values[index] as number) > value)).toBe(upperBound(values, value));
      }),
      { seed },
    );
  });

  it("is looked for in part of a column: what lies behind is left over from before", () => {
    expect(lowerBound(Uint32Array.of(3, 5, 0, 0), 9, 2)).toBe(2);
    expect(lowerBound(Uint32Array.of(3, 5, 0, 0), 4, 2)).toBe(1);
  });
});
