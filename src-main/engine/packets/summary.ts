/**
 * One line about a packet, as people know it from Wireshark's packet list: source, destination, protocol and info of the
 * innermost layer. Made for the rows that are shown, not for every packet of a capture.
 */
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { IP_PROTOCOLS } from "../layouts/network-names";
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
  LAYER_PAYLOAD,
  LAYER_PIM,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { createDhcpMessage, readDhcp, visitDhcpOptions } from "../../../src-shared/wire/dhcp";
import { httpText, visitHttp } from "../../../src-shared/wire/http";
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
import { dnsLine } from "./dns-line";
import { icmpLine, icmpv6Line, igmpLine } from "./icmp-lines";
import type { PacketPast } from "./packet-past";
import { payloadLine, pimRow } from "./payload-line";
import { tlsLine } from "./tls-line";
import { wlanLine } from "./wlan-line";

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

/**
 * Tells about packet `packet` of the batch. `point` is its capture point, for packets of link types that are not decoded. `past`
 * tells what packets before it showed; without it the packet is told by itself.
 */
export function summarise(
  batch: Batch,
  packet: number,
  point: CaptureInterface | undefined,
  past?: PacketPast,
): PacketSummary {
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
    layer(batch, row, s, packet, past);
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
        ? "[Packet size limited during capture]"
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

function layer(batch: Batch, row: number, s: PacketSummary, packet: number, past: PacketPast | undefined): void {
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
      if (here >= 4) {
        const tag = u(0, 2);
        s.info = `PRI: ${tag >> 13}  DEI: ${(tag >> 12) & 1}  ID: ${tag & 0xfff}`;
      }
      s.protocol = "VLAN";
      return;
    case LAYER_MPLS:
      s.protocol = "MPLS";
      if (here >= 4) s.info = `MPLS label ${u(0, 4) >>> 12}`;
      return;
    case LAYER_OTHER_LINK:
      if (batch.layerAux[row] === LINKTYPE_WLAN) {
        s.protocol = "802.11";
        Object.assign(s, wlanLine(batch, row));
      } else s.protocol = linkTypeName(batch.layerAux[row] as number);
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
      s.info = `${IP_PROTOCOLS.get(u(9, 1)) ?? "Unknown"} (${u(9, 1)})`;
      const fragment = u(6, 2);
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_FRAGMENT && fragment & 0x1fff)
        s.info = `Fragmented IP protocol (proto=${IP_PROTOCOLS.get(u(9, 1)) ?? "Unknown"} ${u(9, 1)}, off=${(fragment & 0x1fff) * 8}, ID=${u(4, 2).toString(16).padStart(4, "0")})`;
      return;
    }
    case LAYER_IPV6:
      if (here < 40) return;
      s.source = formatIpv6(bytes, p + 8);
      s.destination = formatIpv6(bytes, p + 24);
      s.protocol = "IPv6";
      s.info = `${IP_PROTOCOLS.get(u(6, 1)) ?? "Unknown"} (${u(6, 1)})`;
      return;
    case LAYER_IPV6_FRAGMENT:
      if (here >= 8)
        s.info = `IPv6 fragment (off=${u(2, 2) & 0xfff8} more=${u(2, 2) & 1 ? "y" : "n"} ident=0x${u(4, 4).toString(16).padStart(8, "0")} nxt=${u(0, 1)})`;
      return;
    case LAYER_ICMP:
      s.protocol = "ICMP";
      s.info = icmpLine(batch, row, past?.requestOf(batch, packet) ?? 0);
      return;
    case LAYER_ICMPV6:
      s.protocol = "ICMPv6";
      s.info = icmpv6Line(batch, row, past?.requestOf(batch, packet) ?? 0);
      return;
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
      s.info = wireguard(batch, row);
      return;
    case LAYER_ESP:
      s.protocol = "ESP";
      if (here >= 4) s.info = `ESP (SPI=0x${u(0, 4).toString(16).padStart(8, "0")})`;
      return;
    case LAYER_IGMP:
      Object.assign(s, igmpLine(batch, row));
      return;
    case LAYER_PIM:
      if (here > 0) told(s, pimRow(batch, row));
      return;
    case LAYER_DNS:
      told(s, dnsLine(batch, row));
      return;
    case LAYER_DHCP:
      dhcp(batch, row, s);
      return;
    case LAYER_HTTP:
      http(batch, row, s);
      return;
    case LAYER_TLS:
      told(s, tlsLine(batch, row, past?.tlsVersionOf(batch, packet) ?? 0));
      return;
    case LAYER_PAYLOAD:
      told(s, payloadLine(batch, row, batch.firstLayer[packet] as number, packet));
      return;
    default:
      return;
  }
}

/** Takes over a line; one that says nothing leaves the carrier's. */
function told(s: PacketSummary, line: { readonly protocol: string; readonly info: string } | undefined): void {
  if (!line) return;
  s.protocol = line.protocol;
  if (line.info !== "") s.info = line.info;
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
  // RFC 5227: an announcement, and a probe before an address is taken.
  if (opcode === 1)
    s.info =
      sender === target
        ? `ARP Announcement for ${sender}`
        : sender === "0.0.0.0"
          ? `Who has ${target}? (ARP Probe)`
          : `Who has ${target}? Tell ${sender}`;
  else if (opcode === 2)
    s.info =
      sender === target ? `Gratuitous ARP for ${sender} (Reply)` : `${sender} is at ${formatMac(batch.bytes, p + 8)}`;
  else s.info = `ARP opcode ${opcode}`;
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

function dhcp(batch: Batch, row: number, s: PacketSummary): void {
  s.protocol = "DHCP";
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const m = createDhcpMessage();
  readDhcp(batch.bytes, p, end, m, p + (batch.layerLength[row] as number));
  let type = m.operation === 1 ? "Boot Request" : "Boot Reply";
  if (m.options >= 0)
    visitDhcpOptions(batch.bytes, m.options, end, (code, data, length) => {
      if (code === 53 && length === 1)
        type = `DHCP ${(DHCP_MESSAGES[batch.bytes[data] as number] ?? "message").padEnd(8)}`;
    });
  if (captured(batch, row) >= 8) s.info = `${type} - Transaction ID 0x${readUint(batch.bytes, p + 4, 4).toString(16)}`;
}

const WIREGUARD_MESSAGES = ["", "Handshake Initiation", "Handshake Response", "Cookie Reply", "Transport Data"];

/** The message, and the little-endian indices in front of it (WireGuard, section 5.4). */
function wireguard(batch: Batch, row: number): string {
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  const type = batch.bytes[p] as number;
  const index = (offset: number): string =>
    `0x${batch.view
      .getUint32(p + offset, true)
      .toString(16)
      .toUpperCase()
      .padStart(8, "0")}`;
  let text = WIREGUARD_MESSAGES[type] ?? "";
  if ((type === 1 || type === 2) && here >= 8) text += `, sender=${index(4)}`;
  if (type === 2 && here >= 12) text += `, receiver=${index(8)}`;
  if (type === 3 && here >= 8) text += `, receiver=${index(4)}`;
  if (type === 4 && here >= 16)
    text += `, receiver=${index(4)}, counter=${batch.view.getBigUint64(p + 8, true)}, datalen=${Math.max((batch.layerLength[row] as number) - 32, 0)}`;
  return text;
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
