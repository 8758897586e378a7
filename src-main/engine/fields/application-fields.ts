/** Fields of the application layer: DNS, DHCP, TLS handshakes; and the Community ID. HTTP's are in http-fields.ts. */
import { createDhcpMessage, readDhcp } from "../../../src-shared/wire/dhcp";
import {
  DNS_OPCODE_UPDATE,
  DNS_TYPE_A,
  DNS_TYPE_AAAA,
  DNS_TYPE_CNAME,
  type DnsVisitor,
  visitDns,
  visitDnsOverTcp,
} from "../../../src-shared/wire/dns";
import { dnsName } from "../../../src-shared/wire/dns-name";
import { type TlsVisitor, tlsText, visitTls, visitTlsMessages } from "../../../src-shared/wire/tls";
import {
  MESSAGE_DHCP,
  MESSAGE_DNS,
  MESSAGE_DNS_OVER_TCP,
  MESSAGE_LLMNR,
  MESSAGE_MDNS,
  MESSAGE_QUIC,
  MESSAGE_TLS,
} from "./payload-segment";
import { COMMUNITY_ID } from "./community-id-field";
import { type Field, readUint } from "./field";
import { messageFields } from "./message-fields";

const DNS_TYPE_SRV = 33;
const DNS_TYPE_OPT = 41;

const DNS = messageFields(
  "dns",
  [MESSAGE_DNS, MESSAGE_MDNS, MESSAGE_LLMNR, MESSAGE_DNS_OVER_TCP],
  [
    { name: "dns", label: "Domain Name System", kind: "bytes", isProtocol: true },
    { name: "dns.id", label: "Transaction ID", kind: "uint", hexDigits: 4 },
    { name: "dns.flags.response", label: "Is a response", kind: "bool" },
    { name: "dns.flags.rcode", label: "Reply code", kind: "uint" },
    { name: "dns.qry.name", label: "Name asked for", kind: "string" },
    { name: "dns.qry.type", label: "Type asked for", kind: "uint" },
    { name: "dns.a", label: "IPv4 address answered", kind: "ipv4" },
    { name: "dns.aaaa", label: "IPv6 address answered", kind: "ipv6" },
    { name: "dns.cname", label: "Canonical name answered", kind: "string" },
    { name: "dns.count.answers", label: "Number of answers", kind: "uint" },
    { name: "dns.count.queries", label: "Number of questions", kind: "uint" },
    { name: "dns.flags.opcode", label: "Operation", kind: "uint" },
    { name: "dns.flags.truncated", label: "Truncated", kind: "bool" },
    { name: "dns.flags.recdesired", label: "Recursion desired", kind: "bool" },
    { name: "dns.resp.name", label: "Name answered about", kind: "string" },
    { name: "dns.resp.type", label: "Type answered", kind: "uint" },
    { name: "dns.resp.ttl", label: "Time to live, seconds", kind: "uint" },
  ],
  (m, into) => {
    const { bytes } = m;
    const names = into.wants("dns.qry.name");
    const aliases = into.wants("dns.cname");
    const answered = into.wants("dns.resp.name");
    if (m.kind === MESSAGE_DNS || m.kind === MESSAGE_DNS_OVER_TCP) into.whole("dns", m);
    const visitor: DnsVisitor = {
      message(message) {
        into.value("dns.id", message.id);
        into.value("dns.flags.response", message.isResponse ? 1 : 0);
        if (message.isResponse) into.value("dns.flags.rcode", message.rcode);
        into.value("dns.flags.opcode", message.opcode);
        into.value("dns.flags.truncated", (message.flags >>> 9) & 1);
        into.value("dns.flags.recdesired", (message.flags >>> 8) & 1);
        if (message.questionCount >= 0 && message.opcode !== DNS_OPCODE_UPDATE)
          into.value("dns.count.queries", message.questionCount);
        if (message.answerCount >= 0 && message.opcode !== DNS_OPCODE_UPDATE)
          into.value("dns.count.answers", message.answerCount);
      },
      question(question, message) {
        if (names) into.text("dns.qry.name", dnsName(bytes, question.name, message));
        into.value("dns.qry.type", question.type);
      },
      record(record, message) {
        // Wireshark tells a service's (RFC 2782) in fields of its own.
        if (answered && record.type !== DNS_TYPE_SRV) into.text("dns.resp.name", dnsName(bytes, record.name, message));
        into.value("dns.resp.type", record.type);
        // What stands there in EDNS (RFC 6891 section 6.1.3) is no time.
        if (record.type !== DNS_TYPE_OPT) into.value("dns.resp.ttl", record.ttl);
        if (!record.hasValue) return;
        if (record.type === DNS_TYPE_A) into.value("dns.a", readUint(bytes, record.data, 4));
        else if (record.type === DNS_TYPE_AAAA) into.value("dns.aaaa", record.data, 16);
        else if (record.type === DNS_TYPE_CNAME && aliases)
          into.text("dns.cname", dnsName(bytes, record.data, message));
      },
    };
    if (m.kind === MESSAGE_DNS_OVER_TCP) visitDnsOverTcp(bytes, m.start, m.end, visitor);
    else visitDns(bytes, m.start, m.end, visitor, m.statedEnd);
  },
);

const dhcpMessage = createDhcpMessage();

const DHCP = messageFields(
  "dhcp",
  [MESSAGE_DHCP],
  [
    { name: "dhcp", label: "Dynamic Host Configuration Protocol", kind: "bytes", isProtocol: true },
    { name: "dhcp.type", label: "Request (1) or reply (2)", kind: "uint" },
    { name: "dhcp.ip.your", label: "Your (client) address", kind: "ipv4" },
  ],
  (m, into) => {
    into.whole("dhcp", m);
    readDhcp(m.bytes, m.start, m.end, dhcpMessage, m.statedEnd);
    if (dhcpMessage.operation >= 0) into.value("dhcp.type", dhcpMessage.operation);
    if (dhcpMessage.yourAddress >= 0) into.value("dhcp.ip.your", readUint(m.bytes, dhcpMessage.yourAddress, 4));
  },
);

const TLS_RECORD_HEADER = 5;

const TLS = messageFields(
  "tls",
  [MESSAGE_TLS, MESSAGE_QUIC],
  [
    { name: "tls", label: "Transport Layer Security", kind: "bytes", isProtocol: true },
    { name: "tls.record.content_type", label: "Content type of a record", kind: "uint" },
    { name: "tls.record.version", label: "Version of a record", kind: "uint", hexDigits: 4 },
    { name: "tls.record.length", label: "Length of a record", kind: "uint" },
    { name: "tls.handshake.type", label: "Handshake message", kind: "uint" },
    { name: "tls.handshake.extensions_server_name", label: "Server name indication", kind: "string" },
  ],
  (m, into) => {
    into.whole("tls", m);
    const visitor: TlsVisitor = {
      record(at, type, version, length) {
        // One that goes on in the next segment is not shown.
        if (at + TLS_RECORD_HEADER + length > m.end) return;
        into.value("tls.record.content_type", type);
        into.value("tls.record.version", version);
        into.value("tls.record.length", length);
      },
      handshake(type) {
        into.value("tls.handshake.type", type);
      },
      serverName(source, start, end) {
        into.text("tls.handshake.extensions_server_name", tlsText(source, start, end));
      },
    };
    if (m.kind === MESSAGE_QUIC) visitTlsMessages(m.bytes, m.start, m.end, visitor);
    else visitTls(m.bytes, m.start, m.end, visitor);
  },
);

export const APPLICATION_FIELDS: readonly Field[] = [...DNS, ...DHCP, ...TLS, COMMUNITY_ID];
