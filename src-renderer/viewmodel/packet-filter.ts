/**
 * Filters made from what a person points at: a cell of the list, a field of the tree, and how they join the filter that is
 * in force. Names are Wireshark's: Selected, Not Selected, … and Selected, … or not Selected.
 */
import type { DetailNode } from "../../src-shared/contract/results";
import { addressFilter, textLiteral, timeLiteral } from "../../src-shared/model/filter-text";

export type FilterJoin = "selected" | "not" | "and" | "or" | "and-not" | "or-not";

export const FILTER_JOINS: readonly { readonly join: FilterJoin; readonly label: string }[] = [
  { join: "selected", label: "Selected" },
  { join: "not", label: "Not selected" },
  { join: "and", label: "… and selected" },
  { join: "or", label: "… or selected" },
  { join: "and-not", label: "… and not selected" },
  { join: "or-not", label: "… or not selected" },
];

/** Joins `added` to the filter in force; an empty one is nothing to join to. */
export function joinFilter(current: string, added: string, join: FilterJoin): string {
  const now = current.trim();
  switch (join) {
    case "selected":
      return added;
    case "not":
      return `!(${added})`;
    case "and":
      return now ? `(${now}) && (${added})` : added;
    case "or":
      return now ? `(${now}) || (${added})` : added;
    case "and-not":
      return now ? `(${now}) && !(${added})` : `!(${added})`;
    case "or-not":
      return now ? `(${now}) || !(${added})` : `!(${added})`;
  }
}

/**
 * `ip.ttl == 63`; a field without a literal: `ip.ttl`, it is there; null for text without a field. `ordinal`: of which of several
 * headers of its protocol, `ip.ttl#2 == 63`; 0: of any.
 */
export function nodeFilter(node: DetailNode, ordinal = 0): string | null {
  if (node.field === null) return null;
  const field = ordinal > 0 ? `${node.field}#${ordinal}` : node.field;
  return node.literal === null ? field : `${field} == ${node.literal}`;
}

/** Protocol names of the list whose filter name is not simply the name in lower case. */
const PROTOCOL_FILTERS: ReadonlyMap<string, string> = new Map([
  ["IPv4", "ip"],
  ["Ethernet", "eth"],
  ["WireGuard", "wg"],
  ["GTP", "gtp"],
  ["TLS", "tls"],
]);

/** What a filter from a cell needs to know of its row. */
export interface CellOrigin {
  readonly column: string;
  readonly text: string;
  readonly number: number;
  readonly time: readonly [seconds: number, nanoseconds: number];
  readonly protocol: string;
  /** PacketRow.stream: TCP stream n is 2n, UDP stream n is 2n + 1. */
  readonly stream: number;
  /** Name of the capture point as the capture gives it; null: it gives none. */
  readonly pointName: string | null;
}

/**
 * The filter that a cell of the list stands for; null where there is none (an empty cell, a text that no field holds).
 * Wireshark shows the innermost address as Source: so does the list, and the filter asks for that address in any layer.
 */
export function cellFilter(cell: CellOrigin): string | null {
  const { column, text } = cell;
  switch (column) {
    case "number":
      return `frame.number == ${cell.number}`;
    case "time":
    case "delta":
      return `frame.time_epoch == ${timeLiteral(cell.time)}`;
    case "source":
    case "outer-source":
      return addressFilter(text, "src");
    case "destination":
    case "outer-destination":
      return addressFilter(text, "dst");
    case "protocol":
      return text === "" ? null : (PROTOCOL_FILTERS.get(text) ?? protocolName(text));
    case "length":
      return /^\d+$/.test(text) ? `frame.len == ${text}` : null;
    case "stream":
      return cell.stream < 0 ? null : `${cell.stream % 2 === 0 ? "tcp" : "udp"}.stream == ${cell.stream >> 1}`;
    case "point":
      return cell.pointName === null ? null : `frame.interface_name == ${textLiteral(cell.pointName)}`;
    case "info":
      return null;
    default:
      return text === "" ? null : fieldFilter(column, text);
  }
}

function protocolName(text: string): string | null {
  const name = text.toLowerCase();
  return /^[a-z][a-z0-9_.]*$/.test(name) ? name : null;
}

/** A field's column: several occurrences are separated by commas, the first one counts. Texts are quoted. */
function fieldFilter(field: string, text: string): string {
  const first = text.split(",")[0] as string;
  const plain = /^(-?\d+(\.\d+)?|0x[\da-f]+|\d{1,3}(\.\d{1,3}){3}|([\da-f]{2}:)+[\da-f]{2}|true|false)$/i.test(first);
  if (plain || (/^[\da-f:]+$/i.test(first) && first.includes("::"))) return `${field} == ${first}`;
  return `${field} == ${textLiteral(text)}`;
}
