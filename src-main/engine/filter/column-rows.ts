/** One row of a column: its bytes, its text, its order among others; and how a new one is appended. */
import { type ValueColumn, appendValue } from "../../../src-shared/tables/value-column";
import type { Domain } from "./plan";

export function textOf(column: ValueColumn, row: number): string {
  return column.strings[column.numbers[row] as number] ?? "";
}

/** Of kinds whose values are bytes. */
export function lengthOf(column: ValueColumn, row: number): number {
  return column.kind === "mac" ? 6 : column.kind === "ipv6" ? 16 : (column.lengths[row] as number);
}

export function readMac(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  const low =
    ((bytes[at + 2] as number) << 24) |
    ((bytes[at + 3] as number) << 16) |
    ((bytes[at + 4] as number) << 8) |
    (bytes[at + 5] as number);
  return high * 0x100000000 + (low >>> 0);
}

/** Negative, 0 or positive, as `a`'s row sorts before, with or after `b`'s. */
export function compareRows(domain: Domain, a: ValueColumn, i: number, b: ValueColumn, j: number): number {
  const x = a.numbers[i] as number;
  const y = b.numbers[j] as number;
  switch (domain) {
    case "number":
      return x - y;
    case "time":
      return x - y || (a.lengths[i] as number) - (b.lengths[j] as number);
    case "bytes":
      return compareBytes(a.bytes, x, lengthOf(a, i), b.bytes, y, lengthOf(b, j));
    case "string": {
      const s = textOf(a, i);
      const t = textOf(b, j);
      return s < t ? -1 : s > t ? 1 : 0;
    }
  }
}

/** By length first: Wireshark's order of byte strings. */
export function compareBytes(
  a: Uint8Array,
  i: number,
  lengthA: number,
  b: Uint8Array,
  j: number,
  lengthB: number,
): number {
  if (lengthA !== lengthB) return lengthA - lengthB;
  for (let k = 0; k < lengthA; k++) {
    const difference = (a[i + k] as number) - (b[j + k] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Nothing holds the empty string, as in Wireshark. */
export function holdsBytes(
  column: ValueColumn,
  row: number,
  needle: Uint8Array,
  needleAt: number,
  needleLength: number,
): boolean {
  if (needleLength === 0) return false;
  const { bytes } = column;
  const first = needle[needleAt];
  const from = column.numbers[row] as number;
  for (let at = from, last = from + lengthOf(column, row) - needleLength; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let k = 1;
    while (k < needleLength && bytes[at + k] === needle[needleAt + k]) k++;
    if (k === needleLength) return true;
  }
  return false;
}

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** Bytes as they are, text as its UTF-8; one character a byte. */
export function binaryText(column: ValueColumn, row: number, memory: Buffer): string {
  if (column.kind === "string") {
    const text = textOf(column, row);
    return BEYOND_ASCII.test(text) ? Buffer.from(text).toString("latin1") : text;
  }
  const from = column.numbers[row] as number;
  return memory.toString("latin1", from, from + lengthOf(column, row));
}

export function appendRow(out: ValueColumn, from: ValueColumn, row: number, number: number, length: number): void {
  appendValue(out, from.packet[row] as number, from.layer[row] as number, number, length);
}

/** Room for `more` bytes behind the `used` first of a column that owns its bytes. */
export function reserveBytes(out: ValueColumn, used: number, more: number): void {
  if (out.bytes.length >= used + more) return;
  const bigger = new Uint8Array(Math.max(256, out.bytes.length * 2, used + more));
  bigger.set(out.bytes.subarray(0, used));
  out.bytes = bigger;
}
