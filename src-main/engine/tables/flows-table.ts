/**
 * The flows table: one row a flow at one encapsulation depth. A flow seen at several capture points is one row with the counts
 * of the point that saw most of it (a second sighting is no second packet); `perPoint` shows each point's.
 */
import { ACK, FIN, RST, SYN } from "../../../src-shared/model/header-numbers";
import { addressFilter, textLiteral } from "../../../src-shared/model/filter-text";
import type { Cell, TableColumn } from "../../../src-shared/contract/results";
import { protocolWord } from "../../../src-shared/model/protocol-word";
import { PROTOCOL_NAMES } from "../flows/flow-table";
import { KEY_POINT, KEY_STREAM, KEY_VNI, Pairs, TRANSPORTS } from "./pairs";
import { KeyRows } from "./key-rows";
import { INNERMOST, OUTERMOST, PATH_ETHERNET, type PathLayers, tunnelName } from "./path-layers";
import { type TableSource, column } from "./table";
import { NO_STREAM, type TrafficUnits, UNIT_DATA } from "./traffic-units";

/** Of capture points, by their number: how they are shown, and the value of point.id. */
export interface PointTexts {
  readonly name: (point: number) => string;
  readonly id: (point: number) => string;
}

/** Transports that are a filter of their own. */
const PROTOCOL_FILTERS: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [58, "icmpv6"],
  ...TRANSPORTS,
]);

export type Depth = "all" | "outer" | "inner";

/** Which layers of a path a depth means. */
export function depthWanted(layers: PathLayers, depth: Depth): (layer: number) => boolean {
  if (depth === "all") return () => true;
  const bit = depth === "outer" ? OUTERMOST : INNERMOST;
  return (layer) => (layers.bits.at(layer) & bit) !== 0;
}

const FLOW_TABLE_COLUMNS: readonly TableColumn[] = [
  column("protocol", "Protocol", "text", "Transport, or protocol inside IP"),
  column("source", "Source", "address", "Who began it"),
  column("sport", "Port", "identifier", "Source port; of an echo its identifier"),
  column("destination", "Destination", "address", "Who answered"),
  column("dport", "Port", "identifier", "Destination port"),
  column("packets", "Packets", "number", "At the capture point that saw most of it"),
  column("bytes", "Bytes", "bytes", "Whole frames, both directions"),
  column("packets-out", "Packets →", "number", "Sent by the source"),
  column("bytes-out", "Bytes →", "bytes", "Sent by the source"),
  column("packets-in", "Packets ←", "number", "Sent by the destination"),
  column("bytes-in", "Bytes ←", "bytes", "Sent by the destination"),
  column("start", "Start", "time", "First packet", "frame.time_epoch"),
  column("duration", "Duration", "duration", "From the first to the last packet"),
  column("state", "State", "text", "How TCP and UDP flows ended, in Zeek's words"),
  column("depth", "Depth", "number", "1: outermost network layer"),
  column("tunnel", "Tunnel", "text", "What carries it"),
  column("vni", "VNI", "identifier", "Number of the virtual network"),
  column("stream", "Stream", "identifier", "Number of the TCP or UDP stream"),
  column("points", "Seen at", "text", "Capture points"),
  column("sightings", "Sightings", "number", "Packets at all capture points"),
];

interface Groups {
  /** By group: row with the most packets, sightings, first row. */
  readonly best: Uint32Array;
  readonly sightings: Float64Array;
  readonly heads: Uint32Array;
  /** By row: next row of its group, -1 at the end. */
  readonly next: Int32Array;
}

export async function flowsTable(
  units: TrafficUnits,
  layers: PathLayers,
  options: { readonly depth: Depth; readonly perPoint: boolean },
  points: PointTexts,
  breathe: () => Promise<void>,
): Promise<TableSource> {
  const wanted = depthWanted(layers, options.depth);
  const pairs = await new Pairs(layers, units.count).build(
    units,
    {
      wanted: (layer) => layers.kind.at(layer) !== PATH_ETHERNET && wanted(layer),
      byStream: true,
      byPoint: true,
      byPort: true,
    },
    breathe,
  );
  await breathe();
  const seenAt = new Set<number>();
  for (let unit = 0; unit < units.count && seenAt.size < 2; unit++) seenAt.add(units.pointOf(unit));
  const groups = options.perPoint || seenAt.size < 2 ? eachAlone(pairs) : overPoints(pairs);
  return new FlowsTable(pairs, groups, points);
}

