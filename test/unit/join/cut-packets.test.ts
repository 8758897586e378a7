/** Captures of the first bytes of each packet: behind a tunnel's headers less of it is left than at a veth. */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const points = (...names: readonly string[]): string =>
  names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");

const TUNNEL = "vxlan(vni=7, 192.0.2.1 > 192.0.2.2)";

describe("with 96 bytes of each", () => {
  test("datagrams whose payload was cut at the card are those of the veth, by identification and length", async () => {
    const lines = [1, 2, 3].map(
      (i) => `
        p${i}: 0.${i}00000 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=${700 + i} "question ${i} of some length" snap=96
            0.${i}00020 @eth0 seen p${i} hops=1 ${TUNNEL} snap=96`,
    );
    const result = await joinTraffic({ "n1.pcapng": points("veth1", "eth0") + lines.join("") });
    expect(connectionLines(result)).toEqual(["udp 10.1.0.5:4000 > 10.1.9.9:53 = 10.1.9.9:53 as * | n1@veth1 n1@eth0"]);
    expect(connectionsOf(result)[0]).toMatchObject({ distinct: 3, missing: 0, otherPaths: 0 });
  });

  test("segments whose header was cut are those of the veth, also of a Service's call", async () => {
    const says = (i: number, us: number, what: string): string => `
        p${i}: 0.${i}000${us} @veth1 a > service tcp ${what} id=${800 + i} ts=${70000 + i},0 snap=96
            0.${i}000${us + 10} @br0 seen p${i} dst=10.1.9.9:8080 snap=96
            0.${i}000${us + 20} @eth0 seen p${i} dst=10.1.9.9:8080 hops=1 ${TUNNEL} snap=96`;
    const result = await joinTraffic({
      "n1.pcapng":
        `${points("veth1", "br0", "eth0")}\na = 10.1.0.5:40000  service = 10.96.0.10:80` +
        says(1, 10, "SYN seq=3000000000") +
        says(2, 10, 'PSH,ACK seq=3000000001 ack=4000000001 "a question"') +
        says(3, 10, 'PSH,ACK seq=3000000011 ack=4000000001 "and another one"'),
    });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.9.9:8080 as * | n1@veth1 n1@br0 n1@eth0 | dnat n1@veth1..n1@br0",
    ]);
    expect(connectionsOf(result)[0]).toMatchObject({ distinct: 3, missing: 0, otherPaths: 0, bytesFromClient: 25 });
  });

  test("another identification is another packet, however alike the rest is", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${points("veth1", "eth0")}
        0.1 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=701 "question 1 of some length" snap=96
        0.1 @eth0 10.1.0.5:4000 > 10.1.9.9:53 ${TUNNEL} udp id=702 "question 1 of some length" ttl=63 snap=96`,
    });
    expect(connectionsOf(result)).toHaveLength(2);
  });
});
