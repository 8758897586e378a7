/**
 * Pings that carry nothing (ping -s 0) or the same few bytes each (ping -s 8), and no IP identification: every one has the sequences 1, 2, 3 …
 * and often the same identifier. What is left is that each lies closely within the other, every time.
 *
 * ```
 *   pod > far  ident 7 ──seq 1──►                      ◄──seq 1── pod   0 … 430 µs
 *   gateway > far  ident 7 or 999 ──seq 1──►  ◄──seq 1──              20 … 400 µs, a hop less there, a hop more back
 * ```
 */
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = "@e = ethernet resolution=ns\n@f = ethernet resolution=ns\n";

interface Ping {
  readonly pod: string;
  readonly far: string;
  readonly gateway: string;
  readonly ident: number;
  readonly seenIdent: number;
  /** Seconds. */
  readonly at: number;
  readonly roundTripUs: number;
  readonly count: number;
  readonly payload: string;
  /** Which side of the gateway was recorded. */
  readonly sides: "both" | "inner" | "outer";
}

/** Packets of a ping at each side that was recorded. */
function lines(p: Ping): string[] {
  const out: string[] = [];
  for (let i = 0; i < p.count; i++) {
    const at = (us: number): string => (p.at + i + us / 1e6).toFixed(9);
    const inner = (way: string, ttl: string): string =>
      `icmp ${way} ident=${p.ident} seq=${i + 1}${p.payload} id=0${ttl}`;
    const outer = (way: string, ttl: string): string =>
      `icmp ${way} ident=${p.seenIdent} seq=${i + 1}${p.payload} id=0${ttl}`;
    if (p.sides !== "outer") out.push(`${at(0)} @e ${p.pod} > ${p.far} ${inner("request", " ttl=64")}`);
    if (p.sides !== "inner") {
      out.push(`${at(20)} @f ${p.gateway} > ${p.far} ${outer("request", " ttl=63")}`);
      out.push(`${at(p.roundTripUs)} @f ${p.far} > ${p.gateway} ${outer("reply", " ttl=60")}`);
    }
    if (p.sides !== "outer") out.push(`${at(p.roundTripUs + 30)} @e ${p.far} > ${p.pod} ${inner("reply", " ttl=59")}`);
  }
  return out;
}

/** In the order of time: the notation takes lines as they are recorded. */
function capture(pings: readonly Ping[]): string {
  const all = pings.flatMap(lines);
  all.sort((a, b) => Number(a.split(" ", 1)[0]) - Number(b.split(" ", 1)[0]));
  return POINTS + all.join("\n");
}

const ONE: Ping = {
  pod: "10.1.0.5",
  far: "198.51.100.9",
  gateway: "203.0.113.1",
  ident: 7,
  seenIdent: 7,
  at: 1,
  roundTripUs: 400,
  count: 1,
  payload: "",
  sides: "both",
};

describe("one ping through a gateway that translates its source", () => {
  test.each([
    { name: "nothing, once", ping: ONE },
    { name: "nothing, three times", ping: { ...ONE, count: 3 } },
    { name: "eight bytes", ping: { ...ONE, payload: ' "abcdefgh"' } },
    { name: "nothing, with another identifier behind it", ping: { ...ONE, seenIdent: 999 } },
  ])("that carries $name is one connection", async ({ ping }) => {
    const result = await joinTraffic({ "n1.pcapng": capture([ping]) });
    expect(connectionLines(result)).toEqual([
      `icmp 10.1.0.5:7 > 198.51.100.9:0 = 198.51.100.9:0 as * | n1@e n1@f | snat n1@e..n1@f`,
    ]);
  });

  test("and so over IPv6, routed only: packets without anything but their sequence are one journey", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POINTS}
        1.000000 @e fd00::5 > 2001:db8::9 icmp request ident=7 seq=1
        1.000020 @f fd00::5 > 2001:db8::9 icmp request ident=7 seq=1 ttl=63
        1.000400 @f 2001:db8::9 > fd00::5 icmp reply ident=7 seq=1 ttl=60
        1.000430 @e 2001:db8::9 > fd00::5 icmp reply ident=7 seq=1 ttl=59`,
    });
    expect(result.journeys(0).map((j) => j.sightings.length)).toEqual([2, 2]);
    expect(result.connectionCount).toBe(1);
  });

  test("what a machine sends a while later is another ping", async () => {
    const later: Ping = { ...ONE, pod: "10.1.0.6", seenIdent: 9, at: ONE.at + 0.004, roundTripUs: 200, sides: "outer" };
    const slow: Ping = { ...ONE, roundTripUs: 40_000, sides: "inner" };
    expect(connectionsOf(await joinTraffic({ "n1.pcapng": capture([slow, later]) }))).toHaveLength(2);
  });
});

/** Numbers below 1 by a seed (Numerical Recipes' generator). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Connections of several pods: none should be. */
function mixed(result: JoinedResult): string[] {
  return connectionLines(result).filter((line) => new Set(line.match(/10\.1\.\d+\.\d+/g)).size > 1);
}

describe("many pings of equal identifiers, sequences and payload", () => {
  const SEEDS = [1, 2, 3, 4];
  test.each(SEEDS)("seed %i: none is joined with another one's translation", async (seed) => {
    const random = numbers(seed);
    const pings = Array.from({ length: 120 }, (_, i): Ping => {
      const side = random();
      return {
        pod: `10.1.${i >> 6}.${(i & 63) + 1}`,
        far: `198.51.100.${1 + Math.floor(random() * 3)}`,
        gateway: "203.0.113.1",
        ident: 1,
        // As Linux does: kept while it is free, else another one.
        seenIdent: 1 + i,
        at: random() * 3,
        roundTripUs: 200 + Math.floor(random() * 20_000),
        count: 1 + Math.floor(random() * 3),
        payload: seed % 2 ? "" : ' "abcdefgh"',
        sides: side < 0.6 ? "both" : side < 0.8 ? "inner" : "outer",
      };
    });
    const result = await joinTraffic({ "n1.pcapng": capture(pings) });
    expect(mixed(result)).toEqual([]);
    const translated = connectionsOf(result).flatMap((c) => c.translations.map((t) => `${t.from.ip} to ${t.to.port}`));
    const right = new Set(pings.map((p) => `${p.pod} to ${p.seenIdent}`));
    expect(translated.filter((one) => !right.has(one))).toEqual([]);
    const whole = connectionsOf(result).filter((c) => c.translations.length > 0).length;
    // Some began at the same moment as others.
    expect(whole).toBeGreaterThan(pings.filter((p) => p.sides === "both").length * 0.9);
  });
});
