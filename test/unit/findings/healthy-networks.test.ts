/** What recordings of healthy labs showed that looked like a fault: none of it is one. And what tells the fault from it. */
import { describe, expect, test } from "vitest";
import { kubectlExec } from "../../../src-main/engine/findings/shell";
import { findingLines, search } from "../../builders/find-in-traffic";
import { TwoNodes } from "../../builders/two-nodes";

describe("one address with two MACs is no conflict", () => {
  test("in two virtual networks, or two VLANs of a trunk", async () => {
    const answers = (inside: (n: number) => string): string => `
      asker = 10.5.0.1   x = 10.5.0.2 mac=02:00:00:00:00:0a   y = 10.5.0.2 mac=02:00:00:00:00:0b   n1 = 192.168.0.1   n2 = 192.168.0.2
      0.000 @eth0 asker > x ${inside(1)} arp request
      0.001 @eth0 asker > y ${inside(2)} arp request
      0.002 @eth0 x > asker ${inside(1)} arp reply
      0.003 @eth0 y > asker ${inside(2)} arp reply`;
    const ofKind = async (inside: (n: number) => string): Promise<number> =>
      (await search({ "n1.pcapng": `@eth0 = ethernet\n${answers(inside)}` })).of("arp-conflict").length;
    expect(await ofKind((n) => `vxlan(vni=${n}, n1 > n2)`)).toBe(0);
    expect(await ofKind((n) => `vlan(${n})`)).toBe(0);
    // In one network it is.
    expect(await ofKind(() => "vxlan(vni=1, n1 > n2)")).toBe(1);
  });

  test("where it was asked for again before the other answer: a pod was replaced quickly", async () => {
    const found = await search({
      "n1.pcapng": `@cni0 = ethernet
        asker = 10.5.0.1   x = 10.5.0.2 mac=02:00:00:00:00:0a   y = 10.5.0.2 mac=02:00:00:00:00:0b
        0.000 @cni0 asker > x arp request
        0.001 @cni0 x > asker arp reply
        0.400 @cni0 asker > y arp request
        0.401 @cni0 y > asker arp reply`,
    });
    expect(findingLines(found)).toEqual([]);
  });
});

describe("ICMP network unreachable", () => {
  const refused = (kind: string): string => `@veth1 = ethernet
    a = 10.1.0.5:40000   b = 10.97.3.9:80
    s: 0.0 @veth1 a > b tcp SYN seq=3000000000 id=7 ts=500000,0
       0.001 @veth1 10.1.0.1 > 10.1.0.5 icmp ${kind} quoting s`;

  test("is no time exceeded, though ICMPv6 has that number for it: a route is missing", async () => {
    expect(findingLines(await search({ "n1.pcapng": refused("unreachable net") }))).toEqual([
      "error no-endpoint: 10.1.0.1 has no route to 10.97.3.9:80",
    ]);
  });

  test("ICMP time exceeded is one", async () => {
    expect((await search({ "n1.pcapng": refused("time-exceeded") })).of("ttl")).toHaveLength(1);
  });
});

describe("a packet twice at a bridge", () => {
  /** The SYN to a Service comes to the bridge translated, and once more; `port`: what the bridge's port sees a second time. */
  const bridged = (port: string): string => `
    @veth1 = ethernet resolution=ns\n@cni0 = ethernet resolution=ns\n@veth2 = ethernet resolution=ns
    s: 0.000000 @veth1 10.1.0.5:40000 > 10.96.0.10:80 tcp SYN seq=3000000000 id=77 ts=500000,0
       0.000010 @cni0  seen s dst=10.1.0.6:8080
       0.000020 @veth2 seen s dst=10.1.0.6:8080
       0.000030 @cni0  seen s dst=10.1.0.6:8080
       0.000040 @cni0  seen s dst=10.1.0.6:8080 hops=1
       0.000050 @veth2 seen s dst=10.1.0.6:8080 ${port}
    r: 0.000100 @veth2 10.1.0.6:8080 > 10.1.0.5:40000 tcp SYN,ACK seq=2000000000 ack=3000000001 id=9 ts=700000,500000
       0.000110 @veth1 seen r src=10.96.0.10:80 hops=1`;

  test("is its own copy where no port has it twice: br_netfilter's way of translating", async () => {
    expect((await search({ "n1.pcapng": bridged("hops=1") })).of("duplicate-delivery")).toEqual([]);
  });

  test("is delivered twice where a port has", async () => {
    expect((await search({ "n1.pcapng": bridged("") })).of("duplicate-delivery").length).toBeGreaterThan(0);
  });
});

