/** NetworkPolicy semantics, sentence by sentence of the Kubernetes documentation ("Network Policies", networking/v1). */
import { describe, expect, it } from "vitest";
import { readClusterFile } from "../../../src-main/engine/cluster/load-cluster";
import { Cluster } from "../../../src-shared/model/cluster";
import { evaluateNetworkPolicies, type PolicyEnd, type PolicyVerdict } from "../../../src-shared/model/network-policy";

/**
 * ```
 * namespace shop (team: a)            namespace ops (team: b)         outside
 *   web  10.1.0.10 on n1  app: web      probe 10.1.1.20 on n2           203.0.113.9
 *   db   10.1.1.11 on n2  app: db
 *   api  10.1.0.12 on n1  app: api, tier: back
 * ```
 * Ports of db: sql (tcp 5432), metrics (udp 9000).
 */
const WORLD = `
{ kind: Namespace, metadata: { name: shop, labels: { team: a } } }
---
{ kind: Namespace, metadata: { name: ops, labels: { team: b } } }
---
{ kind: Node, metadata: { name: n1 }, status: { addresses: [{ type: InternalIP, address: 192.0.2.1 }] } }
---
{ kind: Node, metadata: { name: n2 }, status: { addresses: [{ type: InternalIP, address: 192.0.2.2 }] } }
---
{ kind: Pod, metadata: { name: web, namespace: shop, labels: { app: web } }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.10 } }
---
{ kind: Pod, metadata: { name: api, namespace: shop, labels: { app: api, tier: back } }, spec: { nodeName: n1 }, status: { podIP: 10.1.0.12 } }
---
{ kind: Pod, metadata: { name: probe, namespace: ops, labels: { app: probe } }, spec: { nodeName: n2 }, status: { podIP: 10.1.1.20 } }
---
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { nodeName: n2, containers: [{ ports: [{ name: sql, containerPort: 5432 }, { name: metrics, containerPort: 9000, protocol: UDP }] }] }
status: { podIP: 10.1.1.11 }
`;

/** `policies` are specs with name and namespace in front: "name: spec". */
function ask(policies: readonly string[], from: string, to: string, port: string): PolicyVerdict {
  const documents = policies.map(
    (spec, i) =>
      `---\nkind: NetworkPolicy\nmetadata: { name: p${i}, namespace: ${spec.startsWith("ops") ? "ops" : "shop"} }\nspec: ${spec.replace(/^ops /, "")}\n`,
  );
  const { snapshot, problems } = readClusterFile("world.yaml", new TextEncoder().encode(WORLD + documents.join("")));
  expect(problems).toEqual([]);
  const cluster = new Cluster([snapshot]);
  const end = (name: string): PolicyEnd => {
    const pod = cluster.pod(name.includes("/") ? name : `shop/${name}`, null);
    if (pod) return { address: pod.addresses[0] ?? "", pod, node: null };
    const node = cluster.node(name, null);
    return node
      ? { address: node.addresses[0]?.address ?? "", pod: null, node: name }
      : { address: name, pod: null, node: null };
  };
  const [protocol, number] = port.split(" ");
  return evaluateNetworkPolicies(cluster, null, {
    source: end(from),
    destination: end(to),
    protocol: protocol as "tcp",
    port: Number(number ?? 0),
  });
}

const allowed = (policies: readonly string[], from: string, to: string, port = "tcp 5432"): boolean =>
  ask(policies, from, to, port).allowed;

const DENY_ALL_IN = "{ podSelector: {}, policyTypes: [Ingress] }";
const DENY_ALL_OUT = "{ podSelector: {}, policyTypes: [Egress] }";
const ALLOW_ALL_IN = "{ podSelector: {}, ingress: [{}], policyTypes: [Ingress] }";

