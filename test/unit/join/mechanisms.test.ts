/**
 * One mechanism a test: what a packet can meet on its way, and what joining makes of it. Lines read as connectionLines() says:
 * "protocol client > requested = server as seen-by-server | path | translations".
 */
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";
import { parseTraffic } from "../../builders/traffic";
import { splitByNode } from "../../builders/two-nodes";

/** Joins what node n1 recorded at a pod's veth and at its card. */
function joinVethAndCard(lines: string): Promise<JoinedResult> {
  return joinTraffic({ "n1.pcapng": `@veth1 = ethernet resolution=ns\n@eth0 = ethernet resolution=ns\n${lines}` });
}

/**
 * A conversation of five packets at the client's veth, each seen again at the node's card with the `change` given; the answers
 * come from `server` to `seenAs` there.
 */
function seenTwice(change: string, server: string, seenAs: string): string {
  return `
    a = 10.1.0.5:40000   s = 10.96.0.10:80   b = ${server}   n = ${seenAs}
    q1: 0.000    @veth1 a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0
        0.000020 @eth0  seen q1 ${change}
    r1: 0.001    @eth0  b > n tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001
        0.001020 @veth1 seen r1 src=10.96.0.10:80 dst=10.1.0.5:40000 hops=1
    q2: 0.002    @veth1 a > s tcp ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001
        0.002020 @eth0  seen q2 ${change}
    q3: 0.003    @veth1 a > s tcp PSH,ACK seq=3000000001 ack=2000000001 id=4662 ts=900000003,700000001 "GET / HTTP/1.1\\r\\n\\r\\n"
        0.003020 @eth0  seen q3 ${change}
    r2: 0.004    @eth0  b > n tcp PSH,ACK seq=2000000001 ack=3000000019 id=99 ts=700000004,900000003 "HTTP/1.1 200 OK\\r\\n\\r\\n"
        0.004020 @veth1 seen r2 src=10.96.0.10:80 dst=10.1.0.5:40000 hops=1
  `;
}

test("a ping over the loopback device is one connection, though both ends have one address", async () => {
  const result = await joinTraffic({
    "pod.pcapng": `
      @lo = ethernet resolution=ns
      0.000 @lo 127.0.0.1 > 127.0.0.1 icmp request ident=7 seq=1 "abcdefgh"
      0.001 @lo 127.0.0.1 > 127.0.0.1 icmp reply ident=7 seq=1 "abcdefgh"
    `,
  });
  expect(connectionsOf(result).map((c) => [c.kind, c.distinct, c.bytesFromClient, c.bytesFromServer])).toEqual([
    ["container-to-container", 2, 8, 8],
  ]);
});

