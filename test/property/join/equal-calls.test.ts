/**
 * Calls that all say the same, through NAT, any number of them, in any rhythm: whatever is joined is one call's two sides. Wrong pairings
 * are possible everywhere: identifications are missing, constant or of a few values, and others, whom nobody translates, say the same at
 * one time.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Endpoint } from "../../../src-shared/reconstruct/result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

interface Calls {
  readonly kind: "dnat" | "snat" | "both";
  readonly count: number;
  /** Between the calls, in µs. */
  readonly gap: number;
  /** Identification of the n-th packet. */
  readonly ids: "own" | "none" | "constant" | "few";
  readonly answered: boolean;
  readonly files: 1 | 2;
  /** Conversations that only look so, one point each. */
  readonly strangers: number;
  readonly text: "short" | "a longer text, the same in every call";
}

interface Way {
  readonly client: string;
  readonly asked: string;
  readonly as: string;
  readonly server: string;
}

const wayOf = ({ kind }: Calls, k: number): Way => ({
  client: `10.1.${k % 3}.5:${41000 + k}`,
  asked: kind === "snat" ? "203.0.113.9:7000" : "10.96.0.9:7000",
  as: kind === "dnat" ? `10.1.${k % 3}.5:${41000 + k}` : `192.0.2.10:${22000 + k}`,
  server: kind === "snat" ? "203.0.113.9:7000" : "10.1.9.8:7070",
});

function traffic(calls: Calls): Record<string, string> {
  let packets = 0;
  const id = (): string => {
    const n = ++packets;
    return `id=${{ own: 1000 + n * 7, none: 0, constant: 54321, few: 7 + (n % 5) }[calls.ids]}`;
  };
  const at = (k: number, us: number): string => ((k * calls.gap + us) / 1e6).toFixed(6);
  const veth: string[] = [];
  const eth0: string[] = [];
  for (let k = 0; k < calls.count; k++) {
    const { client, asked, as, server } = wayOf(calls, k);
    const question = `udp "${calls.text}" ${id()}`;
    veth.push(`${at(k, 0)} @veth ${client} > ${asked} ${question}`);
    eth0.push(`${at(k, 30)} @eth0 ${as} > ${server} ${question} ttl=63`);
    if (!calls.answered) continue;
    const answer = `udp "${calls.text}, answered" ${id()}`;
    eth0.push(`${at(k, 400)} @eth0 ${server} > ${as} ${answer} ttl=62`);
    veth.push(`${at(k, 440)} @veth ${asked} > ${client} ${answer} ttl=61`);
  }
  for (let k = 0; k < calls.strangers; k++) {
    const isNear = k % 2 === 0;
    const { asked, server } = wayOf(calls, k);
    // Two at a time, one at each point, when all calls are over: nothing but their content and their time is alike.
    const when = (us: number): string => (100 + (k >> 1) + us / 1e6).toFixed(6);
    const [list, point, from, to, ttl] = isNear
      ? [veth, "@veth", `10.1.7.${k + 1}:5000`, asked, 64]
      : [eth0, "@eth0", `192.0.2.${k + 30}:5000`, server, 63];
    list.push(`${when(isNear ? 0 : 30)} ${point} ${from} > ${to} udp "${calls.text}" ${id()} ttl=${ttl}`);
    if (calls.answered)
      list.push(
        `${when(isNear ? 440 : 400)} ${point} ${to} > ${from} udp "${calls.text}, answered" ${id()} ttl=${isNear ? 61 : 62}`,
      );
  }
  const of = (point: string, lines: readonly string[]): string =>
    [`@${point} = ethernet resolution=ns`, ...lines].join("\n");
  return calls.files === 2
    ? { "n1.pcapng": of("veth", veth), "n2.pcapng": of("eth0", eth0) }
    : { "n.pcapng": `${of("veth", [])}\n${of("eth0", [])}\n${[...veth, ...eth0].join("\n")}` };
}

const text = (e: Endpoint | null): string => (e ? `${e.ip}:${e.port}` : "*");

test("what is joined of equal calls is one call's two sides", async () => {
  const calls: fc.Arbitrary<Calls> = fc.record({
    kind: fc.constantFrom("dnat", "snat", "both"),
    count: fc.integer({ min: 4, max: 14 }),
    gap: fc.constantFrom(0, 1, 50, 200, 3000, 60_000, 1_000_000),
    ids: fc.constantFrom("own", "none", "constant", "few"),
    answered: fc.boolean(),
    files: fc.constantFrom(1, 2),
    strangers: fc.constantFrom(0, 0, 2, 5),
    text: fc.constantFrom("short", "a longer text, the same in every call"),
  });
  await fc.assert(
    fc.asyncProperty(calls, async (drawn) => {
      const all = connectionsOf(await joinTraffic(traffic(drawn)));
      const joined = all.filter((c) => c.translations.length > 0);
      const ways = new Set(Array.from({ length: drawn.count }, (_, k) => Object.values(wayOf(drawn, k)).join(" ")));
      const told = joined.map((c) => {
        const as = c.translations.findLast((t) => t.kind === "snat")?.to ?? c.client;
        return [c.client, c.requested, as, c.server].map(text).join(" ");
      });
      expect(told.filter((way) => !ways.has(way))).toEqual([]);
      // Nobody is in two: what is not joined is there as two.
      expect(all.length).toBe(2 * drawn.count + drawn.strangers - joined.length);
      if (drawn.ids === "own" && drawn.kind !== "both") expect(joined.length).toBe(drawn.count);
    }),
    { numRuns: 100, seed: 20261122 },
  );
}, 60_000);