describe("isolation", () => {
  it("by default a pod is isolated in neither direction", () => {
    const verdict = ask([], "web", "db", "tcp 5432");
    expect(verdict.allowed).toBe(true);
    expect(verdict.ingress.reason).toBe("no NetworkPolicy isolates shop/db for ingress");
  });

  it("default deny all ingress: nothing comes in, everything goes out", () => {
    expect(allowed([DENY_ALL_IN], "web", "db")).toBe(false);
    expect(allowed([DENY_ALL_IN], "web", "203.0.113.9")).toBe(true);
    expect(ask([DENY_ALL_IN], "web", "db", "tcp 5432").ingress.reason).toBe(
      "NetworkPolicy shop/p0 isolates shop/db for ingress, and no rule allows shop/web on tcp 5432",
    );
  });

  it("default deny all egress: nothing goes out, others come in", () => {
    expect(allowed([DENY_ALL_OUT], "web", "db")).toBe(false);
    expect(allowed([DENY_ALL_OUT], "ops/probe", "db")).toBe(true);
  });

  it("a policy selects pods of its own namespace only", () => {
    expect(allowed([`ops ${DENY_ALL_IN}`], "web", "db")).toBe(true);
    expect(allowed([`ops ${DENY_ALL_IN}`], "web", "ops/probe")).toBe(false);
  });

  it("policies add up: what any of them allows is allowed, in any order", () => {
    expect(allowed([DENY_ALL_IN, ALLOW_ALL_IN], "web", "db")).toBe(true);
    expect(allowed([ALLOW_ALL_IN, DENY_ALL_IN], "web", "db")).toBe(true);
  });

  it("both sides must allow it", () => {
    const webMayOut = "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [{}] }";
    const dbTakesApi =
      "{ podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }] }] }";
    expect(allowed([webMayOut, dbTakesApi], "web", "db")).toBe(false);
    expect(allowed([webMayOut, dbTakesApi], "api", "db")).toBe(true);
  });

  it("without policyTypes: ingress always, egress only if there are egress rules", () => {
    expect(allowed(["{ podSelector: {} }"], "web", "db")).toBe(false);
    expect(allowed(["{ podSelector: {} }"], "web", "203.0.113.9")).toBe(true);
    const out = "{ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 198.51.100.0/24 } }] }] }";
    expect(allowed([out], "web", "203.0.113.9")).toBe(false);
    expect(allowed([out], "web", "198.51.100.1")).toBe(true);
    expect(allowed([out], "203.0.113.9", "web")).toBe(false);
    // An empty list of egress rules is none.
    expect(allowed(["{ podSelector: {}, egress: [] }"], "web", "203.0.113.9")).toBe(true);
  });
});

describe("what is always allowed", () => {
  it("traffic between a pod and its own node, not between it and another node", () => {
    expect(allowed([DENY_ALL_IN], "n2", "db")).toBe(true);
    expect(allowed([DENY_ALL_IN], "n1", "db")).toBe(false);
    expect(allowed([DENY_ALL_OUT], "db", "n2")).toBe(true);
    expect(allowed([DENY_ALL_OUT], "db", "n1")).toBe(false);
  });

  it("a pod and itself", () => {
    expect(allowed([DENY_ALL_IN, DENY_ALL_OUT], "db", "db")).toBe(true);
  });
});

describe("peers", () => {
  const from = (...peers: string[]): string =>
    `{ podSelector: { matchLabels: { app: db } }, ingress: [{ from: [${peers.join(", ")}] }] }`;

  it("podSelector alone: pods of the policy's namespace", () => {
    expect(allowed([from("{ podSelector: { matchLabels: { app: web } } }")], "web", "db")).toBe(true);
    expect(allowed([from("{ podSelector: { matchLabels: { app: web } } }")], "api", "db")).toBe(false);
    expect(allowed([from("{ podSelector: {} }")], "web", "db")).toBe(true);
    expect(allowed([from("{ podSelector: {} }")], "ops/probe", "db")).toBe(false);
  });

  it("namespaceSelector alone: all pods of those namespaces; empty: of all namespaces, but nothing outside", () => {
    const opsOnly = from("{ namespaceSelector: { matchLabels: { team: b } } }");
    expect(allowed([opsOnly], "ops/probe", "db")).toBe(true);
    expect(allowed([opsOnly], "web", "db")).toBe(false);
    expect(allowed([from("{ namespaceSelector: {} }")], "web", "db")).toBe(true);
    expect(allowed([from("{ namespaceSelector: {} }")], "203.0.113.9", "db")).toBe(false);
  });

  it("both in one entry is AND, in two entries OR", () => {
    const and = from("{ namespaceSelector: { matchLabels: { team: b } }, podSelector: { matchLabels: { app: web } } }");
    const or = from(
      "{ namespaceSelector: { matchLabels: { team: b } } }",
      "{ podSelector: { matchLabels: { app: web } } }",
    );
    expect([allowed([and], "ops/probe", "db"), allowed([and], "web", "db")]).toEqual([false, false]);
    expect([allowed([or], "ops/probe", "db"), allowed([or], "web", "db")]).toEqual([true, true]);
  });

  it("a namespace can be selected by its name's label without being labelled", () => {
    expect(
      allowed(
        [from("{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ops } } }")],
        "ops/probe",
        "db",
      ),
    ).toBe(true);
  });

  it("ipBlock with exceptions", () => {
    const block = from("{ ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.8/30] } }");
    expect(allowed([block], "203.0.113.7", "db")).toBe(true);
    expect(allowed([block], "203.0.113.9", "db")).toBe(false);
    expect(allowed([block], "203.0.114.1", "db")).toBe(false);
    // Another entry may allow what the exception leaves out.
    expect(
      allowed(
        [
          from(
            "{ ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.8/30] } }",
            "{ ipBlock: { cidr: 203.0.113.9/32 } }",
          ),
        ],
        "203.0.113.9",
        "db",
      ),
    ).toBe(true);
  });

  it("an ipBlock that covers a pod allows it, with a caveat: plugins differ", () => {
    const verdict = ask([from("{ ipBlock: { cidr: 10.0.0.0/8 } }")], "web", "db", "tcp 5432");
    expect(verdict.allowed).toBe(true);
    expect(verdict.caveats).toEqual(["an ipBlock allows the pod shop/web: some plugins apply ipBlock to no pod"]);
  });

  it("an empty or missing from is everyone; a missing ingress list is no one", () => {
    expect(allowed(["{ podSelector: {}, ingress: [{ from: [] }] }"], "203.0.113.9", "db")).toBe(true);
    expect(allowed(["{ podSelector: {}, ingress: [{}] }"], "203.0.113.9", "db")).toBe(true);
    expect(allowed(["{ podSelector: {}, ingress: [] }"], "203.0.113.9", "db")).toBe(false);
  });

  it.each([
    ["{ key: app, operator: In, values: [web, api] }", true],
    ["{ key: app, operator: In, values: [db] }", false],
    ["{ key: app, operator: NotIn, values: [web] }", false],
    ["{ key: tier, operator: NotIn, values: [back] }", true],
    ["{ key: tier, operator: Exists }", false],
    ["{ key: tier, operator: DoesNotExist }", true],
    ["{ key: app, operator: Exists }, { key: app, operator: NotIn, values: [web] }", false],
  ])("web, labelled app only, and %s: %s", (expressions, expected) => {
    expect(allowed([from(`{ podSelector: { matchExpressions: [${expressions}] } }`)], "web", "db")).toBe(expected);
  });
});

