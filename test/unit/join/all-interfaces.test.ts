/**
 * Captures of all interfaces (`tcpdump -i any`): one capture point a node, which sees a packet come in and go out. Two nodes, no
 * overlay, clocks 50 ms apart:
 *
 * ```
 *  a 10.1.0.5 ── n1 (any) ══════ n2 (any) ── b 10.1.9.9
 *  true times:   0.000 in  0.000010 out     0.000400 in  0.000420 out       n2's clock is 50 ms fast
 * ```
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const N1 = `
  @any = sll2 index=2 resolution=us
  a = 10.1.0.5:40000   b = 10.1.9.9:8080
  q1: 0.000000 @any a > b tcp SYN seq=3000000000 id=4660 ts=900000001,0
      0.000010 @any seen q1 hops=1
  r1: 0.000900 @any b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=77 ttl=63 ts=700000001,900000001
      0.000910 @any seen r1 hops=1
  q2: 0.001000 @any a > b tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n"
      0.001010 @any seen q2 hops=1
`;
const N2 = `
  @any = sll2 index=3 resolution=us
  a = 10.1.0.5:40000   b = 10.1.9.9:8080
  q1: 0.050400 @any a > b tcp SYN seq=3000000000 id=4660 ttl=63 ts=900000001,0
      0.050420 @any seen q1 hops=1
  r1: 0.050500 @any b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=77 ts=700000001,900000001
      0.050520 @any seen r1 hops=1
  q2: 0.051400 @any a > b tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ttl=63 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n"
      0.051420 @any seen q2 hops=1
`;
/** Two pods a node, so that a node's capture is not one pod's. */
const OTHERS = `
  c = 10.1.0.6:40001
  q3: 0.100000 @any c > b tcp SYN seq=1234567890 id=900 ts=900000011,0
      0.100010 @any seen q3 hops=1
`;
const CLUSTER = `
{ kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.1.0.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] } }
---
{ kind: Node, metadata: { name: n2 }, spec: { podCIDR: 10.1.9.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.2 }] } }
---
{ kind: Pod, metadata: { name: a, namespace: lab }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.5 } }
---
{ kind: Pod, metadata: { name: c, namespace: lab }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.6 } }
---
{ kind: Pod, metadata: { name: b, namespace: lab }, spec: { nodeName: n2 }, status: { podIP: 10.1.9.9 } }
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  writeFileSync(join(folder, "cluster.yaml"), CLUSTER);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("captures of all interfaces", () => {
  test("clocks are estimated though every packet is seen twice at a point", async () => {
    const result = await joinTraffic({ "n1.pcapng": N1, "n2.pcapng": N2 });
    const offset = result.clocks.find((c) => c.file === "n2.pcapng");
    expect(offset?.source).toBe("estimated");
    expect(Math.abs((offset?.seconds ?? 0) + 0.05)).toBeLessThan(0.0005);
    expect(connectionsOf(result).map((c) => [c.path, c.returnPath])).toEqual([
      [
        [0, 1],
        [1, 0],
      ],
    ]);
  });

  test("nothing is called external where nothing inside is known", async () => {
    const result = await joinTraffic({ "n1.pcapng": N1, "n2.pcapng": N2 });
    expect(connectionsOf(result).map((c) => [c.kind, c.locality])).toEqual([["unknown", "unknown"]]);
  });

  test("a cluster file tells whose they are: the node's, not one of its pods'", async () => {
    const result = await joinTraffic(
      { "n1.pcapng": N1 + OTHERS, "n2.pcapng": N2 },
      { cluster: [join(folder, "cluster.yaml")] },
    );
    expect(result.points.map((p) => [p.node, p.role, p.pod])[0]).toEqual(["n1", "unknown", null]);
    const [first] = connectionsOf(result);
    expect([first?.kind, first?.locality, first?.client.pod, first?.server.pod]).toEqual([
      "pod-to-pod",
      "cross-node",
      "lab/a",
      "lab/b",
    ]);
  });

  test("a node that shows another node's calls too is still the one whose pods and address it has", async () => {
    const calls = `
      q4: 0.200000 @any 192.168.0.2:6000 > 10.1.0.5:9000 udp id=41 "a node asks its neighbour's pod" ttl=64
          0.200010 @any seen q4 hops=1
      q5: 0.300000 @any 192.168.0.1:6001 > 10.1.0.5:9000 udp id=42 "a node asks its own pod" ttl=64
    `;
    const result = await joinTraffic(
      { "first.pcapng": N1 + OTHERS + calls, "second.pcapng": N2 },
      { cluster: [join(folder, "cluster.yaml")] },
    );
    expect(result.points.map((p) => p.node)[0]).toBe("n1");
  });

  test("where two machines see a packet in one microsecond, what left the first did so before it came to the next", async () => {
    const at = (point: string, label: string, change: string): string => `0.000100 @${point} seen ${label} ${change}`;
    const result = await joinTraffic({
      "a.pcapng": `
        @any = sll2 index=2 resolution=us
        q1: 0.000050 @any 10.1.0.5:40000 > 10.1.9.9:80 udp id=7 "first words of a long conversation"
            ${at("any", "q1", "hops=1")}
      `,
      "b.pcapng": `
        @any = sll2 index=2 resolution=us
        q1: 0.000100 @any 10.1.0.5:40000 > 10.1.9.9:80 udp id=7 ttl=63 "first words of a long conversation"
            0.000130 @any seen q1 hops=1
      `,
    });
    expect(connectionLines(result)).toEqual(["udp 10.1.0.5:40000 > 10.1.9.9:80 = 10.1.9.9:80 as * | a@any b@any"]);
  });
});

test("a pod's two addresses are one pod's: few packets of the second family are enough", async () => {
  const flow = (from: string, to: string, at: number, id: number): string => `
    q${id}: ${at.toFixed(6)} @veth1 ${from} > ${to} udp id=${id} "message number ${id} of this conversation"
        ${(at + 0.00002).toFixed(6)} @veth2 seen q${id} hops=1
    r${id}: ${(at + 0.001).toFixed(6)} @veth2 ${to} > ${from} udp id=${id + 100} "answer number ${id} of this conversation"
        ${(at + 0.00102).toFixed(6)} @veth1 seen r${id} hops=1`;
  const result = await joinTraffic({
    "n1.pcapng": `
      @veth1 = ethernet resolution=ns
      @veth2 = ethernet resolution=ns
      ${[1, 2, 3, 4, 5].map((n) => flow(`10.1.0.5:${40000 + n}`, "10.1.0.9:53", n, n)).join("")}
      ${flow("[fd00::5]:40100", "[fd00::9]:53", 6, 6)}
    `,
  });
  expect(connectionsOf(result).map((c) => c.kind)).toEqual(new Array(6).fill("pod-to-pod"));
});
