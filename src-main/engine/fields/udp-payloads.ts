/**
 * What tshark makes of UDP payloads: the conversation's dissector, the port table (the lower port first), heuristics; what is
 * left is "data".
 */
import { UDP_PORTS, protocolsByNumber } from "../../../src-shared/model/port-protocols";
import { NO_ROW } from "../kernel/assembly/abi";
import { readUint } from "./field";
import { type QuicConnection, newQuicConnection, readInitials } from "./quic-initial";
import { jsonLayers } from "./media-layers";
import { UDP_CHECKS, looksLikeSip, looksLikeStun } from "./payload-checks";
import {
  MESSAGE_DHCP,
  MESSAGE_DNS,
  MESSAGE_LLMNR,
  MESSAGE_MDNS,
  MESSAGE_QUIC,
  MESSAGE_SSDP,
  type Segment,
  type TakeMessage,
  isRpc,
  latin1,
} from "./payload-segment";

/** The ports a run starts with. */
export const KNOWN_UDP_PORTS: ReadonlyMap<number, string> = protocolsByNumber(UDP_PORTS);

/** What conversations of a file have shown. */
export interface UdpState {
  /** By stream: the dissector of all that follows. */
  readonly dissectors: (string | undefined)[];
  /** By stream: QUIC connections whose keys are known. */
  readonly quic: (QuicConnection | undefined)[];
  /** Client ports of TFTP transfers. */
  readonly tftp: Set<number>;
}

export const newUdpState = (): UdpState => ({ dissectors: [], quic: [], tftp: new Set() });

export class UdpPayloads {
  constructor(
    private readonly take: TakeMessage,
    private readonly ports: ReadonlyMap<number, string>,
  ) {}

  /** The names of a datagram's payload, joined by ":". */
  names(s: Segment, stream: number, state: UdpState): string {
    const known = stream === NO_ROW ? undefined : state.dissectors[stream];
    if (known !== undefined) {
      const name = this.dissect(known, s, stream, state);
      if (name !== undefined) return name;
    }
    const { tftp } = state;
    if (tftp.size > 0 && tftp.has(s.destinationPort) && this.ports.get(s.sourcePort) === undefined) {
      if (stream !== NO_ROW) state.dissectors[stream] = "tftp";
      return this.dissect("tftp", s, stream, state) as string;
    }
    const low = Math.min(s.sourcePort, s.destinationPort);
    const high = Math.max(s.sourcePort, s.destinationPort);
    for (const port of [low, high]) {
      const registered = this.ports.get(port);
      if (registered === undefined) continue;
      const name = this.dissect(registered, s, stream, state);
      if (name !== undefined) return name;
    }
    const guess = udpHeuristic(s);
    if (guess !== "") {
      const name = this.dissect(guess, s, stream, state);
      if (name !== undefined) {
        if (stream !== NO_ROW && (guess === "quic" || guess === "dtls" || guess === "sip"))
          state.dissectors[stream] = guess;
        return name;
      }
    }
    return "data";
  }

  private dissect(name: string, s: Segment, stream: number, state: UdpState): string | undefined {
    const { bytes, start, end } = s;
    const size = end - start;
    switch (name) {
      case "dns":
        this.take(MESSAGE_DNS, s);
        return name;
      case "mdns":
        this.take(MESSAGE_MDNS, s);
        return name;
      case "llmnr":
        this.take(MESSAGE_LLMNR, s);
        return name;
      case "dhcp":
        this.take(MESSAGE_DHCP, s);
        return name;
      case "ssdp":
        this.take(MESSAGE_SSDP, s);
        return name;
      case "quic":
        return this.quic(s, stream, state);
      case "udpencap":
        if (size === 1 && bytes[start] === 0xff) return name;
        if (size >= 4 && readUint(bytes, start, 4) === 0) return size > 4 ? "udpencap:isakmp" : name;
        return "udpencap:esp";
      case "rx":
        if (UDP_CHECKS.get(name)?.(bytes, start, end) !== true) return undefined;
        return bytes[start + 20] === 1 && size > 28 ? "rx:afs" : "rx";
      case "rpc":
        return size < 24 || !isRpc(bytes, start) ? undefined : rpcLayers(bytes, start);
      case "nbdgm":
        return netbiosDatagram(s);
      case "db-lsp-disc":
        return `db-lsp-disc:${jsonLayers(bytes, start, end)}`;
      case "kerberos":
        if (UDP_CHECKS.get(name)?.(bytes, start, end) !== true) return undefined;
        return bytes[start] === 4 ? "kerberos:krb4" : name;
      case "tftp":
        // The server answers from another port.
        if (s.destinationPort === TFTP_PORT) state.tftp.add(s.sourcePort);
        return bytes[start + 1] === 3 && size > 4 ? "tftp:data" : name;
      case "gtp":
        if (UDP_CHECKS.get(name)?.(bytes, start, end) !== true) return undefined;
        return (bytes[start] as number) >> 5 === 2 ? "gtp:gtpv2" : name;
      case "radius":
        if (UDP_CHECKS.get(name)?.(bytes, start, end) !== true) return undefined;
        return radiusLayers(s);
      case "sip":
        return looksLikeSip(bytes, start, end) ? sipLayers(s) : undefined;
      default: {
        const check = UDP_CHECKS.get(name);
        return !check || check(bytes, start, end) ? name : undefined;
      }
    }
  }

