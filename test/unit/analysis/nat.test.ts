/** The translation table: one entry a machine, from its own point of view, beside what connection tracking tells. */
import { describe, expect, it } from "vitest";
import { learn, type Learnt } from "../../builders/learn";
import { splitByNode, TwoNodes } from "../../builders/two-nodes";
import { parseTraffic } from "../../builders/traffic";

const START = 1709287200; // The notation's time 0.
const SERVICE = "10.96.0.10:80";

const TUPLES = ["node", "kind", "source", "destination", "reply-source", "reply-destination"] as const;
const COMPARED = ["source", "destination", "conntrack", "difference"] as const;

/** A Service call from n1 to a pod on n2, translated on n1, answered and closed. */
function call(options: { readonly seenAs?: string } = {}): TwoNodes {
  return new TwoNodes({ service: SERVICE, ...options })
    .handshake(0)
    .send("client", 0.01, 'tcp PSH,ACK "GET /" id=110 ts=5010,7000')
    .send("server", 0.02, 'tcp PSH,ACK "ok" id=210 ts=7010,5010')
    .send("client", 0.03, "tcp FIN,ACK id=111 ts=5020,7010")
    .send("server", 0.04, "tcp FIN,ACK id=211 ts=7020,5020")
    .send("client", 0.05, "tcp ACK id=112 ts=5030,7020");
}

/** Two lines of `conntrack -E -o timestamp` for a TCP connection. */
function told(original: string, reply: string, seconds = 0): string {
  const tuple = (text: string): string => {
    const [from, to] = text.split(" > ") as [string, string];
    const [src, sport] = from.split(":") as [string, string];
    const [dst, dport] = to.split(":") as [string, string];
    return `src=${src} dst=${dst} sport=${sport} dport=${dport}`;
  };
  const line = (at: number, rest: string): string => `[${START + seconds + at}.000000] ${rest}`;
  return [
    line(0, `[NEW] ipv4 2 tcp 6 120 SYN_SENT ${tuple(original)} [UNREPLIED] ${tuple(reply)}`),
    line(1, `[UPDATE] ipv4 2 tcp 6 120 TIME_WAIT ${tuple(original)} ${tuple(reply)} [ASSURED]`),
    "",
  ].join("\n");
}

describe("the translation table", () => {
  it("has the tuples that the node's own table would have", async () => {
    const { lines } = await learn(call().captures());
    expect(await lines("nat", TUPLES)).toEqual([
      "n1 | DNAT | 10.1.0.5:40000 | 10.96.0.10:80 | 10.1.1.9:8080 | 10.1.0.5:40000",
    ]);
    expect(await lines("nat", ["state", "timeout", "packets", "replies"])).toEqual(["TIME_WAIT | 120 | 5 | 3"]);
  });

  it("has both changes of one machine in one entry", async () => {
    const { lines } = await learn(call({ seenAs: "10.1.0.1:61000" }).captures());
    expect(await lines("nat", TUPLES)).toEqual([
      "n1 | DNAT + SNAT | 10.1.0.5:40000 | 10.96.0.10:80 | 10.1.1.9:8080 | 10.1.0.1:61000",
    ]);
  });

  it("has an entry for each machine on the way out: the second begins with what the first left", async () => {
    const { lines } = await learn(
      splitByNode(
        parseTraffic(`@n1/veth1 = ethernet
          @n1/eth0 = ethernet
          @gw/in = ethernet
          @gw/out = ethernet
          pod = 10.1.0.5:40000   web = 198.51.100.7:80
          a: 0.0 @n1/veth1 pod > web tcp SYN ts=1,0 id=7
          0.0001 @n1/eth0 seen a src=192.168.0.1:40000 hops=1
          0.0002 @gw/in seen a src=192.168.0.1:40000 hops=1
          0.0003 @gw/out seen a src=203.0.113.9:50123 hops=2
          b: 0.01 @gw/out web > 203.0.113.9:50123 tcp SYN,ACK ts=9,1 id=0
          0.0101 @gw/in seen b dst=192.168.0.1:40000 hops=1
          0.0102 @n1/eth0 seen b dst=192.168.0.1:40000 hops=1
          0.0103 @n1/veth1 seen b dst=pod hops=2`),
      ),
    );
    expect((await lines("nat", TUPLES)).map((line) => line.replace(/^[^|]*/, ""))).toEqual([
      "| SNAT | 10.1.0.5:40000 | 198.51.100.7:80 | 198.51.100.7:80 | 192.168.0.1:40000",
      "| SNAT | 192.168.0.1:40000 | 198.51.100.7:80 | 198.51.100.7:80 | 203.0.113.9:50123",
    ]);
  });

  it("tells why an entry is believed, with the packets before and behind the change", async () => {
    const { tables } = await learn(call().captures());
    const entry = tables.natEntry(tables.nat.key(0), (file, number) => file * 1000 + number);
    expect(entry?.evidence[0]?.text).toMatch(
      /^The same packet was seen to 10\.96\.0\.10:80 at veth1 and to 10\.1\.1\.9:8080 at eth0: same TCP sequence number.* packets show it\.$/,
    );
    expect(entry?.evidence[0]?.packets.map((p) => p.point)).toEqual(["veth1", "eth0"]);
    expect(entry?.connection).not.toBeNull();
    expect(tables.natEntry("no such key", () => 0)).toBeNull();
  });
});

