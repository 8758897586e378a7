/**
 * NetworkPolicies as a network plugin enforces them: on the node of the pod, in FORWARD, dropping without a word what no rule
 * allows. What belongs to a connection that was let through passes; the pod's own node always reaches it.
 *
 * ```
 * FORWARD ─► POLICIES: ESTABLISHED, RELATED ─► RETURN
 *                      to pod ─► POD-IN-…:   peer, port ─► RETURN   …   DROP
 *                      from pod ─► POD-OUT-…
 * ```
 */
import type { Rule } from "../network/api/netfilter";
import type { PolicyRuleSpec, PolicySpec } from "../scenario/schema";
import { hasLabels, namespaceOf } from "./names";
import { type ClusterState, type Node, type Pod, podAddresses } from "./world";

export function hookPolicyRules(node: Node): void {
  node.machine.namespace.netfilter.append("filter", "FORWARD", { target: { kind: "jump", chain: "POLICIES" } });
}

export function writePolicyRules(node: Node): void {
  const { netfilter } = node.machine.namespace;
  const { cluster } = node;
  const rules: Rule[] = [{ state: ["ESTABLISHED", "RELATED"], target: { kind: "return" } }];
  for (const pod of cluster.pods.values()) {
    if (pod.node !== node || pod.gone) continue;
    for (const direction of ["ingress", "egress"] as const) {
      const policies = policiesOf(cluster, pod, direction);
      if (policies.length === 0) continue;
      const chain = `POD-${direction === "ingress" ? "IN" : "OUT"}-${pod.uid.slice(0, 8)}`;
      const names = policies.map(([name]) => name).join(", ");
      netfilter.replace("filter", chain, [
        ...policies.flatMap(([name, policy]) =>
          (policy[direction] ?? []).flatMap((rule) => allowed(cluster, namespaceOf(name), rule, direction)),
        ),
        { target: { kind: "drop" }, comment: `NetworkPolicy ${names}` },
      ]);
      rules.push({
        ...(direction === "ingress" ? { destination: podAddresses(pod) } : { source: podAddresses(pod) }),
        target: { kind: "jump", chain },
      });
    }
  }
  netfilter.replace("filter", "POLICIES", rules);
}

/** A policy with neither list isolates ingress, as the API's default is. */
function policiesOf(cluster: ClusterState, pod: Pod, direction: "ingress" | "egress"): [string, PolicySpec][] {
  return [...cluster.policies].filter(
    ([name, policy]) =>
      namespaceOf(name) === namespaceOf(pod.name) &&
      hasLabels(pod.spec.labels ?? {}, policy.pods) &&
      (direction === "ingress"
        ? policy.ingress !== undefined || policy.egress === undefined
        : policy.egress !== undefined),
  );
}

function allowed(
  cluster: ClusterState,
  namespace: string,
  rule: PolicyRuleSpec,
  direction: "ingress" | "egress",
): Rule[] {
  const peers =
    rule.peers === undefined ? [undefined] : rule.peers.flatMap((peer) => addressesOf(cluster, namespace, peer));
  const ports = rule.ports ?? [undefined];
  return peers.flatMap((peer) =>
    ports.map((port): Rule => ({
      ...(peer !== undefined && (direction === "ingress" ? { source: peer } : { destination: peer })),
      ...(port && { protocol: port.protocol ?? "tcp", destinationPort: port.port }),
      target: { kind: "return" },
    })),
  );
}

function addressesOf(
  cluster: ClusterState,
  namespace: string,
  peer: NonNullable<PolicyRuleSpec["peers"]>[number],
): string[] {
  if (peer.range !== undefined) return [peer.range];
  return [...cluster.pods.values()]
    .filter(
      (pod) =>
        !pod.gone &&
        // Namespaces have the one label Kubernetes gives them: their name.
        (peer.namespaces === undefined
          ? namespaceOf(pod.name) === namespace
          : hasLabels({ "kubernetes.io/metadata.name": namespaceOf(pod.name) }, peer.namespaces)) &&
        hasLabels(pod.spec.labels ?? {}, peer.pods ?? {}),
    )
    .flatMap((pod) => podAddresses(pod));
}
