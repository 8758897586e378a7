/**
 * Packets without identification (all of IPv6, RSTs and SYN-ACKs of Linux) that are equal in all that survives a network: which
 * sighting belongs to which of them. A journey is written as the numbers of its packets: "1 4" is packet 1, seen again as packet 4.
 */
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { alignTimes } from "../../../src-main/engine/join/repeated-packets";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = `
  @veth1 = ethernet resolution=ns
  @eth0 = ethernet resolution=ns
  a = [fd00:1::5]:40000   b = [fd00:2::9]:80
  0.000    @veth1 a > b tcp SYN seq=3000000000 ts=900000001,0
  +0.005   @eth0  a > b tcp SYN seq=3000000000 ts=900000001,0 ttl=63
  +0.001   @eth0  b > a tcp SYN,ACK seq=2000000000 ack=3000000001 ts=700000001,900000001
  +0.005   @veth1 b > a tcp SYN,ACK seq=2000000000 ack=3000000001 ts=700000001,900000001 ttl=63
  +0.001   @veth1 a > b tcp ACK seq=3000000001 ack=2000000001 ts=900000013,700000001
  +0.005   @eth0  a > b tcp ACK seq=3000000001 ack=2000000001 ts=900000013,700000001 ttl=63`;
/** Packets of POINTS. */
const BEFORE = 6;

/** Packets at both points, with `lines` behind the handshake. */
function joinBehind(lines: string): Promise<JoinedResult> {
  return joinTraffic({ "n1.pcapng": `${POINTS}\n${lines}` });
}

/** Journeys of the only connection's direction to the server, behind the handshake. */
function journeysOf(result: JoinedResult): string[] {
  const [c, ...others] = connectionsOf(result);
  expect(others).toEqual([]);
  return result
    .journeys(0)
    .filter((j) => j.direction === "to-server" && (j.sightings[0] as number) >= BEFORE)
    .map((j) => j.sightings.map((row) => row - BEFORE + 1).join(" ") + (j.missingAt >= 0 ? " lost" : ""))
    .concat(c?.missing ? [`${c.missing} missing`] : []);
}

const ACK = "tcp ACK seq=3000000001 ack=2000000001 ts=900000020,700000001";

describe("duplicate acknowledgments of one tick of the timestamp clock", () => {
  test("are told apart by what they acknowledge selectively: the second was lost", async () => {
    const result = await joinBehind(`
      1.0000 @veth1 a > b ${ACK} sack=2000001001-2000002001
      1.0003 @veth1 a > b ${ACK} sack=2000001001-2000003001
      1.0006 @veth1 a > b ${ACK} sack=2000001001-2000004001
      1.0050 @eth0  a > b ${ACK} sack=2000001001-2000002001 ttl=63
      1.0056 @eth0  a > b ${ACK} sack=2000001001-2000004001 ttl=63`);
    expect(journeysOf(result)).toEqual(["1 4", "2 lost", "3 5", "1 missing"]);
  });

  test("by the window, and by the length of the headers where they carry data", async () => {
    const result = await joinBehind(`
      1.0000 @veth1 a > b ${ACK} win=500
      1.0001 @veth1 a > b ${ACK} win=400
      1.0050 @eth0  a > b ${ACK} win=500 ttl=63
      2.0000 @veth1 a > b tcp ACK seq=3000000001 ack=2000000001 ts=900001020,700000001 "once"
      2.0001 @veth1 a > b tcp ACK seq=3000000001 ack=2000000001 ts=900001020,700000001 sack=2000001001-2000002001 "once"
      2.0051 @eth0  a > b tcp ACK seq=3000000001 ack=2000000001 ts=900001020,700000001 "once" ttl=63`);
    expect(journeysOf(result)).toEqual(["1 3", "2 lost", "4 6", "5 lost", "2 missing"]);
  });

  test("by time where a device in between writes windows of its own", async () => {
    const result = await joinBehind(`
      1.0000 @veth1 a > b ${ACK} win=500
      1.0003 @veth1 a > b ${ACK} win=501
      1.0006 @veth1 a > b ${ACK} win=502
      1.0050 @eth0  a > b ${ACK} win=64 ttl=63
      1.0056 @eth0  a > b ${ACK} win=65 ttl=63`);
    expect(journeysOf(result)).toEqual(["1 4", "2 lost", "3 5", "1 missing"]);
  });
});

