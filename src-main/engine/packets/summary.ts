/**
 * One line about a packet, as people know it from Wireshark's packet list: source, destination, protocol and info of the
 * innermost layer. Made for the rows that are shown, not for every packet of a capture.
 */
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { DNS_RCODES, dnsTypeName } from "../layouts/dns-names";
import { ICMPV6_TYPES, ICMP_TYPES } from "../layouts/network-names";
import {
  LAYER_ARP,
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_ESP,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_FRAGMENT,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_OTHER_LINK,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { type DnsMessage, type DnsQuestion, dnsName, visitDns, visitDnsOverTcp } from "../../../src-shared/wire/dns";
import { createDhcpMessage, readDhcp, visitDhcpOptions } from "../../../src-shared/wire/dhcp";
import { httpText, visitHttp } from "../../../src-shared/wire/http";
import { tlsText, visitTls } from "../../../src-shared/wire/tls";
import { LINKTYPE_WLAN, linkTypeName } from "../../../src-shared/model/link-type";
import {
  ANALYSIS_ACK_LOST_SEGMENT,
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_KEEP_ALIVE_ACK,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_RETRANSMISSION,
  ANALYSIS_REUSED_PORTS,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  ANALYSIS_ZERO_WINDOW_PROBE,
  ANALYSIS_ZERO_WINDOW_PROBE_ACK,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  NO_ROW,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { captured, readUint } from "../fields/field";
import { visitTcpOptions } from "../fields/transport-fields";
import type { CaptureInterface } from "../readers/capture-file";

export interface PacketSummary {
  source: string;
  destination: string;
  protocol: string;
  info: string;
}

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
/** In Wireshark's order, which puts each in front of those before. */
const TCP_NOTES: readonly (readonly [number, string])[] = [
  [ANALYSIS_ZERO_WINDOW_PROBE_ACK, "[TCP ZeroWindowProbeAck] "],
  [ANALYSIS_ZERO_WINDOW, "[TCP ZeroWindow] "],
  [ANALYSIS_ZERO_WINDOW_PROBE, "[TCP ZeroWindowProbe] "],
  [ANALYSIS_DUPLICATE_ACK, "[TCP Dup ACK] "],
  [ANALYSIS_KEEP_ALIVE_ACK, "[TCP Keep-Alive ACK] "],
  [ANALYSIS_KEEP_ALIVE, "[TCP Keep-Alive] "],
  [ANALYSIS_WINDOW_FULL, "[TCP Window Full] "],
  [ANALYSIS_WINDOW_UPDATE, "[TCP Window Update] "],
  [ANALYSIS_ACK_LOST_SEGMENT, "[TCP ACKed unseen segment] "],
  [ANALYSIS_LOST_SEGMENT, "[TCP Previous segment not captured] "],
  [ANALYSIS_OUT_OF_ORDER, "[TCP Out-Of-Order] "],
  [ANALYSIS_SPURIOUS_RETRANSMISSION, "[TCP Spurious Retransmission] "],
  [ANALYSIS_FAST_RETRANSMISSION, "[TCP Fast Retransmission] "],
  [ANALYSIS_RETRANSMISSION, "[TCP Retransmission] "],
  [ANALYSIS_REUSED_PORTS, "[TCP Port numbers reused] "],
];

const DHCP_MESSAGES = ["", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform"];
const UNREACHABLE = [
  "Network unreachable",
  "Host unreachable",
  "Protocol unreachable",
  "Port unreachable",
  "Fragmentation needed",
  "Source route failed",
];
const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [89, "OSPF"],
  [103, "PIM"],
  [112, "VRRP"],
  [115, "L2TP"],
]);

/** Tells about packet `packet` of the batch. `point` is its capture point, for packets of link types that are not decoded. */
export function summarise(batch: Batch, packet: number, point: CaptureInterface | undefined): PacketSummary {
  const s: PacketSummary = { source: "", destination: "", protocol: "", info: "" };
  if (batch.isCustomBlock(packet)) {
    s.protocol = "PCAPNG";
    s.info = customBlockText(batch, packet);
    return s;
  }
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  let analysis = 0;
  for (let row = first; row < last; row++) {
    // What an error message quotes is told by the message itself.
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) break;
    layer(batch, row, s);
    if (batch.layerKind[row] === LAYER_TCP && batch.stream[row] !== NO_ROW) analysis = batch.analysis[row] as number;
  }
  let notes = "";
  if (analysis) for (const [bit, text] of TCP_NOTES) if (analysis & bit) notes += text;
  s.info = notes + s.info + stopText(batch, packet, point);
  if (!s.protocol)
    s.protocol = batch.stopReason(packet) === STOP_LINK_TYPE ? linkTypeName(point?.linkType ?? -1) : "data";
  return s;
}

