/**
 * Reads the HTTP/1 messages of one TCP segment (RFC 9112 sections 2 to 7), without what came before or comes after it.
 *
 * ```
 *  GET /path HTTP/1.1\r\n          request line   method SP target SP version
 *  HTTP/1.1 200 OK\r\n             status line    version SP code SP reason
 *  Host: name\r\n                  header         name ":" spaces value
 *  \r\n
 *  body                            Content-Length bytes | chunks: hex-size\r\n bytes \r\n ... 0\r\n \r\n | the rest
 * ```
 *
 * What counts as HTTP, and where a message ends, is what tshark 4.0 shows with reassembly off. It is lenient: a method
 * from its list makes a request whatever follows, and a colon makes any first line a header.
 */

/** "not-http": nothing was visited. "cut": the segment ends inside a header, or before the end of an announced body. */
export type HttpOutcome = "not-http" | "complete" | "cut";

/** All arguments are positions in the bytes given; `httpText` makes text of a stretch. */
export interface HttpVisitor {
  /** The target is empty if the line has none. */
  request?(method: number, methodEnd: number, target: number, targetEnd: number): void;
  /** Code -1 if the line has none; `at` is where it is looked for. */
  response?(code: number, at: number): void;
  header?(name: number, nameEnd: number, value: number, valueEnd: number): void;
  /**
   * @param missing bytes of the body (with chunks: of the chunk) that the segment does not hold. tshark makes no use of
   *   it with reassembly off: it looks for HTTP in the next segment from its first byte on.
   */
  body?(start: number, end: number, missing: number): void;
  /** Bytes in an HTTP stream that belong to no message that starts in this segment. */
  data?(start: number, end: number): void;
}

/** As tshark 4.0 knows them; each also with "M-" before it (RFC 2774; M-SEARCH is one of them). Case matters. */
const METHODS: ReadonlySet<string> = new Set(
  (
    "GET PUT HEAD POST COPY LOCK MOVE POLL BCOPY BMOVE MKCOL TRACE PATCH LABEL MERGE DELETE SEARCH UNLOCK REPORT " +
    "UPDATE NOTIFY BDELETE CONNECT OPTIONS CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND " +
    "BPROPPATCH UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT RPC_IN_DATA RPC_OUT_DATA VERSION-CONTROL " +
    "BASELINE-CONTROL SSTP_DUPLEX_POST"
  ).split(" "),
);
const LONGEST_METHOD = 18; // with "M-"
/** Requests whose body is all that follows when no length is given, as in a response. */
const NOTIFICATIONS: ReadonlySet<string> = new Set(["NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE"]);

const LINE_NONE = 0;
const LINE_REQUEST = 1;
const LINE_NOTIFICATION = 2;
const LINE_RESPONSE = 3;

const CODING_NONE = 0;
const CODING_CHUNKED = 1;
const CODING_OTHER = 2;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;

// Results of `endOfLine`: where the text ends, where the next line starts; equal if the segment ends first.
let lineEnd = 0;
let nextLine = 0;

/**
 * @param inHttpStream the stream has shown HTTP before: bytes that are not HTTP are then data, not another protocol
 */
