/** Packets that vanish: lost, too large, dropped by policy, sent to nobody. Each appears where it is, and not where it is not. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";
import { TwoNodes } from "../../builders/two-nodes";

/** A request and an answer over `n`, from `seconds` on. */
function exchange(nodes: TwoNodes, seconds: number, id: number): TwoNodes {
  return nodes
    .send("client", seconds, `tcp PSH,ACK id=${id} ts=${6000 + id},7000 "GET /${id} HTTP/1.1\\r\\n\\r\\n"`)
    .send(
      "server",
      seconds + 0.001,
      `tcp PSH,ACK id=${id + 5000} ts=${8000 + id},${6000 + id} "HTTP/1.1 200 OK\\r\\n\\r\\n${id}"`,
    );
}

function healthy(): TwoNodes {
  const nodes = new TwoNodes().handshake(0);
  for (let i = 0; i < 6; i++) exchange(nodes, 0.01 * (i + 1), 110 + i);
  return nodes;
}

describe("a healthy conversation", () => {
  test("has no findings", async () => {
    expect(findingLines(await search(healthy().captures()))).toEqual([]);
  });

  test("has none through a Service and a tunnel either", async () => {
    const nodes = new TwoNodes({ service: "10.96.0.10:80", tunnel: "vxlan(vni=1, n1 > n2)" }).handshake(0);
    for (let i = 0; i < 6; i++) exchange(nodes, 0.01 * (i + 1), 110 + i);
    expect(findingLines(await search(nodes.captures()))).toEqual([]);
  });
});

describe("lost between X and Y", () => {
  test("a segment that is sent again and seen by the later point only then", async () => {
    const nodes = healthy()
      .send("client", 0.2, 'tcp PSH,ACK id=300 ts=6300,8115 "lost once, sent again"', { reaches: 2, label: "x" })
      .send("client", 0.41, "again x")
      .send("server", 0.42, "tcp ACK id=5300 ts=8300,6300");
    exchange(nodes, 0.5, 310);
    const found = await search(nodes.captures());
    const [loss, ...rest] = found.findings;
    expect(rest.map((f) => f.kind)).toEqual([]);
    expect(loss).toMatchObject({
      kind: "lost-between",
      severity: "warn",
      where: ["n1.pcapng#1", "n2.pcapng#0", "n1", "n2"],
      title: "1 packet lost between eth0 of n1 and eth0 of n2",
      packetCount: 1,
    });
    expect(loss?.ruledOut.some((r) => r.startsWith("a wrong route"))).toBe(true);
    expect(loss?.check[0]).toBe("ip -s link show eth0   # on n1");
  });

  test("a SYN that a rule led to an address nobody has, and that another endpoint took when it was sent again", async () => {
    const nodes = new TwoNodes({ service: "10.96.0.10:80" })
      .send("client", 0, "tcp SYN seq=3000000000 id=101 ts=5000,0", { reaches: 1, label: "s" })
      .line("0.0001 @n1/veth1 10.1.0.1 > 10.1.0.77 arp request")
      .line("1.0001 @n1/veth1 10.1.0.1 > 10.1.0.77 arp request")
      .send("client", 1.02, "again s id=102")
      .send("server", 1.03, "tcp SYN,ACK seq=2000000000 id=0 ts=7000,5000")
      .send("client", 1.04, "tcp ACK id=103 ts=5001,7000");
    const [loss] = (await search(exchange(nodes, 2, 110).captures())).of("lost-between");
    expect(loss?.title).toBe("1 packet lost between veth1 of n1 and eth0 of n1");
    expect(loss?.fits[0]).toMatch(/^10\.1\.0\.77: nobody has this address, the machine asks for it at the time/);
  });

  test("no finding where the later point had stopped recording", async () => {
    const nodes = healthy()
      .send("client", 0.2, 'tcp PSH,ACK id=300 ts=6300,8115 "last"', { reaches: 2, label: "x" })
      .send("client", 0.4, "again x", { reaches: 2 });
    expect((await search(nodes.captures())).of("lost-between")).toEqual([]);
  });

  test("the capture's own losses are named as a cause", async () => {
    const nodes = healthy()
      .send("client", 0.2, 'tcp PSH,ACK id=300 ts=6300,8115 "lost once"', { reaches: 2, label: "x" })
      .send("client", 0.41, "again x")
      .send("server", 0.42, "tcp ACK id=5300 ts=8300,6300")
      .line("counts @n2/eth0 received=20 dropped=7");
    const [loss] = (await search(nodes.captures())).of("lost-between");
    expect(loss?.fits[0]).toBe("the capture at eth0 of n2 lost 7 packets itself");
  });
});

