/**
 * A pod reaches itself through its Service, recorded by `tcpdump -i any` in the pod and on its node: one point each, at which the call
 * goes out and comes back, translated, with all its hops. Only the packet type, and with SLL2 the device, tell the one from the other.
 *
 * ```
 *   pod:   s > service  sent      gw > s  came in            node:  s > service  came in      gw > s  sent
 * ```
 * A program that passes on what it is asked looks much alike, the other way round: it gets the question before it asks.
 */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";
import { parseTraffic, trafficToPcap } from "../../builders/traffic";

type Link = "sll" | "sll2";
const LINKS = ["sll", "sll2"] as const;

const six = (link: Link, index: number): string => `
  @any = ${link} index=${index} resolution=us
  s = [fd00:1::6]:54088   service = [fd00:aaaa::5]:8000   gw = [fd00:1::1]:26974   pod = [fd00:1::6]:7070
`;
const pcap = (text: string): Uint8Array => trafficToPcap(parseTraffic(text));

/** One packet at a point: as it was first, and translated. */
function both(at: number, first: string, second: string, what: string, way: readonly [string, string]): string {
  return `
    ${at.toFixed(6)} @any ${first} ${what} dir=${way[0]}
    ${(at + 0.00002).toFixed(6)} @any ${second} ${what} dir=${way[1]}
  `;
}

function call(at: number, says: readonly (readonly [toServer: boolean, what: string])[], inPod: boolean): string {
  const way = inPod ? (["out", "in"] as const) : (["in", "out"] as const);
  return says
    .map(([toServer, what], i) =>
      toServer
        ? both(at + i / 1000, "s > service", "gw > pod", what, way)
        : both(at + i / 1000, "pod > gw", "service > s", what, way),
    )
    .join("");
}

describe("a hairpin, IPv6, in the pod and on its node", () => {
  const TCP = [
    [true, "tcp SYN seq=3000000000 ts=900000001,0"],
    [false, "tcp SYN,ACK seq=2000000000 ack=3000000001 ts=700000001,900000001"],
    [true, "tcp ACK seq=3000000001 ack=2000000001 ts=900000002,700000001"],
    [true, 'tcp PSH,ACK seq=3000000001 ack=2000000001 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n"'],
  ] as const;
  const UDP = [
    [true, 'udp "question 172"'],
    [false, 'udp "the answer to 172"'],
  ] as const;

  test.each(LINKS.flatMap((link) => [{ link, name: "tcp", says: TCP } as const, { link, name: "udp", says: UDP }]))(
    "$name, $link",
    async ({ link, name, says }) => {
      const result = await joinTraffic({
        "s1.pcap": pcap(six(link, 2) + call(1, says, true)),
        "n1.pcap": pcap(six(link, 5) + call(1.000002, says, false)),
      });
      expect(connectionsOf(result).map((c) => [c.protocol, c.hairpin, c.server.port])).toEqual([[name, true, 7070]]);
      expect(
        connectionsOf(result)[0]
          ?.translations.map((t) => t.kind)
          .sort(),
      ).toEqual(["dnat", "snat"]);
    },
  );

  test.each(LINKS)(
    "a program asks another one, on its bridge, what it was asked: two connections (%s)",
    async (link) => {
      const program = `
      @any = ${link} index=2 resolution=us
      c = [fd00:1::5]:40324   asked = [fd00:1::6]:53   asks = [fd00:1::6]:51000   other = [fd00:1::7]:53
    `;
      const question = "dns query 4711 A shop.example.org";
      const answer = "dns answer 4711 A shop.example.org 192.0.2.80";
      const capture = pcap(`${program}
      0.000000 @any c > asked ${question} dir=in
      0.000040 @any asks > other ${question} dir=out
      0.000400 @any other > asks ${answer} dir=in
      0.000440 @any asked > c ${answer} dir=out
    `);
      expect(connectionLines(await joinTraffic({ "pod.pcap": capture }))).toHaveLength(2);
    },
  );
});

describe("SLL, which has no device: what only came in, and what came in and went out", () => {
  const ends = `
    @any = sll resolution=us
    c = 10.1.0.6:56580   service = 10.96.0.5:8001   pod = 10.1.9.6:7071
  `;
  /** The node's veth, its bridge behind the translation, its card. */
  const translated = (at: number): string => `
    q: ${at.toFixed(6)} @any c > service udp id=42493 "question 170" dir=in
       ${(at + 0.000009).toFixed(6)} @any seen q dst=pod dir=in
       ${(at + 0.000021).toFixed(6)} @any seen q dst=pod hops=1 dir=out
    r: ${(at + 0.000196).toFixed(6)} @any pod > c udp id=4726 "the answer to 170" ttl=63 dir=in
       ${(at + 0.000214).toFixed(6)} @any seen r src=service hops=1 dir=out
  `;

  test("a Service's call that a bridge translates, one question and one answer", async () => {
    const result = await joinTraffic({ "n1.pcap": pcap(ends + translated(0)) });
    expect(connectionLines(result)).toEqual([
      "udp 10.1.0.6:56580 > 10.96.0.5:8001 = 10.1.9.6:7071 as * | n1@0 | dnat n1@0..n1@0",
    ]);
  });

  test("one question to two servers, both passed on: two connections", async () => {
    const passed = (at: number, server: string, label: string): string => `
      ${label}: ${at.toFixed(6)} @any c > ${server} dns query 4711 A shop.example.org id=0 dir=in
         ${(at + 0.00001).toFixed(6)} @any seen ${label} hops=1 dir=out
    `;
    const answered = (at: number, server: string, label: string): string => `
      ${label}: ${at.toFixed(6)} @any ${server} > c dns answer 4711 A shop.example.org 192.0.2.80 ttl=63 id=0 dir=in
         ${(at + 0.00001).toFixed(6)} @any seen ${label} hops=1 dir=out
    `;
    const capture =
      ends +
      passed(0, "service", "a") +
      passed(0.00005, "pod", "b") +
      answered(0.0002, "pod", "c2") +
      answered(0.0003, "service", "d");
    expect(connectionLines(await joinTraffic({ "n1.pcap": pcap(capture) }))).toHaveLength(2);
  });
});

