/**
 * What tshark makes of the payloads of TCP and UDP: one decision per transport layer, from which frame.protocols takes its
 * names and the application fields their messages.
 *
 * tshark asks, in this order: the conversation (a payload before may have shown its protocol), the port table (server's
 * port first, then the lower one), heuristics; what is left is "data". A dissector can take a payload without showing
 * anything: then the protocols end with "tcp".
 *
 * Decisions are made once a batch for all of its packets, in order, because conversations have memory.
 */
import { LAYER_DNS, LAYER_TCP, LAYER_UDP, LAYER_WIREGUARD } from "../../../src-shared/model/layer-kind";
import { TCP_PORTS, UDP_PORTS, protocolsByNumber } from "../../../src-shared/model/port-protocols";
import { isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import {
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_RETRANSMISSION,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  MAX_LAYERS,
  NO_ROW,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { readUint } from "./field";
import type { FieldContext } from "./field-context";
import { httpLayers, jsonLayers } from "./media-layers";
import { TCP_CHECKS, UDP_CHECKS, looksLikeSip, looksLikeStun } from "./payload-checks";
import { TCP_PDUS } from "./tcp-pdus";

/** What a payload was taken for, if it has fields. */
export const MESSAGE_NONE = 0;
export const MESSAGE_DNS = 1;
export const MESSAGE_DNS_OVER_TCP = 2;
export const MESSAGE_DHCP = 3;
export const MESSAGE_HTTP = 4;
export const MESSAGE_TLS = 5;
export const MESSAGE_MDNS = 6;
export const MESSAGE_LLMNR = 7;
export const MESSAGE_SSDP = 8;

const SYN = 2;
const RST = 4;

/** A span of a direction's sequence numbers that belongs to a message which began in an earlier segment. */
interface LongMessage {
  readonly from: number;
  readonly to: number;
}

interface Conversation {
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

const newConversation = (): Conversation => ({
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

interface FileState {
  readonly tcp: (Conversation | undefined)[];
  readonly udp: (string | undefined)[];
  /** Client ports of TFTP transfers. */
  readonly tftp: Set<number>;
}

/** Stands for the names of an HTTP segment: its bodies are not looked into before someone asks. */
const HTTP_AND_BODIES = "http+";
const LONG_MESSAGES_KEPT = 16;
const tcpPorts = protocolsByNumber(TCP_PORTS);
const udpPorts = protocolsByNumber(UDP_PORTS);

export class ApplicationLayers {
  /** By row: MESSAGE_*, with the bytes it lies in. */
  readonly messages = new Uint8Array(MAX_LAYERS);
  readonly starts = new Uint32Array(MAX_LAYERS);
  readonly ends = new Uint32Array(MAX_LAYERS);
  /** Where the payload would end if it were all captured. */
  readonly statedEnds = new Uint32Array(MAX_LAYERS);
  /** Rows of this batch that have a message, ascending, and their packets. */
  readonly messageRows: number[] = [];
  readonly messagePackets: number[] = [];

  /** Counts batches: tells which one the rest speaks of. */
  serial = 0;

  /** By row of a TCP or UDP layer; may end with HTTP_AND_BODIES, which is told when asked for. */
  private readonly names: string[] = [];
  private batch: Batch | undefined;
  private file = -1;
  private numberBefore = -1;
  private packetCount = -1;
  private readonly files = new Map<number, FileState>();
  private state: FileState = { tcp: [], udp: [], tftp: new Set() };
  private message = MESSAGE_NONE;

  private static readonly all = new WeakMap<FieldContext, ApplicationLayers>();

  /** Those of a run, up to date with the batch. */
  static of(batch: Batch, context: FieldContext): ApplicationLayers {
    let layers = ApplicationLayers.all.get(context);
    if (!layers) {
      layers = new ApplicationLayers();
      ApplicationLayers.all.set(context, layers);
    }
    layers.update(batch);
    return layers;
  }

  private update(batch: Batch): void {
    const { file, numberBefore, packetCount } = batch;
    if (
      batch === this.batch &&
      file === this.file &&
      numberBefore === this.numberBefore &&
      packetCount === this.packetCount
    )
      return;
    this.serial++;
    this.batch = batch;
    this.file = file;
    this.numberBefore = numberBefore;
    this.packetCount = packetCount;
    let state = this.files.get(file);
    if (!state) {
      state = { tcp: [], udp: [], tftp: new Set() };
      this.files.clear(); // files come one after another
      this.files.set(file, state);
    }
    this.state = state;
    this.messageRows.length = 0;
    this.messagePackets.length = 0;
    const { layerKind, firstLayer } = batch;
    for (let packet = 0; packet < packetCount; packet++) {
      const first = firstLayer[packet] as number;
      const last = first + batch.layersOf(packet);
      for (let row = first; row < last; row++) {
        const kind = layerKind[row];
        if (kind !== LAYER_TCP && kind !== LAYER_UDP) continue;
        this.message = MESSAGE_NONE;
        this.names[row] = kind === LAYER_TCP ? this.tcpRow(batch, row) : this.udpRow(batch, row, last);
        this.messages[row] = this.message;
        if (this.message !== MESSAGE_NONE) {
          this.messageRows.push(row);
          this.messagePackets.push(packet);
        }
      }
    }
  }

  /** The names behind a TCP or UDP layer, joined by ":"; "" if there are none. */
  namesOf(row: number): string {
    const names = this.names[row] as string;
    if (!names.endsWith(HTTP_AND_BODIES)) return names;
    const { bytes } = this.batch as Batch;
    const http = httpLayers(bytes, this.starts[row] as number, this.ends[row] as number);
    return names.slice(0, -HTTP_AND_BODIES.length) + http;
  }

  private take(message: number, start: number, end: number, statedEnd: number, row: number): void {
    this.message = message;
    this.starts[row] = start;
    this.ends[row] = end;
    this.statedEnds[row] = statedEnd;
  }

  // TCP

  private tcpRow(batch: Batch, row: number): string {
    const { bytes } = batch;
    const p = batch.layerPtr[row] as number;
    const end = batch.layerEnd[row] as number;
    if (end - p < 20) return "";
    const header = ((bytes[p + 12] as number) >> 4) * 4;
    const flags = bytes[p + 13] as number;
    const sourcePort = readUint(bytes, p, 2);
    const destinationPort = readUint(bytes, p + 2, 2);
    if (flags & SYN)
      this.noteServer(batch, row, flags & 16 ? sourcePort : destinationPort, sourcePort, destinationPort);
    if (header < 20 || p + header >= end || flags & RST) return "";

    const conversation = this.conversation(batch, row);
    conversation.firstPort ||= sourcePort;
    const start = p + header;
    const statedEnd = p + (batch.layerLength[row] as number);
    const analysis = batch.stream[row] === NO_ROW ? 0 : (batch.analysis[row] as number);
    const seq = (batch.relativeSeq[row] as number) + (flags & SYN ? 1 : 0);
    const nextSeq = seq + (statedEnd - start);
    const pending = sourcePort === conversation.firstPort ? conversation.forward : conversation.backward;
    const skip = toSkip(pending, seq, nextSeq);
    if (skip < 0) return "";
    if (analysis & ANALYSIS_KEEP_ALIVE) return "data";
    if (analysis & (ANALYSIS_RETRANSMISSION | ANALYSIS_OUT_OF_ORDER) && !(analysis & ANALYSIS_SPURIOUS_RETRANSMISSION))
      return "";
    const at = start + skip;
    if (at >= end) return "";
    const segment: Segment = { bytes, row, start: at, end, statedEnd, sourcePort, destinationPort };
    const name = this.tcpPayload(segment, conversation, conversation.dissector);
    const overrun = bytesBeyond(name, segment);
    if (overrun > 0) {
      if (pending.length === LONG_MESSAGES_KEPT) pending.shift();
      pending.push({ from: seq, to: nextSeq + overrun });
    }
    return name;
  }

  /** Kept only where the rule "lower port first" would choose another dissector. */
  private noteServer(batch: Batch, row: number, server: number, a: number, b: number): void {
    const client = server === a ? b : a;
    if (server > client && tcpPorts.has(server) && tcpPorts.has(client))
      this.conversation(batch, row).serverPort = server;
  }

  private conversation(batch: Batch, row: number): Conversation {
    const stream = batch.stream[row] as number;
    if (stream === NO_ROW) return newConversation();
    return (this.state.tcp[stream] ??= newConversation());
  }

  private tcpPayload(s: Segment, c: Conversation, dissector: string): string {
    if (dissector !== "") {
      const name = this.tcpDissect(dissector, s, c);
      if (name !== undefined) return name;
    }
    const low = Math.min(s.sourcePort, s.destinationPort);
    const high = Math.max(s.sourcePort, s.destinationPort);
    const ports = c.serverPort > 0 ? [c.serverPort, low, high] : [low, high];
    for (const port of ports) {
      const registered = tcpPorts.get(port);
      if (registered === undefined) continue;
      const name = this.tcpDissect(registered, s, c);
      if (name !== undefined) return name;
    }
    const guess = tcpHeuristic(s);
    if (guess !== "") {
      const name = this.tcpDissect(guess, s, c);
      if (name !== undefined) {
        c.dissector = guess;
        return name;
      }
    }
    return "data";
  }

  /** The names a dissector adds; undefined if it does not want the payload. */
  private tcpDissect(name: string, s: Segment, c: Conversation): string | undefined {
    switch (name) {
      case "http":
        return this.http(s, c);
      case "tls":
        if (looksLikeText(s)) return undefined;
        this.take(MESSAGE_TLS, s.start, s.end, s.statedEnd, s.row);
        return "tls";
      case "dns":
        this.take(MESSAGE_DNS_OVER_TCP, s.start, s.end, s.statedEnd, s.row);
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
  private startTls(name: string, s: Segment, c: Conversation): string {
    const { bytes, start, end } = s;
    const fromServer = tcpPorts.get(s.sourcePort) === name;
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

  private http(s: Segment, c: Conversation): string {
    const { bytes } = s;
    if (c.httpSuccessor !== "") {
      if (c.httpSuccessor !== "connect") return `http:${c.httpSuccessor}`;
      const port = c.connectPort;
      if (port === 0 || tcpPorts.get(port) === "http") return "http:data";
      const toServer = s.destinationPort < s.sourcePort;
      const inner: Segment = toServer ? { ...s, destinationPort: port } : { ...s, sourcePort: port };
      const name = this.tcpPayload(inner, newConversation(), "");
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
    this.take(MESSAGE_HTTP, s.start, s.end, s.statedEnd, s.row);
    return HTTP_AND_BODIES;
  }

  // UDP

  private udpRow(batch: Batch, row: number, last: number): string {
    const { bytes } = batch;
    const p = batch.layerPtr[row] as number;
    const end = batch.layerEnd[row] as number;
    if (end - p <= 8) return "";
    const following = row + 1 < last ? (batch.layerKind[row + 1] as number) : LAYER_DNS;
    // A tunnel: its layers are rows of their own.
    if (following < LAYER_DNS && following !== LAYER_WIREGUARD) return "";
    const stated = readUint(bytes, p + 4, 2);
    if (stated !== 0 && stated < 8) return "";
    // Of a first fragment, the datagram's.
    const statedEnd = p + (stated === 0 ? (batch.layerLength[row] as number) : stated);
    const segment: Segment = {
      bytes,
      row,
      start: p + 8,
      end: Math.min(end, statedEnd),
      statedEnd,
      sourcePort: readUint(bytes, p, 2),
      destinationPort: readUint(bytes, p + 2, 2),
    };
    return this.udpPayload(segment, batch.stream[row] as number);
  }

  private udpPayload(s: Segment, stream: number): string {
    const known = stream === NO_ROW ? undefined : this.state.udp[stream];
    if (known !== undefined) {
      const name = this.udpDissect(known, s);
      if (name !== undefined) return name;
    }
    const { tftp } = this.state;
    if (tftp.size > 0 && tftp.has(s.destinationPort) && udpPorts.get(s.sourcePort) === undefined) {
      if (stream !== NO_ROW) this.state.udp[stream] = "tftp";
      return this.udpDissect("tftp", s) as string;
    }
    const low = Math.min(s.sourcePort, s.destinationPort);
    const high = Math.max(s.sourcePort, s.destinationPort);
    for (const port of [low, high]) {
      const registered = udpPorts.get(port);
      if (registered === undefined) continue;
      const name = this.udpDissect(registered, s);
      if (name !== undefined) return name;
    }
    const guess = udpHeuristic(s);
    if (guess !== "") {
      const name = this.udpDissect(guess, s);
      if (name !== undefined) {
        if (stream !== NO_ROW && (guess === "quic" || guess === "dtls" || guess === "sip"))
          this.state.udp[stream] = guess;
        return name;
      }
    }
    return "data";
  }

  private udpDissect(name: string, s: Segment): string | undefined {
    const { bytes, start, end } = s;
    const size = end - start;
    switch (name) {
      case "dns":
        this.take(MESSAGE_DNS, start, end, s.statedEnd, s.row);
        return name;
      case "mdns":
        this.take(MESSAGE_MDNS, start, end, s.statedEnd, s.row);
        return name;
      case "llmnr":
        this.take(MESSAGE_LLMNR, start, end, s.statedEnd, s.row);
        return name;
      case "dhcp":
        this.take(MESSAGE_DHCP, start, end, s.statedEnd, s.row);
        return name;
      case "ssdp":
        this.take(MESSAGE_SSDP, start, end, s.statedEnd, s.row);
        return name;
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
        if (s.destinationPort === TFTP_PORT) this.state.tftp.add(s.sourcePort);
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
}

const TFTP_PORT = 69;
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

function smtpRequest(line: string, ending: string, c: Conversation): string {
  if (c.mailData) {
    if (ending !== "\r\n.\r\n") return "smtp";
    c.mailData = false;
    return "smtp:imf";
  }
  return SMTP_COMMAND.test(line) ? "smtp" : "smtp:data-text-lines";
}

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

function netbiosSession(s: Segment): string {
  const { bytes, start } = s;
  if (s.end - start < 8 || readUint(bytes, start + 5, 3) !== 0x534d42) return "nbss";
  return bytes[start + 4] === 0xfe ? "nbss:smb2" : bytes[start + 4] === 0xff ? "nbss:smb" : "nbss";
}

interface Segment {
  readonly bytes: Uint8Array;
  readonly row: number;
  readonly start: number;
  readonly end: number;
  readonly statedEnd: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
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

/** An ONC RPC call (RFC 5531 section 9) of a program that can be. */
function isRpc(bytes: Uint8Array, at: number): boolean {
  if (readUint(bytes, at + 4, 4) !== 0 || readUint(bytes, at + 8, 4) !== 2) return false;
  const program = readUint(bytes, at + 12, 4);
  return program >= 100000 && program < 400000;
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

function udpHeuristic(s: Segment): string {
  const { bytes, start } = s;
  const size = s.end - start;
  const first = bytes[start] as number;
  if (size >= 5 && first & 0x80) {
    const version = readUint(bytes, start + 1, 4);
    if (first & 0x40 && (version === 1 || version === 0x6b3343cf || (version >= 0xff000017 && version <= 0xff000029)))
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
