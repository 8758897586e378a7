/**
 * Conversations (two addresses, with ports where the layer has them) and endpoints (one), at every depth. They count
 * sightings: the packets that the row's filter selects.
 */
import { addressFilter, portFilter } from "../../../src-shared/model/filter-text";
import type { Cell, TableColumn } from "../../../src-shared/contract/results";
import { type Depth, depthWanted } from "./flows-table";
import { GrowableNumbers, KeyRows } from "./key-rows";
import { KEY_PLACE, KEY_VNI, KEY_WHAT, Pairs, TRANSPORTS, tunnelFilter, vniFilter } from "./pairs";
import {
  HAS_PORTS,
  PATH_ETHERNET,
  PATH_IPV4,
  PATH_IPV6,
  type PathLayers,
  TUNNEL_FILTERS,
  tunnelName,
} from "./path-layers";
import { type TableSource, column } from "./table";
import type { TrafficUnits } from "./traffic-units";

export const CONVERSATION_LAYERS = ["ethernet", "ipv4", "ipv6", "tcp", "udp", "sctp"] as const;
export type ConversationLayer = (typeof CONVERSATION_LAYERS)[number];

const PROTOCOLS: ReadonlyMap<ConversationLayer, number> = new Map([
  ["tcp", 6],
  ["udp", 17],
  ["sctp", 132],
]);
const KINDS: ReadonlyMap<ConversationLayer, number> = new Map([
  ["ethernet", PATH_ETHERNET],
  ["ipv4", PATH_IPV4],
  ["ipv6", PATH_IPV6],
]);

async function layerPairs(
  units: TrafficUnits,
  layers: PathLayers,
  layer: ConversationLayer,
  depth: Depth,
  breathe: () => Promise<void>,
): Promise<Pairs> {
  const protocol = PROTOCOLS.get(layer);
  const kind = KINDS.get(layer);
  const atDepth = layer === "ethernet" ? ethernetAt(layers, depth) : depthWanted(layers, depth);
  const wanted = (row: number): boolean => {
    if (kind !== undefined ? layers.kind.at(row) !== kind : layers.protocol.at(row) !== protocol) return false;
    if (protocol !== undefined && !(layers.bits.at(row) & HAS_PORTS)) return false;
    return atDepth(row);
  };
  return new Pairs(layers, units.count).build(
    units,
    { wanted, byStream: false, byPoint: false, byPort: protocol !== undefined },
    breathe,
  );
}

/** Ethernet headers: the outermost is the first of its path, the innermost the last. */
function ethernetAt(layers: PathLayers, depth: Depth): (row: number) => boolean {
  if (depth === "all") return () => true;
  if (depth === "outer") return (row) => layers.bits.at(row) >>> 16 === 1;
  return (row) => {
    const ordinal = layers.bits.at(row) >>> 16;
    for (let next = row + 1; next < layers.kind.length; next++) {
      if (layers.kind.at(next) !== PATH_ETHERNET) continue;
      return layers.bits.at(next) >>> 16 <= ordinal;
    }
    return true;
  };
}

const encapsulation: readonly TableColumn[] = [
  column("depth", "Depth", "number", "1: outermost network layer"),
  column("tunnel", "Tunnel", "text", "What carries it"),
  column("vni", "VNI", "identifier", "Number of the virtual network"),
];

