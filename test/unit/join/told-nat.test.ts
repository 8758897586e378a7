/**
 * What connection tracking tells and no packet shows: what was translated before the first capture point. One situation a test, with the
 * line that the kernel would print. Lines of connections read as connectionLines() says.
 */
import { describe, expect, test } from "vitest";
import { readConntrack } from "../../../src-main/engine/cluster/conntrack";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { searchFiles } from "../../builders/find-in-traffic";
import { connectionLines, connectionsOf, joinTraffic, withFiles } from "../../builders/join-files";

/** A call of a node's own program to a pod, as the node's card is the first to see it. */
const call = (client: string, server: string): string => `
  @eth0 = ethernet resolution=ns
  a = ${client}   b = ${server}
  0.000 @eth0 a > b tcp SYN seq=3000000000 id=4660
  0.001 @eth0 b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=0
  0.002 @eth0 a > b tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 "hello"
`;

/** One line of conntrack: ports are those of the two tuples; `time` in seconds after the captures' start. */
function entry(original: string, reply: string, time?: number): string {
  const tuple = (text: string): string => {
    const [from = "", to = ""] = text.split(" > ");
    const [source = "", sport = ""] = from.split(":");
    const [destination = "", dport = ""] = to.split(":");
    return `src=${source} dst=${destination} sport=${sport} dport=${dport}`;
  };
  const stamp = time === undefined ? "" : `[${(1709287200 + time).toFixed(6)}] `;
  return `${stamp}[NEW] ipv4 2 tcp 6 120 SYN_SENT ${tuple(original)} [UNREPLIED] ${tuple(reply)}\n`;
}

/** The lines of the connections beside what is told (a text for each machine's file), and the first connection. */
async function told(traffic: string, ...files: string[]): Promise<{ lines: string[]; first: Connection }> {
  const result = await joinTraffic({ "n1.pcapng": traffic });
  result.tell(files.flatMap((text, at) => readConntrack(`ct${at}.txt`, text).entries));
  const [first] = connectionsOf(result);
  if (!first) throw new Error("nothing joined");
  return { lines: connectionLines(result), first };
}

describe("a node's own call to a Service", () => {
  test("nobody tells: client and server are what the packets show, what was asked for is what they were sent to", async () => {
    const { lines, first } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), "");
    expect(lines).toEqual(["tcp 10.1.0.1:41354 > 10.1.1.9:8080 = 10.1.1.9:8080 as * | n1@eth0"]);
    expect(first.told).toEqual([]);
  });

  test("client and what it asked for are told, and marked so", async () => {
    const line = entry("192.168.0.1:41354 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.1:41354");
    const { lines, first } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), line);
    expect(lines).toEqual([
      "tcp 192.168.0.1:41354 > 10.96.0.10:80 = 10.1.1.9:8080 as * | n1@eth0 | dnat *..n1@eth0, snat *..n1@eth0",
    ]);
    expect(first.told).toEqual(["client", "requested"]);
    expect(first.translations.map((t) => t.evidence)).toEqual([["conntrack"], ["conntrack"]]);
  });

  test("two machines one after the other: the caller is the first one's", async () => {
    const lines = [
      entry("10.1.0.5:5000 > 10.96.0.10:80", "10.9.0.9:80 > 192.168.0.1:41354"),
      entry("192.168.0.1:41354 > 10.9.0.9:80", "10.1.1.9:8080 > 10.1.0.1:41354"),
    ];
    const { first } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), ...lines);
    expect(first.client.ip).toBe("10.1.0.5");
    expect(first.translations.map((t) => [t.kind, t.from.ip, t.to.ip])).toEqual([
      ["dnat", "10.96.0.10", "10.9.0.9"],
      ["snat", "10.1.0.5", "192.168.0.1"],
      ["dnat", "10.9.0.9", "10.1.1.9"],
      ["snat", "192.168.0.1", "10.1.0.1"],
    ]);
  });

  test("not: one machine twice in a row, whose masqueraded pod has the port that the node itself calls from", async () => {
    const pod = entry("10.1.0.5:41000 > 198.18.4.77:80", "198.18.4.77:80 > 198.18.4.10:41000");
    const own = entry("198.18.4.10:41000 > 198.18.4.77:80", "198.18.4.77:80 > 198.18.4.10:39492");
    const { first } = await told(call("198.18.4.10:39492", "198.18.4.77:80"), pod + own);
    expect([first.client.ip, first.client.port, first.translations.length]).toEqual(["198.18.4.10", 41000, 1]);
    const { first: masqueraded } = await told(call("198.18.4.10:41000", "198.18.4.77:80"), pod + own);
    expect([masqueraded.client.ip, masqueraded.translations.length]).toEqual(["10.1.0.5", 1]);
  });

  test("the ports were used twice: the entry at its time", async () => {
    const lines = [
      entry("192.168.0.1:1111 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.1:41354", 0),
      entry("192.168.0.1:2222 > 10.96.0.11:80", "10.1.1.9:8080 > 10.1.0.1:41354", 20),
    ];
    const { first } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), lines.join(""));
    expect([first.client.port, first.requested?.ip]).toEqual([1111, "10.96.0.10"]);
  });

  test("the ports were used twice within a second: the entry that was there", async () => {
    const end = (line: string): string => line.replace("[NEW]", "[DESTROY]");
    const first = entry("192.168.0.1:1111 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.1:41354", -0.4);
    const lines = [
      first,
      end(first.replace("199.600000", "199.900000")),
      entry("192.168.0.1:2222 > 10.96.0.11:80", "10.1.1.9:8080 > 10.1.0.1:41354", 0),
    ];
    const { first: shown } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), lines.join(""));
    expect([shown.client.port, shown.requested?.ip]).toEqual([2222, "10.96.0.11"]);
  });

  test("not: two uses as near, an entry of another time, one that translates nothing", async () => {
    const reply = "10.1.1.9:8080 > 10.1.0.1:41354";
    for (const lines of [
      entry("192.168.0.1:1111 > 10.96.0.10:80", reply, 0) + entry("192.168.0.1:2222 > 10.96.0.10:80", reply, 0),
      entry("192.168.0.1:41354 > 10.96.0.10:80", reply, 400),
      entry("10.1.0.1:41354 > 10.1.1.9:8080", reply),
    ]) {
      const { first } = await told(call("10.1.0.1:41354", "10.1.1.9:8080"), lines);
      expect([first.client.ip, first.requested?.ip, first.told]).toEqual(["10.1.0.1", "10.1.1.9", []]);
    }
  });
});

