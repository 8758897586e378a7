/** What a schema cannot say: names that must exist, addresses that must lie in their networks. */
import type { PathPart } from "../../cluster/documents";
import { parseAddress } from "../../../../src-shared/model/ip-range";
import { ipv4Range, isInRange } from "../world/addresses";
import { ipv6Range } from "../world/ipv6-ranges";
import { fullName } from "../world/names";
import type { ClusterSpec, OriginSpec, Scenario, TargetSpec } from "./schema";

export interface ReferenceProblem {
  readonly path: readonly PathPart[];
  readonly message: string;
}

interface WithAddresses {
  readonly addresses: Readonly<Record<string, string>>;
  readonly addresses6?: Readonly<Record<string, string>> | undefined;
}

export function checkReferences(scenario: Scenario): readonly ReferenceProblem[] {
  const problems: ReferenceProblem[] = [];
  const say = (path: readonly PathPart[], message: string): void => {
    problems.push({ path, message });
  };
  const networks = scenario.networks ?? {};
  const machines = scenario.machines ?? {};
  const clusters = scenario.clusters ?? {};
  const nodes = new Set(Object.values(clusters).flatMap((c) => Object.keys(c.nodes)));
  const known = (list: Iterable<string>): string => [...list].join(", ") || "none";

  const holders = new Map<string, string>();
  const checkHolder = (network: string, address: string, path: readonly PathPart[]): void => {
    const key = `${network} ${parseAddress(address) ?? address}`;
    const other = holders.get(key);
    const name = String(path.at(-2) ?? "");
    if (other !== undefined) say([...path, network], `${other} has ${address} already`);
    holders.set(key, name);
  };
  const checkGateway = (
    spec: WithAddresses & { readonly gateway?: string | undefined; readonly gateway6?: string | undefined },
    path: readonly PathPart[],
  ): void => {
    for (const [word, own, subnet] of [
      ["gateway", spec.addresses, "subnet"],
      ["gateway6", spec.addresses6 ?? {}, "subnet6"],
    ] as const) {
      const gateway = spec[word];
      if (gateway === undefined) continue;
      const near = Object.keys(own).some((network) => {
        const text = networks[network]?.[subnet];
        return text !== undefined && isInRange(text.includes(":") ? ipv6Range(text) : ipv4Range(text), gateway);
      });
      if (!near) say([...path, word], `${gateway} is on none of its networks`);
    }
  };
  const checkAddresses = (addresses: Readonly<Record<string, string>>, path: readonly PathPart[]): void => {
    if (Object.keys(addresses).length === 0) say(path, "expected an address on at least one network");
    for (const [network, address] of Object.entries(addresses)) {
      const spec = networks[network];
      if (!spec) say([...path, network], `no network is named ${network}; there are: ${known(Object.keys(networks))}`);
      else if (address !== "dhcp" && !isInRange(ipv4Range(spec.subnet), address))
        say([...path, network], `${address} is not in ${spec.subnet} of network ${network}`);
      else if (address !== "dhcp") checkHolder(network, address, path);
    }
  };

  const checkAddresses6 = (spec: WithAddresses, path: readonly PathPart[]): void => {
    for (const [network, address] of Object.entries(spec.addresses6 ?? {})) {
      const subnet = networks[network]?.subnet6;
      if (spec.addresses[network] === undefined)
        say([...path, network], `an IPv4 address on ${network} is needed, too`);
      else if (subnet === undefined) say([...path, network], `network ${network} has no subnet6`);
      else if (!isInRange(ipv6Range(subnet), address))
        say([...path, network], `${address} is not in ${subnet} of network ${network}`);
      else checkHolder(network, address, path);
    }
  };
  const checkRoutes = (
    routes: readonly { readonly to: string; readonly via: string }[],
    path: readonly PathPart[],
  ): void => {
    routes.forEach(({ to, via }, i) => {
      if (to.includes(":") !== via.includes(":")) say([...path, i, "via"], `${via} is not of the family of ${to}`);
    });
  };

  for (const [name, network] of Object.entries(networks)) {
    if (network.bridgedBy !== undefined && machines[network.bridgedBy]?.addresses[name] === undefined)
      say(["networks", name, "bridgedBy"], `no machine ${network.bridgedBy} is on network ${name}`);
  }
  for (const [name, machine] of Object.entries(machines)) {
    const path = ["machines", name];
    if (nodes.has(name)) say(path, `${name} is a node already: names of machines and nodes are of one kind`);
    checkAddresses(machine.addresses, [...path, "addresses"]);
    checkAddresses6(machine, [...path, "addresses6"]);
    checkRoutes(machine.routes ?? [], [...path, "routes"]);
    checkGateway(machine, path);
    for (const [key, network] of [
      ["masqueradeTo", machine.masqueradeTo],
      ["dhcp", machine.dhcp?.network],
    ] as const)
      if (network !== undefined && machine.addresses[network] === undefined)
        say([...path, key], `${name} is not on network ${network}`);
    machine.balances?.forEach((b, i) => {
      b.to.forEach((node, k) => {
        if (!nodes.has(node) && !machines[node])
          say([...path, "balances", i, "to", k], `no node or machine is named ${node}; nodes are: ${known(nodes)}`);
      });
    });
  }
  const seen = new Map<string, string>();
  for (const [name, cluster] of Object.entries(clusters)) {
    checkCluster(name, cluster, say, checkAddresses);
    for (const [node, spec] of Object.entries(cluster.nodes)) {
      checkAddresses6(spec, ["clusters", name, "nodes", node, "addresses6"]);
      checkRoutes(spec.routes ?? [], ["clusters", name, "nodes", node, "routes"]);
      checkGateway(spec, ["clusters", name, "nodes", node]);
      const other = seen.get(node);
      if (other !== undefined) say(["clusters", name, "nodes", node], `cluster ${other} has a node of this name`);
      seen.set(node, name);
    }
  }

  const created = (scenario.changes ?? []).flatMap((c) => (c.kind === "create-pod" ? [fullName(c.name)] : []));
  const pods = new Set([
    ...Object.values(clusters).flatMap((c) => Object.keys(c.pods ?? {}).map(fullName)),
    ...Object.values(clusters).flatMap((c) => (c.dns ? ["kube-system/coredns"] : [])),
    ...created,
  ]);
  const services = new Set(
    Object.values(clusters).flatMap((c) => [
      ...Object.keys(c.services ?? {}).map(fullName),
      ...(c.dns ? ["kube-system/kube-dns"] : []),
    ]),
  );
  const checkEnd = (end: OriginSpec | TargetSpec, path: readonly PathPart[]): void => {
    if (end.cluster !== undefined && !clusters[end.cluster])
      say([...path, "cluster"], `no cluster is named ${end.cluster}; there are: ${known(Object.keys(clusters))}`);
    if (end.pod !== undefined && !pods.has(fullName(end.pod)))
      say([...path, "pod"], `no pod is named ${fullName(end.pod)}; there are: ${known(pods)}`);
    if (end.node !== undefined && !nodes.has(end.node))
      say([...path, "node"], `no node is named ${end.node}; there are: ${known(nodes)}`);
    if (end.machine !== undefined && !machines[end.machine])
      say([...path, "machine"], `no machine is named ${end.machine}; there are: ${known(Object.keys(machines))}`);
    if ("service" in end && end.service !== undefined && !services.has(fullName(end.service)))
      say([...path, "service"], `no Service is named ${fullName(end.service)}; there are: ${known(services)}`);
  };
  scenario.traffic?.forEach((t, i) => {
    checkEnd(t.from, ["traffic", i, "from"]);
    if ("to" in t) {
      checkEnd(t.to, ["traffic", i, "to"]);
      const { to } = t;
      if (t.kind !== "ping" && to.port === undefined && to.service === undefined)
        say(["traffic", i, "to", "port"], "is missing: which port is asked for?");
    }
  });
  scenario.changes?.forEach((c, i) => {
    if (c.kind === "delete-pod" || c.kind === "set-ready") {
      if (
        !pods.has(fullName(c.name)) &&
        !Object.values(clusters).some((k) => Object.values(k.pods ?? {}).some((p) => p.replicaSet))
      )
        say(["changes", i, "name"], `no pod is named ${fullName(c.name)}; there are: ${known(pods)}`);
    }
    if (c.kind === "create-pod" && !nodes.has(c.pod.node))
      say(["changes", i, "pod", "node"], `no node is named ${c.pod.node}; there are: ${known(nodes)}`);
  });
  return problems;
}

