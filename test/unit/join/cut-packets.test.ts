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

/** At the card 84 bytes come before the inner TCP header: of it 12 bytes are left, 10 or 4. */
describe("with the first bytes of TCP's header left at the card", () => {
  /** One use of port 40000: SYN, answer, question, answer, RST; initial numbers as Linux makes them, growing with time. */
  const use = (n: number, snap: number, answerId: number): string => {
    const [at, seq, ack] = [n / 10, 3000000000 + n * 20000, 1000000000 + n * 30000];
    /** At the veth first, or an answer: at the card. */
    const says = (ms: number, toServer: boolean, what: string, id: number): string => {
      const first = (at + ms / 1000).toFixed(6);
      const second = (at + ms / 1000 + 0.00001).toFixed(6);
      const rest = `tcp ${what} id=${id === 0 ? 0 : id + n * 10} snap=${snap}`;
      return toServer
        ? `${first} @veth1 a > b ${rest}\n${second} @eth0 a > b ${TUNNEL} ttl=63 ${rest}\n`
        : `${first} @eth0 b > a ${TUNNEL} ttl=63 ${rest}\n${second} @veth1 b > a ttl=62 ${rest}\n`;
    };
    return [
      "\n",
      says(1, true, `SYN seq=${seq} ts=${70000 + n},0`, 800),
      says(2, false, `SYN,ACK seq=${ack} ack=${seq + 1} ts=${90000 + n},${70000 + n}`, answerId),
      says(3, true, `PSH,ACK seq=${seq + 1} ack=${ack + 1} ts=${70001 + n},${90000 + n} "question ${n}"`, 801),
      says(4, false, `PSH,ACK seq=${ack + 1} ack=${seq + 11} ts=${90001 + n},${70001 + n} "the answer ${n}"`, 6801),
      says(5, true, `RST,ACK seq=${seq + 11} ack=${ack + 13}`, 802),
    ].join("");
  };
  const recorded = (uses: number, snap: number, answerId = 5800): string =>
    `${points("veth1", "eth0")}\na = 10.1.0.5:40000  b = 10.1.9.9:8080${Array.from({ length: uses }, (_, n) => use(n, snap, answerId)).join("")}`;

  test.each([
    { snap: 96, name: "its acknowledgment number: a SYN has none" },
    { snap: 94, name: "half of that" },
  ])("uses of one port stay apart, by $name", async ({ snap }) => {
    const result = await joinTraffic({ "n1.pcapng": recorded(3, snap) });
    expect(connectionLines(result)).toEqual(
      new Array(3).fill("tcp 10.1.0.5:40000 > 10.1.9.9:8080 = 10.1.9.9:8080 as * | n1@veth1 n1@eth0"),
    );
    expect(connectionsOf(result).map((c) => [c.distinct, c.missing, c.sightings, c.state])).toEqual(
      new Array(3).fill([5, 0, 10, "RSTO"]),
    );
  });

  test("also of a port that was used more often than flows are compared pair by pair", async () => {
    const result = await joinTraffic({ "n1.pcapng": recorded(20, 96) });
    expect(connectionsOf(result).map((c) => [c.distinct, c.missing, c.path.length])).toEqual(
      new Array(20).fill([5, 0, 2]),
    );
  });

  test("nothing but its ports: identification and length tell the packets, and who sent them", async () => {
    const result = await joinTraffic({ "n1.pcapng": recorded(1, 88) });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 10.1.9.9:8080 = 10.1.9.9:8080 as * | n1@veth1 n1@eth0",
    ]);
    expect(connectionsOf(result)[0]).toMatchObject({
      distinct: 5,
      missing: 0,
      otherPaths: 0,
      state: "RSTO",
      bytesFromServer: 12,
    });
  });

  test("nothing but its ports, and no identification: of the segment that alone has its length", async () => {
    const result = await joinTraffic({ "n1.pcapng": recorded(1, 88, 0) });
    expect(connectionsOf(result)[0]).toMatchObject({ distinct: 5, missing: 0, sightings: 10 });
  });

  test("nothing but its ports, and the port used again: uses that the veth tells apart are not one connection", async () => {
    const result = await joinTraffic({ "n1.pcapng": recorded(3, 88) });
    expect(connectionsOf(result)).toHaveLength(3);
  });
});

test("echoes whose payload was cut and which have no identification (IPv6) are told by their numbers", async () => {
  const echo = (seq: number): string => `
    q${seq}: 0.${seq}00000 @veth1 fd00:1::5 > fd00:1::6 icmp request ident=78 seq=${seq} "a payload of more bytes than are kept" snap=80
        0.${seq}00010 @veth2 seen q${seq} snap=80
    r${seq}: 0.${seq}00100 @veth2 fd00:1::6 > fd00:1::5 icmp reply ident=78 seq=${seq} "a payload of more bytes than are kept" snap=80
        0.${seq}00110 @veth1 seen r${seq} snap=80`;
  const result = await joinTraffic({ "n1.pcapng": points("veth1", "veth2") + [1, 2, 3].map(echo).join("") });
  expect(connectionsOf(result).map((c) => [c.distinct, c.missing, c.path.length])).toEqual([[6, 0, 2]]);
});
