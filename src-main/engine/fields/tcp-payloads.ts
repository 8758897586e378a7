/**
 * What tshark makes of TCP payloads: the conversation's dissector, the port table (server's port first, then the lower one),
 * heuristics; what is left is "data". A dissector can take a payload without showing anything: then it answers "".
 */
import { TCP_PORTS, protocolsByNumber } from "../../../src-shared/model/port-protocols";
import { isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import { readUint } from "./field";
import { TCP_CHECKS, looksLikeSip } from "./payload-checks";
import {
  HTTP_AND_BODIES,
  MESSAGE_DNS_OVER_TCP,
  MESSAGE_HTTP,
  MESSAGE_TLS,
  type Segment,
  type TakeMessage,
  isRpc,
  latin1,
} from "./payload-segment";
import { TCP_PDUS } from "./tcp-pdus";

/** A span of a direction's sequence numbers that belongs to a message which began in an earlier segment. */
export interface LongMessage {
  readonly from: number;
  readonly to: number;
}

export interface TcpConversation {
  /** Told by the SYN; 0 if not seen, or if it makes no difference. */
  serverPort: number;
  /** Source port of the first payload: tells the directions apart. */
  firstPort: number;
  /** Dissector of all that follows, "" if none. */
  dissector: string;
  httpRequestSeen: boolean;
  /** CONNECT with this port was asked; 0 if not. */
  connectPort: number;
  /** What HTTP gave way to: "" none, a name, or "connect". */
  httpSuccessor: string;
  /** STARTTLS or its like was sent. */
  tlsAsked: boolean;
  /** The server waits for a name or password. */
  loginAsked: boolean;
  /** The client may send a mail now. */
  mailData: boolean;
  forward: LongMessage[];
  backward: LongMessage[];
}

export const newTcpConversation = (): TcpConversation => ({
  serverPort: 0,
  firstPort: 0,
  dissector: "",
  httpRequestSeen: false,
  connectPort: 0,
  httpSuccessor: "",
  tlsAsked: false,
  loginAsked: false,
  mailData: false,
  forward: [],
  backward: [],
});

const LONG_MESSAGES_KEPT = 16;

/** The ports a run starts with. */
export const KNOWN_TCP_PORTS: ReadonlyMap<number, string> = protocolsByNumber(TCP_PORTS);

export class TcpPayloads {
  constructor(
    private readonly take: TakeMessage,
    private readonly ports: ReadonlyMap<number, string>,
  ) {}

  /**
   * The names of a segment's payload, joined by ":". `seq` and `nextSeq` are its relative sequence numbers: bytes that end a
   * message which began in an earlier segment are passed over.
   */
  names(
    s: Segment,
    c: TcpConversation,
    seq: number,
    nextSeq: number,
    state: "new" | "keep-alive" | "repeated",
  ): string {
    c.firstPort ||= s.sourcePort;
    const pending = s.sourcePort === c.firstPort ? c.forward : c.backward;
    const skip = toSkip(pending, seq, nextSeq);
    if (skip < 0) return "";
    if (state === "keep-alive") return "data";
    if (state === "repeated") return "";
    const at = s.start + skip;
    if (at >= s.end) return "";
    const rest: Segment = skip > 0 ? { ...s, start: at } : s;
    const name = this.payload(rest, c, c.dissector);
    const overrun = bytesBeyond(name, rest);
    if (overrun > 0) {
      if (pending.length === LONG_MESSAGES_KEPT) pending.shift();
      pending.push({ from: seq, to: nextSeq + overrun });
    }
    return name;
  }

  private payload(s: Segment, c: TcpConversation, dissector: string): string {
    if (dissector !== "") {
      const name = this.dissect(dissector, s, c);
      if (name !== undefined) return name;
    }
    const low = Math.min(s.sourcePort, s.destinationPort);
    const high = Math.max(s.sourcePort, s.destinationPort);
    for (const port of c.serverPort > 0 ? [c.serverPort, low, high] : [low, high]) {
      const registered = this.ports.get(port);
      if (registered === undefined) continue;
      const name = this.dissect(registered, s, c);
      if (name !== undefined) return name;
    }
    const guess = tcpHeuristic(s);
    if (guess !== "") {
      const name = this.dissect(guess, s, c);
      if (name !== undefined) {
        c.dissector = guess;
        return name;
      }
    }
    return "data";
  }

  /** The names a dissector adds; undefined if it does not want the payload. */
  private dissect(name: string, s: Segment, c: TcpConversation): string | undefined {
    switch (name) {
      case "http":
        return this.http(s, c);
      case "tls":
        if (looksLikeText(s)) return undefined;
        this.take(MESSAGE_TLS, s);
        return "tls";
      case "dns":
        this.take(MESSAGE_DNS_OVER_TCP, s);
        return "dns";
      case "openflow":
        return openflowLayers(s);
      case "nbss":
        return netbiosSession(s);
      case "amqp":
        return s.end - s.start < 9 ? "" : name;
      case "smtp":
      case "imap":
      case "pop":
      case "ftp":
      case "pgsql":
      case "mysql":
        return this.startTls(name, s, c);
      default: {
        const check = TCP_CHECKS.get(name);
        return !check || check(s.bytes, s.start, s.end) ? name : undefined;
      }
    }
  }

  /** Protocols that ask for TLS and go on in it. */
  private startTls(name: string, s: Segment, c: TcpConversation): string {
    const { bytes, start, end } = s;
    const fromServer = this.ports.get(s.sourcePort) === name;
    if (name === "pgsql") {
      if (!fromServer) c.tlsAsked = end - start === 8 && readUint(bytes, start + 4, 4) === PGSQL_SSL_REQUEST;
      else if (c.tlsAsked && end - start === 1) {
        c.tlsAsked = false;
        if (bytes[start] === 0x53) c.dissector = "tls";
        return "";
      }
      return name;
    }
    if (name === "mysql") {
      // A handshake response that is nothing but capabilities, TLS among them.
      const size = end - start;
      if (!fromServer && size === 36 && bytes[start] === 32 && (bytes[start + 5] as number) & 8) c.dissector = "tls";
      return name;
    }
    const line = latin1(bytes, start, Math.min(end, start + 64));
    if (!fromServer) {
      if (TLS_REQUEST.test(line)) c.tlsAsked = true;
      if (c.loginAsked) return name;
      if (name === "smtp") return smtpRequest(line, latin1(bytes, Math.max(start, end - 5), end), c);
    } else {
      if (c.tlsAsked) {
        c.tlsAsked = false;
        if (/^(?:220|234|\+OK|\w+ OK)/.test(line)) c.dissector = "tls";
      }
      c.loginAsked = line.startsWith("334");
      if (name === "smtp" && line.startsWith("354")) c.mailData = true;
    }
    return name;
  }

  private http(s: Segment, c: TcpConversation): string {
    const { bytes } = s;
    if (c.httpSuccessor !== "") {
      if (c.httpSuccessor !== "connect") return `http:${c.httpSuccessor}`;
      const port = c.connectPort;
      if (port === 0 || this.ports.get(port) === "http") return "http:data";
      const toServer = s.destinationPort < s.sourcePort;
      const inner: Segment = toServer ? { ...s, destinationPort: port } : { ...s, sourcePort: port };
      const name = this.payload(inner, newTcpConversation(), "");
      return name === "" ? "http" : `http:${name}`;
    }
    let connectPort = 0;
    let upgrade = "";
    let switched = false;
    const outcome = visitHttp(
      bytes,
      s.start,
      s.end,
      {
        request(method, methodEnd, target, targetEnd) {
          c.httpRequestSeen = true;
          if (methodEnd - method === 7 && bytes[method] === 0x43 && bytes[method + 1] === 0x4f) {
            const port = /:(\d+)$/.exec(latin1(bytes, target, targetEnd))?.[1];
            connectPort = port === undefined ? 0 : Number(port) & 0xffff;
          }
        },
        response(code) {
          switched = code === 101;
          if (code === 200 && c.connectPort > 0) c.httpSuccessor = "connect";
        },
        header(name, nameEnd, value, valueEnd) {
          if (isHttpHeader(bytes, name, nameEnd, "upgrade")) upgrade = latin1(bytes, value, valueEnd).toLowerCase();
        },
      },
      c.httpRequestSeen,
    );
    if (outcome === "not-http") {
      if (!latin1(bytes, s.start, Math.min(s.end, s.start + 14)).startsWith("PRI * HTTP/2.0")) return "";
      c.httpSuccessor = "http2";
      return "http:http2";
    }
    if (connectPort > 0) c.connectPort = connectPort;
    if (switched) c.httpSuccessor = UPGRADES.find(([start]) => upgrade.startsWith(start))?.[1] ?? "data";
    this.take(MESSAGE_HTTP, s);
    return HTTP_AND_BODIES;
  }
}

const PGSQL_SSL_REQUEST = 80877103;
const TLS_REQUEST = /^(?:STARTTLS|STLS|AUTH TLS|AUTH SSL|\w+ STARTTLS)\b/i;
/** What the value of Upgrade begins with, and who takes over. */
const UPGRADES: readonly (readonly [string, string])[] = [
  ["websocket", "websocket"],
  ["h2c", "http2"],
  ["spdy/", "spdy"],
];
const SMTP_COMMAND =
  /^(?:HELO|EHLO|MAIL|RCPT|DATA|RSET|SEND|SOML|SAML|VRFY|EXPN|HELP|NOOP|QUIT|TURN|ETRN|AUTH|STARTTLS|BDAT|XEXCH50|X-ANONYMOUSTLS|ATRN|XCLIENT)\b/i;

function smtpRequest(line: string, ending: string, c: TcpConversation): string {
  if (c.mailData) {
    if (ending !== "\r\n.\r\n") return "smtp";
    c.mailData = false;
    return "smtp:imf";
  }
  return SMTP_COMMAND.test(line) ? "smtp" : "smtp:data-text-lines";
}

function netbiosSession(s: Segment): string {
  const { bytes, start } = s;
  if (s.end - start < 8 || readUint(bytes, start + 5, 3) !== 0x534d42) return "nbss";
  return bytes[start + 4] === 0xfe ? "nbss:smb2" : bytes[start + 4] === 0xff ? "nbss:smb" : "nbss";
}

/** Bytes to skip because they end a message begun before; -1 if all of them do. */
function toSkip(pending: readonly LongMessage[], seq: number, nextSeq: number): number {
  let nearest: LongMessage | undefined;
  for (const m of pending) if (m.from < seq && (!nearest || m.from >= nearest.from)) nearest = m;
  if (!nearest) return 0;
  if (nextSeq <= nearest.to) return -1;
  return seq < nearest.to ? nearest.to - seq : 0;
}

/** How many bytes of the last message are still to come. */
function bytesBeyond(name: string, s: Segment): number {
  if (name === "" || name === "data") return 0;
  const colon = name.indexOf(":");
  const pdu = TCP_PDUS.get(colon < 0 ? name : name.slice(0, colon));
  if (!pdu) return 0;
  let at = s.start;
  while (at + pdu.header <= s.end) {
    const length = pdu.length(s.bytes, at);
    if (length < pdu.header) return 0;
    at += length;
    if (at > s.statedEnd) return at - s.statedEnd;
  }
  return 0;
}

/** On a TLS port, four printable characters at the start are another protocol. */
function looksLikeText(s: Segment): boolean {
  if (s.end - s.start < 5) return false;
  for (let i = s.start; i < s.start + 4; i++) {
    const c = s.bytes[i] as number;
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

const VERSION_LINE = /^HTTP\/1\./i;

function tcpHeuristic(s: Segment): string {
  if (startsTls(s) || startsSsl2(s)) return "tls";
  if (hasHttpVersion(s)) return "http";
  const { bytes, start, end, destinationPort } = s;
  if (destinationPort === 6633 || destinationPort === 6634) return "openflow";
  const size = end - start;
  if (size >= 20 && bytes[start] === 19 && latin1(bytes, start + 1, start + 20) === "BitTorrent protocol")
    return "bittorrent";
  if (looksLikeSip(bytes, start, end)) return "sip";
  if (size >= 16 && bytes[start] === 5 && (bytes[start + 1] as number) <= 1 && (bytes[start + 2] as number) <= 19) {
    // DCE/RPC: data representation is 0 or 0x10, and the length says more than the header.
    const order = bytes[start + 4] as number;
    if ((order === 0 || order === 0x10) && (bytes[start + 5] as number) <= 3) return "dcerpc";
  }
  if (size >= 28 && (bytes[start] as number) & 0x80 && isRpc(bytes, start + 4)) return "rpc";
  return "";
}

/** A handshake or application data record with a length that can be. */
function startsTls(s: Segment): boolean {
  const { bytes, start } = s;
  if (s.end - start < 6) return false;
  const type = bytes[start] as number;
  if (type !== 22 && type !== 23) return false;
  const version = readUint(bytes, start + 1, 2);
  const length = readUint(bytes, start + 3, 2);
  return version >= 0x300 && version <= 0x303 && length > 0 && length < 0x4000 + 2048;
}

/** The ClientHello of SSL 2.0 (RFC 5246 appendix E.2). */
function startsSsl2(s: Segment): boolean {
  const { bytes, start } = s;
  if (s.end - start < 46 || bytes[start] !== 0x80 || bytes[start + 2] !== 1) return false;
  const ciphers = readUint(bytes, start + 5, 2);
  const session = readUint(bytes, start + 7, 2);
  return ciphers > 0 && ciphers % 3 === 0 && (session === 0 || session === 16) && readUint(bytes, start + 9, 2) === 32;
}

/** The first line is whole and begins or ends with HTTP/1.x. */
function hasHttpVersion(s: Segment): boolean {
  const { bytes, start, end } = s;
  // Cheap first: HTTP starts with a letter.
  const c = (bytes[start] as number) | 0x20;
  if (c < 0x61 || c > 0x7a) return false;
  let at = start;
  while (at < end && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
  if (at === end || at - start === 8) return false;
  if (bytes[at] === 0x0d && at + 1 === end) return false;
  if (VERSION_LINE.test(latin1(bytes, start, Math.min(at, start + 7)))) return true;
  return at - start > 8 && VERSION_LINE.test(latin1(bytes, at - 8, at));
}

function openflowLayers(s: Segment): string {
  let layers = "openflow";
  let at = s.start;
  while (at + 8 <= s.end) {
    const version = s.bytes[at] as number;
    const name =
      version === 1
        ? "openflow_v1"
        : version === 4
          ? "openflow_v4"
          : version === 5
            ? "openflow_v5"
            : version === 6
              ? "openflow_v6"
              : "";
    if (name !== "") layers += `:${name}`;
    const length = readUint(s.bytes, at + 2, 2);
    if (length < 8) break;
    at += length;
  }
  return layers;
}
