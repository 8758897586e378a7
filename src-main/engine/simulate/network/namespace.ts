/** A network namespace: puts routing, neighbours, IP, netfilter and sockets together and is what devices and sockets see of each other. */
import type {
  Device,
  Namespace,
  NamespaceOptions,
  PingOptions,
  PingSocket,
  Route,
  SocketError,
  TcpConnectOptions,
  TcpConnection,
  TcpListenOptions,
  TcpListener,
  UdpOptions,
  UdpSocket,
} from "./api/namespaces";
import { u16, u32 } from "./bytes";
import { LoopbackDevice } from "./devices/local-devices";
import { mix } from "./flow-hash";
import { echoReply, errorAbout, mayComplainAbout, quotedIn, resetFor, udpChecksumHolds } from "./icmp";
import { IpLayer } from "./ip-layer";
import { ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, isIcmpv6Error, reasonOfIcmpv6 } from "./icmpv6";
import { isIpv6, ipv6Word } from "./ipv6-addresses";
import { NeighbourTable } from "./neighbours";
import { ConntrackTable } from "./netfilter/conntrack";
import { NetfilterImpl } from "./netfilter/netfilter";
import {
  isIcmp,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IPIP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "./packet";
import {
  ICMP_FRAGMENTATION_NEEDED,
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PORT_UNREACHABLE,
  type NetDevice,
  type NetStack,
  type Path,
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
  ROUTE_UNICAST,
} from "./parts";
import { RoutingTable } from "./routing-table";
import { PingSockets } from "./sockets/ping";
import { TcpSockets } from "./sockets/tcp-sockets";
import { UdpSockets } from "./sockets/udp";
import type { World } from "./world";

/** `mtu_expires` of Linux. */
const PATH_MTU_NS = 600e9;
const SMALLEST_PATH_MTU = 552;
/** RFC 8200 section 5. */
const SMALLEST_IPV6_MTU = 1280;
const IDENTIFICATION_SLOTS = 256;

export class NamespaceImpl implements Namespace, NetStack {
  readonly name: string;
  readonly world: World;
  readonly netDevices: NetDevice[] = [];
  readonly loopback: NetDevice;
  readonly netfilter: NetfilterImpl;
  readonly conntrack: ConntrackTable;
  readonly defaultTtl: number;
  readonly ephemeralFirst: number;
  readonly ephemeralLast: number;
  forwarding: boolean;
  bridgeNetfilter: boolean;
  answersPing: boolean;
  sendsIcmpErrors: boolean;
  clockOffsetNs = 0;
  removed = false;
  readonly #routing: RoutingTable;
  readonly #neighbours: NeighbourTable;
  readonly #ip: IpLayer;
  readonly #udp: UdpSockets;
  readonly #tcp: TcpSockets;
  readonly #ping: PingSockets;
  readonly #pathMtus = new Map<number, { readonly mtu: number; readonly expiresNs: number }>();
  readonly #tunnelPorts = new Map<number, ((packet: Packet) => boolean)[]>();
  readonly #ipipHandlers: ((packet: Packet) => boolean)[] = [];
  readonly #identifications: Uint16Array;
  readonly #identificationSecret: number;

  constructor(world: World, name: string, options: NamespaceOptions) {
    this.world = world;
    this.name = name;
    this.forwarding = options.forwarding === true;
    this.bridgeNetfilter = options.bridgeNetfilter === true;
    this.answersPing = options.answersPing !== false;
    this.sendsIcmpErrors = options.sendsIcmpErrors !== false;
    this.defaultTtl = options.defaultTtl ?? 64;
    [this.ephemeralFirst, this.ephemeralLast] = options.ephemeralPorts ?? [32_768, 60_999];
    const random = world.random(`identifications ${name}`);
    this.#identifications = Uint16Array.from({ length: IDENTIFICATION_SLOTS }, () => random.integer(0x10000));
    this.#identificationSecret = random.u32();
    this.#routing = new RoutingTable(this.netDevices);
    this.#neighbours = new NeighbourTable(this);
    this.conntrack = new ConntrackTable(world);
    this.conntrack.enabled = options.connectionTracking === true;
    this.netfilter = new NetfilterImpl(this, this.conntrack);
    this.#ip = new IpLayer(this, this.netfilter, (packet, device) => {
      this.#deliver(packet, device);
    });
    this.#udp = new UdpSockets(this);
    this.#tcp = new TcpSockets(this);
    this.#ping = new PingSockets(this);
    this.loopback = new LoopbackDevice(this);
  }

  // ---------------------------------------------------------------------------------------------------- configuration

  get devices(): readonly Device[] {
    return this.netDevices;
  }

  device(name: string): Device {
    const found = this.netDevices.find((device) => device.name === name);
    if (found === undefined)
      throw new RangeError(
        `${this.name} has no device ${name}, only ${this.netDevices.map((device) => device.name).join(", ")}`,
      );
    return found;
  }

  registerDevice(device: NetDevice): void {
    if (this.netDevices.some(({ name }) => name === device.name))
      throw new RangeError(`${this.name} has a device ${device.name} already`);
    this.netDevices.push(device);
    this.pathsChanged();
  }

  unregisterDevice(device: NetDevice): void {
    const at = this.netDevices.indexOf(device);
    if (at >= 0) this.netDevices.splice(at, 1);
    this.#neighbours.removeDevice(device);
    this.#routing.removeDevice(device);
  }

  /** Everything goes, without a word. */
  remove(): void {
    this.removed = true;
    this.#udp.clear();
    this.#tcp.clear();
    this.#ping.clear();
    for (const device of [...this.netDevices]) device.remove();
  }

  pathsChanged(): void {
    this.#routing.changed();
  }

  addRoute(route: Route): void {
    this.#routing.add(route, route.device as NetDevice);
  }
  removeRoute(route: Partial<Route> & { readonly prefix: string }): number {
    return this.#routing.remove(route);
  }
  get routes(): readonly Route[] {
    return this.#routing.routes;
  }

  addNeighbour(address: string, mac: string, device: Device): void {
    this.#neighbours.addPermanent(address, mac, device as NetDevice);
  }
  removeNeighbour(address: string, device: Device): void {
    this.#neighbours.remove(address, device as NetDevice);
  }
  flushNeighbours(device?: Device): void {
    this.#neighbours.flush(device as NetDevice | undefined);
  }

  udp(options: UdpOptions): UdpSocket {
    return this.#udp.open(options);
  }
  ping(options: PingOptions): PingSocket {
    return this.#ping.open(options);
  }
  tcpListen(options: TcpListenOptions): TcpListener {
    return this.#tcp.listen(options);
  }
  tcpConnect(options: TcpConnectOptions): TcpConnection {
    return this.#tcp.connect(options);
  }
  get tcpConnections(): readonly TcpConnection[] {
    return this.#tcp.connections;
  }

  // ------------------------------------------------------------------------------------------------------------- paths

  isLocalAddress(address: number): boolean {
    return this.#routing.isLocal(address);
  }

  findPath(destination: number): Path | undefined {
    return this.#routing.find(destination);
  }

  pathMtu(path: Path, destination: number): number {
    const device = path.mtu === 0 ? path.device.mtu : Math.min(path.mtu, path.device.mtu);
    if (this.#pathMtus.size === 0) return device;
    const learned = this.#pathMtus.get(destination);
    if (learned === undefined || learned.expiresNs <= this.world.nowNs) return device;
    return Math.min(device, learned.mtu);
  }

  /** A counter of its own for each group of destinations, as Linux'. */
  nextIdentification(destination: number, protocol: number): number {
    let hash = mix(this.#identificationSecret, isIpv6(destination) ? ipv6Word(destination, 0) : destination);
    if (isIpv6(destination)) for (let index = 1; index < 4; index++) hash = mix(hash, ipv6Word(destination, index));
    const slot = mix(hash, protocol) % IDENTIFICATION_SLOTS;
    const value = ((this.#identifications[slot] as number) + 1) & 0xffff;
    this.#identifications[slot] = value;
    return value;
  }

  // ----------------------------------------------------------------------------------------------------------- packets

  receiveIp(packet: Packet, device: NetDevice): void {
    this.#ip.receive(packet, device);
  }
  receiveNeighbourDiscovery(packet: Packet, device: NetDevice): void {
    this.#neighbours.receiveDiscovery(packet, device);
  }
  receiveArp(packet: Packet, device: NetDevice): void {
    this.#neighbours.receive(packet, device);
  }
  outputIp(packet: Packet, device?: NetDevice): boolean {
    return !this.removed && this.#ip.output(packet, device);
  }
  sendToNeighbour(packet: Packet, device: NetDevice, nextHop: number): void {
    this.#neighbours.send(packet, device, nextHop);
  }
  withNeighbour(device: NetDevice, address: number, packet: Packet, use: (mac: Uint8Array) => void): void {
    this.#neighbours.resolve(device, address, packet.source, use);
  }
  bridgePreRouting(packet: Packet, bridge: NetDevice): boolean {
    return this.#ip.bridgePreRouting(packet, bridge);
  }
  bridgeForward(packet: Packet, bridge: NetDevice): boolean {
    return this.#ip.bridgeForward(packet, bridge);
  }

  addTunnelPort(port: number, handler: (packet: Packet) => boolean): () => void {
    const handlers = this.#tunnelPorts.get(port) ?? [];
    this.#tunnelPorts.set(port, [...handlers, handler]);
    return () => {
      const rest = (this.#tunnelPorts.get(port) ?? []).filter((other) => other !== handler);
      if (rest.length === 0) this.#tunnelPorts.delete(port);
      else this.#tunnelPorts.set(port, rest);
    };
  }

  addIpipHandler(handler: (packet: Packet) => boolean): () => void {
    this.#ipipHandlers.push(handler);
    return () => {
      const at = this.#ipipHandlers.indexOf(handler);
      if (at >= 0) this.#ipipHandlers.splice(at, 1);
    };
  }

  sendIcmpError(about: Packet, typeAndCode: number, mtu = 0): void {
    if (!this.sendsIcmpErrors || !mayComplainAbout(about)) return;
    const here = this.findPath(about.destination);
    const back = this.findPath(about.source);
    if (back === undefined || here?.kind === ROUTE_BROADCAST) return;
    const source =
      here?.kind === ROUTE_LOCAL ? about.destination : back.kind === ROUTE_LOCAL ? about.source : back.source;
    this.outputIp(errorAbout(this, about, source, typeAndCode, mtu));
  }

  sendTcpReset(about: Packet): void {
    if (about.protocol !== PROTOCOL_TCP) return;
    const reset = resetFor(this, about);
    if (reset !== undefined) this.outputIp(reset);
  }

  #deliver(packet: Packet, device: NetDevice): void {
    const { protocol } = packet;
    if (packet.depth === 0) this.world.onDeliver?.(packet.journey, this, packet.view(), this.world.nowNs);
    if (protocol === PROTOCOL_TCP) this.#tcp.receive(packet, device);
    else if (protocol === PROTOCOL_UDP) {
      if (!this.#isForTunnel(packet, device)) this.#udp.receive(packet, device);
    } else if (protocol === PROTOCOL_ICMP) this.#receiveIcmp(packet);
    else if (protocol === PROTOCOL_ICMPV6) this.#receiveIcmpv6(packet);
    else if (protocol === PROTOCOL_IPIP && this.#ipipHandlers.some((handler) => handler(packet))) return;
  }

  #isForTunnel(packet: Packet, device: NetDevice): boolean {
    if (this.#tunnelPorts.size === 0 || packet.end - packet.transportAt < 8) return false;
    const handlers = this.#tunnelPorts.get(u16(packet.buffer, packet.transportAt + 2));
    if (handlers === undefined) return false;
    if (u16(packet.buffer, packet.transportAt + 6) !== 0 && !udpChecksumHolds(packet)) {
      this.world.drop(this, device, "bad-checksum", packet);
      return true;
    }
    for (const handler of handlers) if (handler(packet)) return true;
    this.world.drop(this, device, "no-tunnel-endpoint", packet);
    return true;
  }

  #receiveIcmp(packet: Packet): void {
    const at = packet.transportAt;
    if (packet.end - at < 8) return;
    const type = packet.buffer[at] as number;
    if (type === 8) {
      if (this.answersPing && this.findPath(packet.destination)?.kind === ROUTE_LOCAL)
        this.outputIp(echoReply(this, packet));
    } else if (type === 0) this.#ping.receive(packet);
    else if (type === 3 || type === 11) this.#receiveError(packet, u16(packet.buffer, at));
  }

  #receiveIcmpv6(packet: Packet): void {
    const at = packet.transportAt;
    if (packet.end - at < 8) return;
    const type = packet.buffer[at] as number;
    if (type === ICMPV6_ECHO_REQUEST) {
      if (this.answersPing && this.findPath(packet.destination)?.kind === ROUTE_LOCAL)
        this.outputIp(echoReply(this, packet));
    } else if (type === ICMPV6_ECHO_REPLY) this.#ping.receive(packet);
    else if (isIcmpv6Error(type)) {
      const reason = reasonOfIcmpv6(u16(packet.buffer, at));
      if (reason !== undefined) this.#receiveError(packet, reason);
    }
  }

  /** `typeAndCode`: by ICMP's numbers. */
  #receiveError(packet: Packet, typeAndCode: number): void {
    const quoted = quotedIn(packet);
    if (quoted === undefined) return;
    const { protocol, destination } = quoted;
    if (typeAndCode === ICMP_FRAGMENTATION_NEEDED) {
      const mtu = u32(packet.buffer, packet.transportAt + 4) & 0xffff;
      const path = this.findPath(destination);
      if (path?.kind === ROUTE_UNICAST && mtu < this.pathMtu(path, destination)) {
        const expiresNs = this.world.nowNs + PATH_MTU_NS;
        this.#pathMtus.set(destination, {
          mtu: Math.max(mtu, packet.isIpv6 ? SMALLEST_IPV6_MTU : SMALLEST_PATH_MTU),
          expiresNs,
        });
        this.#tcp.pathMtuChanged(destination);
      }
    }
    const error = errorOf(typeAndCode);
    if (protocol === PROTOCOL_UDP) this.#udp.error(quoted, error);
    else if (isIcmp(protocol)) this.#ping.error(quoted, error, packet.source);
    else if (protocol === PROTOCOL_TCP && typeAndCode >> 8 === 3 && typeAndCode !== ICMP_FRAGMENTATION_NEEDED)
      this.#tcp.error(quoted, error);
  }
}

function errorOf(typeAndCode: number): SocketError {
  switch (typeAndCode) {
    case ICMP_NET_UNREACHABLE:
      return "net-unreachable";
    case ICMP_HOST_UNREACHABLE:
      return "host-unreachable";
    case ICMP_PORT_UNREACHABLE:
      return "refused";
    case ICMP_FRAGMENTATION_NEEDED:
      return "message-too-long";
    default:
      return typeAndCode >> 8 === 11 ? "time-exceeded" : "prohibited";
  }
}
