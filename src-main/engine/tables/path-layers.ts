/**
 * What conversations are made of, read once from the index's dictionary of paths: a row for every Ethernet and every network
 * layer of a path. Packets refer to paths, so tables over millions of packets look at each path once.
 *
 * ```
 * path 7:  eth A>B │ ip 192.168.1.1>192.168.1.2 udp 50000>4789 │ vxlan │ eth C>D │ ip 10.0.0.5>10.0.1.6 tcp 4000>80
 * rows      14            15 depth 1                                      16            17 depth 2, innermost, tunnel vxlan 1
 * ```
 * What an ICMP error quotes is no traffic of its own and has no rows.
 */
import { TUNNEL_NAMES } from "../flows/flow-table";
import {
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IP_OVER_UDP,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
} from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { LAYER_FLAG_CUT, LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { GrowableU32 } from "../packet-index/growable";
import type { Paths } from "../packet-index/paths";
import { Addresses } from "./addresses";

export const PATH_ETHERNET = 1;
export const PATH_IPV4 = 2;
export const PATH_IPV6 = 3;

/** Ports are there. */
export const HAS_PORTS = 1;
/** No network layer lies inside this one. */
export const INNERMOST = 2;
/** The first of its packet. */
export const OUTERMOST = 4;
/** Its TCP or UDP header is the innermost of the packet: the packet's stream is this layer's. */
export const OWNS_STREAM = 8;
/** An ICMP echo: the ports hold its identifier. */
export const HAS_IDENTIFIER = 16;

export class PathLayers {
  readonly addresses = new Addresses();
  /** By path: its first row; rows end where the next path's begin. */
  private readonly firsts = new GrowableU32(4096);
  readonly kind = new GrowableU32(4096);
  /** Address numbers. */
  readonly source = new GrowableU32(4096);
  readonly destination = new GrowableU32(4096);
  readonly sourcePort = new GrowableU32(4096);
  readonly destinationPort = new GrowableU32(4096);
  /** IP protocol; 0 for Ethernet. */
  readonly protocol = new GrowableU32(4096);
  /** HAS_PORTS …; bits 8-15: depth of the network layer, from 1; bits 16-23: how many layers of its protocol are outside it
   *  and itself; bits 24-31: the same of the transport layer's protocol. */
  readonly bits = new GrowableU32(4096);
  /** Tunnel's layer kind, 0 none. */
  readonly tunnel = new GrowableU32(4096);
  readonly vni = new GrowableU32(4096);
  /** Most layers of one protocol in a packet: with 1 everywhere, filters need no layer operator. */
  readonly most = new Map<string, number>();

  /** By path: number of its stack of layer kinds, what an error quotes left out. */
  readonly stack = new GrowableU32(4096);
  /** By stack: the kinds, outermost first. */
  readonly stacks: (readonly number[])[] = [];
  private readonly stackNumbers = new Map<string, number>();
  /** Kinds of tunnel there are. */
  readonly tunnelsSeen = new Set<number>();

  constructor(private readonly paths: Paths) {}

  get pathCount(): number {
    return this.firsts.length;
  }

  first(path: number): number {
    return this.firsts.at(path);
  }

  /** Row behind the path's last. */
  end(path: number): number {
    return path + 1 < this.firsts.length ? this.firsts.at(path + 1) : this.kind.length;
  }

  /** Takes in paths that are new, `most` at once; true when none is left. */
  update(most = Infinity): boolean {
    const { paths } = this;
    const from = this.firsts.length;
    let done = 0;
    if (from >= paths.count) return true;
    while (this.firsts.length < paths.count && done < most) {
      const first = this.firsts.length;
      const batch = paths.read(first);
      for (let i = 0; i < batch.packetCount; i++) this.add(batch, i);
      done += batch.packetCount;
    }
    return this.firsts.length >= paths.count;
  }

  private add(batch: Batch, packet: number): void {
    this.firsts.push(this.kind.length);
    const { bytes } = batch;
    const first = batch.firstLayer[packet] as number;
    const last = first + batch.layersOf(packet);
    this.stack.push(this.stackOf(batch, first, last));
    const ordinals = new Map<string, number>();
    const ordinal = (protocol: string): number => {
      const n = (ordinals.get(protocol) ?? 0) + 1;
      ordinals.set(protocol, n);
      if (n > (this.most.get(protocol) ?? 0)) this.most.set(protocol, n);
      return n;
    };
    let depth = 0;
    let tunnel = 0;
    let vni = 0;
    let network = -1;
    for (let row = first; row < last; row++) {
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) {
        // No traffic, but filters see it: they need the layer operator to look past it.
        const name = QUOTED_NAMES.get(batch.layerKind[row] as number);
        if (name !== undefined) ordinal(name);
        continue;
      }
      const kind = batch.layerKind[row] as number;
      const p = batch.layerPtr[row] as number;
      const here = captured(batch, row);
      const cut = ((batch.layerFlags[row] as number) & LAYER_FLAG_CUT) !== 0;
      switch (kind) {
        case LAYER_ETHERNET: {
          const n = ordinal("eth");
          if (here < 12) break;
          this.push(
            PATH_ETHERNET,
            this.addresses.mac(bytes, p + 6),
            this.addresses.mac(bytes, p),
            0,
            n << 16,
            tunnel,
            vni,
          );
          break;
        }
        case LAYER_IPV4:
        case LAYER_IPV6: {
          const four = kind === LAYER_IPV4;
          const n = ordinal(four ? "ip" : "ipv6");
          depth++;
          network = -1;
          if (cut || here < (four ? 20 : 40)) break;
          network = this.kind.length;
          const source = four ? this.addresses.ipv4(readUint(bytes, p + 12, 4)) : this.addresses.ipv6(bytes, p + 8);
          const destination = four
            ? this.addresses.ipv4(readUint(bytes, p + 16, 4))
            : this.addresses.ipv6(bytes, p + 24);
          const protocol = batch.layerAux[row] as number;
          const bits = (depth === 1 ? OUTERMOST : 0) | INNERMOST | (depth << 8) | (n << 16);
          this.clear(INNERMOST);
          this.push(four ? PATH_IPV4 : PATH_IPV6, source, destination, protocol & 255, bits, tunnel, vni);
          break;
        }
        case LAYER_TCP:
        case LAYER_UDP:
        case LAYER_SCTP: {
          const name = kind === LAYER_TCP ? "tcp" : kind === LAYER_UDP ? "udp" : "sctp";
          const n = ordinal(name);
          if (network < 0) break;
          // Extension headers stand between: the protocol is the transport's.
          this.setLast(this.protocol, network, kind === LAYER_TCP ? 6 : kind === LAYER_UDP ? 17 : 132);
          if (kind !== LAYER_SCTP) {
            this.clear(OWNS_STREAM);
            this.setLast(this.bits, network, (this.bits.at(network) | OWNS_STREAM) >>> 0);
          }
          if (here >= 4)
            this.setPorts(network, readUint(bytes, p, 2), readUint(bytes, p + 2, 2), HAS_PORTS | (n << 24));
          network = -1;
          break;
        }
        case LAYER_ICMP:
        case LAYER_ICMPV6: {
          ordinal(kind === LAYER_ICMP ? "icmp" : "icmpv6");
          if (network < 0) break;
          this.setLast(this.protocol, network, kind === LAYER_ICMP ? 1 : 58);
          const type = here >= 1 ? (bytes[p] as number) : 255;
          // Echo has an identifier, which tells conversations apart; the index keeps it of ICMPv4 only.
          const echo = kind === LAYER_ICMP && (type === 0 || type === 8) && here >= 6;
          if (echo) this.setPorts(network, readUint(bytes, p + 4, 2), readUint(bytes, p + 4, 2), HAS_IDENTIFIER);
          network = -1;
          break;
        }
        case LAYER_VXLAN:
        case LAYER_GENEVE:
        case LAYER_GTPU:
        case LAYER_GRE:
        case LAYER_IP_OVER_UDP:
          tunnel = kind;
          this.tunnelsSeen.add(kind);
          vni = kind === LAYER_GRE || kind === LAYER_IP_OVER_UDP ? 0 : (batch.layerAux[row] as number);
          break;
        default:
      }
    }
  }

  private stackOf(batch: Batch, first: number, last: number): number {
    let key = "";
    let end = first;
    while (end < last && !((batch.layerFlags[end] as number) & LAYER_FLAG_QUOTED))
      key += String.fromCharCode(batch.layerKind[end++] as number);
    let number = this.stackNumbers.get(key);
    if (number === undefined) {
      number = this.stacks.length;
      this.stackNumbers.set(key, number);
      this.stacks.push(Array.from(batch.layerKind.subarray(first, end)));
    }
    return number;
  }

  private push(
    kind: number,
    source: number,
    destination: number,
    protocol: number,
    bits: number,
    tunnel: number,
    vni: number,
  ): void {
    this.kind.push(kind);
    this.source.push(source);
    this.destination.push(destination);
    this.sourcePort.push(0);
    this.destinationPort.push(0);
    this.protocol.push(protocol);
    this.bits.push(bits);
    this.tunnel.push(tunnel);
    this.vni.push(vni);
  }

  private setLast(column: GrowableU32, row: number, value: number): void {
    column.array()[row] = value;
  }

  private setPorts(row: number, source: number, destination: number, bits: number): void {
    this.setLast(this.sourcePort, row, source);
    this.setLast(this.destinationPort, row, destination);
    this.setLast(this.bits, row, (this.bits.at(row) | bits) >>> 0);
  }

  /** Takes a bit from all rows of the path that is being added. */
  private clear(bit: number): void {
    const bits = this.bits.array();
    for (let row = this.firsts.at(this.firsts.length - 1); row < bits.length; row++)
      bits[row] = ((bits[row] as number) & ~bit) >>> 0;
  }
}

