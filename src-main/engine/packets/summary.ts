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
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
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
import { LINKTYPE_WLAN, linkTypeName } from "../../../src-shared/model/link-type";
import {
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
import { isRepeated } from "../fields/tcp-notes";
import type { CaptureInterface } from "../readers/capture-file";
import { arpLine } from "./arp-line";
import { dnsLine } from "./dns-line";
import { httpLine } from "./http-line";
import { icmpLine, icmpv6Line, igmpLine } from "./icmp-lines";
import type { PacketPast } from "./packet-past";
import { messageOf, payloadLine, pimRow } from "./payload-line";
import { sctpLine } from "./sctp-line";
import { tcpLine, tcpNotes } from "./tcp-line";
import { tlsLine } from "./tls-line";
import { wlanLine } from "./wlan-line";

export interface PacketSummary {
  source: string;
  destination: string;
  protocol: string;
  info: string;
}

/** RFC 2132 section 9.6, RFC 3203, RFC 4388 section 6.1, RFC 6926. */
const DHCP_MESSAGES = [
  "",
  "Discover",
  "Offer",
  "Request",
  "Decline",
  "ACK",
  "NAK",
  "Release",
  "Inform",
  "Force Renew",
  "Lease query",
  "Lease Unassigned",
  "Lease Unknown",
  "Lease Active",
  "Bulk Lease Query",
  "Lease Query Done",
];

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
  let notes = "";
  let transport = "";
  for (let row = first; row < last; row++) {
    // What an error message quotes is told by the message itself.
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) break;
    layer(batch, row, s, packet, past);
    const kind = batch.layerKind[row] as number;
    if (kind === LAYER_UDP || kind === LAYER_TCP) transport = s.info;
    if (kind !== LAYER_TCP || batch.stream[row] === NO_ROW) continue;
    notes = tcpNotes(batch, packet, row, past);
    // What was there before, or is out of its turn, is told as a segment: a message is listed once.
    if (isRepeated(batch.analysis[row] as number)) break;
  }
  s.info = notes + withStop(batch, packet, point, s.info, s.info === transport);
  if (!s.protocol)
    s.protocol = batch.stopReason(packet) === STOP_LINK_TYPE ? linkTypeName(point?.linkType ?? -1) : "data";
  return s;
}

/** The number of who defined the block, which is in front of its data, in the byte order that makes it small. */
function customBlockText(batch: Batch, packet: number): string {
  const at = (batch.data[packet] as number) - 4;
  return `Custom Block: PEN = ${Math.min(batch.view.getUint32(at, true), batch.view.getUint32(at, false))}`;
}

/** Headers that name what they carry: where that is cut off, the name says more than was seen. */
const CARRIERS: ReadonlySet<number> = new Set([LAYER_ETHERNET, LAYER_VLAN, LAYER_IPV4, LAYER_IPV6]);

/** `info` with the reason why decoding ended. `isSegment`: it tells of TCP or UDP, and of nothing they carry. */
function withStop(
  batch: Batch,
  packet: number,
  point: CaptureInterface | undefined,
  info: string,
  isSegment: boolean,
): string {
  switch (batch.stopReason(packet)) {
    case STOP_CAPTURE: {
      if ((batch.captured[packet] as number) >= (batch.length[packet] as number)) return `${info} [Cut short]`;
      const last = (batch.firstLayer[packet] as number) + batch.layersOf(packet) - 1;
      const kind = batch.layersOf(packet) > 0 ? (batch.layerKind[last] as number) : 0;
      // A payload that nobody reads is cut in every capture that keeps headers only.
      if (isSegment && (kind === LAYER_PAYLOAD || isWhole(batch, last, kind))) return info;
      return `${CARRIERS.has(kind) ? "" : info}[Packet size limited during capture]`;
    }
    case STOP_LENGTH:
      return `${info} [Length field ends inside a header]`;
    case STOP_HEADER:
      return `${info} [Malformed header]`;
    case STOP_DEPTH:
      return `${info} [Nested too deeply]`;
    case STOP_LINK_TYPE:
      return `${info}Link type ${point?.linkType ?? "?"} is not decoded`;
    default:
      return info;
  }
}

