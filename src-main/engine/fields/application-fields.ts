/** Fields of the application layer: DNS, DHCP, HTTP/1.x, TLS ClientHello; and the Community ID. */
import { createDhcpMessage, readDhcp } from "../../../src-shared/wire/dhcp";
import {
  DNS_OPCODE_UPDATE,
  DNS_TYPE_A,
  DNS_TYPE_AAAA,
  DNS_TYPE_CNAME,
  type DnsVisitor,
  dnsName,
  visitDns,
  visitDnsOverTcp,
} from "../../../src-shared/wire/dns";
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import { type TlsVisitor, tlsText, visitTls, visitTlsMessages } from "../../../src-shared/wire/tls";
import {
  MESSAGE_DHCP,
  MESSAGE_DNS,
  MESSAGE_DNS_OVER_TCP,
  MESSAGE_HTTP,
  MESSAGE_LLMNR,
  MESSAGE_MDNS,
  MESSAGE_QUIC,
  MESSAGE_SSDP,
  MESSAGE_TLS,
} from "./payload-segment";
import { COMMUNITY_ID } from "./community-id-field";
import { type Field, readUint } from "./field";
import { messageFields } from "./message-fields";

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
  ],
  (m, into) => {
    const { bytes } = m;
    const names = into.wants("dns.qry.name");
    const aliases = into.wants("dns.cname");
    if (m.kind === MESSAGE_DNS || m.kind === MESSAGE_DNS_OVER_TCP) into.whole("dns", m);
    const visitor: DnsVisitor = {
      message(message) {
        into.value("dns.id", message.id);
        into.value("dns.flags.response", message.isResponse ? 1 : 0);
        if (message.isResponse) into.value("dns.flags.rcode", message.rcode);
        if (message.answerCount >= 0 && message.opcode !== DNS_OPCODE_UPDATE)
          into.value("dns.count.answers", message.answerCount);
      },
      question(question, message) {
        if (names) into.text("dns.qry.name", dnsName(bytes, question.name, message));
        into.value("dns.qry.type", question.type);
      },
      record(record, message) {
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

const HTTP = messageFields(
  "http",
  [MESSAGE_HTTP, MESSAGE_SSDP],
  [
    { name: "http", label: "Hypertext Transfer Protocol", kind: "bytes", isProtocol: true },
    { name: "http.request.method", label: "Method", kind: "string" },
    { name: "http.host", label: "Host", kind: "string" },
    { name: "http.request.uri", label: "Target as requested", kind: "string" },
    { name: "http.response.code", label: "Status code", kind: "uint" },
  ],
  (m, into) => {
    const { bytes } = m;
    if (m.kind === MESSAGE_HTTP) into.whole("http", m);
    const hosts = into.wants("http.host");
    visitHttp(bytes, m.start, m.end, {
      request(method, methodEnd, target, targetEnd) {
        if (into.wants("http.request.method")) into.text("http.request.method", httpText(bytes, method, methodEnd));
        if (into.wants("http.request.uri")) into.text("http.request.uri", httpText(bytes, target, targetEnd));
      },
      response(code) {
        if (code >= 0) into.value("http.response.code", code);
      },
      header(name, nameEnd, value, valueEnd) {
        if (hosts && isHttpHeader(bytes, name, nameEnd, "host"))
          into.text("http.host", httpText(bytes, value, valueEnd));
      },
    });
  },
);

const TLS = messageFields(
  "tls",
  [MESSAGE_TLS, MESSAGE_QUIC],
  [
    { name: "tls", label: "Transport Layer Security", kind: "bytes", isProtocol: true },
    { name: "tls.handshake.extensions_server_name", label: "Server name indication", kind: "string" },
  ],
  (m, into) => {
    into.whole("tls", m);
    if (!into.wants("tls.handshake.extensions_server_name")) return;
    const visitor: TlsVisitor = {
      serverName(source, start, end) {
        into.text("tls.handshake.extensions_server_name", tlsText(source, start, end));
      },
    };
    if (m.kind === MESSAGE_QUIC) visitTlsMessages(m.bytes, m.start, m.end, visitor);
    else visitTls(m.bytes, m.start, m.end, visitor);
  },
);

export const APPLICATION_FIELDS: readonly Field[] = [...DNS, ...DHCP, ...HTTP, ...TLS, COMMUNITY_ID];
