/**
 * Protocol and line of bytes that the kernel does not decode: told by the carrier's number for them (port, IP protocol,
 * EtherType, LLC address) and, where a protocol can be recognised, by their first bytes. What is known by name only keeps the
 * carrier's line.
 */
import { FIRST_ETHERTYPE } from "../../../src-shared/model/header-numbers";
import {
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
} from "../../../src-shared/model/layer-kind";
import { readUint } from "../fields/field";
import { TCP_CHECKS, UDP_CHECKS } from "../fields/payload-checks";
import { payloadNames } from "../fields/protocol-stack";
import { KNOWN_TCP_PORTS } from "../fields/tcp-payloads";
import { KNOWN_UDP_PORTS } from "../fields/udp-payloads";
import { LAYER_FLAG_FRAGMENT } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { IP_PROTOCOLS } from "../layouts/network-names";
import { dhcpv6Line } from "./dhcpv6-line";
import { lldpLine, pppoedLine, stpLine } from "./discovery-lines";
import { bfdLine, eigrpLine, glbpLine, hsrpLine, hsrpVersion, ripLine, ripName } from "./gateway-lines";
import { http2Line } from "./http2-line";
import { isakmpLine, udpencapLine } from "./ipsec-lines";
import type { MessageBytes, MessageLine } from "./message-line";
import { protocolColumn } from "./protocol-names";
import { quicLine } from "./quic-line";
import { bgpLine, ospfLine, pimLine, vrrpLine } from "./routing-lines";
import { pgsqlLine, sshLine } from "./session-lines";
import { kafkaLine, mysqlLine, respLine } from "./store-lines";
import { cdpLine, lacpLine } from "./switch-lines";
import { ntpLine, ptpLine, ptpVersion } from "./time-lines";

export interface PayloadLine {
  readonly protocol: string;
  /** "": the carrier's line says more. */
  readonly info: string;
}

const LINES: ReadonlyMap<string, MessageLine> = new Map([
  ["bfd", bfdLine],
  ["bgp", bgpLine],
  ["cdp", cdpLine],
  ["dhcpv6", dhcpv6Line],
  ["eigrp", eigrpLine],
  ["glbp", glbpLine],
  ["hsrp", hsrpLine],
  ["isakmp", isakmpLine],
  ["kafka", kafkaLine],
  ["lacp", lacpLine],
  ["lldp", lldpLine],
  ["mysql", mysqlLine],
  ["ntp", ntpLine],
  ["ospf", ospfLine],
  ["pgsql", pgsqlLine],
  ["pppoed", pppoedLine],
  ["ptp", ptpLine],
  ["quic", quicLine],
  ["resp", respLine],
  ["rip", ripLine],
  ["ssh", sshLine],
  ["stp", stpLine],
  ["vrrp", vrrpLine],
]);

/** The kernel looks for these by their bytes: what is left on their ports is the rest of a message, or something else. */
const KERNELS: ReadonlySet<string> = new Set([
  "http",
  "tls",
  "dns",
  "mdns",
  "llmnr",
  "dhcp",
  "gtp",
  "vxlan",
  "geneve",
  "mpls",
]);
/** From here on ports are given to clients as they come: one names a protocol only if the other is no server's either. */
const FIRST_EPHEMERAL = 32768;
const QUIC_PORT = 443;
const LONG_HEADER_NAMES: ReadonlySet<string> = new Set(["ip", "ipv6", "udp", "tcp", "icmp", "data", "ethertype"]);

/** The filter name of the protocol that two ports stand for, "" if none; its bytes may still speak against it. */
export function portProtocol(transport: number, source: number, destination: number): string {
  const low = Math.min(source, destination);
  const high = Math.max(source, destination);
  if (transport === LAYER_UDP && low === QUIC_PORT) return "quic";
  const ports = transport === LAYER_TCP ? KNOWN_TCP_PORTS : KNOWN_UDP_PORTS;
  const name = ports.get(low) ?? (high >= FIRST_EPHEMERAL && low < FIRST_EPHEMERAL ? undefined : ports.get(high));
  return name === undefined || KERNELS.has(name) ? "" : name;
}

/** What their messages are called depends on a version in them, or on what they carry. */
const NAMED_BY_BYTES: ReadonlySet<string> = new Set(["hsrp", "ptp", "quic", "rip", "udpencap"]);

/** Whether payloads on ports of `name` are looked at before they are called so. */
export const asksBytes = (transport: number, name: string): boolean =>
  NAMED_BY_BYTES.has(name) || (transport === LAYER_TCP ? TCP_CHECKS : UDP_CHECKS).has(name);