test("nothing is lost where the snap length ends within what the tunnel carries", async () => {
  /** Two SYNs, the first answered late; SYNs have more options than what follows. */
  const talk = async (words: string): Promise<readonly string[]> => {
    const nodes = new TwoNodes({ tunnel: "vxlan(vni=1, n1 > n2)" })
      .send("client", 0, "tcp SYN seq=3000000000 id=101 ts=5000,0 mss=1460", { label: "s", change: [1, words] })
      .send("client", 0.3, "again s", { change: [1, words] })
      .send("server", 0.301, "tcp SYN,ACK seq=2000000000 id=0 ts=7000,5000")
      .send("client", 0.302, "tcp ACK id=103 ts=5001,7000");
    for (let i = 0; i < 4; i++)
      nodes
        .send("client", 0.31 + 0.01 * i, `tcp PSH,ACK id=${110 + i} ts=${6110 + i},7000 "GET /${i}"`)
        .send("server", 0.312 + 0.01 * i, `tcp PSH,ACK id=${510 + i} ts=${8110 + i},${6110 + i} "answer ${i}"`);
    const { "n1.pcapng": n1 = new Uint8Array() } = nodes.captures();
    return findingLines(await search({ "n1.pcapng": n1 }));
  };
  expect(await talk("")).toEqual([]);
  expect(await talk("snap=100")).toEqual([]);
});

test("a super-packet that did not fit is one thing, the hop where its pieces vanish another", async () => {
  const nodes = new TwoNodes().handshake(0);
  for (let i = 0; i < 4; i++)
    nodes
      .send("client", 0.01 * (i + 1), `tcp PSH,ACK id=${110 + i} ts=${6110 + i},7000 "GET /${i}"`)
      .send("server", 0.01 * (i + 1) + 0.002, `tcp PSH,ACK id=${510 + i} ts=${8110 + i},${6110 + i} "answer ${i}"`);
  nodes
    .send("client", 0.1, "tcp PSH,ACK seq=next id=200 ts=6200,8113 len=2800", { reaches: 1, label: "big" })
    .line("0.1001 @n1/veth1 10.1.0.1 > 10.1.0.5 icmp too-big mtu=1450 quoting big");
  for (const [i, at] of [0.101, 0.3, 0.7, 1.5].entries())
    nodes.send("client", at, `tcp ACK seq=isn+25 id=${201 + i} ts=${6201 + i * 100},8113 len=1398`, { reaches: 2 });
  nodes.send("client", 1.8, "tcp ACK seq=isn+24 id=290 ts=6900,8113");
  nodes.send("server", 1.81, "tcp ACK id=690 ts=8900,6113");
  const found = await search(nodes.captures());
  expect(found.of("mtu-blackhole").map((f) => f.where.slice(0, 2))).toEqual([["n1.pcapng#1", "n2.pcapng#0"]]);
  expect(found.of("lost-between")).toEqual([]);
});

test("the command for a pod whose namespace nothing tells names none", () => {
  expect(kubectlExec("ca", "ss -ltn")).toBe("kubectl exec ca -- ss -ltn");
  expect(kubectlExec("shop/ca", "ss -ltn")).toBe("kubectl -n shop exec ca -- ss -ltn");
});
