/** Clocks of two nodes that drift apart over an hour: who talked to whom over which path stays the same. */
import { expect, test } from "vitest";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const HOUR = 3600;
const EVERY = 30;

/** A call every half a minute from a pod on n1 to a pod on n2 and back; n2's clock is `offset` s ahead and `ppm` faster. */
function calls(offset: number, ppm: number): Record<string, string> {
  const points = (veth: string): string => `@${veth} = ethernet resolution=ns\n@eth0 = ethernet resolution=ns`;
  const n1 = [points("veth1")];
  const n2 = [points("veth2")];
  const bent = (at: number): string => (HOUR * 2 + at * (1 + ppm / 1e6) + offset).toFixed(9);
  const straight = (at: number): string => (HOUR * 2 + at).toFixed(9);
  for (let i = 0; i * EVERY < HOUR; i++) {
    const port = 40000 + (i % 60);
    const asks = (us: number): number => i * EVERY + us / 1e6;
    const question = (ttl: number): string =>
      `10.1.0.5:${port} > 10.1.9.9:53 udp id=${i + 1} ttl=${ttl} "question number ${i} of the hour"`;
    const answer = (ttl: number): string =>
      `10.1.9.9:53 > 10.1.0.5:${port} udp id=${i + 1} ttl=${ttl} "answer number ${i} of the hour"`;
    n1.push(`${straight(asks(0))} @veth1 ${question(64)}`, `${straight(asks(10))} @eth0 ${question(63)}`);
    n2.push(`${bent(asks(110))} @eth0 ${question(63)}`, `${bent(asks(120))} @veth2 ${question(62)}`);
    n2.push(`${bent(asks(320))} @veth2 ${answer(64)}`, `${bent(asks(330))} @eth0 ${answer(63)}`);
    n1.push(`${straight(asks(430))} @eth0 ${answer(63)}`, `${straight(asks(440))} @veth1 ${answer(62)}`);
  }
  return { "n1.pcapng": n1.join("\n"), "n2.pcapng": n2.join("\n") };
}

test.each([
  [0, 50],
  [0, -200],
  [3600, 200],
  [-3600, -50],
])("%i s ahead and %i parts per million faster", async (offset, ppm) => {
  const result = await joinTraffic(calls(offset, ppm));
  const found = connectionsOf(result);
  expect(found).toHaveLength(60);
  const ways = found.map((c) =>
    [c.path, c.returnPath].map((way) => way.map((p) => `${result.points[p]?.node}@${result.points[p]?.interface}`)),
  );
  const there = ["n1@veth1", "n1@eth0", "n2@eth0", "n2@veth2"];
  expect(new Set(ways.map((way) => JSON.stringify(way)))).toEqual(
    new Set([JSON.stringify([there, [...there].reverse()])]),
  );
  expect(found.map((c) => [c.otherPaths, c.missing, c.kind, c.locality])).toEqual(
    found.map(() => [0, 0, "pod-to-pod", "cross-node"]),
  );
  const drifts = result.clocks.map((c) => c.driftPpm ?? 0);
  expect(Math.abs((drifts[1] ?? 0) - (drifts[0] ?? 0))).toBeCloseTo(Math.abs(ppm), 0);
});
