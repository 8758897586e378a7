/** UDP, pings and DNS that nobody answers or somebody rejects: told where an answer is owed, and left in peace where none is. */
import { describe, expect, test } from "vitest";
import { findingLines, search, type Searched } from "../../builders/find-in-traffic";
import { TwoNodes } from "../../builders/two-nodes";

const POLICY = (rule: string): string => `
{ kind: Pod, metadata: { name: client, namespace: shop, labels: { app: client } }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.5 } }
---
{ kind: Pod, metadata: { name: db, namespace: shop, labels: { app: db } }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }
---
{ kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: { name: db-in, namespace: shop }, spec: { podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress], ingress: [${rule}] } }
`;
const TCP_ONLY = POLICY("{ ports: [{ protocol: TCP, port: 8080 }] }");
const ALL = POLICY("{}");

/** Half a second apart, as far as the second node's NIC; the recordings go on. */
function questions(times: number, what: (i: number) => string, server = "10.1.1.9:5140"): TwoNodes {
  const nodes = new TwoNodes({ server });
  for (let i = 0; i < times; i++) nodes.send("client", 0.5 * i, what(i), { reaches: 3 });
  return goesOn(nodes);
}

function goesOn(nodes: TwoNodes): TwoNodes {
  return nodes
    .line('9.0 @n1/eth0 192.168.0.1:6000 > 192.168.0.2:6001 udp "tick"')
    .line('9.0 @n2/eth0 192.168.0.1:6000 > 192.168.0.2:6001 udp "tick"');
}

const udp = (i: number): string => `udp "question ${i}"`;

describe("UDP without an answer", () => {
  test("an imported policy lets only TCP in: it is named, and where the packets were last seen", async () => {
    const found = await search(questions(4, udp).captures(), { cluster: TCP_ONLY });
    expect(findingLines(found)).toEqual([
      "warn policy-silence: No answer from shop/db (10.1.1.9:5140) to UDP packets: NetworkPolicies would drop it (inferred)",
    ]);
    const [silence] = found.findings;
    expect(silence).toMatchObject({ inference: true, packetCount: 12 });
    expect(silence?.text).toContain("at 0, 0.5, 1.0 and 1.5 s, last seen at eth0 of n2");
    expect(silence?.fits).toEqual([
      "NetworkPolicy shop/db-in isolates shop/db for ingress, and no rule allows shop/client on udp 5140",
    ]);
  });

  test("not where a policy allows it or none is known: UDP need not be answered", async () => {
    expect(findingLines(await search(questions(4, udp).captures(), { cluster: ALL }))).toEqual([]);
    expect(findingLines(await search(questions(4, udp).captures()))).toEqual([]);
  });

  test("not where it arrives: what leaves by the pod's veth no policy dropped", async () => {
    const nodes = new TwoNodes({ server: "10.1.1.9:5140" });
    for (let i = 0; i < 4; i++) nodes.send("client", 0.5 * i, udp(i));
    const found = await search(goesOn(nodes).captures(), { cluster: TCP_ONLY });
    expect(findingLines(found)).toEqual([]);
  });

  const OTHER = `o: 0.1 @n2/eth0 10.1.0.77:7000 > 10.1.1.9:5140 udp "question"
    0.101 @n2/eth0 10.1.1.9:5140 > 10.1.0.77:7000 udp "answer"`;

  test("the same address and port answers another client: this one waits", async () => {
    const found = await search(questions(4, udp).line(OTHER).captures());
    expect(findingLines(found)).toEqual([
      "warn policy-silence: No answer from 10.1.1.9:5140: UDP packets vanish without a word",
    ]);
    expect(found.findings[0]?.evidence).toContain("10.1.1.9:5140 answers others: who asks there waits for an answer");
  });

  test("not one packet that got none, nor where a later one is answered", async () => {
    expect(findingLines(await search(questions(1, udp).line(OTHER).captures()))).toEqual([]);
    const later = questions(3, udp)
      .line(OTHER)
      .line('5.0 @n2/eth0 10.1.0.5:40001 > 10.1.1.9:5140 udp "question"')
      .line('5.001 @n2/eth0 10.1.1.9:5140 > 10.1.0.5:40001 udp "answer"');
    expect(findingLines(await search(later.captures()))).toEqual([]);
  });
});

