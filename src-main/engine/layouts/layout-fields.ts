/**
 * The filter's fields made from the layouts: what the details tree shows can be asked for. Fields that need more than their
 * bits (relative sequence numbers, lengths that stand for others) are written by hand in engine/fields and come after these
 * in the registry, where the last of a name counts.
 */
import type { ValueKind } from "../../../src-shared/tables/value-column";
import { appendValue } from "../../../src-shared/tables/value-column";
import { type Field, captured, protocolField, rowField } from "../fields/field";
import { type BitField, type Layout, fieldEnd, readBits } from "./layout";
import { LINK_LAYOUTS } from "./link-layouts";
import { NETWORK_LAYOUTS } from "./network-layouts";
import { TRANSPORT_LAYOUTS } from "./transport-layouts";

export const LAYOUTS: readonly Layout[] = [...LINK_LAYOUTS, ...NETWORK_LAYOUTS, ...TRANSPORT_LAYOUTS];

function kindOf(field: BitField): ValueKind {
  switch (field.show.as) {
    case "ipv4":
    case "ipv6":
    case "mac":
    case "bytes":
      return field.show.as;
    case "flag":
      return "bool";
    default:
      return "uint";
  }
}

function hexDigits(field: BitField): number {
  const { show } = field;
  const hex = show.as === "hex" || show.as === "hex-decimal" || (show.as === "names" && show.hex === true);
  return hex ? Math.ceil(field.bits / 4) : 0;
}

function layoutField(layout: Layout, field: BitField, name: string): Field {
  const kind = kindOf(field);
  const end = fieldEnd(field);
  const available = layout.available ?? captured;
  const inMemory = kind === "ipv6" || kind === "mac" || kind === "bytes";
  return {
    ...(kind === "uint" && field.bits % 8 === 0 && field.bits <= 32 && { bits: field.bits }),
    ...rowField(
      { name, label: field.label, kind, protocol: layout.protocol, hexDigits: hexDigits(field) },
      layout.layer,
      (batch, row, packet, ordinal, out) => {
        if (available(batch, row) < end || layout.applies?.(batch, row) === false) return;
        const p = batch.layerPtr[row] as number;
        if (inMemory) appendValue(out, packet, ordinal, p + (field.at >>> 3), field.bits >>> 3);
        else {
          const value = readBits(batch.bytes, p, field);
          appendValue(out, packet, ordinal, kind === "bool" ? Number(value !== 0) : value);
        }
      },
    ),
  };
}

function fieldsOf(layout: Layout): Field[] {
  const fields: Field[] = [protocolField(layout.protocol, layout.title, layout.layer)];
  const add = (field: BitField): void => {
    if (field.name !== undefined) fields.push(layoutField(layout, field, field.name));
    field.children?.forEach(add);
  };
  layout.fields.forEach(add);
  return fields;
}

export const LAYOUT_FIELDS: readonly Field[] = mergeByName(LAYOUTS.flatMap(fieldsOf));

/** Fields of one name in several layouts become one that collects all; rows stay in packet order. */
function mergeByName(fields: readonly Field[]): Field[] {
  const byName = new Map<string, Field[]>();
  for (const field of fields) byName.set(field.name, [...(byName.get(field.name) ?? []), field]);
  return [...byName.values()].map((same) => {
    const [first] = same as [Field];
    if (same.length === 1) return first;
    return {
      ...first,
      collect(index, out, context) {
        // A packet has one of these layers only (SLL or SLL2, null or loop), so packets tell the order.
        const start = out.count;
        for (const field of same) field.collect(index, out, context);
        const order = Array.from({ length: out.count - start }, (_, i) => start + i).sort(
          (a, b) => (out.packet[a] as number) - (out.packet[b] as number) || a - b,
        );
        const rows = order.map(
          (i) => [out.packet[i], out.layer[i], out.numbers[i], out.lengths[i]] as [number, number, number, number],
        );
        rows.forEach(([packet, layer, number, length], i) => {
          out.packet[start + i] = packet;
          out.layer[start + i] = layer;
          out.numbers[start + i] = number;
          out.lengths[start + i] = length;
        });
      },
    };
  });
}
