/** Network namespaces (machines, pods), the devices they have, the sockets their programs open. Each knows the others. */
import type { Endpoint, AddressText, MacText, PrefixText } from "./addresses";
import type { Conntrack, Netfilter } from "./netfilter";

// ------------------------------------------------------------------------------------------------------------- namespaces

export interface NamespaceOptions {
  /** ip_forward. Default false. */
  readonly forwarding?: boolean;
  /** net.bridge.bridge-nf-call-iptables: bridged IP passes netfilter too, as kube-proxy wants it. Default false. */
  readonly bridgeNetfilter?: boolean;
  /** Sees connections (is conntrack loaded here?). Default false; adding a NAT rule or asking for `conntrack` turns it on. */
  readonly connectionTracking?: boolean;
  readonly defaultTtl?: number;
  /** Answers ICMP echo. Default true. */
  readonly answersPing?: boolean;
  /** Sends ICMP errors (unreachable, time exceeded, fragmentation needed). Default true; false makes the classic path-MTU black hole. */
  readonly sendsIcmpErrors?: boolean;
  /** Ephemeral ports, default [32768, 60999]. */
  readonly ephemeralPorts?: readonly [first: number, last: number];
}

export interface Namespace {
  readonly name: string;
  readonly removed: boolean;
  readonly loopback: Device;
  readonly devices: readonly Device[];
  device(name: string): Device;
  forwarding: boolean;
  bridgeNetfilter: boolean;
  answersPing: boolean;
  sendsIcmpErrors: boolean;
  /** This machine's clock is that far ahead (TCP timestamps only; recordings have the simulation's time unless the recorder adds it). */
  clockOffsetNs: number;

  addRoute(route: Route): void;
  /** Removes routes of exactly that prefix (and gateway/device if given); returns how many. */
  removeRoute(route: Partial<Route> & { readonly prefix: PrefixText }): number;
  readonly routes: readonly Route[];
  /** A permanent neighbour entry. */
  addNeighbour(address: AddressText, mac: MacText, device: Device): void;
  removeNeighbour(address: AddressText, device: Device): void;
  /** Forgets all learned entries, of one device or all. */
  flushNeighbours(device?: Device): void;

  readonly netfilter: Netfilter;
  readonly conntrack: Conntrack;

  udp(options: UdpOptions): UdpSocket;
  ping(options: PingOptions): PingSocket;
  tcpListen(options: TcpListenOptions): TcpListener;
  tcpConnect(options: TcpConnectOptions): TcpConnection;
  /** Open connections, for truth and for tests. */
  readonly tcpConnections: readonly TcpConnection[];
}

export interface Route {
  readonly prefix: PrefixText;
  readonly device: Device;
  /** Next hop; without it the destination is on the link. */
  readonly gateway?: AddressText;
  /** Preferred source address. */
  readonly source?: AddressText;
  readonly metric?: number;
  /** The gateway is reached on the device although no address says so (169.254.1.1, overlay next hops). */
  readonly onlink?: boolean;
  readonly mtu?: number;
  /** "unreachable" and "blackhole" routes need a device too (loopback does). Default unicast. */
  readonly type?: "unicast" | "unreachable" | "blackhole" | "local";
}

// ---------------------------------------------------------------------------------------------------------------- devices

export interface DeviceAt {
  readonly namespace: Namespace;
  readonly name: string;
  /** Default: locally administered, from the seed. */
  readonly mac?: MacText;
  /** Default 1500; 1450 (outer device − 50) for vxlan, 1480 for ipip, 65536 for loopback. */
  readonly mtu?: number;
  /** "10.0.0.1/24": as with `device.addAddress`. */
  readonly addresses?: readonly PrefixText[];
}

