/** The forms packets can be written in; the engine chooses by the file name's ending. */
export const EXPORT_FORMATS = [
  { id: "pcapng", label: "pcapng", hint: "with comments, interfaces, nanoseconds" },
  { id: "csv", label: "CSV", hint: "the list's columns" },
  { id: "json", label: "JSON", hint: "one array" },
  { id: "ndjson", label: "NDJSON", hint: "one object a line" },
  { id: "conn.log", label: "Zeek conn.log", hint: "a line a flow" },
] as const;

/** "web" as csv → "web.csv"; a name that has the ending keeps it; separators become "-": it is a name, not a path. */
export function exportName(name: string, format: string): string {
  const plain = name.trim().replace(/[/\\:*?"<>|]+/g, "-") || "packets";
  return plain.toLowerCase().endsWith(`.${format}`) ? plain : `${plain}.${format}`;
}