describe("MTU blackhole", () => {
  /** A large segment vanishes between the nodes each time; what is small passes. */
  function blackhole(): TwoNodes {
    return healthy()
      .send("client", 0.2, "tcp ACK id=300 ts=6300,8115 len=1400", { reaches: 2, label: "big" })
      .send("client", 0.4, "again big", { reaches: 2, label: "big2" })
      .send("client", 0.8, "again big", { reaches: 2, label: "big3" })
      .send("server", 1.0, "tcp ACK id=5400 ts=9000,6115 ack=isn+127")
      .send("client", 1.6, "again big", { reaches: 2 })
      .send("server", 2.0, "tcp ACK id=5401 ts=9500,6115 ack=isn+127");
  }

  test("by sighting: always the large ones, at one hop", async () => {
    const found = await search(blackhole().captures());
    const [hole] = found.of("mtu-blackhole");
    expect(hole).toMatchObject({ severity: "error", inference: false });
    expect(hole?.title).toMatch(/^MTU blackhole between eth0 of n1 and eth0 of n2: 1452 bytes vanish, \d+ pass$/);
    expect(hole?.text).toContain('No ICMP "fragmentation needed" is seen.');
    expect(hole?.check[0]).toBe("ping -M do -c 3 -s 1424 10.1.1.9   # on n1");
    expect(found.of("lost-between")).toEqual([]);
  });

  test("by answers: with the sender's node alone, an inference", async () => {
    const { "n1.pcapng": n1 } = blackhole().captures();
    const [hole] = (await search({ "n1.pcapng": n1 as Uint8Array })).of("mtu-blackhole");
    expect(hole).toMatchObject({ severity: "warn", inference: true });
    expect(hole?.title).toContain("behind");
  });

  describe("where super-packets of segmentation offload pass whole", () => {
    /** 7240 bytes of data in one super-packet, twice; then a piece of one packet, in vain as often as told. */
    function superPackets(times: number, length = 1100): TwoNodes {
      const nodes = healthy();
      for (const [i, seconds] of [0.2, 0.21].entries())
        nodes
          .send("client", seconds, `tcp ACK id=${300 + 10 * i} ts=${6300 + i},8115 len=7240 seq=next`)
          .send("server", seconds + 0.001, `tcp ACK id=${5400 + i} ts=${9000 + i},${6300 + i}`);
      nodes.send("client", 0.3, `tcp PSH,ACK id=330 ts=6330,9001 len=${length} seq=next`, {
        reaches: 2,
        label: "rest",
      });
      for (let i = 1; i < times; i++) nodes.send("client", 0.3 + 0.2 * 2 ** i, "again rest", { reaches: 2 });
      return nodes;
    }

    test("they do not speak against an MTU: the piece that fits one packet vanishes each time", async () => {
      const nodes = superPackets(4).send("server", 5, "tcp FIN,ACK id=5410 ts=9900,6301");
      const found = await search(nodes.send("client", 5.01, "tcp ACK id=340 ts=6990,9900").captures());
      const [hole] = found.of("mtu-blackhole");
      expect(hole).toMatchObject({ severity: "warn", inference: true });
      expect(hole?.title).toMatch(/: 1152 bytes vanish, \d\d pass$/);
      expect(hole?.evidence.at(-1)).toMatch(/^packets of up to 7292 bytes passed, but they are super-packets/);
      expect(found.of("lost-between")).toEqual([]);
    });

    test("nor are they a reason to say that MTU is ruled out", async () => {
      const nodes = superPackets(1, 1300)
        .send("client", 0.5, "tcp ACK id=331 ts=6530,9001 len=650 seq=next-1300")
        .send("client", 0.501, "tcp PSH,ACK id=332 ts=6530,9001 len=650 seq=next-650")
        .send("server", 0.51, "tcp ACK id=5410 ts=9900,6530");
      const found = await search(exchange(nodes, 0.6, 350).captures());
      expect(found.of("mtu-blackhole")).toEqual([]);
      const [loss] = found.of("lost-between");
      expect(loss?.ruledOut.filter((r) => r.startsWith("MTU"))).toEqual([]);
      expect(loss?.fits.at(-1)).toMatch(/^an MTU below 1352 bytes: the largest packet that passed has \d+$/);
    });
  });

  test("not where a packet as large passed", async () => {
    const nodes = healthy()
      .send("client", 0.15, "tcp ACK id=299 ts=6299,8115 len=1400")
      .send("server", 0.16, "tcp ACK id=5399 ts=8999,6299");
    nodes
      .send("client", 0.2, "tcp ACK id=300 ts=6300,8115 len=1400", { reaches: 2, label: "big" })
      .send("client", 0.4, "again big", { reaches: 2 })
      .send("client", 0.8, "again big")
      .send("server", 1.0, "tcp ACK id=5400 ts=9000,6300");
    const found = await search(nodes.captures());
    expect(found.of("mtu-blackhole")).toEqual([]);
    expect(found.of("lost-between")).toHaveLength(1);
  });

  test("not where the sender is told and sends smaller: that is path MTU discovery", async () => {
    const nodes = healthy()
      .line("router = 192.168.0.254")
      .send("client", 0.2, "tcp ACK id=300 ts=6300,8115 len=1400 seq=next", { reaches: 2, label: "big" })
      .line("0.2001 @n1/eth0 router > 10.1.0.5 icmp too-big mtu=1400 quoting big")
      .line("0.2002 @n1/veth1 router > 10.1.0.5 icmp too-big mtu=1400 quoting big");
    nodes
      .send("client", 0.21, "tcp ACK id=301 ts=6301,8115 len=1300 seq=next-1400")
      .send("client", 0.211, "tcp PSH,ACK id=302 ts=6301,8115 len=100 seq=next-100")
      .send("server", 0.22, "tcp ACK id=5400 ts=9000,6301");
    const found = await search(nodes.captures());
    expect(found.of("mtu-blackhole")).toEqual([]);
    expect(found.of("lost-between")).toEqual([]);
    expect(found.of("path-mtu")).toMatchObject([{ severity: "chat" }]);
  });
});

