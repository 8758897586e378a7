/** Pods that hang on no bridge, and cards that consist of several devices: what tells a node from a router, a pod from a host. */
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

/** Points of a file, by device. */
const points = (...names: readonly string[]): string =>
  names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");

/** What a packet's further sightings say, by the device they are at. */
type Stops = readonly (readonly [device: string, words: string])[];

let packets = 0;
/** A datagram and where it is seen, 10 µs apart. */
function datagram(from: string, to: string, [first, ...others]: Stops): string {
  const n = ++packets;
  const at = (i: number): string => (n / 100 + i / 100000).toFixed(6);
  return [
    `p${n}: ${at(0)} @${first?.[0] ?? ""} ${from} > ${to} udp id=${n} "datagram number ${n}" ${first?.[1] ?? ""}`,
    ...others.map(([device, words], i) => `${at(i + 1)} @${device} seen p${n} ${words}`),
  ].join("\n");
}

const rolesOf = (result: JoinedResult): string[] =>
  result.points.map((p) => `${p.file} ${p.interface ?? ""} ${p.role}`);
const kindsOf = (result: JoinedResult): string[] =>
  connectionsOf(result).map((c) => `${c.client.ip} > ${c.server.ip} ${c.kind} ${c.locality}`);

const A = "10.1.0.5:4000";
const B = "10.1.0.6:53";
const FAR = "203.0.113.9:53";

describe("veths with names that say nothing", () => {
  const neighbours = [
    datagram(A, B, [
      ["qzl", ""],
      ["kwv", "hops=1"],
    ]),
    datagram(A, FAR, [
      ["qzl", ""],
      ["up", "hops=1 src=192.0.2.10:4000"],
    ]),
    datagram(B, FAR, [
      ["kwv", ""],
      ["up", "hops=1 src=192.0.2.10:53"],
    ]),
  ];

  test("are a node's where what pods ask of a Service is translated", async () => {
    const asked = datagram("10.1.0.5:4009", "10.96.0.10:53", [
      ["qzl", ""],
      [`kwv`, `hops=1 dst=${B}`],
    ]);
    const result = await joinTraffic({ "n.pcapng": [points("qzl", "kwv", "up"), ...neighbours, asked].join("\n") });
    expect(rolesOf(result)).toEqual(["n.pcapng qzl host-veth", "n.pcapng kwv host-veth", "n.pcapng up node-nic"]);
    expect(kindsOf(result)).toEqual([
      "10.1.0.5 > 10.1.0.6 pod-to-pod same-node",
      "10.1.0.5 > 203.0.113.9 egress outside",
      "10.1.0.6 > 203.0.113.9 egress outside",
      "10.1.0.5 > 10.1.0.6 pod-to-service same-node",
    ]);
  });

  test("are not where pods' addresses are translated behind them: it is the way out, whatever its name", async () => {
    const asked = datagram("10.1.0.5:4009", "10.96.0.10:53", [
      ["qzl", ""],
      ["kwv", `hops=1 dst=${B}`],
    ]);
    const answered = `0.9 @up ${FAR} > 192.0.2.10:4000 udp id=901 "an answer from next door"`;
    const result = await joinTraffic({
      "n.pcapng": [points("qzl", "kwv", "up"), ...neighbours, asked, answered].join("\n"),
    });
    expect(rolesOf(result)[2]).toBe("n.pcapng up node-nic");
  });

  test("may be a router's ports where nothing is asked of a Service: what hosts are is not told", async () => {
    const result = await joinTraffic({ "n.pcapng": [points("qzl", "kwv", "up"), ...neighbours].join("\n") });
    expect(rolesOf(result).filter((text) => text.includes("veth"))).toEqual([]);
    expect(new Set(connectionsOf(result).map((c) => `${c.kind} ${c.locality}`))).toEqual(new Set(["unknown unknown"]));
  });

  test("are a router's ports where it passes on what others send, though it translates for a neighbour", async () => {
    const passed = datagram("10.7.0.1:9", "10.8.0.1:9", [
      ["up", "ttl=63"],
      ["down", "hops=1"],
    ]);
    const other = datagram("10.7.0.2:9", "10.8.0.2:9", [
      ["up", "ttl=63"],
      ["down", "hops=1"],
    ]);
    const asked = datagram("10.1.0.5:4009", "10.96.0.10:53", [
      ["qzl", ""],
      ["kwv", `hops=1 dst=${B}`],
    ]);
    const result = await joinTraffic({
      "r.pcapng": [points("qzl", "kwv", "up", "down"), ...neighbours, passed, other, asked].join("\n"),
    });
    expect(rolesOf(result).filter((text) => text.includes("veth"))).toEqual([]);
  });
});

