/**
 * Two addresses (and ports) with what passed between them: the rows of flows, conversations and endpoints, added up from the
 * units of traffic and the layers of their paths.
 *
 * ```
 * unit (path 7, stream 3): 12 packets ─► layers of path 7 ─► row {10.0.0.5:4000, 10.0.1.6:80, tcp, depth 2, vxlan 1}
 * ```
 * A is the smaller side of a row (address number, then port), so that both directions meet in one row.
 */
import type { TimeValue } from "../../../src-shared/contract/results";
import { portFilter } from "../../../src-shared/model/filter-text";
import { KeyRows } from "./key-rows";
import {
  HAS_IDENTIFIER,
  HAS_PORTS,
  OWNS_STREAM,
  PATH_ETHERNET,
  PATH_IPV4,
  type PathLayers,
  TUNNEL_FILTERS,
  VNI_FIELDS,
} from "./path-layers";
import { NO_STREAM, type TrafficUnits, UNIT_REPLY } from "./traffic-units";

const KEY_A = 0;
const KEY_B = 1;
const KEY_PORTS = 2;
/** kind | protocol << 8 | has ports << 16 | has an identifier << 17 | tunnel << 24; protocol 0 where ports do not matter */
export const KEY_WHAT = 3;
/** depth << 8 | network ordinal << 16 | transport ordinal << 24 */
export const KEY_PLACE = 4;
export const KEY_VNI = 5;
export const KEY_STREAM = 6;
export const KEY_POINT = 7;
const WORDS = 8;

export interface PairOptions {
  /** Layer rows that count. */
  readonly wanted: (layer: number) => boolean;
  /** Streams apart: a tuple used again is another row. */
  readonly byStream: boolean;
  readonly byPoint: boolean;
  /** Ports are part of the row, where there are any. */
  readonly byPort: boolean;
}

/** Rows with their sums; `side` 0 is what A sent. */
export class Pairs {
  readonly rows: KeyRows;
  /** Two a row: what A sent, what B sent. */
  private packetSums: Float64Array;
  private byteSums: Float64Array;
  private bitSums: Uint32Array;
  /** Four a row: first high, first low, last high, last low. */
  private times: Int32Array;
  /** 1: B began. */
  private originB: Uint8Array;
  private byPort = false;

  /** `expected` rows find room without growing. */
  constructor(
    readonly layers: PathLayers,
    expected = 4096,
  ) {
    const room = 1 << Math.ceil(Math.log2(Math.max(expected, 16)));
    this.rows = new KeyRows(WORDS, room);
    this.packetSums = new Float64Array(room * 2);
    this.byteSums = new Float64Array(room * 2);
    this.bitSums = new Uint32Array(room * 2);
    this.times = new Int32Array(room * 4);
    this.originB = new Uint8Array(room);
  }

  get count(): number {
    return this.rows.count;
  }

  async build(units: TrafficUnits, options: PairOptions, breathe: () => Promise<void>): Promise<this> {
    this.byPort = options.byPort;
    const { layers } = this;
    for (let unit = 0; unit < units.count; unit++) {
      const path = units.path[unit] as number;
      for (let layer = layers.first(path), end = layers.end(path); layer < end; layer++)
        if (options.wanted(layer)) this.add(units, unit, layer, options);
      if (unit % 16384 === 16383) await breathe();
    }
    return this;
  }

  private add(units: TrafficUnits, unit: number, layer: number, options: PairOptions): void {
    const { layers, rows } = this;
    const { key } = rows;
    const source = layers.source.at(layer);
    const destination = layers.destination.at(layer);
    const bits = layers.bits.at(layer);
    const ports = options.byPort;
    const sourcePort = ports ? layers.sourcePort.at(layer) : 0;
    const destinationPort = ports ? layers.destinationPort.at(layer) : 0;
    const swap = source > destination || (source === destination && sourcePort > destinationPort);
    key[KEY_A] = swap ? destination : source;
    key[KEY_B] = swap ? source : destination;
    key[KEY_PORTS] = swap ? (destinationPort << 16) | sourcePort : (sourcePort << 16) | destinationPort;
    key[KEY_WHAT] =
      layers.kind.at(layer) |
      (ports ? layers.protocol.at(layer) << 8 : 0) |
      (ports && bits & HAS_PORTS ? 1 << 16 : 0) |
      (ports && bits & HAS_IDENTIFIER ? 1 << 17 : 0) |
      (layers.tunnel.at(layer) << 24);
    key[KEY_PLACE] = bits & (ports ? 0xffffff00 : 0x00ffff00);
    key[KEY_VNI] = layers.vni.at(layer);
    const owns = (bits & OWNS_STREAM) !== 0;
    key[KEY_STREAM] = options.byStream && owns ? (units.stream[unit] as number) : NO_STREAM;
    key[KEY_POINT] = options.byPoint ? units.pointOf(unit) : 0;
    const before = rows.count;
    const row = rows.row();
    const isNew = row === before;
    if (isNew && row === this.originB.length) this.grow();
    const side = swap ? 1 : 0;
    const { times } = this;
    const at = row * 4;
    const high = units.firstHigh[unit] as number;
    const low = units.firstLow[unit] as number;
    if (isNew || isBefore(high, low, times[at] as number, (times[at + 1] as number) >>> 0)) {
      times[at] = high;
      times[at + 1] = low;
      // Who sent first began, unless it was an answer.
      const isAnswer = owns && ((units.bits[unit] as number) & UNIT_REPLY) !== 0;
      this.originB[row] = side ^ (isAnswer ? 1 : 0);
    }
    const lastHigh = units.lastHigh[unit] as number;
    const lastLow = units.lastLow[unit] as number;
    if (isNew || isBefore(times[at + 2] as number, (times[at + 3] as number) >>> 0, lastHigh, lastLow)) {
      times[at + 2] = lastHigh;
      times[at + 3] = lastLow;
    }
    const sum = row * 2 + side;
    this.packetSums[sum] = (this.packetSums[sum] as number) + (units.packets[unit] as number);
    this.byteSums[sum] = (this.byteSums[sum] as number) + (units.bytes[unit] as number);
    this.bitSums[sum] = (this.bitSums[sum] as number) | (units.bits[unit] as number);
  }