/** The number of who defined the block, which is in front of its data, in the byte order that makes it small. */
function customBlockText(batch: Batch, packet: number): string {
  const at = (batch.data[packet] as number) - 4;
  return `Custom Block: PEN = ${Math.min(batch.view.getUint32(at, true), batch.view.getUint32(at, false))}`;
}

function stopText(batch: Batch, packet: number, point: CaptureInterface | undefined): string {
  switch (batch.stopReason(packet)) {
    case STOP_CAPTURE:
      return (batch.captured[packet] as number) < (batch.length[packet] as number)
        ? " [Packet size limited during capture]"
        : " [Cut short]";
    case STOP_LENGTH:
      return " [Length field ends inside a header]";
    case STOP_HEADER:
      return " [Malformed header]";
    case STOP_DEPTH:
      return " [Nested too deeply]";
    case STOP_LINK_TYPE:
      return `Link type ${point?.linkType ?? "?"} is not decoded`;
    default:
      return "";
  }
}

function layer(batch: Batch, row: number, s: PacketSummary): void {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  const u = (offset: number, width: number): number => readUint(bytes, p + offset, width);
  switch (batch.layerKind[row]) {
    case LAYER_ETHERNET:
      if (here < 14) return;
      s.destination = formatMac(bytes, p);
      s.source = formatMac(bytes, p + 6);
      s.protocol = "Ethernet";
      s.info = `Type 0x${u(12, 2).toString(16).padStart(4, "0")}`;
      return;
    case LAYER_VLAN:
      if (here >= 4) s.info = `802.1Q VLAN, ID ${u(0, 2) & 0xfff}`;
      s.protocol = "VLAN";
      return;
    case LAYER_MPLS:
      s.protocol = "MPLS";
      if (here >= 4) s.info = `MPLS label ${u(0, 4) >>> 12}`;
      return;
    case LAYER_OTHER_LINK:
      s.protocol = batch.layerAux[row] === LINKTYPE_WLAN ? "802.11" : linkTypeName(batch.layerAux[row] as number);
      return;
    case LAYER_LLC:
      s.protocol = "LLC";
      s.info = "Logical link control";
      return;
    case LAYER_ARP:
      arp(batch, row, s);
      return;
    case LAYER_IPV4: {
      if (here < 20) return;
      s.source = formatIpv4(u(12, 4));
      s.destination = formatIpv4(u(16, 4));
      s.protocol = "IPv4";
      s.info = IP_PROTOCOLS.get(u(9, 1)) ?? `IP protocol ${u(9, 1)}`;
      const fragment = u(6, 2);
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_FRAGMENT && fragment & 0x1fff)
        s.info = `Fragmented IP protocol (proto=${u(9, 1)}, off=${(fragment & 0x1fff) * 8}, ID=${u(4, 2).toString(16).padStart(4, "0")})`;
      return;
    }
    case LAYER_IPV6:
      if (here < 40) return;
      s.source = formatIpv6(bytes, p + 8);
      s.destination = formatIpv6(bytes, p + 24);
      s.protocol = "IPv6";
      s.info = `IPv6 next header ${u(6, 1)}`;
      return;
    case LAYER_IPV6_FRAGMENT:
      if (here >= 8)
        s.info = `IPv6 fragment (off=${u(2, 2) & 0xfff8} more=${u(2, 2) & 1 ? "y" : "n"} ident=0x${u(4, 4).toString(16).padStart(8, "0")} nxt=${u(0, 1)})`;
      return;
    case LAYER_ICMP:
      icmp(batch, row, s);
      return;
    case LAYER_ICMPV6: {
      s.protocol = "ICMPv6";
      if (here < 4) return;
      s.info = ICMPV6_TYPES.get(u(0, 1)) ?? `Type ${u(0, 1)}`;
      if ((u(0, 1) === 128 || u(0, 1) === 129) && here >= 8)
        s.info += ` id=0x${u(4, 2).toString(16).padStart(4, "0")}, seq=${u(6, 2)}`;
      if (u(0, 1) === 135 && here >= 24) s.info += ` for ${formatIpv6(bytes, p + 8)}`;
      if (u(0, 1) === 136 && here >= 24) s.info += ` ${formatIpv6(bytes, p + 8)}`;
      return;
    }
    case LAYER_TCP:
      tcp(batch, row, s);
      return;
    case LAYER_UDP:
      s.protocol = "UDP";
      if (here >= 8) s.info = `${u(0, 2)} → ${u(2, 2)} Len=${Math.max(u(4, 2) - 8, 0)}`;
      return;
    case LAYER_SCTP:
      s.protocol = "SCTP";
      if (here >= 4) s.info = `${u(0, 2)} → ${u(2, 2)}`;
      return;
    case LAYER_VXLAN:
      s.protocol = "VXLAN";
      s.info = `VNI ${batch.layerAux[row]}`;
      return;
    case LAYER_GENEVE:
      s.protocol = "Geneve";
      s.info = `VNI ${batch.layerAux[row]}`;
      return;
    case LAYER_GRE:
      s.protocol = "GRE";
      if (here >= 4) s.info = `Encapsulated 0x${u(2, 2).toString(16).padStart(4, "0")}`;
      return;
    case LAYER_GTPU:
      s.protocol = "GTP";
      s.info = "GTP-U";
      return;
    case LAYER_WIREGUARD:
      s.protocol = "WireGuard";
      s.info = ["", "Handshake Initiation", "Handshake Response", "Cookie Reply", "Transport Data"][u(0, 1)] ?? "";
      return;
    case LAYER_ESP:
      s.protocol = "ESP";
      if (here >= 4) s.info = `ESP (SPI=0x${u(0, 4).toString(16).padStart(8, "0")})`;
      return;
    case LAYER_IGMP:
      s.protocol = "IGMP";
      s.info = "Membership";
      return;
    case LAYER_DNS:
      dns(batch, row, s);
      return;
    case LAYER_DHCP:
      dhcp(batch, row, s);
      return;
    case LAYER_HTTP:
      http(batch, row, s);
      return;
    case LAYER_TLS:
      tls(batch, row, s);
      return;
    default:
      return;
  }
}

