/**
 * What the joined connections say of the network: which machine a point is on and in which role, where pods are, which addresses
 * a machine owns, which are Services. Told by a cluster file where there is one, else inferred, and then marked so.
 *
 * ```
 * names, link types ─┐
 * paths ─────────────┼─► roles ─► pods (behind a veth, on a pod's NIC) ─► tunnel ends, NAT addresses ─► machines ─► places
 * MACs, translations ┘
 * ```
 */
import type { PointRole } from "../../../src-shared/model/point-role";
import type { Machine, Point, Topology } from "../../../src-shared/reconstruct/result";
import { bindNames } from "./told-names/bind-names";
import { AddressPlaces, type Place, inferredPodName } from "./topology/address-places";
import { findHosts, hostPoints } from "./topology/hosts";
import { COOKED, KnownNetwork, type TopologyInput } from "./topology/known-network";
import { findOwned, findTunnelEnds } from "./topology/owned-addresses";
import { findPeers } from "./topology/peers";
import { findRoles } from "./topology/point-roles";
import { findErrorSenders, findOpenedTunnels } from "./topology/shown-addresses";
import { findPods, joinFiles } from "./topology/pods";
import { sampleConnections } from "./topology/sample";
import { findServices, listServices } from "./topology/services-seen";
import { isRoutedAgain } from "./topology/several-machines";

export class NetworkTopology implements Topology {
  readonly machines: Machine[] = [];
  readonly points: Point[] = [];
  readonly services: Topology["services"];
  private readonly network: KnownNetwork;
  private readonly places: AddressPlaces;

  constructor(input: TopologyInput) {
    const network = new KnownNetwork(input);
    this.network = network;
    const sample = sampleConnections(network.table);
    findRoles(network, sample);
    const hosts = hostPoints(network);
    const nextToTunnel = findPods(network, sample, hosts);
    joinFiles(network, sample, nextToTunnel);
    findOwned(network, sample);
    findHosts(network, sample, hosts);
    findOpenedTunnels(network, sample);
    findErrorSenders(network, sample);
    findTunnelEnds(network, sample);
    findServices(network);
    findPeers(network, sample);
    network.told = bindNames(network, network.input.told);
    const machineNumber = this.buildMachines(sample);
    this.buildPoints(machineNumber);
    this.places = new AddressPlaces(network, this.machines, machineNumber);
    this.services = listServices(network);
  }

  /** What an address is, at whatever time. */
  place(address: string): Place | null {
    return this.places.placeAt(address, null);
  }

  /** What an address is. `atMs`: names hold for intervals. */
  placeAt(address: string, atMs: number | null): Place | null {
    return this.places.placeAt(address, atMs);
  }

  /** Whether what is no pod and no node is outside. */
  get knowsInside(): boolean {
    return this.places.knowsInside;
  }

  /** Numbers the machines, by the file that stands for each. */
  private buildMachines(sample: readonly number[]): ReadonlyMap<number, number> {
    const { network } = this;
    const { groups, points } = network.input;
    const roots = [...new Set(network.fileMachine)].sort((a, b) => a - b);
    for (const file of roots) {
      const textsOf = (addresses: ReadonlyMap<number, number>): string[] =>
        [...addresses].filter(([, f]) => network.fileMachine[f] === file).map(([key]) => network.textOf(key));
      const own = points.map((_, i) => i).filter((i) => network.machineFile(i) === file);
      const addresses = textsOf(network.owned);
      const pods = textsOf(network.pods);
      if (this.isOfSeveralNodes(own, addresses, pods, sample)) network.several.add(file);
      const told = network.isMixed(file) ? null : this.toldNode(addresses, pods);
      const has = (role: PointRole): boolean => own.some((p) => network.roles[p] === role);
      const kind =
        told || has("host-veth") || has("node-nic") || has("pod-nic")
          ? "node"
          : has("router-port")
            ? "router"
            : "unknown";
      const stem = groups[file] ?? "";
      this.machines.push({
        name: told ?? stem,
        nameSource: told !== null ? "told" : "file",
        kind: kind === "unknown" && addresses.length > 0 && network.pods.size > 0 ? "outside" : kind,
        addresses,
        points: own,
      });
    }
    return new Map(roots.map((f, i) => [f, i]));
  }

