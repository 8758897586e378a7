/** Headers of one packet as cards of the layer view: which layer each belongs to, which fields a card shows. */
import { addToGroup } from "../../src-shared/base/grouping";
import type { DetailNode } from "../../src-shared/contract/results";

export type LayerNumber = 1 | 2 | 3 | 4 | 5;

const LAYER_OF: Readonly<Record<string, LayerNumber>> = {
  eth: 2,
  sll: 2,
  vlan: 2,
  null: 2,
  llc: 2,
  ppp: 2,
  pppoes: 2,
  mpls: 2,
  arp: 3,
  ip: 3,
  ipv6: 3,
  icmp: 3,
  icmpv6: 3,
  "ipv6.hopopts": 3,
  "ipv6.dstopts": 3,
  "ipv6.routing": 3,
  "ipv6.fraghdr": 3,
  igmp: 3,
  esp: 3,
  ah: 3,
  tcp: 4,
  udp: 4,
  sctp: 4,
  vxlan: 4,
  geneve: 4,
  gre: 4,
  gtp: 4,
  wg: 4,
};
const TUNNELS = new Set(["vxlan", "geneve", "gre", "gtp", "wg"]);

export const PHYSICAL_LANE = "physical";

const TITLES: Readonly<Record<string, string>> = {
  eth: "Ethernet",
  sll: "Linux cooked",
  vlan: "VLAN",
  ip: "IPv4",
  ipv6: "IPv6",
  icmp: "ICMP",
  icmpv6: "ICMPv6",
  tcp: "TCP",
  udp: "UDP",
  sctp: "SCTP",
  vxlan: "VXLAN",
  geneve: "Geneve",
  gre: "GRE",
  gtp: "GTP-U",
  wg: "WireGuard",
  arp: "ARP",
  frame: "Bits",
  http: "HTTP",
  dns: "DNS",
  tls: "TLS",
  dhcp: "DHCP",
  data: "Data",
};

/** What a card shows, in this order, as far as the packet has it. */
const SHOWN: Readonly<Record<string, readonly (readonly [field: string, label: string])[]>> = {
  frame: [
    ["frame.interface_name", "interface"],
    ["frame.len", "size"],
  ],
  eth: [
    ["eth.src", "from"],
    ["eth.dst", "to"],
  ],
  sll: [
    ["sll.pkttype", "type"],
    ["sll.src.eth", "from"],
  ],
  vlan: [["vlan.id", "VLAN"]],
  arp: [
    ["arp.opcode", "op"],
    ["arp.src.proto_ipv4", "sender"],
    ["arp.dst.proto_ipv4", "target"],
  ],
  ip: [
    ["ip.src", "from"],
    ["ip.dst", "to"],
    ["ip.ttl", "TTL"],
    ["ip.id", "id"],
    ["ip.len", "length"],
  ],
  ipv6: [
    ["ipv6.src", "from"],
    ["ipv6.dst", "to"],
    ["ipv6.hlim", "hop limit"],
    ["ipv6.plen", "length"],
  ],
  icmp: [
    ["icmp.type", "type"],
    ["icmp.ident", "id"],
    ["icmp.seq", "seq"],
  ],
  icmpv6: [
    ["icmpv6.type", "type"],
    ["icmpv6.echo.identifier", "id"],
    ["icmpv6.echo.sequence_number", "seq"],
  ],
  tcp: [
    ["tcp.srcport", "from"],
    ["tcp.dstport", "to"],
    ["tcp.flags", "flags"],
    ["tcp.seq", "seq"],
    ["tcp.ack", "ack"],
    ["tcp.checksum", "checksum"],
  ],
  udp: [
    ["udp.srcport", "from"],
    ["udp.dstport", "to"],
    ["udp.length", "length"],
    ["udp.checksum", "checksum"],
  ],
  sctp: [
    ["sctp.srcport", "from"],
    ["sctp.dstport", "to"],
  ],
  vxlan: [["vxlan.vni", "VNI"]],
  geneve: [["geneve.vni", "VNI"]],
  gre: [["gre.key", "key"]],
  http: [
    ["http.request.method", "method"],
    ["http.request.uri", "path"],
    ["http.host", "host"],
    ["http.response.code", "status"],
  ],
  dns: [
    ["dns.id", "id"],
    ["dns.qry.name", "name"],
    ["dns.a", "address"],
  ],
  tls: [["tls.handshake.extensions_server_name", "server name"]],
};

export interface RawCard {
  readonly layer: LayerNumber;
  readonly carrier: number;
  readonly protocol: string;
  readonly title: string;
  /** Which of the packet's headers of its protocol it is, outermost 1; 0: there is no other. */
  readonly ordinal: number;
  readonly fields: readonly {
    readonly name: string;
    readonly label: string;
    readonly value: string;
    readonly node: DetailNode;
  }[];
  readonly node: DetailNode;
}

