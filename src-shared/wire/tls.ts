/**
 * Reads what a TLS handshake says in the clear (RFC 8446 sections 4 and 5.1; RFC 6066 section 3 server_name, RFC 7301
 * ALPN) from one TCP segment.
 *
 * ```
 *  record     type(1) version(2) length(2) | data            type 22 = handshake
 *  message    type(1) length(3) | body                       may go over several records; 1 = ClientHello
 *  hello      version(2) random(32) id<1> ciphers<2> compression<1> extensions<2>     <n>: n bytes of length before it
 *  extension  type(2) length(2) | data
 *  names      <2> of: name type(1) name<2>                   extension 0
 *  protocols  <2> of: name<1>                                extension 16
 * ```
 *
 * As tshark 4.0 does without reassembly, a record is read only if all of it is in the segment: of a ClientHello cut by
 * the segment's end nothing is shown.
 */

export const TLS_CHANGE_CIPHER_SPEC = 20;
export const TLS_HANDSHAKE = 22;
export const TLS_CONNECTION_ID = 25;

export const TLS_CLIENT_HELLO = 1;
export const TLS_SERVER_HELLO = 2;
export const TLS_ENCRYPTED_EXTENSIONS = 8;

export interface TlsVisitor {
  /** One record header; `length` is what it claims, which may run past the segment. */
  record?(at: number, type: number, version: number, length: number): void;
  /** One handshake message that is all there. */
  handshake?(type: number): void;
  /**
   * One server name or ALPN protocol of a handshake message. The stretch lies in `source`, which is the segment, or a
   * copy if the message was put together from several records.
   */
  serverName?(source: Uint8Array, start: number, end: number): void;
  applicationProtocol?(source: Uint8Array, start: number, end: number): void;
}

/** "not-tls": nothing was visited. "cut": the segment, or a handshake message, ends early. */
export type TlsOutcome = "not-tls" | "complete" | "cut";

const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;

export function visitTls(bytes: Uint8Array, start: number, end: number, visitor: TlsVisitor): TlsOutcome {
  let at = start;
  let records = 0;
  // Handshake bytes not yet read: usually a stretch of the segment, a copy once a message goes on in the next record.
  let source = bytes;
  let from = 0;
  let to = 0;
  let whole = true;
  while (at < end) {
    if (end - at < RECORD_HEADER) return records === 0 ? "not-tls" : "cut";
    const type = bytes[at] ?? 0;
    const version = u16(bytes, at + 1);
    const length = u16(bytes, at + 3);
    if (!isRecordType(type) || !isVersion(version)) return records === 0 ? "not-tls" : "cut";
    visitor.record?.(at, type, version, length);
    records++;
    const data = at + RECORD_HEADER;
    if (data + length > end) return "cut";
    if (type === TLS_HANDSHAKE) {
      // Forbidden (RFC 8446 section 5.1), and the end of reading for tshark if a message is pending.
      if (length === 0 && from < to) return "cut";
      if (from < to) {
        const joined = new Uint8Array(to - from + length);
        joined.set(source.subarray(from, to));
        joined.set(bytes.subarray(data, data + length), to - from);
        source = joined;
        from = 0;
        to = joined.length;
      } else {
        source = bytes;
        from = data;
        to = data + length;
      }
      const messages = visitTlsMessages(source, from, to, visitor);
      if (!messages.whole) whole = false;
      from = messages.end;
    }
    at = data + length;
  }
  return whole && from >= to ? "complete" : "cut";
}

/**
 * Handshake messages without records around them, as QUIC carries them (RFC 9001 section 4.1.3). `end`: behind the last that is
 * all there; `whole`: no length in them goes past what holds it.
 */
export function visitTlsMessages(
  source: Uint8Array,
  start: number,
  to: number,
  visitor: TlsVisitor,
): { readonly end: number; readonly whole: boolean } {
  let from = start;
  let whole = true;
  while (to - from >= MESSAGE_HEADER) {
    const body = from + MESSAGE_HEADER;
    const bodyEnd = body + u24(source, from + 1);
    if (bodyEnd > to) break;
    visitor.handshake?.(source[from] ?? 0);
    if (!visitMessage(source, source[from] ?? 0, body, bodyEnd, visitor)) whole = false;
    from = bodyEnd;
  }
  return { end: from, whole };
}

/** A server name or protocol as text: ASCII up to the first NUL, U+FFFD for each byte that is not ASCII. */
export function tlsText(source: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (byte === 0) break;
    text += byte < 0x80 ? String.fromCharCode(byte) : "\ufffd";
  }
  return text;
}

/** Returns false if a length in the message goes past what holds it. */
function visitMessage(bytes: Uint8Array, type: number, body: number, end: number, visitor: TlsVisitor): boolean {
  let at = body;
  if (type === TLS_CLIENT_HELLO || type === TLS_SERVER_HELLO) {
    at += 34;
    if (at >= end) return false;
    at += 1 + (bytes[at] ?? 0);
    if (type === TLS_SERVER_HELLO) {
      at += 3;
    } else {
      if (at + 2 > end) return false;
      at += 2 + u16(bytes, at);
      if (at >= end) return false;
      at += 1 + (bytes[at] ?? 0);
    }
    if (at === end) return true;
  } else if (type !== TLS_ENCRYPTED_EXTENSIONS) {
    return true;
  }
  if (at + 2 > end) return false;
  const extensionsEnd = at + 2 + u16(bytes, at);
  if (extensionsEnd > end) return false;
  return visitExtensions(bytes, at + 2, extensionsEnd, visitor);
}

function visitExtensions(bytes: Uint8Array, from: number, end: number, visitor: TlsVisitor): boolean {
  let whole = true;
  let at = from;
  while (end - at >= 4) {
    const type = u16(bytes, at);
    const data = at + 4;
    const next = data + u16(bytes, at + 2);
    if (next > end) return false;
    if (type === EXTENSION_SERVER_NAME && !visitServerNames(bytes, data, next, visitor)) whole = false;
    if (type === EXTENSION_ALPN && !visitProtocols(bytes, data, next, visitor)) whole = false;
    at = next;
  }
  return whole && at === end;
}

function visitServerNames(bytes: Uint8Array, data: number, dataEnd: number, visitor: TlsVisitor): boolean {
  // A server's answer is an empty extension.
  if (data === dataEnd) return true;
  if (data + 2 > dataEnd) return false;
  const end = data + 2 + u16(bytes, data);
  if (end > dataEnd) return false;
  let at = data + 2;
  while (at < end) {
    const name = at + 3;
    if (name > end) return false;
    at = name + u16(bytes, at + 1);
    if (at > end) return false;
    visitor.serverName?.(bytes, name, at);
  }
  return true;
}

function visitProtocols(bytes: Uint8Array, data: number, dataEnd: number, visitor: TlsVisitor): boolean {
  if (data + 2 > dataEnd) return false;
  const end = data + 2 + u16(bytes, data);
  if (end > dataEnd) return false;
  let at = data + 2;
  while (at < end) {
    const name = at + 1;
    at = name + (bytes[at] ?? 0);
    if (at > end) return false;
    visitor.applicationProtocol?.(bytes, name, at);
  }
  return true;
}

function isRecordType(type: number): boolean {
  return type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_CONNECTION_ID;
}

/** SSL 3.0 to TLS 1.2 (TLS 1.3 calls its records 1.0 or 1.2), and the Chinese TLCP. */
function isVersion(version: number): boolean {
  return (version >= 0x0300 && version <= 0x0303) || version === 0x0101;
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | u16(bytes, at + 1);
}