export async function conversationsTable(
  units: TrafficUnits,
  layers: PathLayers,
  options: { readonly layer: ConversationLayer; readonly depth: Depth },
  breathe: () => Promise<void>,
): Promise<TableSource> {
  const pairs = await layerPairs(units, layers, options.layer, options.depth, breathe);
  const hasPorts = PROTOCOLS.has(options.layer);
  const columns: TableColumn[] = [
    column("a", "Address A", "address", "Who began it"),
    ...(hasPorts ? [column("port-a", "Port A", "identifier", "Port of A")] : []),
    column("b", "Address B", "address", "The other side"),
    ...(hasPorts ? [column("port-b", "Port B", "identifier", "Port of B")] : []),
    column("packets", "Packets", "number", "Sightings at all capture points"),
    column("bytes", "Bytes", "bytes", "Whole frames"),
    column("packets-ab", "Packets A → B", "number", "Sent by A"),
    column("bytes-ab", "Bytes A → B", "bytes", "Sent by A"),
    column("packets-ba", "Packets B → A", "number", "Sent by B"),
    column("bytes-ba", "Bytes B → A", "bytes", "Sent by B"),
    column("start", "Start", "time", "First packet", "frame.time_epoch"),
    column("duration", "Duration", "duration", "From the first to the last packet"),
    column("bits-ab", "Bits/s A → B", "number", "Bits a second over the duration"),
    column("bits-ba", "Bits/s B → A", "number", "Bits a second over the duration"),
    ...encapsulation,
  ];
  let ranks: Float64Array | undefined;
  const rate = (bytes: number, seconds: number): number | null =>
    seconds > 0 ? Math.round((bytes * 8) / seconds) : null;
  const cell = (row: number, at: number): Cell => {
    switch (columns[at]?.id) {
      case "a":
        return layers.addresses.text(pairs.address(row, 0));
      case "port-a":
        return pairs.port(row, 0);
      case "b":
        return layers.addresses.text(pairs.address(row, 1));
      case "port-b":
        return pairs.port(row, 1);
      case "packets":
        return pairs.packets(row, 0) + pairs.packets(row, 1);
      case "bytes":
        return pairs.bytes(row, 0) + pairs.bytes(row, 1);
      case "packets-ab":
        return pairs.packets(row, 0);
      case "bytes-ab":
        return pairs.bytes(row, 0);
      case "packets-ba":
        return pairs.packets(row, 1);
      case "bytes-ba":
        return pairs.bytes(row, 1);
      case "start":
        return pairs.start(row);
      case "duration":
        return pairs.duration(row);
      case "bits-ab":
        return rate(pairs.bytes(row, 0), pairs.duration(row));
      case "bits-ba":
        return rate(pairs.bytes(row, 1), pairs.duration(row));
      case "depth":
        return pairs.depth(row) || null;
      case "tunnel":
        return tunnelName(pairs.tunnel(row), pairs.depth(row)) || null;
      case "vni":
        return pairs.word(row, KEY_VNI) || null;
      default:
        return null;
    }
  };
  return {
    columns,
    rows: pairs.count,
    cell,
    sortKey(row, at) {
      const id = columns[at]?.id;
      if (id === "a" || id === "b") {
        ranks ??= layers.addresses.ranks();
        return ranks[pairs.address(row, id === "a" ? 0 : 1)] as number;
      }
      if (id === "start") return pairs.startKey(row);
      const value = cell(row, at);
      return value === null ? -1 : typeof value === "number" ? value : NaN;
    },
    cellFilter(row, at) {
      switch (columns[at]?.id) {
        case "a":
        case "b":
          return addressFilter(layers.addresses.text(pairs.address(row, columns[at].id === "a" ? 0 : 1)));
        case "port-a":
          return pairs.portFilter(row, 0);
        case "port-b":
          return pairs.portFilter(row, 1);
        case "tunnel":
          return pairs.tunnelFilter(row);
        case "vni":
          return pairs.vniFilter(row);
        default:
          return undefined;
      }
    },
    key: (row) => Array.from({ length: 6 }, (_, i) => pairs.word(row, i).toString(36)).join("."),
    filter: (row) => pairs.filter(row),
  };
}

