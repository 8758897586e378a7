/**
 * The truth about a simulation, from its own knowledge: which packet a socket made, which taps saw that very packet (its number
 * goes with it through NAT and tunnels), which socket got it. Nothing here looks at sequence numbers or payloads, as joining does.
 *
 * ```
 * originate 17   client-a: 10.1.0.5:4000 → 10.96.0.10:80     ┐ one conversation: the socket that sent journey 17
 * seen 17        veth1, cni0, eth0 …  with the tuple there   │ and the one that got it
 * deliver 17     web-b:    10.1.0.5:4000 → 10.1.1.7:8080     ┘
 * ```
 */
import { addToGroup } from "../../../../src-shared/base/grouping";
import type { Namespace } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import { isInRange } from "../world/addresses";
import { type AddressOwner, askedKey, clusterIps, podAddresses, type ServiceState, type World } from "../world/world";
import type { CapturePoint } from "./capture-points";
import { type KnownTunnels, readDatagram, readFrame, type Tuple } from "./read-packet";
import { isGroup, type Sent, trueConnection, type TruthConnection } from "./true-connection";

export class TruthRecorder {
  readonly #sent = new Map<number, Sent>();
  /** Sockets' conversations that are one: each key's parent. */
  readonly #parents = new Map<string, string>();
  /** How often a key was taken by another conversation. */
  readonly #uses = new Map<string, number>();
  readonly #tunnels: KnownTunnels;

  constructor(
    private readonly world: World,
    network: Network,
  ) {
    const vxlanPorts = new Set<number>();
    const ipUdpPorts = new Set<number>();
    for (const cluster of world.clusters.values()) {
      const { connect } = cluster.spec;
      if (connect?.kind === "vxlan") vxlanPorts.add(connect.port ?? 4789);
      if (connect?.kind === "udp") ipUdpPorts.add(connect.port);
    }
    this.#tunnels = { vxlanPorts, ipUdpPorts };
    network.onOriginate = (journey, namespace, datagram) => {
      this.#originate(journey, namespace, datagram);
    };
    network.onDeliver = (journey, namespace, datagram) => {
      this.#deliver(journey, namespace, datagram);
    };
  }

