/**
 * Devices that put packets into packets: VXLAN (RFC 7348), IP-in-IP (RFC 2003), and TUN with a process behind it.
 *
 * ```
 *  vxlan   | Ethernet | IP | UDP src=hash dst=4789 | 08 00 00 00 VNI 00 | inner Ethernet | inner IP …
 *  ipip    | Ethernet | IP, protocol 4 | inner IP …
 *  tun     inner IP … to a process, which may put it into UDP
 * ```
 *
 * An outer packet has the number, and within the namespace the mark, of what it carries: the mark is how the classic
 * "masquerade mark survives into the outer packet" comes about.
 */
import type { Endpoint } from "../api/addresses";
import type { DeviceAt, IpipOptions, OuterChecksum, TunDevice, VxlanDevice, VxlanOptions } from "../api/namespaces";
import { ipNumber, macBytes, macKey } from "../addresses";
import { fold16, putU16, putU32, sum16, u16 } from "../bytes";
import { flowHash, mix } from "../flow-hash";
import { ipHeaderBytes, writeIpHeader } from "../ip-header";
import { isIpv6 } from "../ipv6-addresses";
import { ETHERNET_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6, IP_DF, Packet, PROTOCOL_IPIP, PROTOCOL_UDP } from "../packet";
import { pseudoHeaderSum } from "../pseudo-header";
import { ICMP_FRAGMENTATION_NEEDED, type NetStack } from "../parts";
import { splitSegments } from "../segmentation";
import { BaseDevice } from "./base-device";

const ENCAPSULATION_NS = 600;
/** A process has to be woken. */
const PROCESS_WAKES_NS = 8_000;
const VXLAN_BYTES = 8;
const UDP_BYTES = 8;
const IP_BYTES = 20;

/** The device that carries the outer packets, if it can be told already: for the default MTU. */
function outerMtu(stack: NetStack, local: number): number {
  return stack.netDevices.find((device) => device.addressList.some(({ address }) => address === local))?.mtu ?? 1500;
}

/** Outer IP, UDP, VXLAN and inner Ethernet: 50 bytes, over IPv6 70. */
function vxlanOverhead(local: number): number {
  return ipHeaderBytes(local) + UDP_BYTES + VXLAN_BYTES + ETHERNET_BYTES;
}

export class VxlanImpl extends BaseDevice implements VxlanDevice {
  readonly kind = "vxlan";
  vni: number;
  outerChecksum: OuterChecksum;
  readonly #port: number;
  readonly #local: number;
  readonly #learning: boolean;
  readonly #remotes: readonly number[];
  readonly #ttl: number;
  readonly #df: boolean;
  readonly #secret: number;
  readonly #fdb = new Map<number, number>();
  readonly #stopListening: () => void;

  constructor(stack: NetStack, at: DeviceAt, options: VxlanOptions) {
    super(stack, at, outerMtu(stack, ipNumber(options.local)) - vxlanOverhead(ipNumber(options.local)));
    if (!Number.isInteger(options.vni) || options.vni < 0 || options.vni > 0xffffff)
      throw new RangeError(`${at.name}: a VNI is 0 to 16777215, not ${options.vni}`);
    this.vni = options.vni;
    this.outerChecksum = options.outerChecksum ?? "zero";
    this.#port = options.port ?? 4789;
    this.#local = ipNumber(options.local);
    this.#learning = options.learning === true;
    this.#remotes = (options.remotes ?? []).map(ipNumber);
    this.#ttl = options.ttl ?? 64;
    this.#df = options.df === true;
    this.#secret = this.random.u32();
    this.#stopListening = stack.addTunnelPort(this.#port, (packet) => this.#receive(packet));
  }

  addFdb(mac: string, endpoint: string): void {
    this.#fdb.set(macKey(macBytes(mac), 0), ipNumber(endpoint));
  }

  removeFdb(mac: string): void {
    this.#fdb.delete(macKey(macBytes(mac), 0));
  }