describe("translations", () => {
  test.each([
    {
      name: "DNAT: a Service address becomes a pod's",
      traffic: seenTwice("dst=10.1.1.9:8080 hops=1", "10.1.1.9:8080", "10.1.0.5:40000"),
      line: "10.1.1.9:8080 as * | n1@veth1 n1@eth0 | dnat n1@veth1..n1@eth0",
    },
    {
      name: "SNAT: the client hides behind its node",
      traffic: seenTwice("src=192.168.0.1:61000 hops=1", "10.96.0.10:80", "192.168.0.1:61000"),
      line: "10.96.0.10:80 as * | n1@veth1 n1@eth0 | snat n1@veth1..n1@eth0",
    },
    {
      name: "both at once: a node port",
      traffic: seenTwice("src=192.168.0.1:40000 dst=10.1.1.9:8080 hops=1", "10.1.1.9:8080", "192.168.0.1:40000"),
      line: "10.1.1.9:8080 as * | n1@veth1 n1@eth0 | dnat n1@veth1..n1@eth0, snat n1@veth1..n1@eth0",
    },
  ])("$name", async ({ traffic, line }) => {
    const result = await joinVethAndCard(traffic);
    expect(connectionLines(result)).toEqual([`tcp 10.1.0.5:40000 > 10.96.0.10:80 = ${line}`]);
    const [c] = connectionsOf(result);
    expect(c?.translations[0]?.evidence).toEqual(["tcp-seq", "tcp-ack", "tcp-timestamp", "payload", "ip-id"]);
    expect([c?.distinct, c?.sightings, c?.bytesFromClient, c?.bytesFromServer]).toEqual([5, 10, 18, 19]);
  });

  test("double NAT: at the node, then at the gateway, two files with clocks an hour apart", async () => {
    const gateway = `
      @in = ethernet resolution=ns
      @out = ethernet resolution=ns
      start 2024-03-01T11:00:00Z
      a = 192.168.0.1:40000   s = 203.0.113.9:443
      q1: 0.000040 @in  a > s tcp SYN seq=3000000000 id=4660 ttl=63 ts=900000001,0
          0.000050 @out seen q1 src=198.51.100.7:5555 hops=1
      r1: 0.0005   @out s > 198.51.100.7:5555 tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ttl=60 ts=700000001,900000001
          0.000510 @in  seen r1 dst=192.168.0.1:40000 hops=1
      q2: 0.002040 @in  a > s tcp ACK seq=3000000001 ack=2000000001 id=4661 ttl=63 ts=900000002,700000001
          0.002050 @out seen q2 src=198.51.100.7:5555 hops=1
    `;
    const node = `
      @veth1 = ethernet resolution=ns
      @eth0 = ethernet resolution=ns
      a = 10.1.0.5:40000   s = 203.0.113.9:443
      q1: 0.000    @veth1 a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0
          0.000020 @eth0  seen q1 src=192.168.0.1:40000 hops=1
      r1: 0.001    @eth0  s > 192.168.0.1:40000 tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ttl=58 ts=700000001,900000001
          0.001020 @veth1 seen r1 dst=10.1.0.5:40000 hops=1
      q2: 0.002    @veth1 a > s tcp ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001
          0.002020 @eth0  seen q2 src=192.168.0.1:40000 hops=1
    `;
    const result = await joinTraffic({ "gw.pcapng": gateway, "n1.pcapng": node });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 203.0.113.9:443 = 203.0.113.9:443 as * | n1@veth1 n1@eth0 gw@in gw@out" +
        " | snat n1@veth1..n1@eth0, snat gw@in..gw@out",
    ]);
    const offset = result.clocks.find((c) => c.source === "estimated");
    expect(Math.abs(Math.abs(offset?.seconds ?? 0) - 3600)).toBeLessThan(0.001);
    expect(offset?.errorSeconds).toBeGreaterThan(0);
  });

  test("hairpin: a pod reaches itself through its Service", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        @veth0 = ethernet resolution=ns
        a = 10.1.0.5:40000 mac=02:00:00:00:00:05   s = 10.96.0.10:80 mac=02:00:00:00:00:01
        q1: 0.000    @veth0 a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0
            0.000050 @veth0 seen q1 src=10.1.0.1:40000 dst=10.1.0.5:80 hops=1 smac=02:00:00:00:00:01 dmac=02:00:00:00:00:05
        r1: 0.001    @veth0 10.1.0.5:80 > 10.1.0.1:40000 tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001 smac=02:00:00:00:00:05 dmac=02:00:00:00:00:01
            0.001050 @veth0 seen r1 src=10.96.0.10:80 dst=10.1.0.5:40000 hops=1 smac=02:00:00:00:00:01 dmac=02:00:00:00:00:05
        q2: 0.002    @veth0 a > s tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "hello hello hello"
            0.002050 @veth0 seen q2 src=10.1.0.1:40000 dst=10.1.0.5:80 hops=1 smac=02:00:00:00:00:01 dmac=02:00:00:00:00:05
      `,
    });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.0.5:80 as 10.1.0.1:40000 | n1@veth0 | dnat n1@veth0..n1@veth0, snat n1@veth0..n1@veth0",
    ]);
    expect(connectionsOf(result)[0]?.hairpin).toBe(true);
  });

  describe("a hairpin that nobody answers: SYNs sent again, of a machine that counts its identifications from 0", () => {
    const syns = (ids: readonly number[]): string =>
      ids
        .map(
          (id, i) => `
        ${i}.000000 @veth0 a > s tcp SYN seq=3000000000 id=${id} ts=${900000001 + i * 1000},0 smac=pod dmac=bridge
        ${i}.000060 @veth0 a > b tcp SYN seq=3000000000 id=${id} ts=${900000001 + i * 1000},0 smac=pod dmac=pod
        ${i}.000064 @veth0 a > b tcp SYN seq=3000000000 id=${id} ts=${900000001 + i * 1000},0 smac=bridge dmac=pod ttl=63`,
        )
        .join("")
        .replaceAll("=pod", "=02:00:00:00:00:05")
        .replaceAll("=bridge", "=02:00:00:00:00:01");
    const join = async (ids: readonly number[]): Promise<(string | undefined)[]> =>
      connectionLines(
        await joinTraffic({
          "n1.pcapng": `
            @veth0 = ethernet resolution=ns
            a = 10.1.0.5:40000   s = 10.96.0.10:80   b = 10.1.0.5:8080
            ${syns(ids)}`,
        }),
      ).map((line) => line.split(" | ")[0]);

    test("each has the identification of one at the other side: one connection", async () => {
      expect(await join([35, 36, 37])).toEqual(["tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.0.5:8080 as *"]);
    });

    test("not: all have the same, as a scanner's probes have", async () => {
      expect(await join([35, 35, 35])).toHaveLength(2);
    });
  });

  test("ICMP echo: the identifier is rewritten by SNAT", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5   s = 203.0.113.9
      q1: 0.000    @veth1 a > s icmp request ident=7 seq=1 id=4660 hex:00112233445566778899aabbccddeeff0011
          0.000020 @eth0  seen q1 src=192.168.0.1 ident=9001 hops=1
      r1: 0.001    @eth0  s > 192.168.0.1 icmp reply ident=9001 seq=1 id=99 hex:00112233445566778899aabbccddeeff0011
          0.001020 @veth1 seen r1 dst=10.1.0.5 ident=7 hops=1
      q2: 1.000    @veth1 a > s icmp request ident=7 seq=2 id=4661 hex:10112233445566778899aabbccddeeff0011
          1.000020 @eth0  seen q2 src=192.168.0.1 ident=9001 hops=1`);
    expect(connectionLines(result)).toEqual([
      "icmp 10.1.0.5:7 > 203.0.113.9:0 = 203.0.113.9:0 as * | n1@veth1 n1@eth0 | snat n1@veth1..n1@eth0",
    ]);
    expect(connectionsOf(result)[0]?.translations[0]?.to).toEqual({ ip: "192.168.0.1", port: 9001 });
  });

  describe("NAT that only an ICMP error shows: it quotes the header as it was where the packet was dropped", () => {
    /** What n1 recorded; the packets on "lost" are what nobody recorded, to be quoted. */
    const joinN1 = (lines: string): Promise<JoinedResult> =>
      joinTraffic({
        "n1.pcapng":
          splitByNode(
            parseTraffic(`
              @n1/veth1 = ethernet resolution=ns
              @n1/eth0 = ethernet resolution=ns
              @lost/eth0 = ethernet resolution=ns
              a = 10.1.0.5:40000   s = 10.96.0.10:80   b = 10.1.7.7:8080   router = 192.168.0.254
              ${lines}`),
          )["n1.pcapng"] ?? "",
      });
    const translationsOf = (result: JoinedResult): unknown[] =>
      connectionsOf(result)
        .filter((c) => !c.protocol.startsWith("icmp"))
        .map((c) => [c.server.ip, ...c.translations.map((t) => [t.kind, t.from, t.to, t.between, t.evidence])]);
    const dnat = [
      "dnat",
      { ip: "10.96.0.10", port: 80 },
      { ip: "10.1.7.7", port: 8080 },
      [0, null],
      ["icmp-quote", "tcp-seq", "ip-id"],
    ];

    test("TCP: the SYN left the pod for a Service, the error is about a pod", async () => {
      const result = await joinN1(`
        q: 0.000 @n1/veth1 a > s tcp SYN seq=3000000000 id=4660
        x: 0.001 @lost/eth0 seen q dst=10.1.7.7:8080 hops=2
           0.002 @n1/eth0 router > 192.168.0.1 icmp unreachable host quoting x`);
      expect(translationsOf(result)).toEqual([["10.1.7.7", dnat]]);
      expect(result.accounting.quotedUntied).toBe(0);
      expect(result.complaints(0)).toHaveLength(1);
    });

    test("UDP: told by identification and length, the client being the same", async () => {
      const result = await joinN1(`
        q: 0.000 @n1/veth1 a > s udp "who are you, and where do you live?" id=4660
        x: 0.001 @lost/eth0 seen q dst=10.1.7.7:8080 hops=2
           0.002 @n1/eth0 router > 192.168.0.1 icmp unreachable port quoting x`);
      expect(translationsOf(result)).toEqual([["10.1.7.7", [...dnat.slice(0, 4), ["icmp-quote", "ip-id"]]]]);
    });

    test("about the answer: the server's packet was dropped behind the gateway that hides the client", async () => {
      const result = await joinN1(`
        q: 0.000 @n1/eth0 198.51.100.7:5000 > 10.1.7.7:8080 tcp SYN seq=3000000000 id=4660
        r: 0.001 @n1/eth0 10.1.7.7:8080 > 198.51.100.7:5000 tcp SYN,ACK seq=2000000000 id=77
        x: 0.002 @lost/eth0 seen r dst=10.9.9.9:6000 hops=2
           0.003 @n1/eth0 router > 10.1.7.7 icmp unreachable host quoting x`);
      expect(translationsOf(result)).toEqual([
        [
          "10.1.7.7",
          [
            "snat",
            { ip: "10.9.9.9", port: 6000 },
            { ip: "198.51.100.7", port: 5000 },
            [null, 1],
            ["icmp-quote", "tcp-seq", "ip-id"],
          ],
        ],
      ]);
    });

    test("two machines translate, and the error is seen on its way through both: a chain, each change on its node", async () => {
      const recorded = parseTraffic(`
        @pod/eth0 = ethernet resolution=ns
        @n1/veth1 = ethernet resolution=ns
        @n1/eth0 = ethernet resolution=ns
        @gw/in = ethernet resolution=ns
        @gw/out = ethernet resolution=ns
        @lost/eth0 = ethernet resolution=ns
        server = 203.0.113.9
        q: 0.000  @pod/eth0 10.1.0.5:40000 > server:7 udp id=4660 "hello"
        x: 0.0001 @lost/eth0 seen q src=10.9.0.1:40000 hops=1
        y: 0.0002 @lost/eth0 seen q src=100.64.5.2:61000 hops=2
        e: 0.0010 @gw/out server > 100.64.5.2 icmp unreachable port quoting y id=30001 ttl=62
           0.0011 @gw/in server > 10.9.0.1 icmp unreachable port quoting x id=30001 ttl=61
           0.0012 @n1/eth0 server > 10.9.0.1 icmp unreachable port quoting x id=30001 ttl=61
           0.0013 @n1/veth1 server > 10.1.0.5 icmp unreachable port quoting q id=30001 ttl=60
           0.0014 @pod/eth0 server > 10.1.0.5 icmp unreachable port quoting q id=30001 ttl=60
      `);
      const { "lost.pcapng": lost, ...files } = splitByNode(recorded);
      expect(lost).toBeDefined();
      const result = await joinTraffic(files);
      const [call] = connectionsOf(result).filter((c) => c.protocol === "udp");
      expect(call?.translations.map((t) => [t.kind, t.from.ip, t.to.ip, t.node])).toEqual([
        ["snat", "10.1.0.5", "10.9.0.1", "n1"],
        ["snat", "10.9.0.1", "100.64.5.2", "gw"],
      ]);
    });

    test("a redirect tells none: nothing was dropped, and what it quotes may be half translated", async () => {
      const lines = (kind: string): string => `
        q: 0.000 @n1/veth1 a > s tcp SYN seq=3000000000 id=4660
        x: 0.001 @lost/eth0 seen q dst=10.1.7.7:8080 hops=1
           0.002 @n1/veth1 10.1.0.1 > 10.1.0.5 icmp ${kind} quoting x`;
      expect(translationsOf(await joinN1(lines("redirect")))).toEqual([["10.96.0.10"]]);
      expect(translationsOf(await joinN1(lines("unreachable host")))).toEqual([["10.1.7.7", expect.anything()]]);
      const six = (kind: string): string => `
        q: 0.000 @n1/veth1 [fd00:1::5]:40000 > [fd00:f::10]:80 tcp SYN seq=3000000000
        x: 0.001 @lost/eth0 seen q dst=[fd00:1::77]:80 hops=1
           0.002 @n1/veth1 [fd00:1::1] > [fd00:1::5] icmp ${kind} quoting x`;
      expect(translationsOf(await joinN1(six("redirect")))).toEqual([["fd00:f::10"]]);
      expect(translationsOf(await joinN1(six("unreachable address")))).toEqual([["fd00:1::77", expect.anything()]]);
    });

    test("nothing is told where two connections fit, or where only a number agrees", async () => {
      const scan = await joinN1(`
        q: 0.000 @n1/veth1 a > s tcp SYN seq=3000000000 id=4660
           0.000 @n1/veth1 a > 10.96.0.11:80 tcp SYN seq=3000000000 id=4660
        x: 0.001 @lost/eth0 seen q dst=10.1.7.7:8080 hops=2
           0.002 @n1/eth0 router > 192.168.0.1 icmp unreachable host quoting x`);
      expect(connectionsOf(scan).flatMap((c) => c.translations)).toEqual([]);
      const stranger = await joinN1(`
           0.000 @n1/veth1 a > s tcp SYN seq=3000000000 id=4660
        x: 0.001 @lost/eth0 10.5.5.5:1234 > 10.6.6.6:4321 tcp SYN seq=3000000000 id=4660
           0.002 @n1/eth0 router > 192.168.0.1 icmp unreachable host quoting x`);
      expect(connectionsOf(stranger).flatMap((c) => c.translations)).toEqual([]);
      expect(stranger.accounting.quotedUntied).toBe(1);
    });
  });

  test("UDP: a DNS question through a Service, joined by its bytes although the identification is 0", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.96.0.10:53
      q1: 0.000    @veth1 a > s dns query 4711 A db.prod.svc.cluster.local id=0
          0.000020 @eth0  seen q1 dst=10.1.1.9:53 hops=1
      r1: 0.001    @eth0  10.1.1.9:53 > a dns answer 4711 A db.prod.svc.cluster.local 10.96.3.3 id=0
          0.001020 @veth1 seen r1 src=10.96.0.10:53 hops=1`);
    expect(connectionLines(result)).toEqual([
      "udp 10.1.0.5:40000 > 10.96.0.10:53 = 10.1.1.9:53 as * | n1@veth1 n1@eth0 | dnat n1@veth1..n1@eth0",
    ]);
  });
});

describe("tunnels", () => {
  test.each([
    ["vxlan(vni=77, n1 > n2, dport=5555)", { kind: "vxlan", vni: 77, port: 5555 }],
    ["geneve(vni=9, n1 > n2)", { kind: "geneve", vni: 9, port: 6081 }],
    ["gre(n1 > n2, key=3)", { kind: "gre", vni: 3, port: null }],
    ["ipip(n1 > n2)", { kind: "ipip", vni: null, port: null }],
    ["ipudp(n1:7777 > n2:7777)", { kind: "ip-udp", vni: null, port: 7777 }],
  ])("%s", async (tunnel, expected) => {
    const reverse = tunnel.replace("n1 > n2", "n2 > n1").replace("n1:7777 > n2:7777", "n2:7777 > n1:7777");
    const node = (first: string, second: string, delay: number): string => `
      @veth = ethernet resolution=ns
      @eth0 = ethernet resolution=ns
      n1 = 192.168.0.1   n2 = 192.168.0.2
      a = 10.1.0.5:40000   s = 10.1.1.9:8080
      q1: ${(0 + delay).toFixed(6)} @${first} a > s ${first === "eth0" ? tunnel : ""} tcp SYN seq=3000000000 id=4660 ts=900000001,0
          ${(0.00002 + delay).toFixed(6)} @${second} seen q1 ${second === "eth0" ? `${tunnel} hops=1` : "hops=1"}
      r1: ${(0.001 - delay).toFixed(6)} @${second} s > a ${second === "eth0" ? reverse : ""} tcp SYN,ACK seq=2000000000 id=0 ts=700000001,900000001
          ${(0.00102 - delay).toFixed(6)} @${first} seen r1 ${first === "eth0" ? reverse : ""} hops=1
      q2: ${(0.002 + delay).toFixed(6)} @${first} a > s ${first === "eth0" ? tunnel : ""} tcp PSH,ACK id=4661 ts=900000002,700000001 "twelve bytes"
          ${(0.00202 + delay).toFixed(6)} @${second} seen q2 ${second === "eth0" ? tunnel : ""} hops=1
    `;
    const result = await joinTraffic({
      "n1.pcapng": node("veth", "eth0", 0),
      "n2.pcapng": node("eth0", "veth", 0.0001),
    });
    const tcp = connectionsOf(result).filter((c) => c.protocol === "tcp");
    expect(tcp).toHaveLength(1);
    expect(tcp[0]?.path.map((p) => result.points[p]?.id)).toEqual([
      "n1.pcapng#0",
      "n1.pcapng#1",
      "n2.pcapng#1",
      "n2.pcapng#0",
    ]);
    expect(tcp[0]?.encapsulations).toEqual([{ ...expected, outer: { src: "192.168.0.1", dst: "192.168.0.2" } }]);
    expect(tcp[0]?.kind).toBe("pod-to-pod");
    expect(tcp[0]?.locality).toBe("cross-node");
    // The carrier is no conversation of its own.
    expect(connectionsOf(result)).toHaveLength(1);
    expect(result.accounting.carriers).toBe(6);
  });

  test("the same addresses and numbers in two networks are two connections", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        @eth0 = ethernet resolution=ns
        n1 = 192.168.0.1   n2 = 192.168.0.2
        a = 10.1.0.5:40000   s = 10.1.1.9:8080
        0.000 @eth0 a > s vxlan(vni=1, n1 > n2) tcp SYN seq=1000 id=0
        0.001 @eth0 a > s vxlan(vni=2, n1 > n2) tcp SYN seq=1000 id=0
      `,
    });
    expect(connectionsOf(result)).toHaveLength(2);
  });
});