  /** One more name for each look at handshake messages in Initial packets. */
  private quic(s: Segment, stream: number, state: UdpState): string {
    // Initial packets have a long header.
    if (((s.bytes[s.start] as number) & 0x80) === 0) return "quic";
    const known = stream === NO_ROW ? undefined : state.quic[stream];
    const connection = known ?? newQuicConnection();
    const initials = readInitials(s.bytes, s.start, s.end, s.sourcePort, connection);
    if (!known && stream !== NO_ROW && connection.clientPort !== 0) state.quic[stream] = connection;
    if (!initials || initials.looks === 0) return "quic";
    this.take(MESSAGE_QUIC, s, initials.messages);
    return `quic${":tls".repeat(initials.looks)}`;
  }
}

const TFTP_PORT = 69;

/** EAP is carried in attributes (RFC 3579 section 3.1). */
function radiusLayers(s: Segment): string {
  const { bytes } = s;
  const end = Math.min(s.end, s.start + readUint(bytes, s.start + 2, 2));
  let at = s.start + 20;
  while (at + 2 <= end) {
    if (bytes[at] === 79) return "radius:eap";
    const length = bytes[at + 1] as number;
    if (length < 2) break;
    at += length;
  }
  return "radius";
}

function sipLayers(s: Segment): string {
  const text = latin1(s.bytes, s.start, s.end);
  const blank = text.indexOf("\r\n\r\n");
  if (blank < 0 || blank + 4 === text.length) return "sip";
  return /^(?:content-type|c)\s*:\s*application\/sdp/im.test(text.slice(0, blank)) ? "sip:sdp" : "sip";
}

const RPC_PROGRAMS: ReadonlyMap<number, string> = new Map([
  [100000, "portmap"],
  [100003, "nfs"],
  [100005, "mount"],
  [100021, "nlm"],
  [100024, "stat"],
]);

/** A call, by its program. */
function rpcLayers(bytes: Uint8Array, at: number): string {
  const program = RPC_PROGRAMS.get(readUint(bytes, at + 12, 4));
  return program === undefined ? "rpc" : `rpc:${program}`;
}

/** Datagrams with a browser's or logon service's message in SMB. */
function netbiosDatagram(s: Segment): string {
  const text = latin1(s.bytes, s.start, s.end);
  if (!text.includes("\xffSMB")) return "nbdgm";
  if (text.includes("\\MAILSLOT\\BROWSE")) return "nbdgm:smb:browser";
  return text.includes("\\MAILSLOT\\NET\\") ? "nbdgm:smb:smb_netlogon" : "nbdgm:smb";
}

function udpHeuristic(s: Segment): string {
  const { bytes, start } = s;
  const size = s.end - start;
  const first = bytes[start] as number;
  if (size >= 5 && first & 0x80) {
    const version = readUint(bytes, start + 1, 4);
    if (
      first & 0x40 &&
      (version === 1 ||
        version === 0x6b3343cf ||
        (version & 0x0f0f0f0f) === 0x0a0a0a0a ||
        (version >= 0xff000017 && version <= 0xff000029))
    )
      return "quic";
    if (version === 0 && size > 7) return "quic";
  }
  if (
    size >= 13 &&
    first >= 20 &&
    first <= 26 &&
    (readUint(bytes, start + 1, 2) === 0xfeff || readUint(bytes, start + 1, 2) === 0xfefd)
  )
    return "dtls";
  if (looksLikeStun(bytes, start, s.end)) return "stun";
  if (looksLikeSip(bytes, start, s.end)) return "sip";
  if (size >= 24 && isRpc(bytes, start)) return "rpc";
  if (startsWithMagic(s)) return "wol";
  if (first >> 6 === 2 && size % 4 === 0 && size >= 8 && (bytes[start + 1] === 200 || bytes[start + 1] === 201))
    return "rtcp";
  if (isWireguard(s)) return "wg";
  if (isDns(s)) return "dns";
  return "";
}

function isWireguard(s: Segment): boolean {
  const { bytes, start } = s;
  const size = s.statedEnd - start;
  if (s.end - start < 4 || readUint(bytes, start + 1, 3) !== 0) return false;
  switch (bytes[start]) {
    case 1:
      return size === 148;
    case 2:
      return size === 92;
    case 3:
      return size === 64;
    case 4:
      return size >= 32;
    default:
      return false;
  }
}

/** A plain query with one question, or a response with one at most, whatever the port. */
function isDns(s: Segment): boolean {
  const { bytes, start } = s;
  if (s.end - start <= 12) return false;
  const flags = readUint(bytes, start + 2, 2);
  if (flags & 0x7800) return false;
  const questions = readUint(bytes, start + 4, 2);
  if (readUint(bytes, start + 6, 2) > 100 || readUint(bytes, start + 8, 2) > 10 || readUint(bytes, start + 10, 2) > 10)
    return false;
  if (flags & 0x8000) return questions <= 1;
  return questions === 1 && readUint(bytes, start + 6, 2) === 0 && readUint(bytes, start + 8, 2) === 0;
}

/** Wake on LAN: six bytes 255, then an address sixteen times. */
function startsWithMagic(s: Segment): boolean {
  const { bytes, start } = s;
  if (s.end - start < 102 || readUint(bytes, start, 4) !== 0xffffffff || readUint(bytes, start + 4, 2) !== 0xffff)
    return false;
  for (let i = 12; i < 102; i++) if (bytes[start + i] !== bytes[start + i - 6]) return false;
  return true;
}
