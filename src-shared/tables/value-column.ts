/**
 * The values of one field over one batch of packets: what the filter compares, what the exports print.
 *
 * Struct of arrays, one row a value, rows in packet order and, within a packet, outermost first:
 *
 * ```
 * row      0        1        2        3
 * packet   0        0        1        4         packets 2 and 3 have no such field
 * layer    1        2        1        1         which layer of that protocol in the packet, 1 = outermost
 * numbers  64       63       64       255       ip.ttl
 * ```
 */
export type ValueKind =
  /** `numbers`: unsigned integer. */
  | "uint"
  /** `numbers`: seconds since the epoch or of a duration (whole, may be negative); `lengths`: nanoseconds. */
  | "time"
  /** `numbers`: the address as an unsigned 32-bit integer. */
  | "ipv4"
  /** `numbers`: position of 16 bytes in `bytes`. */
  | "ipv6"
  /** `numbers`: position of 6 bytes in `bytes`. */
  | "mac"
  /** `numbers`: position in `bytes`, `lengths`: how many. */
  | "bytes"
  /** `numbers`: index into `strings`. */
  | "string"
  /** A flag that is there or not; no value of its own (prints "1"). */
  | "none"
  /** `numbers`: 0 or 1. */
  | "bool";

export interface ValueColumn {
  readonly kind: ValueKind;
  /** Rows in use; the arrays may be longer. */
  count: number;
  /** Row of the packet in its batch, ascending. */
  packet: Uint32Array;
  /** Ordinal of the layer among those of its protocol in that packet, from 1. */
  layer: Uint8Array;
  numbers: Float64Array;
  lengths: Uint32Array;
  /** What positions point into (the batch's memory). */
  bytes: Uint8Array;
  strings: string[];
}

export function createValueColumn(kind: ValueKind, bytes: Uint8Array, capacity = 1024): ValueColumn {
  return {
    kind,
    count: 0,
    packet: new Uint32Array(capacity),
    layer: new Uint8Array(capacity),
    numbers: new Float64Array(capacity),
    lengths: new Uint32Array(capacity),
    bytes,
    strings: [],
  };
}

/** Appends one row, growing the arrays by doubling. */
export function appendValue(column: ValueColumn, packet: number, layer: number, number: number, length = 0): void {
  const row = column.count;
  if (row === column.packet.length) grow(column);
  column.packet[row] = packet;
  column.layer[row] = layer;
  column.numbers[row] = number;
  column.lengths[row] = length;
  column.count = row + 1;
}

export function appendString(column: ValueColumn, packet: number, layer: number, text: string): void {
  column.strings.push(text);
  appendValue(column, packet, layer, column.strings.length - 1, 0);
}

export function clearValueColumn(column: ValueColumn): void {
  column.count = 0;
  column.strings.length = 0;
}

function grow(column: ValueColumn): void {
  const capacity = column.packet.length * 2;
  const packet = new Uint32Array(capacity);
  packet.set(column.packet);
  column.packet = packet;
  const layer = new Uint8Array(capacity);
  layer.set(column.layer);
  column.layer = layer;
  const numbers = new Float64Array(capacity);
  numbers.set(column.numbers);
  column.numbers = numbers;
  const lengths = new Uint32Array(capacity);
  lengths.set(column.lengths);
  column.lengths = lengths;
}
