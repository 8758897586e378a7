/**
 * What the details tree promises for every packet: children lie inside their parents, every byte of the frame is in a node
 * besides the frame's own, and a node's field and literal are a filter that holds for the packet ("apply as filter" works).
 */
import { describe, expect, test } from "vitest";
import type { DetailNode } from "../../src-shared/contract/results";
import { FieldColumns } from "../../src-main/engine/fields/field-columns";
import { type Filter, compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { type DrawnPacket, drawFile } from "../builders/detail-lines";
import { LABS, captureFiles, isHere } from "../builders/shared-data";
import { corpusCaptures, fixtureCaptures } from "./support/captures";

/** Filters of one batch: compiled once a text, evaluated once a batch. */
class Filters {
  private readonly compiled = new Map<string, Filter>();
  private results = new Map<string, Uint8Array>();
  private columns: FieldColumns | undefined;
  private batchNumber = -1;

  holds(text: string, { batch, packet, context }: DrawnPacket): boolean {
    this.columns ??= new FieldColumns(context);
    if (this.batchNumber !== batch.numberBefore) {
      this.columns.begin(batch);
      this.results = new Map();
      this.batchNumber = batch.numberBefore;
    }
    let result = this.results.get(text);
    if (!result) {
      let filter = this.compiled.get(text);
      if (!filter) {
        filter = compileFilter(text, FILTER_REGISTRY);
        this.compiled.set(text, filter);
      }
      result = new Uint8Array(batch.packetCount);
      filter.evaluate(this.columns, result);
      this.results.set(text, result);
    }
    return result[packet] === 1;
  }
}

/** Says what is wrong with the tree of one packet; nothing, if it keeps its promises. */
function broken(drawn: DrawnPacket, filters: Filters): string | undefined {
  const { tree, sources } = drawn;
  const covered = new Uint8Array(sources[0]?.bytes.length ?? 0);
  let problem: string | undefined;
  const say = (node: DetailNode, what: string): void => {
    problem ??= `"${node.text}": ${what}`;
  };
  const visit = (node: DetailNode, parent: DetailNode | undefined, top: boolean): void => {
    const source = sources[node.source];
    if (!source) say(node, `no byte source ${node.source}`);
    else if (node.offset < 0 || node.offset + node.length > source.bytes.length)
      say(node, `bytes ${node.offset}+${node.length} of ${source.bytes.length}`);
    if (parent && node.length > 0) {
      if (node.source !== parent.source) say(node, "lies in another byte source than its parent");
      if (node.offset < parent.offset || node.offset + node.length > parent.offset + parent.length)
        say(
          node,
          `${node.offset}+${node.length} is outside its parent "${parent.text}" ${parent.offset}+${parent.length}`,
        );
    }
    if (node.generated !== node.text.startsWith("[")) say(node, "brackets tell what is generated");
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    if (/[\u0000-\u001f]/.test(node.text)) say(node, "control characters in the text");
    if (node.field !== null) {
      const filter = node.literal === null ? node.field : `${node.field} == ${node.literal}`;
      if (!filters.holds(filter, drawn)) say(node, `the filter ${filter} does not hold`);
    }
    if (!top && node.source === 0) covered.fill(1, node.offset, node.offset + node.length);
    for (const child of node.children) visit(child, node, false);
  };
  tree.forEach((node, i) => visit(node, undefined, i === 0));
  const bare = covered.indexOf(0);
  if (bare >= 0) problem ??= `byte ${bare} of ${covered.length} is in no node`;
  return problem;
}

async function checkFiles(
  files: readonly string[],
  wanted?: (number: number) => boolean,
): Promise<{ packets: number; problems: string[]; unnamed: string[] }> {
  let packets = 0;
  const unnamed: string[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const filters = new Filters();
    await drawFile(
      file,
      (drawn) => {
        packets++;
        unnamed.push(...drawn.unnamed);
        const problem = broken(drawn, filters);
        if (problem !== undefined && problems.length < 20)
          problems.push(`${file} packet ${drawn.batch.numberBefore + drawn.packet + 1}: ${problem}`);
      },
      wanted,
    );
  }
  return { packets, problems, unnamed };
}

describe("details of every packet", () => {
  test("of the fixtures", { timeout: 120_000 }, async () => {
    const { packets, problems, unnamed } = await checkFiles(fixtureCaptures().map((c) => c.path));
    expect(problems).toEqual([]);
    // Sound packets: every line that has a field's name is a filter.
    expect(unnamed).toEqual([]);
    expect(packets).toBeGreaterThan(100);
  });

  test("of the labs (skipped: labs not here)", { timeout: 300_000 }, async ({ skip }) => {
    if (!isHere(LABS)) skip("labs not here");
    const files = captureFiles(LABS).filter((f) => f.endsWith(".pcapng"));
    // Every fourth packet of one file a lab, every 64th of the others.
    const whole = files.filter((f) => f.endsWith("n1.pcapng"));
    const first = await checkFiles(whole, (n) => n % 4 === 1);
    expect(first.problems).toEqual([]);
    expect(first.unnamed).toEqual([]);
    const rest = await checkFiles(
      files.filter((f) => !whole.includes(f)),
      (n) => n % 64 === 1,
    );
    expect(rest.problems).toEqual([]);
    console.log(`labs: ${first.packets + rest.packets} packets`);
  });

  test(
    "of the corpus, malformed packets included (skipped: corpus not here)",
    { timeout: 300_000 },
    async ({ skip }) => {
      const captures = corpusCaptures("", 1e6).map((c) => c.path);
      if (captures.length === 0) skip("corpus not here");
      const full = process.env["HOPSCOPE_FULL"] === "1";
      const chosen = full ? captures : captures.filter((_, i) => i % 8 === 3);
      const { packets, problems } = await checkFiles(chosen, (n) => n <= 60);
      expect(problems).toEqual([]);
      console.log(`corpus: ${chosen.length} captures, ${packets} packets`);
    },
  );
});
