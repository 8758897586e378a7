/**
 * Cells of the engine's tables as text, and what a click on a heading asks for.
 *
 * ```
 * number 1234567 → "1,234,567"    bytes 1536 → "1.5 KiB"    duration 0.0012 → "1.2 ms"    time → as the settings say
 * ```
 */
import type { Cell, TableColumn, TableRow, TimeValue } from "../../src-shared/contract/results";
import { formatBytes, formatCount, formatDuration } from "./quantity";

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

/** A column's width before a person sets one. */
export function columnWidthPx(column: TableColumn): number {
  switch (column.kind) {
    case "address":
      return 166;
    case "time":
      return 128;
    case "identifier":
      return 66;
    case "number":
    case "bytes":
      return 88;
    case "duration":
    case "percent":
      return 92;
    case "severity":
      return 76;
    case "text":
      return Math.max(112, Math.min(220, 24 + column.label.length * 8));
  }
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

/** The filter of one cell, "ip.addr == 10.0.0.1"; null where the column has no field or the cell no value. */
export function cellFilter(column: TableColumn, cell: Cell): string | null {
  if (column.field === null || cell === null || cell === "") return null;
  if (typeof cell === "object") return `${column.field} == ${cell[0]}.${String(cell[1]).padStart(9, "0")}`;
  if (typeof cell === "number") return `${column.field} == ${cell}`;
  const plain = /^[\d.]+$|^[\da-f:]*:[\da-f:.]*$/i.test(cell);
  return `${column.field} == ${plain ? cell : `"${cell.replace(/[\\"]/g, "\\$&")}"`}`;
}
