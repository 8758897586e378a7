/**
 * The protocol hierarchy: which protocols lie in which, with packets and bytes, as a tree (`tshark -z io,phs`). A row's packets
 * are those whose headers begin with the row's protocols.
 */
import type { Cell } from "../../../src-shared/contract/results";
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_ERSPAN,
  LAYER_ESP,
  LAYER_ETHERNET,
  LAYER_FRAME_RELAY,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  LAYER_LOOP,
  LAYER_MPLS,
  LAYER_NULL,
  LAYER_PAYLOAD,
  LAYER_PIM,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT } from "../packet-index/packet-index";
import type { PathLayers } from "./path-layers";
import { type TableSource, column } from "./table";

/** Filter name and title by kind of layer; extension headers and marks are no rows of their own. */
const PROTOCOLS: ReadonlyMap<number, readonly [name: string, title: string]> = new Map([
  [LAYER_ETHERNET, ["eth", "Ethernet"]],
  [LAYER_SLL, ["sll", "Linux cooked capture"]],
  [LAYER_SLL2, ["sll", "Linux cooked capture"]],
  [LAYER_NULL, ["null", "Null/Loopback"]],
  [LAYER_LOOP, ["null", "Null/Loopback"]],
  [LAYER_VLAN, ["vlan", "802.1Q Virtual LAN"]],
  [LAYER_MPLS, ["mpls", "MultiProtocol Label Switching"]],
  [LAYER_PPPOE, ["pppoes", "PPP-over-Ethernet Session"]],
  [LAYER_PPP, ["ppp", "Point-to-Point Protocol"]],
  [LAYER_LLC, ["llc", "Logical-Link Control"]],
  [LAYER_CISCO_HDLC, ["chdlc", "Cisco HDLC"]],
  [LAYER_FRAME_RELAY, ["fr", "Frame Relay"]],
  [LAYER_ARP, ["arp", "Address Resolution Protocol"]],
  [LAYER_IPV4, ["ip", "Internet Protocol Version 4"]],
  [LAYER_IPV6, ["ipv6", "Internet Protocol Version 6"]],
  [LAYER_AH, ["ah", "Authentication Header"]],
  [LAYER_ESP, ["esp", "Encapsulating Security Payload"]],
  [LAYER_ICMP, ["icmp", "Internet Control Message Protocol"]],
  [LAYER_ICMPV6, ["icmpv6", "Internet Control Message Protocol v6"]],
  [LAYER_IGMP, ["igmp", "Internet Group Management Protocol"]],
  [LAYER_PIM, ["pim", "Protocol Independent Multicast"]],
  [LAYER_TCP, ["tcp", "Transmission Control Protocol"]],
  [LAYER_UDP, ["udp", "User Datagram Protocol"]],
  [LAYER_SCTP, ["sctp", "Stream Control Transmission Protocol"]],
  [LAYER_VXLAN, ["vxlan", "Virtual eXtensible Local Area Network"]],
  [LAYER_GENEVE, ["geneve", "Generic Network Virtualization Encapsulation"]],
  [LAYER_GRE, ["gre", "Generic Routing Encapsulation"]],
  [LAYER_ERSPAN, ["erspan", "Encapsulated Remote Switch Packet ANalysis"]],
  [LAYER_WIREGUARD, ["wg", "WireGuard Protocol"]],
  [LAYER_GTPU, ["gtp", "GPRS Tunneling Protocol"]],
  [LAYER_DNS, ["dns", "Domain Name System"]],
  [LAYER_DHCP, ["dhcp", "Dynamic Host Configuration Protocol"]],
  [LAYER_HTTP, ["http", "Hypertext Transfer Protocol"]],
  [LAYER_TLS, ["tls", "Transport Layer Security"]],
  [LAYER_PAYLOAD, ["data", "Data"]],
]);

/** What the index tells of the payload; 0 none. */
const APPLICATIONS: readonly number[] = [0, LAYER_DNS, LAYER_DHCP, LAYER_HTTP, LAYER_TLS, LAYER_PAYLOAD];
const APPLICATION_SLOT = Uint8Array.from({ length: 256 }, (_, kind) => Math.max(0, APPLICATIONS.indexOf(kind)));

/** No filter asks for these. */
const UNNAMED: ReadonlySet<string> = new Set(["data", "fr"]);

interface Node {
  readonly kind: number;
  readonly parent: Node | undefined;
  readonly level: number;
  readonly children: Map<string, Node>;
  packets: number;
  bytes: number;
  /** Packets that end here. */
  endPackets: number;
  endBytes: number;
}

const AT_ONCE = 1 << 18;

