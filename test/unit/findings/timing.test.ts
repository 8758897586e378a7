/** Time that goes somewhere, and packets that meet each other: slow hops and answers, DNS, ports used twice, NAT that hides. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";
import { TwoNodes, type TwoNodesOptions } from "../../builders/two-nodes";

const REQUEST = '"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"';
const ANSWER = '"HTTP/1.1 200 OK\\r\\n\\r\\n"';

describe("slow answer", () => {
  test("the server's: the time passes between question and answer at its own node", async () => {
    const nodes = new TwoNodes()
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`)
      .send("server", 0.011, "tcp ACK id=500 ts=7011,5010")
      .send("server", 3.01, `tcp PSH,ACK id=501 ts=10010,5010 ${ANSWER}`);
    const found = await search(nodes.captures());
    expect(findingLines(found)).toEqual(["warn slow-answer: Slow server: 10.1.1.9:8080 takes 3.0 s to answer"]);
    expect(found.findings[0]?.ruledOut[0]).toMatch(/^the network/);
  });

  test("the network's: the question was lost twice, the server answers at once", async () => {
    const nodes = new TwoNodes()
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`, { reaches: 2, label: "q" })
      .send("client", 0.21, "again q", { reaches: 2 })
      .send("client", 0.61, "again q")
      .send("server", 0.612, `tcp PSH,ACK id=501 ts=10010,5010 ${ANSWER}`)
      .send("client", 0.62, "tcp ACK id=120 ts=5620,10010");
    const found = await search(nodes.captures());
    expect(found.of("slow-answer").map((f) => f.title)).toEqual([
      expect.stringMatching(/^Slow network: 602 ms for an answer of 10\.1\.1\.9:8080, the server's share is 1\.9 ms$/),
    ]);
    expect(found.of("slow-answer")[0]?.fits[0]).toBe("packets were lost and sent again");
  });

  test("not: a quick answer, a client that thinks before its second question, a server that speaks first", async () => {
    const thinking = new TwoNodes()
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`)
      .send("server", 0.02, `tcp PSH,ACK id=501 ts=7020,5010 ${ANSWER}`)
      .send("client", 5, `tcp PSH,ACK id=111 ts=9990,7020 ${REQUEST}`)
      .send("server", 5.01, `tcp PSH,ACK id=502 ts=12000,9990 ${ANSWER}`);
    expect(findingLines(await search(thinking.captures()))).toEqual([]);
    const greeting = new TwoNodes()
      .handshake(0)
      .send("server", 0.01, 'tcp PSH,ACK id=501 ts=7020,5001 "220 ready\\r\\n"')
      .send("client", 2, 'tcp PSH,ACK id=111 ts=6990,7020 "EHLO a\\r\\n"')
      .send("server", 4, 'tcp PSH,ACK id=502 ts=9000,6990 "250 ok\\r\\n"');
    expect(findingLines(await search(greeting.captures()))).toEqual([]);
  });
});

describe("slow hop", () => {
  const talk = (
    hop: (i: number) => readonly number[],
    back: readonly number[] = [],
    nodes = new TwoNodes().handshake(0),
  ): TwoNodes => {
    for (let i = 0; i < 30; i++) {
      nodes.send("client", 0.5 * i + 0.5, `tcp PSH,ACK id=${200 + i} ts=${6000 + i},7000 "question ${i}"`, {
        hopMicroseconds: hop(i),
      });
      nodes.send("server", 0.5 * i + 0.9, `tcp PSH,ACK id=${700 + i} ts=${8000 + i},${6000 + i} "answer ${i}"`, {
        hopMicroseconds: back,
      });
    }
    return nodes;
  };

  test("now and then: some packets are held 150 ms inside the second node", async () => {
    const found = await search(talk((i) => [20, 20, i % 6 === 5 ? 150_000 : 20]).captures());
    const [slow, ...more] = found.of("slow-hop");
    expect(more).toEqual([]);
    expect(slow).toMatchObject({ severity: "warn", where: ["n2.pcapng#0", "n2.pcapng#1", "n2"] });
    expect(slow?.title).toMatch(/^Packets held up to 150 ms between eth0 of n2/);
    expect(slow?.evidence).toContain("one clock: the times are comparable");
  });

  test("always, between two clocks: either way may be the clocks' doing, there and back together is not", async () => {
    const wire = [20, 40_000, 20];
    const [slow, ...more] = (await search(talk(() => wire, wire, new TwoNodes()).captures())).of("slow-hop");
    expect(more).toEqual([]);
    expect(slow?.title).toBe("Slow hop: 80 ms there and back between eth0 of n1 and eth0 of n2");
    expect(slow?.evidence[1]).toMatch(/^which way takes how much is not known: the clocks differ by up to 40 ms/);
  });

  test("not: a wire of ten milliseconds each way", async () => {
    const wire = [20, 10_000, 20];
    expect((await search(talk(() => wire, wire, new TwoNodes()).captures())).of("slow-hop")).toEqual([]);
  });

  test("not: one late packet, or a steady fraction of a millisecond", async () => {
    expect((await search(talk((i) => [20, 20, i === 7 ? 150_000 : 20]).captures())).of("slow-hop")).toEqual([]);
    expect((await search(talk(() => [20, 600, 20]).captures())).of("slow-hop")).toEqual([]);
  });
});

describe("packets that are kept while a neighbour is asked for", () => {
  /** Three datagrams of each second held until ARP is answered, among 30 that are not. `answered`: when, in seconds after the question. */
  const kept = (heldUs: number, answered: number): string => {
    const lines = ["@in = ethernet resolution=ns", "@out = ethernet resolution=ns"];
    const packets: (readonly [number, string])[] = [];
    const us = (n: number): number => n / 1e6;
    for (let i = 0; i < 30; i++) {
      const at = i < 3 ? 1 + us(i * 100_000) : 3 + i / 10;
      const sent = i < 3 ? 1 + us(heldUs + i * 10) : at + us(20);
      const line = `10.1.0.5:4000 > 10.2.0.9:5000 udp "datagram ${10 + i} of some" id=${100 + i}`;
      packets.push([at, `@in ${line}`], [sent, `@out ${line} ttl=63`]);
    }
    packets.push(
      [1 + us(5), "@out 192.0.2.1 > 192.0.2.12 arp request"],
      [1 + us(5) + answered, "@out 192.0.2.12 > 192.0.2.1 arp reply"],
    );
    packets.sort((a, b) => a[0] - b[0]);
    return [...lines, ...packets.map(([at, line]) => `${at.toFixed(9)} ${line}`)].join("\n");
  };

  test("ARP is told, with its packets", async () => {
    const [slow, ...more] = (await search({ "gw.pcapng": kept(900_000, 0.8999) })).of("slow-hop");
    expect(more).toEqual([]);
    expect(slow?.fits).toEqual([
      "the machine had to ask for the address 192.0.2.12 first (ARP) and kept the packets until it was told",
    ]);
    expect(slow?.evidence.at(-1)).toMatch(
      /^ARP: who has 192\.0\.2\.12 was asked once at out.*, answered 900 ms after the first question$/,
    );
    // Three datagrams, question and answer.
    expect(slow?.packetCount).toBe(5);
  });

  test.each([
    { name: "the answer came at once", answered: 0.0003 },
    { name: "the answer came long before they went out", answered: 0.6 },
    { name: "the answer came after they went out", answered: 1.2 },
  ])("not: $name", async ({ answered }) => {
    const [slow] = (await search({ "gw.pcapng": kept(900_000, answered) })).of("slow-hop");
    expect(slow?.fits.join()).not.toContain("ARP) and kept");
    expect(slow?.packetCount).toBe(3);
  });
});

