/**
 * Marks beside the rows that have to do with the selected packet.
 *
 * ```
 *   ┌    first packet of the selected one's stream
 *   │    a row between that is not of it
 *   ├    another packet of it
 *   →    the request it answers          ←    the response to it
 *   ✓    what it acknowledges
 *   └    last packet of the stream
 * ```
 */
import type { RelatedPacket } from "../../src-shared/contract/results";

export type GutterLine = "none" | "start" | "through" | "member" | "end" | "only";
export type GutterMark = "request" | "response" | "acknowledged" | "same-journey" | null;

export interface GutterCell {
  readonly line: GutterLine;
  readonly mark: GutterMark;
  /** For screen readers and the tooltip; empty: nothing. */
  readonly text: string;
  /** Colour of the packet's note, and what it says; absent: it has none. */
  readonly note?: { readonly colour: string; readonly text: string };
}

export const NO_SPAN: StreamSpan = { firstRow: -1, lastRow: -1 };
export const NO_GUTTER: GutterCell = { line: "none", mark: null, text: "" };

/** What is selected, and what its details say of other packets. */
export interface Selected {
  readonly packet: number;
  readonly stream: number;
  /** Its row in the view, -1 if the view does not show it. */
  readonly row: number;
  readonly related: readonly RelatedPacket[];
}

/** Rows of the view between which the stream's line is drawn; -1: not known. */
export interface StreamSpan {
  readonly firstRow: number;
  readonly lastRow: number;
}

const MARK_TEXT = {
  request: "request of the selected packet",
  response: "response to the selected packet",
  acknowledged: "acknowledged by the selected packet",
  "same-journey": "the same packet at another capture point",
} as const;

/** The gutter's cell of one row. */
export function gutterCell(
  row: { readonly index: number; readonly packet: number; readonly stream: number },
  selected: Selected | null,
  span: StreamSpan,
): GutterCell {
  if (!selected) return NO_GUTTER;
  let mark: GutterMark = null;
  let first = false;
  let last = false;
  for (const related of selected.related) {
    if (related.packet !== row.packet) continue;
    if (related.relation === "first-of-stream") first = true;
    else if (related.relation === "last-of-stream") last = true;
    else mark ??= related.relation;
  }
  const markText = mark === null ? "" : MARK_TEXT[mark];
  const member = selected.stream >= 0 && row.stream === selected.stream;
  if (!member) {
    const inside = selected.stream >= 0 && span.firstRow >= 0 && row.index > span.firstRow && row.index < span.lastRow;
    return inside || mark !== null ? { line: inside ? "through" : "none", mark, text: markText } : NO_GUTTER;
  }
  first ||= row.index === span.firstRow;
  last ||= row.index === span.lastRow;
  const line = first && last ? "only" : first ? "start" : last ? "end" : "member";
  return { line, mark, text: markText || (row.packet === selected.packet ? "" : "same conversation") };
}
