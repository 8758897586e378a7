/**
 * Merging two people's notes must not depend on who merges what first, nor on how often. The notes are random versions of a
 * few ids, with clocks that collide on purpose. `FC_SEED=… npx vitest run test/unit/annotations/merge.test.ts` repeats a run.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Annotation } from "../../../src-shared/annotations/annotation";
import { mergeAll, mergeAnnotation, newerOf } from "../../../src-shared/annotations/merge";
import { edited, note, stamp } from "../../builders/notes";

const seed = Number(process.env["FC_SEED"] ?? Date.now() % 0x7fffffff);
console.log(`merging notes: FC_SEED=${seed}`);

const anyStamp = fc
  .record({
    time: fc.integer({ min: 0, max: 3 }),
    author: fc.constantFrom("ada", "bo"),
    change: fc.constantFrom("x", "y"),
  })
  .map(({ time, author, change }) => stamp(time, author, change));
/** `base` differs too: forged files must not make the result depend on the order. */
const anyNote = fc
  .record({
    id: fc.constantFrom("one", "two", "three"),
    createdBy: fc.constantFrom("ada", "mallory"),
    text: fc.constantFrom("a", "b", "c"),
    tags: fc.constantFrom<string[][]>([], ["mtu"], ["mtu", "dns"]),
    colour: fc.constantFrom("red" as const, "blue" as const),
    deleted: fc.boolean(),
    stamps: fc.record({ text: anyStamp, tags: anyStamp, colour: anyStamp, deleted: anyStamp }),
  })
  .map((given) => note({ ...given, subject: { kind: "pod", name: "shop/web" } }));
const anyFile = fc.array(anyNote, { maxLength: 6 });

/** What a merge came to, without the order of its notes. */
const sorted = (notes: readonly Annotation[]): string[] => notes.map((n) => JSON.stringify(n, keysInOrder)).sort();
const keysInOrder = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

describe("merging", () => {
  it("is the same whoever merges: commutative", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (a, b) => {
        expect(sorted(mergeAll(a, b))).toEqual(sorted(mergeAll(b, a)));
      }),
      { seed },
    );
  });

  it("is the same in whatever order three people exchange files: associative", () => {
    fc.assert(
      fc.property(anyFile, anyFile, anyFile, (a, b, c) => {
        expect(sorted(mergeAll(mergeAll(a, b), c))).toEqual(sorted(mergeAll(a, mergeAll(b, c))));
      }),
      { seed },
    );
  });

  it("changes nothing the second time: idempotent", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (a, b) => {
        const once = mergeAll(a, b);
        expect(sorted(mergeAll(once, b))).toEqual(sorted(once));
        const known = new Map(once.map((n) => [n.id, n]));
        expect(newerOf((id) => known.get(id), b)).toEqual({ added: [], changed: [] });
      }),
      { seed },
    );
  });

  it("takes each field from who wrote it last: one rewords, the other recolours, both stay", () => {
    const first = note({ text: "MTU?" });
    const mine = edited(first, "text", "MTU is 1450", stamp(1_700_000_100_000, "ada"));
    const theirs = edited(first, "colour", "red", stamp(1_700_000_200_000, "bo"));
    expect(mergeAnnotation(mine, theirs)).toMatchObject({ text: "MTU is 1450", colour: "red" });
  });

  it("keeps a note deleted that an older file still has", () => {
    const old = note();
    const deleted = edited(old, "deleted", true, stamp(1_700_000_300_000));
    expect(mergeAnnotation(old, deleted).deleted).toBe(true);
    expect(mergeAnnotation(deleted, old).deleted).toBe(true);
  });

  it("gives back the very same object where there is nothing newer, so that nothing is written again", () => {
    const one = note();
    expect(mergeAnnotation(one, { ...one })).toBe(one);
  });
});