describe("packets", () => {
  test("another identification is sent again, the same one is another sighting; 0 decides nothing", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.1.1.9:80
      q1: 0.000    @veth1 a > s tcp SYN seq=3000000000 id=4660
          0.000020 @eth0  seen q1 hops=1
      q2: 1.000    @veth1 again q1 id=4661
          1.000020 @eth0  seen q2 hops=1
      r1: 1.001    @eth0  s > a tcp SYN,ACK seq=2000000000 id=0
          1.001020 @veth1 seen r1 hops=1
      r2: 2.001    @eth0  again r1 id=0
          2.001020 @veth1 seen r2 hops=1`);
    const journeys = result.journeys(0);
    expect(journeys.map((j) => [j.direction, j.sightings.length, j.retransmissionOf])).toEqual([
      ["to-server", 2, -1],
      ["to-server", 2, 0],
      ["to-client", 2, -1],
      ["to-client", 2, 2],
    ]);
    expect(result.connection(0).retransmissions).toBe(2);
  });

  test("segmentation offload: one long segment on the veth is three frames on the card", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.1.1.9:80
      q0: 0.000    @veth1 a > s tcp SYN seq=3000000000 id=1000
          0.000020 @eth0  seen q0 hops=1
      0.003    @veth1 a > s tcp PSH,ACK seq=3000000001 ack=2000000001 id=1001 len=3000
      0.003020 @eth0  a > s tcp ACK     seq=3000000001 ack=2000000001 id=1001 ttl=63 len=1000
      0.003021 @eth0  a > s tcp ACK     seq=3000001001 ack=2000000001 id=1002 ttl=63 len=1000
      0.003022 @eth0  a > s tcp PSH,ACK seq=3000002001 ack=2000000001 id=1003 ttl=63 len=1000`);
    const [c] = connectionsOf(result);
    expect(connectionsOf(result)).toHaveLength(1);
    expect([c?.distinct, c?.sightings, c?.missing, c?.bytesFromClient]).toEqual([2, 6, 0, 3000]);
    expect(result.journeys(0).map((j) => j.sightings.length)).toEqual([2, 4]);
  });

  test("a datagram that was fragmented on the way is one packet", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.1.1.9:5000
      q1: 0.000    @veth1 a > s udp len=2000 id=777 nodf
          0.000020 @eth0  seen q1 hops=1 frag=1000`);
    const [c] = connectionsOf(result);
    expect(connectionsOf(result)).toHaveLength(1);
    expect(c?.distinct).toBe(1);
    expect(c?.path.map((p) => result.points[p]?.interface)).toEqual(["veth1", "eth0"]);
  });

  test("a cooked capture of all interfaces shows a packet several times: sightings, not transmissions", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        @any = sll2 resolution=ns
        a = 10.1.0.5:40000   s = 10.96.0.10:80
        q1: 0.000    @any a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0 dir=in
            0.000010 @any seen q1 dir=in
            0.000030 @any seen q1 dst=10.1.1.9:8080 hops=1 dir=out
        r1: 0.001    @any 10.1.1.9:8080 > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001 dir=in
            0.001010 @any seen r1 src=10.96.0.10:80 hops=1 dir=out
      `,
    });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.1.9:8080 as 10.1.0.5:40000 | n1@any | dnat n1@any..n1@any",
    ]);
    expect(connectionsOf(result)[0]?.distinct).toBe(2);
  });

  test("lost on the way: missing, and last seen before", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.1.1.9:80
      q1: 0.000    @veth1 a > s tcp SYN seq=3000000000 id=4660
          0.000020 @eth0  seen q1 hops=1
      q2: 0.002    @veth1 a > s tcp ACK id=4661
          0.002020 @eth0  seen q2 hops=1
      q3: 0.003    @veth1 a > s tcp PSH,ACK id=4662 len=100
      q4: 0.203    @veth1 again q3 id=4663
          0.203020 @eth0  seen q4 hops=1`);
    expect(result.connection(0).missing).toBe(1);
    const lost = result.journeys(0).filter((j) => j.missingAt >= 0);
    expect(lost.map((j) => [result.points[j.lastSeen]?.interface, result.points[j.missingAt]?.interface])).toEqual([
      ["veth1", "eth0"],
    ]);
  });
});

describe("no join without evidence", () => {
  test("a scanner's probes share numbers and ends, answered or not", async () => {
    const probes = Array.from(
      { length: 5 },
      (_, i) => `
        ${(i / 100).toFixed(6)} @veth1 10.1.0.5:40000 > 10.1.1.${i + 10}:80 tcp SYN seq=3000000000 id=54321
        ${(i / 100 + 0.00002).toFixed(6)} @eth0 10.1.0.5:40000 > 10.1.1.${i + 10}:80 tcp SYN seq=3000000000 id=54321 ttl=63`,
    ).join("\n");
    const result = await joinVethAndCard(probes);
    expect(connectionsOf(result)).toHaveLength(5);
    expect(connectionsOf(result).every((c) => c.translations.length === 0 && !c.ambiguous)).toBe(true);
  });

  test("two clients whose conversations are alike to the byte, at two points of two files", async () => {
    const talk = (client: string, point: string): string => `
      @${point} = ethernet resolution=ns
      a = ${client}:40000   s = 10.1.1.9:80
      0.000 @${point} a > s tcp SYN seq=1000 id=1
      0.001 @${point} s > a tcp SYN,ACK seq=5000 id=1
      0.002 @${point} a > s tcp ACK id=1
      0.003 @${point} a > s tcp PSH,ACK id=1 "GET / HTTP/1.1\\r\\n\\r\\n"
    `;
    const result = await joinTraffic({ "n1.pcapng": talk("10.1.0.5", "eth0"), "n2.pcapng": talk("10.1.0.6", "eth1") });
    expect(connectionsOf(result)).toHaveLength(2);
  });

  test("one resolver asks two servers the same question", async () => {
    const result = await joinVethAndCard(`
      a = 10.1.0.5:40000   s = 10.1.1.8:53   t = 10.1.1.9:53
      q1: 0.000    @veth1 a > s dns query 4711 A db.prod.svc.cluster.local id=0
          0.000020 @eth0 seen q1 hops=1
      q2: 0.000030 @veth1 a > t dns query 4711 A db.prod.svc.cluster.local id=0
          0.000050 @eth0 seen q2 hops=1`);
    expect(connectionsOf(result).map((c) => c.server.ip)).toEqual(["10.1.1.8", "10.1.1.9"]);
  });

  test("two joins equally good: ambiguous, both shown", async () => {
    const answer = (pod: string, at: number): string => `
      q${at}: ${at / 1e6} @eth1 10.1.0.5:40000 > ${pod}:8080 tcp SYN seq=3000000000 id=4660 ttl=63 ts=900000001,0
      ${0.002 + at / 1e6} @eth1 10.1.0.5:40000 > ${pod}:8080 tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ttl=63 ts=900000002,700000001 "sixteen bytes ..."`;
    const result = await joinTraffic({
      "n1.pcapng": `
        @veth1 = ethernet resolution=ns
        0.000 @veth1 10.1.0.5:40000 > 10.96.0.10:80 tcp SYN seq=3000000000 id=4660 ts=900000001,0
        0.002 @veth1 10.1.0.5:40000 > 10.96.0.10:80 tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "sixteen bytes ..."
      `,
      "n2.pcapng": `
        @eth1 = ethernet resolution=ns
        ${answer("10.1.1.8", 10)}
        ${answer("10.1.1.9", 11)}
      `,
    });
    const all = connectionsOf(result);
    expect(all.map((c) => [c.server.ip, c.ambiguous, c.alternatives.length])).toEqual([
      ["10.96.0.10", true, 2],
      ["10.1.1.8", true, 2],
      ["10.1.1.9", true, 2],
    ]);
  });
});

describe("WireGuard, which shows nothing of what it carries", () => {
  /** Calls through a tunnel between wg0 of n1 and of n2; `delay`: seconds from the device to the wire. */
  const tunnelled = (sizes: readonly number[], delay: number, otherTunnel = false): Promise<JoinedResult> => {
    const lines = sizes.flatMap((size, i) => {
      const at = (micros: number): string => (i * 0.1 + delay * (micros > 0 ? 1 : 0) + micros / 1e6).toFixed(6);
      const wire = (to: string): string =>
        `@n1/eth0 n1 > ${to} wireguard receiver=7 counter=${i + (to === "n2" ? 0 : 1000)} len=${28 + size}`;
      return [
        `p${i}: ${at(0)} @n1/wg0 a > b udp len=${size} id=${100 + i}`,
        `w${i}: ${at(40)} ${wire("n2")}`,
        `${at(300)} @n2/eth0 seen w${i} hops=1`,
        `${at(350)} @n2/wg0 seen p${i}`,
        ...(otherTunnel ? [`v${i}: ${at(45)} ${wire("n3")}`] : []),
      ];
    });
    return joinTraffic(
      splitByNode(
        parseTraffic(`
          @n1/wg0 = raw resolution=ns
          @n1/eth0 = ethernet resolution=ns
          @n2/eth0 = ethernet resolution=ns
          @n2/wg0 = raw resolution=ns
          a = 10.1.0.5:1000   b = 10.1.1.9:80   n1 = 192.168.0.1   n2 = 192.168.0.2   n3 = 192.168.0.3
          ${lines.join("\n")}`),
      ),
    );
  };
  const carriersOf = (result: JoinedResult): unknown =>
    connectionsOf(result).find((c) => c.client.port === 1000)?.encapsulations;
  const SIZES = [10, 200, 33, 1000, 64, 500];

  test("sizes and times at both ends' tunnel devices tell what it carried", async () => {
    expect(carriersOf(await tunnelled(SIZES, 0))).toEqual([
      { kind: "wireguard", vni: null, port: 51820, outer: { src: "192.168.0.1", dst: "192.168.0.2" } },
    ]);
  });

  test("another tunnel of the same sizes that ends elsewhere is not taken for it", async () => {
    expect(carriersOf(await tunnelled(SIZES, 0, true))).toMatchObject([{ outer: { dst: "192.168.0.2" } }]);
  });

  test("too few packets, or too late: nothing is said", async () => {
    expect(carriersOf(await tunnelled(SIZES.slice(0, 1), 0))).toEqual([]);
    expect(carriersOf(await tunnelled(SIZES, 0.02))).toEqual([]);
  });
});

test("a packet is missing only where there was a recording at the time", async () => {
  const line = (i: number, at: number): string =>
    `q${i}: ${at.toFixed(3)} @n1/veth1 10.1.0.5:1000 > 10.1.1.9:80 tcp PSH,ACK seq=${1000 + i * 4} ack=1 id=${100 + i} "data"`;
  const also = (i: number, at: number): string => `${(at + 0.0001).toFixed(4)} @n2/veth2 seen q${i} hops=2`;
  // n2 began to record at 30 s and ended at 80 s; of what it could see, the packet at 45 s was lost.
  const lines = Array.from({ length: 10 }, (_, i) => i * 10 + 5).flatMap((at, i) => [
    line(i, at),
    ...(at >= 30 && at <= 80 && at !== 45 ? [also(i, at)] : []),
  ]);
  const result = await joinTraffic(
    splitByNode(
      parseTraffic(["@n1/veth1 = ethernet resolution=ns", "@n2/veth2 = ethernet resolution=ns", ...lines].join("\n")),
    ),
  );
  const [c] = connectionsOf(result);
  const missing = result.journeys(0).filter((j) => j.missingAt >= 0);
  expect(missing.map((j) => j.index)).toEqual([4]);
  expect(c?.missing).toBe(1);
});

test("told clocks win over estimates, and are said to be told", async () => {
  const result = await joinTraffic(
    { "n1.pcapng": "0.0 10.1.0.5:1 > 10.1.0.6:2 udp len=30", "n2.pcapng": "5.0 10.1.0.5:1 > 10.1.0.6:2 udp len=30" },
    { clockOffsets: new Map([["n2.pcapng", -5]]) },
  );
  expect(result.clocks.map((c) => [c.file, c.seconds, c.source])).toEqual([
    ["n1.pcapng", 0, "reference"],
    ["n2.pcapng", -5, "told"],
  ]);
});

describe("a told clock moves the file it is told of, and no other", () => {
  /** Six packets both ways that `b` sees 50 µs after `a`, or before; the clock of `b` is `late` seconds behind. */
  const seenBoth = (flow: string, late: number): readonly [a: string, b: string] => {
    const lines = [0, 1, 2, 3, 4, 5].map((i) => {
      const [from, to] = i % 2 === 0 ? ["10.1.0.5:1", `${flow}:2`] : [`${flow}:2`, "10.1.0.5:1"];
      const what = `${from} > ${to} udp id=${100 + i} "data ${flow} ${i}"`;
      const later = i % 2 === 0 ? 0.00005 : -0.00005;
      return [`${(5 + i).toFixed(6)} ${what}`, `${(5 + i - late + later).toFixed(6)} ${what}`] as const;
    });
    return [lines.map(([a]) => a).join("\n"), lines.map(([, b]) => b).join("\n")];
  };
  /** n2's clock is 0.3 s behind n1's, n5's 2 s behind n4's; nothing ties these two to those. */
  const clocksOf = async (told: Readonly<Record<string, number>>): Promise<string[]> => {
    const [n1, n2] = seenBoth("10.1.0.6", 0.3);
    const [n4, n5] = seenBoth("10.1.0.8", 2);
    const result = await joinTraffic(
      { "n1.pcapng": n1, "n2.pcapng": n2, "n4.pcapng": n4, "n5.pcapng": n5 },
      { clockOffsets: new Map(Object.entries(told)) },
    );
    return result.clocks.map((c) => `${c.file.replace(".pcapng", "")} ${c.seconds.toFixed(1)} ${c.source}`);
  };

  test("nothing told", async () => {
    expect(await clocksOf({})).toEqual([
      ...["n1 0.0 reference", "n2 0.3 estimated"],
      ...["n4 0.0 unknown", "n5 2.0 estimated"],
    ]);
  });

  test("of a file that shares packets with the reference: the reference stays", async () => {
    expect((await clocksOf({ "n2.pcapng": 5 })).slice(0, 2)).toEqual(["n1 0.0 reference", "n2 5.0 told"]);
  });

  test("of the reference: what was estimated against it stays", async () => {
    expect((await clocksOf({ "n1.pcapng": 5 })).slice(0, 2)).toEqual(["n1 5.0 told", "n2 0.3 estimated"]);
  });

  test("of a file that nothing ties to the reference: those that share packets with it go with it", async () => {
    const clocks = await clocksOf({ "n4.pcapng": 60 });
    expect(clocks[0]).toBe("n1 0.0 reference");
    expect(clocks.slice(2)).toEqual(["n4 60.0 told", "n5 62.0 estimated"]);
  });
});
