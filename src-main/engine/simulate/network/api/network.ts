/**
 * What the rest of the simulator programs against: types only, in this folder. `createNetwork` (../network.ts) makes the first object.
 *
 * ```
 *  Network ── namespace("n1") ─► Namespace ── addresses, routes, neighbours, netfilter, conntrack, sockets
 *     │                              ▲
 *     ├─ veth / link / bridge / vxlan / ipip / tun ─► Device ── tap, up/down, MTU
 *     └─ run(untilNs), schedule(atNs, …), random("concern")
 * ```
 *
 * Times are nanoseconds from the start of the simulation, as numbers (exact up to 104 days). Same calls with the same seed give the
 * same bytes. Wrong arguments throw RangeError with a sentence for the person who wrote the scenario.
 */
import type {
  BridgeDevice,
  BridgeOptions,
  Device,
  DeviceAt,
  IpipOptions,
  Link,
  LinkProperties,
  Namespace,
  NamespaceOptions,
  Tap,
  TunDevice,
  VxlanDevice,
  VxlanOptions,
} from "./namespaces";

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