function arp(batch: Batch, row: number, s: PacketSummary): void {
  s.protocol = "ARP";
  const p = batch.layerPtr[row] as number;
  if (captured(batch, row) < 28 || readUint(batch.bytes, p, 4) !== 0x00010800) {
    s.info = "ARP";
    return;
  }
  const opcode = readUint(batch.bytes, p + 6, 2);
  const sender = formatIpv4(readUint(batch.bytes, p + 14, 4));
  const target = formatIpv4(readUint(batch.bytes, p + 24, 4));
  if (opcode === 1)
    s.info = sender === target ? `Gratuitous ARP for ${sender} (Request)` : `Who has ${target}? Tell ${sender}`;
  else if (opcode === 2)
    s.info =
      sender === target ? `Gratuitous ARP for ${sender} (Reply)` : `${sender} is at ${formatMac(batch.bytes, p + 8)}`;
  else s.info = `ARP opcode ${opcode}`;
}

function icmp(batch: Batch, row: number, s: PacketSummary): void {
  s.protocol = "ICMP";
  const p = batch.layerPtr[row] as number;
  if (captured(batch, row) < 8) return;
  const type = batch.bytes[p] as number;
  const code = batch.bytes[p + 1] as number;
  s.info = ICMP_TYPES.get(type) ?? `Type ${type}`;
  if (type === 0 || type === 8) {
    const seq = readUint(batch.bytes, p + 6, 2);
    s.info += `  id=0x${readUint(batch.bytes, p + 4, 2)
      .toString(16)
      .padStart(4, "0")}, seq=${seq}/${((seq & 255) << 8) | (seq >> 8)}`;
    const ip = batch.layerAux[row] as number;
    if (batch.layerKind[ip] === LAYER_IPV4) s.info += `, ttl=${batch.bytes[(batch.layerPtr[ip] as number) + 8]}`;
  } else if (type === 3) s.info += ` (${UNREACHABLE[code] ?? `code ${code}`})`;
  else if (type === 11) s.info += code ? " (Fragment reassembly time exceeded)" : " (Time to live exceeded in transit)";
}

