/**
 * What the rest of the simulator programs against: types only. `createNetwork` (network.ts) makes the first object.
 *
 * ```
 *  Network ── namespace("n1") ─► Namespace ── addresses, routes, neighbours, netfilter, conntrack, sockets
 *     │                              ▲
 *     ├─ veth / link / bridge / vxlan / ipip / tun ─► Device ── tap, up/down, MTU
 *     └─ run(untilNs), schedule(atNs, …), random("concern")
 * ```
 *
 * Times are nanoseconds from the start of the simulation, as numbers (exact up to 104 days). IPv4 addresses are dotted text, prefixes
 * "10.244.1.0/24", MAC addresses "02:00:00:00:00:01". Same calls with the same seed give the same bytes. Wrong arguments
 * throw RangeError with a sentence for the person who wrote the scenario.
 */

/** Dotted decimal. */
export type Ipv4Text = string;
/** "10.244.1.0/24"; a bare address is a /32. */
export type PrefixText = string;
export type MacText = string;

export interface Endpoint {
  readonly address: Ipv4Text;
  readonly port: number;
}

export interface NetworkOptions {
  /** Any integer. Every concern (MACs, sequence numbers, loss of each link, …) gets a stream of its own from it. */
  readonly seed: number;
  /** Unix time of the start, nanoseconds; used in conntrack's event lines. Default 2026-01-01T00:00:00Z. */
  readonly startTimeNs?: bigint;
  /**
   * As the kernel's recordings have it: TCP hands super-packets of up to 64 KB with unfinished checksums to devices of kind veth. Default false:
   * every packet is one frame with sound checksums.
   */
  readonly offload?: boolean;
}

export interface Network {
  readonly nowNs: number;
  readonly startTimeNs: bigint;
  /** A stream of random numbers that depends on the seed and this name only. */
  random(concern: string): RandomStream;
  /** Calls `action` at that time (at once after what runs now, if it is past). Events at one time run in the order they were scheduled. */
  schedule(atNs: number, action: () => void): ScheduledAction;
  /** Runs all events up to and including that time; then `nowNs` is that time. */
  run(untilNs: number): void;
  /** Runs the next event, if there is one not later than `limitNs`; false if there was none. */
  step(limitNs?: number): boolean;
  /** When the next event is due, Infinity if none is. */
  readonly nextEventNs: number;

  namespace(name: string, options?: NamespaceOptions): Namespace;
  readonly namespaces: readonly Namespace[];
  /** All its devices go (the peers of its veths stay, without carrier), sockets vanish without a word, as when a pod's sandbox is deleted. */
  removeNamespace(namespace: Namespace): void;

  /** A veth pair: what goes in at one end comes out at the other. */
  veth(a: DeviceAt, b: DeviceAt): readonly [a: Device, b: Device];
  /** Two NICs and the wire between them; the properties hold for each direction. */
  link(a: DeviceAt, b: DeviceAt, properties?: LinkProperties): Link;
  /** A Linux bridge; `attach` devices of the same namespace to it. */
  bridge(at: DeviceAt, options?: BridgeOptions): BridgeDevice;
  vxlan(at: DeviceAt, options: VxlanOptions): VxlanDevice;
  ipip(at: DeviceAt, options: IpipOptions): Device;
  tun(at: DeviceAt): TunDevice;
  dummy(at: DeviceAt): Device;

  /** Called for everything the network throws away, and why: the truth behind "last seen at". */
  onDrop: ((drop: Drop) => void) | undefined;
  /** Every frame on any device with `captured` set: for one recorder instead of a tap each. */
  onTap: Tap | undefined;
  /**
   * A namespace made an IP packet (socket, echo reply, ICMP error, REJECT): it has this number wherever it goes, through bridges, NAT, fragments
   * and tunnels (outer packets have the number of what they carry). A retransmission is a new packet. `datagram` begins with the IP header
   * as the socket made it, before NAT; valid during the call only.
   */
  onOriginate: PacketObserver | undefined;
  /** Handed to a socket or to ICMP of that namespace, after NAT; `datagram` begins with the IP header. */
  onDeliver: PacketObserver | undefined;
}

export type PacketObserver = (journey: number, namespace: Namespace, datagram: Uint8Array, timeNs: number) => void;

export interface RandomStream {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ x < bound. */
  integer(bound: number): number;
  /** 32 random bits, unsigned. */
  u32(): number;
}

export interface ScheduledAction {
  cancel(): void;
}

export interface Drop {
  readonly timeNs: number;
  readonly namespace: Namespace;
  /** Where it was, if on a device. */
  readonly device: Device | undefined;
  readonly reason: DropReason;
  /** The rule's comment, for reason "rule". */
  readonly detail: string | undefined;
  readonly journey: number;
  /** The frame or datagram, valid during the call only. */
  readonly bytes: Uint8Array;
}

