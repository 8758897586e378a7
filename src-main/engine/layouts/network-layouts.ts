/** Headers of the network layer. */
import { hexText } from "../../../src-shared/base/hex";
import {
  LAYER_AH,
  LAYER_ESP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_PIM,
} from "../../../src-shared/model/layer-kind";
import { ipv4Available } from "../fields/network-fields";
import {
  type BitField,
  type Layout,
  BYTES,
  DECIMAL,
  HEX,
  HEX_DECIMAL,
  IN_WORDS,
  IPV4,
  IPV6,
  SET,
  bitsAt,
  bytesAt,
  flag,
  named,
  namedHex,
  spoken,
} from "./layout";
import {
  DSCP_NAMES,
  ECN_NAMES,
  ECN_SHORT,
  ICMPV6_TYPES,
  ICMP_TYPES,
  IGMP_TYPES,
  IP_PROTOCOLS,
  dscpShort,
} from "./network-names";

/** "0x00 (DSCP: CS0, ECN: Not-ECT)" */
const services = spoken((v) => `${hexText(v, 2)} (DSCP: ${dscpShort(v >> 2)}, ECN: ${ECN_SHORT[v & 3] ?? ""})`);

/** "0x2, Don't fragment" */
function ipFlags(v: number): string {
  const words = [v & 4 ? "Reserved bit" : "", v & 2 ? "Don't fragment" : "", v & 1 ? "More fragments" : ""];
  return [hexText(v, 1), ...words.filter((w) => w !== "")].join(", ");
}

/**
 * RFC 791 section 3.1.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * ┌───────┬───────┬───────────────┬───────────────────────────────┐
 * │Version│  IHL  │   Services    │         Total Length          │
 * ├───────┴───────┴───────────────┼─────┬─────────────────────────┤
 * │        Identification         │Flags│     Fragment Offset     │
 * ├───────────────┬───────────────┼─────┴─────────────────────────┤
 * │      TTL      │   Protocol    │        Header Checksum        │
 * ├───────────────┴───────────────┴───────────────────────────────┤
 * │                        Source Address                         │
 * ├───────────────────────────────────────────────────────────────┤
 * │                      Destination Address                      │
 * └───────────────────────────────────────────────────────────────┘
 * ```
 */
export const IPV4_HEADER: Layout = {
  layer: LAYER_IPV4,
  protocol: "ip",
  title: "Internet Protocol Version 4",
  available: ipv4Available,
  fields: [
    bitsAt(0, 4, "ip.version", "Version", DECIMAL),
    bitsAt(4, 4, "ip.hdr_len", "Header Length", IN_WORDS),
    bytesAt(1, 1, "ip.dsfield", "Differentiated Services Field", services, [
      bitsAt(8, 6, "ip.dsfield.dscp", "Differentiated Services Codepoint", named(DSCP_NAMES)),
      bitsAt(14, 2, "ip.dsfield.ecn", "Explicit Congestion Notification", named(ECN_NAMES)),
    ]),
    bytesAt(2, 2, "ip.len", "Total Length", DECIMAL),
    bytesAt(4, 2, "ip.id", "Identification", HEX_DECIMAL),
    bitsAt(48, 3, "ip.flags", "Flags", spoken(ipFlags), {
      children: [
        bitsAt(48, 1, "ip.flags.rb", "Reserved bit", SET),
        bitsAt(49, 1, "ip.flags.df", "Don't fragment", SET),
        bitsAt(50, 1, "ip.flags.mf", "More fragments", SET),
      ],
    }),
    bitsAt(
      51,
      13,
      "ip.frag_offset",
      "Fragment Offset",
      spoken((v) => String(v * 8)),
    ),
    bytesAt(8, 1, "ip.ttl", "Time to Live", DECIMAL),
    bytesAt(9, 1, "ip.proto", "Protocol", named(IP_PROTOCOLS)),
    bytesAt(10, 2, "ip.checksum", "Header Checksum", HEX),
    bytesAt(12, 4, "ip.src", "Source Address", IPV4),
    bytesAt(16, 4, "ip.dst", "Destination Address", IPV4),
  ],
};

