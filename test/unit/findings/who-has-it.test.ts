/** Whether somebody has the address that SYNs go to, and whether it is the one meant: each answer beside its look-alike. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";
import { parseTraffic } from "../../builders/traffic";
import { splitByNode, TwoNodes, type TwoNodesOptions } from "../../builders/two-nodes";

const SILENCE = "warn policy-silence: No answer from 10.1.1.9:8080: SYNs vanish without a word";
const NOBODY = "error no-endpoint: Nobody has the address 10.1.1.9";

/** SYNs 0, 1 and 3 s after `from` that reach the second node's NIC, never the pod. */
function silent(from = 0, options: TwoNodesOptions = {}): TwoNodes {
  return new TwoNodes(options)
    .send("client", from, "tcp SYN id=101 ts=5000,0", { reaches: 3, label: "s" })
    .send("client", from + 1, "again s", { reaches: 3 })
    .send("client", from + 3, "again s", { reaches: 3 });
}

describe("nobody has the address", () => {
  const asked = (at: readonly number[], point = "n2/veth2", asker = "10.1.1.1"): string[] =>
    at.map((s) => `${s} @${point} ${asker} > 10.1.1.9 arp request`);
  const found = (nodes: TwoNodes, lines: readonly string[]): Promise<readonly string[]> =>
    search(lines.reduce((all, line) => all.line(line), nodes).captures()).then(findingLines);

  test("asked again and again, and never answered", async () => {
    expect(await found(silent(), asked([0.1, 1.1, 2.1]))).toEqual([NOBODY]);
  });

  test("asked again after it had answered before: it is gone now", async () => {
    const before = [...asked([0.01]), "0.011 @n2/veth2 10.1.1.9 > 10.1.1.1 arp reply"];
    expect(await found(silent(), [...before, ...asked([0.5, 1.5, 2.5])])).toEqual([NOBODY]);
  });

  test("not where the bridge floods the question to a port that its answer does not pass", async () => {
    const flooded = ["@n2/sibling = ethernet resolution=ns", ...asked([0.1, 1.1], "n2/sibling"), ...asked([0.1, 1.1])];
    const answers = ["0.101 @n2/veth2 10.1.1.9 > 10.1.1.1 arp reply", "1.101 @n2/veth2 10.1.1.9 > 10.1.1.1 arp reply"];
    expect(await found(silent(), [...flooded, ...answers])).toEqual([SILENCE]);
    expect(await found(silent(), flooded)).toEqual([NOBODY]);
  });

  test("not where it sends packets meanwhile", async () => {
    const talks = '2.0 @n2/veth2 10.1.1.9:33333 > 10.1.1.1:53 udp "still here"';
    expect(await found(silent(), [...asked([0.1, 1.1, 2.1]), talks])).toEqual([SILENCE]);
  });

  test("not where only such a port is recorded: the asker is content, and asks again when its entry is old", async () => {
    expect(await found(silent(), asked([0.1, 40]))).toEqual([SILENCE]);
    // Nor where two ask once each.
    expect(await found(silent(), [...asked([0.1]), ...asked([1.1], "n2/veth2", "10.1.1.7")])).toEqual([SILENCE]);
  });

  test("not where the questions are of another time", async () => {
    expect(await found(silent(), asked([60, 61, 62]))).toEqual([SILENCE]);
  });

  test("of IPv6 the same, by Neighbour Discovery", async () => {
    const six = (lines: readonly string[]): Promise<readonly string[]> =>
      search({
        "n1.pcapng": `@veth1 = ethernet\n@sibling = ethernet
          s: 0 @veth1 [fd00::5]:40000 > [fd00::9]:80 tcp SYN seq=1000
          1 @veth1 again s
          ${lines.join("\n")}`,
      }).then(findingLines);
    const asks = (point: string): string[] => [0.1, 1.1].map((s) => `${s} @${point} fd00::1 > fd00::9 nd solicit`);
    expect(await six(asks("sibling"))).toEqual(["error no-endpoint: Nobody has the address fd00::9"]);
    expect(
      (await six([...asks("sibling"), "1.2 @veth1 fd00::9 > fd00::1 nd advertise"])).map((l) => l.split(":")[0]),
    ).toEqual(["warn policy-silence"]);
  });
});

