/** What is still known where a part of the network was not recorded: a node's file is missing, or what came back. */
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

/** Points of a file, by device. */
const points = (...names: readonly string[]): string =>
  names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");

let packets = 0;
/** A datagram and the devices it is seen at, 10 µs apart. */
function datagram(from: string, to: string, stops: readonly (readonly [device: string, words: string])[]): string {
  const n = ++packets;
  return stops
    .map(([device, words], i) => {
      const at = (n / 100 + i / 100000).toFixed(6);
      return i === 0
        ? `p${n}: ${at} @${device} ${from} > ${to} udp id=${n} "datagram number ${n}" ${words}`
        : `${at} @${device} seen p${n} ${words}`;
    })
    .join("\n");
}

const kindsOf = (result: JoinedResult): string[] =>
  connectionsOf(result).map((c) => `${c.client.ip} > ${c.server.ip} ${c.kind} ${c.locality}`);

describe("answers that no veth showed", () => {
  const ask = (device: string, hops: number): string =>
    `p: 0.0000${hops}0 @${device} 10.1.0.5:4000 > 10.1.9.9:53 udp id=77 ttl=${64 - hops} "a question of some length"`;

  test("leave the call between two nodes, each with its pod's veth", async () => {
    const result = await joinTraffic({
      "n1.pcapng": [points("veth1", "eth0"), ask("veth1", 0), ask("eth0", 1).replace("p:", "")].join("\n"),
      "n2.pcapng": [points("veth2", "eth0"), ask("eth0", 2).replace("p:", ""), ask("veth2", 3).replace("p:", "")].join(
        "\n",
      ),
    });
    expect(kindsOf(result)).toEqual(["10.1.0.5 > 10.1.9.9 pod-to-pod cross-node"]);
    expect(connectionsOf(result)[0]?.server.node).toBe("n2");
  });

  test("leave it between two nodes too where only the asking one was recorded: it went out by the card", async () => {
    const result = await joinTraffic({
      "n1.pcapng": [points("veth1", "eth0"), ask("veth1", 0), ask("eth0", 1).replace("p:", "")].join("\n"),
    });
    expect(kindsOf(result)).toEqual(["10.1.0.5 > 10.1.9.9 pod-to-pod cross-node"]);
    expect(connectionsOf(result)[0]?.server.node).toBeNull();
  });

  test("tell nothing where the question was not seen to leave the pod's veth", async () => {
    const result = await joinTraffic({ "n1.pcapng": [points("veth1", "eth0"), ask("veth1", 0)].join("\n") });
    expect(kindsOf(result)).toEqual(["10.1.0.5 > 10.1.9.9 pod-to-pod unknown"]);
  });
});