describe("equal to the last bit", () => {
  test("they keep their order and the delay that is usual on the way", async () => {
    const result = await joinBehind(`
      1.0000 @veth1 a > b ${ACK}
      1.0010 @veth1 a > b ${ACK}
      1.0020 @veth1 a > b ${ACK}
      1.0052 @eth0  a > b ${ACK} ttl=63
      1.0071 @eth0  a > b ${ACK} ttl=63`);
    expect(journeysOf(result)).toEqual(["1 4", "2 lost", "3 5", "1 missing"]);
  });

  test("a frame that a wire delivered twice is one packet and its copy, at every later point", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        @pod = ethernet resolution=ns
        @veth1 = ethernet resolution=ns
        @eth0 = ethernet resolution=ns
        a = 10.1.0.5:40000   b = 10.1.1.9:80
        q: 0.000000 @pod   a > b tcp SYN seq=3000000000 id=4660
           0.000010 @veth1 seen q
           0.000020 @eth0  seen q hops=1
        r: 0.001000 @eth0  b > a tcp RST,ACK seq=0 ack=3000000001 id=0
           0.001010 @veth1 seen r hops=1
           0.001011 @veth1 seen r hops=1
           0.001020 @pod   seen r hops=1
           0.001021 @pod   seen r hops=1`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.missing, c.sightings])).toEqual([[2, 0, 8]]);
  });

  test("resets that were sent three times and doubled on the way are three packets", async () => {
    const lines: string[] = [];
    for (let i = 0; i < 3; i++) lines.push(`${(1 + i * 3e-7).toFixed(9)} @veth1 a > b tcp RST seq=3000000001`);
    for (let i = 0; i < 6; i++)
      lines.push(`${(1.005 + i * 3e-7).toFixed(9)} @eth0 a > b tcp RST seq=3000000001 ttl=63`);
    const result = await joinBehind(lines.join("\n"));
    expect(journeysOf(result)).toHaveLength(3);
    expect(connectionsOf(result)[0]?.missing).toBe(0);
  });

  test("a reset of each attempt, sent a second after the other, is another packet, also where one point alone saw them", async () => {
    const attempt = (at: number): string => `
      ${at}.0000 @eth0 a > b tcp SYN seq=3000000000 ts=${900000000 + at * 1000},0
      ${at}.0001 @eth0 b > a tcp SYN,ACK seq=${2000000000 + at * 7919} ack=3000000001 ts=${700000000 + at * 1000},${900000000 + at * 1000}
      ${at}.0002 @eth0 a > b tcp RST seq=3000000001`;
    const result = await joinTraffic({
      "n1.pcapng": `
        @eth0 = ethernet resolution=ns
        a = [fd00:1::5]:40000   b = [fd00:2::9]:80
        ${[1, 2, 3].map(attempt).join("\n")}`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.sightings])).toEqual([[9, 9]]);
  });

  test("a hundred of them, one lost", async () => {
    const lines: string[] = [];
    for (let i = 0; i < 100; i++) {
      lines.push(`${(1 + i / 100).toFixed(3)} @veth1 a > b udp "beat"`);
      if (i !== 40) lines.push(`${(1.005 + i / 100).toFixed(3)} @eth0 a > b udp "beat" ttl=63`);
    }
    const beats = connectionsOf(await joinBehind(lines.join("\n"))).filter((c) => c.protocol === "udp");
    expect(beats.map((c) => [c.distinct, c.sightings, c.missing])).toEqual([[100, 199, 1]]);
  });

  test("a keep-alive of every three seconds is another packet each time, wherever the captures begin", async () => {
    const lines: string[] = [];
    for (let i = 1; i <= 4; i++) {
      lines.push(`${i * 3}.000 @veth1 a > b udp "still here"`);
      if (i > 2) lines.push(`${i * 3}.005 @eth0 a > b udp "still here" ttl=63`);
    }
    const result = await joinBehind(lines.join("\n"));
    const udp = connectionsOf(result).findIndex((c) => c.protocol === "udp");
    expect(result.journeys(udp).map((j) => j.sightings.map((row) => row - BEFORE + 1).join(" "))).toEqual([
      "1",
      "2",
      "3 4",
      "5 6",
    ]);
  });
});

describe("a cooked capture of all interfaces", () => {
  const TUNNEL = "vxlan(vni=9, 192.0.2.1 > 192.0.2.2)";
  const SYN = "a > b tcp SYN seq=3000000000 ts=900000001,0";
  const ANY = `
    @any = sll resolution=us
    a = [fd00:1::5]:40000   b = [fd00:2::9]:80`;

  test("of a router has what a tunnel carries coming in and going out: one packet", async () => {
    const result = await joinTraffic({
      "router.pcapng": `${ANY}
        0.000001 @any ${SYN} ${TUNNEL} dir=in
        0.000003 @any ${SYN} ${TUNNEL} dir=out`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.sightings])).toEqual([[1, 2]]);
  });

  test("what comes much later was sent again", async () => {
    const result = await joinTraffic({
      "router.pcapng": `${ANY}
        0.000001 @any ${SYN} ${TUNNEL} dir=in
        0.300003 @any ${SYN} ${TUNNEL} dir=in`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.sightings])).toEqual([[2, 2]]);
  });

  test("on a wire of its own, what a tunnel carries twice was sent twice", async () => {
    const result = await joinTraffic({
      "router.pcapng": `${ANY.replace("sll", "ethernet")}
        0.000001 @any ${SYN} ${TUNNEL}
        0.000003 @any ${SYN} ${TUNNEL}`,
    });
    expect(connectionsOf(result).map((c) => [c.distinct, c.sightings])).toEqual([[2, 2]]);
  });
});

describe("times are aligned", () => {
  test("in order, as many as possible, the nearest of these", () => {
    expect([...alignTimes([0, 1e6, 2e6], [10, 2e6 + 10], -20e3)]).toEqual([0, 2]);
    expect([...alignTimes([0, 1e6], [5, 6, 1e6 + 5], -20e3)]).toEqual([0, -1, 1]);
    expect([...alignTimes([], [1], -1)]).toEqual([-1]);
  });

  test("never with what was sent afterwards, nor with what was sent a second before", () => {
    expect([...alignTimes([50e6], [0, 1e3], -20e3)]).toEqual([-1, -1]);
    expect([...alignTimes([0, 5e9], [3e9, 5e9 + 1], -20e3)]).toEqual([-1, 1]);
  });

  test("a burst of thousands is aligned too, one lost at the front", () => {
    const sent = Array.from({ length: 5000 }, (_, i) => i * 1000);
    const seen = sent.slice(1).map((ns) => ns + 10);
    expect([...alignTimes(sent, seen, -20e3)]).toEqual(seen.map((_, i) => i + 1));
  });
});

describe("what a bridge floods", () => {
  /** A question of the pod at veth1; hairpin mode gives it back to veth1. */
  const flooded = (destination: string): string => `
    @veth1 = ethernet resolution=ns
    @cni0  = ethernet resolution=ns
    @veth2 = ethernet resolution=ns
    a = [fd00::a]:5353   all = [ff02::fb]:5353 mac=${destination}
    0.000000 @veth1 a > all udp "who is there"
    0.000001 @cni0  a > all udp "who is there"
    0.000019 @veth2 a > all udp "who is there"
    0.000022 @veth1 a > all udp "who is there"`;
  const journeys = async (destination: string): Promise<string[]> => {
    const result = await joinTraffic({ "n1.pcapng": flooded(destination) });
    return result.journeys(0).map(({ sightings }) => sightings.join(" "));
  };

  test("comes back to a port in hairpin mode: a copy of the one packet", async () => {
    expect(await journeys("33:33:00:00:00:fb")).toEqual(["0 1 2 3"]);
  });

  test("what went to one machine's MAC was sent again", async () => {
    expect(await journeys("02:00:00:00:00:fb")).toHaveLength(2);
  });
});
