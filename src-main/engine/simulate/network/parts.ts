/**
 * How the parts of a namespace see each other. The parts are classes of their own files that know only these interfaces, so that none imports
 * another: devices hand packets to the stack, the stack to devices, sockets and netfilter to the stack.
 */
import type { BridgeDevice, Device, Namespace } from "./api/namespaces";
import type { Prefix } from "./addresses";
import type { Packet } from "./packet";
import type { World } from "./world";

export interface InterfaceAddress {
  readonly address: number;
  readonly prefix: Prefix;
  readonly broadcast: number;
}

export interface NetDevice extends Device {
  readonly stack: NetStack;
  readonly macBytes: Uint8Array;
  /** Frames with Ethernet headers; false: datagrams only. */
  readonly ethernet: boolean;
  readonly addressList: readonly InterfaceAddress[];
  port: BridgePort | undefined;
  /** `packet.start` is at the frame's beginning (raw devices: at the IP header). The packet is the device's from here on. */
  transmit(packet: Packet): void;
  /** The other end or a tunnel hands a frame in. */
  arrive(packet: Packet): void;
}

/** A device's place in a bridge. */
export interface BridgePort {
  readonly bridge: BridgeDevice & NetDevice;
  readonly device: NetDevice;
  hairpin: boolean;
  input(packet: Packet): void;
}

export const ROUTE_UNICAST = 0;
export const ROUTE_LOCAL = 1;
export const ROUTE_BROADCAST = 2;
export const ROUTE_UNREACHABLE = 3;
export const ROUTE_BLACKHOLE = 4;

/** An answer of the routing table. */
export interface Path {
  readonly kind: number;
  readonly device: NetDevice;
  /** 0: on the link. */
  readonly gateway: number;
  /** Source address for packets made here. */
  readonly source: number;
  /** Route's own MTU, 0: the device's. */
  readonly mtu: number;
}

/** Why an ICMP error is sent; values are type * 256 + code. */
export const ICMP_NET_UNREACHABLE = 0x0300;
export const ICMP_HOST_UNREACHABLE = 0x0301;
export const ICMP_PORT_UNREACHABLE = 0x0303;
export const ICMP_FRAGMENTATION_NEEDED = 0x0304;
export const ICMP_ADMIN_PROHIBITED = 0x030d;
export const ICMP_TTL_EXCEEDED = 0x0b00;
export const ICMP_REASSEMBLY_EXCEEDED = 0x0b01;

/** What an error message says of a packet this namespace sent: the quoted header, translated back. */
export interface QuotedPacket {
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  /** Of TCP and UDP; the identifier and sequence of an ICMP echo. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TCP sequence number, 0 where not quoted. */
  readonly sequence: number;
}

export interface NetStack extends Namespace {
  readonly world: World;
  readonly netDevices: readonly NetDevice[];
  readonly defaultTtl: number;
  readonly ephemeralFirst: number;
  readonly ephemeralLast: number;
  registerDevice(device: NetDevice): void;
  unregisterDevice(device: NetDevice): void;
  /** Addresses, links or routes changed: nothing cached about paths holds. */
  pathsChanged(): void;
  isLocalAddress(address: number): boolean;
  /** Undefined: no route. */
  findPath(destination: number): Path | undefined;
  /** MTU towards that destination: device, route and what ICMP told. */
  pathMtu(path: Path, destination: number): number;

  /** A datagram came in by that device; `packet.start` is at the IP header. */
  receiveIp(packet: Packet, device: NetDevice): void;
  /** A message of IPv6 neighbour discovery came in; `packet.start` is at the IP header. */
  receiveNeighbourDiscovery(packet: Packet, device: NetDevice): void;
  /** A frame with an ARP message came in. */
  receiveArp(packet: Packet, device: NetDevice): void;
  /**
   * A datagram made here: header complete but for the source if 0, identification as it is. Routed, filtered, sent. False if there is no way
   * (then it is dropped). `device`: only out of there.
   */
  outputIp(packet: Packet, device?: NetDevice): boolean;
  /** Finds the MAC address, puts the Ethernet header in front, transmits. */
  sendToNeighbour(packet: Packet, device: NetDevice, nextHop: number): void;
  sendIcmpError(about: Packet, typeAndCode: number, mtu?: number): void;
  /** Answers a TCP segment nobody wants. */
  sendTcpReset(about: Packet): void;
  /** An IP identification for packets without a socket of their own. */
  nextIdentification(destination: number, protocol: number): number;
  /** `handler` gets UDP datagrams to that port before sockets do, `packet.start` at the IP header. Returns the function that ends it. */
  addTunnelPort(port: number, handler: (packet: Packet) => boolean): () => void;
  /** Same for IP protocol 4. */
  addIpipHandler(handler: (packet: Packet) => boolean): () => void;

  /** Netfilter for bridged IPv4 (br_netfilter), `packet.start` at the IP header. False: it was dropped or kept. */
  bridgePreRouting(packet: Packet, bridge: NetDevice): boolean;
  bridgeForward(packet: Packet, bridge: NetDevice): boolean;
  /** Calls back once the MAC address is known; not at all if it cannot be found. */
  withNeighbour(device: NetDevice, address: number, packet: Packet, use: (mac: Uint8Array) => void): void;
}
