/**
 * Link addresses of every packet, and what ARP and neighbour discovery say: gathered while the batches pass, because nothing keeps
 * the packets' bytes. What devices learned from it is told by learned-macs.ts, -neighbours.ts, -tunnels.ts, -routes.ts.
 *
 * ```
 * Ethernet A > B / IPv4 / UDP / VXLAN / Ethernet C > D / IPv4          depth 1: A > B       depth 2: C > D
 * Ethernet A > B / IPv4 / IPv4                                          depth 1: A > B       depth 2: none
 * ```
 * A MAC is a number (0: none); the outermost pair of a packet is two words in columns by packet, the few inner ones are in columns
 * of their own, ordered by packet: 8 bytes a packet, 16 more for each that is tunnelled with link addresses.
 */
import { firstIndex } from "../../../src-shared/base/search";
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import type { TimeValue } from "../../../src-shared/contract/results";
import {
  LAYER_ARP,
  LAYER_ETHERNET,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_SLL,
  LAYER_SLL2,
} from "../../../src-shared/model/layer-kind";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { GrowableU32 } from "../packet-index/growable";

/** Somebody's word for which MAC an address has, at one point, as often as it was said. */
export interface NeighbourClaim {
  readonly point: number;
  /** Who says it of itself. */
  readonly address: string;
  readonly mac: string;
  /** Whom it is said to; of an announcement itself. */
  readonly to: string;
  readonly how: "reply" | "request" | "announcement";
  readonly firstTime: TimeValue;
  lastTime: TimeValue;
  /** Index over the workspace. */
  readonly firstPacket: number;
  readonly file: number;
  /** frame.number of the first. */
  readonly frameNumber: number;
  count: number;
}

/** A scan asks for millions of addresses: beyond this many different claims, new ones are not kept. */
const MOST_CLAIMS = 1 << 17;

export class LearnedObserver {
  readonly #source = new GrowableU32(1024);
  readonly #destination = new GrowableU32(1024);
  /** Packet, depth, source, destination of headers inside tunnels. */
  readonly #innerPacket = new GrowableU32();
  readonly #innerDepth = new GrowableU32();
  readonly #innerSource = new GrowableU32();
  readonly #innerDestination = new GrowableU32();
  readonly #numbers = new Map<number, number>();
  readonly #macs: string[] = [""];
  readonly #claims = new Map<string, NeighbourClaim>();

  /** Sees one batch; to be called for every batch, in order. */
  observe(batch: Batch): void {
    const { layerKind, layerFlags } = batch;
    for (let row = 0; row < batch.packetCount; row++) {
      const packet = this.#source.length;
      const first = batch.firstLayer[row] as number;
      const end = first + batch.layersOf(row);
      let source = 0;
      let destination = 0;
      let outerSource = 0;
      let outerDestination = 0;
      let depth = 0;
      let fresh = false;
      for (let layer = first; layer < end; layer++) {
        const kind = layerKind[layer] as number;
        if ((layerFlags[layer] as number) & LAYER_FLAG_QUOTED) break;
        if (kind === LAYER_ETHERNET) {
          const at = batch.layerPtr[layer] as number;
          if ((batch.layerEnd[layer] as number) - at < 12) break;
          destination = this.#number(batch, at);
          source = this.#number(batch, at + 6);
          fresh = true;
        } else if (kind === LAYER_SLL || kind === LAYER_SLL2) {
          const at = (batch.layerPtr[layer] as number) + (kind === LAYER_SLL ? 6 : 12);
          if ((batch.layerEnd[layer] as number) - at < 6) break;
          source = this.#number(batch, at);
          destination = 0;
          fresh = true;
        } else if (kind === LAYER_IPV4 || kind === LAYER_IPV6 || kind === LAYER_ARP) {
          depth++;
          if (depth === 1) {
            outerSource = source;
            outerDestination = destination;
          } else if (fresh) {
            this.#innerPacket.push(packet);
            this.#innerDepth.push(depth);
            this.#innerSource.push(source);
            this.#innerDestination.push(destination);
          }
          fresh = false;
          if (kind === LAYER_ARP) this.#arp(batch, row, packet, layer);
        } else if (kind === LAYER_ICMPV6) this.#discovery(batch, row, packet, layer);
      }
      if (depth === 0) {
        outerSource = source;
        outerDestination = destination;
      }
      this.#source.push(outerSource);
      this.#destination.push(outerDestination);
    }
  }