describe("veths of pods with an address of each family, with names that say nothing", () => {
  const A6 = "[fd00:1::5]:4000";
  const B6 = "[fd00:1::6]:53";
  const FAR6 = "[2001:db8:900::9]:53";
  const talk = (a: string, b: string, far: string, node: string): string[] => [
    datagram(a, b, [
      ["qzl", ""],
      ["kwv", "hops=1"],
    ]),
    datagram(a, far, [
      ["qzl", ""],
      ["up", `hops=1 src=${node}:4000`],
    ]),
    datagram(b, far, [
      ["kwv", ""],
      ["up", `hops=1 src=${node}:53`],
    ]),
  ];
  const asked = datagram("10.1.0.5:4009", "10.96.0.10:53", [
    ["qzl", ""],
    ["kwv", `hops=1 dst=${B}`],
  ]);
  const both = [...talk(A, B, FAR, "192.0.2.10"), ...talk(A6, B6, FAR6, "[2001:db8:5::10]"), asked];

  test("are a node's, as those of one family are", async () => {
    const result = await joinTraffic({ "n.pcapng": [points("qzl", "kwv", "up"), ...both].join("\n") });
    expect(rolesOf(result)).toEqual(["n.pcapng qzl host-veth", "n.pcapng kwv host-veth", "n.pcapng up node-nic"]);
    expect(new Set(connectionsOf(result).map((c) => `${c.kind} ${c.locality}`))).toEqual(
      new Set(["pod-to-pod same-node", "egress outside", "pod-to-service same-node"]),
    );
  });

  test("on a bridge: its ports, each with one address of each family", async () => {
    const switched = (text: string): string =>
      text.replaceAll(/^(p\d+): (\S+) @qzl (.*)$/gm, "$1: $2 @qzl $3\n$2 @sw seen $1");
    const result = await joinTraffic({
      "n.pcapng": [points("qzl", "kwv", "sw", "up"), ...both.map(switched)].join("\n"),
    });
    expect(rolesOf(result).slice(0, 1)).toEqual(["n.pcapng qzl host-veth"]);
  });

  test("are not where one family has many addresses behind the point: it is a network's port", async () => {
    const others = Array.from({ length: 6 }, (_, i) =>
      datagram(`[fd00:1::${40 + i}]:4000`, FAR6, [
        ["qzl", ""],
        ["up", "hops=1"],
      ]),
    );
    const result = await joinTraffic({ "n.pcapng": [points("qzl", "kwv", "up"), ...both, ...others].join("\n") });
    expect(rolesOf(result)[0]).not.toBe("n.pcapng qzl host-veth");
  });
});