describe("one node's file alone", () => {
  const OWN = "192.0.2.10";
  const POD = "10.1.0.5";
  const there = (from: string, to: string): string =>
    datagram(from, to, [
      ["veth1", ""],
      ["eth0", "hops=1"],
    ]);
  const back = (from: string, to: string): string =>
    datagram(from, to, [
      ["eth0", "ttl=62"],
      ["veth1", "hops=1"],
    ]);
  const talk = (from: string, to: string): string => [there(from, to), back(to, from)].join("\n");
  const hidden = (port: number): string =>
    datagram(`${POD}:${port}`, "203.0.113.9:53", [
      ["veth1", ""],
      ["eth0", `hops=1 src=${OWN}:${port}`],
    ]);
  const node = (...lines: readonly string[]): Promise<JoinedResult> =>
    joinTraffic({ "n1.pcapng": [points("veth1", "eth0"), ...lines].join("\n") });

  test("shows pods of another range: the node hides its own from the outside, and not from these", async () => {
    const result = await node(
      hidden(4001),
      talk(`${POD}:4002`, "10.200.3.7:53"),
      // A neighbour of that one, though it gets no answer. Of others that get none nothing is known.
      back("10.200.3.99:4003", `${POD}:53`),
      there(`${POD}:4004`, "198.51.100.1:53"),
    );
    expect(kindsOf(result)).toEqual([
      "10.1.0.5 > 203.0.113.9 egress outside",
      "10.1.0.5 > 10.200.3.7 pod-to-pod cross-node",
      "10.200.3.99 > 10.1.0.5 pod-to-pod cross-node",
      "10.1.0.5 > 198.51.100.1 egress outside",
    ]);
  });

  test("shows another node: its address is more like this node's than like a pod's", async () => {
    const result = await node(
      hidden(4001),
      back("192.0.9.11:4002", `${POD}:53`),
      there(`${POD}:53`, "192.0.9.11:4002"),
    );
    expect(kindsOf(result)[1]).toBe("192.0.9.11 > 10.1.0.5 node-to-pod cross-node");
  });

  test("calls them outside where nothing is hidden from anyone", async () => {
    const result = await node(talk(`${POD}:4001`, "203.0.113.9:53"), talk(`${POD}:4002`, "10.200.3.7:53"));
    expect(kindsOf(result)).toEqual(["10.1.0.5 > 203.0.113.9 egress outside", "10.1.0.5 > 10.200.3.7 egress outside"]);
  });

  test("shows a pod that answers for a Service as one here does", async () => {
    const asked = (port: number, to: string, last: readonly [string, string]): string =>
      datagram(`${POD}:${port}`, "10.96.0.10:53", [
        ["veth1", ""],
        [last[0], `hops=1 dst=${to}:5353 ${last[1]}`],
      ]);
    const result = await joinTraffic({
      "n1.pcapng": [
        points("veth1", "veth2", "eth0"),
        asked(4001, "10.1.0.6", ["veth2", ""]),
        asked(4002, "10.200.3.7", ["eth0", ""]),
        there(`${POD}:4003`, "10.200.3.7:99"),
      ].join("\n"),
    });
    expect(kindsOf(result)[2]).toBe("10.1.0.5 > 10.200.3.7 pod-to-pod cross-node");
  });

  test("tells the other node's own calls through a tunnel from its pods': nobody took a hop from them", async () => {
    const outer = (from: string, to: string): string => `vxlan(vni=7, ${from} > ${to})`;
    const arrives = (from: string, ttl: number): string =>
      datagram(from, `${POD}:53`, [
        ["eth0", `ttl=${ttl} ${outer("192.0.2.11", OWN)}`],
        ["veth1", "hops=1"],
      ]);
    const answer = (to: string): string =>
      datagram(`${POD}:53`, to, [
        ["veth1", ""],
        ["eth0", `hops=1 ${outer(OWN, "192.0.2.11")}`],
      ]);
    const result = await node(
      arrives("10.200.3.7:4001", 63),
      answer("10.200.3.7:4001"),
      arrives("10.200.3.0:4002", 64),
      answer("10.200.3.0:4002"),
      // Called from outside, it hides who called behind its own address.
      arrives("192.0.2.11:4003", 62),
      answer("192.0.2.11:4003"),
    );
    expect(kindsOf(result)).toEqual([
      "10.200.3.7 > 10.1.0.5 pod-to-pod cross-node",
      "10.200.3.0 > 10.1.0.5 node-to-pod cross-node",
      "192.0.2.11 > 10.1.0.5 node-to-pod cross-node",
    ]);
  });
});

test("in a recording of all in one, the server's view is shown where its answers have all their hops left", async () => {
  const call = (at: number, server: string, ttl: number, ...words: readonly [string, string]): string => `
    q${at}: ${at}.000000 @all 10.1.0.5:400${at} > 10.96.0.1${at}:53 udp id=1${at} "question ${at} of some length"
            ${at}.000010 @all seen q${at} ${words[0]} hops=1
    r${at}: ${at}.000200 @all ${server} > 10.1.0.5:400${at} udp id=2${at} "answer ${at} of some length" ttl=${ttl}
            ${at}.000210 @all seen r${at} ${words[1]} hops=1`;
  const result = await joinTraffic({
    "merged.pcapng":
      "@all = ethernet resolution=ns" +
      call(1, "10.1.9.9:5353", 64, "dst=10.1.9.9:5353", "src=10.96.0.11:53") +
      call(2, "10.1.9.9:5353", 63, "dst=10.1.9.9:5353", "src=10.96.0.12:53"),
  });
  expect(connectionsOf(result).map((c) => c.seenByServerAs)).toEqual([{ ip: "10.1.0.5", port: 4001 }, null]);
});

