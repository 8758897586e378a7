/**
 * Names that other tools' comments and interfaces tell: on the right end, for as long as they hold, and none where nothing decides.
 * The captures are written as those tools write them.
 */
import { describe, expect, test } from "vitest";
import { MapPlaces } from "../../../src-main/engine/analysis/map-places";
import { JoinedFacts } from "../../../src-main/engine/fields/joined-facts";
import { connectionJson } from "../../../src-main/engine/join/connection-json";
import { joinedColumns } from "../../../src-main/engine/join/joined-columns";
import { connectionFacts } from "../../../src-renderer/viewmodel/connection-facts";
import { Cluster } from "../../../src-shared/model/cluster";
import { groupPoints, namespaceTold } from "../../../src-main/engine/join/point-groups";
import { PacketCounter } from "../../../src-main/engine/join/packet-counter";
import { readComment, readDescription } from "../../../src-main/engine/join/told-names/tool-texts";
import { connectionsOf, joinTraffic, readSightings, withFiles } from "../../builders/join-files";

/** ptcpdump's comments, one option each. */
function ptcpdump(process: string, container?: string, pod?: string, namespace = "shop"): string {
  const texts = [`PID: 71\\nCmd: ${process}\\nArgs: ${process} -x`];
  if (container !== undefined)
    texts.push(`ContainerName: ${container}\\nContainerId: 36f0310403b1\\nContainerImage: a/b\\nContainerLabels: x=y`);
  if (pod !== undefined)
    texts.push(`PodName: ${pod}\\nPodNamespace: ${namespace}\\nPodUID: 9f\\nPodLabels: a=b\\nPodAnnotations: c=d`);
  return `comment="${texts.join("\\x0c")}"`;
}

const rustnet = (words: string): string => `comment="rustnet process=nginx pid=7 attr=exact ${words}"`;

/** Each connection's ends, with what names them. */
async function ends(capture: string | Readonly<Record<string, string>>): Promise<string[]> {
  const result = await joinTraffic(typeof capture === "string" ? { "n1.pcapng": capture } : capture);
  return connectionsOf(result).map((c) =>
    [c.client, c.server]
      .map((e) => `${e.ip} ${e.pod ?? e.name ?? "-"}${e.namedBy ? ` (${e.namedBy})` : ""}`)
      .join(" > "),
  );
}

/** A handshake and an answer between two ends at one point; `there` and `back` are further words. */
function call(at: string, time: number, from: string, to: string, there: string, back = there): string {
  return `
    ${time} ${at} ${from} > ${to} tcp SYN ${there}
    ${time + 0.001} ${at} ${to} > ${from} tcp SYN,ACK ${back}
    ${time + 0.002} ${at} ${from} > ${to} tcp PSH,ACK "hello" ${there}
    ${time + 0.003} ${at} ${to} > ${from} tcp PSH,ACK "hello you" ${back}
    ${time + 5} ${at} ${from} > ${to} tcp ACK ${there}`;
}

/** A node: a pod behind a veth calls the world, its address is changed at the card. ptcpdump comments all packets of the call alike. */
function egress(pod: string, time: number, port: number): string {
  const words = ptcpdump("curl", "app", pod);
  return `
    q${port}: ${time} @veth1 10.1.0.5:${port} > 203.0.113.9:443 tcp SYN seq=${port}0000 dir=in ${words}
    ${time + 0.0001} @eth0 seen q${port} src=192.168.0.1:${port} hops=1 dir=out ${words}
    r${port}: ${time + 0.001} @eth0 203.0.113.9:443 > 192.168.0.1:${port} tcp SYN,ACK seq=70 ack=${port}0001 ttl=60 dir=in ${words}
    ${time + 0.0011} @veth1 seen r${port} dst=10.1.0.5:${port} hops=1 dir=out ${words}`;
}
const NODE = `
  @veth1 = ethernet resolution=ns
  @eth0 = ethernet resolution=ns
`;

