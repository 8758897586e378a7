/** Columns made from columns: layers, slices, arithmetic and functions of the language. The result replaces what was in `out`. */
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { type ValueColumn, appendString, appendValue } from "../../../src-shared/tables/value-column";
import { appendRow, lengthOf, reserveBytes, textOf } from "./column-rows";
import type { ArithmeticOp, IndexRange } from "./parse";
import { domainOf } from "./plan";

export function keepLayers(column: ValueColumn, ranges: readonly IndexRange[], out: ValueColumn): ValueColumn {
  out.count = 0;
  out.bytes = column.bytes;
  out.strings = column.strings;
  const { packet, layer, count } = column;
  for (let r = 0; r < count;) {
    let end = r + 1;
    while (end < count && packet[end] === packet[r]) end++;
    const most = layer[end - 1] as number;
    for (; r < end; r++) {
      const ordinal = layer[r] as number;
      for (const range of ranges) {
        const from = range.from < 0 ? most + 1 + range.from : range.from;
        if (ordinal < from || ordinal >= from + range.length) continue;
        appendRow(out, column, r, column.numbers[r] as number, column.lengths[r] as number);
        break;
      }
    }
  }
  return out;
}

/** Offset of the slice's first byte, -1 if there is none. */
function sliceStart(range: IndexRange, length: number): number {
  const from = range.from < 0 ? length + range.from : range.from;
  return from >= 0 && from < length && (range.length === Infinity || from + range.length <= length) ? from : -1;
}

/** A slice that reaches beyond the value is empty; in a list of them it ends the list. */
export function takeSlices(column: ValueColumn, ranges: readonly IndexRange[], out: ValueColumn): ValueColumn {
  out.count = 0;
  const { kind } = column;
  const single = ranges.length === 1 && kind !== "string" && kind !== "ipv4" ? ranges[0] : undefined;
  if (single) {
    // A part of the same memory: nothing is copied.
    out.bytes = column.bytes;
    for (let r = 0; r < column.count; r++) {
      const length = lengthOf(column, r);
      const from = sliceStart(single, length);
      const taken = from < 0 ? 0 : Math.min(single.length, length - from);
      appendRow(out, column, r, (column.numbers[r] as number) + Math.max(0, from), taken);
    }
    return out;
  }
  const address = new Uint8Array(4);
  let used = 0;
  for (let r = 0; r < column.count; r++) {
    let bytes = column.bytes;
    let at = column.numbers[r] as number;
    let length: number;
    if (kind === "ipv4") {
      for (let i = 0; i < 4; i++) address[i] = at >>> (24 - i * 8);
      bytes = address;
      at = 0;
      length = 4;
    } else if (kind === "string") {
      bytes = Buffer.from(textOf(column, r));
      at = 0;
      length = bytes.length;
    } else length = lengthOf(column, r);
    const position = used;
    for (const range of ranges) {
      const from = sliceStart(range, length);
      if (from < 0) break;
      const taken = Math.min(range.length, length - from);
      reserveBytes(out, used, taken);
      for (let i = 0; i < taken; i++) out.bytes[used + i] = bytes[at + from + i] as number;
      used += taken;
    }
    appendRow(out, column, r, position, used - position);
  }
  return out;
}

export function changeSign(column: ValueColumn, absolute: boolean, out: ValueColumn): ValueColumn {
  out.count = 0;
  const time = column.kind === "time";
  for (let r = 0; r < column.count; r++) {
    const number = column.numbers[r] as number;
    const nanoseconds = time ? (column.lengths[r] as number) : 0;
    if (absolute && number >= 0) appendRow(out, column, r, number, nanoseconds);
    else if (nanoseconds > 0) appendRow(out, column, r, -number - 1, 1e9 - nanoseconds);
    else appendRow(out, column, r, 0 - number, 0);
  }
  return out;
}

/** The result of row `i` and row `j`, in the packet and layer of row `k` of `place`; none where there is no result. */
export function appendResult(
  op: ArithmeticOp,
  left: ValueColumn,
  i: number,
  right: ValueColumn,
  j: number,
  place: ValueColumn,
  k: number,
  out: ValueColumn,
): void {
  const a = left.numbers[i] as number;
  const b = right.numbers[j] as number;
  const domain = domainOf(out.kind);
  if (domain === "number") {
    const result = calculate(op, a, b);
    if (result !== undefined) appendRow(out, place, k, result, 0);
  } else if (domain === "time") {
    const sign = op === "-" ? -1 : 1;
    const sum = (left.lengths[i] as number) + sign * (right.lengths[j] as number);
    const carry = Math.floor(sum / 1e9);
    appendRow(out, place, k, a + sign * b + carry, sum - carry * 1e9);
  } else {
    const length = lengthOf(left, i);
    if (lengthOf(right, j) !== length) return;
    const last = out.count - 1;
    const used = last < 0 ? 0 : (out.numbers[last] as number) + (out.lengths[last] as number);
    reserveBytes(out, used, length);
    for (let n = 0; n < length; n++)
      out.bytes[used + n] = (left.bytes[a + n] as number) & (right.bytes[b + n] as number);
    appendRow(out, place, k, used, length);
  }
}

/** Whole numbers. Undefined: division by zero. */
export function calculate(op: ArithmeticOp, a: number, b: number): number | undefined {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? undefined : Math.trunc(a / b);
    case "%":
      return b === 0 ? undefined : a % b;
    case "&": {
      // In two halves: JavaScript's & has 32 bits.
      const high = (Math.floor(a / 0x100000000) & Math.floor(b / 0x100000000)) * 0x100000000;
      return high + ((a & b) >>> 0);
    }
  }
}

export function countRows(column: ValueColumn, out: ValueColumn): ValueColumn {
  out.count = 0;
  const { packet, count } = column;
  for (let r = 0; r < count;) {
    let end = r + 1;
    while (end < count && packet[end] === packet[r]) end++;
    appendValue(out, packet[r] as number, 1, end - r);
    r = end;
  }
  return out;
}

/** ASCII letters only, as in Wireshark. */
export function changeCase(column: ValueColumn, upper: boolean, out: ValueColumn): ValueColumn {
  out.count = 0;
  out.strings.length = 0;
  for (let r = 0; r < column.count; r++) {
    const text = textOf(column, r);
    const changed = upper
      ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
      : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    appendString(out, column.packet[r] as number, column.layer[r] as number, changed);
  }
  return out;
}

export function asText(column: ValueColumn, out: ValueColumn): ValueColumn {
  out.count = 0;
  out.strings.length = 0;
  for (let r = 0; r < column.count; r++) {
    const number = column.numbers[r] as number;
    let text: string;
    if (column.kind === "ipv4") text = formatIpv4(number);
    else if (column.kind === "ipv6") text = formatIpv6(column.bytes, number);
    else if (column.kind === "mac") text = formatMac(column.bytes, number);
    else text = String(number);
    appendString(out, column.packet[r] as number, column.layer[r] as number, text);
  }
  return out;
}
