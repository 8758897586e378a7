/**
 * The names of layers that the kernel does not decode and that have more to them than one name: what tshark shows for
 * the bytes of a protocol told by an EtherType, an IP protocol number, an LLC address and the like.
 */
import { FIRST_ETHERTYPE } from "../../../src-shared/model/header-numbers";
import {
  CHDLC_PROTOCOLS,
  CISCO_PIDS,
  ETHERTYPES,
  GRE_PROTOCOLS,
  IGMP_TYPES,
  IP_PROTOCOLS,
  LLC_SAPS,
  PPP_PROTOCOLS,
  SCTP_PAYLOADS,
  SCTP_PORTS,
  UDP_PORTS,
  TCP_PORTS,
  protocolsByNumber,
} from "../../../src-shared/model/port-protocols";
import { readUint } from "./field";

const etherTypes = protocolsByNumber(ETHERTYPES);
const ipProtocols = protocolsByNumber(IP_PROTOCOLS);
const pppProtocols = protocolsByNumber(PPP_PROTOCOLS);
const chdlcProtocols = protocolsByNumber(CHDLC_PROTOCOLS);
const greProtocols = protocolsByNumber(GRE_PROTOCOLS);
const saps = protocolsByNumber(LLC_SAPS);
const ciscoPids = protocolsByNumber(CISCO_PIDS);
const igmpTypes = protocolsByNumber(IGMP_TYPES);
const sctpPayloads = protocolsByNumber(SCTP_PAYLOADS);
const sctpPorts = protocolsByNumber(SCTP_PORTS);
const udpPorts = protocolsByNumber(UDP_PORTS);
const tcpPorts = protocolsByNumber(TCP_PORTS);

/** Names for the bytes at `at`, joined by ":". */
type Layers = (bytes: Uint8Array, at: number, end: number) => string;

const join = (name: string, more: string): string => (more === "" ? name : `${name}:${more}`);
const byte = (b: Uint8Array, at: number, end: number): number => (at < end ? (b[at] as number) : -1);

const ISIS: ReadonlyMap<number, string> = new Map([
  [15, "isis.hello"],
  [16, "isis.hello"],
  [17, "isis.hello"],
  [18, "isis.lsp"],
  [20, "isis.lsp"],
  [24, "isis.csnp"],
  [25, "isis.csnp"],
  [26, "isis.psnp"],
  [27, "isis.psnp"],
]);

const isis: Layers = (b, at, end) =>
  end - at < 5 ? "isis" : join("isis", ISIS.get((b[at + 4] as number) & 0x1f) ?? "");

/** Network layer protocol identifiers (ISO/IEC TR 9577). */
function nlpid(id: number, b: Uint8Array, at: number, end: number): string | undefined {
  switch (id) {
    case 0x81:
      return "clnp";
    case 0x82:
      return "esis";
    case 0x83:
      return isis(b, at, end);
    case 0xcc:
      return ipLayers(b, at, end);
    case 0x8e:
      return ip6Layers(b, at, end);
    default:
      return undefined;
  }
}

const CHDLC_OSI = 0xfefe;
const ICV_BYTES = 16;
const SLOW = ["", "lacp", "marker", "oampdu", "", "", "", "", "", "", "ossp"];

const SPECIAL: ReadonlyMap<string, Layers> = new Map<string, Layers>([
  ["osi", (b, at, end) => join("osi", nlpid(byte(b, at, end), b, at, end) ?? "data")],
  ["isis", isis],
  ["slow", (b, at, end) => join("slow", SLOW[byte(b, at, end)] ?? "")],
  ["loop", (_b, at, end) => (end - at > 2 ? "loop:data" : "loop")],
  ["macsec", (b, at, end) => macsecLayers(b, at, end)],
  ["ipcomp", (_b, at, end) => (end - at > 4 ? "ipcomp:data" : "ipcomp")],
  ["eth", (b, at, end) => ethernetLayers(b, at, end)],
  ["igmp", (b, at, end) => igmpLayers(b, at, end)],
  ["ip", (b, at, end) => ipLayers(b, at, end)],
  ["ipv6", (b, at, end) => ip6Layers(b, at, end)],
  ["pim", (b, at, end) => pimLayers(b, at, end)],
  ["dccp", (b, at, end) => dccpLayers(b, at, end)],
  ["pgm", (b, at, end) => pgmLayers(b, at, end)],
]);

function layersOf(name: string, b: Uint8Array, at: number, end: number): string {
  const special = SPECIAL.get(name);
  return special ? special(b, at, end) : name;
}

const known = (table: ReadonlyMap<number, string>, number: number, b: Uint8Array, at: number, end: number): string => {
  const name = table.get(number);
  return name === undefined ? (at < end ? "data" : "") : layersOf(name, b, at, end);
};

export const etherTypeLayers = (type: number, b: Uint8Array, at: number, end: number): string =>
  known(etherTypes, type, b, at, end);
export const ipProtocolLayers = (protocol: number, b: Uint8Array, at: number, end: number): string =>
  known(ipProtocols, protocol, b, at, end);
