/**
 * IPv4 and IPv6 in one namespace, from device to device or socket, as Linux orders it.
 *
 * ```
 *  receive ─► PREROUTING ─► route ─┬─ here: reassemble ─► INPUT ─► deliver (tunnel, ICMP, socket)
 *                                  └─ not here: TTL, path MTU ─► FORWARD ─┐
 *  output (made here) ─► route ─► OUTPUT ─► route again if NAT changed it ┴─► POSTROUTING ─► fragment ─► neighbour or device
 * ```
 * Neighbour discovery goes past netfilter and connection tracking, as ARP does.
 */
import { BROADCAST_IP, BROADCAST_MAC, isMulticast } from "./addresses";
import { fold16, sum16, u16 } from "./bytes";
import { decrementTtl, setAddress } from "./ip-header";
import { fragment, isFragment, Reassembly } from "./fragments";
import type { ConntrackTable } from "./netfilter/conntrack";
import type { NetfilterImpl } from "./netfilter/netfilter";
import { ethertypeOf, IP_DF, IPV6_BYTES, type Packet, PROTOCOL_ICMPV6, pushEthernet } from "./packet";
import { firstAddress } from "./routing-table";
import {
  ICMP_FRAGMENTATION_NEEDED,
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_TTL_EXCEEDED,
  type NetDevice,
  type NetStack,
  type Path,
  ROUTE_BLACKHOLE,
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
  ROUTE_UNICAST,
  ROUTE_UNREACHABLE,
} from "./parts";

export class IpLayer {
  readonly #stack: NetStack;
  readonly #netfilter: NetfilterImpl;
  readonly #conntrack: ConntrackTable;
  readonly #reassembly: Reassembly;
  readonly #deliver: (packet: Packet, device: NetDevice) => void;

  /** `deliver` gets whole datagrams for this namespace, `packet.start` at the IP header. */
  constructor(stack: NetStack, netfilter: NetfilterImpl, deliver: (packet: Packet, device: NetDevice) => void) {
    this.#stack = stack;
    this.#netfilter = netfilter;
    this.#conntrack = netfilter.conntrack;
    this.#reassembly = new Reassembly(stack);
    this.#deliver = deliver;
  }