describe("silence", () => {
  const CLUSTER = `
{ kind: Pod, metadata: { name: client, namespace: shop, labels: { app: client } }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.5 } }
---
{ kind: Pod, metadata: { name: db, namespace: shop, labels: { app: db } }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }
---
{ kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: { name: db-only-from-api, namespace: shop }, spec: { podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }] }] } }
`;
  /** SYNs that reach the second node's NIC, never the pod. Another conversation shows that the pod's veth records. */
  function unanswered(): TwoNodes {
    const nodes = new TwoNodes();
    nodes
      .line("other = 10.1.1.77:9000   monitor = 10.1.1.1:50000")
      .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 3, label: "s" })
      .send("client", 1, "again s", { reaches: 3 })
      .send("client", 3, "again s", { reaches: 3 });
    return nodes;
  }

  test("with policies that deny: which one, as an inference", async () => {
    const found = await search(unanswered().captures(), { cluster: CLUSTER });
    expect(findingLines(found)).toEqual([
      "warn policy-silence: No answer from shop/db (10.1.1.9:8080): NetworkPolicies would drop it (inferred)",
    ]);
    const [silence] = found.findings;
    expect(silence).toMatchObject({ inference: true });
    expect(silence?.fits[0]).toBe(
      "NetworkPolicy shop/db-only-from-api isolates shop/db for ingress, and no rule allows shop/client on tcp 8080",
    );
    expect(silence?.check[0]).toBe("kubectl -n shop get networkpolicy db-only-from-api -o yaml");
    expect(silence?.text).toContain("SYNs at 0, 1.0 and 3.0 s, last seen at eth0 of n2,");
  });

  test("with policies that allow it, policy is ruled out", async () => {
    const [silence] = (
      await search(unanswered().captures(), { cluster: CLUSTER.replace("app: api", "app: client") })
    ).of("policy-silence");
    expect(silence?.title).toBe("No answer from shop/db (10.1.1.9:8080): SYNs vanish without a word");
    expect(silence?.ruledOut).toContain("NetworkPolicy: the imported policies allow it");
  });

  test("without a cluster file the silence is told, and that no policies are known", async () => {
    const [silence] = (await search(unanswered().captures())).of("policy-silence");
    expect(silence?.fits.some((f) => f.includes("no NetworkPolicies were imported"))).toBe(true);
  });

  test("one SYN at the end of the recording is no silence; nor is a slow answer to the third", async () => {
    const one = new TwoNodes().send("client", 0, "tcp SYN id=101 ts=5000,0");
    expect((await search(one.captures())).of("policy-silence")).toEqual([]);
    const late = unanswered().send("client", 7, "again s").send("server", 7.001, "tcp SYN,ACK id=0 ts=7000,5000");
    expect((await search(late.captures(), { cluster: CLUSTER })).of("policy-silence")).toEqual([]);
  });
});

