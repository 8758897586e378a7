/** Collects and prints columns: each field's values once a batch, however many ask for them. */
import type { TextWriter } from "../../../src-shared/base/text-writer";
import { formatIpv6 } from "../../../src-shared/model/address";
import { type ValueColumn, clearValueColumn, createValueColumn } from "../../../src-shared/tables/value-column";
import type { Batch } from "../kernel/batch";
import { BatchIndex } from "./batch-index";
import type { Field } from "./field";
import type { FieldContext } from "./field-context";
import { beginFrameTimes } from "./frame-times";
import { findField } from "./registry";

export class FieldColumns {
  private index: BatchIndex | undefined;
  private readonly columns = new Map<string, ValueColumn>();
  private readonly fresh = new Set<string>();

  constructor(private readonly context: FieldContext) {}

  /** Points at a batch; columns are collected as they are asked for. */
  begin(batch: Batch): void {
    this.index ??= new BatchIndex(batch);
    this.index.build(batch);
    beginFrameTimes(batch, this.context);
    this.fresh.clear();
  }

  get packetCount(): number {
    return this.index?.batch.packetCount ?? 0;
  }

  /** Throws on a name the registry does not know: callers have checked. */
  column(name: string): ValueColumn {
    const index = this.index;
    const field = findField(name);
    if (!index || !field) throw new Error(`no field ${name}`);
    let column = this.columns.get(name);
    if (!column) {
      column = createValueColumn(field.kind, index.batch.bytes);
      this.columns.set(name, column);
    }
    if (!this.fresh.has(name)) {
      clearValueColumn(column);
      column.bytes = index.batch.bytes;
      field.collect(index, column, this.context);
      this.fresh.add(name);
    }
    return column;
  }
}

/** Prints one value as tshark does. Text is escaped so that a value stays on its line. */
export function printValue(out: TextWriter, field: Field, column: ValueColumn, row: number): void {
  const n = column.numbers[row] as number;
  switch (column.kind) {
    case "uint":
      if (field.hexDigits) {
        out.byte(48);
        out.byte(120);
        out.hex(n, (column.lengths[row] as number) || field.hexDigits);
      } else out.uint(n);
      break;
    case "bool":
    case "none":
      out.byte(n ? 49 : 48);
      break;
    case "time":
      out.time(n, column.lengths[row] as number);
      break;
    case "ipv4":
      out.ipv4(n);
      break;
    case "mac":
      out.mac(column.bytes, n);
      break;
    case "ipv6":
      out.ascii(formatIpv6(column.bytes, n));
      break;
    case "string":
      printText(out, column.strings[n] ?? "");
      break;
    case "bytes":
      if (field.isProtocol) {
        out.ascii(field.label);
        break;
      }
      for (let i = 0; i < (column.lengths[row] as number); i++) out.hex(column.bytes[n + i] as number, 2);
      break;
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\f", "\\f"],
  ["\r", "\\r"],
]);

/** tshark writes these five as two characters and leaves all others alone, so a value stays on its line. */
function printText(out: TextWriter, text: string): void {
  out.text(/[\b\t\n\f\r]/.test(text) ? text.replace(/[\b\t\n\f\r]/g, (c) => ESCAPES.get(c) ?? c) : text);
}
