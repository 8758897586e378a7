/**
 * The bytes of a source as rows of text, and where on them a pointer stands.
 *
 * ```
 * hex    0010  45 00 00 54 00 00 40 00  40 01 26 a9 0a 00 00 01   E..T..@.@.&.....
 * bits   0010  01000101 00000000 00000000 01010100  01000000 …    E..T@…                8 bytes a row
 *        └──┘  └ hex area: 3 (bits: 9) characters a byte, 1 more after the middle ┘   └ text area ┘
 * ```
 *
 * Rows are texts in a monospaced font, so a place is found by division, and a row is drawn as a few runs of equal
 * highlighting instead of one element a byte: 40 rows are 100 elements and not 1,300.
 */
import { hexByte } from "./packet-copy";

export type ByteLayout = "hex" | "bits";

export interface ByteGrid {
  readonly layout: ByteLayout;
  readonly bytes: number;
  readonly bytesPerRow: number;
  readonly rows: number;
  /** Digits of the offset. */
  readonly offsetDigits: number;
  /** Characters one byte takes in the hex area, its space included. */
  readonly byteChars: number;
  /** Characters of the whole hex area. */
  readonly hexChars: number;
}

export function byteGrid(bytes: number, layout: ByteLayout): ByteGrid {
  const bytesPerRow = layout === "hex" ? 16 : 8;
  const byteChars = layout === "hex" ? 3 : 9;
  return {
    layout,
    bytes,
    bytesPerRow,
    rows: Math.ceil(bytes / bytesPerRow),
    offsetDigits: Math.max(4, (Math.max(bytes, 1) - 1).toString(16).length),
    byteChars,
    // One space more in the middle, none at the end.
    hexChars: bytesPerRow * byteChars,
  };
}

/** "0010" */
function offsetText(grid: ByteGrid, row: number): string {
  return (row * grid.bytesPerRow).toString(16).padStart(grid.offsetDigits, "0");
}

/** What a byte is to be drawn as; the strongest wins. */
const PLAIN = 0;
/** Of the protocol whose field is selected. */
export const PROTOCOL = 1;
/** Of the field under the pointer. */
export const HOVERED = 2;
/** Of the selected field. */
export const SELECTED = 3;
export type ByteMark = typeof PLAIN | typeof PROTOCOL | typeof HOVERED | typeof SELECTED;

/** Bits of the shown source: [firstBit, firstBit + bits). */
export interface MarkedBits {
  readonly firstBit: number;
  readonly bits: number;
  readonly mark: ByteMark;
}

/** A run of characters drawn alike. */
export interface ByteRun {
  readonly text: string;
  readonly mark: ByteMark;
}

export interface ByteRow {
  readonly offset: string;
  readonly hex: readonly ByteRun[];
  readonly text: readonly ByteRun[];
}

/** One row, ready to be drawn. `marks` in rising strength does not matter: the strongest is taken. */
export function byteRow(grid: ByteGrid, bytes: Uint8Array, row: number, marks: readonly MarkedBits[]): ByteRow {
  const from = row * grid.bytesPerRow;
  const to = Math.min(bytes.length, from + grid.bytesPerRow);
  const hex = new RunBuilder();
  const text = new RunBuilder();
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    const mark = markOf(marks, at * 8, 8);
    if (grid.layout === "hex") hex.add(hexByte(byte), mark);
    else for (let bit = 0; bit < 8; bit++) hex.add((byte >> (7 - bit)) & 1 ? "1" : "0", markOf(marks, at * 8 + bit, 1));
    if (at + 1 < to) {
      // The space between two bytes belongs to both: marked when both are.
      const next = markOf(marks, (at + 1) * 8, grid.layout === "hex" ? 8 : 1);
      const here = grid.layout === "hex" ? mark : markOf(marks, at * 8 + 7, 1);
      hex.add(isMiddle(grid, at - from) ? "  " : " ", here === next ? here : PLAIN);
    }
    text.add(byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·", mark);
  }
  return { offset: offsetText(grid, row), hex: hex.runs, text: text.runs };
}

function isMiddle(grid: ByteGrid, index: number): boolean {
  return index === grid.bytesPerRow / 2 - 1;
}

function markOf(marks: readonly MarkedBits[], firstBit: number, bits: number): ByteMark {
  let strongest: ByteMark = PLAIN;
  for (const range of marks)
    if (range.mark > strongest && firstBit < range.firstBit + range.bits && firstBit + bits > range.firstBit)
      strongest = range.mark;
  return strongest;
}

class RunBuilder {
  readonly runs: ByteRun[] = [];
  add(text: string, mark: ByteMark): void {
    const last = this.runs[this.runs.length - 1];
    if (last?.mark === mark) this.runs[this.runs.length - 1] = { text: last.text + text, mark };
    else this.runs.push({ text, mark });
  }
}

/** A place in the grid: a byte, and in the bits layout the bit of it (0 the most significant). */
export interface BytePlace {
  readonly byte: number;
  readonly bit: number | null;
}

/** What is `chars` characters from the left edge of the hex area (a fraction is fine); null: nothing. */
export function placeInHex(grid: ByteGrid, row: number, chars: number): BytePlace | null {
  if (chars < 0) return null;
  const middle = (grid.bytesPerRow / 2) * grid.byteChars;
  // Half of the space on either side of a byte belongs to it, so that there are no holes under a pointer.
  const from = chars >= middle + 0.5 ? chars - 1 : Math.min(chars, middle - 0.001);
  const index = Math.floor((from + 0.5) / grid.byteChars);
  const within = Math.max(0, Math.min(grid.byteChars - 2, Math.floor(from - index * grid.byteChars)));
  return placeOf(grid, row, index, grid.layout === "bits" ? within : null);
}

export function placeInText(grid: ByteGrid, row: number, chars: number): BytePlace | null {
  if (chars < 0) return null;
  return placeOf(grid, row, Math.floor(chars), null);
}

function placeOf(grid: ByteGrid, row: number, index: number, bit: number | null): BytePlace | null {
  if (index < 0 || index >= grid.bytesPerRow) return null;
  const byte = row * grid.bytesPerRow + index;
  return byte >= 0 && byte < grid.bytes ? { byte, bit } : null;
}

/** The byte a key leads to; null: none of the pane's keys. */
export function byteAfterKey(
  grid: ByteGrid,
  byte: number,
  key: string,
  ctrl: boolean,
  pageRows: number,
): number | null {
  if (grid.bytes === 0) return null;
  const last = grid.bytes - 1;
  const bounded = (to: number): number => Math.max(0, Math.min(last, to));
  const rowStart = byte - (byte % grid.bytesPerRow);
  switch (key) {
    case "ArrowLeft":
      return bounded(byte - 1);
    case "ArrowRight":
      return bounded(byte + 1);
    case "ArrowUp":
      return byte >= grid.bytesPerRow ? byte - grid.bytesPerRow : byte;
    case "ArrowDown":
      return byte + grid.bytesPerRow <= last ? byte + grid.bytesPerRow : byte;
    case "PageUp":
      return bounded(byte - grid.bytesPerRow * Math.max(1, pageRows - 1));
    case "PageDown":
      return bounded(byte + grid.bytesPerRow * Math.max(1, pageRows - 1));
    case "Home":
      return ctrl ? 0 : rowStart;
    case "End":
      return ctrl ? last : bounded(rowStart + grid.bytesPerRow - 1);
    default:
      return null;
  }
}
