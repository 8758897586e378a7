/**
 * The packet diagram: every layer's header as RFCs draw it, 32 bits a row.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+   row 0: segments of four cells
 * |Version|  IHL  |    DSCP, ECN  |         Total Length          |
 * +-------+-------+---------------+-----+-------------------------+   row 1
 * ```
 *
 * A cell is a field: the smallest nodes of the tree that together cover what their parent covers. What no node covers is a
 * cell without a node. A cell longer than a row lies on several: a segment for each, equal whole rows drawn as one block.
 */
import type { DetailNode } from "../../src-shared/contract/results";
import { nodeValue } from "./packet-copy";
import { nodeBits } from "./packet-tree";

export const ROW_BITS = 32;
/** Whole rows of one field that are drawn (an IPv6 address is four); the rest is said in words. */
const MAX_BLOCK_ROWS = 4;

export interface DiagramCell {
  /** Position in the tree, "2.0.3"; "" for bytes that no field covers. */
  readonly path: string;
  readonly label: string;
  readonly value: string;
  readonly bits: number;
}

export interface DiagramSegment {
  readonly cell: number;
  /** Bit column, 0 … 31. */
  readonly column: number;
  readonly bits: number;
  /** The segment that carries the label: the widest of its cell. */
  readonly labelled: boolean;
}

export interface DiagramRow {
  /** Bit of the layer the row starts at. */
  readonly firstBit: number;
  readonly segments: readonly DiagramSegment[];
  /** Height in rows: above 1 for the whole rows of one long field. */
  readonly height: number;
  /** Rows that are left out of the picture. */
  readonly skippedRows: number;
}

export interface DiagramLayer {
  readonly path: string;
  readonly title: string;
  readonly bytes: number;
  readonly cells: readonly DiagramCell[];
  readonly rows: readonly DiagramRow[];
}

/** The layers of a packet, the frame itself left out (its node has no bytes of its own to draw). */
export function diagramLayers(tree: readonly DetailNode[]): DiagramLayer[] {
  return tree.flatMap((node, index) => {
    const isWhole = index === 0 && node.field === "frame";
    return isWhole || node.length <= 0 ? [] : [diagramLayer(node, String(index))];
  });
}

function diagramLayer(node: DetailNode, path: string): DiagramLayer {
  const base = node.offset * 8;
  const total = node.length * 8;
  const found: { path: string; node: DetailNode; from: number; to: number }[] = [];
  const collect = (parent: DetailNode, prefix: string): void => {
    for (const [index, child] of parent.children.entries()) {
      const range = nodeBits(child);
      if (!range || child.generated || range.source !== node.source) continue;
      const from = range.firstBit - base;
      const to = from + range.bits;
      if (from < 0 || to > total) continue;
      const childPath = `${prefix}.${index}`;
      if (isTiled(child)) collect(child, childPath);
      else found.push({ path: childPath, node: child, from, to });
    }
  };
  collect(node, path);
  found.sort((a, b) => a.from - b.from || a.to - b.to);

  const cells: DiagramCell[] = [];
  const ranges: { from: number; to: number }[] = [];
  let at = 0;
  const uncovered = (to: number): void => {
    if (to <= at) return;
    const bits = to - at;
    cells.push({
      path: cells.length === 0 && to === total ? path : "",
      label: bits === total ? node.text : "",
      value: "",
      bits,
    });
    ranges.push({ from: at, to });
    at = to;
  };
  for (const field of found) {
    // Two readings of the same bytes: the first one is drawn.
    if (field.from < at) continue;
    uncovered(field.from);
    cells.push({
      path: field.path,
      label: nodeLabel(field.node),
      value: nodeValue(field.node),
      bits: field.to - field.from,
    });
    ranges.push(field);
    at = field.to;
  }
  uncovered(total);
  return { path, title: node.text, bytes: node.length, cells, rows: diagramRows(ranges, total) };
}

/** True if a node's children lie one after the other and fill it: then they are drawn in its place. */
function isTiled(node: DetailNode): boolean {
  const whole = nodeBits(node);
  if (!whole) return false;
  const parts = node.children.flatMap((child) => {
    const range = nodeBits(child);
    return range && !child.generated && range.source === whole.source ? [range] : [];
  });
  if (parts.length < 2) return false;
  parts.sort((a, b) => a.firstBit - b.firstBit || a.bits - b.bits);
  let at = whole.firstBit;
  for (const part of parts) {
    // A gap, or two readings of the same bits.
    if (part.firstBit !== at) return false;
    at += part.bits;
  }
  return at === whole.firstBit + whole.bits;
}