const QUOTED_NAMES: ReadonlyMap<number, string> = new Map([
  [LAYER_IPV4, "ip"],
  [LAYER_IPV6, "ipv6"],
  [LAYER_TCP, "tcp"],
  [LAYER_UDP, "udp"],
  [LAYER_SCTP, "sctp"],
  [LAYER_ICMP, "icmp"],
  [LAYER_ICMPV6, "icmpv6"],
]);

/** "vxlan", "gre", … ; "ip" for IP in IP; "" at the outside. */
export function tunnelName(kind: number, depth: number): string {
  return TUNNEL_NAMES.get(kind) ?? (depth > 1 ? "ip" : "");
}

/** How a filter asks for a tunnel; a TUN device's datagrams have no name. */
export const TUNNEL_FILTERS: ReadonlyMap<number, string> = new Map([
  [LAYER_VXLAN, "vxlan"],
  [LAYER_GENEVE, "geneve"],
  [LAYER_GRE, "gre"],
  [LAYER_GTPU, "gtp"],
]);

/** The field that tells the tunnel's number. */
export const VNI_FIELDS: ReadonlyMap<number, string> = new Map([
  [LAYER_VXLAN, "vxlan.vni"],
  [LAYER_GENEVE, "geneve.vni"],
  [LAYER_GTPU, "gtp.teid"],
]);
