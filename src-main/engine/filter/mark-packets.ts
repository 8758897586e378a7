/**
 * The two strokes of a leaf (see evaluate.ts): `out[packet]` is written where a row of the column satisfies the test, or does
 * not.
 */
import type { ValueColumn } from "../../../src-shared/tables/value-column";
import { compareBytes, compareRows, holdsBytes, lengthOf, readMac, textOf } from "./column-rows";
import { type ByteInterval, type Domain, type Intervals, type TextInterval, type TimeInterval, domainOf } from "./plan";

/** The first stroke of a leaf; returns which rows the second one marks. */
export function prepare(
  column: ValueColumn,
  plan: { readonly want: boolean; readonly all: boolean },
  out: Uint8Array,
  n: number,
): boolean {
  out.fill(0, 0, n);
  if (!plan.all) return plan.want;
  markFilled(column, false, out);
  return !plan.want;
}

export function markFilled(column: ValueColumn, filled: boolean, out: Uint8Array): void {
  const { packet, lengths, count } = column;
  for (let r = 0; r < count; r++) if (!filled || (lengths[r] as number) > 0) out[packet[r] as number] = 1;
}

export function markNonzero(column: ValueColumn, out: Uint8Array): void {
  const { packet, numbers, lengths, bytes, count, kind } = column;
  const domain = domainOf(kind);
  for (let r = 0; r < count; r++) {
    const number = numbers[r] as number;
    let nonzero = number !== 0;
    if (domain === "time") nonzero ||= lengths[r] !== 0;
    else if (domain === "bytes") {
      nonzero = false;
      for (let i = 0, n = lengthOf(column, r); i < n && !nonzero; i++) nonzero = bytes[number + i] !== 0;
    }
    if (nonzero) out[packet[r] as number] = 1;
  }
}

/** Writes `value` at the packets of rows that are in one of the intervals (`want`) or in none. */
export function markIntervals(
  column: ValueColumn,
  intervals: Intervals,
  want: boolean,
  out: Uint8Array,
  value: number,
): void {
  const { packet, numbers, count } = column;
  if (intervals.domain === "number" && intervals.lows.length === 1 && column.kind !== "mac") {
    // What nearly every filter comes down to: 10 M rows in 30 ms.
    const low = intervals.lows[0] as number;
    const high = intervals.highs[0] as number;
    for (let r = 0; r < count; r++) {
      const x = numbers[r] as number;
      if ((x >= low && x <= high) === want) out[packet[r] as number] = value;
    }
    return;
  }
  for (let r = 0; r < count; r++) if (isInside(column, r, intervals) === want) out[packet[r] as number] = value;
}

function isInside(column: ValueColumn, row: number, intervals: Intervals): boolean {
  const number = column.numbers[row] as number;
  switch (intervals.domain) {
    case "number":
      return isNumberInside(
        column.kind === "mac" ? readMac(column.bytes, number) : number,
        intervals.lows,
        intervals.highs,
      );
    case "time":
      for (const item of intervals.items) if (isTimeInside(number, column.lengths[row] as number, item)) return true;
      return false;
    case "bytes":
      for (const item of intervals.items) if (areBytesInside(column, row, item)) return true;
      return false;
    case "string": {
      const text = textOf(column, row);
      for (const item of intervals.items) if (isTextInside(text, item)) return true;
      return false;
    }
  }
}

/** By bisection: `lows` ascends and no two intervals overlap. */
function isNumberInside(x: number, lows: Float64Array, highs: Float64Array): boolean {
  let from = 0;
  let to = lows.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((lows[middle] as number) <= x) from = middle + 1;
    else to = middle;
  }
  return from > 0 && x <= (highs[from - 1] as number);
}

function isTimeInside(seconds: number, nanoseconds: number, item: TimeInterval): boolean {
  return (
    (seconds > item.lowSeconds || (seconds === item.lowSeconds && nanoseconds >= item.lowNanoseconds)) &&
    (seconds < item.highSeconds || (seconds === item.highSeconds && nanoseconds <= item.highNanoseconds))
  );
}

function areBytesInside(column: ValueColumn, row: number, item: ByteInterval): boolean {
  const at = column.numbers[row] as number;
  const length = lengthOf(column, row);
  if (item.low && compareBytes(column.bytes, at, length, item.low, 0, item.low.length) < 0) return false;
  if (!item.high) return true;
  const order = compareBytes(column.bytes, at, length, item.high, 0, item.high.length);
  return order < 0 || (order === 0 && !item.highOpen);
}

function isTextInside(text: string, item: TextInterval): boolean {
  if (item.low !== undefined && text < item.low) return false;
  return item.high === undefined || text < item.high || (!item.highOpen && text === item.high);
}

type Relation = "eq" | "lt" | "le" | "contains" | "every";

/** Writes `value` at the packets where a value of `left` and one of `right` stand in the relation (`want`) or do not. */
export function markPairs(
  left: ValueColumn,
  right: ValueColumn,
  domain: Domain,
  relation: Relation,
  want: boolean,
  out: Uint8Array,
  value: number,
): void {
  let j = 0;
  for (let i = 0; i < left.count; i++) {
    const packet = left.packet[i] as number;
    while (j < right.count && (right.packet[j] as number) < packet) j++;
    for (let k = j; k < right.count && right.packet[k] === packet; k++) {
      if (isRelated(domain, relation, left, i, right, k) !== want) continue;
      out[packet] = value;
      break;
    }
  }
}

function isRelated(
  domain: Domain,
  relation: Relation,
  left: ValueColumn,
  i: number,
  right: ValueColumn,
  j: number,
): boolean {
  switch (relation) {
    case "eq":
      return compareRows(domain, left, i, right, j) === 0;
    case "lt":
      return compareRows(domain, left, i, right, j) < 0;
    case "le":
      return compareRows(domain, left, i, right, j) <= 0;
    case "every":
      return true;
    case "contains": {
      if (domain === "bytes") return holdsBytes(left, i, right.bytes, right.numbers[j] as number, lengthOf(right, j));
      const needle = textOf(right, j);
      return needle !== "" && textOf(left, i).includes(needle);
    }
  }
}