/** RFC 8200 section 3. */
export const IPV6_HEADER: Layout = {
  layer: LAYER_IPV6,
  protocol: "ipv6",
  title: "Internet Protocol Version 6",
  fields: [
    bitsAt(0, 4, "ipv6.version", "Version", DECIMAL),
    bitsAt(4, 8, "ipv6.tclass", "Traffic Class", services, {
      picture: [0, 32],
      children: [
        bitsAt(4, 6, "ipv6.tclass.dscp", "Differentiated Services Codepoint", named(DSCP_NAMES), { picture: [0, 32] }),
        bitsAt(10, 2, "ipv6.tclass.ecn", "Explicit Congestion Notification", named(ECN_NAMES), { picture: [0, 32] }),
      ],
    }),
    bitsAt(
      12,
      20,
      "ipv6.flow",
      "Flow Label",
      spoken(
        (v) => hexText(v, 5),
        (v) => hexText(v, 5),
      ),
    ),
    bytesAt(4, 2, "ipv6.plen", "Payload Length", DECIMAL),
    bytesAt(6, 1, "ipv6.nxt", "Next Header", named(IP_PROTOCOLS)),
    bytesAt(7, 1, "ipv6.hlim", "Hop Limit", DECIMAL),
    bytesAt(8, 16, "ipv6.src", "Source Address", IPV6),
    bytesAt(24, 16, "ipv6.dst", "Destination Address", IPV6),
  ],
};

const extension = (prefix: string): BitField[] => [
  bytesAt(0, 1, `${prefix}.nxt`, "Next Header", named(IP_PROTOCOLS)),
  bytesAt(1, 1, `${prefix}.len`, "Length", DECIMAL),
];

export const HOP_BY_HOP: Layout = {
  layer: LAYER_IPV6_HOPOPTS,
  protocol: "ipv6.hopopts",
  title: "IPv6 Hop-by-Hop Option",
  fields: extension("ipv6.hopopts"),
};
export const DESTINATION_OPTIONS: Layout = {
  layer: LAYER_IPV6_DSTOPTS,
  protocol: "ipv6.dstopts",
  title: "Destination Options for IPv6",
  fields: extension("ipv6.dstopts"),
};

const ROUTING_TYPES = new Map([
  [0, "Source Route"],
  [2, "Type 2 Routing"],
  [3, "RPL Source Route"],
  [4, "Segment Routing"],
]);
export const ROUTING: Layout = {
  layer: LAYER_IPV6_ROUTING,
  protocol: "ipv6.routing",
  title: "Routing Header for IPv6",
  fields: [
    ...extension("ipv6.routing"),
    bytesAt(2, 1, "ipv6.routing.type", "Type", named(ROUTING_TYPES)),
    bytesAt(3, 1, "ipv6.routing.segleft", "Segments Left", DECIMAL),
  ],
};

/** RFC 8200 section 4.5. */
export const FRAGMENT: Layout = {
  layer: LAYER_IPV6_FRAGMENT,
  protocol: "ipv6.fraghdr",
  title: "Fragment Header for IPv6",
  fields: [
    bytesAt(0, 1, "ipv6.fraghdr.nxt", "Next header", named(IP_PROTOCOLS)),
    bytesAt(1, 1, "ipv6.fraghdr.reserved_octet", "Reserved octet", HEX),
    bitsAt(
      16,
      13,
      "ipv6.fraghdr.offset",
      "Offset",
      spoken((v) => `${v} (${v * 8} bytes)`),
    ),
    bitsAt(29, 2, "ipv6.fraghdr.reserved_bits", "Reserved bits", DECIMAL, { picture: [16, 16] }),
    bitsAt(31, 1, "ipv6.fraghdr.more", "More Fragments", flag("No", "Yes"), { picture: [16, 16] }),
    bytesAt(4, 4, "ipv6.fraghdr.ident", "Identification", HEX),
  ],
};

export const AH: Layout = {
  layer: LAYER_AH,
  protocol: "ah",
  title: "Authentication Header",
  fields: [
    bytesAt(0, 1, "ah.next_header", "Next header", named(IP_PROTOCOLS)),
    bytesAt(
      1,
      1,
      "ah.length",
      "Length",
      spoken((v) => `${v} (${(v + 2) * 4} bytes)`),
    ),
    bytesAt(2, 2, "ah.reserved", "Reserved", HEX),
    bytesAt(4, 4, "ah.spi", "AH SPI", HEX),
    bytesAt(8, 4, "ah.sequence", "AH Sequence", DECIMAL),
  ],
};

