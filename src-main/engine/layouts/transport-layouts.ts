/** Headers of the transport layer and of tunnels. */
import { hexText } from "../../../src-shared/base/hex";
import {
  LAYER_ERSPAN,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { tcpRest, udpChecksum } from "../fields/transport-fields";
import {
  type BitField,
  type Layout,
  BYTES,
  DECIMAL,
  HEX,
  HEX_DECIMAL,
  IN_WORDS,
  SET,
  TRUE,
  bitsAt,
  bytesAt,
  flag,
  named,
  namedHex,
  spoken,
} from "./layout";
import { ETHER_TYPES } from "./link-names";
import { GTP_MESSAGES, WIREGUARD_TYPES } from "./transport-names";

const TCP_FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [1, "FIN"],
  [2, "SYN"],
  [4, "RST"],
  [8, "PSH"],
  [16, "ACK"],
  [32, "URG"],
  [64, "ECE"],
  [128, "CWR"],
  [256, "AE"],
];

/** "0x012 (SYN, ACK)" */
function tcpFlagsText(flags: number): string {
  const names = TCP_FLAG_NAMES.filter(([bit]) => flags & bit).map(([, name]) => name);
  if (flags & 0xe00) names.push("Reserved");
  return `${hexText(flags, 3)} (${names.length > 0 ? names.join(", ") : "<None>"})`;
}

const tcpFlag = (at: number, name: string, label: string): BitField =>
  bitsAt(at, 1, `tcp.flags.${name}`, label, SET, { picture: [100, 12] });

/** Between the acknowledgment number and the options (RFC 9293 section 3.1); the numbers before are told with their analysis. */
export const TCP: Layout = {
  layer: LAYER_TCP,
  protocol: "tcp",
  title: "Transmission Control Protocol",
  available: tcpRest,
  fields: [
    bytesAt(0, 2, "tcp.srcport", "Source Port", DECIMAL),
    bytesAt(2, 2, "tcp.dstport", "Destination Port", DECIMAL),
    bytesAt(4, 4, "tcp.seq_raw", "Sequence Number (raw)", DECIMAL),
    bytesAt(8, 4, "tcp.ack_raw", "Acknowledgment number (raw)", DECIMAL),
    bitsAt(96, 4, "tcp.hdr_len", "Header Length", IN_WORDS),
    {
      name: "tcp.flags",
      label: "Flags",
      at: 100,
      bits: 12,
      show: spoken(tcpFlagsText),
      picture: [100, 0],
      children: [
        bitsAt(100, 3, "tcp.flags.res", "Reserved", SET, { picture: [100, 12] }),
        tcpFlag(103, "ae", "Accurate ECN"),
        tcpFlag(104, "cwr", "Congestion Window Reduced"),
        tcpFlag(105, "ece", "ECN-Echo"),
        tcpFlag(106, "urg", "Urgent"),
        tcpFlag(107, "ack", "Acknowledgment"),
        tcpFlag(108, "push", "Push"),
        tcpFlag(109, "reset", "Reset"),
        tcpFlag(110, "syn", "Syn"),
        tcpFlag(111, "fin", "Fin"),
      ],
    },
    bytesAt(14, 2, "tcp.window_size_value", "Window", DECIMAL),
    bytesAt(16, 2, "tcp.checksum", "Checksum", HEX),
    bytesAt(18, 2, "tcp.urgent_pointer", "Urgent Pointer", DECIMAL),
  ],
};

/** RFC 768. */
export const UDP: Layout = {
  layer: LAYER_UDP,
  protocol: "udp",
  title: "User Datagram Protocol",
  available: udpChecksum,
  fields: [
    bytesAt(0, 2, "udp.srcport", "Source Port", DECIMAL),
    bytesAt(2, 2, "udp.dstport", "Destination Port", DECIMAL),
    bytesAt(4, 2, "udp.length", "Length", DECIMAL),
    bytesAt(6, 2, "udp.checksum", "Checksum", HEX),
  ],
};

/** RFC 9260 section 3.1; chunks follow. */
export const SCTP: Layout = {
  layer: LAYER_SCTP,
  protocol: "sctp",
  title: "Stream Control Transmission Protocol",
  fields: [
    bytesAt(0, 2, "sctp.srcport", "Source port", DECIMAL),
    bytesAt(2, 2, "sctp.dstport", "Destination port", DECIMAL),
    bytesAt(4, 4, "sctp.verification_tag", "Verification tag", HEX),
    bytesAt(8, 4, "sctp.checksum", "Checksum", HEX),
  ],
};

