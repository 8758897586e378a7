/**
 * What an address is, at a time: told by the cluster file, else named by other tools' comments and interfaces, else by name resolution,
 * else inferred from the traffic.
 */
import type { AddressPlace, Endpoint, Machine, PlacedEndpoint } from "../../../../src-shared/reconstruct/result";
import type { ToldName } from "../told-names/told-names";
import type { KnownNetwork } from "./known-network";

export interface Place extends AddressPlace {
  /** Index of the machine, -1 unknown. */
  readonly machine: number;
  /** Of what is no pod: as a capture names it. */
  readonly name?: string;
  /** What comments and interfaces tell of it, at this time. */
  readonly told?: ToldName;
}

export class AddressPlaces {
  private readonly keyByText = new Map<string, number>();

  /** `machineNumber`: index in `machines` by the file that stands for the machine. */
  constructor(
    private readonly network: KnownNetwork,
    private readonly machines: readonly Machine[],
    private readonly machineNumber: ReadonlyMap<number, number>,
  ) {
    const { owned, pods, behind, peers, serviceKeys } = network;
    for (const key of [...owned.keys(), ...pods.keys(), ...behind.keys(), ...peers.keys(), ...serviceKeys])
      this.keyByText.set(network.textOf(key), key);
  }

  /** Whether what is no pod and no node is outside: where nothing tells of a node or shows one, any of the machines may be one. */
  get knowsInside(): boolean {
    const { input, pods } = this.network;
    return input.cluster !== undefined || pods.size > 0 || this.machines.some((m) => m.kind === "node");
  }

  /** By stretch of the cluster's time (0 without one), then by address. Finding took half of the time of building a connection. */
  private readonly knownPlaces = new Map<number, Map<string, Place | null>>();

  /** What an address is. `atMs`: names hold for intervals. */
  placeAt(address: string, atMs: number | null): Place | null {
    const { cluster, told } = this.network;
    const stretch = (cluster?.stretchAt(atMs) ?? 0) * told.stretches + told.stretchAt(atMs);
    let known = this.knownPlaces.get(stretch);
    if (!known) this.knownPlaces.set(stretch, (known = new Map<string, Place | null>()));
    let place = known.get(address);
    if (place === undefined) {
      const name = told.at(address, atMs);
      place = toldPlace(this.findPlace(address, atMs), name);
      place = namedPlace(place, (name?.pod === null ? name.container : null) ?? this.network.input.names.get(address));
      known.set(address, place);
    }
    return place;
  }

  private findPlace(address: string, atMs: number | null): Place | null {
    const { network } = this;
    const { cluster, pods, owned } = network;
    const key = this.keyByText.get(address);
    const file = key === undefined ? undefined : (pods.get(key) ?? owned.get(key));
    // Of a file of several machines nothing tells which one.
    const isMixed = file !== undefined && network.isMixed(network.fileMachine[file] as number);
    const machine =
      file === undefined || isMixed ? -1 : (this.machineNumber.get(network.fileMachine[file] as number) ?? -1);
    if (cluster) {
      const pod = cluster.podAt(address, atMs);
      if (pod)
        return {
          network: "pod",
          pod: `${pod.meta.namespace}/${pod.meta.name}`,
          node: pod.node,
          source: "told",
          machine: machine >= 0 ? machine : this.machineNamed(pod.node),
        };
      const node = cluster.nodeAt(address, atMs);
      if (node)
        return {
          network: "node",
          pod: null,
          node: node.meta.name,
          source: "told",
          machine: machine >= 0 ? machine : this.machineNamed(node.meta.name),
        };
      if (cluster.networkOf(address, atMs) === "service")
        return { network: "service", pod: null, node: null, source: "told", machine: -1 };
    }
    // In a node's range, and no pod: its bridge's or its tunnel's address.
    const range = cluster?.nodeOfPodRange(address, atMs);
    const isBehind = key !== undefined && network.behind.has(key) && !network.tunnelEnds.has(key);
    if (range && (key === undefined || !(pods.has(key) || isBehind)))
      return {
        network: "node",
        pod: null,
        node: range.meta.name,
        source: "inferred",
        machine: this.machineNamed(range.meta.name),
      };
    // Neither a pod's nor a node's, says the cluster file; what a merged recording shows of its devices says less.
    if (cluster && isMixed) return { network: "outside", pod: null, node: null, source: "inferred", machine: -1 };
    const name = machine >= 0 ? (this.machines[machine]?.name ?? null) : null;
    const kind = machine >= 0 ? this.machines[machine]?.kind : undefined;
    if (key !== undefined) {
      if (pods.has(key))
        return {
          network: "pod",
          pod: inferredPodName(network, key, pods.get(key)),
          node: name,
          source: "inferred",
          machine,
        };
      if (owned.has(key)) {
        if (isMixed) return null;
        const inside = kind === "node";
        return {
          network: inside ? "node" : "outside",
          pod: null,
          node: inside ? name : null,
          source: "inferred",
          machine,
        };
      }
      if (network.serviceKeys.has(key))
        return { network: "service", pod: null, node: null, source: "inferred", machine: -1 };
      const front = network.behind.get(key);
      if (front !== undefined) {
        const told = cluster?.nodeAt(network.textOf(front), atMs)?.meta.name;
        return {
          network: network.tunnelEnds.has(key) ? "node" : "pod",
          pod: null,
          node: told ?? network.textOf(front),
          source: "inferred",
          machine: told === undefined ? -1 : this.machineNamed(told),
        };
      }
      const peer = network.peers.get(key);
      if (peer !== undefined) return { network: peer, pod: null, node: null, source: "inferred", machine: -1 };
    }
    // A neighbour of known pods, reached without NAT.
    const v4 = /^(\d+)\.(\d+)\.(\d+)\.\d+$/.exec(address);
    const upper = v4 ? (Number(v4[1]) << 8) | Number(v4[2]) : -1;
    if (v4 && (network.podPrefixes.has(upper) || network.peerPrefixes.has((upper << 8) | Number(v4[3]))))
      return { network: "pod", pod: null, node: null, source: "inferred", machine: -1 };
    if (cluster || (pods.size > 0 && network.input.mixed.size === 0))
      return { network: "outside", pod: null, node: null, source: "inferred", machine: -1 };
    return null;
  }