describe("cards of pods that are parts of the node's card", () => {
  const NODE = "192.0.2.10";
  const file = (device: string, ...lines: readonly string[]): string => [points(device), ...lines].join("\n");
  /** The pod 192.0.2.66 and the node's own address call a neighbour, whose MAC is its own. */
  const files = (podMac: string, toMac: string): Record<string, string> => {
    const calls = [1, 2, 3].map((i) => ({ at: i / 10, id: i }));
    const pod = (us: number): string[] =>
      calls.map(
        ({ at, id }) =>
          `${(at + us / 1e6).toFixed(6)} @eth0 192.0.2.66:40${id} > 192.0.2.200:53 udp id=${id} smac=${podMac} dmac=${toMac} "question of the pod ${id}"`,
      );
    const own = calls.map(
      ({ at, id }) =>
        `${(at + 0.05).toFixed(6)} @eth0 ${NODE}:41${id} > 192.0.2.200:53 udp id=9${id} "question of the node itself ${id}"`,
    );
    return { "node.pcapng": file("eth0", ...pod(10), ...own), "pod.pcapng": file("eth0", ...pod(0)) };
  };
  const NODE_MAC = "02:00:c0:00:02:0a";
  const NEIGHBOUR = "02:00:c0:00:02:c8";
  const isPod = (result: JoinedResult): boolean => result.points.some((p) => p.role === "pod-nic");

  test("send with a MAC of their own to others than the node (macvlan)", async () => {
    const result = await joinTraffic(files("02:00:00:00:00:66", NEIGHBOUR));
    expect(rolesOf(result)).toEqual(["node.pcapng eth0 node-nic", "pod.pcapng eth0 pod-nic"]);
    expect(result.points.map((p) => p.node)).toEqual(["node", "node"]);
    expect(new Set(connectionsOf(result).map((c) => `${c.client.ip} ${c.client.pod ?? "-"}`))).toEqual(
      new Set(["192.0.2.66 pod", `${NODE} -`]),
    );
  });

  test("send with the node's MAC (ipvlan)", async () => {
    expect(isPod(await joinTraffic(files(NODE_MAC, NEIGHBOUR)))).toBe(true);
  });

  test("are hosts' where their frames are for that card: it is a router's", async () => {
    expect(isPod(await joinTraffic(files("02:00:00:00:00:66", NODE_MAC)))).toBe(false);
  });

  test("are hosts' where several addresses begin at that card: a mirror port shows all of a switch", async () => {
    const { "node.pcapng": node, "pod.pcapng": pod } = files("02:00:00:00:00:66", NEIGHBOUR);
    const third = `0.400000 @eth0 192.0.2.77:5000 > 192.0.2.200:53 udp id=777 "question of a third one"`;
    expect(isPod(await joinTraffic({ "node.pcapng": `${node ?? ""}\n${third}`, "pod.pcapng": pod ?? "" }))).toBe(false);
  });
});

describe("a bond", () => {
  /** One stamp at all devices for what comes in, one each for what is sent. */
  const talk = [1, 2, 3].map(
    (i) => `
      q${i}: ${i}.000000 @veth1 10.1.0.5:400${i} > 203.0.113.9:53 udp id=${i} "question ${i} of three"
         ${i}.000010 @zbond seen q${i} hops=1 src=192.0.2.10:400${i}
         ${i}.000012 @slave seen q${i} hops=1 src=192.0.2.10:400${i}
      r${i}: ${i}.000900 @zbond 203.0.113.9:53 > 192.0.2.10:400${i} udp id=7${i} ttl=60 "answer ${i} of three"
         ${i}.000900 @slave seen r${i}
         ${i}.000930 @veth1 seen r${i} hops=1 dst=10.1.0.5:400${i}`,
  );
  test("is crossed in the order that the other direction shows", async () => {
    // Alphabetically the other way round.
    const result = await joinTraffic({ "n.pcapng": [points("slave", "veth1", "zbond"), ...talk].join("\n") });
    const names = (path: readonly number[]): string[] => path.map((p) => result.points[p]?.interface ?? "");
    expect(new Set(connectionsOf(result).map((c) => names(c.returnPath).join(" ")))).toEqual(
      new Set(["slave zbond veth1"]),
    );
    const swapped = await joinTraffic({
      "n.pcapng": [points("slave", "veth1", "zbond"), ...talk]
        .join("\n")
        .replaceAll("slave", "tmp")
        .replaceAll("zbond", "slave")
        .replaceAll("tmp", "zbond"),
    });
    const other = (path: readonly number[]): string[] => path.map((p) => swapped.points[p]?.interface ?? "");
    expect(new Set(connectionsOf(swapped).map((c) => other(c.returnPath).join(" ")))).toEqual(
      new Set(["zbond slave veth1"]),
    );
  });

  test("makes no address outside the node's own", async () => {
    const macs = (line: string): string => (/@(slave|zbond)/.test(line) ? `${line} smac=02:00:00:00:00:01` : line);
    const result = await joinTraffic({
      "n.pcapng": [points("slave", "veth1", "zbond"), ...talk.join("\n").split("\n").map(macs)].join("\n"),
    });
    expect(new Set(connectionsOf(result).map((c) => c.kind))).toEqual(new Set(["egress"]));
  });
});

