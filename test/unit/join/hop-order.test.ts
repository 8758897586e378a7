/**
 * Order of points where a frame has one time stamp at two of them. Names tell nothing here: `a7` is a bridge, `z3` a pod's veth on it,
 * `m1` the node's card.
 *
 * ```
 *   pod ── z3 ┐
 *             a7 ── routes ── m1
 * ```
 */
import { expect, test } from "vitest";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = `
  @a7 = ethernet resolution=ns
  @z3 = ethernet resolution=ns
  @m1 = ethernet resolution=ns
`;
/** A ping with one stamp at veth and bridge; its answer is stamped at each. */
const PING = `
  q: 0.000000 @z3 10.1.0.5 > 10.1.9.9 icmp request ident=7 seq=1 "abcdefghijklmnop" id=700
     0.000000 @a7 seen q
     0.000010 @m1 seen q hops=1
  r: 0.001000 @m1 10.1.9.9 > 10.1.0.5 icmp reply ident=7 seq=1 "abcdefghijklmnop" id=800 ttl=63
     0.001010 @a7 seen r hops=1
     0.001012 @z3 seen r hops=1
`;

async function pingPath(lines: string): Promise<string> {
  const result = await joinTraffic({ "n1.pcapng": POINTS + lines });
  const ping = connectionsOf(result).find((c) => c.protocol === "icmp");
  return (ping?.path ?? []).map((p) => result.points[p]?.interface).join(" ");
}

test("what else the card sent there, stamped at each device, tells which of two comes first", async () => {
  const datagram = `
    d: 0.500000 @z3 10.1.0.5:4000 > 10.1.9.9:53 udp "a question of some length" id=701
       0.500003 @a7 seen d
       0.500010 @m1 seen d hops=1
  `;
  expect(await pingPath(PING + datagram)).toBe("z3 a7 m1");
  // Of the other device's name and place in the file nothing depends.
  expect(await pingPath(datagram + PING)).toBe("z3 a7 m1");
});

test("what another card sent tells nothing about this one", async () => {
  const other = `
    d: 0.500000 @z3 10.1.0.6:4000 > 10.1.8.8:53 udp "a question of some length" id=701
       0.500003 @a7 seen d
       0.500010 @m1 seen d hops=1
  `;
  // Nothing tells where the answer has one stamp too: by name, so that it is the same each time.
  const tied = PING.replace("0.001012 @z3", "0.001010 @z3");
  expect(await pingPath(tied + other)).toBe("a7 z3 m1");
});