  /**
   * One interface that shows what several machines routed, pods of several nodes, or translations to several addresses of each of several nodes:
   * recordings merged into one (mergecap -F pcap). A capture of all interfaces shows what comes from other nodes, too: there only pods count,
   * which begin behind it.
   */
  private isOfSeveralNodes(
    own: readonly number[],
    addresses: readonly string[],
    pods: readonly string[],
    sample: readonly number[],
  ): boolean {
    const { cluster } = this.network;
    const [only, more] = own;
    if (only === undefined || more !== undefined) return false;
    if (isRoutedAgain(this.network, only, sample)) return true;
    if (!cluster) return false;
    const several = (names: readonly (string | null | undefined)[], least: number): boolean =>
      [...new Set(names)].filter((name) => name && names.filter((n) => n === name).length >= least).length > 1;
    if (
      several(
        pods.map((a) => cluster.podAt(a, null)?.node),
        1,
      )
    )
      return true;
    const isCooked = COOKED.has(this.network.input.points[only]?.linkType ?? 0);
    const owners = addresses.map((a) => (cluster.nodeAt(a, null) ?? cluster.nodeOfPodRange(a, null))?.meta.name);
    return !isCooked && several(owners, 2);
  }

  /**
   * Name of the cluster's node that these addresses and pods speak for. An address counts twice, but does not decide alone: what one capture
   * of all interfaces shows of two nodes may make the one look like the owner of the other's.
   */
  private toldNode(addresses: readonly string[], pods: readonly string[]): string | null {
    const { cluster } = this.network;
    if (!cluster) return null;
    const votes = new Map<string, number>();
    const vote = (name: string | null | undefined, weight: number): void => {
      if (name) votes.set(name, (votes.get(name) ?? 0) + weight);
    };
    for (const a of addresses) {
      const node = cluster.nodeAt(a, null);
      if (node) vote(node.meta.name, 2);
      else vote(cluster.nodeOfPodRange(a, null)?.meta.name, 1);
    }
    for (const a of pods) vote(cluster.podAt(a, null)?.node, 1);
    return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  }

  private buildPoints(machineNumber: ReadonlyMap<number, number>): void {
    const { network } = this;
    network.input.points.forEach((p, i) => {
      const number = machineNumber.get(network.machineFile(i)) ?? 0;
      const machine = this.machines[number];
      const address = network.podOfPoint.get(i);
      const text = address === undefined ? null : network.textOf(address);
      const isPod = network.roles[i] === "pod-nic" || network.roles[i] === "host-veth";
      const pod = isPod && text !== null ? (network.cluster?.podAt(text, null) ?? null) : null;
      const told = isPod && text !== null ? network.told.at(text, null) : undefined;
      this.points.push({
        id: p.id,
        fileIndex: p.fileIndex,
        file: p.file,
        interface: p.name ?? null,
        role: network.roles[i] ?? "unknown",
        roleEvidence: network.roleEvidence[i] ?? [],
        // A told pod's card is on its node, whatever file it was recorded in.
        node: pod?.node ?? (network.isMixed(network.machineFile(i)) ? null : (machine?.name ?? null)),
        machine: number,
        namespace: pod?.meta.namespace ?? told?.pod?.split("/", 1)[0] ?? null,
        pod: pod
          ? `${pod.meta.namespace}/${pod.meta.name}`
          : isPod && address !== undefined
            ? (told?.pod ?? inferredPodName(network, address, network.fileOf(i)))
            : null,
        podAddress: isPod ? text : null,
        packets: p.packets,
      });
    });
  }
}
