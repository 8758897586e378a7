/**
 * The recorded labs as other recordings would be: other addresses, ports, tunnel ports and VNIs; packets that lie in their files in another
 * order; packets cut short. What is told of them stays the same, or is not told: no connection and no packet is made up.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import type { Endpoint } from "../../../src-shared/reconstruct/result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";
import { addressNumber, addressText, renumberCapture } from "../../builders/renumber-capture";
import { isHere, LABS } from "../../builders/shared-data";
import { bendCapture, type CaptureContent, readCapture } from "../../builders/shift-capture";

const labs = isHere(LABS) ? readdirSync(LABS).filter((l) => isHere(join(LABS, l, "truth.json"))) : [];
if (labs.length === 0) console.warn(`other-recordings.test.ts: skipped, no recordings under ${LABS}`);

type Captures = ReadonlyMap<string, CaptureContent>;

function capturesOf(lab: string): Captures {
  const folder = join(LABS, lab);
  const files = readdirSync(folder).filter((f) => f.endsWith(".pcapng"));
  return new Map(files.map((f) => [f, readCapture(readFileSync(join(folder, f)))]));
}

function joined(
  captures: Captures,
  change: (content: CaptureContent) => CaptureContent = (c) => c,
): Promise<JoinedResult> {
  return joinTraffic(
    Object.fromEntries(
      [...captures].map(([name, content]) => {
        const order = content.interfaces.map((_, i) => i);
        return [name, bendCapture(change(content), { order, offsetNs: 0n, driftPpm: 0 })];
      }),
    ),
  );
}

const unchanged = { address: (text: string): string => text, port: (port: number): number => port };

/** TCP connections in words that no order of files, packets or addresses is in. */
function told(result: JoinedResult, names: typeof unchanged = unchanged): string[] {
  const point = (p: number | null): string => {
    const x = p === null ? undefined : result.points[p];
    return x ? `${x.file}@${x.interface}` : "*";
  };
  const end = (e: Endpoint | null): string => (e ? `${names.address(e.ip)}:${names.port(e.port)}` : "*");
  return connectionsOf(result)
    .map((c, i) =>
      c.protocol !== "tcp"
        ? ""
        : [
            `${end(c.client)} > ${end(c.requested)} = ${end(c.server)} as ${end(c.seenByServerAs)}`,
            `${c.kind} ${c.locality} ${c.client.node} ${c.server.node} ${c.hairpin ? "hairpin" : ""}`,
            `${c.path.map(point).join(" ")} / ${c.returnPath.map(point).join(" ")}`,
            c.translations.map((t) => `${t.kind} ${end(t.from)} ${end(t.to)} ${t.node}`).join(", "),
            c.encapsulations.map((e) => `${e.kind} ${names.address(e.outer.src)} ${names.address(e.outer.dst)}`).join(),
            `${c.sightings} sightings, ${c.distinct} packets, ${c.missing} missing, ${c.retransmissions} again`,
            `${result.journeys(i).length} journeys${c.ambiguous ? ", ambiguous" : ""}`,
          ].join(" | "),
    )
    .filter((line) => line !== "")
    .sort();
}

/** Numbers drawn from a seed, each once. */
function drawn(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

/** One name for each thing, never one for two. */
function renamed<T>(make: (from: T) => T): (from: T) => T {
  const known = new Map<T, T>();
  const taken = new Set<T>();
  return (from) => {
    let to = known.get(from);
    while (to === undefined) {
      const next = make(from);
      if (taken.has(next)) continue;
      taken.add(next);
      known.set(from, next);
      to = next;
    }
    return to;
  };
}

/** Networks stay networks of 256 addresses, each elsewhere in private or public space; hosts have other numbers in them. */
function otherNames(seed: number): {
  address: (a: number) => number;
  port: (p: number) => number;
  vni: (v: number) => number;
} {
  const draw = drawn(seed);
  // Networks that began alike begin alike.
  const start = renamed<number>(() => ([10, 100, 172, 203][draw(4)] ?? 10) * 256 + draw(256));
  const network = renamed<number>((n) => (start(n >>> 8) << 8) + draw(254) + 1);
  const host = renamed<number>((a) => {
    const last = a & 255;
    return network(a >>> 8) * 256 + (last < 2 || last === 255 ? last : draw(250) + 2);
  });
  return {
    address: (a) => (a === 0 || a >>> 28 >= 14 || a >>> 16 === 0xa9fe ? a : host(a)),
    // What is a client's port, by its number, stays one.
    port: renamed<number>((p) =>
      p >= 32768 ? 32768 + draw(28000) : p >= 30000 ? 30000 + draw(2767) : 1100 + draw(25000),
    ),
    vni: renamed<number>(() => 1 + draw(1 << 24)),
  };
}

describe.skipIf(labs.length === 0).each(labs)("lab %s", (lab) => {
  const captures = capturesOf(lab);
  const nodesAlone: Captures = new Map([...captures].filter(([name]) => /^n\d/.test(name)));
  const tunnelPorts = new Set([4789, 9000]);

  test.each([
    { label: "all files", given: captures },
    { label: "the node files alone", given: nodesAlone },
  ])("other addresses, ports, tunnel ports, VNIs: $label", async ({ given }) => {
    const plain = await joined(given);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e9 }), async (seed) => {
        const names = otherNames(seed);
        const other = await joined(given, (content) => renumberCapture(content, { ...names, tunnelPorts }));
        const address = (text: string): string => addressText(names.address(addressNumber(text)) >>> 0);
        expect(told(other)).toEqual(told(plain, { address, port: names.port }));
      }),
      { numRuns: 2 },
    );
  });

  test("packets in another order within 100 ms of each interface", async () => {
    const plain = told(await joined(captures));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e9 }), async (seed) => {
        const draw = drawn(seed);
        const shaken = (content: CaptureContent): CaptureContent => {
          const packets = content.packets.map((p) => ({ p, at: p.timeNs + BigInt(draw(100_000_000)) }));
          packets.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
          return { ...content, packets: packets.map(({ p }) => p) };
        };
        expect(told(await joined(captures, shaken))).toEqual(plain);
      }),
      { numRuns: 2 },
    );
  });

  test.each([128, 96, 64])("packets cut after %d bytes: no connection and no packet too many", async (length) => {
    const ends = (line: string): string => line.split(" | ")[0] ?? "";
    const counts = (result: JoinedResult): ReadonlyMap<string, number> =>
      new Map(
        connectionsOf(result).map((c, i) => [
          `${c.protocol} ${c.client.ip}:${c.client.port} ${c.server.ip}:${c.server.port} ${c.firstTime}`,
          result.journeys(i).length,
        ]),
      );
    const plain = await joined(captures);
    const cut = await joined(captures, (content) => ({
      ...content,
      packets: content.packets.map((p) => ({ ...p, bytes: p.bytes.subarray(0, length) })),
    }));
    expect(new Set(told(cut).map(ends))).toEqual(new Set(told(plain).map(ends)));
    expect(told(cut)).toHaveLength(told(plain).length);
    const journeys = counts(plain);
    for (const [connection, n] of counts(cut))
      if (connection.startsWith("tcp")) expect(n, connection).toBe(journeys.get(connection));
    for (const [i, c] of connectionsOf(cut).entries()) expect(c.distinct, c.id).toBe(cut.journeys(i).length);
  });
});

// A file without any test is an error.
if (labs.length === 0) test.skip("recordings of labs are not here", () => undefined);
