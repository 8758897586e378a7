/** What recordings of real labs showed beside the usual: each test is one thing a kernel or a network did there. */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";
import { splitByNode } from "../../builders/two-nodes";

const points = (...names: readonly string[]): string =>
  names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");

describe("paths", () => {
  test("of a packet in fragments are those of its first one, though they overtake each other's sightings", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        ${points("veth1", "eth0")}
        p: 0.000000 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=77 len=4000 frag=1480 order=1
           0.000010 @eth0  seen p hops=1 frag=1480 order=1
           0.000012 @veth1 seen p frag=1480 order=2
           0.000020 @eth0  seen p hops=1 frag=1480 order=2
           0.000022 @veth1 seen p frag=1480 order=3
           0.000030 @eth0  seen p hops=1 frag=1480 order=3
      `,
    });
    expect(connectionLines(result)).toEqual(["udp 10.1.0.5:4000 > 10.1.9.9:53 = 10.1.9.9:53 as * | n1@veth1 n1@eth0"]);
    expect(connectionsOf(result)[0]?.distinct).toBe(1);
  });

  test("are not longer where the network delivers twice", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        ${points("veth1", "eth0", "veth2")}
        p: 0.000000 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=77 "a question of some length"
           0.000010 @eth0  seen p hops=1
           0.000020 @veth2 seen p hops=2
           0.000500 @eth0  seen p hops=1
           0.000510 @veth2 seen p hops=2
      `,
    });
    expect(connectionsOf(result).map((c) => c.path)).toEqual([[0, 1, 2]]);
  });

  test("are whole where a card merges segments and the next one cuts them again", async () => {
    const lines: string[] = [];
    for (let k = 0; k < 4; k++) {
      const seq = (n: number): number => 3000000001 + (k * 3 + n) * 1000;
      const at = (us: number): string => (0.01 * (k + 1) + us / 1e6).toFixed(6);
      const id = 100 + k * 3;
      for (let n = 0; n < 3; n++)
        lines.push(`s${id + n}: ${at(n)} @a a > b tcp ACK seq=${seq(n)} ack=9 id=${id + n} ts=${7000 + k},5 len=1000`);
      lines.push(`${at(20)} @b a > b tcp ACK seq=${seq(0)} ack=9 id=${id} ts=${7000 + k},5 ttl=64 len=3000`);
      for (let n = 0; n < 3; n++) lines.push(`${at(30 + n)} @c seen s${id + n} hops=1`);
      lines.push(`${at(50)} @d a > b tcp ACK seq=${seq(0)} ack=9 id=${id} ts=${7000 + k},5 ttl=63 len=3000`);
    }
    const result = await joinTraffic({
      "n1.pcapng": `${points("a", "b", "c", "d")}\na = 10.1.0.5:40000  b = 10.1.9.9:8080\n${lines.join("\n")}`,
    });
    expect(connectionsOf(result).map((c) => [c.path, c.otherPaths, c.missing])).toEqual([[[0, 1, 2, 3], 0, 0]]);
  });

  test("nothing is missing where an address is another pod's by now", async () => {
    const talk = (second: number, pod: string): string =>
      [0, 1, 2]
        .map(
          (i) => `
        q${second}${i}: ${second + i / 10}00000 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=${second * 10 + i + 1} "question ${second} ${i} of many"
            ${second + i / 10}00020 @eth0 seen q${second}${i} hops=1
            ${second + i / 10}00040 @${pod} seen q${second}${i} hops=2`,
        )
        .join("");
    const result = await joinTraffic({
      "n1.pcapng": `${points("veth1", "eth0", "veth2", "veth3")}${talk(1, "veth2")}${talk(2, "veth3")}`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.missing])).toEqual([[6, 0]]);
    expect(result.journeys(0).map((j) => j.missingAt)).toEqual([-1, -1, -1, -1, -1, -1]);
  });
});

describe("echoes", () => {
  /** Three pings that all say the same, over IPv6, where there is no identification. */
  const pings = (point: string, from: string, ident: number, us: number, ttl: number): string =>
    [1, 2, 3]
      .flatMap((seq) => [
        `${seq}.0000${us} @${point} ${from} > fd00:9::9 icmp request ident=${ident} seq=${seq} ttl=${ttl} "the same words in every ping"`,
        `${seq}.0009${90 - us} @${point} fd00:9::9 > ${from} icmp reply ident=${ident} seq=${seq} ttl=${126 - ttl} "the same words in every ping"`,
      ])
      .join("\n");

  test("are one through a gateway that changes address and identifier", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${points("veth1", "eth0")}\n${pings("veth1", "fd00:1::5", 4242, 10, 64)}\n${pings("eth0", "fd00:2::1", 777, 30, 63)}`,
    });
    expect(connectionLines(result)).toEqual([
      "icmpv6 fd00:1::5:4242 > fd00:9::9:0 = fd00:9::9:0 as * | n1@veth1 n1@eth0 | snat n1@veth1..n1@eth0",
    ]);
  });

  test("are two where two pods ask the same at once", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${points("veth1", "veth2")}\n${pings("veth1", "fd00:1::5", 7, 10, 64)}\n${pings("veth2", "fd00:1::6", 7, 30, 64)}`,
    });
    expect(connectionsOf(result).map((c) => [c.client.ip, c.translations.length])).toEqual([
      ["fd00:1::5", 0],
      ["fd00:1::6", 0],
    ]);
  });
});

