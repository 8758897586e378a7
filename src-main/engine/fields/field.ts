/** What a field is: a name users know from Wireshark, a kind of value, and how its values are found in a batch. */
import { type ValueColumn, type ValueKind, appendValue } from "../../../src-shared/tables/value-column";
import type { Batch } from "../kernel/batch";
import type { BatchIndex } from "./batch-index";
import type { FieldContext } from "./field-context";

export interface Field {
  readonly name: string;
  /** What the field means, for completion and tooltips. */
  readonly label: string;
  readonly kind: ValueKind;
  /** Protocol whose layers the layer operator counts. */
  readonly protocol: string;
  /** Print as 0x and this many hex digits; 0: decimal. */
  readonly hexDigits: number;
  /** Of a "uint" that fills whole bytes: how many bits; a filter that asks for more is refused. */
  readonly bits?: number;
  /** A protocol rather than one of its values: its bytes can be searched and sliced, it prints as its name. */
  readonly isProtocol?: boolean;
  /** Needs stream numbers and TCP analysis. */
  readonly needsStreams: boolean;
  /** Needs joined captures (FieldContext.joined); without them it has no values. */
  readonly needsJoin?: boolean;
  collect(index: BatchIndex, out: ValueColumn, context: FieldContext): void;
}

/** The bits of an integer in a header: `offset` and `width` in bytes, then `>> shift & mask`. */
export interface HeaderBits {
  readonly offset: number;
  readonly width: 1 | 2 | 3 | 4;
  readonly shift?: number;
  readonly mask?: number;
}

export function readUint(bytes: Uint8Array, at: number, width: number): number {
  const a = bytes[at] as number;
  if (width === 1) return a;
  const b = bytes[at + 1] as number;
  if (width === 2) return (a << 8) | b;
  const c = bytes[at + 2] as number;
  if (width === 3) return (a << 16) | (b << 8) | c;
  return ((a << 24) | (b << 16) | (c << 8) | (bytes[at + 3] as number)) >>> 0;
}

/** Bytes of the header of layer `row` that may be read. */
export type Available = (batch: Batch, row: number) => number;

/** As much as was captured. */
export const captured: Available = (batch, row) => (batch.layerEnd[row] as number) - (batch.layerPtr[row] as number);

interface Common {
  readonly name: string;
  readonly label: string;
  readonly protocol: string;
  readonly hexDigits?: number;
}

/** An integer at a fixed place in the header of every layer of `layer`. */
export function uintField(
  common: Common & { readonly kind?: "uint" | "ipv4" | "bool" },
  layer: number,
  bits: HeaderBits,
  available: Available = captured,
): Field {
  const { offset, width } = bits;
  const shift = bits.shift ?? 0;
  const mask = bits.mask ?? 0xffffffff;
  const masked = bits.mask !== undefined || shift > 0;
  return {
    ...common,
    kind: common.kind ?? "uint",
    hexDigits: common.hexDigits ?? 0,
    ...(masked || (common.kind ?? "uint") !== "uint" ? {} : { bits: width * 8 }),
    needsStreams: false,
    collect(index, out) {
      const { batch } = index;
      const rows = index.of(layer);
      for (let i = 0; i < rows.count; i++) {
        const row = rows.rows[i] as number;
        if (available(batch, row) < offset + width) continue;
        let v = readUint(batch.bytes, (batch.layerPtr[row] as number) + offset, width);
        if (masked) v = ((v >>> shift) & mask) >>> 0;
        appendValue(out, rows.packets[i] as number, rows.ordinals[i] as number, v);
      }
    },
  };
}

/** Bytes at a fixed place: MAC (6) and IPv6 (16) addresses. */
export function addressField(
  common: Common & { readonly kind: "mac" | "ipv6" },
  layer: number,
  offset: number,
  available: Available = captured,
): Field {
  const width = common.kind === "mac" ? 6 : 16;
  return {
    ...common,
    hexDigits: 0,
    needsStreams: false,
    collect(index, out) {
      const { batch } = index;
      const rows = index.of(layer);
      for (let i = 0; i < rows.count; i++) {
        const row = rows.rows[i] as number;
        if (available(batch, row) < offset + width) continue;
        appendValue(
          out,
          rows.packets[i] as number,
          rows.ordinals[i] as number,
          (batch.layerPtr[row] as number) + offset,
          width,
        );
      }
    },
  };
}

/** A field whose rows of one layer kind are told by a function: it appends what it finds. */
export function rowField(
  common: Common & { readonly kind: ValueKind; readonly needsStreams?: boolean },
  layer: number,
  visit: (batch: Batch, row: number, packet: number, ordinal: number, out: ValueColumn, context: FieldContext) => void,
): Field {
  return {
    ...common,
    hexDigits: common.hexDigits ?? 0,
    needsStreams: common.needsStreams ?? false,
    collect(index, out, context) {
      const rows = index.of(layer);
      for (let i = 0; i < rows.count; i++)
        visit(index.batch, rows.rows[i] as number, rows.packets[i] as number, rows.ordinals[i] as number, out, context);
    },
  };
}

/** A protocol: a row a layer, its bytes from the header on as far as they were captured. */
export function protocolField(name: string, label: string, layer: number): Field {
  return {
    name,
    label,
    kind: "bytes",
    protocol: name,
    hexDigits: 0,
    isProtocol: true,
    needsStreams: false,
    collect(index, out) {
      const { batch } = index;
      const rows = index.of(layer);
      for (let i = 0; i < rows.count; i++) {
        const row = rows.rows[i] as number;
        appendValue(
          out,
          rows.packets[i] as number,
          rows.ordinals[i] as number,
          batch.layerPtr[row] as number,
          Math.max(captured(batch, row), 0),
        );
      }
    },
  };
}

/** A field of the packet itself. */
export function packetField(
  common: Omit<Common, "protocol"> & {
    readonly kind: ValueKind;
    readonly needsStreams?: boolean;
    readonly protocol?: string;
  },
  visit: (batch: Batch, packet: number, out: ValueColumn, context: FieldContext) => void,
): Field {
  return {
    protocol: "frame",
    ...common,
    hexDigits: common.hexDigits ?? 0,
    needsStreams: common.needsStreams ?? false,
    collect(index, out, context) {
      for (let packet = 0, n = index.batch.packetCount; packet < n; packet++) visit(index.batch, packet, out, context);
    },
  };
}
