/**
 * ICMP errors from one server to the one address that two pods are hidden behind: each goes to the pod whose packet it quotes.
 *
 * ```
 * eth0    server > node   quotes node:40000      veth1   server > pod 1   quotes pod 1:40000
 *         server > node   quotes node:61007      veth2   server > pod 2   quotes pod 2:40000
 * ```
 */
import { describe, expect, test } from "vitest";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";
import { parseTraffic } from "../../builders/traffic";
import { splitByNode } from "../../builders/two-nodes";

const NODE = `
  @n1/veth1 = ethernet resolution=ns
  @n1/veth2 = ethernet resolution=ns
  @n1/eth0 = ethernet resolution=ns
  one = 10.1.0.5:40000   two = 10.1.0.6:40000   server = 203.0.113.9:7   node = 192.168.0.1   far = 203.0.113.9
`;
/** A datagram that is masqueraded, and the error that comes for it. */
const refused = (pod: string, veth: string, port: number, at: number): string => `
  q${at}: ${at}.0000 @n1/${veth} ${pod} > server udp id=${4660 + at} "anybody there ${at}"
  x${at}: ${at}.0001 @n1/eth0 seen q${at} src=192.168.0.1:${port} hops=1
  ${at}.0010 @n1/eth0 far > node icmp unreachable port quoting x${at} id=${51049 + at} ttl=62
  ${at}.0011 @n1/${veth} far > ${pod.replace(/:.*/, "")} icmp unreachable port quoting q${at} id=${51049 + at} ttl=61
`;
const errors = async (text: string): Promise<readonly Connection[]> => {
  const result = await joinTraffic(splitByNode(parseTraffic(NODE + text)));
  return connectionsOf(result).filter((c) => c.protocol === "icmp");
};

describe("errors to one address that pods are hidden behind", () => {
  test("each is a connection to its own pod, and misses nothing", async () => {
    const found = await errors(
      refused("10.1.0.5:40000", "veth1", 40000, 0) + refused("10.1.0.6:40000", "veth2", 61007, 1),
    );
    expect(found.map((c) => [c.requested?.ip, c.server.ip, c.distinct, c.missing, c.ambiguous])).toEqual([
      ["192.168.0.1", "10.1.0.5", 1, 0, false],
      ["192.168.0.1", "10.1.0.6", 1, 0, false],
    ]);
  });

  test("errors about one conversation stay one connection", async () => {
    const found = await errors(
      refused("10.1.0.5:40000", "veth1", 40000, 0) + refused("10.1.0.5:40000", "veth1", 40000, 1),
    );
    expect(found.map((c) => [c.server.ip, c.distinct, c.missing])).toEqual([["10.1.0.5", 2, 0]]);
  });
});