test("connections that use one tuple after another are apart, also at a bridge that sees the answers alone", async () => {
  const call = (second: number, isn: number): string => `
    s${second}: ${second}.000000 @veth1 a > s tcp SYN seq=${isn} id=${second * 50 + 1} ts=${second * 1000 + 7},0
        ${second}.000010 @veth2 seen s${second} dst=b hops=1
    r${second}: ${second}.000100 @veth2 b > a tcp SYN,ACK seq=${isn + 50000} ack=${isn + 1} id=${second * 50 + 2} ts=9${second}00000,${second * 1000 + 7}
        ${second}.000110 @cni0  seen r${second} src=s hops=1
        ${second}.000120 @veth1 seen r${second} src=s hops=1
    e${second}: ${second}.000200 @veth1 a > s tcp RST,ACK seq=${isn + 1} ack=${isn + 50001} id=${second * 50 + 3}
        ${second}.000210 @veth2 seen e${second} dst=b hops=1`;
  const result = await joinTraffic({
    "n1.pcapng": `${points("veth1", "cni0", "veth2")}
      a = 10.1.0.5:50000  s = 10.96.0.10:80  b = 10.1.0.9:8080 ${call(1, 3000000000)} ${call(2, 3100000000)} ${call(3, 3200000000)}`,
  });
  expect(connectionsOf(result).map((c) => [c.distinct, c.returnPath])).toEqual([
    [3, [2, 1, 0]],
    [3, [2, 1, 0]],
    [3, [2, 1, 0]],
  ]);
});

test("one address may be of two pods, in clusters that NAT joins", async () => {
  // Both pods are 10.32.0.7; outside they are 100.65.0.7 and 100.66.0.7.
  const call = (second: number, from: string, to: string, asked: string, seen: string): string => `
    s${second}: ${second}.000000 @${from}/veth1 10.32.0.7:40000 > ${asked}:80 tcp SYN seq=30${second}0000000 id=${second}01 ts=5${second}00000,0
       ${second}.000020 @${from}/eth0 seen s${second} src=${seen}:40000 hops=1
       ${second}.000040 @${to}/eth0 seen s${second} src=${seen}:40000 hops=2
       ${second}.000060 @${to}/veth1 seen s${second} src=${seen}:40000 dst=10.32.0.7:80 hops=3
    r${second}: ${second}.000100 @${to}/veth1 10.32.0.7:80 > ${seen}:40000 tcp SYN,ACK seq=20${second}0000000 ack=30${second}0000001 id=${second}02 ts=7${second}00000,5${second}00000
       ${second}.000120 @${to}/eth0 seen r${second} src=${asked}:80 hops=1
       ${second}.000140 @${from}/eth0 seen r${second} src=${asked}:80 hops=2
       ${second}.000160 @${from}/veth1 seen r${second} src=${asked}:80 dst=10.32.0.7:40000 hops=3`;
  const result = await joinTraffic(
    splitByNode(
      parseTraffic(
        `${points("n1/veth1", "n1/eth0", "n2/veth1", "n2/eth0")}
         ${call(1, "n1", "n2", "100.66.0.7", "100.65.0.7")} ${call(2, "n2", "n1", "100.65.0.7", "100.66.0.7")}`,
      ),
    ),
  );
  expect(
    connectionsOf(result).map((c) => [c.client.node, c.server.node, c.locality, c.hairpin, c.seenByServerAs?.ip]),
  ).toEqual([
    ["n1", "n2", "cross-node", false, "100.65.0.7"],
    ["n2", "n1", "cross-node", false, "100.66.0.7"],
  ]);
});

test("of a merged file, where several cards have one name, nothing is said of machines", async () => {
  const file = (lines: string): Uint8Array => trafficToPcapng(parseTraffic(lines));
  const one = `@veth1 = ethernet resolution=ns\n@eth0 = ethernet resolution=ns
    p: 0.000000 @veth1 10.1.0.5:40000 > 10.1.1.9:80 tcp SYN seq=3000000000 id=1 ts=900000,0
       0.000010 @eth0  seen p hops=1
    0.000200 @veth1 10.1.1.9:80 > 10.1.0.5:40000 tcp SYN,ACK seq=2000000000 ack=3000000001 id=2 ts=700000,900000 ttl=62`;
  const other = `@veth1 = ethernet resolution=ns
    0.000030 @veth1 10.1.0.5:40000 > 10.1.1.9:80 tcp SYN seq=3000000000 id=1 ts=900000,0 ttl=62
    0.000100 @veth1 10.1.1.9:80 > 10.1.0.5:40000 tcp SYN,ACK seq=2000000000 ack=3000000001 id=2 ts=700000,900000 ttl=64`;
  const alone = await joinTraffic({ "n1.pcapng": file(one) });
  expect(alone.points.map((p) => p.node)).toEqual(["n1", "n1"]);
  const merged = await joinTraffic({ "all.pcapng": new Uint8Array([...file(one), ...file(other)]) });
  expect(merged.points.map((p) => p.node)).toEqual([null, null, null]);
  expect(connectionsOf(merged).map((c) => [c.path.length, c.locality, c.client.node])).toEqual([[3, "unknown", null]]);
});