describe("pings without an answer", () => {
  const ping = (i: number): string => `icmp request ident=500 seq=${i + 1} "0123456789abcdef"`;
  const pings = (times: number): TwoNodes => questions(times, ping, "10.1.1.9");

  test("are a note, as many hosts are told to be silent; with a policy that lets nobody in, a warning", async () => {
    const found = await search(pings(4).captures());
    expect(findingLines(found)).toEqual(["note policy-silence: No answer from 10.1.1.9: pings vanish without a word"]);
    expect(found.findings[0]?.text).toMatch(/^4 pings of 1 connection .*last seen at eth0 of n2: no answer/);
    const denied = await search(pings(4).captures(), { cluster: POLICY("") });
    expect(findingLines(denied)).toEqual([
      "warn policy-silence: No answer from shop/db (10.1.1.9) to pings: NetworkPolicies would drop them (inferred)",
    ]);
    expect(denied.findings[0]?.evidence.at(-1)).toContain("plugins differ for other protocols");
  });

  test("not one at the end of the recording, and not those that are answered later", async () => {
    const one = new TwoNodes({ server: "10.1.1.9" }).send("client", 0, ping(0), { reaches: 3 });
    expect(findingLines(await search(one.captures()))).toEqual([]);
    const later = pings(3)
      .line("p: 4.0 @n1/eth0 10.1.0.5 > 10.1.1.9 icmp request ident=501 seq=1")
      .line("4.001 @n1/eth0 10.1.1.9 > 10.1.0.5 icmp reply ident=501 seq=1");
    expect((await search(later.captures())).of("policy-silence")).toEqual([]);
  });

  test("not in a tap of one direction: connections go on there without any answer", async () => {
    const tap = (answer: string): Promise<Searched> =>
      search({
        "tap.pcapng": `@eth0 = ethernet
          0.0 @eth0 10.1.0.5 > 10.1.1.9 icmp request ident=500 seq=1
          1.0 @eth0 10.1.0.5 > 10.1.1.9 icmp request ident=500 seq=2
          2.0 @eth0 10.1.0.5 > 10.1.1.9 icmp request ident=500 seq=3
          3.0 @eth0 10.1.0.5:4000 > 10.1.1.9:80 tcp ACK seq=1 ack=1 "GET / HTTP/1.1\\r\\n\\r\\n"
          ${answer}
          9.0 @eth0 10.1.0.5:4000 > 10.1.1.9:80 tcp ACK seq=19 ack=101`,
      });
    expect(findingLines(await tap(""))).toEqual([]);
    const both = await tap('3.1 @eth0 10.1.1.9:80 > 10.1.0.5:4000 tcp ACK seq=1 ack=19 "HTTP/1.1 200 OK\\r\\n\\r\\n"');
    expect(both.of("policy-silence")).toHaveLength(1);
  });
});

