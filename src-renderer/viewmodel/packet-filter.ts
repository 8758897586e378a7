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

const LOWER_CASE = "TCP UDP SCTP ICMP ICMPv6 IGMP IPv6 ARP ESP VLAN MPLS LLC VXLAN Geneve GRE GTP DNS DHCP HTTP TLS";
/** Filters by the list's names of protocols (engine: packets/summary.ts); what it calls after a link type has none. */
const PROTOCOL_FILTERS: ReadonlyMap<string, string> = new Map([
  ...LOWER_CASE.split(" ").map((name): [string, string] => [name, name.toLowerCase()]),
  ["IPv4", "ip"],
  ["Ethernet", "eth"],
  ["WireGuard", "wg"],
  ["MDNS", "dns"],
  ["LLMNR", "dns"],
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
  /** Of its capture point; null: not known. */
  readonly pointId: string | null;
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
      return protocolNameFilter(text);
    case "length":
      return /^\d+$/.test(text) ? `frame.len == ${text}` : null;
    case "stream":
      return cell.stream < 0 ? null : `${cell.stream % 2 === 0 ? "tcp" : "udp"}.stream == ${cell.stream >> 1}`;
    case "point":
      return cell.pointId === null ? null : `point.id == ${textLiteral(cell.pointId)}`;
    case "info":
      return null;
    default:
      return text === "" ? null : fieldFilter(column, text);
  }
}

/** Of a protocol as the list's column names it; null: no filter is called so. */
export function protocolNameFilter(text: string): string | null {
  return PROTOCOL_FILTERS.get(text) ?? null;
}

export const PROTOCOL_NAMES: readonly string[] = [...PROTOCOL_FILTERS.keys()];

/** A field's column: several occurrences are separated by commas, the first one counts. Texts are quoted. */
function fieldFilter(field: string, text: string): string {
  const first = text.split(",")[0] as string;
  const plain = /^(-?\d+(\.\d+)?|0x[\da-f]+|\d{1,3}(\.\d{1,3}){3}|([\da-f]{2}:)+[\da-f]{2}|true|false)$/i.test(first);
  if (plain || (/^[\da-f:]+$/i.test(first) && first.includes("::"))) return `${field} == ${first}`;
  return `${field} == ${textLiteral(text)}`;
}