export const pppLayers = (protocol: number, b: Uint8Array, at: number, end: number): string =>
  known(pppProtocols, protocol, b, at, end);
export const greLayers = (protocol: number, b: Uint8Array, at: number, end: number): string =>
  known(greProtocols, protocol, b, at, end);
/** Cisco puts a byte before OSI. */
export const chdlcLayers = (protocol: number, b: Uint8Array, at: number, end: number): string =>
  known(chdlcProtocols, protocol, b, protocol === CHDLC_OSI ? at + 1 : at, end);

/** Behind an LLC header at `llc`; `at` is what follows it. */
export function llcLayers(b: Uint8Array, llc: number, at: number, end: number): string {
  if (end - llc < 3) return "";
  const dsap = b[llc] as number;
  const ssap = b[llc + 1] as number;
  if (dsap === 0xaa && ssap === 0xaa) {
    if (end - llc < 8) return "";
    const oui = readUint(b, llc + 3, 3);
    const pid = readUint(b, llc + 6, 2);
    const body = llc + 8;
    switch (oui) {
      case 0x000000:
      case 0x0000f8:
        return known(etherTypes, pid, b, body, end);
      case 0x00000c: {
        const name = ciscoPids.get(pid);
        return name ?? (body < end ? "data" : "");
      }
      case 0x000081:
        return pid === 417 || pid === 418 ? "ndp" : "data";
      case 0x080007:
        return pid === 0x809b ? "ddp" : "data";
      case 0x00e02b:
        return pid === 0xbb ? "edp" : "data";
      default:
        return body < end ? "data" : "";
    }
  }
  return known(saps, dsap & 0xfe, b, at, end);
}

function igmpLayers(b: Uint8Array, at: number, end: number): string {
  const type = byte(b, at, end);
  if (type < 0) return "igmp";
  return join("igmp", igmpTypes.get(type) ?? "");
}

/** Behind an IGMP header. */
export function igmpRow(b: Uint8Array, at: number, end: number): string {
  return igmpLayers(b, at, end);
}

function pimLayers(b: Uint8Array, at: number, end: number): string {
  if (end - at < 8 || (b[at] as number) !== 0x21) return "pim";
  const version = byte(b, at + 8, end) >> 4;
  if (version === 4) return join("pim", ipLayers(b, at + 8, end));
  if (version === 6) return join("pim", ip6Layers(b, at + 8, end));
  return "pim";
}

function dccpLayers(b: Uint8Array, at: number, end: number): string {
  const header = byte(b, at + 4, end) * 4;
  return header > 0 && at + header < end ? "dccp:data" : "dccp";
}

function pgmLayers(b: Uint8Array, at: number, end: number): string {
  const type = byte(b, at + 4, end);
  return (type === 4 || type === 5) && end - at > 24 ? "pgm:data" : "pgm";
}

/** An Ethernet frame in something the kernel does not decode. */
export function ethernetLayers(b: Uint8Array, at: number, end: number): string {
  if (end - at < 14) return "eth";
  const type = readUint(b, at + 12, 2);
  if (type >= FIRST_ETHERTYPE)
    return end - at > 14 ? `eth:ethertype${prefixed(etherTypeLayers(type, b, at + 14, end))}` : "eth";
  if (type === 0) return end - at > 14 ? "eth:ethertype:data" : "eth";
  if (type > 1500) return "eth:data";
  const stop = Math.min(end, at + 14 + type);
  return `eth:llc${prefixed(llcLayers(b, at + 14, at + 17, stop))}`;
}

const prefixed = (more: string): string => (more === "" ? "" : `:${more}`);

/** 802.1AE: what is not encrypted and has an integrity check value is shown (IEEE 802.1AE-2018 clause 9). */
function macsecLayers(b: Uint8Array, at: number, end: number): string {
  if (end - at < 6) return "data";
  const control = b[at] as number;
  const header = control & 0x20 ? 14 : 6;
  if (control & 0x80 || end - at < header + ICV_BYTES) return "data";
  const stop = end - ICV_BYTES;
  const encrypted = (control & 0x0c) !== 0;
  if (encrypted || stop - at < header + 2) return stop > at + header ? "macsec:data" : "macsec";
  const type = readUint(b, at + header, 2);
  return `macsec:ethertype${prefixed(etherTypeLayers(type, b, at + header + 2, stop))}`;
}

/** A pseudowire behind MPLS labels: tshark sees a control word where a global address follows it, Ethernet otherwise. */
export function pseudowireLayers(b: Uint8Array, at: number, end: number): string {
  const first = byte(b, at, end);
  if (first < 0) return "";
  if (first >> 4 === 1) return "pwach";
  const hasControl = end - at >= 18 && isGlobal(b, at + 4) && isGlobal(b, at + 10);
  return hasControl
    ? `pwethheuristic:pwethcw:${ethernetLayers(b, at + 4, end)}`
    : `pwethheuristic:pwethnocw:${ethernetLayers(b, at, end)}`;
}