  seen(point: CapturePoint, timeNs: number, bytes: Uint8Array, journey: number): void {
    if (journey === 0) return;
    const sent = this.#sent.get(journey);
    const packet = sent && readFrame(bytes, point.linkType, this.#tunnels);
    if (!packet || packet.laterFragment) return;
    sent.sightings.push({ point, timeNs, packet });
    const { destination } = packet.tuple;
    if (destination !== sent.packet.tuple.destination && !sent.owners.has(destination))
      sent.owners.set(destination, this.ownerOf(destination));
  }

  #originate(journey: number, namespace: Namespace, datagram: Uint8Array): void {
    // A tunnel's outer packet has the number of what it carries: that is known already.
    if (this.#sent.has(journey)) return;
    const packet = readDatagram(datagram, 0, NO_TUNNELS, []);
    if (!packet) return;
    const { tuple } = packet;
    // Whoever says the same to all from one address and port is in one flow: two clients that ask for an address.
    const key = keyOf(
      isGroup(tuple.destination) ? "*" : namespace.name,
      tuple.protocol,
      tuple.source,
      tuple.sourcePort,
      tuple.destination,
      tuple.destinationPort,
    );
    this.#sent.set(journey, {
      journey,
      packet,
      key: this.#current(key),
      source: this.ownerOf(tuple.source),
      destination: this.ownerOf(tuple.destination),
      service:
        this.#serviceAt(tuple) ??
        this.world.askedByName.get(askedKey(namespace.name, tuple.destination, tuple.destinationPort)) ??
        null,
      owners: new Map(),
      sightings: [],
      delivered: undefined,
    });
  }

  #deliver(journey: number, namespace: Namespace, datagram: Uint8Array): void {
    const sent = this.#sent.get(journey);
    const packet = sent && readDatagram(datagram, 0, NO_TUNNELS, []);
    if (!packet || packet.tuple.protocol !== sent.packet.tuple.protocol) return;
    const { tuple } = packet;
    // The outer packet of a tunnel is delivered to the tunnel, not to a socket of the conversation.
    if (packet.payload !== sent.packet.payload) return;
    const key = keyOf(
      namespace.name,
      tuple.protocol,
      tuple.destination,
      tuple.destinationPort,
      tuple.source,
      tuple.sourcePort,
    );
    sent.delivered ??= { packet, key, owner: this.ownerOf(tuple.destination) };
    if (isGroup(tuple.destination)) return;
    // A port that is used again by somebody else: the same name at the server, another conversation.
    const isNew = (packet.tcpFlags & (SYN | ACK)) === SYN && !this.#isJoined(sent.key, this.#current(key));
    if (isNew && this.#parents.has(this.#current(key))) this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    this.#join(sent.key, this.#current(key));
  }

  /** The key with the number of its use. */
  #current(key: string): string {
    const use = this.#uses.get(key) ?? 0;
    return use === 0 ? key : `${key} use ${use}`;
  }

  #isJoined(a: string, b: string): boolean {
    return this.#root(a) === this.#root(b);
  }

  #root(key: string): string {
    let at = key;
    for (let parent = this.#parents.get(at); parent !== undefined && parent !== at; parent = this.#parents.get(at))
      at = parent;
    return at;
  }

  #join(a: string, b: string): void {
    const [x, y] = [this.#root(a), this.#root(b)];
    if (x !== y) this.#parents.set(y, x);
  }

  /** Who has the address now. */
  ownerOf(address: string): AddressOwner {
    for (const cluster of this.world.clusters.values()) {
      for (const pod of cluster.pods.values())
        if (!pod.gone && podAddresses(pod).includes(address))
          return { network: "pod", pod: pod.name, node: pod.node.name };
      for (const node of cluster.nodes.values())
        if (
          node.bridgeAddress === address ||
          node.tunnel?.address === address ||
          node.six?.bridgeAddress === address ||
          node.six?.tunnelAddress === address ||
          node.machine.cards.some((c) => c.address === address || c.address6 === address)
        )
          return { network: "node", pod: null, node: node.name };
      for (const service of cluster.services.values())
        if (clusterIps(service).includes(address) || service.loadBalancerIp === address)
          return { network: "service", pod: null, node: null };
    }
    // An address of a node's pod range that no pod has.
    for (const cluster of this.world.clusters.values())
      for (const node of cluster.nodes.values())
        if (isInRange(node.podRange, address) || (node.six && isInRange(node.six.podRange, address)))
          return { network: "pod", pod: null, node: node.name };
    return { network: "outside", pod: null, node: null };
  }

  #serviceAt(tuple: Tuple): string | null {
    const protocol = tuple.protocol === 17 ? "udp" : tuple.protocol === 6 ? "tcp" : undefined;
    if (protocol === undefined) return null;
    const isNode = this.ownerOf(tuple.destination).network === "node";
    const matches = (service: ServiceState): boolean =>
      service.ports.some(
        (port) =>
          port.protocol === protocol &&
          (((clusterIps(service).includes(tuple.destination) || service.loadBalancerIp === tuple.destination) &&
            port.port === tuple.destinationPort) ||
            (isNode && port.nodePort === tuple.destinationPort)),
      );
    for (const cluster of this.world.clusters.values())
      for (const service of cluster.services.values()) if (matches(service)) return service.name;
    return null;
  }

  /** Conversations that at least one point saw, by the time they were first seen. `idOf` names points as the written files do. */
  connections(startTimeNs: bigint, idOf: (point: CapturePoint) => string): readonly TruthConnection[] {
    const groups = new Map<string, Sent[]>();
    for (const sent of this.#sent.values()) {
      if (sent.sightings.length === 0) continue;
      const root = this.#root(sent.key);
      addToGroup(groups, root, sent);
    }
    return [...groups.values()]
      .map((list) => trueConnection(list, startTimeNs, idOf))
      .sort((a, b) => (a.firstTime < b.firstTime ? -1 : a.firstTime > b.firstTime ? 1 : 0));
  }
}

const SYN = 2;
const ACK = 16;
const NO_TUNNELS: KnownTunnels = { vxlanPorts: new Set(), ipUdpPorts: new Set() };

function keyOf(
  namespace: string,
  protocol: number,
  local: string,
  localPort: number,
  remote: string,
  remotePort: number,
): string {
  return `${namespace} ${protocol} ${local}:${localPort} ${remote}:${remotePort}`;
}
