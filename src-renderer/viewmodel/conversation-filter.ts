/**
 * The filters of the conversations a packet is part of, innermost first, as Wireshark's menu "Conversation Filter" has them.
 *
 * ```
 * Ethernet │ IPv4 │ UDP │ VXLAN │ Ethernet │ IPv4 │ TCP
 *                                    ▲        ▲      ▲   of each kind the innermost
 * TCP   (ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2) && (tcp.port == 4711 && tcp.port == 80)
 * ```
 * Addresses and ports, not the stream's number: that is another one at each capture point.
 */
import type { DetailNode } from "../../src-shared/contract/results";

export interface ConversationFilter {
  /** "TCP" */
  readonly label: string;
  readonly filter: string;
}

/** Both ends of a header: the fields that hold them, the field that asks for either, and what it is called. */
interface Ends {
  readonly label: string;
  readonly source: string;
  readonly destination: string;
  readonly either: string;
}

const ADDRESSES: Readonly<Record<string, Ends>> = {
  ip: { label: "IPv4", source: "ip.src", destination: "ip.dst", either: "ip.addr" },
  ipv6: { label: "IPv6", source: "ipv6.src", destination: "ipv6.dst", either: "ipv6.addr" },
};
const PORTS: Readonly<Record<string, Ends>> = {
  tcp: { label: "TCP", source: "tcp.srcport", destination: "tcp.dstport", either: "tcp.port" },
  udp: { label: "UDP", source: "udp.srcport", destination: "udp.dstport", either: "udp.port" },
  sctp: { label: "SCTP", source: "sctp.srcport", destination: "sctp.dstport", either: "sctp.port" },
};
const ETHERNET: Ends = { label: "Ethernet", source: "eth.src", destination: "eth.dst", either: "eth.addr" };

/** @param tree one node a header, outermost first */
export function conversationFilters(tree: readonly DetailNode[]): readonly ConversationFilter[] {
  const found = new Map<string, string>();
  let addresses: string | null = null;
  for (const header of tree) {
    const kind = header.field ?? "";
    const network = ADDRESSES[kind];
    const transport = PORTS[kind];
    const ends = network ?? transport ?? (kind === "eth" ? ETHERNET : undefined);
    const filter = ends && filterOf(header, ends);
    if (!filter) continue;
    if (network) addresses = filter;
    // Put anew, so that the innermost one of its kind stands last.
    found.delete(ends.label);
    found.set(ends.label, transport && addresses !== null ? `(${addresses}) && (${filter})` : filter);
  }
  return [...found].map(([label, filter]) => ({ label, filter })).reverse();
}

function filterOf(header: DetailNode, { source, destination, either }: Ends): string | null {
  const from = literalOf(header, source);
  const to = literalOf(header, destination);
  return from === null || to === null ? null : `${either} == ${from} && ${either} == ${to}`;
}

function literalOf(node: DetailNode, field: string): string | null {
  if (node.field === field && node.literal !== null) return node.literal;
  for (const child of node.children) {
    const found = literalOf(child, field);
    if (found !== null) return found;
  }
  return null;
}
