/** Conversations that begin or answer in unusual ways. */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const points = (...names: readonly string[]): string =>
  names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");

test("both open at once: one connection, whose client is who was first", async () => {
  const result = await joinTraffic({
    "n1.pcapng": `${points("veth1", "eth0")}
      a = 10.1.0.5:40000  b = 10.1.9.9:41000
      s: 0.000000 @veth1 a > b tcp SYN seq=3000000000 id=1 ts=70000,0
         0.000010 @eth0 seen s hops=1
      t: 0.000020 @eth0 b > a tcp SYN seq=2000000000 id=2 ts=90000,0 ttl=63
         0.000030 @veth1 seen t hops=1
      u: 0.000040 @veth1 a > b tcp SYN,ACK seq=3000000000 ack=2000000001 id=3 ts=70001,90000
         0.000050 @eth0 seen u hops=1
      v: 0.000060 @eth0 b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=4 ts=90001,70000 ttl=63
         0.000070 @veth1 seen v hops=1`,
  });
  expect(connectionLines(result)).toEqual([
    "tcp 10.1.0.5:40000 > 10.1.9.9:41000 = 10.1.9.9:41000 as * | n1@veth1 n1@eth0",
  ]);
});

test("keep-alives alone, an hour of them, through a Service's translation", async () => {
  const lines: string[] = [];
  for (let i = 0; i < 40; i++) {
    const at = (us: number): string => (i * 75 + us / 1e6).toFixed(6);
    lines.push(
      `k${i}: ${at(0)} @veth1 a > s tcp ACK seq=3000000000 ack=2000000001 id=${1000 + i} ts=${700000 + i * 75000},${900000 + i * 75000 - 75000}`,
      `${at(10)} @eth0 seen k${i} dst=10.1.9.9:8080 hops=1`,
      `r${i}: ${at(200)} @eth0 b > a tcp ACK seq=2000000001 ack=3000000001 id=${5000 + i} ts=${900000 + i * 75000},${700000 + i * 75000} ttl=63`,
      `${at(210)} @veth1 seen r${i} src=10.96.0.10:80 hops=1`,
    );
  }
  const result = await joinTraffic({
    "n1.pcapng": `${points("veth1", "eth0")}\na = 10.1.0.5:40000  s = 10.96.0.10:80  b = 10.1.9.9:8080\n${lines.join("\n")}`,
  });
  expect(connectionLines(result)).toEqual([
    "tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.9.9:8080 as * | n1@veth1 n1@eth0 | dnat n1@veth1..n1@eth0",
  ]);
});

test("an answer from another address than was asked is no answer: nothing translated it", async () => {
  const result = await joinTraffic({
    "n1.pcapng": `${points("veth1", "eth0")}
      q: 0.000000 @veth1 10.1.0.5:40000 > 10.1.9.9:53 udp id=1 "a question of some length"
         0.000010 @eth0 seen q hops=1
      r: 0.000200 @eth0 10.1.9.10:53 > 10.1.0.5:40000 udp id=2 "an answer of some length" ttl=63
         0.000210 @veth1 seen r hops=1`,
  });
  expect(connectionsOf(result).map((c) => [c.client.ip, c.server.ip, c.translations.length])).toHaveLength(2);
});

describe("pings in fragments", () => {
  test.each([
    ["icmp", "10.1.0.5", "10.1.9.9"],
    ["icmpv6", "fd00:1::5", "fd00:9::9"],
  ])("%s: one conversation, a journey for each request and reply", async (protocol, a, b) => {
    const lines = [1, 2, 3].map(
      (i) => `
      q${i}: ${i}.000000 @veth1 ${a} > ${b} icmp request ident=77 seq=${i} len=3000 frag=1440 id=${4000 + i}
             ${i}.000010 @eth0 seen q${i} hops=1 frag=1440
      r${i}: ${i}.000200 @eth0 ${b} > ${a} icmp reply ident=77 seq=${i} len=3000 frag=1440 ttl=63 id=${5000 + i}
             ${i}.000210 @veth1 seen r${i} hops=1 frag=1440`,
    );
    const result = await joinTraffic({ "n1.pcapng": `${points("veth1", "eth0")}\n${lines.join("\n")}` });
    expect(connectionLines(result)).toEqual([`${protocol} ${a}:77 > ${b}:0 = ${b}:0 as * | n1@veth1 n1@eth0`]);
    expect(connectionsOf(result)[0]).toMatchObject({ distinct: 6, missing: 0 });
  });
});