  private machineNamed(name: string | null): number {
    return name === null ? -1 : this.machines.findIndex((m) => m.name === name);
  }
}

/**
 * The capture tells it, or the file of a pod's own card names the pod, if nothing else does. Of several pods with one address (clusters
 * that NAT joins) the one on the machine that `file` is of.
 */
export function inferredPodName(network: KnownNetwork, address: number, file: number | undefined): string | null {
  const { points, groups } = network.input;
  const other = network.pointOfOther.get(address);
  const all = [...network.podOfPoint].filter(([, key]) => key === address).map(([point]) => point);
  if (all.length === 0 && other !== undefined) all.push(other);
  const here = all.filter((point) => file !== undefined && network.machineFile(point) === network.fileMachine[file]);
  const own = here.length > 0 ? here : all;
  const told = own.find((point) => points[point]?.toldPod);
  if (told !== undefined) return points[told]?.toldPod ?? null;
  const nic = own.find((point) => network.roles[point] === "pod-nic");
  return nic === undefined ? null : (groups[network.fileOf(nic)] ?? null);
}

/** The place with what comments and interfaces tell of it. A Service's address is no pod's, whatever they say. */
function toldPlace(place: Place | null, told: ToldName | undefined): Place | null {
  if (told === undefined || place?.source === "told" || place?.network === "service") return place;
  const { node = null, machine = -1 } = place ?? {};
  if (told.pod === null) return { network: "unknown", pod: null, node, source: "inferred", machine, ...place, told };
  return { network: "pod", pod: told.pod, node: told.node ?? node, source: "inferred", machine, told };
}

/** The place with the capture's name: a pod's, or beside what else is known of it. */
function namedPlace(place: Place | null, name: string | undefined): Place | null {
  if (name === undefined || place?.source === "told") return place;
  if (!place) return { network: "unknown", pod: null, node: null, source: "inferred", machine: -1, name };
  return place.network === "pod" ? { ...place, pod: place.pod ?? name } : { ...place, name };
}

export function placed(end: Endpoint, place: Place | null): PlacedEndpoint {
  const where = { ip: end.ip, port: end.port, pod: place ? place.pod : null, node: place ? place.node : null };
  if (!place || (place.name === undefined && place.told === undefined)) return where;
  const { name, told } = place;
  return {
    ...where,
    ...(name !== undefined && { name }),
    ...(told && told.container !== null && { container: told.container }),
    ...(told && told.process !== null && { process: told.process }),
    ...(told && { namedBy: told.by }),
  };
}