describe("comments of packets", () => {
  test("a pod is named behind its veth, not the world it calls, nor the node's address that it calls from", async () => {
    const result = await joinTraffic({ "n1.pcapng": NODE + egress("web-a", 0, 4000) });
    expect(connectionsOf(result).map((c) => [c.client, c.server])).toEqual([
      [
        {
          ip: "10.1.0.5",
          port: 4000,
          pod: "shop/web-a",
          node: "n1",
          container: "app",
          process: "curl",
          namedBy: "comment",
        },
        { ip: "203.0.113.9", port: 443, pod: null, node: null },
      ],
    ]);
    expect(result.topology.place("192.168.0.1")?.pod).toBeNull();
    const [veth] = result.points;
    expect([veth?.pod, veth?.namespace, veth?.podAddress]).toEqual(["shop/web-a", "shop", "10.1.0.5"]);
  });

  test("an address that another pod has later has the name of each in its time", async () => {
    expect(
      await ends(NODE + egress("web-a", 0, 4000) + egress("web-b", 60, 4001) + egress("web-c", 120, 4002)),
    ).toEqual([
      "10.1.0.5 shop/web-a (comment) > 203.0.113.9 -",
      "10.1.0.5 shop/web-b (comment) > 203.0.113.9 -",
      "10.1.0.5 shop/web-c (comment) > 203.0.113.9 -",
    ]);
  });

  test("two pods that are told at one address at the same time name nobody", async () => {
    const both = NODE + egress("web-a", 0, 4000) + egress("web-b", 60, 4001) + egress("web-a", 120, 4002);
    expect(new Set(await ends(both))).toEqual(new Set(["10.1.0.5 - > 203.0.113.9 -"]));
  });

  test("a card's direction tells which end is here: the sender of what goes out, the receiver of what comes in", async () => {
    const words = ptcpdump("nginx", "web", "web-a");
    expect(await ends(call("@eth0", 0, "10.9.0.1:999", "10.1.0.5:80", `${words} dir=in`, `${words} dir=out`))).toEqual([
      "10.9.0.1 - > 10.1.0.5 shop/web-a (comment)",
    ]);
    expect(await ends(call("@eth0", 0, "10.9.0.1:999", "10.1.0.5:80", `${words} dir=out`, `${words} dir=in`))).toEqual([
      "10.9.0.1 shop/web-a (comment) > 10.1.0.5 -",
    ]);
  });

  test("rustnet tells who opened the connection; the same over IPv6", async () => {
    const web = rustnet("pod=web-a ns=shop container=web direction=incoming app=HTTP sni=pod=evil");
    expect(await ends(call("@eth0", 0, "10.9.0.1:999", "10.1.0.5:80", web))).toEqual([
      "10.9.0.1 - > 10.1.0.5 shop/web-a (comment)",
    ]);
    const out = rustnet("pod=web-a ns=shop container=web direction=outgoing");
    expect(await ends(call("@eth0", 0, "[fd00::5]:999", "[fd00:9::1]:80", out))).toEqual([
      "fd00::5 shop/web-a (comment) > fd00:9::1 -",
    ]);
  });

  test("without such evidence: the address that is in everything, if it had several conversations at once", async () => {
    const web = rustnet("pod=web-a ns=shop");
    const [one, two] = [
      call("@eth0", 0, "10.1.0.5:999", "10.9.0.1:80", web),
      call("@eth0", 2, "10.1.0.5:998", "10.9.0.2:80", web),
    ];
    expect(await ends(one + two)).toEqual([
      "10.1.0.5 shop/web-a (comment) > 10.9.0.1 -",
      "10.1.0.5 shop/web-a (comment) > 10.9.0.2 -",
    ]);
    // One conversation decides nothing,
    expect(await ends(one)).toEqual(["10.1.0.5 - > 10.9.0.1 -"]);
    // nor do two after each other: a pod may have been started again, with another address, and called the same server.
    expect(
      await ends(
        call("@eth0", 0, "10.1.0.5:999", "10.9.0.1:80", web) + call("@eth0", 60, "10.1.0.6:999", "10.9.0.1:80", web),
      ),
    ).toEqual(["10.1.0.5 - > 10.9.0.1 -", "10.1.0.6 - > 10.9.0.1 -"]);
  });

  test("both ends commented: each has its own name", async () => {
    const a = ptcpdump("curl", "app", "a");
    const b = ptcpdump("nginx", "web", "b");
    expect(await ends(call("@net1", 0, "10.1.0.5:999", "10.1.0.6:80", `${a} dir=out`, `${b} dir=out`))).toEqual([
      "10.1.0.5 shop/a (comment) > 10.1.0.6 shop/b (comment)",
    ]);
  });

  test("host network: an address that processes outside of containers have, or several pods, is the node's", async () => {
    const exporter = ptcpdump("node_exporter", "exporter", "exporter-x1", "monitoring");
    const sshd = ptcpdump("sshd");
    const scrape = (port: number): string =>
      call("@eth0", port, `10.9.0.1:${port}`, "192.168.0.1:9100", `${exporter} dir=in`, `${exporter} dir=out`);
    expect(
      await ends(scrape(1) + call("@eth0", 3, "10.9.0.7:55", "192.168.0.1:22", `${sshd} dir=in`, `${sshd} dir=out`)),
    ).toEqual(["10.9.0.1 - > 192.168.0.1 -", "10.9.0.7 - > 192.168.0.1 -"]);
    const proxy = ptcpdump("kube-proxy", "proxy", "kube-proxy-x1", "kube-system");
    expect(
      await ends(
        scrape(1) + call("@eth0", 3, "192.168.0.1:55", "192.168.0.2:6443", `${proxy} dir=out`, `${proxy} dir=in`),
      ),
    ).toEqual(["10.9.0.1 - > 192.168.0.1 -", "192.168.0.1 - > 192.168.0.2 -"]);
  });

  test("a container that is of no pod is a name, as those of name resolution, and comes before them", async () => {
    const words = `${ptcpdump("curl", "musing_banach")}`;
    const capture = call("@eth0", 0, "172.17.0.4:999", "198.51.100.1:80", `${words} dir=out`, `${words} dir=in`);
    expect(await ends(`${capture}\nhost 172.17.0.4 other\nhost 198.51.100.1 world`)).toEqual([
      "172.17.0.4 musing_banach (comment) > 198.51.100.1 world",
    ]);
  });

  test("filters and the facts about a connection have the names, and who told them", async () => {
    const result = await joinTraffic({ "n1.pcapng": NODE + egress("web-a", 0, 4000) });
    const facts = new JoinedFacts(joinedColumns(result));
    expect([1, 2, 3, 4].map((n) => [facts.pod(0, n, 0), facts.pod(0, n, 1)])).toEqual([
      ["shop/web-a", ""],
      ["shop/web-a", ""],
      ["", "shop/web-a"],
      ["", "shop/web-a"],
    ]);
    const [c] = connectionsOf(result);
    const said = c ? connectionFacts(connectionJson(result, c), (id) => id) : [];
    expect(said.find((f) => f.label === "Client")).toMatchObject({
      label: "Client",
      value: "pod shop/web-a on n1 (10.1.0.5:4000)",
      note: "named by packets' comments, container app, process curl",
    });
    const pod = new MapPlaces(result, new Cluster([]));
    const place = c ? pod.places[pod.of(c.client)] : undefined;
    expect([place?.name, place?.namedBy, place?.source]).toEqual(["shop/web-a", "comment", "inferred"]);
  });

  test("a cluster file comes first, name resolution last", async () => {
    const capture = `${NODE}${egress("web-a", 0, 4000)}\nhost 10.1.0.5 resolved`;
    expect(await ends(capture)).toEqual(["10.1.0.5 shop/web-a (comment) > 203.0.113.9 -"]);
    const pod = {
      kind: "Pod",
      metadata: { name: "real", namespace: "shop" },
      spec: { nodeName: "n1" },
      status: { phase: "Running", podIP: "10.1.0.5", podIPs: [{ ip: "10.1.0.5" }] },
    };
    await withFiles({ "cluster.json": new TextEncoder().encode(JSON.stringify(pod)) }, async (cluster) => {
      const [c] = connectionsOf(await joinTraffic({ "n1.pcapng": capture }, { cluster }));
      expect([c?.client.pod, c?.client.namedBy]).toEqual(["shop/real", undefined]);
    });
  });

  test("cost: a row for two addresses, whatever the number of packets; nothing of packets without comments", async () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      call("@eth0", i, "10.1.0.5:999", "10.9.0.1:80", `packetid=${i} ${rustnet("pod=web-a ns=shop")}`, "dir=in"),
    ).join("");
    const { counter } = await withFiles({ "a.pcapng": many }, (files) => readSightings(files));
    expect(counter.told.rows).toHaveLength(1);
    expect(counter.told.rows[0]).toMatchObject({ source: "10.1.0.5", destination: "10.9.0.1", packets: 600 });
    expect(new PacketCounter().told.rows).toEqual([]);
  });
});

