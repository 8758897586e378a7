/** Fixed parts of application messages. */
import { hexText } from "../../../src-shared/base/hex";
import { type BitField, DECIMAL, HEX, IPV4, bitsAt, bytesAt, flag, named, namedHex } from "./layout";
import { DNS_OPCODES, DNS_RCODES } from "./dns-names";
import { TLS_CONTENT_TYPES, TLS_VERSIONS } from "./tls-names";

const word = { picture: [16, 16] as const };

/** RFC 1035 section 4.1.1: id, flags, four counts. */
export const DNS_ID: BitField = bytesAt(0, 2, "dns.id", "Transaction ID", HEX);
/** The bits of the flags; those in the second list only in responses. */
export const DNS_FLAGS: readonly { readonly field: BitField; readonly responseOnly: boolean }[] = [
  {
    field: bitsAt(16, 1, "dns.flags.response", "Response", flag("Message is a query", "Message is a response"), word),
    responseOnly: false,
  },
  { field: bitsAt(17, 4, "dns.flags.opcode", "Opcode", named(DNS_OPCODES), word), responseOnly: false },
  {
    field: bitsAt(
      21,
      1,
      "dns.flags.authoritative",
      "Authoritative",
      flag("Server is not an authority for domain", "Server is an authority for domain"),
      word,
    ),
    responseOnly: true,
  },
  {
    field: bitsAt(
      22,
      1,
      "dns.flags.truncated",
      "Truncated",
      flag("Message is not truncated", "Message is truncated"),
      word,
    ),
    responseOnly: false,
  },
  {
    field: bitsAt(
      23,
      1,
      "dns.flags.recdesired",
      "Recursion desired",
      flag("Don't do query recursively", "Do query recursively"),
      word,
    ),
    responseOnly: false,
  },
  {
    field: bitsAt(
      24,
      1,
      "dns.flags.recavail",
      "Recursion available",
      flag("Server can't do recursive queries", "Server can do recursive queries"),
      word,
    ),
    responseOnly: true,
  },
  {
    field: bitsAt(25, 1, "dns.flags.z", "Z", flag("reserved (0)", "reserved - incorrect!"), word),
    responseOnly: false,
  },
  {
    field: bitsAt(
      26,
      1,
      "dns.flags.authenticated",
      "Answer authenticated",
      flag(
        "Answer/authority portion was not authenticated by the server",
        "Answer/authority portion was authenticated by the server",
      ),
      word,
    ),
    responseOnly: true,
  },
  {
    field: bitsAt(27, 1, "dns.flags.checkdisable", "Non-authenticated data", flag("Unacceptable", "Acceptable"), word),
    responseOnly: false,
  },
  { field: bitsAt(28, 4, "dns.flags.rcode", "Reply code", named(DNS_RCODES), word), responseOnly: true },
];
export const DNS_COUNTS: readonly BitField[] = [
  bytesAt(4, 2, "dns.count.queries", "Questions", DECIMAL),
  bytesAt(6, 2, "dns.count.answers", "Answer RRs", DECIMAL),
  bytesAt(8, 2, "dns.count.auth_rr", "Authority RRs", DECIMAL),
  bytesAt(10, 2, "dns.count.add_rr", "Additional RRs", DECIMAL),
];

const BOOTP = new Map([
  [1, "Boot Request"],
  [2, "Boot Reply"],
]);
const HARDWARE = new Map([[1, "Ethernet"]]);

/** RFC 2131 section 2, up to the gateway's address. */
export const DHCP_FIXED: readonly BitField[] = [
  bytesAt(0, 1, "dhcp.type", "Message type", named(BOOTP)),
  bytesAt(1, 1, "dhcp.hw.type", "Hardware type", namedHex(HARDWARE)),
  bytesAt(2, 1, "dhcp.hw.len", "Hardware address length", DECIMAL),
  bytesAt(3, 1, "dhcp.hops", "Hops", DECIMAL),
  bytesAt(4, 4, "dhcp.id", "Transaction ID", HEX),
  bytesAt(8, 2, "dhcp.secs", "Seconds elapsed", DECIMAL),
  bytesAt(
    10,
    2,
    "dhcp.flags",
    "Bootp flags",
    {
      as: "text",
      text: (v) => `${hexText(v, 4)} (${v & 0x8000 ? "Broadcast" : "Unicast"})`,
    },
    [
      bitsAt(80, 1, "dhcp.flags.bc", "Broadcast flag", flag("Unicast", "Broadcast"), { picture: [80, 16] }),
      bitsAt(81, 15, "dhcp.flags.reserved", "Reserved flags", {
        as: "text",
        text: (v) => hexText(v, 4),
      }),
    ],
  ),
  bytesAt(12, 4, "dhcp.ip.client", "Client IP address", IPV4),
  bytesAt(16, 4, "dhcp.ip.your", "Your (client) IP address", IPV4),
  bytesAt(20, 4, "dhcp.ip.server", "Next server IP address", IPV4),
  bytesAt(24, 4, "dhcp.ip.relay", "Relay agent IP address", IPV4),
];

/** RFC 8446 section 5.1. */
export const TLS_RECORD: readonly BitField[] = [
  bytesAt(0, 1, "tls.record.content_type", "Content Type", named(TLS_CONTENT_TYPES)),
  bytesAt(1, 2, "tls.record.version", "Version", namedHex(TLS_VERSIONS)),
  bytesAt(3, 2, "tls.record.length", "Length", DECIMAL),
];