export async function endpointsTable(
  units: TrafficUnits,
  layers: PathLayers,
  options: { readonly layer: ConversationLayer; readonly depth: Depth },
  breathe: () => Promise<void>,
): Promise<TableSource> {
  const pairs = await layerPairs(units, layers, options.layer, options.depth, breathe);
  const hasPorts = PROTOCOLS.has(options.layer);
  // address, port, what, place, VNI
  const rows = new KeyRows(5);
  const sums = [new GrowableNumbers(), new GrowableNumbers(), new GrowableNumbers(), new GrowableNumbers()] as const;
  const [sentPackets, sentBytes, gotPackets, gotBytes] = sums;
  /** Of those: sent by the address to itself. */
  const [ownPackets, ownBytes] = [new GrowableNumbers(), new GrowableNumbers()];
  const peers = new GrowableNumbers();
  for (let pair = 0; pair < pairs.count; pair++) {
    for (const side of [0, 1] as const) {
      rows.key.set([pairs.address(pair, side), hasPorts ? pairs.port(pair, side) : 0]);
      rows.key[2] = pairs.word(pair, KEY_WHAT);
      rows.key[3] = pairs.word(pair, KEY_PLACE);
      rows.key[4] = pairs.word(pair, KEY_VNI);
      const row = rows.row();
      sentPackets.add(row, pairs.packets(pair, side));
      sentBytes.add(row, pairs.bytes(pair, side));
      const itself =
        pairs.address(pair, 0) === pairs.address(pair, 1) && (!hasPorts || pairs.port(pair, 0) === pairs.port(pair, 1));
      const sender = itself ? side : side ^ 1;
      gotPackets.add(row, pairs.packets(pair, sender));
      gotBytes.add(row, pairs.bytes(pair, sender));
      if (itself) {
        // Sent and received, and one packet all the same.
        ownPackets.add(row, pairs.packets(pair, side));
        ownBytes.add(row, pairs.bytes(pair, side));
      }
      // Both directions of such a pair are one peer.
      peers.add(row, itself && side === 1 ? 0 : 1);
    }
    if (pair % 65536 === 65535) await breathe();
  }
  const columns: TableColumn[] = [
    column("address", "Address", "address", "Address of the layer"),
    ...(hasPorts ? [column("port", "Port", "identifier", "Port")] : []),
    column("packets", "Packets", "number", "Sightings, sent and received"),
    column("bytes", "Bytes", "bytes", "Whole frames, sent and received"),
    column("packets-out", "Packets sent", "number", "Sent by the address"),
    column("bytes-out", "Bytes sent", "bytes", "Sent by the address"),
    column("packets-in", "Packets received", "number", "Sent to the address"),
    column("bytes-in", "Bytes received", "bytes", "Sent to the address"),
    column("peers", "Peers", "number", "How many it spoke with"),
    ...encapsulation,
  ];
  let ranks: Float64Array | undefined;
  const cell = (row: number, at: number): Cell => {
    const what = rows.word(row, 2);
    switch (columns[at]?.id) {
      case "address":
        return layers.addresses.text(rows.word(row, 0));
      case "port":
        return rows.word(row, 1);
      case "packets":
        return sentPackets.at(row) + gotPackets.at(row) - ownPackets.at(row);
      case "bytes":
        return sentBytes.at(row) + gotBytes.at(row) - ownBytes.at(row);
      case "packets-out":
        return sentPackets.at(row);
      case "bytes-out":
        return sentBytes.at(row);
      case "packets-in":
        return gotPackets.at(row);
      case "bytes-in":
        return gotBytes.at(row);
      case "peers":
        return peers.at(row);
      case "depth":
        return (rows.word(row, 3) >>> 8) & 255 || null;
      case "tunnel":
        return tunnelName(what >>> 24, (rows.word(row, 3) >>> 8) & 255) || null;
      case "vni":
        return rows.word(row, 4) || null;
      default:
        return null;
    }
  };
  return {
    columns,
    rows: rows.count,
    cell,
    sortKey(row, at) {
      if (columns[at]?.id === "address") {
        ranks ??= layers.addresses.ranks();
        return ranks[rows.word(row, 0)] as number;
      }
      const value = cell(row, at);
      return value === null ? -1 : typeof value === "number" ? value : NaN;
    },
    cellFilter(row, at) {
      const what = rows.word(row, 2);
      switch (columns[at]?.id) {
        case "address":
          return addressFilter(layers.addresses.text(rows.word(row, 0)));
        case "port":
          return portFilter(TRANSPORTS.get((what >>> 8) & 255) ?? "", rows.word(row, 1));
        case "tunnel":
          return TUNNEL_FILTERS.get(what >>> 24) ?? null;
        case "vni":
          return vniFilter(what >>> 24, rows.word(row, 4));
        default:
          return undefined;
      }
    },
    key: (row) => Array.from({ length: 5 }, (_, i) => rows.word(row, i).toString(36)).join("."),
    filter(row) {
      const kind = rows.word(row, 2) & 255;
      const network = kind === PATH_ETHERNET ? "eth" : kind === PATH_IPV4 ? "ip" : "ipv6";
      const place = rows.word(row, 3);
      const at = (protocol: string, ordinal: number): string =>
        (layers.most.get(protocol) ?? 1) > 1 && ordinal > 0 ? `#${ordinal}` : "";
      const n = at(network, (place >>> 16) & 255);
      const address = layers.addresses.text(rows.word(row, 0));
      const transport = hasPorts ? (TRANSPORTS.get((rows.word(row, 2) >>> 8) & 255) ?? "") : "";
      let text: string;
      if (transport === "") text = `${network}.addr${n} == ${address}`;
      else {
        const t = at(transport, place >>> 24);
        const port = rows.word(row, 1);
        const side = (ip: string, p: string): string =>
          `(${network}.${ip}${n} == ${address} && ${transport}.${p}${t} == ${port})`;
        text = `${side("src", "srcport")} || ${side("dst", "dstport")}`;
      }
      const more = tunnelFilter(layers, rows.word(row, 2) >>> 24, rows.word(row, 4), (place >>> 8) & 255);
      return more.length === 0 ? text : `(${text}) && ${more.join(" && ")}`;
    },
  };
}