/** An address whose maker Wireshark may know. */
const isGlobal = (b: Uint8Array, at: number): boolean => ((b[at] as number) & 2) === 0 || (b[at] as number) === 0xff;

/** Names of an IP packet that lies in something the kernel does not decode; ports tell what conversations cannot. */
function ipLayers(b: Uint8Array, at: number, end: number): string {
  if (end - at < 20 || (b[at] as number) >> 4 !== 4) return "ip";
  const header = ((b[at] as number) & 15) * 4;
  const stop = Math.min(end, at + Math.max(readUint(b, at + 2, 2), header));
  if (header < 20) return "ip";
  if (readUint(b, at + 6, 2) & 0x1fff) return stop > at + header ? "ip:data" : "ip";
  return join("ip", transportLayers(b[at + 9] as number, b, at + header, stop));
}

function ip6Layers(b: Uint8Array, at: number, end: number): string {
  if (at < end && (b[at] as number) >> 4 !== 6) return "data";
  if (end - at < 40) return "ipv6";
  const stop = Math.min(end, at + 40 + readUint(b, at + 4, 2));
  return join("ipv6", transportLayers(b[at + 6] as number, b, at + 40, stop));
}

function transportLayers(protocol: number, b: Uint8Array, at: number, end: number): string {
  if (protocol === 17 && end - at >= 8) {
    const name = byPorts(udpPorts, b, at);
    return join("udp", end - at === 8 ? "" : (name ?? "data"));
  }
  if (protocol === 6 && end - at >= 20) {
    const header = ((b[at + 12] as number) >> 4) * 4;
    return join("tcp", header < 20 || at + header >= end ? "" : (byPorts(tcpPorts, b, at) ?? "data"));
  }
  if (at >= end) return "";
  if (protocol === 1) return end - at > 8 ? "icmp:data" : "icmp";
  return ipProtocolLayers(protocol, b, at, end);
}

function byPorts(table: ReadonlyMap<number, string>, b: Uint8Array, at: number): string | undefined {
  const a = readUint(b, at, 2);
  const c = readUint(b, at + 2, 2);
  return table.get(Math.min(a, c)) ?? table.get(Math.max(a, c));
}

const CHUNK_DATA = 0;
const CHUNK_I_DATA = 64;

/** The user data chunks of an SCTP packet (RFC 9260 section 3.3.1), each with the layers of its payload. */
export function sctpLayers(b: Uint8Array, packet: number, end: number): string {
  let layers = "sctp";
  let at = packet + 12;
  while (end - at >= 4) {
    const type = b[at] as number;
    const length = readUint(b, at + 2, 2);
    if (length < 4) break;
    if (type === CHUNK_DATA || type === CHUNK_I_DATA) {
      const header = type === CHUNK_DATA ? 16 : 20;
      const whole = ((b[at + 1] as number) & 3) === 3;
      if (length > header && end - at >= length && whole) {
        const ppi = readUint(b, at + (type === CHUNK_DATA ? 12 : 16), 4);
        layers += `:${sctpPayloads.get(ppi) ?? byPorts(sctpPorts, b, packet) ?? "data"}`;
      }
    }
    at += (length + 3) & ~3;
  }
  return layers;
}

/** Packets the kernel finds no layer in: mostly of link types it does not decode. */
export function linkLayers(linkType: number): string {
  switch (linkType) {
    case 1:
      return "eth";
    case 104:
      return "chdlc";
    case 105:
      return "wlan";
    case 107:
      return "fr";
    case 123:
      return "atm";
    case 127:
      return "radiotap:wlan_radio:wlan";
    case 137:
    case 178:
      return "juniper";
    case 140:
      return "mtp2:mtp3";
    case 165:
      return "mstp";
    case 192:
      return "ppi:wlan_radio:wlan";
    case 195:
    case 215:
    case 230:
      return "wpan";
    case 253:
      return "netlink";
    case 271:
      return "vsock";
    default:
      return "data";
  }
}

/** Behind a Frame Relay header at `at` that the kernel did not follow, without its own name (RFC 2427). */
export function frameRelayLayers(b: Uint8Array, at: number, end: number): string {
  if (end - at < 4) return "";
  if (b[at + 2] !== 3) return known(etherTypes, readUint(b, at + 2, 2), b, at + 4, end);
  const p = b[at + 3] === 0 ? at + 4 : at + 3;
  const id = byte(b, p, end);
  if (id === 0x80 && end - p >= 6) {
    const oui = readUint(b, p + 1, 3);
    const pid = readUint(b, p + 4, 2);
    if (oui === 0x0080c2 && (pid === 1 || pid === 7)) return ethernetLayers(b, p + 6, end);
    return oui === 0 ? known(etherTypes, pid, b, p + 6, end) : "data";
  }
  const isOsi = id === 0x81 || id === 0x82 || id === 0x83;
  return nlpid(id, b, isOsi ? p : p + 1, end) ?? "data";
}
