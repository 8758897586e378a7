/** The fuzzer for as long as a test may take. The long run: npm run fuzz. */
import { expect, test } from "vitest";
import { fuzz } from "../fuzz/fuzz";

const seed = Number(process.env["HOPSCOPE_SEED"] ?? 1);

test("200,000 mutated packets and 300 damaged files", { timeout: 60_000 }, async () => {
  const lines: string[] = [];
  const { failures } = await fuzz({ packets: 200_000, files: 300, seed, seconds: 20 }, (line) => lines.push(line));
  expect(failures.lines(), lines.join("\n")).toEqual([]);
});