function checkCluster(
  name: string,
  cluster: ClusterSpec,
  say: (path: readonly PathPart[], message: string) => void,
  checkAddresses: (addresses: Readonly<Record<string, string>>, path: readonly PathPart[]) => void,
): void {
  const path = ["clusters", name];
  const nodes = Object.keys(cluster.nodes);
  if (nodes.length === 0) say([...path, "nodes"], "expected at least one node");
  for (const [node, spec] of Object.entries(cluster.nodes)) {
    checkAddresses(spec.addresses, [...path, "nodes", node, "addresses"]);
    if (
      spec.podRange !== undefined &&
      !isInRange(ipv4Range(cluster.podRange), ipv4Range(spec.podRange).text.split("/")[0] ?? "")
    )
      say([...path, "nodes", node, "podRange"], `${spec.podRange} is not in ${cluster.podRange}`);
  }
  checkFamilies(cluster, path, say);
  checkGivenAddresses(cluster, path, say);
  const pods = Object.keys(cluster.pods ?? {}).map(fullName);
  for (const [pod, spec] of Object.entries(cluster.pods ?? {}))
    if (!cluster.nodes[spec.node])
      say([...path, "pods", pod, "node"], `no node is named ${spec.node}; there are: ${nodes.join(", ")}`);
  for (const [ingress, spec] of Object.entries(cluster.ingresses ?? {})) {
    if (!pods.includes(fullName(spec.proxy)))
      say([...path, "ingresses", ingress, "proxy"], `no pod is named ${fullName(spec.proxy)}`);
    spec.rules.forEach((rule, i) => {
      if (
        !Object.keys(cluster.services ?? {})
          .map(fullName)
          .includes(fullName(rule.service))
      )
        say([...path, "ingresses", ingress, "rules", i, "service"], `no Service is named ${fullName(rule.service)}`);
    });
  }
  for (const [service, spec] of Object.entries(cluster.services ?? {})) {
    if (spec.type === "ExternalName" && spec.externalName === undefined)
      say([...path, "services", service, "externalName"], "is missing: a Service of type ExternalName has one");
    if (spec.type !== "ExternalName" && (spec.ports ?? []).length === 0)
      say([...path, "services", service, "ports"], "is missing: a Service has at least one port");
  }
  if (cluster.dns && !cluster.nodes[cluster.dns.node])
    say([...path, "dns", "node"], `no node is named ${cluster.dns.node}; there are: ${nodes.join(", ")}`);
}