export async function hierarchyTable(
  index: PacketIndex,
  layers: PathLayers,
  selection: { readonly from: number; readonly to: number } | { readonly ids: ArrayLike<number> },
  skipPoint: (point: number) => boolean,
  breathe: () => Promise<void>,
): Promise<TableSource> {
  const { paths } = index;
  // Per path and application layer.
  const packets = new Float64Array(paths.count * APPLICATIONS.length);
  const bytes = new Float64Array(paths.count * APPLICATIONS.length);
  const points = paths.pointColumn();
  const skip = new Uint8Array(paths.count);
  for (let path = 0; path < skip.length; path++) skip[path] = skipPoint(points[path] as number) ? 1 : 0;
  const count = (id: number): void => {
    const s = index.segments[id >>> SEGMENT_SHIFT];
    const row = id & SEGMENT_MASK;
    const path = s?.path[row] as number;
    if (!s || skip[path]) return;
    const key = path * APPLICATIONS.length + (APPLICATION_SLOT[s.application[row] as number] as number);
    packets[key] = (packets[key] as number) + 1;
    bytes[key] = (bytes[key] as number) + (s.length[row] as number);
  };
  if ("ids" in selection) {
    for (let i = 0; i < selection.ids.length; i++) {
      count(selection.ids[i] as number);
      if (i % AT_ONCE === AT_ONCE - 1) await breathe();
    }
  } else {
    for (let id = selection.from; id < selection.to; id++) {
      count(id);
      if (id % AT_ONCE === AT_ONCE - 1) await breathe();
    }
  }
  const root = newNode(0, undefined, -1);
  const leaves = layers.stacks.map((kinds) => {
    let node = root;
    for (const kind of kinds) if (PROTOCOLS.has(kind)) node = childOf(node, kind);
    return node;
  });
  let total = 0;
  let totalBytes = 0;
  for (let key = 0; key < packets.length; key++) {
    const n = packets[key] as number;
    if (n === 0) continue;
    const path = Math.floor(key / APPLICATIONS.length);
    const application = APPLICATIONS[key % APPLICATIONS.length] as number;
    const size = bytes[key] as number;
    let node = leaves[layers.stack.at(path)] ?? root;
    if (application > 0 && PROTOCOLS.has(application)) node = childOf(node, application);
    total += n;
    totalBytes += size;
    node.endPackets += n;
    node.endBytes += size;
    for (let at: Node | undefined = node; at; at = at.parent) {
      at.packets += n;
      at.bytes += size;
    }
  }
  const rows: Node[] = [];
  const walk = (node: Node): void => {
    for (const child of [...node.children.values()].sort((a, b) => b.packets - a.packets)) {
      if (child.packets === 0) continue;
      rows.push(child);
      walk(child);
    }
  };
  walk(root);
  const columns = [
    column("protocol", "Protocol", "text", "In what lies above it"),
    column("percent-packets", "% Packets", "percent", "Of all packets"),
    column("packets", "Packets", "number", "Packets with this protocol here"),
    column("percent-bytes", "% Bytes", "percent", "Of all bytes"),
    column("bytes", "Bytes", "bytes", "Whole frames"),
    column("end-packets", "End packets", "number", "Packets in which nothing known lies inside it"),
    column("end-bytes", "End bytes", "bytes", "Their bytes"),
  ];
  const percent = (part: number, whole: number): number => (whole > 0 ? (part / whole) * 100 : 0);
  return {
    columns,
    rows: rows.length,
    cell(row, at): Cell {
      const node = rows[row] as Node;
      return [
        PROTOCOLS.get(node.kind)?.[1] ?? "",
        percent(node.packets, total),
        node.packets,
        percent(node.bytes, totalBytes),
        node.bytes,
        node.endPackets,
        node.endBytes,
      ][at] as Cell;
    },
    level: (row) => (rows[row] as Node).level,
    key: (row) => namesOf(rows[row] as Node).join(":"),
    cellFilter(row, at) {
      const name = PROTOCOLS.get((rows[row] as Node).kind)?.[0];
      return at !== 0 || name === undefined || UNNAMED.has(name) ? null : name;
    },
    filter: (row) => filterOf(rows[row] as Node),
  };
}

function newNode(kind: number, parent: Node | undefined, level: number): Node {
  return { kind, parent, level, children: new Map(), packets: 0, bytes: 0, endPackets: 0, endBytes: 0 };
}

/** Kinds of one name (the two cooked captures) are one row. */
function childOf(node: Node, kind: number): Node {
  const name = PROTOCOLS.get(kind)?.[0] ?? "";
  let child = node.children.get(name);
  if (!child) {
    child = newNode(kind, node, node.level + 1);
    node.children.set(name, child);
  }
  return child;
}

function namesOf(node: Node): string[] {
  const names: string[] = [];
  for (let at: Node | undefined = node; at?.parent; at = at.parent) names.unshift(PROTOCOLS.get(at.kind)?.[0] ?? "");
  return names;
}

/** Every protocol of the branch, the nth of a name with the layer operator: "ip#2" is there. Payload has no filter. */
function filterOf(node: Node): string | null {
  const counts = new Map<string, number>();
  for (const name of namesOf(node)) if (!UNNAMED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0) return null;
  return [...counts].map(([name, n]) => (n > 1 ? `${name}#${n}` : name)).join(" && ");
}
