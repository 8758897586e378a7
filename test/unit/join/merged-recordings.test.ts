/**
 * Recordings of several machines merged into one file (mergecap): its points do not say whose they are. A cluster file tells by the addresses
 * which node translated.
 *
 * ```
 *   n1: pod ── veth │ eth0    n2: eth0 │ veth ── pod        eth0 twice, or all of it as one interface
 * ```
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinFiles, withFiles } from "../../builders/join-files";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const CLUSTER = `
{ kind: Node, metadata: { name: red }, spec: { podCIDR: 10.1.0.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] } }
---
{ kind: Node, metadata: { name: blue }, spec: { podCIDR: 10.1.9.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.2 }] } }
---
{ kind: Pod, metadata: { name: asker, namespace: default }, spec: { nodeName: red }, status: { podIP: 10.1.0.5, podIPs: [{ ip: 10.1.0.5 }], phase: Running } }
---
{ kind: Pod, metadata: { name: web, namespace: default }, spec: { nodeName: blue }, status: { podIP: 10.1.9.9, podIPs: [{ ip: 10.1.9.9 }], phase: Running } }
---
{ kind: Service, metadata: { name: web, namespace: default }, spec: { clusterIP: 10.96.0.10, ports: [{ port: 80, targetPort: 8080, protocol: TCP }] } }
`;

/** A pod's call of a Service, translated on red; a call from outside to blue's own node port, whose answer goes through red. */
const LINES = `
  q: 0.000000 @veth1 10.1.0.5:40000 > 10.96.0.10:80 tcp SYN seq=3000000000 id=4660 ts=900000001,0
     0.000020 @card1 seen q dst=10.1.9.9:8080 hops=1
     0.000040 @card2 seen q dst=10.1.9.9:8080 hops=1
     0.000060 @veth2 seen q dst=10.1.9.9:8080 hops=2
  r: 0.000200 @veth2 10.1.9.9:8080 > 10.1.0.5:40000 tcp SYN,ACK seq=4000000000 ack=3000000001 id=4661 ts=800000001,900000001
     0.000220 @card2 seen r hops=1
     0.000240 @card1 seen r hops=1
     0.000260 @veth1 seen r src=10.96.0.10:80 hops=2
  e: 1.000000 @card1 198.51.100.9:50000 > 192.168.0.1:30080 tcp SYN seq=3100000000 id=4662 ts=910000001,0 ttl=60
     1.000020 @card1 seen e src=192.168.0.1:41000 dst=10.1.9.9:8080 hops=1
     1.000040 @card2 seen e src=192.168.0.1:41000 dst=10.1.9.9:8080 hops=1
     1.000060 @veth2 seen e src=192.168.0.1:41000 dst=10.1.9.9:8080 hops=2
  f: 1.000200 @veth2 10.1.9.9:8080 > 192.168.0.1:41000 tcp SYN,ACK seq=4100000000 ack=3100000001 id=4663 ts=810000001,910000001
     1.000220 @card2 seen f hops=1
     1.000240 @card1 seen f hops=1
     1.000260 @card1 seen f src=192.168.0.1:30080 dst=198.51.100.9:50000 hops=2
`;

const MASQUERADED_ONCE = `
  g: 2.000000 @all 10.1.0.5:42000 > 198.51.100.9:443 tcp SYN seq=3200000000 id=4670 ts=900000009,0
     2.000020 @all seen g src=192.168.0.1:42000 hops=1
  h: 2.000200 @all 198.51.100.9:443 > 192.168.0.1:42000 tcp SYN,ACK seq=4200000000 ack=3200000001 id=4671 ts=800000009,900000009
     2.000220 @all seen h dst=10.1.0.5:42000 hops=1
`;

/** `names`: what the interfaces are called in the file, one after the other. */
async function translationsOf(names: readonly string[], points: string, lines = LINES): Promise<readonly string[]> {
  return connectionsOf(await joinMerged(names, points, lines)).flatMap((c) =>
    c.translations.map((t) => `${c.kind} ${t.kind} ${t.from.ip} to ${t.to.ip} on ${t.node ?? "?"}`),
  );
}

async function joinMerged(
  names: readonly string[],
  points: string,
  lines: string,
  isTold = true,
): Promise<JoinedResult> {
  const traffic = parseTraffic(points + lines);
  const merged = {
    ...traffic,
    interfaces: traffic.interfaces.map((one, i) => ({ ...one, name: names[i] ?? one.name })),
  };
  const read = (paths: readonly string[], folder: string): Promise<JoinedResult> => {
    writeFileSync(join(folder, "cluster.yaml"), CLUSTER);
    return joinFiles(paths, isTold ? { cluster: [join(folder, "cluster.yaml")] } : {});
  };
  return withFiles({ "all.pcapng": trafficToPcapng(merged) }, read);
}

const ONE_POINT = "@all = ethernet resolution=ns\n";
/** All of it as one interface (mergecap -F pcap). */
function asOnePoint(lines: string): string {
  return lines.replaceAll(/@\w+/g, "@all");
}