describe("no endpoint", () => {
  const SERVICE = (endpoints: string): string => `
{ kind: Service, metadata: { name: web, namespace: shop }, spec: { clusterIP: 10.96.0.10, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }
---
{ kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }, ports: [{ port: 8080 }], endpoints: ${endpoints} }
`;
  const toService = (port = 80): TwoNodes =>
    new TwoNodes({ server: `10.96.0.10:${port}` })
      .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 1, label: "s" })
      .send("client", 1, "again s", { reaches: 1 });

  test("told by the cluster", async () => {
    const found = await search(toService().captures(), {
      cluster: SERVICE("[{ addresses: [10.1.1.9], conditions: { ready: false } }]"),
    });
    expect(findingLines(found)).toEqual(["error no-endpoint: Service shop/web has no ready endpoint"]);
    expect(found.findings[0]?.check[1]).toBe(
      "kubectl -n shop get endpointslices -l kubernetes.io/service-name=web -o yaml",
    );
  });

  test("not where the cluster has a ready one", async () => {
    const found = await search(toService().captures(), { cluster: SERVICE("[{ addresses: [10.1.1.9] }]") });
    expect(found.of("no-endpoint")).toEqual([]);
    expect(found.of("policy-silence")).toHaveLength(1);
  });

  test("a port that the Service does not have", async () => {
    const found = await search(toService(81).captures(), { cluster: SERVICE("[{ addresses: [10.1.1.9] }]") });
    expect(findingLines(found)).toEqual(["error no-endpoint: Service shop/web has no port 81"]);
  });

  test("the node rejects with ICMP port unreachable: a Service's rule only where the address is known for a Service's", async () => {
    const nodes = new TwoNodes({ server: "10.96.0.10:80" })
      .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 1, label: "s" })
      .line("0.0001 @n1/veth1 10.1.0.1 > 10.1.0.5 icmp unreachable port quoting s");
    const bare = await search(nodes.captures());
    expect(findingLines(bare)).toEqual(["warn no-endpoint: 10.96.0.10:80 is rejected by a rule"]);
    expect(bare.findings[0]?.fits).toContain("the address is a Service's, and it has no ready endpoint");
    const service = `{ kind: Service, metadata: { name: web, namespace: shop }, spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] } }`;
    const told = await search(nodes.captures(), { cluster: service });
    expect(findingLines(told)).toEqual(["error no-endpoint: 10.96.0.10:80 is rejected: no endpoint behind it"]);
    expect(told.findings[0]).toMatchObject({ inference: true });
  });

  test("dead endpoint: translated to an address that nobody has", async () => {
    const nodes = new TwoNodes({ service: "10.96.0.10:80" })
      .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 3, label: "s" })
      .line("0.1 @n2/veth2 10.1.1.1 > 10.1.1.9 arp request")
      .line("1.1 @n2/veth2 10.1.1.1 > 10.1.1.9 arp request")
      .send("client", 1, "again s", { reaches: 3 })
      .send("client", 3, "again s", { reaches: 3 });
    const found = await search(nodes.captures());
    expect(findingLines(found)).toEqual([
      "error no-endpoint: Dead endpoint: 10.96.0.10:80 leads to 10.1.1.9:8080, which nobody has",
    ]);
    expect(found.findings[0]?.evidence[0]).toBe("ARP asks 2 times who has 10.1.1.9 at veth2 of n2, and nobody answers");
  });

  test("dead endpoint, where only what comes before the translation is seen: one of the Service's does not answer ARP", async () => {
    const nodes = toService()
      .line("0.1 @n1/eth0 10.1.1.1 > 10.1.1.9 arp request")
      .line("1.1 @n1/eth0 10.1.1.1 > 10.1.1.9 arp request");
    const found = await search(nodes.captures(), { cluster: SERVICE("[{ addresses: [10.1.1.8, 10.1.1.9] }]") });
    expect(findingLines(found)).toEqual([
      "error no-endpoint: Dead endpoint: 10.96.0.10:80 may lead to 10.1.1.9, which nobody has",
    ]);
    expect(found.findings[0]).toMatchObject({ inference: true });
  });

  test("refused: nothing listens", async () => {
    const nodes = new TwoNodes({ service: "10.96.0.10:80" })
      .send("client", 0, "tcp SYN id=101 ts=5000,0")
      .send("server", 0.001, "tcp RST,ACK id=0");
    expect(findingLines(await search(nodes.captures()))).toEqual([
      "warn no-endpoint: Nothing listens on 10.1.1.9:8080",
    ]);
  });
});

