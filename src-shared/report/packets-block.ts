/** Cited packets as a table of a report. */
import type { TableBlock } from "./report";

const COLUMNS: TableBlock["columns"] = [
  { label: "No.", numeric: true },
  { label: "Capture point" },
  { label: "Time" },
  { label: "Source" },
  { label: "Destination" },
  { label: "Protocol" },
  { label: "Length", numeric: true },
  { label: "Info" },
];

/** @param rows a text for each of the columns above */
export function packetsBlock(caption: string, rows: readonly (readonly string[])[], note?: string): TableBlock {
  return { kind: "table", caption, columns: COLUMNS, rows, ...(note !== undefined && { note }) };
}
