/**
 * A Linux bridge: learns which MAC address is behind which port, forwards to it, floods what it does not know.
 *
 * ```
 *  port.input ─► learn ─► [netfilter PREROUTING] ─► known: [FORWARD, POSTROUTING] ─► port.transmit
 *                                               ├─► for the bridge itself, broadcast: up, seen on the bridge device
 *                                               └─► unknown: every other port
 * ```
 *
 * A recorded bridge is promiscuous: it gets a copy of what it forwards, which goes no further. In the kernel's recordings that copy has
 * the time of arrival at the port, but for TCP a later one than the frame that leaves; the same order is kept here.
 */
import type { BridgeDevice, BridgeOptions, DeviceAt } from "../api/namespaces";
import { macKey, macText } from "../addresses";
import { u16 } from "../bytes";
import {
  ETHERNET_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  IPV6_BYTES,
  PROTOCOL_TCP,
  TRACK_UNTRACKED,
  type Packet,
} from "../packet";
import type { BridgePort, NetDevice, NetStack } from "../parts";
import { BaseDevice } from "./base-device";

const FORWARD_NS = 200;

interface Learned {
  port: Port;
  seenNs: number;
}

class Port implements BridgePort {
  readonly bridge: BridgeImpl;
  readonly device: NetDevice;
  hairpin: boolean;

  constructor(bridge: BridgeImpl, device: NetDevice, hairpin: boolean) {
    this.bridge = bridge;
    this.device = device;
    this.hairpin = hairpin;
  }

  input(packet: Packet): void {
    this.bridge.inputFrom(packet, this);
  }

  readonly transmit = (packet: Packet): void => {
    this.device.transmit(packet);
  };
}

export class BridgeImpl extends BaseDevice implements BridgeDevice {
  readonly kind = "bridge";
  readonly #ports: Port[] = [];
  readonly #learned = new Map<number, Learned>();
  readonly #ageingNs: number;
  readonly #routesCopies: boolean;

  constructor(stack: NetStack, at: DeviceAt, options: BridgeOptions) {
    super(stack, at, 1500);
    this.#ageingNs = options.ageingNs ?? 300e9;
    this.#routesCopies = options.routesCopies === true;
  }

  attach(device: NetDevice, options: { readonly hairpin?: boolean } = {}): void {
    if (device.stack !== this.stack)
      throw new RangeError(`${device.name} is in ${device.stack.name}, the bridge ${this.name} in ${this.stack.name}`);
    if (device.port !== undefined)
      throw new RangeError(`${device.name} is a port of ${device.port.bridge.name} already`);
    const port = new Port(this, device, options.hairpin === true);
    device.port = port;
    this.#ports.push(port);
  }

  detach(device: NetDevice): void {
    const at = this.#ports.findIndex((port) => port.device === device);
    if (at < 0) return;
    const [port] = this.#ports.splice(at, 1);
    device.port = undefined;
    for (const [key, learned] of this.#learned) if (learned.port === port) this.#learned.delete(key);
  }

  setHairpin(device: NetDevice, on: boolean): void {
    const { port } = device;
    if (port?.bridge !== this) throw new RangeError(`${device.name} is no port of ${this.name}`);
    port.hairpin = on;
  }

  get fdb(): ReadonlyMap<string, string> {
    const result = new Map<string, string>();
    const mac = new Uint8Array(6);
    for (const [key, { port }] of this.#learned) {
      for (let i = 5, rest = key; i >= 0; i--, rest = Math.floor(rest / 256)) mac[i] = rest % 256;
      result.set(macText(mac), port.device.name);
    }
    return result;
  }

  /** A frame came in by a port. */
  inputFrom(packet: Packet, port: Port): void {
    const { buffer, start } = packet;
    if (packet.length < ETHERNET_BYTES) {
      this.drop(packet, "malformed");
      return;
    }
    if (((buffer[start + 6] as number) & 1) === 0) this.#learn(macKey(buffer, start + 6), port);
    if (this.stack.bridgeNetfilter && isIp(packet)) {
      packet.start += ETHERNET_BYTES;
      const before = packet.destination;
      if (!this.stack.bridgePreRouting(packet, this)) return;
      const after = packet.destination;
      packet.start -= ETHERNET_BYTES;
      packet.preRouted = true;
      if (before !== after) {
        packet.forUs = this.#isOwn(packet);
        this.#redirect(packet, port, after);
        return;
      }
    }
    this.#switch(packet, port);
  }

  /** NAT gave it another destination: to that neighbour on this bridge, else up to be routed. */
  #redirect(packet: Packet, port: Port, destination: number): void {
    const path = this.stack.findPath(destination);
    if (path?.device !== this || this.stack.isLocalAddress(destination)) {
      packet.buffer.set(this.macBytes, packet.start);
      this.#switch(packet, port);
      return;
    }
    this.stack.withNeighbour(this, path.gateway === 0 ? destination : path.gateway, packet, (mac) => {
      packet.buffer.set(mac, packet.start);
      this.#switch(packet, port);
    });
  }

