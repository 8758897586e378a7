/** The network model's rules: held, broken, no evidence; and what is no evidence either way. */
import { describe, expect, test } from "vitest";
import type { ModelRuleId, RuleVerdict } from "../../../src-shared/model/model-rule";
import { search } from "../../builders/find-in-traffic";
import { TwoNodes, type TwoNodesOptions } from "../../builders/two-nodes";

const CLUSTER = `
{ kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.1.0.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] } }
---
{ kind: Node, metadata: { name: n2 }, spec: { podCIDR: 10.1.1.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.0.2 }] } }
---
{ kind: Pod, metadata: { name: client, namespace: shop }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.5 } }
---
{ kind: Pod, metadata: { name: server, namespace: shop }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.9 } }
---
{ kind: Service, metadata: { name: web, namespace: shop }, spec: { clusterIP: 10.96.0.10, ports: [{ port: 80, targetPort: 8080 }] } }
`;

const talk = (options: TwoNodesOptions = {}): TwoNodes =>
  new TwoNodes(options)
    .handshake(0)
    .send("client", 0.01, 'tcp PSH,ACK id=110 ts=5010,7000 "a question of some length"')
    .send("server", 0.02, 'tcp PSH,ACK id=501 ts=7020,5010 "an answer of some length"');

async function rules(nodes: TwoNodes, files?: readonly string[]): Promise<Record<ModelRuleId, RuleVerdict>> {
  const captures = Object.fromEntries(
    Object.entries(nodes.captures()).filter(([name]) => !files || files.includes(name)),
  );
  const { rules: list } = await search(captures, { cluster: CLUSTER });
  return Object.fromEntries(list.map((r) => [r.id, r])) as Record<ModelRuleId, RuleVerdict>;
}

describe("pods reach all pods without NAT", () => {
  test("held: the same addresses and ports at every point, with the packets that show it", async () => {
    const rule = (await rules(talk()))["pods-reach-pods"];
    expect(rule).toMatchObject({ verdict: "held", connectionsFor: 1, connectionsAgainst: 0, connectionsOpen: 0 });
    expect(rule.evidenceFor[0]?.text).toBe(
      "shop/client (10.1.0.5:40000) to shop/server (10.1.1.9:8080): the same addresses and ports at every point",
    );
    expect(rule.evidenceFor[0]?.packets).toHaveLength(4);
  });

  test("broken: the source was translated on the way", async () => {
    const rule = (await rules(talk({ seenAs: "192.168.0.1:40000" })))["pods-reach-pods"];
    expect(rule).toMatchObject({ verdict: "broken", connectionsAgainst: 1, connectionsFor: 0 });
    expect(rule.evidenceAgainst[0]?.text).toContain("snat 10.1.0.5:40000 to 192.168.0.1:40000");
  });

  test("no evidence: a Service translates on purpose", async () => {
    const rule = (await rules(talk({ service: "10.96.0.10:80" })))["pods-reach-pods"];
    expect(rule).toMatchObject({ verdict: "no-evidence", connectionsFor: 0, connectionsAgainst: 0 });
  });

  test("no evidence: nobody answered", async () => {
    const rule = (await rules(new TwoNodes().send("client", 0, "tcp SYN id=101 ts=5000,0")))["pods-reach-pods"];
    expect(rule).toMatchObject({ verdict: "no-evidence", connectionsOpen: 1 });
  });
});

describe("nodes reach pods, and pods nodes, without NAT", () => {
  test("held for a node's own request; it says nothing about pods among themselves", async () => {
    const all = await rules(talk({ client: "192.168.0.1:40000", clientDevice: "lo0" }));
    expect(all["nodes-reach-pods"]).toMatchObject({ verdict: "held", connectionsFor: 1 });
    expect(all["pods-reach-pods"]).toMatchObject({ verdict: "no-evidence" });
  });
});

describe("a pod sees itself under the address others see it under", () => {
  test("held, for both ends", async () => {
    const rule = (await rules(talk()))["pod-sees-itself"];
    expect(rule).toMatchObject({ verdict: "held", connectionsFor: 2 });
    expect(rule.evidenceFor.map((e) => e.text)).toEqual([
      "shop/client has 10.1.0.5 at its NIC, shop/server sees it as 10.1.0.5",
      "shop/server has 10.1.1.9 at its NIC, shop/client reaches it as 10.1.1.9",
    ]);
  });

  test("broken for the client that is translated, held for the server", async () => {
    const rule = (await rules(talk({ seenAs: "192.168.0.1:40000" })))["pod-sees-itself"];
    expect(rule).toMatchObject({ verdict: "broken", connectionsFor: 1, connectionsAgainst: 1 });
    expect(rule.evidenceAgainst[0]?.text).toBe(
      "shop/client has 10.1.0.5 at its NIC, shop/server sees it as 192.168.0.1",
    );
  });

  test("no evidence about the server from the client's node alone", async () => {
    const rule = (await rules(talk(), ["n1.pcapng"]))["pod-sees-itself"];
    expect(rule.evidenceFor.some((e) => e.text.startsWith("shop/server"))).toBe(false);
    expect(rule.connectionsOpen).toBeGreaterThan(0);
  });
});