  private grow(): void {
    const bigger = <T extends Float64Array | Uint32Array | Int32Array | Uint8Array>(old: T): T => {
      const next = new (old.constructor as new (n: number) => T)(old.length * 2);
      next.set(old);
      return next;
    };
    this.packetSums = bigger(this.packetSums);
    this.byteSums = bigger(this.byteSums);
    this.bitSums = bigger(this.bitSums);
    this.times = bigger(this.times);
    this.originB = bigger(this.originB);
  }

  word(row: number, word: number): number {
    return this.rows.word(row, word);
  }
  kind(row: number): number {
    return this.word(row, KEY_WHAT) & 255;
  }
  protocol(row: number): number {
    return (this.word(row, KEY_WHAT) >>> 8) & 255;
  }
  hasPorts(row: number): boolean {
    return ((this.word(row, KEY_WHAT) >>> 16) & 1) === 1;
  }
  tunnel(row: number): number {
    return this.word(row, KEY_WHAT) >>> 24;
  }
  depth(row: number): number {
    return (this.word(row, KEY_PLACE) >>> 8) & 255;
  }
  /** Side 0 is the one that began, if `byOrigin`; else A. */
  private sideOf(row: number, side: number, byOrigin: boolean): number {
    return byOrigin ? side ^ (this.originB[row] as number) : side;
  }
  address(row: number, side: number, byOrigin = true): number {
    return this.word(row, this.sideOf(row, side, byOrigin) === 0 ? KEY_A : KEY_B);
  }
  port(row: number, side: number, byOrigin = true): number {
    const ports = this.word(row, KEY_PORTS);
    return this.sideOf(row, side, byOrigin) === 0 ? ports >>> 16 : ports & 0xffff;
  }
  packets(row: number, side: number, byOrigin = true): number {
    return this.packetSums[row * 2 + this.sideOf(row, side, byOrigin)] as number;
  }
  bytes(row: number, side: number, byOrigin = true): number {
    return this.byteSums[row * 2 + this.sideOf(row, side, byOrigin)] as number;
  }
  /** TCP flags and UNIT_* of all packets a side sent. */
  bits(row: number, side: number): number {
    return this.bitSums[row * 2 + this.sideOf(row, side, true)] as number;
  }
  start(row: number): TimeValue {
    return timeValue(this.times[row * 4] as number, (this.times[row * 4 + 1] as number) >>> 0);
  }
  end(row: number): TimeValue {
    return timeValue(this.times[row * 4 + 2] as number, (this.times[row * 4 + 3] as number) >>> 0);
  }
  /** Seconds from the first to the last packet. */
  duration(row: number): number {
    const [a, b] = [this.start(row), this.end(row)];
    return b[0] - a[0] + (b[1] - a[1]) / 1e9;
  }
  /** Start as one number, for sorting: exact to about 0.2 µs. */
  startKey(row: number): number {
    const [seconds, nanoseconds] = this.start(row);
    return seconds + nanoseconds / 1e9;
  }

  /** Of the port (an echo's identifier) at a side; null: it has none. */
  portFilter(row: number, side: number): string | null {
    if (this.hasPorts(row)) return portFilter(TRANSPORTS.get(this.protocol(row)) ?? "", this.port(row, side));
    const identifier = ((this.word(row, KEY_WHAT) >>> 17) & 1) === 1 && this.protocol(row) === 1;
    return identifier ? `icmp.ident == ${this.port(row, side)}` : null;
  }

  /** Of the tunnel that carries it; null: it has no name, or there is none. */
  tunnelFilter(row: number): string | null {
    return TUNNEL_FILTERS.get(this.tunnel(row)) ?? null;
  }

