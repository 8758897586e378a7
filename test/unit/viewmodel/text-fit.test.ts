/** A cell is left unclipped only where its text fits for certain. */
import { describe, expect, it } from "vitest";
import { TextFit } from "../../../src-renderer/viewmodel/text-fit";

/** A font whose every character is 7 pixels wide, but for i and W. */
const fit = new TextFit((character) => ({ i: 3, W: 12 })[character] ?? 7);

describe("a text", () => {
  it("fits when its characters together, and a little to spare, are no wider", () => {
    expect([fit.fits("abcde", 37), fit.fits("abcde", 36)]).toEqual([true, false]);
    expect([fit.fits("iiiii", 17), fit.fits("WWWWW", 61)]).toEqual([true, false]);
    expect([fit.fits("", 2), fit.fits("", 0)]).toEqual([true, false]);
  });

  it("with the arrows of our own summaries does, too", () => expect(fit.fits("443 → 80 …", 72)).toBe(true));

  it.each(["naïve", "日本", "a\u0301", "\u202Eabc", "😀", "tab\t"])(
    "with characters whose width is not known does not, however much room there is: %j",
    (text) => expect(fit.fits(text, 10_000)).toBe(false),
  );
});