export type DeviceKind = "loopback" | "veth" | "nic" | "bridge" | "vxlan" | "ipip" | "tun" | "dummy";
/** What a recording of the device holds. */
export type TapLinkType = "ethernet" | "raw-ip";
export type TapDirection = "in" | "out";
/**
 * What dumpcap would see on that device, times never decreasing over all devices. `bytes` are valid during the call only.
 * "out": handed to the device by this namespace. `journey` is the number of the IP packet (of the innermost one), 0 for ARP and the like.
 */
export type Tap = (device: Device, timeNs: number, bytes: Uint8Array, direction: TapDirection, journey: number) => void;

export interface Device {
  readonly name: string;
  readonly index: number;
  readonly kind: DeviceKind;
  readonly linkType: TapLinkType;
  readonly namespace: Namespace;
  mac: MacText;
  mtu: number;
  readonly addresses: readonly PrefixText[];
  /** Connected routes are made with it, as the kernel does. The first address of a device is its primary one. */
  addAddress(prefix: PrefixText): void;
  removeAddress(prefix: PrefixText): void;
  /** A device that is down neither sends nor receives; its routes are not used. */
  up: boolean;
  /** Proxy ARP: answers for every address that it would route to elsewhere. */
  proxyArp: boolean;
  /** rp_filter=1: an IP packet whose source would not be routed out here is dropped. Default false. */
  reversePathFilter: boolean;
  /** Default false. True once `tap` is set or the network has `onTap` and `captured` is true: puts a bridge into promiscuous mode. */
  captured: boolean;
  tap: Tap | undefined;
  /** The bridge it is a port of. */
  readonly master: BridgeDevice | undefined;
  /** Sends a whole frame (or, on raw-ip devices, a datagram) as a packet socket does: past IP and netfilter. */
  sendFrame(frame: Uint8Array): void;
  /** A packet socket: every frame received for us or for all, before IP looks at it. Returns the function that closes it. */
  receiveFrames(listener: (frame: Uint8Array, timeNs: number) => void): () => void;
  /** Announces an address to everybody (gratuitous ARP request, as `arping -U` / after an address move). */
  announce(address: AddressText): void;
  remove(): void;
  readonly counters: Readonly<DeviceCounters>;
}

export interface DeviceCounters {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  dropped: number;
}

/** All may be changed while the simulation runs. */
export interface LinkProperties {
  /** One way, default 50 µs. */
  delayNs?: number;
  /** Uniform, added; never reorders by itself. Default 5 µs. */
  jitterNs?: number;
  /** Probabilities, 0..1. Default 0. */
  loss?: number;
  duplication?: number;
  /** Probability that a frame is held back by `reorderDelayNs` (default 3 × delay) so that later ones overtake it. */
  reordering?: number;
  reorderDelayNs?: number;
  /** Probability that a frame takes `spikeNs` (default 20 × delay) longer, and all behind it too. */
  spikes?: number;
  spikeNs?: number;
  /** Bits a second; default unlimited. */
  rateBps?: number;
  /** Frames that may wait for the wire; default 1000. */
  queueFrames?: number;
  up?: boolean;
}

export interface Link {
  readonly a: Device;
  readonly b: Device;
  /** Changes both directions, or one. */
  set(properties: LinkProperties, direction?: "a-to-b" | "b-to-a"): void;
  /** The next frames of that direction that `matches` are lost: a precise fault. */
  dropNext(count: number, direction: "a-to-b" | "b-to-a", matches?: (frame: Uint8Array) => boolean): void;
  /** Every frame of that direction that `matches` is lost, until called again with undefined. */
  filter(direction: "a-to-b" | "b-to-a", drops: ((frame: Uint8Array) => boolean) | undefined): void;
}

export interface BridgeOptions {
  /** How long a learned MAC address is kept. Default 300 s. */
  readonly ageingNs?: number;
  /**
   * What kernels do while a bridge with br_netfilter is recorded: the recorder's copy of a frame that was addressed to the bridge and that NAT sent
   * to a neighbour on the same bridge is routed as well, so that the packet arrives twice, the second time with one TTL less and not
   * translated on its way out. Default false: only the recorder sees the copy.
   */
  readonly routesCopies?: boolean;
}