/** The packet's headers, innermost first, told apart into the journey's own packet and its carriers. */
export function cardsOf(tree: readonly DetailNode[], depth: number): readonly RawCard[] {
  const headers = tree.filter((node) => node.field !== null && node.field !== "frame" && !node.generated);
  // The network layer of the sighting is the depth-th; what lies before its own data link header carries it.
  let networks = 0;
  let own = headers.length;
  for (let i = 0; i < headers.length; i++) {
    const field = (headers[i] as DetailNode).field;
    if ((field === "ip" || field === "ipv6") && ++networks === depth) {
      own = i;
      break;
    }
  }
  let start = own;
  while (start > 0 && LAYER_OF[(headers[start - 1] as DetailNode).field ?? ""] === 2) start--;
  const cards: RawCard[] = [];
  // Carriers are counted from the packet outwards: a new one begins at each network header going out.
  let carrier = 0;
  let sawNetwork = true;
  for (let i = start - 1; i >= 0; i--) {
    const node = headers[i] as DetailNode;
    const protocol = node.field as string;
    const layer = LAYER_OF[protocol] ?? 5;
    if (sawNetwork && layer >= 3) {
      carrier++;
      sawNetwork = false;
    }
    if (layer === 3) sawNetwork = true;
    cards.push(card(node, protocol, TUNNELS.has(protocol) ? 5 : layer, Math.max(1, carrier)));
  }
  const inner: RawCard[] = [];
  for (let i = start; i < headers.length; i++) {
    const node = headers[i] as DetailNode;
    const protocol = node.field as string;
    // A tunnel's header inside the packet is what it carries: its payload.
    inner.push(
      card(node, protocol, i > own && (protocol === "ip" || protocol === "ipv6") ? 5 : (LAYER_OF[protocol] ?? 5), 0),
    );
  }
  const frame = tree.find((node) => node.field === "frame");
  const ordinals = headerOrdinals(headers);
  const bits = frame ? [card(frame, "frame", 1, 0)] : [];
  return [...inner.reverse(), ...cards, ...bits].map((one) => ({ ...one, ordinal: ordinals.get(one.node) ?? 0 }));
}

/** Of headers whose protocol the packet has more than once: which one it is, outermost 1. */
function headerOrdinals(headers: readonly DetailNode[]): ReadonlyMap<DetailNode, number> {
  const byProtocol = new Map<string | null, DetailNode[]>();
  for (const header of headers) addToGroup(byProtocol, header.field, header);
  return new Map(
    [...byProtocol.values()].flatMap((same) =>
      same.length < 2 ? [] : same.map((header, at): [DetailNode, number] => [header, at + 1]),
    ),
  );
}

function card(node: DetailNode, protocol: string, layer: LayerNumber, carrier: number): RawCard {
  const fields = (SHOWN[protocol] ?? []).flatMap(([name, label]) => {
    const found = findNode(node, name);
    return found ? [{ name, label, value: valueText(found), node: found }] : [];
  });
  return {
    layer,
    carrier,
    ordinal: 0,
    protocol,
    title: TITLES[protocol] ?? node.text.split(/[,(:]/)[0] ?? protocol,
    fields,
    node,
  };
}

/** Depth first, the first one; not into packets that an error quotes. */
export function findNode(node: DetailNode, field: string): DetailNode | null {
  for (const child of node.children) {
    if (child.field === field) return child;
    if (child.field === "ip" || child.field === "ipv6") continue;
    const deeper = findNode(child, field);
    if (deeper) return deeper;
  }
  return null;
}

/** "Time to Live: 63" → "63"; TCP flags without their number: "SYN, ACK". */
function valueText(node: DetailNode): string {
  const colon = node.text.indexOf(": ");
  const text = colon < 0 ? node.text : node.text.slice(colon + 2);
  const flags = /^0x[\da-f]+ \((.+)\)$/i.exec(text);
  if (node.field === "tcp.flags" && flags) return flags[1] as string;
  // What Wireshark adds in words is in the packet's details.
  if (node.field === "frame.len" || node.field === "ip.id") return text.replace(/ \(.*/, "");
  return text.replace(/(\\r\\n)+$/, "").replace(/ *(\((relative|scaled)[^)]*\)|\[[^\]]*\])$/i, "");
}

/** Lane a card stands in: "carrier:layer", or the physical one. */
export function laneId(card: RawCard): string {
  return card.protocol === "frame" ? PHYSICAL_LANE : `${card.carrier}:${card.layer}`;
}

/** Carriers around the packet. */
export function carriersOf(cards: readonly RawCard[]): number {
  return cards.reduce((most, one) => Math.max(most, one.carrier), 0);
}