export type DropReason =
  | "rule"
  | "reject"
  | "loss"
  | "queue-full"
  | "link-down"
  | "device-down"
  | "mtu"
  | "ttl"
  | "no-route"
  | "no-neighbour"
  | "not-forwarding"
  | "reverse-path"
  | "no-tunnel-endpoint"
  | "bad-checksum"
  | "conntrack-clash"
  | "reassembly-timeout"
  | "malformed";

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
  announce(address: Ipv4Text): void;
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
  readonly local: Ipv4Text;
  /** Learns inner MAC → tunnel endpoint from arriving packets. Default false (Calico and flannel: static entries). */
  readonly learning?: boolean;
  /** Where frames without an FDB entry go (head-end replication). */
  readonly remotes?: readonly Ipv4Text[];
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
  addFdb(mac: MacText, endpoint: Ipv4Text): void;
  removeFdb(mac: MacText): void;
  outerChecksum: OuterChecksum;
  vni: number;
}

export interface IpipOptions {
  /** Source of outer packets. */
  readonly local: Ipv4Text;
  /** Far end; without it, the route's gateway is the far end (as Calico's tunl0). */
  readonly remote?: Ipv4Text;
  /** Outer TTL; default inherits the inner one. */
  readonly ttl?: number;
}

export interface TunDevice extends Device {
  /** The process behind the device: gets every datagram the kernel sends out of it. */
  onDatagram: ((datagram: Uint8Array, journey: number) => void) | undefined;
  /** The process writes a datagram: the kernel receives it. `journey`: that of the packet it is, if it came from elsewhere. */
  write(datagram: Uint8Array, journey?: number): void;
  /** `socat UDP:remote:port,bind=:port TUN`: the usual process. Returns the function that ends it. */
  runUdpTunnel(options: { readonly port: number; readonly remote: Endpoint; readonly local?: Ipv4Text }): () => void;
}

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
  addNeighbour(address: Ipv4Text, mac: MacText, device: Device): void;
  removeNeighbour(address: Ipv4Text, device: Device): void;
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
  readonly gateway?: Ipv4Text;
  /** Preferred source address. */
  readonly source?: Ipv4Text;
  readonly metric?: number;
  /** The gateway is reached on the device although no address says so (169.254.1.1, overlay next hops). */
  readonly onlink?: boolean;
  readonly mtu?: number;
  /** "unreachable" and "blackhole" routes need a device too (loopback does). Default unicast. */
  readonly type?: "unicast" | "unreachable" | "blackhole" | "local";
}

// -------------------------------------------------------------------------------------------------------------- netfilter

/** Tables in the order the kernel asks them: mangle, nat, filter (raw has no use here). */
export type TableName = "mangle" | "nat" | "filter";
export type HookName = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

export interface Netfilter {
  /** Makes a chain of one's own; nothing if it is there. */
  addChain(table: TableName, chain: string): void;
  /** Appends (or inserts at `position`) to a chain, also to the built-in ones. An unknown chain is made. */
  append(table: TableName, chain: string, rule: Rule): RuleHandle;
  /** Empties the chain, appends these. */
  replace(table: TableName, chain: string, rules: readonly Rule[]): void;
  insert(table: TableName, chain: string, position: number, rule: Rule): RuleHandle;
  /** Empties the chain. */
  flush(table: TableName, chain: string): void;
  /** Empties and removes it; rules that jump to it do nothing then. */
  removeChain(table: TableName, chain: string): void;
  /** What a built-in chain does at its end. Default ACCEPT. */
  setPolicy(table: TableName, chain: HookName, policy: "ACCEPT" | "DROP"): void;
}

export interface RuleHandle {
  readonly packets: number;
  remove(): void;
}

export interface Rule extends Match {
  readonly target: Target;
  /** Reported with drops. */
  readonly comment?: string;
  /** Conditions that must not hold, each by itself: `{ not: { source: "10.244.0.0/16" } }`. */
  readonly not?: Match;
}