function diagramRows(ranges: readonly { from: number; to: number }[], total: number): DiagramRow[] {
  const rows: DiagramRow[] = [];
  let row = 0;
  let first = 0;
  while (row * ROW_BITS < total) {
    const from = row * ROW_BITS;
    const to = Math.min(total, from + ROW_BITS);
    while (first < ranges.length && (ranges[first] as { to: number }).to <= from) first++;
    const here = ranges[first];
    const whole = here && here.from <= from ? Math.floor((here.to - from) / ROW_BITS) : 0;
    const span = Math.max(1, whole);
    const segments: DiagramSegment[] = [];
    for (let cell = first; cell < ranges.length; cell++) {
      const range = ranges[cell] as { from: number; to: number };
      if (range.from >= to) break;
      const start = Math.max(range.from, from);
      const bits = Math.min(range.to, to) - start;
      segments.push({ cell, column: start - from, bits, labelled: isWidest(range, start, bits) });
    }
    rows.push({
      firstBit: from,
      segments,
      height: Math.min(span, MAX_BLOCK_ROWS),
      skippedRows: span - Math.min(span, MAX_BLOCK_ROWS),
    });
    row += span;
  }
  return rows;
}

/** The first of the widest segments of a cell. */
function isWidest(range: { from: number; to: number }, start: number, bits: number): boolean {
  const firstRowEnd = (Math.floor(range.from / ROW_BITS) + 1) * ROW_BITS;
  const firstBits = Math.min(range.to, firstRowEnd) - range.from;
  const secondBits = Math.min(ROW_BITS, range.to - firstRowEnd);
  const widest = secondBits > firstBits ? firstRowEnd : range.from;
  return start === widest && bits > 0;
}

/** A line of a cell's outline: columns in bits, `row` counts the lines between rows from 0 (above the first row). */
export interface OutlinePiece {
  readonly fromColumn: number;
  readonly fromRow: number;
  readonly toColumn: number;
  readonly toRow: number;
}

/** The outline of a cell, without the lines between its own segments: a field over two rows is one shape. */
export function cellOutline(layer: DiagramLayer, cell: number): OutlinePiece[] {
  const pieces: OutlinePiece[] = [];
  const segmentIn = (row: number): DiagramSegment | undefined =>
    layer.rows[row]?.segments.find((segment) => segment.cell === cell);
  for (const row of layer.rows.keys()) {
    const segment = segmentIn(row);
    if (!segment) continue;
    const [left, right] = [segment.column, segment.column + segment.bits];
    pieces.push({ fromColumn: left, fromRow: row, toColumn: left, toRow: row + 1 });
    pieces.push({ fromColumn: right, fromRow: row, toColumn: right, toRow: row + 1 });
    for (const [line, neighbour] of [
      [row, segmentIn(row - 1)],
      [row + 1, segmentIn(row + 1)],
    ] as const) {
      const horizontal = (from: number, to: number): void => {
        if (from < to) pieces.push({ fromColumn: from, fromRow: line, toColumn: to, toRow: line });
      };
      if (!neighbour) horizontal(left, right);
      else {
        horizontal(left, Math.min(right, neighbour.column));
        horizontal(Math.max(left, neighbour.column + neighbour.bits), right);
      }
    }
  }
  return pieces;
}

/** "Time to Live: 63" is labelled "Time to Live"; a bit's ".1.. …  = Don't fragment: Set" is "Don't fragment". */
export function nodeLabel(node: DetailNode): string {
  const text = node.text.replace(/^[01. ]+ = /, "");
  return (text.split(": ", 1)[0] as string).replace(/:$/, "");
}

/** As much of a text as fits; a cut one ends in "…", and what would be one letter only is left out. */
export function fitText(text: string, widthPx: number, charPx: number): string {
  const chars = Math.floor(widthPx / charPx);
  if (text.length <= chars) return text;
  return chars < 3 ? "" : `${text.slice(0, chars - 1).trimEnd()}…`;
}