  receive(arrived: Packet, device: NetDevice): void {
    let packet = arrived;
    if (!this.#isSound(packet, device)) return;
    if (isNeighbourDiscovery(packet)) {
      this.#stack.receiveNeighbourDiscovery(packet, device);
      return;
    }
    if (packet.preRouted) packet.preRouted = false;
    else {
      if (this.#conntrack.enabled && isFragment(packet)) {
        const whole = this.#reassembly.add(packet);
        if (whole === undefined) return;
        packet = whole;
      }
      if (!this.#netfilter.run("PREROUTING", packet, device, undefined)) return;
    }
    // A packet "from us" that comes from outside is a martian, whatever the filter (fib_validate_source).
    if (device !== this.#stack.loopback && this.#stack.isLocalAddress(packet.source)) {
      this.#drop(packet, device, "reverse-path");
      return;
    }
    if (device.reversePathFilter && packet.source !== 0 && this.#stack.findPath(packet.source)?.device !== device) {
      this.#drop(packet, device, "reverse-path");
      return;
    }
    const path = this.#stack.findPath(packet.destination);
    if (path !== undefined && (path.kind === ROUTE_LOCAL || path.kind === ROUTE_BROADCAST)) {
      this.#receiveHere(packet, device);
      return;
    }
    // Nobody here has joined a group.
    if (isMulticast(packet.destination)) return;
    this.#forward(packet, device, path);
  }

  #isSound(packet: Packet, device: NetDevice): boolean {
    const { buffer, start } = packet;
    if (packet.isIpv6) {
      const end = start + IPV6_BYTES + u16(buffer, start + 4);
      if (packet.length < IPV6_BYTES || end > packet.end || packet.transportAt > end) {
        this.#drop(packet, device, "malformed");
        return false;
      }
      packet.end = end;
      return true;
    }
    const header = packet.headerBytes;
    const total = u16(buffer, start + 2);
    if (
      packet.length < 20 ||
      (buffer[start] as number) >> 4 !== 4 ||
      header < 20 ||
      total < header ||
      total > packet.length
    ) {
      this.#drop(packet, device, "malformed");
      return false;
    }
    // Short frames may be padded.
    packet.end = start + total;
    if (fold16(sum16(buffer, start, start + header)) !== 0xffff) {
      this.#drop(packet, device, "bad-checksum");
      return false;
    }
    return true;
  }

  #receiveHere(arrived: Packet, device: NetDevice): void {
    let packet = arrived;
    if (isFragment(packet)) {
      const whole = this.#reassembly.add(packet);
      if (whole === undefined) return;
      packet = whole;
    }
    if (!this.#netfilter.run("INPUT", packet, device, undefined)) return;
    this.#deliver(packet, device);
  }

  #forward(packet: Packet, device: NetDevice, path: Path | undefined): void {
    const stack = this.#stack;
    if (!stack.forwarding) {
      this.#drop(packet, device, "not-forwarding");
      return;
    }
    if (path === undefined || path.kind !== ROUTE_UNICAST) {
      this.#refuse(packet, device, path);
      return;
    }
    if (packet.ttl <= 1) {
      stack.sendIcmpError(packet, ICMP_TTL_EXCEEDED);
      this.#drop(packet, device, "ttl");
      return;
    }
    const mtu = stack.pathMtu(path, packet.destination);
    const df = (packet.fragmentWord & IP_DF) !== 0;
    if (df && lengthOnWire(packet) > mtu) {
      stack.sendIcmpError(packet, ICMP_FRAGMENTATION_NEEDED, mtu);
      this.#drop(packet, device, "mtu");
      return;
    }
    decrementTtl(packet);
    packet.nextHop = path.gateway === 0 ? packet.destination : path.gateway;
    if (!this.#netfilter.run("FORWARD", packet, device, path.device)) return;
    this.#send(packet, path, path.device);
  }

  #refuse(packet: Packet, device: NetDevice | undefined, path: Path | undefined): void {
    const kind = path?.kind;
    if (kind !== ROUTE_BLACKHOLE)
      this.#stack.sendIcmpError(packet, kind === ROUTE_UNREACHABLE ? ICMP_HOST_UNREACHABLE : ICMP_NET_UNREACHABLE);
    this.#drop(packet, device, "no-route");
  }

  /** A datagram made here. False: there is no way for it, and it was dropped. */
  output(packet: Packet, bound: NetDevice | undefined): boolean {
    const stack = this.#stack;
    let path = this.#pathFrom(packet.destination, bound);
    if (path === undefined || path.kind === ROUTE_UNREACHABLE || path.kind === ROUTE_BLACKHOLE) {
      this.#drop(packet, bound, "no-route");
      return false;
    }
    if (packet.source === 0 && bound === undefined) setAddress(packet, "source", path.source);
    packet.nextHop = path.gateway === 0 ? packet.destination : path.gateway;
    if (packet.journey === 0) stack.world.originate(packet, stack);
    const before = packet.destination;
    const markBefore = packet.mark;
    if (!this.#netfilter.run("OUTPUT", packet, undefined, path.device)) return true;
    if (packet.destination !== before || packet.mark !== markBefore) {
      path = this.#pathFrom(packet.destination, bound);
      if (path === undefined) {
        this.#drop(packet, bound, "no-route");
        return false;
      }
      packet.nextHop = path.gateway === 0 ? packet.destination : path.gateway;
    }
    this.#send(packet, path, path.device);
    return true;
  }

  #pathFrom(destination: number, bound: NetDevice | undefined): Path | undefined {
    const path = this.#stack.findPath(destination);
    if (bound === undefined || path?.device === bound || path?.kind === ROUTE_LOCAL) return path;
    // A socket bound to a device reaches everything there, with or without a route.
    const kind = destination === BROADCAST_IP ? ROUTE_BROADCAST : ROUTE_UNICAST;
    return { kind, device: bound, gateway: 0, source: firstAddress(bound, destination), mtu: 0 };
  }

