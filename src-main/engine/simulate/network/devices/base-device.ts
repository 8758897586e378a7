/**
 * What all devices share: addresses, counters, taps, and the time a frame takes.
 *
 * ```
 *  transmit ── tap "out" ─► send (the kind's own way) ┄┄► arrive ── tap "in" ─┄ 0.5 µs ┄► bridge port, or the stack by ethertype
 * ```
 *
 * Every tap of one frame gets a later time than the one before, also within one namespace, so that time alone tells the order of hops.
 * Frames of one device never overtake each other.
 */
import type { DeviceAt, DeviceCounters, DeviceKind, Tap, TapDirection, TapLinkType } from "../api/namespaces";
import { BROADCAST_MAC, ipNumber, macBytes, macText, parseInterfaceAddress } from "../addresses";
import { putU16, putU32, u16 } from "../bytes";
import { isIpv6 } from "../ipv6-addresses";
import { advertisement, allNodes, multicastMac } from "../neighbour-discovery";
import { ETHERNET_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Packet, pushEthernet } from "../packet";
import type { BridgePort, InterfaceAddress, NetDevice, NetStack } from "../parts";
import type { Random } from "../random";
import type { World } from "../world";

/** From a frame's tap to what the kernel does next. */
const PROCESSING_NS = 500;
const PROCESSING_JITTER_NS = 300;
/** Between two frames handed to one device at once. */
const TRANSMIT_NS = 250;

export abstract class BaseDevice implements NetDevice {
  readonly name: string;
  readonly index: number;
  abstract readonly kind: DeviceKind;
  readonly stack: NetStack;
  readonly macBytes: Uint8Array;
  readonly counters: DeviceCounters = { rxPackets: 0, txPackets: 0, rxBytes: 0, txBytes: 0, dropped: 0 };
  addressList: readonly InterfaceAddress[] = [];
  port: BridgePort | undefined = undefined;
  tap: Tap | undefined = undefined;
  captured = false;
  proxyArp = false;
  reversePathFilter = false;
  protected readonly world: World;
  protected readonly random: Random;
  #addressTexts: string[] = [];
  #mtu: number;
  #up = true;
  #removed = false;
  #transmitFreeNs = 0;
  #processFreeNs = 0;
  #frameListeners: ((frame: Uint8Array, timeNs: number) => void)[] = [];

  constructor(stack: NetStack, at: DeviceAt, defaultMtu: number) {
    this.stack = stack;
    this.world = stack.world;
    this.name = at.name;
    this.index = this.world.nextDeviceIndex();
    this.random = this.world.random(`device ${stack.name} ${at.name} ${this.index}`);
    this.#mtu = at.mtu ?? defaultMtu;
    if (at.mac === undefined) {
      const mac = new Uint8Array(6);
      putU16(mac, 0, (this.random.integer(0x10000) & 0xfcff) | 0x0200);
      putU32(mac, 2, this.random.u32());
      this.macBytes = mac;
    } else this.macBytes = macBytes(at.mac);
    stack.registerDevice(this);
    for (const address of at.addresses ?? []) this.addAddress(address);
  }

  get namespace(): NetStack {
    return this.stack;
  }
  get ethernet(): boolean {
    return true;
  }
  get linkType(): TapLinkType {
    return this.ethernet ? "ethernet" : "raw-ip";
  }
  get mac(): string {
    return macText(this.macBytes);
  }
  set mac(value: string) {
    this.macBytes.set(macBytes(value));
  }
  get mtu(): number {
    return this.#mtu;
  }
  set mtu(value: number) {
    if (!Number.isInteger(value) || value < 68 || value > 65536)
      throw new RangeError(`${this.stack.name} ${this.name}: an MTU is 68 to 65536, not ${value}`);
    this.#mtu = value;
    this.stack.pathsChanged();
  }
  get up(): boolean {
    return this.#up && !this.#removed;
  }
  set up(value: boolean) {
    this.#up = value;
    this.stack.pathsChanged();
  }
  get master(): BridgePort["bridge"] | undefined {
    return this.port?.bridge;
  }
  get addresses(): readonly string[] {
    return this.#addressTexts;
  }

  addAddress(text: string): void {
    const { address, prefix } = parseInterfaceAddress(text);
    if (this.addressList.some((own) => own.address === address)) return;
    const broadcast = !prefix.isIpv6 && prefix.length < 31 ? (prefix.network | ~prefix.mask) >>> 0 : 0;
    this.addressList = [...this.addressList, { address, prefix, broadcast }];
    this.#addressTexts = [...this.#addressTexts, text];
    this.stack.pathsChanged();
  }

  removeAddress(text: string): void {
    const { address } = parseInterfaceAddress(text);
    const at = this.addressList.findIndex((own) => own.address === address);
    if (at < 0) return;
    this.addressList = this.addressList.filter((_, i) => i !== at);
    this.#addressTexts = this.#addressTexts.filter((_, i) => i !== at);
    this.stack.pathsChanged();
  }