const vxlanBit = (at: number, name: string, label: string, no = "False", yes = "True"): BitField =>
  bitsAt(at, 1, `vxlan.flag_${name}`, label, flag(no, yes), { picture: [0, 16] });

/** RFC 7348 section 5, with the group policy of draft-smith-vxlan-group-policy. */
export const VXLAN: Layout = {
  layer: LAYER_VXLAN,
  protocol: "vxlan",
  title: "Virtual eXtensible Local Area Network",
  fields: [
    bytesAt(
      0,
      2,
      "vxlan.flags",
      "Flags",
      spoken((v) => `${hexText(v, 4)}${v & 0x0800 ? ", VXLAN Network ID (VNI)" : ""}`),
      [
        vxlanBit(0, "g", "GBP Extension", "Not defined", "Defined"),
        vxlanBit(4, "i", "VXLAN Network ID (VNI)"),
        vxlanBit(9, "d", "Don't Learn"),
        vxlanBit(12, "a", "Policy Applied"),
      ],
    ),
    bytesAt(2, 2, "vxlan.gbp", "Group Policy ID", DECIMAL),
    bytesAt(4, 3, "vxlan.vni", "VXLAN Network Identifier (VNI)", DECIMAL),
    bytesAt(7, 1, "vxlan.reserved8", "Reserved", DECIMAL),
  ],
};

/** RFC 8926 section 3.4; options follow. */
export const GENEVE: Layout = {
  layer: LAYER_GENEVE,
  protocol: "geneve",
  title: "Generic Network Virtualization Encapsulation",
  fields: [
    bitsAt(0, 2, "geneve.version", "Version", DECIMAL, { picture: [0, 0] }),
    bitsAt(
      2,
      6,
      "geneve.option.length",
      "Length",
      spoken(
        (v) => `${v * 4} bytes`,
        (v) => String(v),
      ),
      { picture: [2, 0] },
    ),
    bytesAt(
      1,
      1,
      "geneve.flags",
      "Flags",
      spoken(
        (v) =>
          `${hexText(v, 2)}${v & 128 ? ", Operations, Administration and Management Frame" : ""}${v & 64 ? ", Critical Options Present" : ""}`,
      ),
      [
        bitsAt(8, 1, "geneve.flags.oam", "Operations, Administration and Management Frame", TRUE),
        bitsAt(9, 1, "geneve.flags.critical", "Critical Options Present", TRUE),
        bitsAt(10, 6, "geneve.flags.reserved", "Reserved", TRUE),
      ],
    ),
    bytesAt(2, 2, "geneve.proto_type", "Protocol Type", namedHex(ETHER_TYPES)),
    bytesAt(4, 3, "geneve.vni", "Virtual Network Identifier (VNI)", HEX_DECIMAL),
    bytesAt(7, 1, undefined, "Reserved", DECIMAL),
  ],
};

const greBit = (at: number, name: string, label: string): BitField =>
  bitsAt(at, 1, `gre.flags.${name}`, label, flag("No", "Yes"), { picture: [0, 16] });
const greWord = { picture: [0, 16] as const };

/** GRE names IP in its own way. */
const GRE_PROTOCOLS = new Map([...ETHER_TYPES, [0x0800, "IP"] as const]);

/** RFC 2784, RFC 2890; checksum, key and sequence number follow where the flags say so. */
export const GRE: Layout = {
  layer: LAYER_GRE,
  protocol: "gre",
  title: "Generic Routing Encapsulation",
  fields: [
    bytesAt(0, 2, "gre.flags_and_version", "Flags and Version", HEX, [
      greBit(0, "checksum", "Checksum Bit"),
      greBit(1, "routing", "Routing Bit"),
      greBit(2, "key", "Key Bit"),
      greBit(3, "sequence_number", "Sequence Number Bit"),
      greBit(4, "strict_source_route", "Strict Source Route Bit"),
      bitsAt(5, 3, "gre.flags.recursion_control", "Recursion control", DECIMAL, greWord),
      bitsAt(8, 5, "gre.flags.reserved", "Flags (Reserved)", DECIMAL, greWord),
      bitsAt(
        13,
        3,
        "gre.flags.version",
        "Version",
        named(
          new Map([
            [0, "GRE"],
            [1, "Enhanced GRE"],
          ]),
        ),
        greWord,
      ),
    ]),
    bytesAt(2, 2, "gre.proto", "Protocol Type", namedHex(GRE_PROTOCOLS)),
  ],
};

