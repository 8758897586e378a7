/** Cells of CSV files: RFC 4180, and text from captures that a spreadsheet must not run. */
import { describe, expect, it } from "vitest";
import { csvCell, hostileCsvCell } from "../../../src-shared/base/csv";

describe("a cell of a CSV file", () => {
  it.each([
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\nlines", '"two\nlines"'],
  ])("%j is written as %j", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
    expect(hostileCsvCell(text)).toBe(cell);
  });

  it.each(["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "-5 apples"])(
    "%j begins like a formula: an apostrophe makes it text",
    (text) => {
      expect(hostileCsvCell(text)).toBe(`'${text}`);
    },
  );

  it.each(["-5", "+0.25", "-1.5e-9", "12"])("the number %s stays a number", (text) => {
    expect(hostileCsvCell(text)).toBe(text);
  });
});
