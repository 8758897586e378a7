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
import type { Namespace, Network } from "../network/api";
import { isInRange } from "../world/addresses";
import { type AddressOwner, askedKey, type ServiceState, type World } from "../world/world";
import type { CapturePoint } from "./capture-points";
import { type KnownTunnels, readDatagram, readFrame, type ReadPacket, type Tuple } from "./read-packet";
import { zeekState } from "./zeek-state";

export interface TruthEndpoint {
  readonly ip: string;
  readonly port: number;
}

export interface TruthPlace extends TruthEndpoint {
  readonly pod: string | null;
  readonly node: string | null;
}

/** In the words of docs/CLI.md's schema. */
export interface TruthConnection {
  readonly protocol: "tcp" | "udp" | "icmp" | "other";
  readonly kind: string;
  readonly locality: "same-node" | "cross-node" | "outside" | "unknown";
  readonly hairpin: boolean;
  readonly client: TruthPlace;
  readonly requested: TruthEndpoint;
  readonly server: TruthPlace;
  readonly seenByServerAs: TruthEndpoint | null;
  readonly service: string | null;
  readonly translations: readonly {
    readonly kind: "dnat" | "snat" | "icmp-id";
    readonly from: TruthEndpoint;
    readonly to: TruthEndpoint;
    readonly between: readonly [string, string];
    readonly node: string | null;
  }[];
  readonly encapsulations: readonly {
    readonly kind: string;
    readonly vni: number | null;
    readonly port: number | null;
    readonly outer: { readonly src: string; readonly dst: string };
  }[];
  readonly path: readonly string[];
  readonly returnPath: readonly string[];
  readonly firstTime: string;
  readonly lastTime: string;
  readonly packets: { readonly sightings: number; readonly distinct: number };
  readonly bytes: { readonly fromClient: number; readonly fromServer: number };
  readonly state: string;
}

interface Sighting {
  readonly point: CapturePoint;
  readonly timeNs: number;
  readonly packet: ReadPacket;
}