const erspanWord = (at: number): { readonly picture: readonly [number, number] } => ({ picture: [at, 16] });

/** draft-foschiano-erspan section 4.2: the header of type II, whose first words type III shares. */
export const ERSPAN: Layout = {
  layer: LAYER_ERSPAN,
  applies: (batch, row) => batch.layerHeader[row] !== 0,
  protocol: "erspan",
  title: "Encapsulated Remote Switch Packet ANalysis",
  fields: [
    bitsAt(
      0,
      4,
      "erspan.version",
      "Version",
      named(
        new Map([
          [1, "Type II"],
          [2, "Type III"],
        ]),
      ),
      erspanWord(0),
    ),
    bitsAt(4, 12, "erspan.vlan", "Vlan", DECIMAL),
    bitsAt(16, 3, "erspan.cos", "COS", DECIMAL, erspanWord(16)),
    bitsAt(19, 2, "erspan.encap", "Encap", DECIMAL, erspanWord(16)),
    bitsAt(
      21,
      1,
      "erspan.truncated",
      "Truncated",
      named(
        new Map([
          [0, "Not truncated"],
          [1, "Truncated"],
        ]),
      ),
      erspanWord(16),
    ),
    bitsAt(22, 10, "erspan.spanid", "SpanID", DECIMAL),
  ],
};
export const ERSPAN_II: readonly BitField[] = [
  bitsAt(32, 12, undefined, "Reserved", DECIMAL, { picture: [32, 32] }),
  bitsAt(44, 20, undefined, "Index", DECIMAL, { picture: [32, 32] }),
];

export const WIREGUARD: Layout = {
  layer: LAYER_WIREGUARD,
  protocol: "wg",
  title: "WireGuard Protocol",
  fields: [bytesAt(0, 1, "wg.type", "Type", named(WIREGUARD_TYPES)), bytesAt(1, 3, "wg.reserved", "Reserved", BYTES)],
};
const little = (name: string | undefined, label: string, offset: number): BitField => ({
  ...(name !== undefined && { name }),
  label,
  at: offset * 8,
  bits: 32,
  show: HEX,
  little: true,
});
/** By message type: what lies at the fourth byte, and at the eighth of a response. */
export const WIREGUARD_SENDER = little(undefined, "Sender", 4);
export const WIREGUARD_RECEIVER = little(undefined, "Receiver", 4);
export const WIREGUARD_RESPONSE_RECEIVER = little(undefined, "Receiver", 8);

/** 3GPP TS 29.281 section 5.1. */
export const GTPU: Layout = {
  layer: LAYER_GTPU,
  protocol: "gtp",
  title: "GPRS Tunneling Protocol",
  fields: [
    bytesAt(0, 1, "gtp.flags", "Flags", HEX, [
      bitsAt(0, 3, "gtp.flags.version", "Version", DECIMAL),
      bitsAt(3, 1, "gtp.flags.payload_type", "Protocol type", DECIMAL),
      bitsAt(4, 1, "gtp.flags.reserved", "Reserved", DECIMAL),
      bitsAt(5, 1, "gtp.flags.e", "Is Next Extension Header present?", flag("No", "Yes")),
      bitsAt(6, 1, "gtp.flags.s", "Is Sequence Number present?", flag("No", "Yes")),
      bitsAt(7, 1, "gtp.flags.pn", "Is N-PDU number present?", flag("No", "Yes")),
    ]),
    bytesAt(1, 1, "gtp.message", "Message Type", namedHex(GTP_MESSAGES)),
    bytesAt(2, 2, "gtp.length", "Length", DECIMAL),
    bytesAt(4, 4, "gtp.teid", "TEID", HEX_DECIMAL),
  ],
};

export const TRANSPORT_LAYOUTS: readonly Layout[] = [TCP, UDP, SCTP, VXLAN, GENEVE, GRE, ERSPAN, WIREGUARD, GTPU];