/** RFC 4303: what follows is encrypted. */
export const ESP: Layout = {
  layer: LAYER_ESP,
  protocol: "esp",
  title: "Encapsulating Security Payload",
  fields: [bytesAt(0, 4, "esp.spi", "ESP SPI", HEX_DECIMAL), bytesAt(4, 4, "esp.sequence", "ESP Sequence", DECIMAL)],
};

/** RFC 792; the second word's meaning depends on the type. */
export const ICMP: Layout = {
  layer: LAYER_ICMP,
  protocol: "icmp",
  title: "Internet Control Message Protocol",
  fields: [
    bytesAt(0, 1, "icmp.type", "Type", { as: "text", text: (v) => `${v} (${ICMP_TYPES.get(v) ?? "Unknown"})` }),
    bytesAt(1, 1, "icmp.code", "Code", DECIMAL),
    bytesAt(2, 2, "icmp.checksum", "Checksum", HEX),
  ],
};
const swapped = (v: number): number => ((v & 0xff) << 8) | (v >> 8);
const wordLe = spoken(
  (v) => `${swapped(v)} (${hexText(swapped(v), 4)})`,
  (v) => String(swapped(v)),
);
const wordBe = spoken((v) => `${v} (${hexText(v, 4)})`);
export const ICMP_ECHO: readonly BitField[] = [
  bytesAt(4, 2, "icmp.ident", "Identifier (BE)", wordBe),
  bytesAt(4, 2, undefined, "Identifier (LE)", wordLe),
  bytesAt(6, 2, "icmp.seq", "Sequence Number (BE)", wordBe),
  bytesAt(6, 2, undefined, "Sequence Number (LE)", wordLe),
];
export const ICMP_MTU: readonly BitField[] = [
  bytesAt(4, 2, undefined, "Unused", BYTES),
  bytesAt(6, 2, undefined, "MTU of next hop", DECIMAL),
];
export const ICMP_UNUSED: readonly BitField[] = [bytesAt(4, 4, undefined, "Unused", BYTES)];
export const ICMP_GATEWAY: readonly BitField[] = [bytesAt(4, 4, undefined, "Gateway Address", IPV4)];

/** RFC 4443 section 2.1. */
export const ICMPV6: Layout = {
  layer: LAYER_ICMPV6,
  protocol: "icmpv6",
  title: "Internet Control Message Protocol v6",
  fields: [
    bytesAt(0, 1, "icmpv6.type", "Type", named(ICMPV6_TYPES)),
    bytesAt(1, 1, "icmpv6.code", "Code", DECIMAL),
    bytesAt(2, 2, "icmpv6.checksum", "Checksum", HEX),
  ],
};
export const ICMPV6_ECHO: readonly BitField[] = [
  bytesAt(4, 2, undefined, "Identifier", HEX),
  bytesAt(6, 2, undefined, "Sequence", DECIMAL),
];
export const ICMPV6_MTU: readonly BitField[] = [bytesAt(4, 4, undefined, "MTU", DECIMAL)];
export const ICMPV6_RESERVED: readonly BitField[] = [bytesAt(4, 4, undefined, "Reserved", BYTES)];
export const ICMPV6_TARGET: readonly BitField[] = [bytesAt(8, 16, undefined, "Target Address", IPV6)];

export const IGMP: Layout = {
  layer: LAYER_IGMP,
  protocol: "igmp",
  title: "Internet Group Management Protocol",
  fields: [
    bytesAt(0, 1, "igmp.type", "Type", namedHex(IGMP_TYPES)),
    bytesAt(1, 1, undefined, "Max Resp Time", DECIMAL),
    bytesAt(2, 2, "igmp.checksum", "Checksum", HEX),
    bytesAt(4, 4, undefined, "Multicast Address", IPV4),
  ],
};

export const PIM: Layout = {
  layer: LAYER_PIM,
  protocol: "pim",
  title: "Protocol Independent Multicast",
  fields: [
    bitsAt(0, 4, "pim.version", "Version", DECIMAL),
    bitsAt(4, 4, "pim.type", "Type", DECIMAL),
    bytesAt(1, 1, undefined, "Reserved byte(s)", BYTES),
    bytesAt(2, 2, "pim.cksum", "Checksum", HEX),
  ],
};

export const NETWORK_LAYOUTS: readonly Layout[] = [
  IPV4_HEADER,
  IPV6_HEADER,
  HOP_BY_HOP,
  DESTINATION_OPTIONS,
  ROUTING,
  FRAGMENT,
  AH,
  ESP,
  ICMP,
  ICMPV6,
  IGMP,
  PIM,
];