  transmit(packet: Packet): void {
    const { queue } = this.world;
    if (this.#transmitFreeNs > queue.nowNs) {
      queue.schedule(this.#transmitFreeNs, this.#transmitNow, packet);
      this.#transmitFreeNs += TRANSMIT_NS;
      return;
    }
    this.#transmitFreeNs = queue.nowNs + TRANSMIT_NS;
    this.#transmitNow(packet);
  }

  readonly #transmitNow = (packet: Packet): void => {
    if (!this.up) {
      this.drop(packet, "device-down");
      return;
    }
    if (packet.length - this.frameHeaderBytes > this.#mtu && packet.segmentBytes === 0) {
      this.drop(packet, "mtu");
      return;
    }
    this.see(packet, "out");
    this.counters.txPackets++;
    this.counters.txBytes += packet.length;
    this.send(packet);
  };

  arrive(packet: Packet): void {
    if (!this.up) {
      this.drop(packet, "device-down");
      return;
    }
    this.see(packet, "in");
    this.counters.rxPackets++;
    this.counters.rxBytes += packet.length;
    for (const listener of this.#frameListeners) listener(packet.view().slice(), this.world.nowNs);
    const { nowNs } = this.world;
    const readyNs = nowNs + PROCESSING_NS + this.random.integer(PROCESSING_JITTER_NS);
    this.#processFreeNs = readyNs > this.#processFreeNs ? readyNs : this.#processFreeNs + 1;
    this.world.queue.schedule(this.#processFreeNs, this.#process, packet);
  }

  readonly #process = (packet: Packet): void => {
    if (this.#removed) return;
    if (this.port !== undefined) this.port.input(packet);
    else this.passUp(packet);
  };

  /** To the namespace's own network layer. */
  protected passUp(packet: Packet): void {
    const { buffer, start } = packet;
    if (!this.ethernet) {
      this.stack.receiveIp(packet, this);
      return;
    }
    if (packet.length < ETHERNET_BYTES) {
      this.drop(packet, "malformed");
      return;
    }
    const mac = this.macBytes;
    packet.forOthers =
      !packet.forUs &&
      ((buffer[start] as number) & 1) === 0 &&
      (buffer[start + 5] !== mac[5] ||
        buffer[start + 4] !== mac[4] ||
        buffer[start + 3] !== mac[3] ||
        buffer[start + 2] !== mac[2] ||
        buffer[start + 1] !== mac[1] ||
        buffer[start] !== mac[0]);
    if (packet.forOthers) return;
    const type = u16(buffer, start + 12);
    packet.start += ETHERNET_BYTES;
    if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) this.stack.receiveIp(packet, this);
    else if (type === ETHERTYPE_ARP) this.stack.receiveArp(packet, this);
  }

  /** Beyond the tap. */
  protected abstract send(packet: Packet): void;

  protected get frameHeaderBytes(): number {
    return this.ethernet ? ETHERNET_BYTES : 0;
  }

  protected drop(packet: Packet, reason: Parameters<World["drop"]>[2]): void {
    this.counters.dropped++;
    this.world.drop(this.stack, this, reason, packet);
  }

  protected see(packet: Packet, direction: TapDirection): void {
    if (this.tap === undefined && !this.captured) return;
    const bytes = packet.view();
    const { nowNs, onTap } = this.world;
    this.tap?.(this, nowNs, bytes, direction, packet.journey);
    if (this.captured) onTap?.(this, nowNs, bytes, direction, packet.journey);
  }

  /** Somebody records here: a bridge then gets a copy of everything it forwards. */
  protected get promiscuous(): boolean {
    return this.captured || this.tap !== undefined || this.#frameListeners.length > 0;
  }

  sendFrame(frame: Uint8Array): void {
    const packet = Packet.of(frame);
    const ipAt = packet.start + this.frameHeaderBytes;
    if (!this.ethernet || isIpFrame(frame)) {
      packet.start = ipAt;
      this.world.originate(packet, this.stack);
      packet.start = ipAt - this.frameHeaderBytes;
    }
    this.transmit(packet);
  }

  receiveFrames(listener: (frame: Uint8Array, timeNs: number) => void): () => void {
    this.#frameListeners = [...this.#frameListeners, listener];
    return () => {
      this.#frameListeners = this.#frameListeners.filter((other) => other !== listener);
    };
  }

  announce(text: string): void {
    const address = ipNumber(text);
    if (isIpv6(address)) {
      const flags = { router: this.stack.forwarding, solicited: false };
      const message = advertisement(allNodes(), address, this.macBytes, flags);
      pushEthernet(message, multicastMac(allNodes()), this.macBytes, ETHERTYPE_IPV6);
      this.transmit(message);
      return;
    }
    const packet = Packet.withRoom(ETHERNET_BYTES + 28);
    const { buffer, start } = packet;
    buffer.set(BROADCAST_MAC, start);
    buffer.set(this.macBytes, start + 6);
    putU16(buffer, start + 12, ETHERTYPE_ARP);
    buffer.set([0, 1, 8, 0, 6, 4, 0, 1], start + 14);
    buffer.set(this.macBytes, start + 22);
    putU32(buffer, start + 28, address);
    putU32(buffer, start + 38, address);
    this.transmit(packet);
  }

  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.port?.bridge.detach(this);
    this.stack.unregisterDevice(this);
  }
}

function isIpFrame(frame: Uint8Array): boolean {
  if (frame.length < ETHERNET_BYTES) return false;
  const type = u16(frame, 12);
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6;
}
