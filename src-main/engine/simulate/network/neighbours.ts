/**
 * ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) with Linux' neighbour states.
 *
 * ```
 *  INCOMPLETE ── 3 broadcasts, 1 s apart ──► FAILED: what waits is dropped, "host unreachable"
 *      │ reply
 *      ▼
 *  REACHABLE ── 30 s ─► STALE ── used ─► DELAY ── 5 s ─► PROBE ── 3 requests to the known MAC ─► FAILED
 *      ▲ reply, or TCP makes progress      └───────────────┘
 * ```
 */
import { BROADCAST_MAC, ZERO_MAC, ipNumber, macBytes } from "./addresses";
import { putU16, putU32, u16, u32 } from "./bytes";
import { Timer } from "./event-queue";
import { isIpv6 } from "./ipv6-addresses";
import { advertisement, multicastMac, readNeighbourMessage, solicitation, solicitedNode } from "./neighbour-discovery";
import {
  ETHERNET_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethertypeOf,
  Packet,
  pushEthernet,
} from "./packet";
import { firstAddress } from "./routing-table";
import { ICMP_HOST_UNREACHABLE, type NetDevice, type NetStack, ROUTE_UNICAST } from "./parts";

const REACHABLE_NS = 30e9;
const DELAY_NS = 5e9;
const RETRANSMIT_NS = 1e9;
const SOLICITATIONS = 3;
/** `unres_qlen` of Linux: older packets make room. */
const QUEUE_LENGTH = 101;

const REQUEST = 1;
const REPLY = 2;
const ARP_BYTES = 28;
/** More than there are numbers of addresses (ipv6-addresses.ts). */
const ADDRESSES = 2 ** 33;

type State = "incomplete" | "reachable" | "stale" | "delay" | "probe" | "permanent";

interface Neighbour {
  readonly device: NetDevice;
  readonly address: number;
  readonly mac: Uint8Array;
  readonly timer: Timer;
  state: State;
  confirmedNs: number;
  sent: number;
  waiting: Packet[];
  callbacks: ((mac: Uint8Array) => void)[];
}

export class NeighbourTable {
  readonly #stack: NetStack;
  readonly #entries = new Map<number, Neighbour>();

  constructor(stack: NetStack) {
    this.#stack = stack;
  }

  addPermanent(addressText: string, mac: string, device: NetDevice): void {
    const address = ipNumber(addressText);
    const entry = this.#entries.get(keyOf(device, address)) ?? this.#create(device, address);
    entry.state = "permanent";
    entry.timer.clear();
    this.#setMac(entry, macBytes(mac));
  }

  remove(addressText: string, device: NetDevice): void {
    this.#delete(this.#entries.get(keyOf(device, ipNumber(addressText))));
  }

  flush(device: NetDevice | undefined): void {
    for (const entry of [...this.#entries.values()])
      if (entry.state !== "permanent" && (device === undefined || entry.device === device)) this.#delete(entry);
  }

  removeDevice(device: NetDevice): void {
    for (const entry of [...this.#entries.values()]) if (entry.device === device) this.#delete(entry);
  }

  /** Sends the datagram at once or when the address is known. */
  send(packet: Packet, device: NetDevice, nextHop: number): void {
    const entry = this.#entries.get(keyOf(device, nextHop));
    if (entry !== undefined && entry.state !== "incomplete") {
      this.#used(entry, packet.confirms);
      packet.confirms = false;
      pushEthernet(packet, entry.mac, device.macBytes, ethertypeOf(packet));
      device.transmit(packet);
      return;
    }
    const waiting = entry ?? this.#begin(device, nextHop, packet.source);
    if (waiting.waiting.length >= QUEUE_LENGTH) {
      const oldest = waiting.waiting.shift();
      if (oldest !== undefined) this.#stack.world.drop(this.#stack, device, "no-neighbour", oldest);
    }
    waiting.waiting.push(packet);
  }

  /** For frames that a bridge redirects. */
  resolve(device: NetDevice, address: number, source: number, use: (mac: Uint8Array) => void): void {
    const entry = this.#entries.get(keyOf(device, address));
    if (entry !== undefined && entry.state !== "incomplete") {
      this.#used(entry, false);
      use(entry.mac);
    } else (entry ?? this.#begin(device, address, source)).callbacks.push(use);
  }

  #used(entry: Neighbour, confirms: boolean): void {
    const { nowNs } = this.#stack.world;
    if (confirms) entry.confirmedNs = nowNs;
    if (entry.state === "reachable" && nowNs - entry.confirmedNs > REACHABLE_NS) entry.state = "stale";
    if (entry.state === "stale") {
      entry.state = "delay";
      entry.timer.set(nowNs + DELAY_NS);
    }
  }

  #begin(device: NetDevice, address: number, source: number): Neighbour {
    const entry = this.#create(device, address);
    this.#solicit(entry, source);
    return entry;
  }

  #create(device: NetDevice, address: number): Neighbour {
    const entry: Neighbour = {
      device,
      address,
      mac: new Uint8Array(6),
      timer: new Timer(this.#stack.world.queue, () => {
        this.#timeout(entry);
      }),
      state: "incomplete",
      confirmedNs: 0,
      sent: 0,
      waiting: [],
      callbacks: [],
    };
    this.#entries.set(keyOf(device, address), entry);
    return entry;
  }

  #delete(entry: Neighbour | undefined): void {
    if (entry === undefined) return;
    entry.timer.clear();
    this.#entries.delete(keyOf(entry.device, entry.address));
  }