describe("broken outer checksum", () => {
  const stall = (checksum: string): TwoNodes =>
    new TwoNodes({ service: "10.96.0.10:80", tunnel: `vxlan(vni=1, n1 > n2, checksum=${checksum})` })
      .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 3, label: "s" })
      .send("client", 1, "again s", { reaches: 3 })
      .send("client", 3, "again s", { reaches: 3 })
      .send("client", 7, "again s", { reaches: 3 });

  test("wrong and not zero, SYNs at 0, 1, 3 and 7 s", async () => {
    const found = await search(stall("wrong").captures());
    expect(found.findings.map((f) => [f.severity, f.kind])).toEqual([["error", "broken-outer-checksum"]]);
    expect(found.findings[0]?.evidence.some((e) => e.endsWith("SYNs at 0, 1.0, 3.0 and 7.0 s"))).toBe(true);
    expect(found.findings[0]?.where).toContain("n1");
  });

  test.each(["right", "none", "partial"])(
    "not with a checksum that is %s: the silence has another cause",
    async (checksum) => {
      const found = await search(stall(checksum).captures());
      expect(found.of("broken-outer-checksum")).toEqual([]);
      expect(found.of("policy-silence")).toHaveLength(1);
    },
  );

  test("not where it is right once the inner checksum, left to the device, is filled in", async () => {
    const left = (tunnel: string): Promise<readonly string[]> => {
      const nodes = new TwoNodes({ service: "10.96.0.10:80", tunnel });
      for (const at of [0, 1, 3])
        nodes.send("client", at, at === 0 ? "tcp SYN id=101 ts=5000,0 checksum=partial" : "again s", {
          reaches: 3,
          ...(at === 0 && { label: "s" }),
        });
      return search(nodes.captures()).then(findingLines);
    };
    const silence = "warn policy-silence: No answer from 10.1.1.9:8080: SYNs vanish without a word";
    expect(await left("vxlan(vni=1, n1 > n2, lco)")).toEqual([silence]);
    expect(await left("geneve(vni=1, n1 > n2, lco)")).toEqual([silence]);
    // The whole summed as it lies there, or anything else, is wrong.
    expect(await left("vxlan(vni=1, n1 > n2, checksum=wrong)")).toEqual([
      "error broken-outer-checksum: Wrong outer UDP checksum: connections through the tunnel from n1 stall",
    ]);
  });

  describe("not where another packet with it arrived on the same way", () => {
    /** Two connections whose SYNs have wrong sums; the first one's get as far as `reaches`. */
    const two = (reaches: number, more = ""): Promise<readonly string[]> => {
      const nodes = new TwoNodes({ tunnel: "vxlan(vni=1, n1 > n2, checksum=wrong)" });
      for (const at of [0, 1, 3])
        nodes.send("client", at, at === 0 ? "tcp SYN seq=1000 id=101 ts=5000,0" : "again s", {
          reaches,
          ...(at === 0 && { label: "s" }),
        });
      nodes.line(
        `k: 0.5 @n1/eth0 10.1.0.7:4444 > 10.1.1.9:9090 vxlan(vni=1, n1 > n2, checksum=wrong) tcp SYN seq=77 id=7`,
      );
      nodes.line("1.5 @n1/eth0 again k").line("3.5 @n1/eth0 again k");
      if (more) nodes.line(more);
      return search(nodes.captures()).then(findingLines);
    };
    const wrong = "error broken-outer-checksum: Wrong outer UDP checksum: connections through the tunnel from n1 stall";

    test("and was seen plain behind the tunnel", async () => {
      expect(await two(3)).toEqual([wrong]);
      expect(await two(4)).not.toContain(wrong);
    });

    test("and was answered", async () => {
      expect(await two(3, "0.6 @n1/eth0 10.1.1.9:8080 > 10.1.0.5:40000 tcp SYN,ACK seq=9000 ack=1001")).not.toContain(
        wrong,
      );
    });
  });

  test("not where packets with it arrive and are answered", async () => {
    const nodes = new TwoNodes({ tunnel: "vxlan(vni=1, n1 > n2, checksum=wrong)" }).handshake(0);
    exchange(nodes, 0.1, 120);
    expect((await search(nodes.captures())).of("broken-outer-checksum")).toEqual([]);
  });
});
