/** What the filter must know of fields to check an expression, and where it takes their values from. */
import type { ValueColumn, ValueKind } from "../../../src-shared/tables/value-column";

export interface FilterField {
  readonly name: string;
  /** A protocol has kind "none" (a row a layer: it is there), or "bytes" where its bytes can be searched and sliced. */
  readonly kind: ValueKind;
  /** Protocol whose layers the layer operator counts, for example "ip". */
  readonly protocol: string;
  /** Width of a "uint" if known: constants that can never match are refused, and `len()` knows the answer. */
  readonly bits?: number;
  /** What values of a "uint" are called: a constant may be one of these names, whatever its capitals. */
  readonly names?: ReadonlyMap<number, string>;
}

export interface FieldRegistry {
  find(name: string): FilterField | undefined;
  names(): Iterable<string>;
}

/** One batch of packets. Its columns stay as they are until `Filter.evaluate` returns. */
export interface ColumnProvider {
  readonly packetCount: number;
  /** Only asked for names the registry knows; rows in packet order. */
  column(name: string): ValueColumn;
}
