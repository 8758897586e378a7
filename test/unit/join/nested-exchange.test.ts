/**
 * One question and one answer over UDP, both ends rewritten on the way (a node port on a node without the pod), or neither hop nor
 * identification to tell by (IPv6, captures of all interfaces). Calls that only look so stay apart.
 */
import { describe, expect, test } from "vitest";
import { connectionLines, joinTraffic } from "../../builders/join-files";
import { parseTraffic, trafficToPcap } from "../../builders/traffic";

const ENDS = `
  out = [2001:db8:900::9]:44274   node = [2001:db8:5::a1]:31001   own = [2001:db8:5::a1]:22545   pod = [fd00:2::6]:9091
  b = [2001:db8:5::b1]:31001
`;
const NODE = `
  @eth0 = ethernet resolution=ns
  @eth1 = ethernet resolution=ns
  ${ENDS}
`;
const JOINED = `udp 2001:db8:900::9:44274 > 2001:db8:5::a1:31001 = fd00:2::6:9091 as *`;
const NOT_JOINED = [
  "udp 2001:db8:900::9:44274 > 2001:db8:5::a1:31001 = 2001:db8:5::a1:31001 as * | n1@eth0",
  "udp 2001:db8:5::a1:22545 > fd00:2::6:9091 = fd00:2::6:9091 as * | n1@eth1",
];

/** Question and answer as the node's two cards see them. Times: µs after `at` seconds. */
function call(question: string, answer: string, at = 0, us: readonly number[] = [0, 20, 400, 430]): string {
  const time = (i: number): string => (at + (us[i] ?? 0) / 1e6).toFixed(6);
  return `
    ${time(0)} @eth0 out > node ${question} ttl=62
    ${time(1)} @eth1 own > pod ${question} ttl=61
    ${time(2)} @eth1 pod > own ${answer} ttl=63
    ${time(3)} @eth0 node > out ${answer} ttl=62
  `;
}

describe("a node port's call to a pod of another node, IPv6", () => {
  test.each([
    { name: "datagrams", question: 'udp "question 17"', answer: 'udp "the answer to 17"' },
    { name: "short datagrams", question: 'udp "ask 17xx"', answer: 'udp "answer17"' },
    {
      name: "a question to DNS",
      question: "dns query 4711 A shop.example.org",
      answer: "dns answer 4711 A shop.example.org 192.0.2.80",
    },
  ])("one exchange of $name is one connection", async ({ question, answer }) => {
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + call(question, answer) }))).toEqual([
      `${JOINED} | n1@eth0 n1@eth1 | dnat n1@eth0..n1@eth1, snat n1@eth0..n1@eth1`,
    ]);
  });

  test("at one card: the MAC that was sent the question sends it on", async () => {
    const lines = (forwarder: string): string => `
      @eth0 = ethernet resolution=ns
      ${ENDS}
      0.000000 @eth0 out > node smac=02:aa:00:00:00:01 dmac=02:aa:00:00:00:02 udp "question 17" ttl=62
      0.000020 @eth0 own > pod smac=${forwarder} dmac=02:aa:00:00:00:03 udp "question 17" ttl=61
      0.000400 @eth0 pod > own smac=02:aa:00:00:00:03 dmac=${forwarder} udp "the answer to 17" ttl=63
      0.000430 @eth0 node > out smac=02:aa:00:00:00:02 dmac=02:aa:00:00:00:01 udp "the answer to 17" ttl=62
    `;
    const joined = async (forwarder: string): Promise<number> =>
      connectionLines(await joinTraffic({ "n1.pcapng": lines(forwarder) })).length;
    expect([await joined("02:aa:00:00:00:02"), await joined("02:aa:00:00:00:07")]).toEqual([1, 2]);
  });

  test("IPv4 with identifications needs it too: addresses and ports of both ends are others", async () => {
    const capture = `
      @eth0 = ethernet resolution=ns
      @eth1 = ethernet resolution=ns
      out = 198.51.100.77:51999   node = 192.0.2.9:30779   own = 10.1.0.0:20596   pod = 10.1.3.6:7071
      q: 0.000000 @eth0 out > node udp "question 17" ttl=62 id=13009
         0.000020 @eth1 seen q src=own dst=pod hops=1
      r: 0.000400 @eth1 pod > own udp "the answer to 17" ttl=63 id=65368
         0.000430 @eth0 seen r src=node dst=out hops=1
    `;
    expect(connectionLines(await joinTraffic({ "n1.pcapng": capture }))).toEqual([
      "udp 198.51.100.77:51999 > 192.0.2.9:30779 = 10.1.3.6:7071 as * | n1@eth0 n1@eth1 | dnat n1@eth0..n1@eth1, snat n1@eth0..n1@eth1",
    ]);
  });
});

