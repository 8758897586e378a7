/**
 * kube-proxy's rules in iptables mode, written for one node from the Services and endpoints it knows.
 *
 * ```
 * PREROUTING, OUTPUT ─► KUBE-SERVICES ─┬─ clusterIP:port ──► KUBE-SVC-… ─┬─► KUBE-SEP-… DNAT to endpoint 1
 *                                      ├─ loadBalancerIP ──► KUBE-EXT-…  └─► KUBE-SEP-… DNAT to endpoint 2
 *                                      └─ local address ───► KUBE-NODEPORTS ─► KUBE-EXT-… (mark 0x4000 under policy Cluster)
 * POSTROUTING ─► KUBE-POSTROUTING: what bears the mark is masqueraded
 * filter: without endpoints REJECT; under policy Local without local ones DROP
 * ```
 * In a cluster of both families the chains of a Service are there for each of them: iptables and ip6tables.
 * Source: kube-proxy's iptables proxier of Kubernetes 1.31 (names of chains shortened to the Service's).
 */
import type { Match, Netfilter, Rule } from "../network/api/netfilter";
import { uid } from "./uid";
import {
  clusterIpOf,
  type ClusterState,
  type Family,
  type Node,
  type Pod,
  podAddress,
  type ServicePort,
  type ServiceState,
} from "./world";

/** kube-proxy's masquerade mark. */
const MASQUERADE_MARK = 0x4000;
const AFFINITY_SECONDS = 10800;

/** Chains hooked into the built-in ones; once per node. */
export function hookServiceRules(node: Node): void {
  const { netfilter } = node.machine.namespace;
  const { podRange } = node.cluster;
  for (const hook of ["PREROUTING", "OUTPUT"] as const)
    netfilter.append("nat", hook, {
      target: { kind: "jump", chain: "KUBE-SERVICES" },
      comment: "kubernetes service portals",
    });
  netfilter.append("nat", "POSTROUTING", { target: { kind: "jump", chain: "KUBE-POSTROUTING" } });
  netfilter.replace("nat", "KUBE-MARK-MASQ", [{ target: { kind: "mark", or: MASQUERADE_MARK } }]);
  netfilter.replace("nat", "KUBE-POSTROUTING", [
    { not: { mark: { value: MASQUERADE_MARK, mask: MASQUERADE_MARK } }, target: { kind: "return" } },
    { target: { kind: "mark", xor: MASQUERADE_MARK } },
    { target: { kind: "masquerade" }, comment: "kubernetes service traffic requiring SNAT" },
  ]);
  // The network plugin's own: pods are known by their address inside, by the node's outside.
  const { podRange6 } = node.cluster;
  const inside = [podRange.text, ...(podRange6 ? [podRange6.text] : []), ...(node.cluster.spec.noMasquerade ?? [])];
  netfilter.append("nat", "POSTROUTING", {
    source: node.six ? [node.podRange.text, node.six.podRange.text] : node.podRange.text,
    target: { kind: "jump", chain: "CNI-MASQ" },
    comment: "pods towards the outside",
  });
  netfilter.replace("nat", "CNI-MASQ", [
    ...inside.map((destination): Rule => ({ destination, target: { kind: "return" } })),
    { destination: podRange6 ? ["224.0.0.0/4", "ff00::/8"] : "224.0.0.0/4", target: { kind: "return" } },
    { target: { kind: "masquerade" } },
  ]);
  for (const hook of ["FORWARD", "OUTPUT", "INPUT"] as const)
    netfilter.append("filter", hook, {
      state: ["NEW"],
      target: { kind: "jump", chain: hook === "INPUT" ? "KUBE-EXTERNAL-SERVICES" : "KUBE-SERVICES" },
    });
  netfilter.append("filter", "FORWARD", { state: ["NEW"], target: { kind: "jump", chain: "KUBE-EXTERNAL-SERVICES" } });
}

/** Writes the rules anew from what the node's proxy knows now. */
export function writeServiceRules(node: Node): void {
  const { netfilter } = node.machine.namespace;
  const services: Rule[] = [];
  const nodePorts: Rule[] = [];
  const rejects: Rule[] = [];
  const external: Rule[] = [];
  for (const service of node.cluster.services.values()) {
    for (const [family, port] of service.families.flatMap((f) => service.ports.map((p) => [f, p] as const))) {
      const clusterIp = clusterIpOf(service, family);
      if (clusterIp === undefined) continue;
      const one = new PortRules(node, service, port, family);
      const { protocol } = port;
      const loadBalancerIp = family === "IPv4" ? service.loadBalancerIp : undefined;
      const toCluster: Match = { destination: clusterIp, protocol, destinationPort: port.port };
      const toNodePort: Match = { family, protocol, destinationPort: port.nodePort ?? 0, destinationIsLocal: true };
      const toBalancer: Match = {
        destination: loadBalancerIp ?? "0.0.0.0",
        protocol,
        destinationPort: port.port,
      };
      if (one.endpoints.length === 0) {
        const target = { kind: "reject", with: "icmp-port-unreachable" } as const;
        const comment = `${service.name} has no endpoints`;
        rejects.push({ ...toCluster, target, comment });
        if (port.nodePort !== undefined) external.push({ ...toNodePort, target, comment });
        if (loadBalancerIp !== undefined) external.push({ ...toBalancer, target, comment });
        continue;
      }
      one.write(netfilter);
      services.push({
        ...toCluster,
        target: { kind: "jump", chain: one.chain },
        comment: `${service.name} cluster IP`,
      });
      if (port.nodePort === undefined) continue;
      if (one.isLocalOnly && one.localEndpoints.length === 0) {
        const comment = `${service.name} has no local endpoints`;
        external.push({ ...toNodePort, target: { kind: "drop" }, comment });
        if (loadBalancerIp !== undefined) external.push({ ...toBalancer, target: { kind: "drop" }, comment });
      }
      nodePorts.push({ ...toNodePort, target: { kind: "jump", chain: one.externalChain }, comment: service.name });
      if (loadBalancerIp !== undefined)
        services.push({
          ...toBalancer,
          target: { kind: "jump", chain: one.externalChain },
          comment: `${service.name} loadbalancer IP`,
        });
    }
  }
  services.push({
    destinationIsLocal: true,
    target: { kind: "jump", chain: "KUBE-NODEPORTS" },
    comment: "must be the last",
  });
  netfilter.replace("nat", "KUBE-SERVICES", services);
  netfilter.replace("nat", "KUBE-NODEPORTS", nodePorts);
  netfilter.replace("filter", "KUBE-SERVICES", rejects);
  netfilter.replace("filter", "KUBE-EXTERNAL-SERVICES", external);
}

