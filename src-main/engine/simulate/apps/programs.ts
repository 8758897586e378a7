/** What runs in pods and on machines: starts the servers a scenario describes. */
import { addressBytes } from "../../../../src-shared/model/ip-range";
import type { Namespace, TcpHandlers } from "../network/api/namespaces";
import type { ServerSpec } from "../scenario/schema";
import { ipv4Range } from "../world/addresses";
import { fullName, namespaceOf } from "../world/names";
import type { ClusterState, Machine, Pod, World } from "../world/world";
import { addDefaultRoute } from "../world/routes";
import { askDhcp, serveDhcp } from "./dhcp";
import { clusterLookUp, serveDns, tableLookUp } from "./dns-server";
import { later, serveHttp } from "./http";
import { serveIngress } from "./ingress";
import { fill } from "./payload";
import type { ResolverConfig } from "./resolver";

const NDOTS = 5;
const TIMEOUT_SECONDS = 5;
const ATTEMPTS = 2;

export function startPodPrograms(world: World, pod: Pod): void {
  const { cluster } = pod;
  const servers = [...(pod.spec.serves ?? []), ...(pod.spec.containers ?? []).flatMap((c) => c.serves ?? [])];
  for (const spec of servers)
    pod.servers.push(startServer(world, pod.namespace, pod.sandbox, spec, () => pod.answerDelayNs ?? 0));
  for (const ingress of Object.values(cluster.spec.ingresses ?? {}))
    if (fullName(ingress.proxy) === pod.name) serveIngress(cluster, pod, ingress);
  if (cluster.spec.dns && pod.name === "kube-system/coredns")
    serveDns(pod.namespace, cluster.domain, clusterLookUp(cluster));
}

export function startMachinePrograms(world: World, machine: Machine): void {
  const { spec } = machine;
  if (!spec) return;
  for (const server of spec.serves ?? []) startServer(world, machine.namespace, machine.name, server, () => 0);
  if (spec.dns) serveDns(machine.namespace, "example", tableLookUp(spec.dns));
  if (spec.dhcp) {
    const card = machine.cards.find((c) => c.network === spec.dhcp?.network);
    const network = world.scenario.networks?.[spec.dhcp.network];
    if (card?.address !== undefined && network)
      serveDhcp({
        device: card.device,
        address: card.address,
        range: ipv4Range(network.subnet),
        first: spec.dhcp.from,
        last: spec.dhcp.to,
        dns: spec.dhcp.dns,
        leaseSeconds: spec.dhcp.leaseSeconds,
      });
  }
}

/** Machines with address "dhcp" ask for one, a little apart. */
export function askForAddresses(world: World, machine: Machine): void {
  for (const card of machine.cards) {
    if (machine.spec?.addresses[card.network] !== "dhcp") continue;
    const network = world.scenario.networks?.[card.network];
    if (!network) continue;
    askDhcp(world.network, card.device, machine.name, (lease) => {
      if (card.address !== undefined) return;
      card.address = lease.address;
      card.device.addAddress(`${lease.address}/${ipv4Range(network.subnet).prefixLength}`);
      card.device.announce(lease.address);
      machine.nameserver ??= lease.dns;
      addDefaultRoute(world, machine, machine.spec?.gateway ?? lease.router);
    });
  }
}

function startServer(
  world: World,
  namespace: Namespace,
  name: string,
  spec: ServerSpec,
  slownessNs: () => number,
): { close(): void } {
  const { network } = world;
  if (spec.protocol === "http") return serveHttp({ namespace, network, name, spec, slownessNs });
  if (spec.protocol === "tcp")
    return namespace.tcpListen({
      port: spec.port,
      onConnection: (connection): TcpHandlers => ({
        onData: () => {
          later(network, (spec.delayMs ?? 0) * 1e6 + slownessNs(), connection, () => {
            connection.write(fill(name, spec.size ?? 64));
            if (spec.closesFirst === true) connection.end();
          });
        },
        onEnd: () => {
          connection.end();
        },
      }),
    });
  return namespace.udp({
    port: spec.port,
    onDatagram: ({ payload, from, to }, socket) => {
      const answer = spec.size === undefined ? payload : fill(name, spec.size);
      const delayNs = (spec.delayMs ?? 0) * 1e6 + slownessNs();
      if (delayNs === 0) socket.send(answer, from, to.address);
      else
        network.schedule(network.nowNs + delayNs, () => {
          if (!namespace.removed) socket.send(answer, from, to.address);
        });
    },
  });
}

/** resolv.conf of a pod (dnsPolicy ClusterFirst); undefined without cluster DNS. */
export function podResolver(pod: Pod): ResolverConfig | undefined {
  const { cluster } = pod;
  const { dns } = cluster.spec;
  if (!dns || cluster.dnsAddress === undefined) return undefined;
  return {
    nameserver: cluster.dnsAddress,
    search: [...searchDomains(cluster, namespaceOf(pod.name)), ...(dns.search ?? [])],
    ndots: dns.ndots ?? NDOTS,
    timeoutNs: (dns.timeoutSeconds ?? TIMEOUT_SECONDS) * 1e9,
    attempts: ATTEMPTS,
  };
}

function searchDomains(cluster: ClusterState, namespace: string): readonly string[] {
  return [`${namespace}.svc.${cluster.domain}`, `svc.${cluster.domain}`, cluster.domain];
}

export function machineResolver(machine: Machine): ResolverConfig | undefined {
  if (machine.nameserver === undefined || !addressBytes(machine.nameserver)) return undefined;
  return { nameserver: machine.nameserver, search: [], ndots: 1, timeoutNs: TIMEOUT_SECONDS * 1e9, attempts: ATTEMPTS };
}