  protected send(packet: Packet): void {
    this.world.queue.schedule(this.world.nowNs + ENCAPSULATION_NS, this.#encapsulate, packet);
  }

  readonly #encapsulate = (packet: Packet): void => {
    if (packet.segmentBytes > 0 || packet.partialChecksum) {
      for (const frame of splitSegments(packet)) this.#encapsulate(frame);
      return;
    }
    const { buffer, start } = packet;
    const isGroup = ((buffer[start] as number) & 1) !== 0;
    const known = isGroup ? undefined : this.#fdb.get(macKey(buffer, start));
    const remotes = known !== undefined ? [known] : this.#remotes;
    if (remotes.length === 0) this.drop(packet, "no-tunnel-endpoint");
    for (const [i, remote] of remotes.entries())
      this.#sendTo(i === remotes.length - 1 ? packet : packet.copyOnWire(), remote);
  };

  #sendTo(packet: Packet, remote: number): void {
    const { stack } = this;
    const inner = packet.start;
    const type = u16(packet.buffer, inner + 12);
    const isIp = type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6;
    const hash = isIp
      ? flowHash(packet.buffer, inner + ETHERNET_BYTES, this.#secret)
      : mix(macKey(packet.buffer, inner) >>> 0, this.#secret);
    // udp_flow_src_port: the hash scaled into the range of local ports.
    const range = stack.ephemeralLast - stack.ephemeralFirst;
    const sourcePort = stack.ephemeralFirst + Math.floor((hash / 0x100000000) * range);
    packet.push(VXLAN_BYTES + UDP_BYTES);
    const { buffer } = packet;
    const udp = packet.start;
    putU16(buffer, udp, sourcePort);
    putU16(buffer, udp + 2, this.#port);
    putU16(buffer, udp + 4, packet.length);
    putU16(buffer, udp + 6, 0);
    putU32(buffer, udp + 8, 0x08000000);
    putU32(buffer, udp + 12, this.vni * 256);
    // Over IPv6 a checksum is the rule (RFC 8200 section 8.1), and Linux makes one.
    if (this.outerChecksum !== "zero" || isIpv6(remote)) {
      const pseudo = pseudoHeaderSum(this.#local, remote, PROTOCOL_UDP, packet.length);
      let value = ~fold16(pseudo + sum16(buffer, udp, packet.end)) & 0xffff;
      if (this.outerChecksum === "broken") value ^= 0x5a5a;
      putU16(buffer, udp + 6, value === 0 ? 0xffff : value);
    }
    packet.push(ipHeaderBytes(remote));
    packet.mayFragment = !this.#df;
    writeIpHeader(packet, {
      protocol: PROTOCOL_UDP,
      source: this.#local,
      destination: remote,
      ttl: this.#ttl,
      tos: 0,
      identification: stack.nextIdentification(remote, PROTOCOL_UDP),
      df: this.#df,
    });
    packet.depth++;
    packet.forgetTracking();
    packet.confirms = false;
    stack.outputIp(packet);
  }

  /** True: it was for this device. `packet.start` is at the outer IP header. */
  #receive(packet: Packet): boolean {
    const { buffer } = packet;
    const vxlan = packet.transportAt + UDP_BYTES;
    if (packet.end - vxlan < VXLAN_BYTES + ETHERNET_BYTES || ((buffer[vxlan] as number) & 0x08) === 0) return false;
    if (u16(buffer, vxlan + 4) * 256 + (buffer[vxlan + 6] as number) !== this.vni) return false;
    const from = packet.source;
    packet.start = vxlan + VXLAN_BYTES;
    packet.depth--;
    packet.forgetTracking();
    packet.largestFragment = 0;
    if (this.#learning && ((buffer[packet.start + 6] as number) & 1) === 0)
      this.#fdb.set(macKey(buffer, packet.start + 6), from);
    this.arrive(packet);
    return true;
  }

  override remove(): void {
    super.remove();
    this.#stopListening();
  }
}

export class IpipDevice extends BaseDevice {
  readonly kind = "ipip";
  readonly #local: number;
  readonly #remote: number;
  readonly #ttl: number;
  readonly #stopListening: () => void;

  constructor(stack: NetStack, at: DeviceAt, options: IpipOptions) {
    super(stack, at, outerMtu(stack, ipNumber(options.local)) - IP_BYTES);
    this.#local = ipNumber(options.local);
    this.#remote = options.remote === undefined ? 0 : ipNumber(options.remote);
    this.#ttl = options.ttl ?? 0;
    this.#stopListening = stack.addIpipHandler((packet) => this.#receive(packet));
  }

  override get ethernet(): boolean {
    return false;
  }

  protected send(packet: Packet): void {
    this.world.queue.schedule(this.world.nowNs + ENCAPSULATION_NS, this.#encapsulate, packet);
  }

  readonly #encapsulate = (packet: Packet): void => {
    if (packet.segmentBytes > 0 || packet.partialChecksum) {
      for (const datagram of splitSegments(packet, 0)) this.#encapsulate(datagram);
      return;
    }
    const { stack } = this;
    const remote = this.#remote === 0 ? packet.nextHop : this.#remote;
    const path = stack.findPath(remote);
    // IPv6 inside is another protocol (sit, 41), which this device has not.
    if (remote === 0 || path === undefined || packet.isIpv6) {
      this.drop(packet, "no-tunnel-endpoint");
      return;
    }
    const room = stack.pathMtu(path, remote) - IP_BYTES;
    if (packet.length > room && (packet.fragmentWord & IP_DF) !== 0) {
      stack.sendIcmpError(packet, ICMP_FRAGMENTATION_NEEDED, room);
      this.drop(packet, "mtu");
      return;
    }
    const tos = packet.buffer[packet.start + 1] as number;
    const ttl = this.#ttl === 0 ? packet.ttl : this.#ttl;
    packet.push(IP_BYTES);
    writeIpHeader(packet, {
      protocol: PROTOCOL_IPIP,
      source: this.#local,
      destination: remote,
      ttl,
      tos,
      identification: stack.nextIdentification(remote, PROTOCOL_IPIP),
      // Linux' default (pmtudisc): always.
      df: true,
    });
    packet.depth++;
    packet.forgetTracking();
    packet.confirms = false;
    stack.outputIp(packet);
  };

  #receive(packet: Packet): boolean {
    if (packet.destination !== this.#local || (this.#remote !== 0 && packet.source !== this.#remote)) return false;
    packet.start = packet.transportAt;
    packet.depth--;
    packet.forgetTracking();
    packet.largestFragment = 0;
    this.arrive(packet);
    return true;
  }

  override remove(): void {
    super.remove();
    this.#stopListening();
  }
}

export class TunImpl extends BaseDevice implements TunDevice {
  readonly kind = "tun";
  onDatagram: ((datagram: Uint8Array, journey: number) => void) | undefined = undefined;

  constructor(stack: NetStack, at: DeviceAt) {
    super(stack, at, 1500);
  }

  override get ethernet(): boolean {
    return false;
  }

  protected send(packet: Packet): void {
    this.world.queue.schedule(this.world.nowNs + PROCESS_WAKES_NS, this.#wake, packet);
  }

  readonly #wake = (packet: Packet): void => {
    if (!this.up) return;
    for (const datagram of packet.segmentBytes > 0 || packet.partialChecksum ? splitSegments(packet, 0) : [packet])
      this.onDatagram?.(datagram.view().slice(), packet.journey);
  };

  write(datagram: Uint8Array, journey?: number): void {
    const packet = Packet.of(datagram);
    if (journey === undefined) this.world.originate(packet, this.stack);
    else packet.journey = journey;
    this.arrive(packet);
  }

  readonly #written = ({ payload, journey }: { readonly payload: Uint8Array; readonly journey: number }): void => {
    this.write(payload, journey);
  };

  runUdpTunnel(options: { readonly port: number; readonly remote: Endpoint; readonly local?: string }): () => void {
    const socket = this.stack.udp({
      port: options.port,
      ...(options.local === undefined ? {} : { address: options.local }),
      remote: options.remote,
      onDatagram: ({ payload, journey }) => {
        this.world.queue.schedule(this.world.nowNs + PROCESS_WAKES_NS, this.#written, { payload, journey });
      },
    });
    this.onDatagram = (datagram, journey) => {
      socket.send(datagram, options.remote, undefined, journey);
    };
    return () => {
      this.onDatagram = undefined;
      socket.close();
    };
  }
}