export interface BridgeDevice extends Device {
  attach(port: Device, options?: { readonly hairpin?: boolean }): void;
  detach(port: Device): void;
  setHairpin(port: Device, on: boolean): void;
  /** Learned entries: MAC to port's name. */
  readonly fdb: ReadonlyMap<MacText, string>;
}

export interface VxlanOptions {
  readonly vni: number;
  /** UDP destination port. Default 4789. */
  readonly port?: number;
  /** Source of outer packets. */
  readonly local: AddressText;
  /** Learns inner MAC → tunnel endpoint from arriving packets. Default false (Calico and flannel: static entries). */
  readonly learning?: boolean;
  /** Where frames without an FDB entry go (head-end replication). */
  readonly remotes?: readonly AddressText[];
  /**
   * Outer UDP checksum. Default "zero". "broken": not 0 and wrong, so that the receiving kernel drops it (the classic fault). May be set
   * while running.
   */
  readonly outerChecksum?: OuterChecksum;
  /** Outer TTL, default 64. */
  readonly ttl?: number;
  /** Outer DF, default false (as Linux' `df unset`); ICMP "fragmentation needed" then never comes from outer packets. */
  readonly df?: boolean;
}

export type OuterChecksum = "zero" | "right" | "broken";

export interface VxlanDevice extends Device {
  /** `bridge fdb append MAC dev X dst ADDRESS`. */
  addFdb(mac: MacText, endpoint: AddressText): void;
  removeFdb(mac: MacText): void;
  outerChecksum: OuterChecksum;
  vni: number;
}

export interface IpipOptions {
  /** Source of outer packets. */
  readonly local: AddressText;
  /** Far end; without it, the route's gateway is the far end (as Calico's tunl0). */
  readonly remote?: AddressText;
  /** Outer TTL; default inherits the inner one. */
  readonly ttl?: number;
}

export interface TunDevice extends Device {
  /** The process behind the device: gets every datagram the kernel sends out of it. */
  onDatagram: ((datagram: Uint8Array, journey: number) => void) | undefined;
  /** The process writes a datagram: the kernel receives it. `journey`: that of the packet it is, if it came from elsewhere. */
  write(datagram: Uint8Array, journey?: number): void;
  /** `socat UDP:remote:port,bind=:port TUN`: the usual process. Returns the function that ends it. */
  runUdpTunnel(options: { readonly port: number; readonly remote: Endpoint; readonly local?: AddressText }): () => void;
}

// ---------------------------------------------------------------------------------------------------------------- sockets

export interface UdpOptions {
  /** Default: an ephemeral one. */
  readonly port?: number;
  /** Default any. */
  readonly address?: AddressText;
  /** Connected: hears only from there, and numbers its datagrams (IP identification), as DNS clients do. */
  readonly remote?: Endpoint;
  /** Sends and receives on this device only (needed for broadcasts from 0.0.0.0). */
  readonly device?: Device;
  readonly onDatagram?: (datagram: UdpDatagram, socket: UdpSocket) => void;
  /** An ICMP error for something sent. */
  readonly onError?: (error: SocketError, socket: UdpSocket) => void;
  readonly ttl?: number;
  /** Sends with DF set (path-MTU discovery), as Linux does by default. Default true. */
  readonly dontFragment?: boolean;
}

export interface UdpDatagram {
  /** A copy; yours to keep. */
  readonly payload: Uint8Array;
  readonly from: Endpoint;
  /** The address it was sent to: a reply should come from there. */
  readonly to: Endpoint;
  readonly journey: number;
}

export interface UdpSocket {
  readonly local: Endpoint;
  readonly namespace: Namespace;
  /** `from`: source address of this datagram only. */
  send(payload: Uint8Array, to: Endpoint, from?: AddressText, journey?: number): void;
  close(): void;
}