  #learn(key: number, port: Port): void {
    const known = this.#learned.get(key);
    if (known === undefined) this.#learned.set(key, { port, seenNs: this.world.nowNs });
    else {
      known.port = port;
      known.seenNs = this.world.nowNs;
    }
  }

  #find(packet: Packet): Port | undefined {
    const learned = this.#learned.get(macKey(packet.buffer, packet.start));
    if (learned === undefined || this.world.nowNs - learned.seenNs > this.#ageingNs) return undefined;
    return learned.port;
  }

  #isOwn(packet: Packet): boolean {
    const key = macKey(packet.buffer, packet.start);
    if (key === macKey(this.macBytes, 0)) return true;
    return this.#ports.some((port) => key === macKey(port.device.macBytes, 0));
  }

  #switch(packet: Packet, from: Port): void {
    const isGroup = ((packet.buffer[packet.start] as number) & 1) !== 0;
    if (!isGroup && this.#isOwn(packet)) {
      this.arrive(packet);
      return;
    }
    const to = isGroup ? undefined : this.#find(packet);
    // Whoever it is for has had it: both are behind that port.
    if (to === from && !from.hairpin) return;
    if (isGroup) {
      // For the bridge too.
      const copy = packet.copyOnWire();
      copy.preRouted = packet.preRouted;
      this.arrive(copy);
    } else if (this.promiscuous) this.#giveCopy(packet);
    if (!this.#passesNetfilter(packet)) return;
    if (to === undefined) this.#flood(packet, from);
    else if (isTcp(packet)) to.device.transmit(packet);
    else this.world.queue.schedule(this.world.nowNs + FORWARD_NS, to.transmit, packet);
  }

  /** For whoever records the bridge: as it is before it is filtered and translated on its way out. */
  #giveCopy(packet: Packet): void {
    const { queue } = this.world;
    if (packet.forUs && this.#routesCopies) {
      const copy = packet.copyOnWire();
      copy.preRouted = true;
      copy.forUs = true;
      // The kernel forgets whose it is (br_netfilter: "skip conntrack input hook for promisc packets").
      copy.trackState = TRACK_UNTRACKED;
      queue.schedule(queue.nowNs + FORWARD_NS, this.#arriveCopy, copy);
    } else if (isTcp(packet)) {
      // Bytes of its own only where netfilter may still change the frame.
      const mayChange = this.stack.bridgeNetfilter && (isSyn(packet) || isTranslated(packet));
      queue.schedule(queue.nowNs + FORWARD_NS, this.#seeCopy, mayChange ? packet.copyOnWire() : packet);
    } else this.see(packet, "in");
  }

  #passesNetfilter(packet: Packet): boolean {
    if (!this.stack.bridgeNetfilter || !isIp(packet)) return true;
    packet.start += ETHERNET_BYTES;
    const passes = this.stack.bridgeForward(packet, this);
    packet.start -= ETHERNET_BYTES;
    return passes;
  }

  #flood(packet: Packet, from: Port | undefined): void {
    const { queue } = this.world;
    const targets = this.#ports.filter((port) => (port !== from || port.hairpin) && port.device.up);
    for (const [i, port] of targets.entries())
      queue.schedule(
        queue.nowNs + FORWARD_NS * (i + 1),
        port.transmit,
        i === targets.length - 1 ? packet : packet.copyOnWire(),
      );
  }

  readonly #seeCopy = (packet: Packet): void => {
    this.see(packet, "in");
  };

  readonly #arriveCopy = (packet: Packet): void => {
    this.arrive(packet);
  };

  /** From this namespace's own network layer. */
  protected send(packet: Packet): void {
    const isGroup = ((packet.buffer[packet.start] as number) & 1) !== 0;
    const to = isGroup ? undefined : this.#find(packet);
    if (to === undefined) this.#flood(packet, undefined);
    else this.world.queue.schedule(this.world.nowNs + FORWARD_NS, to.transmit, packet);
  }
}

function isIp({ buffer, start }: Packet): boolean {
  const type = u16(buffer, start + 12);
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6;
}

function isTcp({ buffer, start }: Packet): boolean {
  const type = u16(buffer, start + 12);
  if (type === ETHERTYPE_IPV6) return buffer[start + ETHERNET_BYTES + 6] === PROTOCOL_TCP;
  return type === ETHERTYPE_IPV4 && buffer[start + ETHERNET_BYTES + 9] === PROTOCOL_TCP;
}

/** Of a frame with TCP. */
function isSyn({ buffer, start }: Packet): boolean {
  const first = buffer[start + ETHERNET_BYTES] as number;
  const tcp = start + ETHERNET_BYTES + (first >> 4 === 6 ? IPV6_BYTES : (first & 15) << 2);
  return ((buffer[tcp + 13] as number) & 0x02) !== 0;
}

function isTranslated({ track }: Packet): boolean {
  return track !== undefined && (track.sourceTranslated || track.destinationTranslated);
}