describe("calls that look alike stay apart", () => {
  test("a program asks another one what it was asked (a resolver's forwarder): its question has all its hops", async () => {
    const question = "dns query 4711 A shop.example.org";
    const answer = "dns answer 4711 A shop.example.org 192.0.2.80";
    const lines = call(question, answer).replace("ttl=61", "ttl=64").replace(`${answer} ttl=62`, `${answer} ttl=64`);
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + lines }))).toEqual(NOT_JOINED);
  });

  test("health checks say the same every two seconds, one nested in the other", async () => {
    const checks = [0, 2, 4].map((at) => call('udp "is it you?"', 'udp "it is me, well"', at));
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + checks.join("") }))).toEqual(NOT_JOINED);
  });

  test("health checks from a new port each time", async () => {
    const checks = [0, 2, 4].map((at, i) =>
      call('udp "is it you?"', 'udp "it is me, well"', at)
        .replaceAll(/\bout\b/g, `[2001:db8:900::9]:${50000 + i}`)
        .replaceAll(/\bown\b/g, `[2001:db8:5::a1]:${23000 + i}`),
    );
    const lines = connectionLines(await joinTraffic({ "n1.pcapng": NODE + checks.join("") }));
    expect([lines.length, lines.some((line) => line.includes("nat"))]).toEqual([6, false]);
  });

  test("the same question to DNS with another message id", async () => {
    const lines = call("dns query 4711 A shop.example.org", "dns answer 4711 A shop.example.org 192.0.2.80")
      .replace("own > pod dns query 4711", "own > pod dns query 4712")
      .replace("pod > own dns answer 4711", "pod > own dns answer 4712");
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + lines }))).toEqual(NOT_JOINED);
  });

  test("the first question is answered first: neither lies within the other", async () => {
    const lines = call('udp "is it you?"', 'udp "it is me, well"', 0, [0, 20, 430, 400]);
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + lines }))).toEqual(NOT_JOINED);
  });

  test("the other's question comes when the first was answered", async () => {
    const lines = call('udp "is it you?"', 'udp "it is me, well"', 0, [0, 2000, 2400, 400]);
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + lines }))).toEqual(NOT_JOINED);
  });

  test("pings with one identifier and one payload", async () => {
    const lines = `
      0.000000 @eth0 out > node icmp request ident=7 seq=1 "abcdefghijklmnop" ttl=62
      0.000020 @eth1 own > pod icmp request ident=7 seq=1 "abcdefghijklmnop" ttl=61
      0.000400 @eth1 pod > own icmp reply ident=7 seq=1 "abcdefghijklmnop" ttl=63
      0.000430 @eth0 node > out icmp reply ident=7 seq=1 "abcdefghijklmnop" ttl=62
    `.replaceAll(/\b(out|node|own|pod)\b/g, (name) => `${name}0`);
    const hosts = "out0 = 2001:db8:900::9  node0 = 2001:db8:5::a1  own0 = 2001:db8:5::a2  pod0 = fd00:2::6\n";
    expect(connectionLines(await joinTraffic({ "n1.pcapng": NODE + hosts + lines }))).toHaveLength(2);
  });

  test("in two files, whose clocks nobody compared", async () => {
    const lines = call('udp "question 17"', 'udp "the answer to 17"').split("\n");
    const of = (card: string): string => NODE + lines.filter((line) => line.includes(card)).join("\n");
    expect(connectionLines(await joinTraffic({ "n1.pcapng": of("@eth0"), "n2.pcapng": of("@eth1") }))).toHaveLength(2);
  });
});

describe("a capture of all interfaces, IPv6", () => {
  /** The node's devices: a veth to each pod, and the bridge, which takes no hop. */
  const sighted = (link: "sll" | "sll2", service: string, other: string): Uint8Array =>
    trafficToPcap(
      parseTraffic(`
        @veth1 = ${link} index=4 resolution=us
        @veth2 = ${link} index=5 resolution=us
        client = [fd00:1::5]:40324   service = [fd00:aaaa::7]:53   pod = [fd00:1::6]:9053
        0.000051 @veth1 client > service dns query 4711 A shop.example.org ttl=64 ${service}
        0.000204 @veth2 client > pod dns query 4711 A shop.example.org ttl=64 ${other}
        0.005716 @veth2 pod > client dns answer 4711 A shop.example.org 192.0.2.80 ttl=64 ${service}
        0.005732 @veth1 service > client dns answer 4711 A shop.example.org 192.0.2.80 ttl=64 ${other}
      `),
    );

  test.each(["sll2", "sll"] as const)(
    "a Service's call translated at a bridge is one connection (%s)",
    async (link) => {
      const result = await joinTraffic({ "n1.pcap": sighted(link, "dir=in", "dir=out") });
      expect(connectionLines(result)).toEqual([
        "udp fd00:1::5:40324 > fd00:aaaa::7:53 = fd00:1::6:9053 as fd00:1::5:40324 | n1@0 | dnat n1@0..n1@0",
      ]);
    },
  );

  test("one question sent to two servers by one device is two", async () => {
    const capture = trafficToPcap(
      parseTraffic(`
        @any = sll2 index=2 resolution=us
        client = [fd00:1::5]:40324   first = [fd00:aaaa::7]:53   second = [fd00:aaaa::8]:53
        0.000051 @any client > first dns query 4711 A shop.example.org dir=out
        0.000060 @any client > second dns query 4711 A shop.example.org dir=out
        0.005716 @any second > client dns answer 4711 A shop.example.org 192.0.2.80 dir=in
        0.005732 @any first > client dns answer 4711 A shop.example.org 192.0.2.80 dir=in
      `),
    );
    expect(connectionLines(await joinTraffic({ "pod.pcap": capture }))).toHaveLength(2);
  });
});
