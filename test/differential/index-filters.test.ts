/** The packet index answers filters exactly as reading the files does. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { ColumnFilter } from "../../src-main/engine/packet-index/column-filter";
import { SEGMENT_ROWS } from "../../src-main/engine/packet-index/packet-index";
import type { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";
import { INDEX_FILTERS } from "../builders/index-filters";
import { matchesByPass, withLoaded } from "../builders/open-captures";
import { CORPUS, LABS, captureFiles, isHere } from "../builders/shared-data";

function matchesByIndex(captures: LoadedCaptures, source: string): Uint8Array {
  const filter = ColumnFilter.of(compileFilter(source, FILTER_REGISTRY), captures);
  if (!filter) throw new Error(`the index does not answer: ${source}`);
  const all = new Uint8Array(captures.index.count);
  for (let s = 0; s * SEGMENT_ROWS < all.length; s++) {
    const part = all.subarray(s * SEGMENT_ROWS, (s + 1) * SEGMENT_ROWS);
    filter.evaluate(s, part.length, part);
  }
  return all;
}

/** Filters whose answers differ, and how often each filter matched. */
async function compare(paths: readonly string[], matched: Map<string, number>): Promise<string[]> {
  const differences: string[] = [];
  await withLoaded(paths, async (captures) => {
    const byPass = await matchesByPass(captures, INDEX_FILTERS);
    INDEX_FILTERS.forEach((source, f) => {
      const expected = byPass[f] as Uint8Array;
      const found = matchesByIndex(captures, source);
      matched.set(source, (matched.get(source) ?? 0) + expected.reduce((n, m) => n + m, 0));
      const at = expected.findIndex((m, id) => m !== found[id]);
      if (at >= 0)
        differences.push(
          `${source}: packet ${at} (${paths[captures.index.fileOf(at)]} ${captures.index.number(at)}): ${expected[at]} by reading`,
        );
    });
  });
  return differences;
}

describe("filters answered from the index", () => {
  const fixtures = readdirSync("fixtures")
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .map((name) => join("fixtures", name));

  it("fixtures, all of them one workspace", { timeout: 120_000 }, async () => {
    const matched = new Map<string, number>();
    expect(await compare(fixtures, matched)).toEqual([]);
    const idle = [...matched].filter(([, n]) => n === 0).map(([source]) => source);
    // Nearly every filter must find something somewhere, or the comparison shows nothing.
    expect(idle.length, `match nothing: ${idle.join("; ")}`).toBeLessThan(25);
  });

  it.skipIf(!isHere(LABS))("lab recordings, one workspace each", { timeout: 300_000 }, async () => {
    for (const lab of readdirSync(LABS).filter((name) => !name.includes(".")))
      expect(
        await compare(
          captureFiles(join(LABS, lab)).filter((f) => /\.pcapng$/.test(f)),
          new Map(),
        ),
        lab,
      ).toEqual([]);
  });

  it.skipIf(!isHere(CORPUS))("other projects' captures, malformed ones included", { timeout: 300_000 }, async () => {
    const files = captureFiles(CORPUS).filter((f) => !f.includes("expected"));
    expect(await compare(files, new Map())).toEqual([]);
  });
});