describe("interfaces that are a container's", () => {
  const INTERFACES = `
    @bridge-app = ethernet description="Node: worker-1, Namespace: shop, Pod: web-a"
    @nginx = ethernet description="Node: worker-2, Namespace: shop, Pod: db-0"
  `;

  test("Inspektor Gadget: pods on their nodes; who sends with a TTL that systems start with is at home", async () => {
    const result = await joinTraffic({
      "trace.pcapng": `${INTERFACES}
      q: 0 @bridge-app 10.1.0.5:999 > 10.1.2.7:5432 tcp SYN seq=100
      0.001 @nginx seen q hops=2
      r: 0.002 @nginx 10.1.2.7:5432 > 10.1.0.5:999 tcp SYN,ACK seq=900
      0.003 @bridge-app seen r hops=2`,
    });
    expect(connectionsOf(result).map((c) => [c.client, c.server, c.kind, c.locality])).toEqual([
      [
        {
          ip: "10.1.0.5",
          port: 999,
          pod: "shop/web-a",
          node: "worker-1",
          container: "bridge-app",
          namedBy: "interface",
        },
        { ip: "10.1.2.7", port: 5432, pod: "shop/db-0", node: "worker-2", container: "nginx", namedBy: "interface" },
        "pod-to-pod",
        "cross-node",
      ],
    ]);
    expect(result.points.map((p) => [p.interface, p.role, p.node, p.pod, p.podAddress])).toEqual([
      ["bridge-app", "pod-nic", "worker-1", "shop/web-a", "10.1.0.5"],
      ["nginx", "pod-nic", "worker-2", "shop/db-0", "10.1.2.7"],
    ]);
  });

  test("one conversation without a routed step decides nothing", async () => {
    expect(await ends(INTERFACES + call("@nginx", 0, "10.1.0.5:999", "10.1.0.6:80", ""))).toEqual([
      "10.1.0.5 - > 10.1.0.6 -",
    ]);
  });
});

