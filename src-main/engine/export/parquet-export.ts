/**
 * Writes sightings as Parquet, a row for every network layer of every packet: DuckDB, ClickHouse or Spark group them by
 * `sighting_key` (docs/SCALE.md has the schema and the queries).
 *
 * ```
 * joined captures ─► all sightings, keys of their journeys ─┬─► columns of one row group (65,536 rows) ─► Parquet, Snappy ─► file
 * batch ─► sightings of this batch, plain keys ─────────────┘             reused
 *             forgotten afterwards
 * ```
 * Batch by batch memory does not grow with the packets: one row group, the flow table, and 150 bytes a row group for the footer.
 */
import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { encapsulationKind, hasNetworkIdentifier } from "../join/encapsulation";
import type { JoinedResult } from "../join/join-result";
import {
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  SightingReader,
  W_ACK,
  W_EXTRA,
  W_HASH,
  W_ID,
  W_IP_LENGTH,
  W_LENGTH,
  W_PACKET,
  W_SEQ,
} from "../join/sighting-columns";
import type { KernelHandle } from "../decode/pipeline";
import {
  SIGHTING_CARRIED,
  SIGHTING_CARRIES,
  SIGHTING_CUT,
  SIGHTING_DF,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_QUOTED,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import type { Workspace } from "../session/workspace";
import { JourneyKeys } from "./journey-keys";
import { sightingKey } from "./sighting-key";

const GROUP_ROWS = 65536;

/** Kinds of columns: whole numbers of 32 bits (signed), of 64 bits, text, yes or no; `?` may be null. */
type ColumnKind = "int" | "int?" | "long" | "long?" | "text" | "text?" | "bool";

/** The schema, in the file's order. docs/SCALE.md documents it; changing it is a new version. */
export const SIGHTING_SCHEMA = [
  ["sighting_key", "long"],
  ["connection", "text?"],
  ["file", "text"],
  ["point", "text"],
  ["interface", "text?"],
  ["number", "long"],
  ["time_ns", "long"],
  ["depth", "int"],
  ["is_carrier", "bool"],
  ["is_quoted", "bool"],
  ["is_fragment", "bool"],
  ["in_journey", "bool"],
  ["tunnel", "text?"],
  ["vni", "long?"],
  ["ip_version", "int"],
  ["src", "text"],
  ["dst", "text"],
  ["src_port", "int"],
  ["dst_port", "int"],
  ["protocol", "int"],
  ["ttl", "int"],
  ["ip_id", "int"],
  ["dont_fragment", "bool"],
  ["ip_length", "long"],
  ["payload_length", "int"],
  ["payload_hash", "long?"],
  ["tcp_flags", "int?"],
  ["tcp_seq", "long?"],
  ["tcp_ack", "long?"],
  ["tcp_tsval", "long?"],
  ["icmp_type", "int?"],
  ["icmp_code", "int?"],
] as const satisfies readonly (readonly [string, ColumnKind])[];

type ColumnName = (typeof SIGHTING_SCHEMA)[number][0];

const ELEMENTS: Readonly<Record<ColumnKind, Omit<SchemaElement, "name">>> = {
  int: { type: "INT32", repetition_type: "REQUIRED" },
  "int?": { type: "INT32", repetition_type: "OPTIONAL" },
  long: { type: "INT64", repetition_type: "REQUIRED" },
  "long?": { type: "INT64", repetition_type: "OPTIONAL" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  "text?": { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  bool: { type: "BOOLEAN", repetition_type: "REQUIRED" },
};

type Value = number | bigint | string | boolean | null;

export class ParquetExport {
  private readonly file = new ByteWriter(1 << 20);
  private readonly parquet: ParquetWriter;
  private readonly columns: Readonly<Record<ColumnName, Value[]>>;
  private reader: SightingReader | undefined;
  private rows = 0;
  /** Packets of the workspace before this batch; before the file's first. */
  private packets = 0;
  private readonly firstOfFile: number[] = [];
  private readonly key = new Uint32Array(2);
  private readonly keyAsLong = new BigInt64Array(this.key.buffer);
  /** Texts of addresses by flow and end; emptied when it grows large. */
  private readonly texts = new Map<number, string>();

  /** `write` gets the file's bytes in order; a piece is valid during the call. */
  constructor(
    private readonly workspace: Workspace,
    private readonly handle: KernelHandle,
    private readonly write: (bytes: Uint8Array) => void,
  ) {
    const schema: SchemaElement[] = [
      { name: "sightings", num_children: SIGHTING_SCHEMA.length },
      ...SIGHTING_SCHEMA.map(([name, kind]) => ({ name, ...ELEMENTS[kind] })),
    ];
    this.parquet = new ParquetWriter({
      writer: this.file,
      schema,
      createdBy: "Hopscope",
      kvMetadata: [{ key: "hopscope.schema", value: "sightings 2" }],
    });
    this.columns = Object.fromEntries(SIGHTING_SCHEMA.map(([name]) => [name, []])) as unknown as Record<
      ColumnName,
      Value[]
    >;
  }

  /** Takes the sightings of a batch that the flow stage has taken; `keep` has one byte a packet, 0 to leave it out. */
  take(batch: Batch, keep: Uint8Array | undefined): void {
    this.reader ??= new SightingReader(this.handle);
    this.reader.refresh();
    const { reader } = this;
    this.firstOfFile[batch.file] ??= this.packets - batch.numberBefore;
    const first = this.firstOfFile[batch.file] as number;
    for (let row = 0; row < reader.count; row++) {
      const packet = reader.word(row, W_PACKET);
      if (keep && !keep[packet - this.packets]) continue;
      sightingKey(reader, row, this.key, 0);
      this.row(reader, row, packet - first + 1, null, isOfJourney(reader, row));
    }
    this.packets += batch.packetCount;
    this.handle.kernel.dropSightings();
  }

  /** Takes all sightings of joined captures; `keep` has one byte a packet of the workspace. */
  takeJoined(join: JoinedResult, keep: Uint8Array | undefined): void {
    const reader = new SightingReader(this.handle);
    const { keys, connection } = new JourneyKeys(join, reader);
    const { sightings } = join;
    for (let row = 0; row < reader.count; row++) {
      if (keep && !keep[reader.word(row, W_PACKET)]) continue;
      const index = connection[row] as number;
      if (index < 0) sightingKey(reader, row, this.key, 0);
      else this.key.set(keys.subarray(row * 2, row * 2 + 2));
      this.row(reader, row, sightings.frameNumber(row), index < 0 ? null : join.connectionId(index), index >= 0);
    }
  }

  end(): void {
    this.flush();
    void this.parquet.finish();
    this.put();
  }

  /** Adds a row, whose key is in `key`. */
  private row(
    reader: SightingReader,
    row: number,
    number: number,
    connection: string | null,
    isOfAJourney: boolean,
  ): void {
    const c = this.columns;
    const { words } = reader;
    const at = reader.at(row);
    const flow = reader.flow(row);
    const direction = reader.direction(row);
    const point = reader.point(flow);
    const bits = words[at + W_ID] as number;
    const length = words[at + W_LENGTH] as number;
    const extra = words[at + W_EXTRA] as number;
    const protocol = reader.protocol(flow);
    const whole = !(bits & SIGHTING_NO_TRANSPORT);
    const tcp = protocol === PROTOCOL_TCP && whole;
    const icmp = reader.isIcmp(flow) && whole;
    const isCarried = (bits & SIGHTING_CARRIED) !== 0;
    c.sighting_key.push(this.keyAsLong[0] as bigint);
    c.connection.push(connection);
    c.file.push(this.fileName(point));
    c.point.push(this.workspace.pointId(point));
    c.interface.push(this.workspace.points[point]?.name ?? null);
    c.number.push(BigInt(number));
    c.time_ns.push(BigInt(reader.seconds(row)) * 1_000_000_000n + BigInt(reader.nanoseconds(row)));
    c.depth.push(reader.depth(flow));
    c.is_carrier.push((bits & SIGHTING_CARRIES) !== 0);
    c.is_quoted.push((bits & SIGHTING_QUOTED) !== 0);
    c.is_fragment.push((bits & SIGHTING_FRAGMENT) !== 0);
    c.in_journey.push(isOfAJourney);
    const kind = isCarried
      ? encapsulationKind(reader.tunnelKind(flow), reader.v6(flow), reader.v6(reader.flow(row - 1)))
      : null;
    c.tunnel.push(kind);
    c.vni.push(kind !== null && hasNetworkIdentifier(kind) ? BigInt(reader.vni(flow)) : null);
    c.ip_version.push(reader.v6(flow) ? 6 : 4);
    c.src.push(this.address(reader, flow, direction));
    c.dst.push(this.address(reader, flow, direction ^ 1));
    c.src_port.push(reader.port(flow, direction));
    c.dst_port.push(reader.port(flow, direction ^ 1));
    c.protocol.push(protocol);
    c.ttl.push((bits >>> 8) & 255);
    c.ip_id.push(bits >>> 16);
    c.dont_fragment.push((bits & SIGHTING_DF) !== 0);
    c.ip_length.push(BigInt(words[at + W_IP_LENGTH] as number));
    c.payload_length.push(length >>> 8);
    const hash = words[at + W_HASH] as number;
    c.payload_hash.push(hash === 0 || length >>> 8 === 0 ? null : BigInt(hash));
    c.tcp_flags.push(tcp ? length & 255 : null);
    c.tcp_seq.push(tcp ? BigInt(words[at + W_SEQ] as number) : null);
    c.tcp_ack.push(tcp ? BigInt(words[at + W_ACK] as number) : null);
    c.tcp_tsval.push(tcp && extra !== 0 ? BigInt(extra) : null);
    c.icmp_type.push(icmp ? extra >>> 24 : null);
    c.icmp_code.push(icmp ? (extra >>> 16) & 255 : null);
    if (++this.rows === GROUP_ROWS) this.flush();
  }

  private fileName(point: number): string {
    return this.workspace.files[this.workspace.pointFiles[point] ?? 0]?.label ?? "";
  }

  private address(reader: SightingReader, flow: number, end: number): string {
    const key = flow * 2 + end;
    let text = this.texts.get(key);
    if (text === undefined) {
      if (this.texts.size >= GROUP_ROWS) this.texts.clear();
      text = reader.addressText(reader.address(flow, end), reader.v6(flow));
      this.texts.set(key, text);
    }
    return text;
  }

  private flush(): void {
    if (this.rows === 0) return;
    void this.parquet.write({
      columnData: SIGHTING_SCHEMA.map(([name]) => ({ name, data: this.columns[name], offsetIndex: false })),
      rowGroupSize: GROUP_ROWS,
    });
    for (const [name] of SIGHTING_SCHEMA) this.columns[name].length = 0;
    this.rows = 0;
    this.put();
  }

  /** Hands over what was written so far. */
  private put(): void {
    this.write(this.file.getBytes());
    this.file.index = 0;
  }
}

/**
 * What joining makes journeys of, told by the row alone: no outer side of a tunnel, no header that an error quotes, no neighbour
 * discovery (RFC 4861, which stays on one link), nothing cut before its ports.
 */
function isOfJourney(reader: SightingReader, row: number): boolean {
  const bits = reader.word(row, W_ID);
  if (bits & (SIGHTING_CARRIES | SIGHTING_QUOTED)) return false;
  const flow = reader.flow(row);
  const protocol = reader.protocol(flow);
  if (protocol === PROTOCOL_ICMPV6 && !(bits & SIGHTING_NO_TRANSPORT)) {
    const type = reader.word(row, W_EXTRA) >>> 24;
    return type < 133 || type > 137;
  }
  const hasPorts = protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_SCTP;
  return !hasPorts || reader.ports(flow) !== 0 || (bits & (SIGHTING_CUT | SIGHTING_FRAGMENT)) !== SIGHTING_CUT;
}