function tcp(batch: Batch, row: number, s: PacketSummary): void {
  s.protocol = "TCP";
  const p = batch.layerPtr[row] as number;
  if (captured(batch, row) < 20) return;
  const flags = batch.bytes[p + 13] as number;
  const names = TCP_FLAGS.filter((_, i) => flags & (1 << i));
  const analysed = batch.stream[row] !== NO_ROW;
  const seq = analysed ? (batch.relativeSeq[row] as number) : readUint(batch.bytes, p + 4, 4);
  const ack = analysed ? (batch.relativeAck[row] as number) : readUint(batch.bytes, p + 8, 4);
  const window = analysed ? (batch.scaledWindow[row] as number) : readUint(batch.bytes, p + 14, 2);
  const header = ((batch.bytes[p + 12] as number) >> 4) * 4;
  const length = Math.max((batch.layerLength[row] as number) - header, 0);
  s.info = `${readUint(batch.bytes, p, 2)} → ${readUint(batch.bytes, p + 2, 2)} [${names.join(", ") || "<None>"}] Seq=${seq}`;
  if (flags & 16) s.info += ` Ack=${ack}`;
  s.info += ` Win=${window} Len=${length}`;
  visitTcpOptions(batch, row, (kind, at, n, here) => {
    if (here < n) return;
    if (kind === 2 && n === 4) s.info += ` MSS=${readUint(batch.bytes, at + 2, 2)}`;
    else if (kind === 3 && n === 3) s.info += ` WS=${2 ** (batch.bytes[at + 2] as number)}`;
    else if (kind === 4) s.info += " SACK_PERM";
    else if (kind === 8 && n === 10)
      s.info += ` TSval=${readUint(batch.bytes, at + 2, 4)} TSecr=${readUint(batch.bytes, at + 6, 4)}`;
    else if (kind === 5) {
      for (let q = at + 2; q + 8 <= at + n; q += 8) {
        const base = analysed ? readUint(batch.bytes, p + 8, 4) - ack : 0;
        s.info += ` SLE=${(readUint(batch.bytes, q, 4) - base) >>> 0} SRE=${(readUint(batch.bytes, q + 4, 4) - base) >>> 0}`;
      }
    }
  });
}

