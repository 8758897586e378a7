/**
 * Cells of the engine's tables as text, and what a click on a heading asks for.
 *
 * ```
 * number 1234567 → "1,234,567"    bytes 1536 → "1.5 KiB"    duration 0.0012 → "1.2 ms"    time → as the settings say
 * ```
 */
import type { Cell, TableColumn, TableRow, TimeValue } from "../../src-shared/contract/results";
import { formatBytes, formatCount, formatDuration } from "./quantity";
import { textWidthPx } from "./text-width";

/** How a table's times are shown; the settings decide. */
export type TimeText = (time: TimeValue) => string;

export function cellText(kind: TableColumn["kind"], cell: Cell, timeText: TimeText): string {
  if (cell === null) return "";
  if (typeof cell === "object") return timeText(cell);
  if (typeof cell === "string") return cell;
  switch (kind) {
    case "bytes":
      return formatBytes(cell);
    case "duration":
      return formatDuration(cell);
    case "percent":
      return `${cell.toFixed(cell < 10 ? 2 : 1)} %`;
    case "number":
      return formatCount(cell);
    case "identifier":
    case "text":
    case "address":
    case "severity":
    case "time":
      return String(cell);
  }
}

/** What a tooltip adds: the exact number behind a rounded one; null: nothing. */
export function cellHint(kind: TableColumn["kind"], cell: Cell): string | null {
  if (typeof cell !== "number") return typeof cell === "string" && cell.length > 24 ? cell : null;
  if (kind === "bytes") return `${formatCount(cell)} bytes`;
  if (kind === "duration") return `${cell} s`;
  return null;
}

export function isRightAligned(kind: TableColumn["kind"]): boolean {
  return (
    kind === "number" ||
    kind === "identifier" ||
    kind === "bytes" ||
    kind === "time" ||
    kind === "duration" ||
    kind === "percent"
  );
}

/** A character of an address (monospaced), the size of texts and headings at 100 %, and what is beside a cell's text. */
const ADDRESS_CHAR_PX = 7.3;
const TEXT_PX = 13;
const HEADING_PX = 12;
const PADDING_PX = 20;

/** Widths that go by the kind alone: numbers, and texts while no row is there. */
const KIND_WIDTH_PX: Readonly<Record<TableColumn["kind"], number>> = {
  address: 130,
  bytes: 80,
  duration: 84,
  identifier: 66,
  number: 88,
  percent: 84,
  severity: 76,
  text: 96,
  time: 104,
};
/** Texts get no more than this at first: what is left of the pane is shared by those that need more. */
const FIRST_TEXT_PX = 200;
/** An address tells rows apart by its end: IPv6 addresses are shown whole. */
const FIRST_ADDRESS_PX = 306;
const MOST_TEXT_PX = 600;

export interface ColumnWidth {
  readonly widthPx: number;
  /** It takes what is left of the pane, up to this; null: it does not. */
  readonly mostPx: number | null;
}

/**
 * A column's width before a person sets one: its heading fits, and texts if they are short. By the table's first `rows`, so that
 * nothing moves while a person scrolls.
 */
export function columnWidth(column: TableColumn, at: number, rows: readonly TableRow[]): ColumnWidth {
  const headingPx = Math.ceil(Math.min(220, PADDING_PX + textWidthPx(column.label, HEADING_PX, true)));
  const kindPx = KIND_WIDTH_PX[column.kind];
  const isText = column.kind === "text" || column.kind === "address";
  if (!isText || rows.length === 0) {
    // Empty in all the rows that are there: its heading is enough.
    const isEmpty = rows.length > 0 && rows.every(({ cells }) => (cells[at] ?? null) === null);
    return { widthPx: isEmpty ? headingPx : Math.max(kindPx, headingPx), mostPx: null };
  }
  const charPx = column.kind === "address" ? ADDRESS_CHAR_PX : null;
  const neededPx = Math.ceil(PADDING_PX + Math.max(...rows.map((row) => cellPx(row, at, charPx))));
  return {
    widthPx: Math.max(headingPx, Math.min(neededPx, column.kind === "address" ? FIRST_ADDRESS_PX : FIRST_TEXT_PX)),
    mostPx: Math.min(MOST_TEXT_PX, neededPx),
  };
}

function cellPx({ cells, level }: TableRow, at: number, charPx: number | null): number {
  const cell = cells[at];
  const text = typeof cell === "string" ? cell : "";
  const textPx = charPx === null ? textWidthPx(text, TEXT_PX) : text.length * charPx;
  return textPx + (at === 0 ? level * 16 : 0);
}

/** Widths as drawn: columns that may grow share what is left of the pane, none beyond its `mostPx`. */
export function grownWidths(
  columns: readonly { readonly widthPx: number; readonly mostPx?: number | null }[],
  availablePx: number,
): readonly number[] {
  const widths = columns.map((column) => column.widthPx);
  let left = availablePx - widths.reduce((sum, width) => sum + width, 0);
  let growing = columns.flatMap(({ mostPx }, at) => ((mostPx ?? 0) > (widths[at] ?? 0) ? [at] : []));
  while (left >= 1 && growing.length > 0) {
    const share = left / growing.length;
    for (const at of growing) {
      const more = Math.min(share, (columns[at]?.mostPx ?? 0) - (widths[at] ?? 0));
      widths[at] = (widths[at] ?? 0) + more;
      left -= more;
    }
    growing = growing.filter((at) => (columns[at]?.mostPx ?? 0) - (widths[at] ?? 0) > 0.5);
  }
  return widths.map(Math.floor);
}

export interface TableSort {
  readonly column: string;
  readonly descending: boolean;
}

/**
 * The order after a click on a heading: numbers begin with the largest, texts with the smallest; the second click turns it
 * round, the third gives the table's own order back. `add` (Shift): behind the columns that order already.
 */
export function nextSort(sort: readonly TableSort[], column: TableColumn, add: boolean): readonly TableSort[] {
  const known = sort.find((key) => key.column === column.id);
  const others = add ? sort.filter((key) => key.column !== column.id) : [];
  const first = isRightAligned(column.kind);
  if (!known) return [...others, { column: column.id, descending: first }];
  if (known.descending === first) return [...others, { column: column.id, descending: !first }];
  return others;
}

/** Of a severity, in whatever words the table has it: "error" and "warn" stand out. */
export function severityTone(cell: Cell): string | null {
  return typeof cell === "string" ? cell.toLowerCase().replace(/^warning$/, "warn") : null;
}

/** A row as tab-separated text, for the clipboard: exact numbers, not rounded ones. */
export function rowAsText(columns: readonly TableColumn[], row: TableRow, timeText: TimeText): string {
  return columns
    .map((column, at) => {
      const cell = row.cells[at] ?? null;
      if (typeof cell === "number") return String(cell);
      return cellText(column.kind, cell, timeText).replace(/[\t\r\n]+/g, " ");
    })
    .join("\t");
}