  #timeout(entry: Neighbour): void {
    const { nowNs } = this.#stack.world;
    if (entry.state === "delay") {
      if (nowNs - entry.confirmedNs <= DELAY_NS) {
        entry.state = "reachable";
        return;
      }
      entry.state = "probe";
      entry.sent = 0;
    }
    if (entry.sent < SOLICITATIONS) {
      this.#solicit(entry, 0);
      return;
    }
    this.#delete(entry);
    for (const packet of entry.waiting) {
      this.#stack.world.drop(this.#stack, entry.device, "no-neighbour", packet);
      this.#stack.sendIcmpError(packet, ICMP_HOST_UNREACHABLE);
    }
  }

  #solicit(entry: Neighbour, preferredSource: number): void {
    const { device } = entry;
    entry.sent++;
    entry.timer.set(this.#stack.world.nowNs + RETRANSMIT_NS);
    const source =
      preferredSource !== 0 && this.#stack.isLocalAddress(preferredSource)
        ? preferredSource
        : (this.#stack.findPath(entry.address)?.source ?? firstAddress(device, entry.address));
    if (isIpv6(entry.address)) {
      const group = entry.state === "probe" ? entry.address : solicitedNode(entry.address);
      const question = solicitation(source, group, entry.address, device.macBytes);
      this.#transmitDiscovery(question, device, entry.state === "probe" ? entry.mac : multicastMac(group));
      return;
    }
    const to = entry.state === "probe" ? entry.mac : BROADCAST_MAC;
    this.#transmit(device, REQUEST, to, source, ZERO_MAC, entry.address);
  }

  #transmitDiscovery(message: Packet, device: NetDevice, to: Uint8Array): void {
    if (!device.ethernet) return;
    pushEthernet(message, to, device.macBytes, ETHERTYPE_IPV6);
    device.transmit(message);
  }

  #transmit(
    device: NetDevice,
    operation: number,
    to: Uint8Array,
    source: number,
    targetMac: Uint8Array,
    target: number,
  ): void {
    if (!device.ethernet) return;
    const packet = Packet.withRoom(ARP_BYTES);
    const { buffer, start } = packet;
    putU16(buffer, start, 1);
    putU16(buffer, start + 2, ETHERTYPE_IPV4);
    putU16(buffer, start + 4, 0x0604);
    putU16(buffer, start + 6, operation);
    buffer.set(device.macBytes, start + 8);
    putU32(buffer, start + 14, source);
    buffer.set(targetMac, start + 18);
    putU32(buffer, start + 24, target);
    pushEthernet(packet, to, device.macBytes, ETHERTYPE_ARP);
    device.transmit(packet);
  }

  /** A message of neighbour discovery; `packet.start` is at the IPv6 header. */
  receiveDiscovery(packet: Packet, device: NetDevice): void {
    const message = readNeighbourMessage(packet);
    if (message === undefined) return;
    const { source, target, mac } = message;
    if (!message.isSolicitation) {
      if (mac !== undefined) this.#learn(device, target, mac, false, message.solicited);
      return;
    }
    if (!this.#answersFor(target, device)) return;
    // Who asks from "::" only wants to know whether the address is free.
    if (source === 0 || mac === undefined) return;
    this.#learn(device, source, mac, true, false);
    const flags = { router: this.#stack.forwarding, solicited: true };
    this.#transmitDiscovery(advertisement(source, target, device.macBytes, flags), device, mac);
  }

  /** `packet.start` is behind the Ethernet header. */
  receive(packet: Packet, device: NetDevice): void {
    const { buffer, start } = packet;
    if (packet.length < ARP_BYTES || u16(buffer, start + 2) !== ETHERTYPE_IPV4) return;
    const operation = u16(buffer, start + 6);
    const senderMac = buffer.slice(start + 8, start + 14);
    const sender = u32(buffer, start + 14);
    const target = u32(buffer, start + 24);
    if (operation === REQUEST && sender !== target && this.#answersFor(target, device)) {
      if (sender !== 0) this.#learn(device, sender, senderMac, true, false);
      this.#transmit(device, REPLY, senderMac, target, senderMac, sender);
      return;
    }
    // A reply counts as proof only if it was sent to us.
    const toUs = operation === REPLY && ((buffer[start - ETHERNET_BYTES] as number) & 1) === 0;
    if (sender !== 0) this.#learn(device, sender, senderMac, false, toUs);
  }

  #answersFor(target: number, device: NetDevice): boolean {
    if (this.#stack.isLocalAddress(target)) return target >>> 24 !== 127;
    if (!device.proxyArp || !this.#stack.forwarding) return false;
    const path = this.#stack.findPath(target);
    return path?.kind === ROUTE_UNICAST && path.device !== device;
  }

  #learn(device: NetDevice, address: number, mac: Uint8Array, creates: boolean, proof: boolean): void {
    const known = this.#entries.get(keyOf(device, address));
    if (known === undefined && !creates) return;
    const entry = known ?? this.#create(device, address);
    if (entry.state === "permanent") return;
    const same = entry.state !== "incomplete" && entry.mac.every((byte, i) => byte === mac[i]);
    if (proof) {
      entry.state = "reachable";
      entry.confirmedNs = this.#stack.world.nowNs;
      entry.timer.clear();
    } else if (!same) {
      entry.state = "stale";
      entry.timer.clear();
    }
    this.#setMac(entry, mac);
  }

  #setMac(entry: Neighbour, mac: Uint8Array): void {
    entry.mac.set(mac);
    const { waiting, callbacks } = entry;
    entry.waiting = [];
    entry.callbacks = [];
    for (const packet of waiting) this.send(packet, entry.device, entry.address);
    for (const use of callbacks) use(entry.mac);
  }
}

function keyOf(device: NetDevice, address: number): number {
  return device.index * ADDRESSES + address;
}