describe("host unreachable", () => {
  const unreachable = (from: string, to = "10.96.0.10:80"): string[] => [
    `u: 5 @n1/veth1 10.1.0.6:4444 > ${to} tcp SYN seq=77 id=9`,
    `5.001 @n1/veth1 ${from} > 10.1.0.6 icmp unreachable host quoting u`,
  ];
  const dead = (): TwoNodes =>
    silent(0, { service: "10.96.0.10:80" })
      .line("0.1 @n2/veth2 10.1.1.1 > 10.1.1.9 arp request")
      .line("1.1 @n2/veth2 10.1.1.1 > 10.1.1.9 arp request");
  const DEAD = "error no-endpoint: Dead endpoint: 10.96.0.10:80 leads to 10.1.1.9:8080, which nobody has";

  test("of a Service's address goes with those whose translation shows what is dead", async () => {
    const [first = "", second = ""] = unreachable("10.96.0.10");
    const found = await search(dead().line(first).line(second).captures());
    expect(findingLines(found)).toEqual([DEAD]);
    expect(found.findings[0]?.connectionCount).toBe(2);
  });

  test("of a Service's address without those: the Service is there, what it leads to is not", async () => {
    const nodes = new TwoNodes();
    for (const line of unreachable("10.96.0.10")) nodes.line(line);
    expect(findingLines(await search(nodes.captures()))).toEqual([
      "error no-endpoint: Dead endpoint: 10.96.0.10:80 leads to an address that nobody has",
    ]);
  });

  test("of any other address, by a router: nobody has it", async () => {
    const nodes = dead();
    for (const line of unreachable("10.1.0.1", "10.1.7.7:80")) nodes.line(line);
    expect(findingLines(await search(nodes.captures()))).toEqual([
      DEAD,
      "error no-endpoint: Nobody has the address 10.1.7.7",
    ]);
  });
});

describe("a Service leads to an address that is there", () => {
  const cluster = (endpoint: string): string => `
{ kind: Service, metadata: { name: web, namespace: shop }, spec: { clusterIP: 10.96.0.10, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }
---
{ kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }, ports: [{ port: 8080 }], endpoints: [{ addresses: [${endpoint}] }] }
---
{ kind: Pod, metadata: { name: job, namespace: shop }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }`;
  const refused = (): TwoNodes =>
    new TwoNodes({ service: "10.96.0.10:80" })
      .send("client", 0, "tcp SYN id=101 ts=5000,0")
      .send("server", 0.001, "tcp RST,ACK id=0");
  const STALE =
    "error no-endpoint: Service shop/web leads to shop/job (10.1.1.9:8080), which is not one of its endpoints";

  test("and is another pod's: the cluster does not list it", async () => {
    const found = await search(refused().captures(), { cluster: cluster("10.1.1.8") });
    expect(findingLines(found)).toEqual([STALE]);
    expect(found.findings[0]).toMatchObject({ inference: true });
    expect(found.findings[0]?.evidence).toContain("the imported EndpointSlices of shop/web list 10.1.1.8");
    expect(found.findings[0]?.ruledOut).toContain("a wrong targetPort: the address is none of the Service's");
    const quiet = await search(silent(0, { service: "10.96.0.10:80" }).captures(), { cluster: cluster("10.1.1.8") });
    expect(findingLines(quiet)).toEqual([STALE]);
  });

  test("and is one of its endpoints: nothing listens there", async () => {
    expect(findingLines(await search(refused().captures(), { cluster: cluster("10.1.1.9") }))).toEqual([
      "warn no-endpoint: Nothing listens on shop/job (10.1.1.9:8080)",
    ]);
  });

  test("and is a node's port, where a load balancer leads to: the Service again", async () => {
    const node = `${cluster("10.1.1.8").replace(/{ kind: Pod.*/, "")}
{ kind: Node, metadata: { name: n2 }, status: { addresses: [{ type: InternalIP, address: 10.1.1.9 }] } }`;
    const found = await search(refused().captures(), { cluster: node });
    expect(findingLines(found)).toEqual(["warn no-endpoint: Nothing listens on 10.1.1.9:8080"]);
  });

  test("and takes the connection, whatever the cluster says: no finding", async () => {
    const nodes = new TwoNodes({ service: "10.96.0.10:80" }).handshake(0);
    expect(findingLines(await search(nodes.captures(), { cluster: cluster("10.1.1.8") }))).toEqual([]);
  });
});

