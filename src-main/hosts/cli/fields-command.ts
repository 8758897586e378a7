/** `hopscope fields`: the chosen fields of every packet, the same text as `tshark -T fields`. */
import { csvCell } from "../../../src-shared/base/csv";
import { TextWriter } from "../../../src-shared/base/text-writer";
import type { ValueColumn } from "../../../src-shared/tables/value-column";
import { FieldColumns, printValue } from "../../engine/fields/field-columns";
import type { Field } from "../../engine/fields/field";
import { fieldNames, findField } from "../../engine/fields/registry";
import { nearest } from "../../../src-shared/base/nearest";
import { flush, flushSome, print } from "./output";
import { type JoiningOptions, readFacts } from "./joined-run";
import { EXIT_DONE, type RunOptions, readCaptures, worse } from "./run";
import { PacketSelection } from "./selection";
import { UsageError } from "./usage";

export type FieldsFormat = "tsv" | "csv" | "json" | "ek";

export interface FieldsOptions extends Omit<RunOptions, "flows">, JoiningOptions {
  readonly fields: readonly string[];
  readonly filter: string | undefined;
  readonly format: FieldsFormat;
  readonly header: boolean;
  /** TCP analysis per capture point, where tshark takes all interfaces of a file together. */
  readonly perPoint: boolean;
}

export function chooseFields(names: readonly string[]): Field[] {
  if (names.length === 0)
    throw new UsageError("no field given; add -e FIELD, for example -e ip.src -e tcp.dstport; --list has them all");
  return names.map((name) => {
    const field = findField(name);
    if (field) return field;
    const guess = nearest(name, fieldNames());
    throw new UsageError(`no field is named ${name}${guess ? `; did you mean ${guess}?` : ""}`);
  });
}

/** `--list` */
export function printFieldList(): number {
  const lines = [...fieldNames()].sort().map((name) => `${name}\t${findField(name)?.label ?? ""}\n`);
  print(lines.join(""));
  return EXIT_DONE;
}

export async function runFields(options: FieldsOptions): Promise<number> {
  const fields = chooseFields(options.fields);
  const selection = new PacketSelection(options.filter);
  const needsStreams = selection.needsStreams || fields.some((f) => f.needsStreams);
  const asking = selection.needsJoin ? `-Y ${options.filter ?? ""}` : fields.find((f) => f.needsJoin)?.name;
  const joining = asking === undefined ? undefined : await readFacts(asking, options);
  const out = new TextWriter(1 << 19);
  const row = rowPrinter(options.format, fields);
  if (options.header) row.header?.(out);
  const cursors = new Uint32Array(fields.length);
  let columns: FieldColumns | undefined;
  let first = true;
  const { exitCode } = await readCaptures(
    {
      ...options,
      joined: joining?.facts,
      flows: !needsStreams ? "none" : options.perPoint ? "point-streams" : "streams",
    },
    (batch, run) => {
      columns ??= new FieldColumns(run.context);
      columns.begin(batch);
      const n = batch.packetCount;
      const keep = selection.of(batch, run.context, columns);
      const cols = fields.map((f) => (columns as FieldColumns).column(f.name));
      cursors.fill(0);
      for (let packet = 0; packet < n; packet++) {
        for (let f = 0; f < cols.length; f++) {
          const c = cols[f] as ValueColumn;
          let at = cursors[f] as number;
          while (at < c.count && (c.packet[at] as number) < packet) at++;
          cursors[f] = at;
        }
        if (keep && !keep[packet]) continue;
        row.packet(out, cols, cursors, packet, first);
        first = false;
        flushSome(out);
      }
      // What a live source gave is shown at once.
      if (options.follow || options.inputs.includes("-")) flush(out);
    },
  );
  row.footer?.(out, first);
  flush(out);
  return worse(exitCode, joining?.exitCode ?? EXIT_DONE);
}

interface RowPrinter {
  header?(out: TextWriter): void;
  packet(out: TextWriter, columns: readonly ValueColumn[], cursors: Uint32Array, packet: number, first: boolean): void;
  footer?(out: TextWriter, empty: boolean): void;
}

function occurrences(
  out: TextWriter,
  field: Field,
  c: ValueColumn,
  from: number,
  packet: number,
  separator: number,
): void {
  for (let at = from; at < c.count && c.packet[at] === packet; at++) {
    if (at > from) out.byte(separator);
    printValue(out, field, c, at);
  }
}

function separated(separator: string, fields: readonly Field[], quote: boolean): RowPrinter {
  const code = separator.charCodeAt(0);
  const cell = new TextWriter(256);
  return {
    header(out) {
      out.text(`${fields.map((f) => f.name).join(separator)}\n`);
    },
    packet(out, columns, cursors, packet) {
      for (let f = 0; f < columns.length; f++) {
        if (f) out.byte(code);
        const c = columns[f] as ValueColumn;
        if (!quote) {
          occurrences(out, fields[f] as Field, c, cursors[f] as number, packet, 44);
          continue;
        }
        cell.clear();
        occurrences(cell, fields[f] as Field, c, cursors[f] as number, packet, 44);
        const text = cell.toString();
        out.text(csvCell(text));
      }
      out.byte(10);
    },
  };
}

/** tshark's layout: {"_source":{"layers":{"ip.src":["10.0.0.1"]}}}. */
function jsonLayers(
  fields: readonly Field[],
  columns: readonly ValueColumn[],
  cursors: Uint32Array,
  packet: number,
  name: (field: string) => string,
): Record<string, string[]> {
  const layers: Record<string, string[]> = {};
  const cell = new TextWriter(64);
  fields.forEach((field, f) => {
    const c = columns[f] as ValueColumn;
    const values: string[] = [];
    for (let at = cursors[f] as number; at < c.count && c.packet[at] === packet; at++) {
      cell.clear();
      printValue(cell, field, c, at);
      values.push(cell.toString());
    }
    if (values.length) layers[name(field.name)] = values;
  });
  return layers;
}

function rowPrinter(format: FieldsFormat, fields: readonly Field[]): RowPrinter {
  switch (format) {
    case "tsv":
      return separated("\t", fields, false);
    case "csv":
      return separated(",", fields, true);
    case "json":
      return {
        header: () => undefined,
        packet(out, columns, cursors, packet, first) {
          out.text(first ? "[\n" : ",\n");
          out.text(JSON.stringify({ _source: { layers: jsonLayers(fields, columns, cursors, packet, (n) => n) } }));
        },
        footer: (out, empty) => out.text(empty ? "[]\n" : "\n]\n"),
      };
    case "ek":
      return {
        packet(out, columns, cursors, packet) {
          out.text('{"index":{"_index":"packets","_type":"doc"}}\n');
          out.text(
            `${JSON.stringify({ layers: jsonLayers(fields, columns, cursors, packet, (n) => n.replaceAll(".", "_")) })}\n`,
          );
        },
      };
  }
}