describe("beside imported connection tracking", () => {
  const compare = (conntrack: string, captures = call().captures()): Promise<Learnt> =>
    learn(captures, { conntrack: { "conntrack-n1.txt": conntrack } });

  it("is equal where both tell the same", async () => {
    const { lines, tables } = await compare(told("10.1.0.5:40000 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.5:40000"));
    expect(await lines("nat", COMPARED)).toEqual(["10.1.0.5:40000 | 10.96.0.10:80 | equal | "]);
    expect(tables.nat.summary()).toBe("1 equal");
  });

  it("says what differs with what", async () => {
    const { lines } = await compare(told("10.1.0.5:40000 > 10.96.0.10:80", "10.1.1.77:8080 > 10.1.0.5:40000"));
    expect(await lines("nat", COMPARED)).toEqual([
      "10.1.0.5:40000 | 10.96.0.10:80 | differs | Its reply source is 10.1.1.77:8080, in the packets 10.1.1.9:8080 (conntrack-n1.txt line 1).",
    ]);
  });

  it("is seen in packets only where the machine told nothing", async () => {
    const { lines } = await compare(told("10.1.0.9:1 > 10.1.0.8:2", "10.1.0.8:2 > 10.1.0.9:1"));
    expect(await lines("nat", COMPARED)).toEqual([
      "10.1.0.5:40000 | 10.96.0.10:80 | only in packets | No imported file is of n1.",
    ]);
  });

  it("is only told where no packet shows it; entries without a translation are left out", async () => {
    const { lines } = await compare(
      told("10.1.0.5:40000 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.5:40000") +
        told("10.1.0.66:555 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.66:555") +
        told("10.1.0.66:556 > 10.1.1.9:8080", "10.1.1.9:8080 > 10.1.0.66:556"),
    );
    expect(await lines("nat", [...COMPARED, "node"])).toEqual([
      "10.1.0.5:40000 | 10.96.0.10:80 | equal |  | n1",
      "10.1.0.66:555 | 10.96.0.10:80 | only told | No packet of it was recorded. | n1",
    ]);
  });

  it("holds no use of the same ports at another time against it", async () => {
    const { lines } = await compare(told("10.1.0.5:40000 > 10.96.0.10:80", "10.1.1.77:8080 > 10.1.0.5:40000", 3600));
    expect((await lines("nat", ["conntrack"]))[0]).toBe("only in packets");
  });

  it("compares with the use of the ports that was there, not with one that ended seconds before or began seconds later", async () => {
    const [asked, there, other] = [
      "10.1.0.5:40000 > 10.96.0.10:80",
      "10.1.1.9:8080 > 10.1.0.5:40000",
      "10.1.1.77:8080 > 10.1.0.5:40000",
    ];
    const over = (uses: string, reply: string, seconds: number): string =>
      uses + `[${START + seconds}.000000] [DESTROY] ipv4 2 tcp 6 ${told(asked, reply).split("TIME_WAIT ")[1] ?? ""}`;
    const before = over(told(asked, there, -10), there, -8);
    const during = over(told(asked, other, 0), other, 2);
    const { lines } = await compare(before + during + told(asked, there, 10));
    expect((await lines("nat", ["conntrack", "difference"]))[0]).toBe(
      "differs | Its reply source is 10.1.1.77:8080, in the packets 10.1.1.9:8080 (conntrack-n1.txt line 4).",
    );
    // And the other way round: what differs was of other uses.
    const right = await compare(
      over(told(asked, other, -10), other, -8) + over(told(asked, there, 0), there, 2) + told(asked, other, 10),
    );
    expect((await right.lines("nat", ["conntrack"]))[0]).toBe("equal");
  });

  it("compares anew when other files are imported", async () => {
    const { tables } = await compare(told("10.1.0.5:40000 > 10.96.0.10:80", "10.1.1.9:8080 > 10.1.0.5:40000"));
    expect(tables.nat.summary()).toBe("1 equal");
    expect(tables.useConntrack([])).toBe(true);
    expect(tables.useConntrack([])).toBe(false);
    expect(tables.nat.summary()).toBe("");
  });
});