describe("SYNs without an answer", () => {
  const taken = (nodes: TwoNodes, at: number, port: number): TwoNodes =>
    nodes
      .line(`t${port}: ${at} @n1/eth0 10.1.0.5:${port} > 10.1.1.9:8080 tcp SYN seq=${port} id=${port}`)
      .line(`${at}.001 @n1/eth0 10.1.1.9:8080 > 10.1.0.5:${port} tcp SYN,ACK seq=${port + 7} ack=${port + 1}`)
      .line(`${at}.002 @n1/eth0 10.1.0.5:${port} > 10.1.1.9:8080 tcp ACK seq=${port + 1} ack=${port + 8}`);

  test("of one connection among others of the same two that are taken: loss, no rule", async () => {
    const found = await search(taken(taken(silent(2), 0, 50001), 9, 50002).captures());
    expect(found.of("policy-silence")).toMatchObject([{ severity: "note" }]);
    const [silence] = found.of("policy-silence");
    expect(silence?.fits).toEqual(["plain loss: several packets in a row"]);
    expect(silence?.ruledOut[0]).toBe(
      "a rule that drops, a missing route: 2 connections between the same two came about before and after",
    );
  });

  test("from a moment on, or up to one: a rule may have come or gone", async () => {
    for (const at of [0, 9]) {
      const [silence] = (await search(taken(silent(at), at === 0 ? 9 : 0, 50001).captures())).of("policy-silence");
      expect(silence).toMatchObject({ severity: "warn" });
      expect(silence?.fits[0]).toMatch(/^a NetworkPolicy or firewall rule that drops/);
    }
  });

  test("of an address that is led back to itself without SNAT: a host drops its own", async () => {
    const lines = [0, 1, 3].map(
      (
        s,
        i,
      ) => `s${i}: ${s}.00001 @pod/eth0 ${i === 0 ? "10.1.0.5:40000 > 10.96.0.10:80 tcp SYN seq=1000 id=5 ts=9,0" : "again s0"}
        ${s}.00002 @n1/veth1 seen s${i}
        ${s}.00003 @n1/veth1 seen s${i} dst=10.1.0.5:8080 hops=1
        ${s}.00004 @pod/eth0 seen s${i} dst=10.1.0.5:8080 hops=1`,
    );
    const points = ["pod/eth0", "n1/veth1"].map((name) => `@${name} = ethernet resolution=ns`);
    const found = await search(splitByNode(parseTraffic([...points, ...lines].join("\n"))));
    const [silence] = found.of("policy-silence");
    expect(silence?.fits[0]).toContain("hairpin without masquerade");
  });
});

test("RST of one of two machines with one address says so", async () => {
  const found = await search({
    "n1.pcapng": `@cni0 = ethernet
      asker = 10.5.0.1   x = 10.5.0.2 mac=02:00:00:00:00:0a   y = 10.5.0.2 mac=02:00:00:00:00:0b
      0.000 @cni0 asker > x arp request
      0.001 @cni0 x > asker arp reply
      0.002 @cni0 y > asker arp reply
      0.1 @cni0 asker:4000 > 10.5.0.2:80 tcp SYN seq=1000
      0.2 @cni0 10.5.0.2:80 > asker:4000 tcp RST,ACK seq=0 ack=1001`,
  });
  expect(findingLines(found).map((line) => line.replace(/: .*(?= both)/, ":"))).toEqual([
    "error arp-conflict: both say to have 10.5.0.2",
    "warn no-endpoint: 10.5.0.2:80 refuses: one of two machines that say to have the address",
  ]);
});

describe("one client that is refused everywhere", () => {
  const tries = (client: string, hosts: number): string =>
    Array.from(
      { length: hosts },
      (_, i) => `${i} @eth0 ${client} > 10.2.0.${i + 1}:80 tcp SYN seq=${1000 + i}
        ${i}.001 @eth0 10.2.0.${i + 1}:80 > ${client} tcp RST,ACK seq=0 ack=${1001 + i}`,
    ).join("\n");
  const found = (...lines: string[]): ReturnType<typeof search> =>
    search({ "c.pcapng": `@eth0 = ethernet\n${lines.join("\n")}` });

  test("is one finding, with the list", async () => {
    const scan = await found(tries("10.0.0.5:40000", 25));
    expect(findingLines(scan)).toEqual([
      "warn no-endpoint: Nothing listens at 25 addresses and ports that 10.0.0.5 asks",
    ]);
    expect(scan.findings[0]).toMatchObject({ connectionCount: 25, packetCount: 50 });
    expect(scan.findings[0]?.evidence[0]).toMatch(/^10\.2\.0\.1:80, 10\.2\.0\.2:80, .*10\.2\.0\.20:80 and 5 more$/);
  });

  test("what another one meets there, too, is part of it; a few are told one by one", async () => {
    expect(await found(tries("10.0.0.5:40000", 5), tries("10.0.0.6:40000", 4)).then(findingLines)).toEqual([
      "warn no-endpoint: Nothing listens at 5 addresses and ports that 10.0.0.5 and 10.0.0.6 ask",
    ]);
    expect(await found(tries("10.0.0.5:40000", 3)).then(findingLines)).toHaveLength(3);
  });
});
