/** What bridges, hosts, tunnels and routers learned, as far as packets show it. */
import { describe, expect, it } from "vitest";
import { addressBytes } from "../../../src-shared/model/ip-range";
import { prefixes } from "../../../src-main/engine/analysis/learned-routes";
import { learn } from "../../builders/learn";
import { splitByNode } from "../../builders/two-nodes";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const NAMES = `@veth1 = ethernet
  @veth2 = ethernet
  @cni0 = ethernet
  a = 10.1.0.5 mac=02:00:00:00:00:0a   b = 10.1.0.6 mac=02:00:00:00:00:0b`;

const node = (lines: string): Readonly<Record<string, Uint8Array>> => ({
  "n1.pcapng": trafficToPcapng(parseTraffic(`${NAMES}\n${lines}`)),
});

/** A ping from one port through the bridge to the other, 10 µs a hop. */
function ping(
  seconds: number,
  seq: number,
  from: string,
  to: string,
  ports: readonly [string, string],
  kind = "request",
): string {
  const at = (hop: number): string => (seconds + hop * 1e-5).toFixed(6);
  const label = `p${seq}${kind}`;
  return [
    `${label}: ${at(0)} @${ports[0]} ${from} > ${to} icmp ${kind} ident=7 seq=${seq}`,
    `${at(1)} @cni0 seen ${label}`,
    `${at(2)} @${ports[1]} seen ${label}`,
  ].join("\n");
}

describe("the MAC table of a bridge", () => {
  it("has each MAC behind the port that its frames came in by", async () => {
    const { lines } = await learn(
      node(`${ping(0, 1, "a", "b", ["veth1", "veth2"])}\n${ping(0.1, 1, "b", "a", ["veth2", "veth1"], "reply")}`),
    );
    expect(await lines("macs", ["bridge", "mac", "port", "moved"])).toEqual([
      "cni0 | 02:00:00:00:00:0a | veth1 | ",
      "cni0 | 02:00:00:00:00:0b | veth2 | ",
    ]);
  });

  it("says whose a MAC is: a pod that nobody named goes by its address, not by its node", async () => {
    const { lines } = await learn(
      node(`${ping(0, 1, "a", "b", ["veth1", "veth2"])}\n${ping(0.1, 1, "b", "a", ["veth2", "veth1"], "reply")}`),
    );
    expect(await lines("macs", ["mac", "who"])).toEqual([
      "02:00:00:00:00:0a | 10.1.0.5",
      "02:00:00:00:00:0b | 10.1.0.6",
    ]);
  });

  it("says when a MAC moved, from which port, and until when the old place held", async () => {
    const { lines } = await learn(
      node(
        `@veth3 = ethernet\n${ping(0, 1, "a", "b", ["veth1", "veth2"])}\n${ping(5, 2, "a", "b", ["veth3", "veth2"])}\n${ping(6, 3, "a", "b", ["veth3", "veth2"])}`,
      ),
    );
    const rows = (await lines("macs", ["mac", "port", "from", "until", "packets", "moved"])).filter((l) =>
      l.includes(":0a"),
    );
    expect(rows).toEqual([
      "02:00:00:00:00:0a | veth1 | 1709287200.000000000 | 1709287205.000000000 | 1 | ",
      "02:00:00:00:00:0a | veth3 | 1709287205.000000000 |  | 2 | moved from veth1",
    ]);
  });

  it("says so where a MAC is heard at two ports at once", async () => {
    const { lines } = await learn(
      node(
        `@veth3 = ethernet\n${ping(0, 1, "a", "b", ["veth1", "veth2"])}\n${ping(1, 2, "a", "b", ["veth3", "veth2"])}\n${ping(2, 3, "a", "b", ["veth1", "veth2"])}`,
      ),
    );
    expect((await lines("macs", ["port", "moved"])).slice(0, 2)).toEqual([
      "veth1 | still heard after it moved",
      "veth3 | moved from veth1",
    ]);
  });

  it("learns nothing from one port alone", async () => {
    const { lines } = await learn(node("0.0 @veth1 a > b icmp request ident=7 seq=1"));
    expect(await lines("macs", ["mac"])).toEqual([]);
  });
});

describe("neighbour caches", () => {
  const COLUMNS = ["owner-address", "address", "mac", "how", "packets", "moved"] as const;

  it("learn from an answer, and from the question that was answered; one word at many points is one entry", async () => {
    const { lines } = await learn(
      node(`q: 0.0 @veth1 a > b arp request
            0.00001 @cni0 seen q
            r: 0.0001 @veth2 b > a arp reply
            0.00011 @cni0 seen r`),
    );
    expect(await lines("neighbours", COLUMNS)).toEqual([
      "10.1.0.6 | 10.1.0.5 | 02:00:00:00:00:0a | request | 2 | ",
      "10.1.0.5 | 10.1.0.6 | 02:00:00:00:00:0b | reply | 2 | ",
    ]);
  });

  it("learn nothing from a question nobody answered", async () => {
    const { lines } = await learn(node("0.0 @veth1 a > b arp request"));
    expect(await lines("neighbours", COLUMNS)).toEqual([]);
  });

  it("learn anew from an announcement, if they knew the address: it moved", async () => {
    const { lines } = await learn(
      node(`new = 10.1.0.6 mac=02:00:00:00:00:0c
            0.0 @veth1 a > b arp request
            0.1 @veth2 b > a arp reply
            9.0 @veth2 new > new arp request`),
    );
    expect((await lines("neighbours", COLUMNS)).filter((line) => line.startsWith("10.1.0.5"))).toEqual([
      "10.1.0.5 | 10.1.0.6 | 02:00:00:00:00:0b | reply | 1 | ",
      "10.1.0.5 | 10.1.0.6 | 02:00:00:00:00:0c | announcement | 1 | moved from 02:00:00:00:00:0b",
    ]);
  });

  it("of IPv6 learn from solicitations and advertisements", async () => {
    const { lines } = await learn({
      "n1.pcapng": trafficToPcapng(
        parseTraffic(`@eth0 = ethernet
          x = fd00::1 mac=02:00:00:00:00:01   y = fd00::2 mac=02:00:00:00:00:02
          0.0 @eth0 x > y nd solicit
          0.1 @eth0 y > x nd advertise`),
      ),
    });
    expect(await lines("neighbours", COLUMNS)).toEqual([
      "fd00::2 | fd00::1 | 02:00:00:00:00:01 | request | 1 | ",
      "fd00::1 | fd00::2 | 02:00:00:00:00:02 | reply | 1 | ",
    ]);
  });
});