describe("UDP that is rejected", () => {
  const SERVICE = `{ kind: Service, metadata: { name: dns, namespace: shop }, spec: { clusterIP: 10.96.0.10, ports: [{ port: 53, protocol: UDP }] } }`;
  const rejectedBy = (address: string, code = "port", server = "10.96.0.10:53"): TwoNodes =>
    goesOn(
      new TwoNodes({ server })
        .send("client", 0, udp(0), { reaches: 1, label: "q" })
        .line(`0.0001 @n1/veth1 ${address} > 10.1.0.5 icmp unreachable ${code} quoting q`)
        .send("client", 1, udp(1), { reaches: 1, label: "r" })
        .line(`1.0001 @n1/veth1 ${address} > 10.1.0.5 icmp unreachable ${code} quoting r`),
    );

  test("by a node, for a Service's address: as kube-proxy does where no endpoint is", async () => {
    const found = await search(rejectedBy("10.1.0.1").captures(), { cluster: SERVICE });
    expect(findingLines(found)).toEqual(["error no-endpoint: 10.96.0.10:53 is rejected: no endpoint behind it"]);
    expect(found.findings[0]?.text).toBe(
      "10.1.0.1 answers UDP packets to 10.96.0.10:53 with ICMP port unreachable. 1 connection failed so.",
    );
    expect(findingLines(await search(rejectedBy("10.1.0.1").captures()))).toEqual([
      "warn no-endpoint: 10.96.0.10:53 is rejected by a rule",
    ]);
  });

  test("prohibited: a firewall says so, even from the address itself", async () => {
    expect(findingLines(await search(rejectedBy("10.96.0.10", "admin").captures()))).toEqual([
      "warn no-endpoint: 10.96.0.10:53 is rejected by a rule",
    ]);
  });

  test("a SYN to a node's port, by the node itself: a TCP stack would answer RST", async () => {
    const nodes = new TwoNodes({ server: "192.168.0.2:30080" })
      .send("client", 0, "tcp SYN seq=1000 id=101", { reaches: 3, label: "s" })
      .line("0.0001 @n2/eth0 192.168.0.2 > 10.1.0.5 icmp unreachable port quoting s");
    expect(findingLines(await search(goesOn(nodes).captures()))).toEqual([
      "warn no-endpoint: 192.168.0.2:30080 is rejected by a rule",
    ]);
  });

  test("by the address itself: nothing listens", async () => {
    const found = await search(rejectedBy("10.1.1.9", "port", "10.1.1.9:5140").captures());
    expect(findingLines(found)).toEqual(["warn no-endpoint: Nothing listens on 10.1.1.9:5140"]);
    expect(found.findings[0]?.evidence[0]).toContain("ICMP port unreachable");
  });

  test("not traceroute's last packets, nor a client that complains about an answer that comes too late", async () => {
    const traceroute = [61, 62, 63].map(
      (i) => `t${i}: 0.${i} @n1/veth1 10.1.0.5:${33000 + i} > 10.1.1.9:33434 udp "x" ttl=2
        0.${i}1 @n1/veth1 10.1.1.9 > 10.1.0.5 icmp unreachable port quoting t${i}`,
    );
    const walk = goesOn(new TwoNodes());
    for (const line of traceroute.flatMap((l) => l.split("\n"))) walk.line(line.trim());
    expect(findingLines(await search(walk.captures()))).toEqual([]);
    const late = goesOn(new TwoNodes())
      .line('l1: 0.5 @n1/veth1 10.1.1.9:53 > 10.1.0.5:40000 udp "answer"')
      .line("0.5001 @n1/veth1 10.1.0.5 > 10.1.1.9 icmp unreachable port quoting l1")
      .line('0.1 @n1/veth1 10.1.0.5:40000 > 10.1.1.9:53 udp "question"');
    expect(findingLines(await search(late.captures()))).toEqual([]);
  });
});

describe("DNS that waits", () => {
  const NAME = "web.shop.svc.cluster.local";
  const twice = (server: string): TwoNodes => {
    const nodes = new TwoNodes({ client: "10.1.0.5:41000", service: "10.96.0.10:53", server });
    for (const at of [0, 5])
      nodes
        .send("client", at, `dns query 1 A ${NAME}`, { reaches: 3 })
        .send("client", at + 0.00001, `dns query 2 AAAA ${NAME}`, { reaches: 3 });
    return goesOn(nodes);
  };

  test("because of a policy: it is named, where the questions got to, and no clash that drops one of two only", async () => {
    const found = await search(twice("10.1.1.9:53").captures(), { cluster: TCP_ONLY });
    expect(found.findings.map((f) => f.kind)).toEqual(["dns-stall", "policy-silence"]);
    const [stall] = found.of("dns-stall");
    expect(stall?.evidence).toContain("the questions that were not answered are last seen at eth0 of n2 (2)");
    expect(stall?.fits[0]).toBe(
      "NetworkPolicy shop/db-in isolates shop/db for ingress, and no rule allows shop/client on udp 53",
    );
    expect(stall?.fits.join()).not.toContain("clash");
  });

  test("without a policy only the wait is told", async () => {
    const found = await search(twice("10.1.1.9:53").captures(), { cluster: ALL });
    expect(found.findings.map((f) => f.kind)).toEqual(["dns-stall"]);
  });

  test("though another program asked the same meanwhile, and was answered", async () => {
    const nodes = new TwoNodes({ client: "10.1.0.5:41000", server: "10.1.1.9:53" })
      .send("client", 0, `dns query 1 A ${NAME}`, { reaches: 2 })
      .send("client", 5, `dns query 1 A ${NAME}`)
      .send("server", 5.001, `dns answer 1 A ${NAME} 10.96.0.10`)
      .line(`0.7 @n1/veth1 10.1.0.5:42000 > 10.1.1.9:53 dns query 9 A ${NAME}`)
      .line(`0.701 @n1/veth1 10.1.1.9:53 > 10.1.0.5:42000 dns answer 9 A ${NAME} 10.96.0.10`);
    const [stall] = (await search(nodes.captures())).of("dns-stall");
    expect(stall?.title).toBe("10.1.0.5 waits 5.0 s for DNS: a question is not answered and asked again");
  });
});
