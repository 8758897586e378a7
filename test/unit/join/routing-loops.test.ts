/**
 * A routing loop through a machine that translates: its address behind a dead pod's route leads out, the next router sends it back, and each time
 * it comes back it is something new to the machine, which gives it another port.
 *
 * ```
 *   pod ── node ──► router      64 C:4000 > V:80    63 C:4000 > P    61 C:21001 > P    59 C:21002 > P …
 *            ▲────────┘
 * ```
 */
import { describe, expect, test } from "vitest";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = "@veth1 = ethernet resolution=ns\n@eth0 = ethernet resolution=ns\n";
const TURNS = 12;

/** A SYN that is sent twice, as the pod's wire and the node's card show it, every turn out and in again. */
function loop(tries = 2): string {
  const lines: string[] = [];
  for (let n = 0; n < tries; n++) {
    const at = (us: number): string => (n + us / 1e6).toFixed(6);
    const segment = `tcp SYN seq=3000000000 id=${4660 + n} ts=${900000001 + n * 1000},0`;
    lines.push(`${at(0)} @veth1 10.1.0.5:40000 > 10.96.0.10:80 ${segment}`);
    for (let turn = 0; turn < TURNS; turn++)
      for (const back of [0, 1]) {
        const port = turn === 0 ? 40000 : 21000 + turn;
        const ttl = 63 - 2 * turn - back;
        lines.push(`${at(20 + turn * 20 + back * 8)} @eth0 10.1.0.5:${port} > 10.1.9.9:8080 ${segment} ttl=${ttl}`);
      }
  }
  return POINTS + lines.join("\n");
}

describe("turns of a routing loop on a node that translates", () => {
  test("are one connection, and each turn a translation", async () => {
    const all = connectionsOf(await joinTraffic({ "n1.pcapng": loop() }));
    expect(all.map((c) => [c.client.port, c.requested?.ip, c.server.ip, c.distinct, c.sightings, c.ambiguous])).toEqual(
      [[40000, "10.96.0.10", "10.1.9.9", 2, 2 * (1 + 2 * TURNS), false]],
    );
    const ports = all[0]?.translations.map((t) => `${t.kind} ${t.to.port}`);
    expect(ports).toEqual(["dnat 8080", ...Array.from({ length: TURNS - 1 }, (_, i) => `snat ${21001 + i}`)]);
  });

  /** Segments of one number from many ports. */
  const probes = (options: (k: number) => string): string =>
    POINTS +
    Array.from(
      { length: TURNS },
      (_, k) =>
        `0.${String(100 + k * 20).padStart(6, "0")} @eth0 10.1.0.5:${21000 + k} > 10.1.9.9:8080 tcp SYN seq=3000000000 ${options(k)}`,
    ).join("\n");
  const countOf = async (text: string): Promise<number> =>
    connectionsOf(await joinTraffic({ "n1.pcapng": text })).length;

  test.each([
    { what: "with all their hops", options: () => "id=4660 ts=900000001,0" },
    { what: "without timestamps", options: (k: number) => `id=4660 ttl=${60 - k}` },
    {
      what: "with identifications of their own",
      options: (k: number) => `id=${4660 + k} ts=900000001,0 ttl=${60 - k}`,
    },
    { what: "with timestamps of their own", options: (k: number) => `id=4660 ts=${900000001 + k},0 ttl=${60 - k}` },
    {
      what: "that have more hops left the later they come",
      options: (k: number) => `id=4660 ts=900000001,0 ttl=${40 + k}`,
    },
  ])("probes of one sequence number $what stay apart", async ({ options }) => {
    expect(await countOf(probes(options))).toBe(TURNS);
  });
});