describe("forwarding entries of tunnels", () => {
  const wire = (lines: string): Readonly<Record<string, Uint8Array>> => ({
    "n1.pcapng": trafficToPcapng(
      parseTraffic(`@eth0 = ethernet
        n1 = 192.168.0.1   n2 = 192.168.0.2   n3 = 192.168.0.3
        ${lines}`),
    ),
  });

  it("say behind which outer address an inner one is, and who knows it", async () => {
    const { lines } = await learn(
      wire(
        "0.0 @eth0 10.1.0.5 > 10.1.1.9 vxlan(vni=7, n1 > n2, smac=02:00:00:00:00:0a dmac=02:00:00:00:00:0b) icmp request ident=1 seq=1",
      ),
    );
    expect(await lines("tunnels", ["tunnel", "vni", "port", "inner", "mac", "outer", "moved"])).toEqual([
      "vxlan | 7 | 4789 | 10.1.0.5 | 02:00:00:00:00:0a | 192.168.0.1 | ",
      "vxlan | 7 | 4789 | 10.1.1.9 | 02:00:00:00:00:0b | 192.168.0.2 | ",
    ]);
  });

  it("have no MAC where the tunnel carries IP alone; nobody is behind a group address", async () => {
    const { lines } = await learn(
      wire(`0.0 @eth0 10.1.0.5 > 10.1.1.9 ipip(n1 > n2) icmp request ident=1 seq=1
            0.1 @eth0 10.1.0.5 > 224.0.0.5 ipip(n1 > n2) ip proto=89 len=20`),
    );
    expect(await lines("tunnels", ["tunnel", "inner", "mac", "outer"])).toEqual([
      "ipip | 10.1.0.5 |  | 192.168.0.1",
      "ipip | 10.1.1.9 |  | 192.168.0.2",
    ]);
  });

  it("move with a pod that moved to another node", async () => {
    const { lines } = await learn(
      wire(`0 @eth0 10.1.0.5 > 10.1.1.9 vxlan(vni=7, n1 > n2) icmp request ident=1 seq=1
            60 @eth0 10.1.0.5 > 10.1.1.9 vxlan(vni=7, n1 > n3) icmp request ident=1 seq=2`),
    );
    expect((await lines("tunnels", ["inner", "outer", "moved"])).filter((line) => line.startsWith("10.1.1.9"))).toEqual(
      ["10.1.1.9 | 192.168.0.2 | ", "10.1.1.9 | 192.168.0.3 | moved from 192.168.0.2"],
    );
  });
});

describe("routes", () => {
  it("say to which MAC, on which device, and whose it is", async () => {
    const { lines } = await learn(
      splitByNode(
        parseTraffic(`@n1/veth1 = ethernet
          @n1/eth0 = ethernet
          pod = 10.1.0.5   far = 10.1.1.9
          gateway = 192.168.0.254 mac=02:00:00:00:00:fe   n1 = 192.168.0.1 mac=02:00:00:00:00:01
          0.0 @n1/eth0 n1 > gateway arp request
          0.001 @n1/eth0 gateway > n1 arp reply
          p: 0.1 @n1/veth1 pod > far icmp request ident=1 seq=1
          0.1001 @n1/eth0 seen p hops=1 smac=n1 dmac=gateway`),
      ),
    );
    expect(await lines("routes", ["prefix", "next-hop", "mac", "device"])).toContain(
      "10.1.1.9 | 192.168.0.254 | 02:00:00:00:00:fe | eth0",
    );
  });

  it("are told as prefixes that hold no address that goes another way", () => {
    const list = (text: string): { address: string; bytes: Uint8Array; way: string }[] =>
      text.split(" ").map((one) => {
        const [address, way] = one.split(">") as [string, string];
        return { address, way, bytes: addressBytes(address) as Uint8Array };
      });
    const told = (text: string): string[] =>
      prefixes(list(text), (m) => m.way).map((g) => `${g.text} ${g.members[0]?.way ?? ""}`);
    expect(told("10.1.1.2>a 10.1.1.9>a")).toEqual(["10.1.1.0/28 a"]);
    // What goes another way splits it.
    expect(told("10.1.1.2>a 10.1.1.5>b 10.1.1.9>a")).toEqual(["10.1.1.2 a", "10.1.1.9 a", "10.1.1.5 b"]);
    // Too far apart to be one route by any evidence.
    expect(told("10.1.1.2>a 198.51.100.2>a")).toEqual(["10.1.1.2 a", "198.51.100.2 a"]);
    expect(told("fd00::2>a fd00::3>a 10.1.1.2>a")).toEqual(["10.1.1.2 a", "fd00::2/127 a"]);
  });
});