class FlowsTable implements TableSource {
  readonly columns = FLOW_TABLE_COLUMNS;
  readonly rows: number;
  private ranks: Float64Array | undefined;

  constructor(
    private readonly pairs: Pairs,
    private readonly groups: Groups,
    private readonly points: PointTexts,
  ) {
    this.rows = groups.best.length;
  }

  cell(row: number, column: number): Cell {
    const { pairs } = this;
    const p = this.groups.best[row] as number;
    const { addresses } = pairs.layers;
    switch (this.columns[column]?.id) {
      case "protocol":
        return protocolWord(PROTOCOL_NAMES.get(pairs.protocol(p)) ?? String(pairs.protocol(p)));
      case "source":
        return addresses.text(pairs.address(p, 0));
      case "sport":
        return this.portCell(p, 0);
      case "destination":
        return addresses.text(pairs.address(p, 1));
      case "dport":
        return pairs.hasPorts(p) ? pairs.port(p, 1) : null;
      case "packets":
        return pairs.packets(p, 0) + pairs.packets(p, 1);
      case "bytes":
        return pairs.bytes(p, 0) + pairs.bytes(p, 1);
      case "packets-out":
        return pairs.packets(p, 0);
      case "bytes-out":
        return pairs.bytes(p, 0);
      case "packets-in":
        return pairs.packets(p, 1);
      case "bytes-in":
        return pairs.bytes(p, 1);
      case "start":
        return pairs.start(p);
      case "duration":
        return pairs.duration(p);
      case "state":
        return flowState(pairs, p);
      case "depth":
        return pairs.depth(p);
      case "tunnel":
        return tunnelName(pairs.tunnel(p), pairs.depth(p)) || null;
      case "vni":
        return pairs.word(p, KEY_VNI) || null;
      case "stream":
        return pairs.word(p, KEY_STREAM) === NO_STREAM ? null : pairs.word(p, KEY_STREAM) >>> 1;
      case "points":
        return this.pointsOf(row).map(this.points.name).join(", ");
      case "sightings":
        return this.groups.sightings[row] as number;
      default:
        return null;
    }
  }

  sortKey(row: number, column: number): number {
    const { pairs } = this;
    const p = this.groups.best[row] as number;
    switch (this.columns[column]?.id) {
      case "source":
      case "destination":
        this.ranks ??= pairs.layers.addresses.ranks();
        return this.ranks[pairs.address(p, this.columns[column].id === "source" ? 0 : 1)] as number;
      case "start":
        return pairs.startKey(p);
      default: {
        const cell = this.cell(row, column);
        // Text is compared as text; what is empty comes first.
        return cell === null ? -1 : typeof cell === "number" ? cell : NaN;
      }
    }
  }

  /** Addresses and points are looked at once each, not once a row; numbers where the text is a number. */
  search(needle: string): (row: number) => boolean {
    const { pairs } = this;
    const addresses = pairs.layers.addresses.holding(needle);
    const points = new Map<number, boolean>();
    const pointHolds = (point: number): boolean => {
      let holds = points.get(point);
      if (holds === undefined) {
        holds = this.points.name(point).toLowerCase().includes(needle);
        points.set(point, holds);
      }
      return holds;
    };
    const words = ["protocol", "state", "tunnel"].map((id) => this.columns.findIndex((c) => c.id === id));
    const numbers = /^[\d.]+$/.test(needle)
      ? this.columns.flatMap((c, at) => (["number", "bytes"].includes(c.kind) ? [at] : []))
      : [];
    const held = (row: number, at: number): boolean => {
      const cell = this.cell(row, at);
      return cell !== null && String(cell).toLowerCase().includes(needle);
    };
    return (row) => {
      const p = this.groups.best[row] as number;
      return (
        addresses[pairs.address(p, 0)] === 1 ||
        addresses[pairs.address(p, 1)] === 1 ||
        words.some((at) => held(row, at)) ||
        numbers.some((at) => held(row, at)) ||
        this.pointsOf(row).some(pointHolds)
      );
    };
  }

  key(row: number): string {
    const p = this.groups.best[row] as number;
    return Array.from({ length: KEY_POINT }, (_, i) => this.pairs.word(p, i).toString(36)).join(".");
  }

  filter(row: number): string {
    return this.pairs.filter(this.groups.best[row] as number);
  }

