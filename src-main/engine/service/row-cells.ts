/**
 * Texts of the packet list: for each packet, one text a column. Packets that lie one behind the other are decoded together,
 * and nothing is decoded where the index knows it all.
 */
import { oneLine } from "../../../src-shared/base/text";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { PACKET_COLUMNS } from "../../../src-shared/contract/columns";
import { ContractError } from "../../../src-shared/contract/messages";
import type { PacketId } from "../../../src-shared/contract/results";
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_IPV4, LAYER_IPV6 } from "../../../src-shared/model/layer-kind";
import type { ValueColumn } from "../../../src-shared/tables/value-column";
import { type Field, captured, readUint } from "../fields/field";
import { FieldColumns, printValue } from "../fields/field-columns";
import { findField } from "../fields/registry";
import type { Batch } from "../kernel/batch";
import { IndexedPast } from "../packets/packet-past";
import { type PacketSummary, summarise } from "../packets/summary";
import type { DecodedRun } from "../packet-index/packet-reader";
import type { OpenCaptures } from "./handlers";
import { pointLabels } from "./point-label";

const OWN_COLUMNS: ReadonlySet<string> = new Set(PACKET_COLUMNS.map((c) => c.id));
/** Columns that summarise() tells. */
const SUMMARY_COLUMNS: ReadonlySet<string> = new Set(["source", "destination", "protocol", "info"]);
/** Of those, the ones that packets before have a say in. */
const PAST_COLUMNS: ReadonlySet<string> = new Set(["protocol", "info"]);
const OUTER_COLUMNS: ReadonlySet<string> = new Set(["outer-source", "outer-destination"]);

/** Columns as the packet list names them: its own ids, or names of fields. */
export class CellPrinter {
  private readonly fields: readonly (Field | undefined)[];
  private readonly needsSummary: boolean;
  private readonly needsPacket: boolean;
  private readonly needsPast: boolean;
  private readonly past: IndexedPast;
  private readonly writer = new TextWriter(256);
  private readonly values: FieldColumns;
  private readonly pointLabel: (point: number) => string;

  /** @throws ContractError "invalid-request" for a column that is neither */
  constructor(
    private readonly captures: OpenCaptures,
    readonly columns: readonly string[],
  ) {
    this.fields = columns.map((id) => {
      if (OWN_COLUMNS.has(id)) return undefined;
      const field = findField(id);
      if (!field)
        throw new ContractError("invalid-request", `"${id}" is neither a column of the packet list nor a field`);
      return field;
    });
    this.values = new FieldColumns(captures.reader.context);
    this.pointLabel = pointLabels(captures);
    this.needsPast = columns.some((id) => PAST_COLUMNS.has(id));
    this.past = IndexedPast.ofIndex(captures.index, captures.reader);
    this.needsSummary = columns.some((id) => SUMMARY_COLUMNS.has(id));
    this.needsPacket = this.needsSummary || columns.some((id, i) => OUTER_COLUMNS.has(id) || this.fields[i]);
  }

  /**
   * Texts of packets `ids`, in their order: one array a packet, one text a column. `before` is the packet of the row above the
   * first, -1 if there is none (for the column "delta").
   */
  print(ids: ArrayLike<PacketId>, before: PacketId): string[][] {
    const rows: string[][] = Array.from(ids, (id, i) => this.ofIndex(id, i > 0 ? (ids[i - 1] as number) : before));
    if (!this.needsPacket) return rows;
    if (this.needsPast) this.past.prepareTls(ids);
    this.captures.reader.decodeAll(ids, (run, at) => this.ofRun(run, rows, at));
    if (this.needsPast) this.printAgain(ids, rows);
    return rows;
  }

  /** Replies whose requests are known by now. */
  private printAgain(ids: ArrayLike<PacketId>, rows: readonly string[][]): void {
    const places = new Map(Array.from(ids, (id, i) => [id, i]));
    const again = this.past.resolve().filter((id) => places.has(id));
    if (again.length === 0) return;
    const those = again.map((id) => rows[places.get(id) as number] as string[]);
    this.captures.reader.decodeAll(again, (run, at) => this.ofRun(run, those, at));
  }

  /** What the index tells; the rest is filled in later. */
  private ofIndex(id: PacketId, above: PacketId): string[] {
    const { index } = this.captures;
    return this.columns.map((column) => {
      switch (column) {
        case "number":
          return String(index.number(id));
        case "length":
          return String(index.segmentOf(id).length[id & 0xffff]);
        case "stream": {
          const stream = index.streamOf(id);
          return stream < 0 ? "" : String(stream >>> 1);
        }
        case "point":
          return this.pointLabel(index.pointOf(id));
        case "delta":
          return above < 0 ? "" : this.difference(above, id);
        default:
          return "";
      }
    });
  }

  private difference(from: PacketId, to: PacketId): string {
    const { index } = this.captures;
    let seconds = index.seconds(to) - index.seconds(from);
    let nanoseconds = index.nanoseconds(to) - index.nanoseconds(from);
    const negative = seconds < 0 || (seconds === 0 && nanoseconds < 0);
    if (negative) {
      seconds = -seconds;
      nanoseconds = -nanoseconds;
    }
    if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    }
    this.writer.clear();
    this.writer.time(seconds, nanoseconds);
    return negative ? `-${this.writer.toString()}` : this.writer.toString();
  }

  private ofRun(run: DecodedRun, rows: string[][], at: number): void {
    const { batch, context } = run;
    const n = batch.packetCount;
    if (this.fields.some((f) => f)) this.values.begin(batch);
    this.columns.forEach((id, c) => {
      const field = this.fields[c];
      if (field) {
        this.fieldCells(field, this.values.column(field.name), rows, at, c);
      } else if (OUTER_COLUMNS.has(id)) {
        for (let i = 0; i < n; i++) (rows[at + i] as string[])[c] = outerAddress(batch, i, id === "outer-source");
      }
    });
    if (!this.needsSummary) return;
    const past = this.needsPast ? this.past.of(run.from) : undefined;
    for (let i = 0; i < n; i++) {
      const summary = summarise(batch, i, context.points[batch.point[i] as number], past);
      const row = rows[at + i] as string[];
      this.columns.forEach((id, c) => {
        if (SUMMARY_COLUMNS.has(id)) row[c] = oneLine(summary[id as keyof PacketSummary]);
      });
    }
  }

  private fieldCells(field: Field, column: ValueColumn, rows: string[][], at: number, c: number): void {
    const { writer } = this;
    for (let r = 0; r < column.count;) {
      const packet = column.packet[r] as number;
      writer.clear();
      for (let first = true; r < column.count && column.packet[r] === packet; r++, first = false) {
        if (!first) writer.byte(44);
        printValue(writer, field, column, r);
      }
      (rows[at + packet] as string[])[c] = oneLine(writer.toString());
    }
  }
}

/** Source or destination of the outermost network layer, "" if there is none. */
function outerAddress(batch: Batch, packet: number, source: boolean): string {
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  for (let row = first; row < last; row++) {
    const p = batch.layerPtr[row] as number;
    if (batch.layerKind[row] === LAYER_IPV4)
      return captured(batch, row) < 20 ? "" : formatIpv4(readUint(batch.bytes, p + (source ? 12 : 16), 4));
    if (batch.layerKind[row] === LAYER_IPV6)
      return captured(batch, row) < 40 ? "" : formatIpv6(batch.bytes, p + (source ? 8 : 24));
  }
  return "";
}
