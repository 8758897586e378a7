/** Which fields the packet index answers, and from which of its columns. */
import {
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { isAnnotationField } from "../fields/annotation-fields";
import {
  ANALYSIS_ANY_RETRANSMISSION,
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  TCP_HAS_LENGTH,
  TCP_HAS_SEQ,
  TCP_HAS_STREAM,
  TCP_READABLE,
} from "../kernel/assembly/abi";
import type { IndexSegment } from "./packet-index";

/** Protocols whose layers paths keep: whether a packet has them, not their bytes. */
export const PATH_PROTOCOLS: ReadonlySet<string> = new Set(
  "eth sll vlan mpls arp ip ipv6 icmp icmpv6 udp tcp sctp vxlan geneve gre wg".split(" "),
);

/** Layers that the fields of a protocol are read from. */
export const PROTOCOL_KINDS: Readonly<Record<string, readonly number[]>> = {
  eth: [LAYER_ETHERNET],
  sll: [LAYER_SLL, LAYER_SLL2],
  vlan: [LAYER_VLAN],
  mpls: [LAYER_MPLS],
  // What Cisco calls ARP on serial lines is told by the layer before.
  arp: [LAYER_ARP, LAYER_CISCO_HDLC],
  // ip.version is a field of both.
  ip: [LAYER_IPV4, LAYER_IPV6],
  ipv6: [LAYER_IPV6],
  icmp: [LAYER_ICMP],
  icmpv6: [LAYER_ICMPV6],
  udp: [LAYER_UDP],
  tcp: [LAYER_TCP],
  sctp: [LAYER_SCTP],
  vxlan: [LAYER_VXLAN],
  geneve: [LAYER_GENEVE],
  gre: [LAYER_GRE],
  wg: [LAYER_WIREGUARD],
};

/** Fields whose bytes paths keep as they are. */
export const PATH_FIELDS: ReadonlySet<string> = new Set(
  [
    "eth.src eth.dst eth.addr eth.type sll.pkttype sll.etype vlan.id vlan.priority",
    "arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.hw_mac arp.dst.proto_ipv4",
    "ip.version ip.hdr_len ip.dsfield.dscp ip.flags.df ip.flags.mf ip.ttl ip.proto ip.src ip.dst ip.addr",
    "ipv6.flow ipv6.nxt ipv6.hlim ipv6.src ipv6.dst ipv6.addr",
    "icmp.type icmp.code icmp.ident icmpv6.type icmpv6.code",
    "udp.srcport udp.dstport udp.port udp.stream tcp.srcport tcp.dstport tcp.port",
    "sctp.srcport sctp.dstport sctp.port",
    "vxlan.flags vxlan.vni geneve.proto_type geneve.vni gre.proto gre.key",
    "frame.interface_id frame.interface_name",
  ].flatMap((line) => line.split(" ")),
);

/** Told by the capture point, not by bytes. */
export const INTERFACE_FIELDS: ReadonlySet<string> = new Set(["frame.interface_id", "frame.interface_name"]);

/** Flags of tcp.analysis.*, and how often they stand in a packet. */
export const ANALYSIS_FIELDS: ReadonlyMap<string, readonly [mask: number, times: number]> = new Map([
  ["tcp.analysis.retransmission", [ANALYSIS_ANY_RETRANSMISSION, 1]],
  ["tcp.analysis.fast_retransmission", [ANALYSIS_FAST_RETRANSMISSION, 1]],
  ["tcp.analysis.spurious_retransmission", [ANALYSIS_SPURIOUS_RETRANSMISSION, 1]],
  ["tcp.analysis.out_of_order", [ANALYSIS_OUT_OF_ORDER, 1]],
  ["tcp.analysis.lost_segment", [ANALYSIS_LOST_SEGMENT, 1]],
  ["tcp.analysis.duplicate_ack", [ANALYSIS_DUPLICATE_ACK, 2]],
  ["tcp.analysis.zero_window", [ANALYSIS_ZERO_WINDOW, 1]],
  ["tcp.analysis.keep_alive", [ANALYSIS_KEEP_ALIVE, 1]],
  ["tcp.analysis.window_full", [ANALYSIS_WINDOW_FULL, 1]],
  ["tcp.analysis.window_update", [ANALYSIS_WINDOW_UPDATE, 1]],
]);

/** Whether the index keeps the field itself. */
export function isIndexed(name: string): boolean {
  return PATH_FIELDS.has(name) || PATH_PROTOCOLS.has(name) || isRowField(name) || isAnnotationField(name);
}

/** A number of the index: there where `tcp & mask` has all of its bits (mask 0: always). */
export interface RowNumber {
  readonly column: (segment: IndexSegment) => ArrayLike<number>;
  readonly mask: number;
  readonly and?: number;
  readonly shift?: number;
  /** Greater values count as this. */
  readonly most?: number;
}

export const ROW_NUMBERS: ReadonlyMap<string, RowNumber> = new Map([
  ["frame.len", { column: (s) => s.length, mask: 0, most: 0x7fffffff }],
  ["frame.cap_len", { column: (s) => s.captured, mask: 0 }],
  ["tcp.stream", { column: (s) => s.stream, mask: TCP_HAS_STREAM, shift: 1 }],
  ["tcp.seq", { column: (s) => s.seq, mask: TCP_HAS_SEQ }],
  ["tcp.ack", { column: (s) => s.ack, mask: TCP_READABLE }],
  ["tcp.window_size", { column: (s) => s.window, mask: TCP_READABLE }],
  ["tcp.len", { column: (s) => s.segment, mask: TCP_HAS_LENGTH | TCP_HAS_STREAM }],
  ["tcp.flags", { column: (s) => s.tcp, mask: TCP_READABLE, and: 0xfff }],
  // "tcp.flags.syn == 1" over 12 M packets: 6.5 s when the file was read for it.
  ...["fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr", "ae"].map((name, bit): [string, RowNumber] => [
    `tcp.flags.${name}`,
    { column: (s) => s.tcp, mask: TCP_READABLE, and: 1 << bit, shift: bit },
  ]),
]);

export function isRowField(name: string): boolean {
  return (
    ROW_NUMBERS.has(name) ||
    ANALYSIS_FIELDS.has(name) ||
    name === "frame.number" ||
    name === "frame.time_epoch" ||
    name === "frame"
  );
}