test("a pod's other address, of the other family, has the pod's name", async () => {
  const both = (file: string, ttl: number): string =>
    [1, 2, 3]
      .flatMap((i) => [
        `${i}.0000${file === "web" ? "00" : "10"} @eth0 10.1.0.5:40${i} > 10.1.9.9:53 udp id=${i} ttl=${ttl} "question ${i} of some length"`,
        `${i}.1000${file === "web" ? "00" : "10"} @eth0 fd00:1::5:41${i} > fd00:9::9:53 udp ttl=${ttl} "question ${i} of other length"`,
      ])
      .join("\n")
      .replace(/fd00:1::5:(\d+)/g, "[fd00:1::5]:$1")
      .replace(/fd00:9::9:53/g, "[fd00:9::9]:53");
  const result = await joinTraffic({
    "web.pcapng": `${points("eth0")}\n${both("web", 64)}`,
    "n1.pcapng": `${points("veth1", "up")}\n${both("n1", 64).replaceAll("@eth0", "@veth1")}`,
  });
  expect(new Set(connectionsOf(result).map((c) => c.client.pod))).toEqual(new Set(["web"]));
});

describe("a pod whose veth was not recorded", () => {
  const BRIDGE = "02:00:00:00:00:b1";
  /** The node's bridge, one of its two pods' veths, and its card. */
  const node = ["@veth6 = ethernet resolution=ns", "@br0 = ethernet resolution=ns", "@eth0 = ethernet resolution=ns"];
  const call = (n: number, pod: string, at: string, device: string): string[] => {
    const question = `${pod}:4000 > 10.9.9.9:53 udp id=${n} "question ${n} of some length"`;
    const steps = {
      pod: `${at}000 @eth0 ${question} dmac=${BRIDGE}`,
      veth6: `${at}010 @veth6 ${question} dmac=${BRIDGE}`,
      br0: `${at}020 @br0 ${question} dmac=${BRIDGE}`,
      eth0: `${at}030 @eth0 ${question} ttl=63 smac=02:00:00:00:00:e0 dmac=02:00:00:00:00:fe`,
    };
    return device === "pod" ? [steps.pod] : [...(device === "veth6" ? [steps.veth6] : []), steps.br0, steps.eth0];
  };
  const own = `3.000000 @br0 10.1.0.1:4000 > 10.1.0.6:53 udp id=9 "the node's own question" smac=${BRIDGE}
               3.000010 @veth6 10.1.0.1:4000 > 10.1.0.6:53 udp id=9 "the node's own question" smac=${BRIDGE}`;
  const n1 = [...node, ...call(1, "10.1.0.6", "1.000", "veth6"), ...call(2, "10.1.0.5", "2.000", "br0"), own].join(
    "\n",
  );
  const kinds = ["10.1.0.6 n1 egress outside", "10.1.0.5 n1 egress outside", "10.1.0.1 n1 node-to-pod same-node"];
  const placesOf = (result: JoinedResult): string[] =>
    connectionsOf(result).map((c) => `${c.client.ip} ${c.client.node} ${c.kind} ${c.locality}`);

  test("is a pod: its frames have not the MAC that the node's own have on the bridge", async () => {
    expect(placesOf(await joinTraffic({ "n1.pcapng": n1 }))).toEqual(kinds);
  });

  test("is on the node whose bridge its own card is next to", async () => {
    const web = ["@eth0 = ethernet resolution=ns", ...call(2, "10.1.0.5", "2.000", "pod")].join("\n");
    expect(placesOf(await joinTraffic({ "n1.pcapng": n1, "web.pcapng": web }))).toEqual(kinds);
  });
});

test("a node's card in a file of its own: who calls its pods over a router is not the node", async () => {
  const call = (at: number, pod: string, port: number): string => `
    ${at.toFixed(6)} @card 198.51.100.50:${port} > ${pod}:80 tcp SYN seq=${3000000000 + port} id=${port} ts=900000001,0 ttl=63
    ${(at + 0.001).toFixed(6)} @card ${pod}:80 > 198.51.100.50:${port} tcp SYN,ACK seq=${2000000000 + port} ack=${3000000001 + port} id=${port + 1000} ts=700000001,900000001 ttl=63`;
  const calls = [5, 6, 7, 8].map((n) => call(n, `10.1.0.${n}`, 40000 + n));
  const result = await joinTraffic({ "card.pcapng": `@card = ethernet resolution=ns${calls.join("")}` });
  expect(result.topology.machines.flatMap((m) => m.addresses)).not.toContain("198.51.100.50");
});