export function visitHttp(
  bytes: Uint8Array,
  start: number,
  end: number,
  visitor: HttpVisitor,
  inHttpStream = false,
): HttpOutcome {
  let at = start;
  while (at < end) {
    const first = at;
    if (bytes[at] === CR && bytes[at + 1] === LF && at + 2 < end) at += 2;

    let kind = LINE_NONE;
    let code = -1;
    let seen = false;
    let blank = false;
    let contentLength = -1;
    let coding = CODING_NONE;
    while (at < end) {
      endOfLine(bytes, at, end);
      // Copies: a visitor may read another segment.
      const textEnd = lineEnd;
      const next = nextLine;
      const lineKind = kindOfLine(bytes, at, textEnd);
      if (lineKind !== LINE_NONE) {
        kind = lineKind;
        if (kind === LINE_RESPONSE) {
          const own = visitStatusLine(bytes, at, textEnd, visitor);
          if (own >= 0) code = own;
        } else visitRequestLine(bytes, at, textEnd, visitor);
      } else if (textEnd === at) {
        blank = true;
        if (seen) at = next;
        break;
      } else if (!seen && !isPrintable(bytes[at])) {
        break;
      } else {
        let nameEnd = at;
        while (nameEnd < textEnd && bytes[nameEnd] !== COLON) nameEnd++;
        if (nameEnd === textEnd) {
          // A header cut before its colon; anywhere else, the header is over and this is body.
          if (seen && next === textEnd) return "cut";
          break;
        }
        let value = nameEnd + 1;
        while (value < textEnd && (bytes[value] === SPACE || bytes[value] === TAB)) value++;
        visitor.header?.(at, nameEnd, value, textEnd);
        if (isHttpHeader(bytes, at, nameEnd, "content-length")) contentLength = readLength(bytes, value, textEnd);
        else if (coding !== CODING_CHUNKED && isHttpHeader(bytes, at, nameEnd, "transfer-encoding")) {
          coding = readCoding(bytes, value, textEnd);
        }
      }
      seen = true;
      at = next;
    }
    if (!seen) {
      if (first === start && !inHttpStream) return "not-http";
      visitor.data?.(first, end);
      return "complete";
    }
    if (!blank && at >= end) return "cut";

    let bodyEnd = end;
    let missing = 0;
    let cut = false;
    const informs = code >= 0 && (Math.floor(code / 100) === 1 || code === 204 || code === 304);
    if (coding === CODING_NONE && contentLength >= 0) {
      bodyEnd = Math.min(end, at + contentLength);
      missing = at + contentLength - bodyEnd;
    } else if (kind === LINE_REQUEST && coding === CODING_NONE) bodyEnd = at;
    else if (kind === LINE_RESPONSE && informs) bodyEnd = at;
    else if (coding === CODING_CHUNKED) {
      bodyEnd = endOfChunks(bytes, at, end);
      missing = missingOfChunk;
      cut = chunksGoOn && bodyEnd === end;
    }
    if (bodyEnd > at || missing > 0) visitor.body?.(at, bodyEnd, missing);
    if (cut || missing > 0) return "cut";
    at = bodyEnd;
  }
  return "complete";
}

/** Whether a header has this name, given in lower case. */
export function isHttpHeader(bytes: Uint8Array, name: number, nameEnd: number, lowerCase: string): boolean {
  if (nameEnd - name !== lowerCase.length) return false;
  for (let i = 0; i < lowerCase.length; i++) {
    let byte = bytes[name + i] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) byte += 0x20;
    if (byte !== lowerCase.charCodeAt(i)) return false;
  }
  return true;
}

/** A stretch as text: ASCII up to the first NUL, U+FFFD for each byte that is not ASCII, as tshark reads it. */
export function httpText(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) break;
    text += byte < 0x80 ? String.fromCharCode(byte) : "\ufffd";
  }
  return text;
}

/** Ends a line at CR LF, LF or a lone CR. */
function endOfLine(bytes: Uint8Array, from: number, end: number): void {
  let at = from;
  while (at < end && bytes[at] !== CR && bytes[at] !== LF) at++;
  lineEnd = at;
  nextLine = at;
  if (at === end) return;
  nextLine = at + (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF ? 2 : 1);
}

/** Whether the line of the last `endOfLine` might go on in the next segment: no end, or a CR that may lack its LF. */
function isOpenLine(bytes: Uint8Array, end: number): boolean {
  return nextLine === lineEnd || (nextLine === end && nextLine === lineEnd + 1 && bytes[lineEnd] === CR);
}

function kindOfLine(bytes: Uint8Array, from: number, end: number): number {
  const afterM = bytes[from] === 0x4d && bytes[from + 1] === 0x2d && end - from >= 2 ? from + 2 : from;
  if (startsWith(bytes, afterM, end, "HTTP/") || startsWith(bytes, afterM, end, "ICY")) return LINE_RESPONSE;
  const tokenEnd = endOfToken(bytes, from, end);
  // A header's name and colon, mostly: no need to make a string of it.
  if (tokenEnd === from || tokenEnd - from > LONGEST_METHOD || bytes[tokenEnd - 1] === COLON) return LINE_NONE;
  const method = httpText(bytes, afterM, tokenEnd);
  if (method.length === tokenEnd - afterM && METHODS.has(method))
    return NOTIFICATIONS.has(method) ? LINE_NOTIFICATION : LINE_REQUEST;
  return LINE_NONE;
}

function visitRequestLine(bytes: Uint8Array, from: number, end: number, visitor: HttpVisitor): void {
  const methodEnd = endOfToken(bytes, from, end);
  const target = Math.min(methodEnd + 1, end);
  visitor.request?.(from, methodEnd, target, endOfToken(bytes, target, end));
}