test("who calls a node's port does not make the other node's pod the node's own", async () => {
  // In and out by one card: the answer comes from the pod, and leaves with the node's MAC.
  const N = "smac=02:00:00:00:00:0a";
  const R = "smac=02:00:00:00:00:0f";
  const result = await joinTraffic({
    "n.pcapng": `${points("veth1", "eth0")}
      ${[1, 2, 3]
        .map(
          (i) => `
        o${i}: ${i}.000000 @veth1 10.1.0.5:500${i} > 203.0.113.9:80 udp id=1${i} "question of the pod ${i}"
           ${i}.000010 @eth0 seen o${i} hops=1 src=192.0.2.10:500${i} ${N}
        q${i}: ${i}.100000 @eth0 203.0.113.9:400${i} > 192.0.2.10:30080 udp id=2${i} ttl=60 ${R} "question ${i} of three"
           ${i}.100010 @eth0 seen q${i} hops=1 src=192.0.2.10:600${i} dst=10.9.7.8:53 ${N}
        r${i}: ${i}.100900 @eth0 10.9.7.8:53 > 192.0.2.10:600${i} udp id=3${i} ttl=62 ${R} "answer ${i} of three"
           ${i}.100910 @eth0 seen r${i} hops=1 src=192.0.2.10:30080 dst=203.0.113.9:400${i} ${N}`,
        )
        .join("")}`,
  });
  expect(result.topology.place("10.9.7.8")?.network).not.toBe("node");
  expect(result.topology.place("192.0.2.10")?.network).toBe("node");
});

test("a switch that sees a call in a tunnel and its answer outside is no end of the tunnel", async () => {
  const calls = [1, 2, 3].map(
    (i) => `
      q${i}: ${i}.000000 @p1 192.0.2.10:400${i} > 10.1.0.5:53 geneve(vni=5, 192.0.2.10 > 192.0.2.20) udp id=1${i} "question ${i} of three"
         ${i}.000010 @p2 seen q${i} geneve(vni=5, 192.0.2.10 > 192.0.2.20)
      r${i}: ${i}.000900 @p2 10.1.0.5:53 > 192.0.2.10:400${i} udp id=2${i} ttl=63 "answer ${i} of three"
         ${i}.000910 @p1 seen r${i}`,
  );
  const result = await joinTraffic({ "sw.pcapng": [points("p1", "p2"), ...calls].join("\n") });
  expect(rolesOf(result).filter((text) => text.includes("node-nic"))).toEqual([]);
});

test("Geneve is recognised on a port of its own", async () => {
  const tunnel = "geneve(vni=77, 192.0.2.10 > 192.0.2.20, dport=16081, option=0102:80:01020304)";
  const result = await joinTraffic({
    "n.pcapng": `${points("veth1", "eth0")}
      q: 0.000000 @veth1 10.1.0.5:4000 > 10.1.9.9:53 udp id=7 "a question of some length"
         0.000010 @eth0 seen q hops=1 ${tunnel}`,
  });
  expect(connectionsOf(result).map((c) => [c.path, c.encapsulations.map((e) => [e.kind, e.vni, e.port])])).toEqual([
    [[0, 1], [["geneve", 77, 16081]]],
  ]);
});
