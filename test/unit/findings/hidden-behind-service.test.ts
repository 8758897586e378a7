/** SNAT that hides the client, told beside what the Service's object says and what DNS called it. */
import { describe, expect, test } from "vitest";
import { search } from "../../builders/find-in-traffic";
import { TwoNodes, type TwoNodesOptions } from "../../builders/two-nodes";

const OBJECTS = (spec: string): string => `
{ kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.1.0.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] } }
---
{ kind: Pod, metadata: { name: web, namespace: shop }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }
---
{ kind: Service, metadata: { name: web, namespace: shop }, spec: { clusterIP: 10.96.0.10, ${spec} ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] } }
`;

function call(options: TwoNodesOptions): TwoNodes {
  return new TwoNodes({ seenAs: "192.168.0.1:52000", ...options })
    .handshake(0)
    .send("client", 0.01, 'tcp PSH,ACK id=110 ts=5010,7000 "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"')
    .send("server", 0.02, 'tcp PSH,ACK id=501 ts=7020,5010 "HTTP/1.1 200 OK\\r\\n\\r\\n"');
}

const INSIDE = { service: "10.96.0.10:80" };
const OUTSIDE = { client: "203.0.113.50:40000", clientDevice: "eth1", service: "192.168.0.1:30080" };

describe("externalTrafficPolicy is told as the object has it", () => {
  const said = async (options: TwoNodesOptions, spec: string): Promise<readonly string[]> => {
    const found = await search(call(options).captures(), { cluster: OBJECTS(spec) });
    expect(found.of("snat-hides-client")).toHaveLength(1);
    return found.of("snat-hides-client")[0]?.evidence.filter((e) => e.includes("externalTrafficPolicy")) ?? [];
  };

  test("not of a ClusterIP Service that has none", async () => {
    expect(await said(INSIDE, "")).toEqual([]);
  });

  test("of a NodePort that leaves it out: what that means", async () => {
    expect(await said(OUTSIDE, "type: NodePort,")).toEqual([
      "the imported Service says no externalTrafficPolicy, which means Cluster",
    ]);
    expect(await said(OUTSIDE, "type: NodePort, externalTrafficPolicy: Cluster,")).toEqual([
      "the imported Service says externalTrafficPolicy: Cluster",
    ]);
  });
});
