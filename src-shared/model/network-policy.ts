/**
 * Would the cluster's NetworkPolicies let a connection through? An inference from imported objects, never an observation.
 *
 * ```
 *          egress of the source pod          ingress of the destination pod
 * source ──────────────┬───────────────────────────────┬──────────────► destination
 *                      │ no policy of that direction selects the pod: everything passes (it is not isolated)
 *                      │ else: passes what any rule of any such policy allows; policies add up, there is no deny rule
 * ```
 * Both directions must allow it; answers of an allowed connection always pass. Source: networking/v1 NetworkPolicy and
 * "Network Policies" of the Kubernetes documentation. Destinations are those behind the Service's translation. What the
 * documentation leaves to the network plugin is told as a caveat.
 */
import type { AtMs, Cluster } from "./cluster";
import { addressBytes, rangeContains } from "./ip-range";
import type {
  Labels,
  LabelSelector,
  NetworkPolicy,
  Pod,
  PolicyDirection,
  PolicyPeer,
  PolicyPort,
  TransportProtocol,
} from "./kubernetes";

export interface PolicyEnd {
  /** Canonical text, as the other end sees it. */
  readonly address: string;
  /** The pod that has the address; null: a node, something outside, or unknown. */
  readonly pod: Pod | null;
  /** Name of the node that has the address; null: no node. */
  readonly node: string | null;
}

export interface PolicyConnection {
  readonly source: PolicyEnd;
  readonly destination: PolicyEnd;
  /** "other" (ICMP and the like): rules that name ports do not cover it. */
  readonly protocol: TransportProtocol | "other";
  /** Of the destination, behind any translation. */
  readonly port: number;
}

export interface DirectionVerdict {
  readonly direction: PolicyDirection;
  readonly allowed: boolean;
  /** Policies that select the pod for this direction; none: it is not isolated. */
  readonly isolatedBy: readonly NetworkPolicy[];
  /** The rule that lets it through, counted from 0 in the policy's list. */
  readonly allowedBy: { readonly policy: NetworkPolicy; readonly rule: number } | null;
  /** One sentence. */
  readonly reason: string;
}

export interface PolicyVerdict {
  readonly allowed: boolean;
  readonly egress: DirectionVerdict;
  readonly ingress: DirectionVerdict;
  /** Why a network plugin may decide otherwise. */
  readonly caveats: readonly string[];
}

export function evaluateNetworkPolicies(cluster: Cluster, at: AtMs, connection: PolicyConnection): PolicyVerdict {
  const { source, destination } = connection;
  const caveats: string[] = [];
  const egress = direction(cluster, at, connection, "egress", caveats);
  const ingress = direction(cluster, at, connection, "ingress", caveats);
  if (connection.protocol === "other" && (egress.isolatedBy.length > 0 || ingress.isolatedBy.length > 0))
    caveats.push("NetworkPolicies are defined for TCP, UDP and SCTP only: plugins differ for other protocols");
  for (const end of [source, destination])
    if (end.pod?.hostNetwork)
      caveats.push(`${podName(end.pod)} uses the node's network: most plugins apply no NetworkPolicy to it`);
  return { allowed: egress.allowed && ingress.allowed, egress, ingress, caveats: [...new Set(caveats)] };
}

/** Whether labels satisfy a selector; an empty one selects everything. */
function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of selector.matchLabels) if (labels.get(key) !== value) return false;
  return selector.matchExpressions.every(({ key, operator, values }) => {
    const value = labels.get(key);
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        // An absent key is in no set.
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
    }
  });
}