/** What a payload row is, `first` being the packet's first row; undefined where only the carrier can be named. */
export function payloadLine(batch: Batch, row: number, first: number, packet: number): PayloadLine | undefined {
  const carrier = row - 1;
  if (carrier < first) return undefined;
  const kind = batch.layerKind[carrier] as number;
  if (kind === LAYER_TCP || kind === LAYER_UDP) return transportPayload(batch, row, carrier, kind);
  if ((batch.layerFlags[carrier] as number) & LAYER_FLAG_FRAGMENT) return undefined;
  const names = payloadNames(batch, row, first, packet).split(":");
  const name = names.findLast((n) => !LONG_HEADER_NAMES.has(n)) ?? "";
  if (name === "") return unknownProtocol(batch, carrier, kind);
  return told(name, messageOf(batch, row, false));
}

function transportPayload(batch: Batch, row: number, carrier: number, kind: number): PayloadLine | undefined {
  const { bytes } = batch;
  const p = batch.layerPtr[carrier] as number;
  const source = readUint(bytes, p, 2);
  const destination = readUint(bytes, p + 2, 2);
  const name = portProtocol(kind, source, destination);
  if (name === "") return kind === LAYER_TCP ? http2(messageOf(batch, row, false)) : undefined;
  const ports = kind === LAYER_TCP ? KNOWN_TCP_PORTS : KNOWN_UDP_PORTS;
  const message = messageOf(
    batch,
    row,
    ports.get(source) === name && (source < destination || ports.get(destination) !== name),
  );
  if (message.at >= message.end) return undefined;
  const check = (kind === LAYER_TCP ? TCP_CHECKS : UDP_CHECKS).get(name);
  if (check && !check(bytes, message.at, message.end)) return undefined;
  if (name === "quic" && quicLine(message) === "") return undefined;
  return told(name, message);
}

function http2(message: MessageBytes): PayloadLine | undefined {
  const info = http2Line(message);
  return info === "" ? undefined : { protocol: "HTTP2", info };
}

export function messageOf(batch: Batch, row: number, fromServer: boolean): MessageBytes {
  const at = batch.layerPtr[row] as number;
  const statedEnd = at + (batch.layerLength[row] as number);
  const end = Math.min(batch.layerEnd[row] as number, Math.max(statedEnd, at));
  return { bytes: batch.bytes, at, end, statedEnd, fromServer };
}

function told(name: string, message: MessageBytes): PayloadLine {
  if (name === "udpencap") return udpencapLine(message);
  const info = LINES.get(name)?.(message) ?? "";
  if (name === "rip") return { protocol: ripName(message), info };
  if (name === "hsrp") return { protocol: hsrpVersion(message) === 2 ? "HSRPv2" : "HSRP", info };
  if (name === "ptp") return { protocol: ptpVersion(message) === 1 ? "PTPv1" : "PTPv2", info };
  return { protocol: protocolColumn(name), info };
}

/** A number that no table has a name for. */
function unknownProtocol(batch: Batch, carrier: number, kind: number): PayloadLine | undefined {
  const number = batch.layerAux[carrier] as number;
  switch (kind) {
    case LAYER_ETHERNET:
    case LAYER_SLL:
    case LAYER_SLL2:
    case LAYER_CISCO_HDLC:
      return etherType(number, kind === LAYER_ETHERNET ? "Ethernet II" : "");
    case LAYER_VLAN:
      return etherType(readUint(batch.bytes, (batch.layerPtr[carrier] as number) + 2, 2), "");
    case LAYER_IPV4:
    case LAYER_IPV6:
      return {
        protocol: kind === LAYER_IPV4 ? "IPv4" : "IPv6",
        info: `${kind === LAYER_IPV4 ? "" : "Unknown IP Protocol: "}${IP_PROTOCOLS.get(number) ?? "Unknown"} (${number})`,
      };
    default:
      return undefined;
  }
}

/** PIM, of which the kernel knows the header alone. */
export function pimRow(batch: Batch, row: number): PayloadLine {
  const message = messageOf(batch, row, false);
  return { protocol: `PIMv${(batch.bytes[message.at] as number) >> 4}`, info: pimLine(message) };
}

const etherType = (type: number, info: string): PayloadLine | undefined =>
  type < FIRST_ETHERTYPE ? undefined : { protocol: `0x${type.toString(16).padStart(4, "0")}`, info };
