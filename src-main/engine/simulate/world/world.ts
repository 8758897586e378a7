/**
 * What stands where while a scenario runs: machines and their cards, clusters with nodes, pods and Services. Built by
 * build-world.ts, changed by controller.ts and faults.ts, asked by traffic and truth.
 */
import type { BridgeDevice, Device, Link, Namespace, VxlanDevice } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { ClusterSpec, MachineSpec, PodSpec, PolicySpec, Scenario, ServiceSpec } from "../scenario/schema";
import type { AddressPool, Ipv4Range } from "./addresses";
import type { Ipv6Range } from "./ipv6-ranges";

export type Family = "IPv4" | "IPv6";

/** A card, and the wire it is on. */
export interface Card {
  readonly network: string;
  readonly device: Device;
  /** Undefined for a machine that is on the network by its own bridge. */
  readonly wire:
    { readonly link: Link; readonly away: "a-to-b" | "b-to-a"; readonly towards: "a-to-b" | "b-to-a" } | undefined;
  /** Undefined until DHCP gives one. */
  address: string | undefined;
  readonly address6: string | undefined;
}

export interface Machine {
  readonly name: string;
  readonly kind: "node" | "router" | "host" | "switch";
  readonly namespace: Namespace;
  readonly cards: readonly Card[];
  readonly spec: MachineSpec | undefined;
  nameserver: string | undefined;
}

export interface Node {
  readonly machine: Machine;
  readonly name: string;
  readonly cluster: ClusterState;
  /** status.addresses InternalIP. */
  readonly address: string;
  readonly podRange: Ipv4Range;
  readonly bridge: BridgeDevice;
  readonly bridgeAddress: string;
  /** Carries pods' packets to other nodes; undefined with plain routes. */
  readonly tunnel:
    { readonly device: Device; readonly vxlan: VxlanDevice | undefined; readonly address: string } | undefined;
  readonly pool: AddressPool;
  /** In a cluster of both families. */
  readonly six: NodeIpv6 | undefined;
  ports: number;
}

/** What a node has of the second family. */
export interface NodeIpv6 {
  readonly address: string;
  readonly podRange: Ipv6Range;
  readonly bridgeAddress: string;
  readonly tunnelAddress: string | undefined;
  readonly pool: AddressPool;
}

export interface Pod {
  /** "default/web-a" */
  readonly name: string;
  /** Of its network namespace, as files and capture points name it. */
  readonly sandbox: string;
  readonly uid: string;
  readonly cluster: ClusterState;
  readonly node: Node;
  readonly spec: PodSpec;
  readonly address: string;
  readonly address6: string | undefined;
  readonly namespace: Namespace;
  readonly device: Device;
  readonly hostDevice: Device;
  readonly createdNs: number;
  ready: boolean;
  terminating: boolean;
  /** Its sandbox is gone. */
  gone: boolean;
  /** Think time that a fault adds. */
  answerDelayNs: number | undefined;
  /** What listens in it. */
  readonly servers: { close(): void }[];
}

export interface Endpoint {
  readonly pod: Pod;
  readonly address: string;
  readonly port: number;
  readonly ready: boolean;
}

export interface ServicePort {
  readonly name: string | undefined;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly targetPort: number;
  readonly nodePort: number | undefined;
}

export interface ServiceState {
  readonly name: string;
  readonly uid: string;
  spec: ServiceSpec;
  /** Undefined for headless ones and ExternalName. */
  readonly clusterIp: string | undefined;
  readonly clusterIp6: string | undefined;
  /** The first one first. */
  readonly families: readonly Family[];
  readonly loadBalancerIp: string | undefined;
  readonly ports: readonly ServicePort[];
  /** EndpointSlice as the controller last wrote it. */
  endpoints: readonly Pod[];
  /** Fault: the controller does not heed that a pod is gone. */
  frozen: boolean;
}

export interface ClusterState {
  readonly name: string;
  readonly spec: ClusterSpec;
  readonly podRange: Ipv4Range;
  readonly serviceRange: Ipv4Range;
  readonly podRange6: Ipv6Range | undefined;
  readonly serviceRange6: Ipv6Range | undefined;
  readonly domain: string;
  readonly nodes: Map<string, Node>;
  /** By full name: those that are there or are ending. */
  readonly pods: Map<string, Pod>;
  readonly services: Map<string, ServiceState>;
  readonly policies: Map<string, PolicySpec>;
  /** Service address of cluster DNS. */
  readonly dnsAddress: string | undefined;
}

/** Who has an address, for truth: the simulator's own knowledge. */
export interface AddressOwner {
  readonly network: "node" | "pod" | "service" | "outside";
  readonly pod: string | null;
  readonly node: string | null;
}

export interface World {
  readonly scenario: Scenario;
  readonly network: Network;
  readonly machines: Map<string, Machine>;
  readonly clusters: Map<string, ClusterState>;
  /** Pods that were, in order of birth: addresses are used again. */
  readonly allPods: Pod[];
  /** Services asked for by a name that leads to other addresses (headless, ExternalName), by askedKey(). */
  readonly askedByName: Map<string, string>;
}

/** Who asks which address and port. */
export function askedKey(namespace: string, address: string, port: number): string {
  return `${namespace} ${address} ${port}`;
}

export function findPod(world: World, name: string, cluster?: string): Pod | undefined {
  for (const state of world.clusters.values()) {
    if (cluster !== undefined && state.name !== cluster) continue;
    const pod = state.pods.get(name);
    if (pod && !pod.gone) return pod;
  }
  return undefined;
}

export function findService(
  world: World,
  name: string,
  cluster?: string,
): { readonly cluster: ClusterState; readonly service: ServiceState } | undefined {
  for (const state of world.clusters.values()) {
    if (cluster !== undefined && state.name !== cluster) continue;
    const service = state.services.get(name);
    if (service) return { cluster: state, service };
  }
  return undefined;
}

export function findNode(world: World, name: string): Node | undefined {
  for (const state of world.clusters.values()) {
    const node = state.nodes.get(name);
    if (node) return node;
  }
  return undefined;
}

/** Ready endpoints of a Service's port, in the families it has. */
export function endpointsOf(service: ServiceState, port: ServicePort): readonly Endpoint[] {
  return service.families.flatMap((family) =>
    service.endpoints.flatMap((pod) => {
      const address = podAddress(pod, family);
      return address === undefined ? [] : [{ pod, address, port: port.targetPort, ready: true }];
    }),
  );
}

export function podAddress(pod: Pod, family: Family): string | undefined {
  return family === "IPv4" ? pod.address : pod.address6;
}

/** One or both. */
export function podAddresses(pod: Pod): readonly string[] {
  return pod.address6 === undefined ? [pod.address] : [pod.address, pod.address6];
}

export function clusterIpOf(service: ServiceState, family: Family): string | undefined {
  return family === "IPv4" ? service.clusterIp : service.clusterIp6;
}

/** In the order of its families. */
export function clusterIps(service: ServiceState): readonly string[] {
  return service.families.flatMap((family) => clusterIpOf(service, family) ?? []);
}