/** The header of TCP or UDP at `row` was captured to its end. */
function isWhole(batch: Batch, row: number, kind: number): boolean {
  const here = captured(batch, row);
  if (kind === LAYER_UDP) return here >= 8;
  if (kind !== LAYER_TCP || here < 20) return false;
  return here >= ((batch.bytes[(batch.layerPtr[row] as number) + 12] as number) >> 4) * 4;
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
      s.protocol = "ARP";
      s.info = arpLine(batch, row);
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
      s.info = nextHeader(u(6, 1));
      return;
    case LAYER_IPV6_HOPOPTS:
    case LAYER_IPV6_ROUTING:
    case LAYER_IPV6_DSTOPTS:
      if (here > 0) s.info = nextHeader(u(0, 1));
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
      s.protocol = "TCP";
      s.info = tcpLine(batch, row);
      return;
    case LAYER_UDP:
      s.protocol = "UDP";
      s.info = udpLine(batch, row);
      return;
    case LAYER_SCTP:
      s.protocol = "SCTP";
      if (here >= 4) s.info = sctpLine(messageOf(batch, row, false)) || `${u(0, 2)} → ${u(2, 2)}`;
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
      if (here >= 4) s.info = `Encapsulated ${GRE_PROTOCOLS.get(u(2, 2)) ?? `${hex4(u(2, 2))} (unknown)`}`;
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
      told(s, httpLine(batch, row));
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

/** Headers of IPv6 that are told where nothing follows them. */
const IPV6_EXTENSIONS: ReadonlyMap<number, string> = new Map([
  [0, "IPv6 hop-by-hop options"],
  [43, "IPv6 routing"],
  [59, "IPv6 no next header"],
  [60, "IPv6 destination options"],
]);
const nextHeader = (number: number): string =>
  IPV6_EXTENSIONS.get(number) ?? `${IP_PROTOCOLS.get(number) ?? "Unknown"} (${number})`;

const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, "0")}`;
/** What a GRE header's protocol is called where nothing behind it says more. */
const GRE_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0x0000, "Possible GRE keepalive packet"],
  [0x0800, "IP"],
  [0x0806, "ARP"],
  [0x6400, "MIKROTIK EoIP"],
  [0x6558, "Transparent Ethernet bridging"],
  [0x86dd, "IPv6"],
  [0x880b, "PPP"],
  [0x8847, "MPLS label switched packet"],
  [0x8848, "MPLS multicast label switched packet"],
  [0x88be, "ERSPAN"],
]);

/** Ports and length; a length that cannot be, and a checksum that IPv6 does not allow (RFC 8200 section 8.1). */
function udpLine(batch: Batch, row: number): string {
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  if (here < 4) return "";
  const ports = `${readUint(batch.bytes, p, 2)} → ${readUint(batch.bytes, p + 2, 2)}`;
  if (here < 8) return ports;
  const stated = readUint(batch.bytes, p + 4, 2);
  const granted = batch.layerLength[row] as number;
  const carrier = row > 0 ? (batch.layerKind[row - 1] as number) : 0;
  const isFragment = ((batch.layerFlags[row - 1] ?? 0) & LAYER_FLAG_FRAGMENT) !== 0;
  const isTooLong = stated > granted && !isFragment && (carrier === LAYER_IPV4 || carrier === LAYER_IPV6);
  const isIllegal = carrier === LAYER_IPV6 && readUint(batch.bytes, p + 6, 2) === 0;
  const bad = isTooLong ? ` [BAD UDP LENGTH ${stated} > IP PAYLOAD LENGTH]` : "";
  return `${ports}${bad} Len=${Math.max(stated - 8, 0)}${isIllegal && !isTooLong ? " [ILLEGAL CHECKSUM (0)]" : ""}`;
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