export type SocketError =
  | "refused"
  | "host-unreachable"
  | "net-unreachable"
  | "prohibited"
  | "time-exceeded"
  | "message-too-long"
  | "timed-out"
  | "reset"
  | "port-in-use"
  | "no-route";

export interface PingOptions {
  readonly to: AddressText;
  readonly from?: AddressText;
  /** Default: from the seed. */
  readonly identifier?: number;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
  readonly onReply?: (reply: PingReply) => void;
  /** `by`: who sent the ICMP error. */
  readonly onError?: (error: SocketError, sequence: number, by: AddressText) => void;
}

export interface PingReply {
  readonly sequence: number;
  readonly from: AddressText;
  readonly ttl: number;
  readonly roundTripNs: number;
  readonly bytes: number;
}

export interface PingSocket {
  readonly identifier: number;
  readonly local: AddressText;
  /** Payload as `ping` makes it: 16 bytes of time, then 10 11 12 … Default 56 bytes. */
  send(sequence: number, payloadBytes?: number): void;
  close(): void;
}

export interface TcpHandlers {
  readonly onOpen?: (connection: TcpConnection) => void;
  /** The bytes are yours to keep. */
  readonly onData?: (bytes: Uint8Array, connection: TcpConnection) => void;
  /** The other side has sent FIN: no more data will come. Without this handler our side closes too. */
  readonly onEnd?: (connection: TcpConnection) => void;
  /** Everything written has been acknowledged. */
  readonly onDrain?: (connection: TcpConnection) => void;
  /** The last call: closed both ways (undefined), reset, refused, timed out … */
  readonly onClose?: (error: SocketError | undefined, connection: TcpConnection) => void;
}

export interface TcpTuning {
  /** Receive buffer in bytes; the window is what is free of it. Default 65536 growing to 6 MB as Linux does; a number here keeps it fixed. */
  readonly receiveBuffer?: number;
  readonly sack?: boolean;
  readonly timestamps?: boolean;
  readonly windowScaling?: boolean;
  /** Idle time before the first keep-alive probe; default none. */
  readonly keepAliveNs?: number;
  /** No delayed acknowledgments. */
  readonly quickAck?: boolean;
  /** Retransmissions of a SYN, default 6; of data, default 15. */
  readonly synRetries?: number;
  readonly dataRetries?: number;
  readonly ttl?: number;
}

export interface TcpListenOptions extends TcpTuning {
  readonly port: number;
  readonly address?: AddressText;
  /** Open connections that were not accepted yet, default 4096; SYNs beyond it are dropped. */
  readonly backlog?: number;
  readonly onConnection: (connection: TcpConnection) => TcpHandlers;
}

export interface TcpListener {
  readonly local: Endpoint;
  readonly namespace: Namespace;
  /** Stops accepting: later SYNs are refused with RST. Open connections stay. */
  close(): void;
  /** False: opened connections wait in the backlog (an overloaded server). */
  accepting: boolean;
}

export interface TcpConnectOptions extends TcpTuning, TcpHandlers {
  readonly to: Endpoint;
  readonly from?: AddressText;
  readonly fromPort?: number;
}

export type TcpState =
  | "SYN_SENT"
  | "SYN_RECEIVED"
  | "ESTABLISHED"
  | "FIN_WAIT_1"
  | "FIN_WAIT_2"
  | "CLOSE_WAIT"
  | "CLOSING"
  | "LAST_ACK"
  | "TIME_WAIT"
  | "CLOSED";

export interface TcpConnection {
  readonly namespace: Namespace;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly state: TcpState;
  /** Queues bytes (copied). Throws RangeError after `end`. */
  write(bytes: Uint8Array): void;
  /** FIN after what is queued. */
  end(): void;
  /** RST. */
  abort(): void;
  /** Stops reading: the receive buffer fills and the window closes. */
  pause(): void;
  resume(): void;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly retransmissions: number;
  /** For the application's own state. */
  context: unknown;
}
