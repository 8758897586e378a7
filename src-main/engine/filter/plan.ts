/**
 * A checked filter, ready to run: tests give one byte a packet (0 or 1), values give columns.
 *
 * ```
 * and ─┬─ numbers [80, 80] ── field 0 (tcp.port)
 *      └─ pairs == ─┬─ layer 1 ── field 1 (ip.src)
 *                   └─ layer 2 ── field 1
 * ```
 */
import type { ValueColumn, ValueKind } from "../../../src-shared/tables/value-column";
import type { ArithmeticOp, IndexRange } from "./parse";

/** Kinds that compare alike: numbers in `numbers`, times, bytes (MAC and IPv6 addresses too), text. */
export type Domain = "number" | "time" | "bytes" | "string";

/**
 * Values a field is tested for, as intervals: 80 is [80, 80], "> 80" is [81, ∞], 10.0.0.0/8 is one interval, a set is several.
 * A value is in when one holds it.
 */
export type Intervals =
  /** uint, bool, ipv4, and MAC addresses as 48-bit numbers. Sorted, disjoint, ends included. */
  | { readonly domain: "number"; readonly lows: Float64Array; readonly highs: Float64Array }
  | { readonly domain: "time"; readonly items: readonly TimeInterval[] }
  | { readonly domain: "bytes"; readonly items: readonly ByteInterval[] }
  | { readonly domain: "string"; readonly items: readonly TextInterval[] };

export type Interval = NumberInterval | TimeInterval | ByteInterval | TextInterval;

/** Ends included; ±Infinity: open. */
export interface NumberInterval {
  readonly domain: "number";
  readonly low: number;
  readonly high: number;
}

/** Ends included; ±Infinity seconds: open. */
export interface TimeInterval {
  readonly domain: "time";
  readonly lowSeconds: number;
  readonly lowNanoseconds: number;
  readonly highSeconds: number;
  readonly highNanoseconds: number;
}

/** `undefined`: open; `highOpen`: the high end itself is not in. Shorter byte strings come before longer ones, as in Wireshark. */
export interface ByteInterval {
  readonly domain: "bytes";
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
  readonly highOpen: boolean;
}

export interface TextInterval {
  readonly domain: "string";
  readonly low: string | undefined;
  readonly high: string | undefined;
  readonly highOpen: boolean;
}

/** `want` false: values outside. `all`: every value of the packet, and there is one; else any. */
interface Wanted {
  readonly want: boolean;
  readonly all: boolean;
}

export type TestPlan =
  | { readonly type: "everything" }
  | { readonly type: "and" | "or" | "xor"; readonly operands: readonly TestPlan[] }
  | { readonly type: "not"; readonly operand: TestPlan }
  /** There is a value; of bytes: one that is not empty, if `filled`. */
  | { readonly type: "exists"; readonly value: ValuePlan; readonly filled: boolean }
  /** A number, or one of the bytes, is not 0. */
  | { readonly type: "nonzero"; readonly value: ValuePlan }
  | ({ readonly type: "intervals"; readonly value: ValuePlan; readonly intervals: Intervals } & Wanted)
  /** Values compared with the packet's own: "eq", or "lt" and "le" (others are these, negated). */
  | ({
      readonly type: "pairs";
      readonly relation: "eq" | "lt" | "le";
      readonly domain: Domain;
      readonly left: ValuePlan;
      readonly right: ValuePlan;
    } & Wanted)
  /** A range of a set, from a value of the packet to another. */
  | ({
      readonly type: "between";
      readonly domain: Domain;
      readonly value: ValuePlan;
      readonly low: ValuePlan;
      readonly high: ValuePlan;
    } & Wanted)
  | ({ readonly type: "contains-bytes"; readonly value: ValuePlan; readonly needle: Uint8Array } & Wanted)
  | ({ readonly type: "contains-text"; readonly value: ValuePlan; readonly needle: string } & Wanted)
  | ({
      readonly type: "contains-pairs";
      readonly domain: "bytes" | "string";
      readonly left: ValuePlan;
      readonly right: ValuePlan;
    } & Wanted)
  | ({ readonly type: "matches"; readonly value: ValuePlan; readonly pattern: RegExp } & Wanted);

/** `out`: the column the value is worked out into, used again for every batch. */
export type ValuePlan =
  | { readonly type: "field"; readonly field: number }
  /** One row, valid for every packet. */
  | { readonly type: "constant"; readonly column: ValueColumn }
  | {
      readonly type: "layer";
      readonly value: ValuePlan;
      readonly ranges: readonly IndexRange[];
      readonly out: ValueColumn;
    }
  | {
      readonly type: "slice";
      readonly value: ValuePlan;
      readonly ranges: readonly IndexRange[];
      readonly out: ValueColumn;
    }
  | { readonly type: "negative" | "absolute"; readonly value: ValuePlan; readonly out: ValueColumn }
  | {
      readonly type: "arithmetic";
      readonly op: ArithmeticOp;
      readonly left: ValuePlan;
      readonly right: ValuePlan;
      readonly out: ValueColumn;
    }
  /** `fixed`: the width of every value, where the kind tells. */
  | {
      readonly type: "length";
      readonly value: ValuePlan;
      readonly fixed: number | undefined;
      readonly out: ValueColumn;
    }
  | { readonly type: "count"; readonly value: ValuePlan; readonly out: ValueColumn }
  | { readonly type: "upper" | "lower" | "text"; readonly value: ValuePlan; readonly out: ValueColumn }
  | {
      readonly type: "extreme";
      readonly largest: boolean;
      readonly values: readonly ValuePlan[];
      readonly out: ValueColumn;
    };

export function domainOf(kind: ValueKind): Domain {
  switch (kind) {
    case "time":
      return "time";
    case "string":
      return "string";
    case "ipv6":
    case "mac":
    case "bytes":
      return "bytes";
    case "uint":
    case "ipv4":
    case "bool":
    case "none":
      return "number";
  }
}
