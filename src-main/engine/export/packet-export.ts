/** Packets as rows of text: CSV, JSON, NDJSON. The columns are the packet list's, or chosen fields. */
import { hostileCsvCell } from "../../../src-shared/base/csv";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { FieldColumns, printValue } from "../fields/field-columns";
import type { Field } from "../fields/field";
import type { FieldContext } from "../fields/field-context";
import type { Batch } from "../kernel/batch";
import { StreamedPast } from "../packets/packet-past";
import { summarise } from "../packets/summary";
import type { Workspace } from "../session/workspace";

export type RowFormat = "csv" | "json" | "ndjson";

const FLUSH_AT = 1 << 18;

/** A column of the export: its name and its text for a packet; numbers stay numbers in JSON. */
type Cell = string | number;

export class PacketRows {
  private readonly out = new TextWriter(FLUSH_AT * 2);
  private columns: FieldColumns | undefined;
  private readonly past = new StreamedPast(true);
  private rows = 0;
  private base: readonly [number, number] | undefined;

  /** Without `fields` the packet list's columns are written. */
  constructor(
    private readonly format: RowFormat,
    private readonly fields: readonly Field[],
    private readonly workspace: Workspace,
    private readonly context: FieldContext,
    private readonly write: (bytes: Uint8Array) => void,
  ) {
    const names = fields.length
      ? fields.map((f) => f.name)
      : ["No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"];
    this.names = names;
    if (format === "csv") this.out.text(`${names.map(hostileCsvCell).join(",")}\r\n`);
  }

  private readonly names: readonly string[];

  take(batch: Batch, keep: Uint8Array | undefined): void {
    if (this.fields.length) {
      this.columns ??= new FieldColumns(this.context);
      this.columns.begin(batch);
    }
    const values = this.fields.length ? this.fieldValues() : undefined;
    if (!values) this.past.observe(batch);
    for (let packet = 0; packet < batch.packetCount; packet++) {
      if (!keep || keep[packet]) this.row(values ? values(packet) : this.listed(batch, packet));
    }
  }

  end(): void {
    if (this.format === "json") this.out.text(this.rows ? "\n]\n" : "[]\n");
    this.flush();
  }

  private row(cells: readonly Cell[]): void {
    if (this.format === "csv") this.out.text(`${cells.map((c) => hostileCsvCell(String(c))).join(",")}\r\n`);
    else {
      const object = Object.fromEntries(cells.map((c, i) => [this.names[i] as string, c]));
      const lead = this.format === "ndjson" ? "" : this.rows ? ",\n" : "[\n";
      this.out.text(`${lead}${JSON.stringify(object)}${this.format === "ndjson" ? "\n" : ""}`);
    }
    this.rows++;
    if (this.out.length > FLUSH_AT) this.flush();
  }

  private listed(batch: Batch, packet: number): Cell[] {
    const seconds = batch.seconds(packet);
    const nanoseconds = batch.nanoseconds(packet);
    this.base ??= [seconds, nanoseconds];
    let s = seconds - this.base[0];
    let ns = nanoseconds - this.base[1];
    if (ns < 0) {
      s--;
      ns += 1e9;
    }
    const cell = new TextWriter(24);
    cell.time(s, ns);
    const m = summarise(batch, packet, this.workspace.points[batch.point[packet] as number], this.past);
    return [
      batch.numberBefore + packet + 1,
      cell.toString(),
      m.source,
      m.destination,
      m.protocol,
      batch.length[packet] as number,
      m.info,
    ];
  }

  private fieldValues(): (packet: number) => Cell[] {
    const columns = this.fields.map((f) => (this.columns as FieldColumns).column(f.name));
    const cursors = new Uint32Array(columns.length);
    const cell = new TextWriter(256);
    return (packet) =>
      columns.map((c, f) => {
        let at = cursors[f] as number;
        while (at < c.count && (c.packet[at] as number) < packet) at++;
        cursors[f] = at;
        cell.clear();
        for (let k = at; k < c.count && c.packet[k] === packet; k++) {
          if (k > at) cell.byte(44);
          printValue(cell, this.fields[f] as Field, c, k);
        }
        return cell.toString();
      });
  }

  private flush(): void {
    if (this.out.length) this.write(this.out.bytes());
    this.out.clear();
  }
}