interface Sent {
  readonly journey: number;
  readonly packet: ReadPacket;
  readonly key: string;
  readonly source: AddressOwner;
  readonly destination: AddressOwner;
  readonly service: string | null;
  /** Whose the addresses were that it was translated to on the way. */
  readonly owners: Map<string, AddressOwner>;
  readonly sightings: Sighting[];
  delivered: { readonly packet: ReadPacket; readonly key: string; readonly owner: AddressOwner } | undefined;
}

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
        if (!pod.gone && pod.address === address) return { network: "pod", pod: pod.name, node: pod.node.name };
      for (const node of cluster.nodes.values())
        if (
          node.bridgeAddress === address ||
          node.tunnel?.address === address ||
          node.machine.cards.some((c) => c.address === address)
        )
          return { network: "node", pod: null, node: node.name };
      for (const service of cluster.services.values())
        if (service.clusterIp === address || service.loadBalancerIp === address)
          return { network: "service", pod: null, node: null };
    }
    // An address of a node's pod range that no pod has.
    for (const cluster of this.world.clusters.values())
      for (const node of cluster.nodes.values())
        if (isInRange(node.podRange, address)) return { network: "pod", pod: null, node: node.name };
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
          (((service.clusterIp === tuple.destination || service.loadBalancerIp === tuple.destination) &&
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
      const list = groups.get(root);
      if (list) list.push(sent);
      else groups.set(root, [sent]);
    }
    return [...groups.values()]
      .map((list) => new Conversation(list, startTimeNs, idOf).truth())
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

function isGroup(address: string): boolean {
  return address === "255.255.255.255" || /^2(2[4-9]|3\d)\./.test(address);
}

class Conversation {
  private readonly first: Sent;
  private readonly toServer: readonly Sent[];
  private readonly toClient: readonly Sent[];

  constructor(
    list: readonly Sent[],
    private readonly startTimeNs: bigint,
    private readonly idOf: (point: CapturePoint) => string,
  ) {
    const byTime = [...list].sort((a, b) => a.journey - b.journey);
    this.first = byTime[0] as Sent;
    this.toServer = byTime.filter((s) => s.key === this.first.key);
    this.toClient = byTime.filter((s) => s.key !== this.first.key);
  }

  truth(): TruthConnection {
    const { first, toServer, toClient } = this;
    const { tuple } = first.packet;
    const there = usualWay(toServer);
    const back = usualWay(toClient);
    const arrived = toServer.find((s) => s.delivered)?.delivered;
    const last = there?.sightings.at(-1)?.packet.tuple ?? tuple;
    const serverEnd = arrived?.packet.tuple ?? last;
    const icmp = tuple.protocol === 1;
    const server: TruthEndpoint = { ip: serverEnd.destination, port: icmp ? 0 : serverEnd.destinationPort };
    const requested: TruthEndpoint = { ip: tuple.destination, port: icmp ? 0 : tuple.destinationPort };
    const serverOwner = arrived?.owner ?? this.ownerThen(server.ip);
    const translations = this.translations(there, back);
    const hairpin = tuple.source === server.ip && translations.some((t) => t.kind === "dnat");
    const all = [...toServer, ...toClient].flatMap((s) => s.sightings).map((s) => s.timeNs);
    return {
      protocol: tuple.protocol === 6 ? "tcp" : tuple.protocol === 17 ? "udp" : icmp ? "icmp" : "other",
      kind: this.kind(serverOwner, translations.length > 0, requested, server),
      locality: isGroup(server.ip) ? "unknown" : locality(first.source, serverOwner),
      hairpin,
      client: { ip: tuple.source, port: tuple.sourcePort, pod: first.source.pod, node: first.source.node },
      requested,
      server: { ...server, pod: serverOwner.pod, node: serverOwner.node },
      seenByServerAs:
        arrived && !isGroup(server.ip)
          ? { ip: arrived.packet.tuple.source, port: arrived.packet.tuple.sourcePort }
          : null,
      service: first.service,
      translations,
      encapsulations: this.encapsulations(),
      path: this.ids(there),
      returnPath: this.ids(back),
      firstTime: this.time(Math.min(...all)),
      lastTime: this.time(Math.max(...all)),
      packets: { sightings: all.length, distinct: toServer.length + toClient.length },
      bytes: { fromClient: payload(toServer), fromServer: payload(toClient) },
      state: zeekState(
        tuple.protocol,
        toServer.map((s) => s.packet.tcpFlags),
        toClient.map((s) => s.packet.tcpFlags),
      ),
    };
  }

  /** Nobody got it: whose address it was when the conversation began. */
  private ownerThen(address: string): AddressOwner {
    return this.toServer.find((s) => s.owners.has(address))?.owners.get(address) ?? this.first.destination;
  }

  /** docs/CLI.md's kinds, by where both ends live and whether a Service was asked. */
  private kind(server: AddressOwner, translated: boolean, requested: TruthEndpoint, end: TruthEndpoint): string {
    const { source, service, packet } = this.first;
    if (packet.tuple.source === end.ip && !translated) return "container-to-container";
    if (isGroup(end.ip)) return "unknown";
    const asked = service !== null || this.first.destination.network === "service" || requested.ip !== end.ip;
    if (source.network === "pod") {
      if (asked && server.network !== "outside") return "pod-to-service";
      if (server.network === "pod") return "pod-to-pod";
      if (server.network === "node") return "pod-to-node";
      // An ExternalName is only a name: the call goes straight outside.
      return requested.ip !== end.ip ? "pod-to-service" : "egress";
    }
    if (source.network === "node") {
      if (asked) return "node-to-service";
      if (server.network === "pod") return "node-to-pod";
      return server.network === "node" ? "node-to-node" : "egress";
    }
    if (asked && server.network !== "outside") return "external-to-service";
    return server.network === "pod" ? "external-to-pod" : "external";
  }

  private ids(sent: Sent | undefined): readonly string[] {
    return sent ? pointsOf(sent).map(this.idOf) : [];
  }

  private time(ns: number): string {
    const total = this.startTimeNs + BigInt(ns);
    return `${total / 1_000_000_000n}.${String(total % 1_000_000_000n).padStart(9, "0")}`;
  }

  /** Each address's first change along the way there, then what only the way back shows. */
  private translations(there: Sent | undefined, back: Sent | undefined): TruthConnection["translations"] {
    const out: {
      kind: "dnat" | "snat" | "icmp-id";
      from: TruthEndpoint;
      to: TruthEndpoint;
      between: [string, string];
      node: string | null;
    }[] = [];
    const icmp = this.first.packet.tuple.protocol === 1;
    for (const [sent, isBack] of [
      [there, false],
      [back, true],
    ] as const) {
      if (!sent) continue;
      for (const side of ["server", "client"] as const) {
        const values: TruthEndpoint[] = [];
        let before: Sighting | undefined;
        for (const sighting of sent.sightings) {
          const { tuple } = sighting.packet;
          // Towards the client the server is the source.
          const isSource = (side === "client") !== isBack;
          const port = icmp
            ? side === "client"
              ? tuple.sourcePort
              : 0
            : isSource
              ? tuple.sourcePort
              : tuple.destinationPort;
          const end: TruthEndpoint = { ip: isSource ? tuple.source : tuple.destination, port };
          const last = values.at(-1);
          if (!values.some((v) => v.ip === end.ip && v.port === end.port)) {
            values.push(end);
            if (last && before) {
              const [from, to] = isBack ? [end, last] : [last, end];
              const [a, b] = isBack ? [sighting, before] : [before, sighting];
              const kind = side === "server" ? "dnat" : icmp && from.ip === to.ip ? "icmp-id" : "snat";
              const known = out.some((t) => t.kind === kind && same(t.from, from) && same(t.to, to));
              if (!known)
                out.push({
                  kind,
                  from,
                  to,
                  between: [this.idOf(a.point), this.idOf(b.point)],
                  node: a.point.namespace === b.point.namespace ? a.point.namespace : null,
                });
            }
          }
          before = sighting;
        }
      }
    }
    return out;
  }

  private encapsulations(): TruthConnection["encapsulations"] {
    const found: TruthConnection["encapsulations"][number][] = [];
    for (const [list, back] of [
      [this.toServer, false],
      [this.toClient, true],
    ] as const)
      for (const { sightings } of list)
        for (const { packet } of sightings)
          for (const carrier of packet.carriers) {
            const outer = back
              ? { src: carrier.destination, dst: carrier.source }
              : { src: carrier.source, dst: carrier.destination };
            if (
              !found.some(
                (e) =>
                  e.kind === carrier.kind &&
                  e.vni === carrier.vni &&
                  e.port === carrier.port &&
                  e.outer.src === outer.src &&
                  e.outer.dst === outer.dst,
              )
            )
              found.push({ kind: carrier.kind, vni: carrier.vni, port: carrier.port, outer });
          }
    return found;
  }
}

function same(a: TruthEndpoint, b: TruthEndpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function payload(list: readonly Sent[]): number {
  return list.reduce((sum, s) => sum + s.packet.payload, 0);
}

/** Points in order, each once in a row. */
function pointsOf(sent: Sent): readonly CapturePoint[] {
  const points: CapturePoint[] = [];
  for (const { point } of sent.sightings) if (points.at(-1) !== point) points.push(point);
  return points;
}

/**
 * A packet that went the way most data packets went; without data, most of all. What got lost on its way says nothing of where it
 * would have gone: only where nothing arrived is the furthest taken.
 */
function usualWay(list: readonly Sent[]): Sent | undefined {
  const arrived = list.filter((s) => s.delivered);
  const dataArrived = arrived.filter((s) => s.packet.payload > 0);
  if (arrived.length > 0) return mostFrequentWay(dataArrived.length > 0 ? dataArrived : arrived);
  return mostFrequentWay(list);
}

function mostFrequentWay(list: readonly Sent[]): Sent | undefined {
  const counts = new Map<string, { readonly sent: Sent; n: number }>();
  for (const sent of list) {
    const way = pointsOf(sent)
      .map((p) => p.index)
      .join(" ");
    const known = counts.get(way);
    if (known) known.n++;
    else counts.set(way, { sent, n: 1 });
  }
  let best: { readonly sent: Sent; n: number } | undefined;
  for (const one of counts.values())
    if (!best || one.n > best.n || (one.n === best.n && one.sent.sightings.length > best.sent.sightings.length))
      best = one;
  return best?.sent;
}

function locality(client: AddressOwner, server: AddressOwner): "same-node" | "cross-node" | "outside" | "unknown" {
  if (client.network === "outside" || server.network === "outside") return "outside";
  if (client.node === null || server.node === null) return "unknown";
  return client.node === server.node ? "same-node" : "cross-node";
}