function visitStatusLine(bytes: Uint8Array, from: number, end: number, visitor: HttpVisitor): number {
  let at = endOfToken(bytes, from, end);
  while (at < end && bytes[at] === SPACE) at++;
  const code = endOfToken(bytes, at, end) - at >= 3 ? readCode(bytes, at) : -1;
  visitor.response?.(code, at);
  return code;
}

/** Three bytes as C's strtoul reads them: spaces, a sign, as many digits as there are; "-1" wraps around. */
function readCode(bytes: Uint8Array, from: number): number {
  const text = httpText(bytes, from, from + 3);
  const number = /^[\t\v\f\r ]*([+-]?\d+)/.exec(text)?.[1];
  return number === undefined ? 0 : Number(number) >>> 0;
}

/** Digits, then nothing or a space; -1 if it is anything else, or too large to mean a length. */
function readLength(bytes: Uint8Array, from: number, end: number): number {
  const digits = /^[ \t\v\f\r\n]*\+?(\d+)(?:[ \t\f\r\n]|$)/.exec(httpText(bytes, from, end))?.[1];
  if (digits === undefined) return -1;
  const length = Number(digits);
  return length < 2 ** 63 ? length : -1;
}

const CODINGS = ["identity", "gzip", "x-gzip", "deflate", "compress", "x-compress"];

/** Looks for "chunked" alone or behind at most one coding that tshark knows; unknown codings are passed over. */
function readCoding(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  let known = false;
  while (at < end) {
    const byte = bytes[at];
    if (byte === SPACE || byte === TAB || byte === COMMA) {
      at++;
      continue;
    }
    if (startsWith(bytes, at, end, "chunked")) return CODING_CHUNKED;
    if (known) break;
    const start = at;
    const coding = CODINGS.find((name) => startsWith(bytes, start, end, name));
    if (coding === undefined) while (at < end && bytes[at] !== COMMA) at++;
    else at += coding.length;
    known = coding !== undefined;
  }
  return CODING_OTHER;
}

// Further results of `endOfChunks`: bytes that the last chunk here lacks; whether chunks or trailers are still to come.
let missingOfChunk = 0;
let chunksGoOn = false;

/** Where a chunked body ends: after the blank line behind its last chunk, or at the end of the segment. */
function endOfChunks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  let chunks = 0;
  missingOfChunk = 0;
  chunksGoOn = true;
  while (at < end) {
    endOfLine(bytes, at, end);
    if (lineEnd === at || isOpenLine(bytes, end)) return chunks > 0 ? at : end;
    const size = readChunkSize(bytes, at, lineEnd);
    at = nextLine;
    if (size === 0) {
      while (at < end) {
        endOfLine(bytes, at, end);
        if (isOpenLine(bytes, end)) break;
        chunksGoOn = lineEnd !== at;
        at = nextLine;
        if (!chunksGoOn) break;
      }
      return at;
    }
    chunks++;
    missingOfChunk = Math.max(0, at + size + 2 - end);
    at = Math.min(end, at + size + 2);
  }
  return at;
}

/**
 * Takes each chunk's bytes of a chunked body (RFC 9112 section 7.1), without sizes and trailers.
 * @returns whether it is whole: false, the segment ends before the last chunk does, or these are no chunks
 */
export function visitChunks(
  bytes: Uint8Array,
  from: number,
  end: number,
  chunk: (start: number, end: number) => void,
): boolean {
  let at = from;
  while (at < end) {
    endOfLine(bytes, at, end);
    if (lineEnd === at || isOpenLine(bytes, end)) return false;
    const size = readChunkSize(bytes, at, lineEnd);
    at = nextLine;
    if (size === 0) return true;
    if (at + size + 2 > end) return false;
    chunk(at, at + size);
    at += size + 2;
  }
  return false;
}

function readChunkSize(bytes: Uint8Array, from: number, end: number): number {
  const match = /^[\s]*([+-]?)(?:0[xX](?=[0-9a-fA-F]))?([0-9a-fA-F]+)/.exec(
    httpText(bytes, from, Math.min(end, from + 64)),
  );
  if (match === null) return 0;
  const size = Number.parseInt(match[2] ?? "0", 16);
  return match[1] === "-" ? -size >>> 0 : Math.min(size, Number.MAX_SAFE_INTEGER);
}

function endOfToken(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && byte >= SPACE && byte < 0x7f;
}

function startsWith(bytes: Uint8Array, from: number, end: number, text: string): boolean {
  if (end - from < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