describe("ports", () => {
  const ports = (...list: string[]): string =>
    `{ podSelector: { matchLabels: { app: db } }, ingress: [{ ports: [${list.join(", ")}] }] }`;

  it("protocol is TCP unless said; another protocol or port is not covered", () => {
    expect(allowed([ports("{ port: 5432 }")], "web", "db", "tcp 5432")).toBe(true);
    expect(allowed([ports("{ port: 5432 }")], "web", "db", "udp 5432")).toBe(false);
    expect(allowed([ports("{ port: 5432 }")], "web", "db", "tcp 5433")).toBe(false);
    expect(allowed([ports("{ protocol: UDP }")], "web", "db", "udp 1")).toBe(true);
    expect(allowed([ports("{ protocol: UDP }")], "web", "db", "tcp 1")).toBe(false);
  });

  it("endPort ends a range, itself included", () => {
    const range = ports("{ port: 32000, endPort: 32768 }");
    expect([31999, 32000, 32768, 32769].map((p) => allowed([range], "web", "db", `tcp ${p}`))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("a name is that of a port of the receiving pod, with its protocol", () => {
    expect(allowed([ports("{ port: sql }")], "web", "db", "tcp 5432")).toBe(true);
    expect(allowed([ports("{ port: sql }")], "web", "db", "tcp 5433")).toBe(false);
    expect(allowed([ports("{ port: metrics }")], "web", "db", "tcp 9000")).toBe(false);
    expect(allowed([ports("{ port: metrics, protocol: UDP }")], "web", "db", "udp 9000")).toBe(true);
    const out =
      "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [{ ports: [{ port: sql }] }] }";
    expect(allowed([out], "web", "db", "tcp 5432")).toBe(true);
    expect(allowed([out], "web", "203.0.113.9", "tcp 5432")).toBe(false);
  });

  it("peer and port of one rule belong together; those of two rules do not mix", () => {
    const rule = (app: string, port: number): string =>
      `{ from: [{ podSelector: { matchLabels: { app: ${app} } } }], ports: [{ port: ${port} }] }`;
    const policy = `{ podSelector: { matchLabels: { app: db } }, ingress: [${rule("web", 1)}, ${rule("api", 2)}] }`;
    expect(allowed([policy], "web", "db", "tcp 1")).toBe(true);
    expect(allowed([policy], "web", "db", "tcp 2")).toBe(false);
    expect(ask([policy], "api", "db", "tcp 2").ingress.allowedBy?.rule).toBe(1);
  });

  it("ICMP: rules with ports do not cover it, and that plugins differ is said", () => {
    const verdict = ask([ports("{ port: 5432 }")], "web", "db", "other");
    expect(verdict.allowed).toBe(false);
    expect(verdict.caveats[0]).toContain("TCP, UDP and SCTP only");
    expect(allowed([ALLOW_ALL_IN], "web", "db", "other")).toBe(true);
  });
});