  /** MAC a network layer was sent from; "" where the link has none. `depth` 1 is the outermost network layer. */
  source(packet: number, depth: number): string {
    if (depth <= 1) return this.#text(this.#source, packet);
    const at = this.#inner(packet, depth);
    return at < 0 ? "" : this.#text(this.#innerSource, at);
  }

  destination(packet: number, depth: number): string {
    if (depth <= 1) return this.#text(this.#destination, packet);
    const at = this.#inner(packet, depth);
    return at < 0 ? "" : this.#text(this.#innerDestination, at);
  }

  get claims(): readonly NeighbourClaim[] {
    return [...this.#claims.values()];
  }

  #text(column: GrowableU32, at: number): string {
    return at < 0 || at >= column.length ? "" : (this.#macs[column.at(at)] ?? "");
  }

  /** Bisects: the inner headers are in order of packets, and of depth within one. */
  #inner(packet: number, depth: number): number {
    const count = this.#innerPacket.length;
    const at = firstIndex(count, (index) => {
      const p = this.#innerPacket.at(index);
      return p > packet || (p === packet && this.#innerDepth.at(index) >= depth);
    });
    return at < count && this.#innerPacket.at(at) === packet && this.#innerDepth.at(at) === depth ? at : -1;
  }

  /** 48 bits are a whole number a double holds exactly. */
  #number(batch: Batch, at: number): number {
    const value = batch.view.getUint16(at) * 4294967296 + batch.view.getUint32(at + 2);
    if (value === 0) return 0;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#macs.length;
      this.#numbers.set(value, number);
      this.#macs.push(formatMac(batch.bytes, at));
    }
    return number;
  }

  /** RFC 826: sender MAC at 8, sender address at 14, target address at 24. */
  #arp(batch: Batch, row: number, packet: number, layer: number): void {
    const at = batch.layerPtr[layer] as number;
    const { view, bytes } = batch;
    if ((batch.layerEnd[layer] as number) - at < 28) return;
    if (view.getUint16(at + 2) !== 0x0800 || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return;
    const sender = view.getUint32(at + 14);
    const target = view.getUint32(at + 24);
    // RFC 5227: a probe claims nothing.
    if (sender === 0) return;
    const how = sender === target ? "announcement" : view.getUint16(at + 6) === 2 ? "reply" : "request";
    this.#claim(batch, row, packet, formatIpv4(sender), formatMac(bytes, at + 8), formatIpv4(target), how);
  }

  /** RFC 4861 sections 4.3 and 4.4: type 135 with option 1 (source MAC), type 136 with option 2 (target MAC). */
  #discovery(batch: Batch, row: number, packet: number, layer: number): void {
    const at = batch.layerPtr[layer] as number;
    const end = batch.layerEnd[layer] as number;
    const { bytes } = batch;
    const type = bytes[at] as number;
    if ((type !== 135 && type !== 136) || end - at < 32 || batch.layerKind[layer - 1] !== LAYER_IPV6) return;
    // The option right behind the target: the only one these messages have in practice.
    if (bytes[at + 24] !== (type === 135 ? 1 : 2) || bytes[at + 25] !== 1) return;
    const ip = batch.layerPtr[layer - 1] as number;
    const mac = formatMac(bytes, at + 26);
    const target = formatIpv6(bytes, at + 8);
    if (type === 135) {
      const sender = formatIpv6(bytes, ip + 8);
      if (sender !== "::") this.#claim(batch, row, packet, sender, mac, target, "request");
    } else {
      const to = formatIpv6(bytes, ip + 24);
      this.#claim(batch, row, packet, target, mac, to, bytes[ip + 24] === 0xff ? "announcement" : "reply");
    }
  }

  #claim(
    batch: Batch,
    row: number,
    packet: number,
    address: string,
    mac: string,
    to: string,
    how: NeighbourClaim["how"],
  ): void {
    const point = batch.point[row] as number;
    const time: TimeValue = [batch.seconds(row), batch.nanoseconds(row)];
    const key = `${point} ${how} ${address} ${mac} ${to}`;
    const known = this.#claims.get(key);
    if (known) {
      known.count++;
      known.lastTime = time;
    } else if (this.#claims.size < MOST_CLAIMS)
      this.#claims.set(key, {
        point,
        address,
        mac,
        to,
        how,
        firstTime: time,
        lastTime: time,
        firstPacket: packet,
        file: batch.file,
        frameNumber: batch.numberBefore + row + 1,
        count: 1,
      });
  }
}