  #send(packet: Packet, path: Path, device: NetDevice): void {
    const stack = this.#stack;
    if (!this.#netfilter.run("POSTROUTING", packet, undefined, device)) return;
    const known = stack.pathMtu(path, packet.destination);
    const mtu = packet.largestFragment > 0 ? Math.min(known, packet.largestFragment) : known;
    if (packet.length <= mtu || packet.segmentBytes > 0) {
      this.#toLink(packet, path, device);
      return;
    }
    if ((packet.fragmentWord & IP_DF) !== 0 && !(packet.isIpv6 && (packet.mayFragment || packet.largestFragment > 0))) {
      stack.sendIcmpError(packet, ICMP_FRAGMENTATION_NEEDED, mtu);
      this.#drop(packet, device, "mtu");
      return;
    }
    const identification = packet.isIpv6 ? stack.nextIdentification(packet.destination, packet.protocol) : 0;
    for (const piece of fragment(packet, mtu, identification)) this.#toLink(piece, path, device);
  }

  #toLink(packet: Packet, path: Path, device: NetDevice): void {
    if (!device.ethernet) {
      device.transmit(packet);
      return;
    }
    if (path.kind === ROUTE_LOCAL || path.kind === ROUTE_BROADCAST) {
      pushEthernet(
        packet,
        path.kind === ROUTE_LOCAL ? device.macBytes : BROADCAST_MAC,
        device.macBytes,
        ethertypeOf(packet),
      );
      device.transmit(packet);
      return;
    }
    this.#stack.sendToNeighbour(packet, device, packet.nextHop);
  }

  /** br_netfilter: PREROUTING of a bridged frame. */
  bridgePreRouting(packet: Packet, bridge: NetDevice): boolean {
    if (!this.#isSound(packet, bridge)) return false;
    if (isNeighbourDiscovery(packet)) return true;
    // A fragment passes as it is: putting bridged datagrams together would change what the other ports see.
    if (isFragment(packet)) return true;
    return this.#netfilter.run("PREROUTING", packet, bridge, undefined);
  }

  bridgeForward(packet: Packet, bridge: NetDevice): boolean {
    if (isFragment(packet) || isNeighbourDiscovery(packet)) return true;
    packet.nextHop = packet.destination;
    return (
      this.#netfilter.run("FORWARD", packet, bridge, bridge) &&
      this.#netfilter.run("POSTROUTING", packet, undefined, bridge)
    );
  }

  #drop(packet: Packet, device: NetDevice | undefined, reason: Parameters<NetStack["world"]["drop"]>[2]): void {
    this.#stack.world.drop(this.#stack, device, reason, packet);
  }
}

/** RFC 4861: messages 133 to 137, which no router has passed on. */
function isNeighbourDiscovery(packet: Packet): boolean {
  if (!packet.isIpv6 || packet.protocol !== PROTOCOL_ICMPV6 || packet.ttl !== 255) return false;
  const type = packet.buffer[packet.transportAt] as number;
  return type >= 133 && type <= 137;
}

/** Of a super-packet (offload), the largest of the segments it will be cut into. */
function lengthOnWire(packet: Packet): number {
  // What IPv6's conntrack put together leaves as it came.
  if (packet.segmentBytes === 0)
    return packet.isIpv6 && packet.largestFragment > 0 ? packet.largestFragment : packet.length;
  const transport = packet.transportAt;
  const headers = packet.headerBytes + (((packet.buffer[transport + 12] as number) >> 4) << 2);
  return Math.min(packet.length, headers + packet.segmentBytes);
}