/** A call that red masquerades, and a gateway behind it again. */
const EGRESS = `
  g: 2.000000 @all 10.1.0.5:42000 > 198.51.100.9:443 tcp SYN seq=3200000000 id=4670 ts=900000009,0
     2.000020 @all seen g src=192.168.0.1:42000 hops=1
     2.000040 @all seen g src=203.0.113.1:42000 hops=2
  h: 2.000200 @all 198.51.100.9:443 > 203.0.113.1:42000 tcp SYN,ACK seq=4200000000 ack=3200000001 id=4671 ts=800000009,900000009
     2.000220 @all seen h dst=192.168.0.1:42000 hops=1
     2.000240 @all seen h dst=10.1.0.5:42000 hops=2
`;

const TRANSLATIONS = [
  "pod-to-service dnat 10.96.0.10 to 10.1.9.9 on red",
  "external-to-service dnat 192.168.0.1 to 10.1.9.9 on red",
  "external-to-service snat 198.51.100.9 to 192.168.0.1 on red",
];

describe("the node of a translation, where points do not tell their machine", () => {
  test("two interfaces of one name: by whose addresses these are", async () => {
    const points = `
      @veth1 = ethernet resolution=ns
      @card1 = ethernet resolution=ns
      @veth2 = ethernet resolution=ns
      @card2 = ethernet resolution=ns
    `;
    expect(await translationsOf(["veth1", "eth0", "veth1", "eth0"], points)).toEqual(TRANSLATIONS);
  });

  test("a gateway's address is no node's: nothing is told", async () => {
    const points = `
      @veth1 = ethernet resolution=ns
      @card1 = ethernet resolution=ns
    `;
    const out = `
      q: 0.000000 @veth1 192.168.0.1:40000 > 198.51.100.9:80 tcp SYN seq=3000000000 id=4660 ts=900000001,0
         0.000020 @card1 seen q src=203.0.113.1:40000 hops=1
      r: 0.000200 @card1 198.51.100.9:80 > 203.0.113.1:40000 tcp SYN,ACK seq=4000000000 ack=3000000001 id=4661 ts=800000001,900000001
         0.000220 @veth1 seen r dst=192.168.0.1:40000 hops=1
    `;
    expect((await translationsOf(["eth0", "eth0"], points, out)).map((line) => line.replace(/^\S+ /, ""))).toEqual([
      "snat 192.168.0.1 to 203.0.113.1 on ?",
    ]);
  });

  test("all of it as one interface: it is no pod's card, and no machine", async () => {
    const lines = asOnePoint(LINES) + EGRESS;
    expect(await translationsOf(["all"], ONE_POINT, lines)).toEqual([
      ...TRANSLATIONS,
      "egress snat 10.1.0.5 to 192.168.0.1 on red",
      "egress snat 192.168.0.1 to 203.0.113.1 on ?",
    ]);
    const [point] = (await joinMerged(["all"], ONE_POINT, lines)).points;
    expect([point?.role, point?.pod, point?.node]).toEqual(["unknown", null, null]);
  });

  test("without a cluster file it is no machine either, where packets were routed twice", async () => {
    const nodes = async (lines: string): Promise<readonly (string | null)[]> =>
      connectionsOf(await joinMerged(["all"], ONE_POINT, lines, false)).flatMap((c) =>
        c.translations.map((t) => t.node),
      );
    expect(await nodes(EGRESS)).toEqual([null, null]);
    expect(await nodes(MASQUERADED_ONCE)).toEqual(["all"]);
    const loop = Array.from(
      { length: 50 },
      (_, n) => `3.${String(n * 20).padStart(6, "0")} @all 10.1.0.5:1 > 10.7.7.7:9 udp "lost" id=7 ttl=${60 - n}`,
    );
    expect(await nodes(MASQUERADED_ONCE + loop.join("\n"))).toEqual(["all"]);
  });
});

describe("the only card of a file", () => {
  const call = (client: string, server: string, k: number, ttl = 64): string => `
    ${k}.000000 @eth0 ${client}:4000${k} > ${server}:8080 tcp SYN seq=${3000000000 + k} id=${4660 + k} ts=900000001,0 ttl=${ttl}
    ${k}.000200 @eth0 ${server}:8080 > ${client}:4000${k} tcp SYN,ACK seq=${2000000000 + k} ack=${3000000001 + k} id=${5660 + k} ts=700000001,900000001 ttl=${ttl === 64 ? 62 : 64}`;
  const cardOf = async (lines: string): Promise<readonly unknown[]> => {
    const [point] = (await joinMerged(["eth0"], "@eth0 = ethernet resolution=ns\n", lines)).points;
    return [point?.role, point?.pod];
  };

  test("is a pod's that is in all conversations", async () => {
    const calls =
      call("10.1.0.5", "10.1.9.9", 1) + call("10.1.0.5", "198.51.100.7", 2) + call("10.1.9.9", "10.1.0.5", 3, 62);
    expect(await cardOf(calls)).toEqual(["pod-nic", "default/asker"]);
  });

  test("is no pod's where others talk", async () => {
    const calls = [1, 2, 3, 4].map((k) => call(`10.1.0.${k + 4}`, `10.1.9.${k + 8}`, k, 63)).join("\n");
    expect(await cardOf(calls)).toEqual(["unknown", null]);
  });
});