test("a pod's own wire is believed: an entry that tells otherwise is a finding, and changes nothing", async () => {
  const traffic = `
    @veth1 = ethernet resolution=ns
    @eth0 = ethernet resolution=ns
    a = 10.1.0.5:41354   b = 10.1.1.9:8080
    q: 0.000  @veth1 a > b tcp SYN seq=3000000000 id=4660
       0.0001 @eth0 seen q hops=1
    r: 0.001  @eth0 b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ttl=63
       0.0011 @veth1 seen r hops=1
  `;
  const conntrack = entry("10.1.0.5:41354 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.5:41354");
  const { first } = await told(traffic, conntrack);
  expect([first.requested?.ip, first.told]).toEqual(["10.1.1.9", []]);
  const found = await withFiles({ "n1.pcapng": traffic }, (files) => searchFiles(files, { conntrack }));
  expect(found.of("conntrack-differs").flatMap((f) => f.evidence)).toEqual([
    "conntrack.txt line 1 tells dnat 10.96.0.10:80 to 10.1.1.9:8080, the packets show 10.1.0.5:41354 call 10.1.1.9:8080 where they were sent",
  ]);
});

test("what is told only is counted so, not as agreed", async () => {
  const conntrack = entry("192.168.0.1:41354 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.1:41354");
  const found = await withFiles({ "n1.pcapng": call("10.1.0.1:41354", "10.1.1.9:8080") }, (files) =>
    searchFiles(files, { conntrack }),
  );
  expect(found.findings).toEqual([]);
  expect(found.conntrack).toEqual({ agreed: 0, toldOnly: 2, connections: 1 });
});

test("a node's own call from a port that it gave a pod's call is no difference", async () => {
  const traffic = `
    @veth1 = ethernet resolution=ns
    @eth0 = ethernet resolution=ns
    @wan = ethernet resolution=ns
    a = 10.1.0.5:41000   n = 198.18.4.10:41000   s = 198.18.4.77:80
    q: 0.000  @veth1 a > s tcp SYN seq=3000000000 id=4660
       0.0001 @eth0 seen q src=198.18.4.10:41000 hops=1
       0.0002 @wan seen q src=100.64.5.2:41000 hops=2
    r: 0.001  @eth0 s > n tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ttl=63
       0.0011 @veth1 seen r dst=10.1.0.5:41000 hops=1
  `;
  const differences = async (conntrack: string): Promise<number> =>
    (await withFiles({ "n1.pcapng": traffic }, (files) => searchFiles(files, { conntrack }))).of("conntrack-differs")
      .length;
  const pod = entry("10.1.0.5:41000 > 198.18.4.77:80", "198.18.4.77:80 > 198.18.4.10:41000");
  const own = entry("198.18.4.10:41000 > 198.18.4.77:80", "198.18.4.77:80 > 198.18.4.10:39492");
  expect(await differences(pod + own)).toBe(0);
  // Where its entry is told otherwise, it is one.
  expect(await differences(pod.replace("dport=41000", "dport=555") + own)).toBe(1);
});