/** All given conditions must hold. */
export interface Match {
  readonly source?: PrefixText | readonly PrefixText[];
  readonly destination?: PrefixText | readonly PrefixText[];
  readonly protocol?: "tcp" | "udp" | "icmp" | number;
  readonly sourcePort?: number | readonly [first: number, last: number];
  readonly destinationPort?: number | readonly [first: number, last: number];
  /** A device's name; a trailing + matches any rest. */
  readonly inDevice?: string;
  readonly outDevice?: string;
  readonly mark?: { readonly value: number; readonly mask?: number };
  /** addrtype --dst-type LOCAL. */
  readonly destinationIsLocal?: boolean;
  readonly sourceIsLocal?: boolean;
  readonly state?: readonly ("NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "DNAT" | "SNAT")[];
  /** statistic --mode random. */
  readonly probability?: number;
  /** statistic --mode nth --every N --packet P. */
  readonly every?: { readonly n: number; readonly packet: number };
  /** recent --name N --rcheck --seconds S --reap (session affinity): the source is in the list. */
  readonly recent?: { readonly list: string; readonly seconds: number };
  readonly icmpType?: number;
  /** tcp flags of a SYN (as --syn). */
  readonly tcpSyn?: boolean;
  /** IP length in bytes, at least. */
  readonly lengthAtLeast?: number;
}

export type Target =
  | { readonly kind: "accept" | "drop" | "return" | "masquerade" }
  /** `rememberIn`: recent --set, also allowed on other targets through `remember`. */
  | { readonly kind: "dnat"; readonly address?: Ipv4Text; readonly port?: number; readonly remember?: string }
  | { readonly kind: "snat"; readonly address: Ipv4Text; readonly ports?: readonly [first: number, last: number] }
  | { readonly kind: "masquerade-random" }
  /** REDIRECT: DNAT to the address of the device it came in on. */
  | { readonly kind: "redirect"; readonly port: number }
  | { readonly kind: "mark"; readonly or?: number; readonly and?: number; readonly xor?: number }
  | {
      readonly kind: "reject";
      readonly with?:
        | "icmp-port-unreachable"
        | "icmp-host-unreachable"
        | "icmp-net-unreachable"
        | "icmp-admin-prohibited"
        | "tcp-reset";
    }
  | { readonly kind: "jump"; readonly chain: string }
  /** TCPMSS --clamp-mss-to-pmtu, or to a value. */
  | { readonly kind: "clamp-mss"; readonly mss?: number }
  | { readonly kind: "notrack" };

export interface Conntrack {
  enabled: boolean;
  /** Called for NEW, UPDATE and DESTROY. */
  onEvent: ((event: ConntrackEvent) => void) | undefined;
  readonly entries: readonly ConntrackEntry[];
  /** `conntrack -D`: all, or those that match. Returns how many. */
  flush(matches?: (entry: ConntrackEntry) => boolean): number;
  /** Seconds for `nf_conntrack_*_timeout`; those not given stay. */
  setTimeouts(seconds: Partial<ConntrackTimeouts>): void;
  /** False brings the classic clash: two packets of one new UDP flow at once, one of them lost. Default true (resolved). */
  resolveClashes: boolean;
}

export interface ConntrackTimeouts {
  tcpSynSent: number;
  tcpSynReceived: number;
  tcpEstablished: number;
  tcpFinWait: number;
  tcpCloseWait: number;
  tcpLastAck: number;
  tcpTimeWait: number;
  tcpClose: number;
  udp: number;
  udpStream: number;
  icmp: number;
  generic: number;
}

export interface ConntrackTuple {
  readonly source: Ipv4Text;
  readonly destination: Ipv4Text;
  /** Ports; for ICMP echo the identifier in both (type and code are in the text). */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface ConntrackEntry {
  readonly id: number;
  readonly protocol: number;
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  readonly assured: boolean;
  readonly replied: boolean;
  readonly sourceTranslated: boolean;
  readonly destinationTranslated: boolean;
}

export interface ConntrackEvent {
  readonly type: "NEW" | "UPDATE" | "DESTROY";
  readonly timeNs: number;
  readonly entry: ConntrackEntry;
  /** The line `conntrack -E -o timestamp,extended` prints, without line end. */
  readonly text: string;
}

// ---------------------------------------------------------------------------------------------------------------- sockets

export interface UdpOptions {
  /** Default: an ephemeral one. */
  readonly port?: number;
  /** Default any. */
  readonly address?: Ipv4Text;
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
  send(payload: Uint8Array, to: Endpoint, from?: Ipv4Text, journey?: number): void;
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
  readonly to: Ipv4Text;
  readonly from?: Ipv4Text;
  /** Default: from the seed. */
  readonly identifier?: number;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
  readonly onReply?: (reply: PingReply) => void;
  /** `by`: who sent the ICMP error. */
  readonly onError?: (error: SocketError, sequence: number, by: Ipv4Text) => void;
}

export interface PingReply {
  readonly sequence: number;
  readonly from: Ipv4Text;
  readonly ttl: number;
  readonly roundTripNs: number;
  readonly bytes: number;
}

export interface PingSocket {
  readonly identifier: number;
  readonly local: Ipv4Text;
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
  readonly address?: Ipv4Text;
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
  readonly from?: Ipv4Text;
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
