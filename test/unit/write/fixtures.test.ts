/** The fixtures are what fixtures/make.ts makes, small, and explained. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FIXTURES } from "../../../fixtures/make";

const directory = join(import.meta.dirname, "../../../fixtures");
const names = Object.keys(FIXTURES);

test.each(names)("%s is what make.ts makes, and small", (name) => {
  const made = FIXTURES[name]?.() ?? new Uint8Array(0);
  expect(made.length).toBeLessThan(20_000);
  // Compared as a whole: a diff of binary files helps nobody.
  expect(
    Buffer.compare(made, readFileSync(join(directory, name))) === 0,
    `${name} differs: run node fixtures/write.mjs`,
  ).toBe(true);
});

test("every capture there is made by make.ts and explained in README.md", () => {
  const readme = readFileSync(join(directory, "README.md"), "utf8");
  const explained = [...readme.matchAll(/^\| (\S+\.pcap(?:ng)?) +\|/gm)].map((match) => match[1]);
  expect(
    readdirSync(directory)
      .filter((name) => /\.pcap(ng)?$/.test(name))
      .sort(),
  ).toEqual([...names].sort());
  expect([...explained].sort()).toEqual([...names].sort());
});
