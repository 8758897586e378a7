/**
 * The order of files, the order of interfaces in them, and the clocks of the machines that wrote them change nothing about who
 * talked to whom over which path: offsets up to an hour, drift up to 400 parts per million each.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";
import { isHere, LABS } from "../../builders/shared-data";
import { bendCapture, readCapture } from "../../builders/shift-capture";

/** Everything but times and numbers of points. */
function told(result: JoinedResult): string[] {
  const point = (p: number | null): string => {
    const x = p === null ? undefined : result.points[p];
    return x ? `${x.file}@${x.interface}` : "*";
  };
  return (
    connectionsOf(result)
      // Multicast has no order of hops: a bridge floods it.
      .filter((c) => !c.server.ip.startsWith("ff"))
      .map((c) =>
        JSON.stringify({
          id: c.id,
          kind: c.kind,
          locality: c.locality,
          client: c.client,
          requested: c.requested,
          server: c.server,
          seenAs: c.seenByServerAs,
          translations: c.translations.map((t) => [t.kind, t.from, t.to, t.between.map(point), t.node]),
          tunnels: c.encapsulations,
          path: c.path.map(point),
          returnPath: c.returnPath.map(point),
          counts: [c.sightings, c.distinct, c.missing, c.bytesFromClient, c.bytesFromServer],
          ambiguous: c.ambiguous,
        }),
      )
      .sort()
  );
}

const labs = isHere(LABS) ? readdirSync(LABS).filter((l) => isHere(join(LABS, l, "truth.json"))) : [];
if (labs.length === 0) console.warn(`shuffle.test.ts: skipped, no recordings under ${LABS}`);

test.skipIf(labs.length === 0).each(labs)(
  "lab %s",
  async (lab) => {
    const folder = join(LABS, lab);
    const captures = readdirSync(folder)
      .filter((f) => f.endsWith(".pcapng"))
      .map((name) => ({ name, content: readCapture(readFileSync(join(folder, name))) }));
    const plain = (
      bend: (i: number, interfaces: number) => Parameters<typeof bendCapture>[1],
      order: readonly number[],
    ) =>
      joinTraffic(
        Object.fromEntries(
          order.map((i) => {
            const c = captures[i] as (typeof captures)[number];
            return [c.name, bendCapture(c.content, bend(i, c.content.interfaces.length))];
          }),
        ),
      );
    const straight = told(
      await plain(
        (_, n) => ({ order: Array.from({ length: n }, (_, k) => k), offsetNs: 0n, driftPpm: 0 }),
        captures.map((_, i) => i),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          captures.map((_, i) => i),
          { minLength: captures.length },
        ),
        fc.array(
          fc.tuple(
            fc.integer({ min: -3600_000_000, max: 3600_000_000 }),
            fc.integer({ min: -400, max: 400 }),
            fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
          ),
          {
            minLength: captures.length,
            maxLength: captures.length,
          },
        ),
        async (order, bends) => {
          const result = await plain((i) => {
            const [offsetUs, driftPpm, interfaces] = bends[i] ?? [0, 0, []];
            return { order: interfaces, offsetNs: BigInt(offsetUs) * 1000n, driftPpm };
          }, order);
          expect(told(result)).toEqual(straight);
        },
      ),
      { numRuns: 3 },
    );
  },
  120_000,
);

test.skipIf(labs.length === 0).each(labs)(
  "lab %s: interface names that say nothing change no role and no kind",
  async (lab) => {
    const folder = join(LABS, lab);
    const read = readdirSync(folder)
      .filter((f) => f.endsWith(".pcapng"))
      .map((name) => ({ name, content: readCapture(readFileSync(join(folder, name))) }));
    const joined = (rename: (name: string, i: number) => string): Promise<JoinedResult> =>
      joinTraffic(
        Object.fromEntries(
          read.map(({ name, content }) => {
            const interfaces = content.interfaces.map((one, i) => ({ ...one, name: rename(one.name, i) }));
            const order = interfaces.map((_, i) => i);
            return [name, bendCapture({ ...content, interfaces }, { order, offsetNs: 0n, driftPpm: 0 })];
          }),
        ),
      );
    const named = await joined((name) => name);
    const neutral = await joined((_, i) => `if${i}`);
    const facts = (result: JoinedResult): string[] =>
      connectionsOf(result)
        .filter((c) => !c.server.ip.startsWith("ff"))
        .map((c) => JSON.stringify([c.id, c.kind, c.locality, c.client, c.server, c.seenByServerAs, c.hairpin]))
        .sort();
    expect(neutral.points.map((p) => [p.id, p.role, p.node, p.podAddress])).toEqual(
      named.points.map((p) => [p.id, p.role, p.node, p.podAddress]),
    );
    expect(facts(neutral)).toEqual(facts(named));
  },
);

// A file without any test is an error.
if (labs.length === 0) test.skip("recordings of labs are not here", () => undefined);