describe("DNS", () => {
  const dns = (more: TwoNodesOptions = {}): TwoNodes =>
    new TwoNodes({ client: "10.1.0.5:41000", server: "10.1.1.9:53", service: "10.96.0.10:53", ...more });
  const NAME = "web.shop.svc.cluster.local";

  test("five-second stall: the AAAA question is dropped at the translation and asked again", async () => {
    const nodes = dns()
      .send("client", 0, `dns query 1 A ${NAME}`)
      .send("client", 0.00002, `dns query 2 AAAA ${NAME}`, { reaches: 1 })
      .send("server", 0.001, `dns answer 1 A ${NAME} 10.96.0.20`)
      .send("client", 5.005, `dns query 1 A ${NAME}`)
      .send("server", 5.006, `dns answer 1 A ${NAME} 10.96.0.20`)
      .send("client", 5.007, `dns query 2 AAAA ${NAME}`)
      .send("server", 5.008, `dns answer 2 AAAA ${NAME} fd00::20`);
    const found = await search(nodes.captures());
    const [stall] = found.of("dns-stall");
    expect(stall?.title).toBe("10.1.0.5 waits 5.0 s for DNS: a question is not answered and asked again");
    expect(stall?.evidence[0]).toBe(`AAAA ${NAME}: asked, no answer for 5.0 s, asked again`);
    expect(stall?.fits[0]).toContain("conntrack clash");
    const [clash] = found.of("conntrack-clash");
    expect(clash).toMatchObject({ severity: "warn", inference: true, where: ["n1.pcapng#0", "n1.pcapng#1", "n1"] });
    expect(found.of("lost-between")).toEqual([]);
  });

  test("not: search list expansion, a question answered and asked again, A and AAAA that both pass", async () => {
    const nodes = dns()
      .send("client", 0, "dns query 1 A web.shop.svc.cluster.local.shop.svc.cluster.local")
      .send("client", 0.00002, "dns query 2 AAAA web.shop.svc.cluster.local.shop.svc.cluster.local")
      .send("server", 0.001, "dns nxdomain 1 A web.shop.svc.cluster.local.shop.svc.cluster.local")
      .send("server", 0.0011, "dns nxdomain 2 AAAA web.shop.svc.cluster.local.shop.svc.cluster.local")
      .send("client", 0.002, `dns query 3 A ${NAME}`)
      .send("server", 0.003, `dns answer 3 A ${NAME} 10.96.0.20`)
      .send("client", 5.002, `dns query 4 A ${NAME}`)
      .send("server", 5.003, `dns answer 4 A ${NAME} 10.96.0.20`);
    expect(findingLines(await search(nodes.captures()))).toEqual([]);
  });
});