  cellFilter(row: number, column: number): string | null | undefined {
    const { pairs } = this;
    const p = this.groups.best[row] as number;
    const address = (side: number): string | null => addressFilter(pairs.layers.addresses.text(pairs.address(p, side)));
    switch (this.columns[column]?.id) {
      case "protocol":
        return PROTOCOL_FILTERS.get(pairs.protocol(p)) ?? null;
      case "source":
        return address(0);
      case "destination":
        return address(1);
      case "sport":
        return this.portCell(p, 0) === null ? null : pairs.portFilter(p, 0);
      case "dport":
        return pairs.hasPorts(p) ? pairs.portFilter(p, 1) : null;
      case "tunnel":
        return pairs.tunnelFilter(p);
      case "vni":
        return pairs.vniFilter(p);
      case "stream": {
        const stream = pairs.word(p, KEY_STREAM);
        return stream === NO_STREAM ? null : `${stream % 2 === 0 ? "tcp" : "udp"}.stream == ${stream >>> 1}`;
      }
      case "points":
        return this.pointsOf(row)
          .map((point) => `point.id == ${textLiteral(this.points.id(point))}`)
          .join(" || ");
      default:
        return undefined;
    }
  }

  private portCell(p: number, side: number): number | null {
    if (this.pairs.hasPorts(p)) return this.pairs.port(p, side);
    return this.pairs.protocol(p) === 1 ? this.pairs.port(p, side) || null : null;
  }

  private pointsOf(row: number): number[] {
    const points: number[] = [];
    for (let r = this.groups.heads[row] as number; r >= 0; r = this.groups.next[r] as number)
      points.push(this.pairs.word(r, KEY_POINT));
    return points;
  }
}

function eachAlone(pairs: Pairs): Groups {
  const { count } = pairs;
  const rows = Uint32Array.from({ length: count }, (_, i) => i);
  return {
    best: rows,
    heads: rows,
    sightings: Float64Array.from(rows, (r) => pairs.packets(r, 0) + pairs.packets(r, 1)),
    next: new Int32Array(count).fill(-1),
  };
}

/** Rows that differ in the capture point only. */
function overPoints(pairs: Pairs): Groups {
  const { count } = pairs;
  const keys = new KeyRows(KEY_POINT, Math.max(1024, 1 << Math.ceil(Math.log2(count + 1))));
  const next = new Int32Array(count).fill(-1);
  const last = new Int32Array(count);
  const best = new Uint32Array(count);
  const heads = new Uint32Array(count);
  const sightings = new Float64Array(count);
  const most = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < KEY_POINT; i++) keys.key[i] = pairs.word(row, i);
    const before = keys.count;
    const group = keys.row();
    const packets = pairs.packets(row, 0) + pairs.packets(row, 1);
    if (group === before) heads[group] = row;
    else next[last[group] as number] = row;
    last[group] = row;
    sightings[group] = (sightings[group] as number) + packets;
    if (packets > (most[group] as number)) {
      most[group] = packets;
      best[group] = row;
    }
  }
  return {
    best: best.slice(0, keys.count),
    heads: heads.slice(0, keys.count),
    sightings: sightings.slice(0, keys.count),
    next,
  };
}

/**
 * How the flow ended, in Zeek's words, from what either side ever sent. Zeek follows the order of the packets, too: a flow that
 * was reset by both sides, or captured out of order, may read differently there.
 */
function flowState(pairs: Pairs, row: number): string | null {
  const protocol = pairs.protocol(row);
  const [sent, answered] = [pairs.packets(row, 0), pairs.packets(row, 1)];
  if (protocol === 17) return sent > 0 ? (answered > 0 ? "SF" : "S0") : answered > 0 ? "SHR" : "OTH";
  if (protocol !== 6 || !pairs.hasPorts(row)) return null;
  const [o, r] = [pairs.bits(row, 0), pairs.bits(row, 1)];
  const synSeen = (o & SYN) !== 0;
  const synAckSeen = (r & SYN) !== 0 && (r & ACK) !== 0;
  const open = synSeen && synAckSeen;
  if (r & RST) {
    if (synSeen && !(r & SYN) && !((o | r) & UNIT_DATA)) return "REJ";
    return o === 0 || (!synSeen && !(o & FIN)) ? (sent === 0 ? "RSTRH" : "RSTR") : "RSTR";
  }
  if (o & RST) return answered === 0 ? "RSTOS0" : "RSTO";
  if (o & FIN && r & FIN) return "SF";
  if (o & FIN) return answered === 0 ? "SH" : "S2";
  if (r & FIN) return sent === 0 ? "SHR" : "S3";
  if (open) return "S1";
  if (synSeen && answered === 0) return "S0";
  return "OTH";
}
