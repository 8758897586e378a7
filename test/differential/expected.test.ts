/** What other projects' test suites state about their captures: block sequences of pcapng files, Community IDs of flows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CORPUS, hopscope, isHere } from "../builders/shared-data";

interface Expected {
  readonly capture: string;
  readonly blockSequence?: readonly string[];
  readonly flows: readonly {
    readonly src: string;
    readonly dst: string;
    readonly proto: number;
    readonly sport?: number;
    readonly dport?: number;
    readonly communityId: string;
  }[];
}

const here = isHere(join(CORPUS, "expected"));
if (!here) console.log("skipped: corpus not here (block sequences, Community IDs)");

function expected(name: string): Expected[] {
  if (!here) return [];
  return readFileSync(join(CORPUS, "expected", name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Expected);
}

interface Info {
  readonly files: readonly { readonly blockSequence: readonly string[] | null }[];
}
interface Flows {
  readonly flows: readonly { readonly communityId: string }[];
}

describe.skipIf(!here)("pcapng block sequences", () => {
  const cases = expected("pcapng-test-generator.jsonl");
  it("covers all 48 files", () => expect(cases).toHaveLength(48));
  it.each(cases.map((c) => [c.capture, c] as const))("%s", (_name, c) => {
    const { stdout } = hopscope("info", "--json", join(CORPUS, c.capture));
    expect((JSON.parse(stdout) as Info).files[0]?.blockSequence).toEqual(c.blockSequence);
  });
});

describe.skipIf(!here)("Community IDs of the specification's captures", () => {
  it.each(expected("community-id.jsonl").map((c) => [c.capture, c] as const))("%s", (_name, c) => {
    const { stdout } = hopscope("fields", join(CORPUS, c.capture), "-e", "communityid");
    const found = new Set(stdout.split("\n").filter(Boolean));
    const flows = JSON.parse(hopscope("flows", "--json", "--no-reassemble", join(CORPUS, c.capture)).stdout) as Flows;
    const inFlows = new Set(flows.flows.map((f) => f.communityId));
    for (const f of c.flows) {
      expect(found, `${f.src} ${f.sport} > ${f.dst} ${f.dport} proto ${f.proto}`).toContain(f.communityId);
      expect(inFlows, `flow ${f.src} > ${f.dst}`).toContain(f.communityId);
    }
  });
});