describe("ports used again", () => {
  /** Two clients behind one address and port, the second a moment after the first closed. */
  const twoClients = (answer: string): Readonly<Record<string, Uint8Array>> => {
    const first = new TwoNodes({ client: "10.1.0.5:40000", seenAs: "192.168.0.1:40000" })
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`)
      .send("server", 0.02, `tcp PSH,ACK id=501 ts=7020,5010 ${ANSWER}`)
      .send("client", 0.03, "tcp FIN,ACK id=111 ts=5030,7020")
      .send("server", 0.04, "tcp FIN,ACK id=502 ts=7040,5030")
      .send("client", 0.05, "tcp ACK id=112 ts=5050,7040");
    // The other client's packets, written as the same path sees them.
    for (const [at, point] of [
      [1, "n1/veth1"],
      [1.00002, "n1/eth0"],
      [1.00004, "n2/eth0"],
      [1.00006, "n2/veth2"],
    ] as const)
      first.line(
        at === 1
          ? "again1: 1.000000 @n1/veth1 10.1.0.6:40000 > 10.1.1.9:8080 tcp SYN seq=900000 id=800 ts=99,0"
          : `${at.toFixed(6)} @${point} seen again1 src=192.168.0.1:40000 hops=${point === "n2/veth2" ? 2 : 1}`,
      );
    for (const [i, point] of ["n2/veth2", "n2/eth0", "n1/eth0", "n1/veth1"].entries())
      first.line(
        i === 0
          ? `answer1: 1.001000 @n2/veth2 10.1.1.9:8080 > 192.168.0.1:40000 ${answer}`
          : `${(1.001 + i * 2e-5).toFixed(6)} @${point} seen answer1 hops=${i === 3 ? 2 : 1} ${i === 3 ? "dst=10.1.0.6:40000" : ""}`,
      );
    return first.captures();
  };

  test("the server answers the new SYN with an ACK of the old connection", async () => {
    const found = await search(twoClients("tcp ACK seq=2000000100 ack=3000000100 id=900 ts=8000,5050"));
    const [reuse, ...more] = found.of("port-reuse");
    expect(more).toEqual([]);
    expect(reuse).toMatchObject({ severity: "warn", connectionCount: 2 });
    expect(reuse?.title).toBe("Ports used again after NAT while 10.1.1.9:8080 still remembers them");
    expect(reuse?.evidence).toContain("the clients are different ones: NAT gave them the same port");
  });

  test("not where the server takes it", async () => {
    expect((await search(twoClients("tcp SYN,ACK seq=770000 id=0 ts=8000,99"))).of("port-reuse")).toEqual([]);
  });
});

describe("SNAT that hides the client", () => {
  const CLUSTER = (policy: string): string => `
{ kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.1.0.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] } }
---
{ kind: Node, metadata: { name: n2 }, spec: { podCIDR: 10.1.1.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.2 }] } }
---
{ kind: Pod, metadata: { name: web, namespace: shop }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }
---
{ kind: Service, metadata: { name: web, namespace: shop }, spec: { type: NodePort, clusterIP: 10.96.0.10, externalTrafficPolicy: ${policy}, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] } }
`;
  const request = (options: TwoNodesOptions): TwoNodes =>
    new TwoNodes({ client: "203.0.113.50:40000", clientDevice: "eth1", service: "192.168.0.1:30080", ...options })
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`)
      .send("server", 0.02, `tcp PSH,ACK id=501 ts=7020,5010 ${ANSWER}`);

  test("a NodePort under externalTrafficPolicy Cluster", async () => {
    const found = await search(request({ seenAs: "192.168.0.1:52000" }).captures(), { cluster: CLUSTER("Cluster") });
    expect(findingLines(found)).toEqual([
      "note snat-hides-client: shop/web: the server sees 192.168.0.1 in place of 203.0.113.50",
    ]);
    expect(found.findings[0]?.fits[0]).toMatch(/^externalTrafficPolicy Cluster/);
  });

  test("not where the client's address is kept", async () => {
    expect(findingLines(await search(request({}).captures(), { cluster: CLUSTER("Local") }))).toEqual([]);
  });

  test("a pod hidden from another pod is worth a warning, and breaks the network model", async () => {
    const pods = new TwoNodes({ seenAs: "192.168.0.1:52000" })
      .handshake(0)
      .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${REQUEST}`)
      .send("server", 0.02, `tcp PSH,ACK id=501 ts=7020,5010 ${ANSWER}`);
    const found = await search(pods.captures(), {
      cluster: `${CLUSTER("Cluster")}---\n{ kind: Pod, metadata: { name: client, namespace: shop }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.5 } }`,
    });
    expect(found.of("snat-hides-client").map((f) => f.severity)).toEqual(["warn"]);
    expect(found.rules.map((r) => [r.id, r.verdict])).toContainEqual(["pods-reach-pods", "broken"]);
  });

  test("a pod that asks a node's port is masqueraded like anybody else: no wrong rule is to blame", async () => {
    const inside = { client: "10.1.0.5:40000", clientDevice: "veth1", seenAs: "192.168.0.1:52000" };
    const found = await search(request(inside).captures(), { cluster: CLUSTER("Cluster") });
    expect(findingLines(found)).toEqual([
      "note snat-hides-client: shop/web (192.168.0.1:30080): the server sees 192.168.0.1 in place of 10.1.0.5",
    ]);
    expect(found.findings[0]?.fits[0]).toMatch(/^externalTrafficPolicy Cluster.*a call from inside is no exception$/);
    expect(found.findings[0]?.fits.join()).not.toContain("cluster range not told");
    expect(found.findings[0]?.text).toContain("asking the Service's own address, it would be seen as itself");
  });

  test("a pod that asks the Service's own address is not: there a rule matches too much", async () => {
    const inside = { client: "10.1.0.5:40000", clientDevice: "veth1", service: "10.96.0.10:80" };
    const found = await search(request({ ...inside, seenAs: "192.168.0.1:52000" }).captures(), {
      cluster: CLUSTER("Cluster"),
    });
    expect(found.of("snat-hides-client").map((f) => [f.severity, f.fits.length])).toEqual([["warn", 1]]);
    expect(found.of("snat-hides-client")[0]?.fits[0]).toContain("cluster range not told");
  });
});

describe("connection tracking told beside what is seen", () => {
  const nodes = new TwoNodes({ service: "10.96.0.10:80" }).handshake(0);
  const line = (server: string): string =>
    `    [NEW] tcp 6 120 SYN_SENT src=10.1.0.5 dst=10.96.0.10 sport=40000 dport=80 [UNREPLIED] src=${server} dst=10.1.0.5 sport=8080 dport=40000\n`;

  test("the same: counted, no finding", async () => {
    const found = await search(nodes.captures(), { conntrack: line("10.1.1.9") });
    expect(findingLines(found)).toEqual([]);
    expect(found.conntrack).toEqual({ agreed: 1, toldOnly: 0, connections: 1 });
  });

  test("another endpoint: a difference", async () => {
    const found = await search(nodes.captures(), { conntrack: line("10.1.1.200") });
    expect(found.of("conntrack-differs")[0]?.evidence).toEqual([
      "conntrack.txt line 1 tells dnat 10.96.0.10:80 to 10.1.1.200:8080, the packets show 10.1.1.9:8080",
    ]);
    const [reused, ...more] = found.findings[0]?.fits.filter((f) => f.includes("ports were used again")) ?? [];
    expect([reused, more.length]).toEqual(["the entry is of another moment: ports were used again", 0]);
  });

  test("the ports were used before, a moment ago, for another endpoint: each entry is held against its own connection", async () => {
    const start = Number((await search(nodes.captures())).join.connection(0).firstTime);
    const at = (seconds: number, event: string, server: string): string =>
      `[${(start + seconds).toFixed(6)}] ${line(server).replace("[NEW]", event)}`;
    const before = at(-0.2, "[NEW]", "10.1.1.200") + at(-0.01, "[DESTROY]", "10.1.1.200");
    const found = await search(nodes.captures(), { conntrack: before + at(0.0003, "[NEW]", "10.1.1.9") });
    expect(found.of("conntrack-differs")).toEqual([]);
    expect(found.conntrack).toEqual({ agreed: 1, toldOnly: 0, connections: 1 });
    const wrong = await search(nodes.captures(), { conntrack: before + at(0.0003, "[NEW]", "10.1.1.201") });
    expect(wrong.of("conntrack-differs")[0]?.evidence).toEqual([
      "conntrack.txt line 3 tells dnat 10.96.0.10:80 to 10.1.1.201:8080, the packets show 10.1.1.9:8080",
    ]);
  });

  test("an entry whose time is the connection's: what that rules out is not among the causes", async () => {
    const time = Number((await search(nodes.captures())).join.connection(0).firstTime);
    const found = await search(nodes.captures(), { conntrack: `[${time.toFixed(6)}] ${line("10.1.1.200")}` });
    const [differs] = found.of("conntrack-differs");
    expect(differs?.ruledOut).toEqual([
      "another use of the ports: of the entries that have them this one is nearest in time to the connection, within 30 s",
    ]);
    expect(differs?.fits.join()).not.toContain("ports were used again");
  });
});
