/**
 * The columns of the packet list: which, in what order, how wide. Kept as a setting, so what is read back is checked.
 *
 * ```
 * PACKET_COLUMNS (contract)  ─┐
 * any field, "ip.ttl"         ─┴► ListColumn[] ──► header, cells, ids of "packets.rows"
 *                                     ▲ │ setting "packet-list.columns"
 *                                     └─┘
 * ```
 */
import { PACKET_COLUMNS, type PacketColumn } from "../../src-shared/contract/columns";

export interface ListColumn {
  /** Id of PACKET_COLUMNS, or a field's name. */
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly align: "left" | "right";
  readonly widthPx: number;
}

const MIN_COLUMN_PX = 36;
const MAX_COLUMN_PX = 4000;
/** The contract refuses more than 60 columns in one request. */
const MAX_COLUMNS = 60;
/** Width of a field's column before a person sets one. */
const FIELD_COLUMN_PX = 120;
/** The last column does not shrink below this to fit into the pane. */
const LAST_COLUMN_PX = 200;
/** The last column has enough with this: most lines of TCP with their options. */
const AMPLE_LAST_PX = 600;
/** An IPv6 address of 39 characters. */
const ADDRESS_PX = 300;
const ADDRESSES = new Set(["source", "destination", "outer-source", "outer-destination"]);
/** Columns of numbers and addresses line up better in a monospaced font. */
const MONOSPACED = new Set([
  "number",
  "time",
  "source",
  "destination",
  "length",
  "stream",
  "delta",
  "outer-source",
  "outer-destination",
]);

const BUILT_IN: ReadonlyMap<string, PacketColumn> = new Map(PACKET_COLUMNS.map((column) => [column.id, column]));

export function isBuiltIn(id: string): boolean {
  return BUILT_IN.has(id);
}

export function isMonospaced(id: string): boolean {
  return !BUILT_IN.has(id) || MONOSPACED.has(id);
}

/** The columns before a person changes anything: Wireshark's, in its order. */
export function defaultColumns(): ListColumn[] {
  return PACKET_COLUMNS.filter((column) => column.shown).map(listColumn);
}

/** A column by its id: one of the contract's own, else a field's. */
export function columnFor(id: string): ListColumn {
  const known = BUILT_IN.get(id);
  if (known) return listColumn(known);
  return { id, label: id, hint: `The field ${id}`, align: "left", widthPx: FIELD_COLUMN_PX };
}

function listColumn(column: PacketColumn): ListColumn {
  return {
    id: column.id,
    label: column.label,
    hint: column.hint,
    align: column.align,
    widthPx: column.widthPx,
  };
}

/** What is kept of a column. Labels and hints are not: they may be worded better one day. */
export interface StoredColumn {
  readonly id: string;
  readonly widthPx: number;
}

/** The columns of a stored value, each once and of a sane width; undefined if nothing in it is usable. */
export function checkColumns(stored: unknown): readonly StoredColumn[] | undefined {
  if (!Array.isArray(stored)) return undefined;
  const columns: StoredColumn[] = [];
  for (const entry of stored as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null) continue;
    const { id, widthPx } = entry as Record<string, unknown>;
    if (typeof id !== "string" || !isColumnId(id)) continue;
    if (columns.length >= MAX_COLUMNS || columns.some((column) => column.id === id)) continue;
    const width = typeof widthPx === "number" ? boundedWidth(widthPx) : columnFor(id).widthPx;
    columns.push({ id, widthPx: width });
  }
  return columns.length > 0 ? columns : undefined;
}

/** An id of the contract's columns, or what can be a field's name. */
export function isColumnId(id: string): boolean {
  return /^[A-Za-z_][\w.-]{0,199}$/.test(id);
}

export function listColumns(stored: readonly StoredColumn[]): ListColumn[] {
  return stored.map(({ id, widthPx }) => ({ ...columnFor(id), widthPx }));
}

export function storedColumns(columns: readonly ListColumn[]): StoredColumn[] {
  return columns.map(({ id, widthPx }) => ({ id, widthPx }));
}

/** Adds a column before Info (Wireshark does), else at the end; already there: unchanged. */
export function withColumn(columns: readonly ListColumn[], id: string): readonly ListColumn[] {
  if (columns.some((column) => column.id === id) || columns.length >= MAX_COLUMNS) return columns;
  const info = columns.findIndex((column) => column.id === "info");
  const at = info < 0 ? columns.length : info;
  return [...columns.slice(0, at), columnFor(id), ...columns.slice(at)];
}

/** The last column stays: a list without columns could not be brought back from its own header. */
export function withoutColumn(columns: readonly ListColumn[], id: string): readonly ListColumn[] {
  return columns.length > 1 ? columns.filter((column) => column.id !== id) : columns;
}

/** Moves a column so that it ends up at index `to`. */
export function movedColumn(columns: readonly ListColumn[], id: string, to: number): readonly ListColumn[] {
  const moved = columns.find((column) => column.id === id);
  if (!moved) return columns;
  const rest = columns.filter((column) => column.id !== id);
  const at = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, at), moved, ...rest.slice(at)];
}

export function resizedColumn(columns: readonly ListColumn[], id: string, widthPx: number): readonly ListColumn[] {
  return columns.map((column) => (column.id === id ? { ...column, widthPx: boundedWidth(widthPx) } : column));
}

function boundedWidth(widthPx: number): number {
  if (!Number.isFinite(widthPx)) return FIELD_COLUMN_PX;
  return Math.round(Math.max(MIN_COLUMN_PX, Math.min(MAX_COLUMN_PX, widthPx)));
}

/**
 * Widths as drawn: the last column takes what the pane has left, and gives what it lacks (down to LAST_COLUMN_PX) as long
 * as nobody has set its width. What then is still too wide is scrolled sideways.
 */
export function drawnWidths(columns: readonly ListColumn[], availablePx: number): number[] {
  const widths = columns.map((column) => column.widthPx);
  const last = columns[columns.length - 1];
  if (!last) return widths;
  let leftPx = availablePx - widths.reduce((sum, width) => sum + width, 0) + last.widthPx;
  const isAsAtFirst = last.widthPx === columnFor(last.id).widthPx;
  // Where Info has more than it needs, addresses that nobody has set a width for are shown whole, IPv6 too.
  const addresses = columns.flatMap(({ id, widthPx }, at) =>
    ADDRESSES.has(id) && widthPx === columnFor(id).widthPx ? [at] : [],
  );
  const sharePx = Math.floor((leftPx - AMPLE_LAST_PX) / Math.max(1, addresses.length));
  for (const at of sharePx > 0 ? addresses : []) {
    const morePx = Math.min(sharePx, ADDRESS_PX - (widths[at] as number));
    widths[at] = (widths[at] as number) + morePx;
    leftPx -= morePx;
  }
  widths[widths.length - 1] = Math.max(leftPx, isAsAtFirst ? Math.min(LAST_COLUMN_PX, last.widthPx) : last.widthPx);
  return widths;
}

/** Index a dragged header lands at when it is dropped at `x` pixels from the header's left edge. */
export function dropIndex(widths: readonly number[], from: number, x: number): number {
  let left = 0;
  for (const [index, width] of widths.entries()) {
    if (x < left + width / 2) return index > from ? index - 1 : index;
    left += width;
  }
  return widths.length - 1;
}