  vniFilter(row: number): string | null {
    return vniFilter(this.tunnel(row), this.word(row, KEY_VNI));
  }

  /**
   * The display filter that selects the row's packets: addresses and ports of one layer together, in either direction, with
   * the layer operator where packets have several of them.
   */
  filter(row: number): string {
    const { layers } = this;
    const isEthernet = this.kind(row) === PATH_ETHERNET;
    const network = isEthernet ? "eth" : this.kind(row) === PATH_IPV4 ? "ip" : "ipv6";
    const place = this.word(row, KEY_PLACE);
    const at = (protocol: string, ordinal: number): string =>
      (layers.most.get(protocol) ?? 1) > 1 && ordinal > 0 ? `#${ordinal}` : "";
    const n = at(network, (place >>> 16) & 255);
    const protocol = this.protocol(row);
    const transport = this.hasPorts(row) ? (TRANSPORTS.get(protocol) ?? "") : "";
    const t = transport === "" ? "" : at(transport, place >>> 24);
    const [a, b] = [layers.addresses.text(this.address(row, 0)), layers.addresses.text(this.address(row, 1))];
    const [pa, pb] = [this.port(row, 0), this.port(row, 1)];
    const direction = (source: string, destination: string, sport: number, dport: number): string => {
      const parts = [`${network}.src${n} == ${source}`, `${network}.dst${n} == ${destination}`];
      if (transport !== "") parts.push(`${transport}.srcport${t} == ${sport}`, `${transport}.dstport${t} == ${dport}`);
      return parts.join(" && ");
    };
    const one = direction(a, b, pa, pb);
    const same = a === b && pa === pb;
    const both = same ? one : `(${one}) || (${direction(b, a, pb, pa)})`;
    const more: string[] = [];
    const stream = this.word(row, KEY_STREAM);
    if (stream !== NO_STREAM) more.push(`${stream % 2 === 0 ? "tcp" : "udp"}.stream == ${stream >>> 1}`);
    if (transport === "" && this.byPort && !isEthernet) more.push(...this.protocolFilter(row, network, n));
    more.push(...tunnelFilter(layers, this.tunnel(row), this.word(row, KEY_VNI), this.depth(row)));
    return more.length === 0 ? both : `${same ? one : `(${both})`} && ${more.join(" && ")}`;
  }

  /** Of a flow without ports: the protocol inside IP, an echo's identifier; fragments without their transport header. */
  private protocolFilter(row: number, network: string, n: string): string[] {
    const protocol = this.protocol(row);
    const identifier = ((this.word(row, KEY_WHAT) >>> 17) & 1) === 1;
    if (protocol === 1) return [identifier ? `icmp.ident == ${this.port(row, 0)}` : "icmp && !icmp.ident"];
    if (protocol === 58) return ["icmpv6"];
    const transport = TRANSPORTS.get(protocol);
    // Behind extension headers the protocol is not kept: what is left when no transport header is there.
    if (network === "ipv6" && EXTENSIONS.has(protocol))
      return [`ipv6.nxt${n} == ${protocol}`, "!tcp", "!udp", "!sctp", "!icmpv6"];
    const inside =
      network === "ip"
        ? `ip.proto${n} == ${protocol}`
        : transport === undefined
          ? `ipv6.nxt${n} == ${protocol}`
          : "ipv6.fraghdr";
    return transport === undefined ? [inside] : [inside, `!${transport}`];
  }
}

/** Of a tunnel's number; null: the tunnel has none. */
export function vniFilter(tunnel: number, vni: number): string | null {
  const field = VNI_FIELDS.get(tunnel);
  return field === undefined || vni === 0 ? null : `${field} == ${vni}`;
}

/**
 * What tells a tunnel's packets from those of the same addresses in another: its number, its name, or that there is no other
 * tunnel.
 */
export function tunnelFilter(layers: PathLayers, tunnel: number, vni: number, depth: number): string[] {
  const field = VNI_FIELDS.get(tunnel);
  if (field !== undefined) return [`${field} == ${vni}`];
  if (depth <= 1) return [];
  const name = TUNNEL_FILTERS.get(tunnel);
  if (name !== undefined) return [name];
  return [...layers.tunnelsSeen]
    .map((kind) => TUNNEL_FILTERS.get(kind))
    .filter((f) => f !== undefined)
    .map((f) => `!${f}`);
}

/** Next headers of IPv6 that are no protocol of their own (RFC 8200 section 4). */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60]);

export const TRANSPORTS: ReadonlyMap<number, string> = new Map([
  [6, "tcp"],
  [17, "udp"],
  [132, "sctp"],
]);

function isBefore(high: number, low: number, thanHigh: number, thanLow: number): boolean {
  return high < thanHigh || (high === thanHigh && low < thanLow);
}

function timeValue(high: number, low: number): TimeValue {
  return [high * 4 + (low >>> 30), low & 0x3fffffff];
}