describe("network namespaces that tools number", () => {
  test("ptcpdump and Retis: the machine's own is the file's, each other one is a group", () => {
    const told = [
      {
        name: "eth0",
        description: undefined,
        comments: ["ifIndex: 2, netNsInode: 4026531840, netNsPath: /proc/1/ns/net"],
      },
      {
        name: "eth0",
        description: undefined,
        comments: ["ifIndex: 4, netNsInode: 4026533097, netNsPath: /proc/9/ns/net"],
      },
      { name: "veth-a (4026531840)", description: "ifindex=10", comments: [] },
      { name: "? (0)", description: "Fake interface", comments: [] },
    ].map(namespaceTold);
    expect(told).toEqual([4026531840, 4026533097, 4026531840, undefined]);
    const groups = groupPoints([0, 0, 0, 0], ["n1.pcapng"], [], ["eth0", "eth0", "veth-a", undefined], [], told);
    expect([groups.ofPoint, groups.names, groups.mixed.size]).toEqual([
      [0, 1, 0, 0],
      ["n1", "namespace-4026533097"],
      0,
    ]);
  });
});

describe("the texts themselves", () => {
  test.each([
    ["k8s.namespace=shop;k8s.podName=web%2Da;k8s.containerName=my+app", { pod: "shop/web-a", container: "my app" }],
    [
      '{"container":{"id":"c3","name":"web"},"kubernetes":{"podName":"web-a","podNamespace":"shop"},"processName":"ping"}',
      { pod: "shop/web-a", container: "web", process: "ping" },
    ],
    ["Node: n1, Namespace: shop, Pod: web-a", { pod: "shop/web-a", node: "n1", container: "eth7" }],
  ])("description %s", (text, expected) => {
    expect(readDescription(text, "eth7")).toMatchObject(expected);
  });

  test.each([
    "network namespace n1, pod default/web-a",
    "ifindex=10",
    "Node: n1, Namespace: shop, Pod: <script>",
    "{",
    '{"kubernetes":{"podName":["web-a"],"podNamespace":7}}',
    "",
  ])("description %s tells nothing of a pod", (text) => {
    expect(readDescription(text, undefined)?.pod ?? null).toBeNull();
  });

  test.each([
    "probe=kretprobe:ovs_dp_upcall",
    "pod=<b>web</b> ns=shop",
    "pod=web-a",
    "pod=../../etc ns=shop",
    "PodName: Web_A\nPodNamespace: shop",
    `PodName: ${"a".repeat(300)}\nPodNamespace: shop`,
    "see the pod web-a in namespace shop",
  ])("comment %s names no pod", (text) => {
    expect(readComment(text)?.pod ?? null).toBeNull();
  });

  test("what a process was called with, or a pod's annotations, name no other pod", () => {
    expect(
      readComment("PodName: web-a\nPodNamespace: shop\nPodAnnotations: x\nPodName: evil\nPodNamespace: x")?.pod,
    ).toBe("shop/web-a");
    expect(
      readComment("PID: 1\nCmd: sh\nArgs: x\nPodName: evil\nPodNamespace: x\nPodName: web\nPodNamespace: y")?.pod,
    ).toBeNull();
  });
});
