/** What a schema cannot say: names that must exist, addresses that must lie in their networks. */
import type { PathPart } from "../../cluster/documents";
import { ipv4Range, isInRange } from "../world/addresses";
import { fullName } from "../world/names";
import type { ClusterSpec, OriginSpec, Scenario, TargetSpec } from "./schema";

export interface ReferenceProblem {
  readonly path: readonly PathPart[];
  readonly message: string;
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

  const checkAddresses = (addresses: Readonly<Record<string, string>>, path: readonly PathPart[]): void => {
    if (Object.keys(addresses).length === 0) say(path, "expected an address on at least one network");
    for (const [network, address] of Object.entries(addresses)) {
      const spec = networks[network];
      if (!spec) say([...path, network], `no network is named ${network}; there are: ${known(Object.keys(networks))}`);
      else if (address !== "dhcp" && !isInRange(ipv4Range(spec.subnet), address))
        say([...path, network], `${address} is not in ${spec.subnet} of network ${network}`);
    }
  };

  for (const [name, network] of Object.entries(networks)) {
    if (network.bridgedBy !== undefined && machines[network.bridgedBy]?.addresses[name] === undefined)
      say(["networks", name, "bridgedBy"], `no machine ${network.bridgedBy} is on network ${name}`);
  }
  for (const [name, machine] of Object.entries(machines)) {
    const path = ["machines", name];
    if (nodes.has(name)) say(path, `${name} is a node already: names of machines and nodes are of one kind`);
    checkAddresses(machine.addresses, [...path, "addresses"]);
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
    for (const node of Object.keys(cluster.nodes)) {
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