describe("a host recorded on all its interfaces", () => {
  /** A router, which gives the client its own address, and behind it a host with two. */
  const ping = (file: "router" | "host", host: string, ident: number, ttl: number): string => {
    const echo = (kind: string, seq: number): string => `icmp ${kind} ident=${ident} seq=${seq} "abcdefghijklmnop"`;
    const lines = [1, 2, 3].map((seq) => {
      const at = ident + seq / 100;
      const question = `${(at + 0.0001).toFixed(6)} @any 198.51.100.1 > ${host} ${echo("request", seq)} ttl=62 id=${ident * 9 + seq}`;
      const answer = `${(at + 0.0003).toFixed(6)} @any ${host} > 198.51.100.1 ${echo("reply", seq)} ttl=${ttl} id=${ident * 7 + seq}`;
      return file === "host"
        ? `${question} dir=in\n${answer} dir=out\n`
        : `${at.toFixed(6)} @any 10.1.0.5 > ${host} icmp request ident=5 seq=${seq} "abcdefghijklmnop" ttl=63 id=${ident * 9 + seq} dir=in
           ${question} dir=out
           ${answer} dir=in
           ${(at + 0.0004).toFixed(6)} @any ${host} > 10.1.0.5 icmp reply ident=5 seq=${seq} "abcdefghijklmnop" ttl=${ttl - 1} id=${ident * 7 + seq} dir=out\n`;
    });
    return lines.join("");
  };
  const both = (file: "router" | "host", ttl = 64): string => {
    const often = [20, 30, 40].map((ident) => ping(file, "198.51.100.77", ident, ttl));
    return `@any = sll2 index=2 resolution=us\n${often.join("")}${ping(file, "198.51.100.78", 50, ttl)}`;
  };

  test("sends from all its addresses: as whom each sees the client is shown", async () => {
    const result = await joinTraffic({ "router.pcap": pcap(both("router")), "host.pcap": pcap(both("host")) });
    const seen = connectionsOf(result).map((c) => [c.client.ip, c.server.ip, c.seenByServerAs?.ip]);
    expect(seen).toContainEqual(["10.1.0.5", "198.51.100.78", "198.51.100.1"]);
  });

  test("a router passes on what is not its own: nothing is told of a host that was not recorded", async () => {
    const result = await joinTraffic({ "router.pcap": pcap(both("router", 61)) });
    expect(connectionsOf(result).map((c) => c.seenByServerAs)).toEqual([null, null]);
  });
});

test("what came in whole and went out in pieces was sent once, also where one point saw both", async () => {
  const segment = (at: number, seq: number, length: number, id: number, change: string): string =>
    `${at.toFixed(6)} @any 10.1.0.5:40000 > 10.1.9.9:80 tcp ACK seq=${seq} ack=2000000001 id=${id} ts=900000002,700000001 len=${length} ${change}\n`;
  const pieces = [0, 1, 2].map((i) =>
    segment(0.01001 + i / 1e6, 3000000001 + i * 1000, 1000, 500 + i, "ttl=63 dir=out"),
  );
  const answer = `
    r: 0.020000 @any 10.1.9.9:80 > 10.1.0.5:40000 tcp ACK seq=2000000001 ack=3000003001 id=77 ts=700000002,900000002 ttl=63 dir=in
       0.020010 @any seen r hops=1 dir=out
  `;
  const syn = `
    s: 0.001000 @any 10.1.0.5:40000 > 10.1.9.9:80 tcp SYN seq=3000000000 id=499 ts=900000001,0 dir=in
       0.001010 @any seen s hops=1 dir=out
  `;
  const n1 = `@any = sll2 index=4 resolution=us\n${syn}${segment(0.01, 3000000001, 3000, 500, "dir=in")}${pieces.join("")}${answer}`;
  const n2 = pieces.map((line) => line.replace("dir=out", "dir=in")).join("");
  const result = await joinTraffic({
    "n1.pcap": pcap(n1),
    "n2.pcap": pcap(
      `@any = sll2 index=2 resolution=us\n${syn.replaceAll("SYN seq", "SYN ttl=63 seq")}${n2}${answer.replaceAll("ttl=63", "ttl=64")}`,
    ),
  });
  expect(connectionsOf(result)[0]).toMatchObject({
    distinct: 3,
    missing: 0,
    retransmissions: 0,
    bytesFromClient: 3000,
  });
});
