/** Headers of the link layer, and ARP. */
import { hexText } from "../../../src-shared/base/hex";
import { TPID_8021AD } from "../../../src-shared/model/header-numbers";
import {
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_LLC,
  LAYER_LOOP,
  LAYER_MPLS,
  LAYER_NULL,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_VLAN,
} from "../../../src-shared/model/layer-kind";
import {
  type BitField,
  type Layout,
  DECIMAL,
  HEX,
  MAC,
  bitsAt,
  bytesAt,
  flag,
  named,
  namedHex,
  spoken,
} from "./layout";
import {
  ARPHRD_NAMES,
  ARP_HARDWARE,
  ARP_OPCODES,
  COOKED_TYPES,
  ETHER_TYPES,
  LLC_SAPS,
  NULL_FAMILIES,
  PPP_PROTOCOLS,
} from "./link-names";

/** A MAC address with the two bits that mean something; `side` is "dst" or "src". */
const macAddress = (side: "dst" | "src", label: string, offset: number): BitField =>
  bytesAt(offset, 6, `eth.${side}`, label, MAC, [
    bytesAt(offset, 6, "eth.addr", "Address", MAC),
    bitsAt(
      offset * 8 + 6,
      1,
      `eth.${side}.lg`,
      "LG bit",
      flag(
        "Globally unique address (factory default)",
        "Locally administered address (this is NOT the factory default)",
      ),
      { picture: [offset * 8, 24] },
    ),
    bitsAt(
      offset * 8 + 7,
      1,
      `eth.${side}.ig`,
      "IG bit",
      flag("Individual address (unicast)", "Group address (multicast/broadcast)"),
      { picture: [offset * 8, 24] },
    ),
  ]);

/**
 * ```
 * destination (6)  source (6)  type (2), or below 1536 a length
 * ```
 */
export const ETHERNET: Layout = {
  layer: LAYER_ETHERNET,
  protocol: "eth",
  title: "Ethernet II",
  fields: [
    macAddress("dst", "Destination", 0),
    macAddress("src", "Source", 6),
    bytesAt(12, 2, "eth.type", "Type", namedHex(ETHER_TYPES)),
  ],
};
/** Takes the place of the type where the number is a length (IEEE 802.3). */
export const ETHERNET_LENGTH: BitField = bytesAt(12, 2, "eth.len", "Length", DECIMAL);

const cookedType = namedHex(ETHER_TYPES);

/** Linux cooked capture, 16 bytes: packet type, ARPHRD, address length, address (8), protocol. */
export const SLL: Layout = {
  layer: LAYER_SLL,
  protocol: "sll",
  title: "Linux cooked capture v1",
  fields: [
    bytesAt(0, 2, "sll.pkttype", "Packet type", named(COOKED_TYPES)),
    bytesAt(2, 2, "sll.hatype", "Link-layer address type", named(ARPHRD_NAMES)),
    bytesAt(4, 2, "sll.halen", "Link-layer address length", DECIMAL),
    bytesAt(14, 2, "sll.etype", "Protocol", cookedType),
  ],
};

/** Version 2, 20 bytes: protocol, reserved, interface index, ARPHRD, packet type, address length, address (8). */
export const SLL2: Layout = {
  layer: LAYER_SLL2,
  protocol: "sll",
  title: "Linux cooked capture v2",
  fields: [
    bytesAt(0, 2, "sll.etype", "Protocol", cookedType),
    bytesAt(4, 4, "sll.ifindex", "Interface index", DECIMAL),
    bytesAt(8, 2, "sll.hatype", "Link-layer address type", named(ARPHRD_NAMES)),
    bytesAt(10, 1, "sll.pkttype", "Packet type", named(COOKED_TYPES)),
    bytesAt(11, 1, "sll.halen", "Link-layer address length", DECIMAL),
  ],
};

const family = { as: "names", names: NULL_FAMILIES, unknown: "Unknown" } as const;
/** BSD loopback: the address family in the capturing host's byte order. */
export const NULL_LOOPBACK: Layout = {
  layer: LAYER_NULL,
  protocol: "null",
  title: "Null/Loopback",
  fields: [{ name: "null.family", label: "Family", at: 0, bits: 32, show: family, little: true }],
};
export const LOOP: Layout = {
  layer: LAYER_LOOP,
  protocol: "null",
  title: "Null/Loopback",
  fields: [bytesAt(0, 4, "null.family", "Family", family)],
};

const PRIORITIES = new Map([
  [0, "Best Effort (default)"],
  [1, "Background"],
  [2, "Spare"],
  [3, "Excellent Effort"],
  [4, "Controlled Load"],
  [5, "Video, < 100ms latency and jitter"],
  [6, "Voice, < 10ms latency and jitter"],
  [7, "Network Control"],
]);

/**
 * ```
 * priority (3)  DEI (1)  VLAN id (12)  type (16)
 * ```
 */
