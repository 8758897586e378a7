/** What the parts of the details tree share while one packet is drawn. */
import { lowerBound } from "../../../src-shared/base/search";
import { TextWriter } from "../../../src-shared/base/text-writer";
import type { ApplicationLayers } from "../fields/application-layers";
import { FieldColumns, printValue } from "../fields/field-columns";
import type { FieldContext } from "../fields/field-context";
import { findField } from "../fields/registry";
import type { Batch } from "../kernel/batch";
import type { Layout } from "../layouts/layout";
import type { DetailTree, OpenNode } from "./detail-tree";
import type { StreamFacts } from "./stream-facts";

export interface Drawing {
  readonly tree: DetailTree;
  readonly batch: Batch;
  readonly packet: number;
  readonly context: FieldContext;
  readonly applications: ApplicationLayers;
  /** What its TCP conversation shows, where the index was asked. */
  readonly conversation: StreamFacts | undefined;
  /** Where the layers of a quoted packet go: the ICMP message that quotes it; undefined: they are protocols of their own. */
  parent: OpenNode | undefined;
}

/** By run, the columns of the batch that was drawn last. */
const collected = new WeakMap<FieldContext, { readonly columns: FieldColumns; batch: string }>();

/** Values of a field of the packet, as the filter has them: text as it is, all else as it is printed. */
export function fieldValues({ batch, packet, context }: Drawing, name: string): string[] {
  const field = findField(name);
  if (!field) return [];
  const key = `${batch.file} ${batch.numberBefore} ${batch.packetCount}`;
  let known = collected.get(context);
  if (!known) {
    known = { columns: new FieldColumns(context), batch: "" };
    collected.set(context, known);
  }
  if (known.batch !== key) {
    known.columns.begin(batch);
    known.batch = key;
  }
  const column = known.columns.column(name);
  // Rows are in packet order.
  const first = lowerBound(column.packet, packet, column.count);
  const values: string[] = [];
  const writer = new TextWriter();
  for (let row = first; row < column.count && column.packet[row] === packet; row++) {
    if (column.kind === "string") values.push(column.strings[column.numbers[row] as number] ?? "");
    else {
      writer.clear();
      printValue(writer, field, column, row);
      values.push(writer.toString());
    }
  }
  return values;
}

export const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** A header as its layout has it: title and `detail` (", Src: …"), then every field. `length`: bytes it is said to have, if not its header's. */
export function drawHeader(d: Drawing, row: number, layout: Layout, detail = "", length?: number): OpenNode {
  const { tree, batch } = d;
  const node = tree.protocol(d.parent, layout, row, detail, length);
  tree.fields(node, batch.layerPtr[row] as number, layout.fields, tree.available(layout, row));
  return node;
}

/** "Data (56 bytes)", with the bytes and their number below. Returns nothing drawn for no bytes. */
export function drawData(d: Drawing, start: number, end: number, name = "Data"): OpenNode | undefined {
  if (end <= start) return undefined;
  const length = end - start;
  const node = d.tree.add(d.parent, { text: `${name} (${plural(length, "byte")})`, at: start, length });
  d.tree.add(node, { text: `Data: ${dataText(d.tree.bytes, start, end)}`, field: "data.data", at: start, length });
  d.tree.generated(node, { text: `Length: ${length}` });
  return node;
}

const SHOWN = 36;

function dataText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < Math.min(end, start + SHOWN); i++) text += (bytes[i] as number).toString(16).padStart(2, "0");
  return end - start > SHOWN ? `${text}…` : text;
}