/** What needs both families. */
function checkFamilies(
  cluster: ClusterSpec,
  path: readonly PathPart[],
  say: (path: readonly PathPart[], message: string) => void,
): void {
  const { podRange6, connect } = cluster;
  if (podRange6 === undefined) {
    for (const [service, spec] of Object.entries(cluster.services ?? {}))
      if (spec.families?.includes("IPv6") === true)
        say([...path, "services", service, "families"], "the cluster has no podRange6");
    if (connect?.kind === "vxlan" && connect.outer === "IPv6" && !hasAddresses6(cluster))
      say([...path, "connect", "outer"], "every node needs an address in addresses6");
    return;
  }
  if (ipv6Range(podRange6).prefixLength > 60)
    say([...path, "podRange6"], "expected a prefix length up to 60: each node gets a /64");
  if (cluster.serviceRange6 !== undefined && ipv6Range(cluster.serviceRange6).prefixLength > 120)
    say([...path, "serviceRange6"], "expected a prefix length up to 120");
  if (connect?.kind === "ipip")
    say([...path, "connect", "kind"], "IP-in-IP carries no IPv6: expected routes, vxlan or udp");
  for (const [node, spec] of Object.entries(cluster.nodes))
    if (Object.keys(spec.addresses6 ?? {}).length === 0)
      say([...path, "nodes", node, "addresses6"], "is missing: the cluster has a podRange6");
}

function hasAddresses6(cluster: ClusterSpec): boolean {
  return Object.values(cluster.nodes).every((node) => Object.keys(node.addresses6 ?? {}).length > 0);
}

/** Addresses that the scenario gives to pods and Services: in their range, and each once. */
function checkGivenAddresses(
  cluster: ClusterSpec,
  path: readonly PathPart[],
  say: (path: readonly PathPart[], message: string) => void,
): void {
  const owners = new Map<string, string>();
  const check = (
    address: string | undefined,
    range: string | undefined,
    who: string,
    place: readonly PathPart[],
  ): void => {
    if (address === undefined) return;
    const canonical = parseAddress(address) ?? address;
    const other = owners.get(canonical);
    if (other !== undefined) say([...path, ...place], `${other} has ${address} already`);
    owners.set(canonical, who);
    if (range === undefined) say([...path, ...place], "the cluster has no IPv6 range");
    else if (!isInRange(range.includes(":") ? ipv6Range(range) : ipv4Range(range), address))
      say([...path, ...place], `${address} is not in ${range}`);
  };
  const { podRange, podRange6 } = cluster;
  for (const [pod, spec] of Object.entries(cluster.pods ?? {})) {
    check(spec.address, podRange, `pod ${pod}`, ["pods", pod, "address"]);
    check(spec.address6, podRange6, `pod ${pod}`, ["pods", pod, "address6"]);
  }
  // A Service's own address may lie anywhere, as in some clusters.
  for (const [service, spec] of Object.entries(cluster.services ?? {}))
    for (const word of ["clusterIp", "clusterIp6"] as const)
      check(spec[word], spec[word]?.includes(":") === true ? "::/0" : "0.0.0.0/0", `Service ${service}`, [
        "services",
        service,
        word,
      ]);
}
