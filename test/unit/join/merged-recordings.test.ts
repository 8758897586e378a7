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

/** `names`: what the interfaces are called in the file, one after the other. */
async function translationsOf(names: readonly string[], points: string, lines = LINES): Promise<readonly string[]> {
  const traffic = parseTraffic(points + lines);
  const merged = {
    ...traffic,
    interfaces: traffic.interfaces.map((one, i) => ({ ...one, name: names[i] ?? one.name })),
  };
  const read = (paths: readonly string[], folder: string): Promise<JoinedResult> => {
    writeFileSync(join(folder, "cluster.yaml"), CLUSTER);
    return joinFiles(paths, { cluster: [join(folder, "cluster.yaml")] });
  };
  const result = await withFiles({ "all.pcapng": trafficToPcapng(merged) }, read);
  return connectionsOf(result).flatMap((c) =>
    c.translations.map((t) => `${c.kind} ${t.kind} ${t.from.ip} to ${t.to.ip} on ${t.node ?? "?"}`),
  );
}

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
});