/** Chains of one port of one Service. */
class PortRules {
  readonly chain: string;
  readonly externalChain: string;
  readonly localChain: string;
  readonly isLocalOnly: boolean;
  readonly endpoints: readonly Pod[];
  readonly localEndpoints: readonly Pod[];
  private readonly cluster: ClusterState;

  constructor(
    node: Node,
    private readonly service: ServiceState,
    private readonly port: ServicePort,
    private readonly family: Family,
  ) {
    this.cluster = node.cluster;
    const names = `${node.cluster.name}/${service.name}/${port.protocol}/${port.port}`;
    const id = uid("port", family === "IPv4" ? names : `${names}/${family}`)
      .slice(0, 13)
      .replace("-", "")
      .toUpperCase();
    this.chain = `KUBE-SVC-${id}`;
    this.externalChain = `KUBE-EXT-${id}`;
    this.localChain = `KUBE-SVL-${id}`;
    this.isLocalOnly = service.spec.externalTrafficPolicy === "Local";
    this.endpoints = service.endpoints.filter((pod) => podAddress(pod, family) !== undefined);
    this.localEndpoints = this.endpoints.filter((pod) => pod.node === node);
  }

  write(netfilter: Netfilter): void {
    const { service, port, cluster, family } = this;
    const podRange = (family === "IPv4" ? cluster.podRange : cluster.podRange6)?.text ?? "";
    netfilter.replace("nat", this.chain, [
      {
        destination: clusterIpOf(service, family) ?? "",
        protocol: port.protocol,
        destinationPort: port.port,
        not: { source: podRange },
        target: { kind: "jump", chain: "KUBE-MARK-MASQ" },
        comment: "from outside the pods",
      },
      ...this.choose(this.endpoints),
    ]);
    for (const pod of this.endpoints) netfilter.replace("nat", this.endpointChain(pod), this.endpointRules(pod));
    if (port.nodePort === undefined) return;
    if (!this.isLocalOnly) {
      netfilter.replace("nat", this.externalChain, [
        { target: { kind: "jump", chain: "KUBE-MARK-MASQ" } },
        { target: { kind: "jump", chain: this.chain } },
      ]);
      return;
    }
    netfilter.replace("nat", this.localChain, this.choose(this.localEndpoints));
    netfilter.replace("nat", this.externalChain, [
      {
        source: podRange,
        target: { kind: "jump", chain: this.chain },
        comment: "pods: as to the cluster IP",
      },
      { sourceIsLocal: true, target: { kind: "jump", chain: "KUBE-MARK-MASQ" } },
      { sourceIsLocal: true, target: { kind: "jump", chain: this.chain } },
      { target: { kind: "jump", chain: this.localChain } },
    ]);
  }

  private endpointChain(pod: Pod): string {
    return `KUBE-SEP-${uid("endpoint", `${this.chain}/${pod.uid}`).slice(0, 13).replace("-", "").toUpperCase()}`;
  }

  private list(pod: Pod): string {
    return this.endpointChain(pod);
  }

  /** Each endpoint as likely as any other; with affinity first the one that took this client before. */
  private choose(endpoints: readonly Pod[]): Rule[] {
    const affinity = this.service.spec.sessionAffinity === "ClientIP";
    return [
      ...(affinity ? endpoints : []).map((pod): Rule => ({
        recent: { list: this.list(pod), seconds: AFFINITY_SECONDS },
        target: { kind: "jump", chain: this.endpointChain(pod) },
      })),
      ...endpoints.map((pod, i): Rule => ({
        ...(i < endpoints.length - 1 && { probability: 1 / (endpoints.length - i) }),
        target: { kind: "jump", chain: this.endpointChain(pod) },
      })),
    ];
  }

  private endpointRules(pod: Pod): Rule[] {
    const affinity = this.service.spec.sessionAffinity === "ClientIP";
    const address = podAddress(pod, this.family) ?? pod.address;
    return [
      { source: address, target: { kind: "jump", chain: "KUBE-MARK-MASQ" }, comment: "hairpin" },
      {
        protocol: this.port.protocol,
        target: {
          kind: "dnat",
          address,
          port: this.port.targetPort,
          ...(affinity && { remember: this.list(pod) }),
        },
        comment: pod.name,
      },
    ];
  }
}