function dns(batch: Batch, row: number, s: PacketSummary): void {
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const udp = batch.layerKind[row - 1] === LAYER_UDP;
  const port = udp ? batch.layerPtr[row - 1] : undefined;
  const ports = port === undefined ? [] : [readUint(batch.bytes, port, 2), readUint(batch.bytes, port + 2, 2)];
  s.protocol = ports.includes(5353) ? "MDNS" : ports.includes(5355) ? "LLMNR" : "DNS";
  let head = "";
  let questions = "";
  let answers = "";
  const visitor = {
    message(m: DnsMessage): void {
      const code = m.isResponse && m.rcode > 0 ? ` ${DNS_RCODES.get(m.rcode) ?? `error ${m.rcode}`}` : "";
      head = `Standard query${m.isResponse ? " response" : ""} 0x${m.id.toString(16).padStart(4, "0")}${code}`;
    },
    question(q: DnsQuestion, m: DnsMessage): void {
      questions += ` ${dnsTypeName(q.type)} ${dnsName(batch.bytes, q.name, m)}`;
    },
    record(
      r: { readonly type: number; readonly section: number; readonly hasValue: boolean; readonly data: number },
      m: DnsMessage,
    ): void {
      if (r.section !== 0 || answers.length > 200) return;
      answers += ` ${dnsTypeName(r.type)}`;
      if (!r.hasValue) return;
      if (r.type === 1) answers += ` ${formatIpv4(readUint(batch.bytes, r.data, 4))}`;
      else if (r.type === 28) answers += ` ${formatIpv6(batch.bytes, r.data)}`;
      else if (r.type === 5) answers += ` ${dnsName(batch.bytes, r.data, m)}`;
    },
  };
  if (udp) visitDns(batch.bytes, p, end, visitor, p + (batch.layerLength[row] as number));
  else visitDnsOverTcp(batch.bytes, p, end, visitor);
  if (head) s.info = head + questions + answers;
}

function dhcp(batch: Batch, row: number, s: PacketSummary): void {
  s.protocol = "DHCP";
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const m = createDhcpMessage();
  readDhcp(batch.bytes, p, end, m, p + (batch.layerLength[row] as number));
  let type = m.operation === 1 ? "Boot Request" : "Boot Reply";
  if (m.options >= 0)
    visitDhcpOptions(batch.bytes, m.options, end, (code, data, length) => {
      if (code === 53 && length === 1) type = `DHCP ${DHCP_MESSAGES[batch.bytes[data] as number] ?? "message"}`;
    });
  if (captured(batch, row) >= 8) s.info = `${type} - Transaction ID 0x${readUint(batch.bytes, p + 4, 4).toString(16)}`;
}

function http(batch: Batch, row: number, s: PacketSummary): void {
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  let line = "";
  visitHttp(batch.bytes, p, end, {
    request(_m, _mEnd, _t, tEnd) {
      if (!line) line = httpText(batch.bytes, p, lineEnd(batch.bytes, tEnd, end));
    },
    response(_code, at) {
      if (!line) line = httpText(batch.bytes, p, lineEnd(batch.bytes, at, end));
    },
  });
  s.protocol = "HTTP";
  if (line) s.info = line;
}

function lineEnd(bytes: Uint8Array, from: number, end: number): number {
  let q = from;
  while (q < end && bytes[q] !== 13 && bytes[q] !== 10) q++;
  return q;
}

const TLS_RECORDS: ReadonlyMap<number, string> = new Map([
  [20, "Change Cipher Spec"],
  [21, "Alert"],
  [22, "Handshake"],
  [23, "Application Data"],
  [24, "Heartbeat"],
]);

function tls(batch: Batch, row: number, s: PacketSummary): void {
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const type = batch.bytes[p] as number;
  s.protocol = "TLS";
  let text = TLS_RECORDS.get(type) ?? "Continuation";
  if (type === 22 && end - p >= 6) {
    const handshake = batch.bytes[p + 5];
    if (handshake === 1) text = "Client Hello";
    else if (handshake === 2) text = "Server Hello";
  }
  visitTls(batch.bytes, p, end, {
    serverName: (source: Uint8Array, from: number, to: number): void => {
      text += ` (SNI=${tlsText(source, from, to)})`;
    },
  });
  s.info = text;
}