function direction(
  cluster: Cluster,
  at: AtMs,
  connection: PolicyConnection,
  which: PolicyDirection,
  caveats: string[],
): DirectionVerdict {
  const here = which === "egress" ? connection.source : connection.destination;
  const there = which === "egress" ? connection.destination : connection.source;
  const free = (reason: string, isolatedBy: readonly NetworkPolicy[] = []): DirectionVerdict => ({
    direction: which,
    allowed: true,
    isolatedBy,
    allowedBy: null,
    reason,
  });
  const { pod } = here;
  if (!pod) return free(`${here.address} is no known pod: NetworkPolicies do not select it`);
  if (pod.hostNetwork) return free(`${podName(pod)} uses the node's network: NetworkPolicies do not select it`);
  const isolatedBy = cluster
    .networkPolicies(at)
    .filter(
      (p) =>
        p.meta.namespace === pod.meta.namespace &&
        p.directions.includes(which) &&
        selectorMatches(p.podSelector, pod.meta.labels),
    );
  if (isolatedBy.length === 0) return free(`no NetworkPolicy isolates ${podName(pod)} for ${which}`);
  if (there.address === here.address) return free(`${podName(pod)} cannot block itself`, isolatedBy);
  if (which === "ingress" && there.node !== null && there.node === pod.node)
    return free(`traffic from the pod's own node (${there.node}) is always allowed`, isolatedBy);
  if (which === "egress" && there.node !== null && there.node === pod.node)
    return free(`traffic to the pod's own node (${there.node}) is always allowed`, isolatedBy);
  for (const policy of isolatedBy) {
    const rules = which === "egress" ? policy.egress : policy.ingress;
    for (const [rule, { peers, ports }] of rules.entries()) {
      if (ports && !ports.some((port) => portMatches(port, connection))) continue;
      const peer = peers ? peers.find((p) => peerMatches(p, policy, there, cluster, at, caveats)) : null;
      if (peer === undefined) continue;
      if (peer?.kind === "range" && there.pod)
        caveats.push(`an ipBlock allows the pod ${podName(there.pod)}: some plugins apply ipBlock to no pod`);
      return {
        direction: which,
        allowed: true,
        isolatedBy,
        allowedBy: { policy, rule },
        reason: `${policyName(policy)} allows it (${which} rule ${rule})`,
      };
    }
  }
  return {
    direction: which,
    allowed: false,
    isolatedBy,
    allowedBy: null,
    reason: `${isolatedBy.map(policyName).join(", ")} ${isolatedBy.length > 1 ? "isolate" : "isolates"} ${podName(pod)} for ${which}, and no rule allows ${peerText(there)}${portText(connection)}`,
  };
}

/** Named ports are those of the receiving pod's containers, whichever direction the policy is for. */
function portMatches(port: PolicyPort, { protocol, port: number, destination }: PolicyConnection): boolean {
  if (port.protocol !== protocol) return false;
  if (port.port === null) return true;
  if (typeof port.port === "number")
    return port.endPort === null ? number === port.port : number >= port.port && number <= port.endPort;
  return (
    destination.pod?.containerPorts.some((c) => c.name === port.port && c.protocol === protocol && c.port === number) ??
    false
  );
}

function peerMatches(
  peer: PolicyPeer,
  policy: NetworkPolicy,
  { address, pod }: PolicyEnd,
  cluster: Cluster,
  at: AtMs,
  caveats: string[],
): boolean {
  if (peer.kind === "range") {
    const bytes = addressBytes(address);
    return !!bytes && rangeContains(peer.range, bytes) && !peer.except.some((e) => rangeContains(e, bytes));
  }
  // Selectors select pods by labels; on the node's network a pod has no address to tell it by.
  if (!pod || pod.hostNetwork) return false;
  if (peer.namespaceSelector === null) {
    if (pod.meta.namespace !== policy.meta.namespace) return false;
  } else {
    if (!cluster.knowsNamespace(pod.meta.namespace) && !selectsByNameOnly(peer.namespaceSelector))
      caveats.push(`the labels of namespace ${pod.meta.namespace} are not known: import namespaces, too`);
    if (!selectorMatches(peer.namespaceSelector, cluster.namespaceLabels(pod.meta.namespace, at))) return false;
  }
  return peer.podSelector === null || selectorMatches(peer.podSelector, pod.meta.labels);
}

/** Selectors that need no label but the namespace's own name. */
function selectsByNameOnly(selector: LabelSelector): boolean {
  const keys = [...selector.matchLabels.keys(), ...selector.matchExpressions.map((e) => e.key)];
  return keys.every((key) => key === "kubernetes.io/metadata.name");
}

function podName(pod: Pod): string {
  return `${pod.meta.namespace}/${pod.meta.name}`;
}

function policyName(policy: NetworkPolicy): string {
  return `NetworkPolicy ${policy.meta.namespace}/${policy.meta.name}`;
}

function peerText({ address, pod, node }: PolicyEnd): string {
  return pod ? podName(pod) : node === null ? address : `node ${node}`;
}

function portText({ protocol, port }: PolicyConnection): string {
  return protocol === "other" ? "" : ` on ${protocol} ${port}`;
}