export const VLAN: Layout = {
  layer: LAYER_VLAN,
  protocol: "vlan",
  title: "802.1Q Virtual LAN",
  applies: (batch, row) => batch.layerAux[row] !== TPID_8021AD,
  fields: [
    bitsAt(0, 3, "vlan.priority", "Priority", named(PRIORITIES), { picture: [0, 16] }),
    bitsAt(3, 1, "vlan.dei", "DEI", flag("Ineligible", "Eligible"), { picture: [0, 16] }),
    bitsAt(4, 12, "vlan.id", "ID", DECIMAL),
    bytesAt(2, 2, "vlan.etype", "Type", namedHex(ETHER_TYPES)),
  ],
};
/** The service tag of 802.1ad: the same bits under other names. */
export const SERVICE_TAG: Layout = {
  layer: LAYER_VLAN,
  protocol: "ieee8021ad",
  title: "IEEE 802.1ad",
  applies: (batch, row) => batch.layerAux[row] === TPID_8021AD,
  fields: [
    bitsAt(0, 3, "ieee8021ad.priority", "Priority", DECIMAL, { picture: [0, 16] }),
    bitsAt(3, 1, "ieee8021ad.dei", "DEI", DECIMAL, { picture: [0, 16] }),
    bitsAt(4, 12, "ieee8021ad.id", "ID", DECIMAL),
    bytesAt(2, 2, undefined, "Type", namedHex(ETHER_TYPES)),
  ],
};

/**
 * ```
 * label (20)  experimental (3)  bottom of stack (1)  TTL (8)
 * ```
 */
export const MPLS: Layout = {
  layer: LAYER_MPLS,
  protocol: "mpls",
  title: "MultiProtocol Label Switching Header",
  fields: [
    bitsAt(
      0,
      20,
      "mpls.label",
      "MPLS Label",
      spoken((v) => `${MPLS_LABELS.get(v) ?? ""}${MPLS_LABELS.has(v) ? " " : ""}${v} (${hexText(v, 5)})`),
      { picture: [0, 32] },
    ),
    bitsAt(20, 3, "mpls.exp", "MPLS Experimental Bits", DECIMAL, { picture: [0, 32] }),
    bitsAt(23, 1, "mpls.bottom", "MPLS Bottom Of Label Stack", DECIMAL, { picture: [0, 32] }),
    bitsAt(24, 8, "mpls.ttl", "MPLS TTL", DECIMAL, { picture: [0, 32] }),
  ],
};
const MPLS_LABELS: ReadonlyMap<number, string> = new Map([
  [0, "IPv4 Explicit-Null"],
  [1, "Router Alert"],
  [2, "IPv6 Explicit-Null"],
  [3, "Implicit-Null"],
]);

export const PPPOE: Layout = {
  layer: LAYER_PPPOE,
  protocol: "pppoes",
  title: "PPP-over-Ethernet Session",
  fields: [
    bitsAt(0, 4, "pppoe.version", "Version", DECIMAL),
    bitsAt(4, 4, "pppoe.type", "Type", DECIMAL),
    bytesAt(1, 1, "pppoe.code", "Code", namedHex(new Map([[0, "Session Data"]]))),
    bytesAt(2, 2, "pppoe.session_id", "Session ID", HEX),
    bytesAt(4, 2, "pppoe.payload_length", "Payload Length", DECIMAL),
  ],
};

/** The protocol may be compressed to one byte, which is odd (RFC 1661 section 2). */
export const PPP: Layout = {
  layer: LAYER_PPP,
  protocol: "ppp",
  title: "Point-to-Point Protocol",
  fields: [bytesAt(0, 2, "ppp.protocol", "Protocol", namedHex(PPP_PROTOCOLS))],
};
export const PPP_SHORT: readonly BitField[] = [bytesAt(0, 1, undefined, "Protocol", namedHex(PPP_PROTOCOLS))];

/** Logical link control; SNAP adds an organisation and a type (RFC 1042). */
export const LLC: Layout = {
  layer: LAYER_LLC,
  protocol: "llc",
  title: "Logical-Link Control",
  fields: [
    bytesAt(0, 1, "llc.dsap", "DSAP", namedHex(LLC_SAPS)),
    bytesAt(1, 1, "llc.ssap", "SSAP", namedHex(LLC_SAPS)),
    bytesAt(2, 1, "llc.control", "Control field", HEX),
  ],
};
export const SNAP: readonly BitField[] = [
  bytesAt(3, 3, undefined, "Organization Code", HEX),
  bytesAt(6, 2, undefined, "Type", namedHex(ETHER_TYPES)),
];

export const CISCO_HDLC: Layout = {
  layer: LAYER_CISCO_HDLC,
  protocol: "chdlc",
  title: "Cisco HDLC",
  fields: [
    bytesAt(0, 1, "chdlc.address", "Address", HEX),
    bytesAt(1, 1, undefined, "Control", HEX),
    bytesAt(2, 2, "chdlc.protocol", "Protocol", namedHex(ETHER_TYPES)),
  ],
};

/** RFC 826; the four addresses follow, as long as their sizes say. */
export const ARP: Layout = {
  layer: LAYER_ARP,
  protocol: "arp",
  title: "Address Resolution Protocol",
  fields: [
    bytesAt(0, 2, "arp.hw.type", "Hardware type", named(ARP_HARDWARE)),
    bytesAt(2, 2, "arp.proto.type", "Protocol type", namedHex(ETHER_TYPES)),
    bytesAt(4, 1, "arp.hw.size", "Hardware size", DECIMAL),
    bytesAt(5, 1, "arp.proto.size", "Protocol size", DECIMAL),
    bytesAt(6, 2, "arp.opcode", "Opcode", named(ARP_OPCODES, "Unknown")),
  ],
};

export const LINK_LAYOUTS: readonly Layout[] = [
  ETHERNET,
  SLL,
  SLL2,
  NULL_LOOPBACK,
  LOOP,
  VLAN,
  SERVICE_TAG,
  MPLS,
  PPPOE,
  PPP,
  LLC,
  CISCO_HDLC,
  ARP,
];
