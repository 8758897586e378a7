/** What tshark adds to frame.protocols for the body of an HTTP message. */
import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";

/** Media types with a dissector of their own, as `name type type …` lines; all others are "media". */
const MEDIA: ReadonlyMap<string, string> = new Map(
  `
  cbor application/cbor
  data application/octet-stream
  data-text-lines text/plain text/html text/css text/javascript text/richtext text/enriched text/parameters application/x-javascript application/x-wms-logconnectstats application/x-wms-logplaystats application/x-wms-sendevent
  dns application/dns-message
  grpc application/grpc
  image-gif image/gif
  image-jfif image/jpg image/jpeg
  ipp application/ipp
  json application/json application/json-rpc application/jsonrequest application/senml+json application/sensml+json application/problem+json application/merge-patch+json application/json-patch+json application/dds-web+json application/vnd.oma.lwm2m+json application/x-ndjson
  message-http message/http
  ocsp application/ocsp-request application/ocsp-response
  pkix-cert application/pkix-cert
  pkixtsp application/timestamp-query application/timestamp-reply
  png image/png
  sdp application/sdp
  urlencoded-form application/x-www-form-urlencoded
  wbxml application/vnd.ms-sync.wbxml application/vnd.wap.wbxml application/vnd.wap.wmlc application/vnd.syncml+wbxml
  xml text/xml application/xml application/soap+xml application/rdf+xml application/rss+xml application/atom+xml application/xml-dtd application/smil application/mathml+xml application/pidf+xml application/reginfo+xml application/simservs+xml application/resource-lists+xml application/conference-info+xml application/watcherinfo+xml application/sparql-results+xml image/svg+xml
  `
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [name, ...types] = line.trim().split(" ");
      return types.map((type): [string, string] => [type, name as string]);
    }),
);
const INFLATED = 1 << 20;
const SHORTEST_GZIP = 18;
const NOTHING = new Uint8Array(0);

/** The headers of a message that say what its body is. */
class BodyHeaders {
  type: string | undefined;
  private boundary = "";
  private transferEncoding = "";
  private contentEncoding = "";

  clear(): void {
    this.type = undefined;
    this.boundary = "";
    this.transferEncoding = "";
    this.contentEncoding = "";
  }

  take(bytes: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number): void {
    const length = nameEnd - name;
    if (length === 12 && isHttpHeader(bytes, name, nameEnd, "content-type")) {
      const text = httpText(bytes, value, valueEnd);
      this.type = (/^[^;\s]*/.exec(text) as RegExpExecArray)[0].toLowerCase();
      this.boundary = /;\s*boundary="?([^";]+)/i.exec(text)?.[1]?.trim() ?? "";
    } else if (length === 16 && isHttpHeader(bytes, name, nameEnd, "content-encoding")) {
      this.contentEncoding = httpText(bytes, value, valueEnd).trim().toLowerCase();
    } else if (length === 17 && isHttpHeader(bytes, name, nameEnd, "transfer-encoding")) {
      this.transferEncoding = httpText(bytes, value, valueEnd).trim().toLowerCase();
    }
  }

  /** The layers of the body, joined by ":". Of chunks, nothing is shown unless all that begin here are here. */
  layers(bytes: Uint8Array, start: number, end: number): string {
    let body = bytes;
    let from = start;
    let to = end;
    if (this.transferEncoding.includes("chunked")) {
      body = dechunk(bytes, start, end);
      from = 0;
      to = body.length;
      if (to === 0) return "";
    } else if (/gzip|deflate|compress/.test(this.transferEncoding)) return "data";
    const encoding = this.contentEncoding;
    if (encoding !== "" && encoding !== "identity") {
      const plain = inflate(body.subarray(from, to), encoding);
      if (!plain) return "data";
      // Nothing, whole or cut.
      if (plain.length === 0) return to - from < SHORTEST_GZIP ? "data" : "";
      body = plain;
      from = 0;
      to = plain.length;
    }
    return mediaLayers(this.type, this.boundary, body, from, to);
  }
}

const headers = new BodyHeaders();

/** The names for a segment that is HTTP: one, and one or more for each body. */
export function httpLayers(bytes: Uint8Array, start: number, end: number): string {
  let layers = "http";
  let inMessage = false;
  const begin = (): void => {
    headers.clear();
    inMessage = true;
  };
  visitHttp(
    bytes,
    start,
    end,
    {
      request: begin,
      response: begin,
      header(name, nameEnd, value, valueEnd) {
        if (!inMessage) begin();
        headers.take(bytes, name, nameEnd, value, valueEnd);
      },
      body(from, to) {
        const more = from < to ? headers.layers(bytes, from, to) : "";
        if (more !== "") layers += `:${more}`;
        inMessage = false;
      },
      data() {
        layers += ":data";
      },
    },
    true,
  );
  return layers;
}

function mediaLayers(type: string | undefined, boundary: string, body: Uint8Array, from: number, to: number): string {
  if (type !== undefined) {
    if (type.startsWith("multipart/")) return multipartLayers(boundary, body, from, to);
    const name = MEDIA.get(type);
    if (name === "json") return jsonLayers(body, from, to);
    // What is called an image must be one.
    if (name !== undefined && !type.startsWith("image/")) return name;
    if (name === "xml" || (name !== undefined && imageLayer(body, from, to) === name)) return name;
  }
  return imageLayer(body, from, to) ?? (type === undefined ? "data" : "media");
}

/** Each part that ends here (RFC 2046 section 5.1.1), by its own Content-Type. */
function multipartLayers(boundary: string, body: Uint8Array, from: number, to: number): string {
  const parts = httpText(body, from, to).split(`--${boundary}`);
  if (boundary === "" || parts.length < 2) return "mime_multipart:data";
  let layers = "mime_multipart";
  let at = from + (parts[0] as string).length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] as string;
    at += boundary.length + 2;
    const blank = part.indexOf("\r\n\r\n");
    if (blank >= 0) {
      const type = /^content-type:\s*([^;\s]*)/im.exec(part.slice(0, blank))?.[1]?.toLowerCase();
      const start = at + blank + 4;
      const end = at + part.length - 2;
      if (start < end) layers += `:${mediaLayers(type, "", body, start, end)}`;
    }
    at += part.length;
  }
  return layers;
}

/** The images tshark recognises by their first bytes. */
function imageLayer(b: Uint8Array, at: number, end: number): string | undefined {
  const n = end - at;
  const text = String.fromCharCode(...b.subarray(at, Math.min(end, at + 8)));
  if (n >= 10 && (text.startsWith("GIF87a") || text.startsWith("GIF89a"))) return "image-gif";
  if (n >= 3 && text.startsWith("\xff\xd8\xff")) return "image-jfif";
  if (n >= 8 && text === "\x89PNG\r\n\x1a\n") return "png";
  return undefined;
}

/** The chunks of a body put together; nothing if one of them is cut, or the trailer is. */
function dechunk(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = start;
  while (at < end) {
    const head = /^\s*([0-9a-fA-F]+)[^\r\n]*\r?\n/.exec(httpText(bytes, at, Math.min(end, at + 64)));
    if (!head) break;
    const size = Number.parseInt(head[1] as string, 16);
    const data = at + head[0].length;
    if (size === 0) {
      if (data >= end) return NOTHING;
      break;
    }
    if (data + size + 2 > end) return NOTHING;
    parts.push(bytes.subarray(data, data + size));
    at = data + size + 2;
  }
  if (parts.length === 1) return parts[0] as Uint8Array;
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let n = 0;
  for (const p of parts) {
    whole.set(p, n);
    n += p.length;
  }
  return whole;
}

function inflate(bytes: Uint8Array, encoding: string): Uint8Array | undefined {
  const options = { finishFlush: 2 /* Z_SYNC_FLUSH: what is here of a cut stream */, maxOutputLength: INFLATED };
  try {
    if (encoding === "gzip" || encoding === "x-gzip") return gunzipSync(bytes, options);
    if (encoding === "deflate" || encoding === "x-deflate") {
      try {
        return inflateSync(bytes, options);
      } catch {
        return inflateRawSync(bytes, options);
      }
    }
  } catch {
    // a stream that is cut or no such stream
  }
  return undefined;
}

/** JSON that ends before the body does is followed by its rest as text lines. */
export function jsonLayers(bytes: Uint8Array, from: number, to: number): string {
  let at = skipSpace(bytes, from, to);
  for (;;) {
    const next = endOfJson(bytes, at, to);
    if (next < 0) break;
    at = skipSpace(bytes, next, to);
  }
  return at < to ? "json:data-text-lines" : "json";
}

const skipSpace = (b: Uint8Array, from: number, to: number): number => {
  let at = from;
  while (at < to && (b[at] === 0x20 || b[at] === 0x0a || b[at] === 0x0d || b[at] === 0x09)) at++;
  return at;
};

/** Where the object or array at `from` ends, -1 if none does. Nesting is kept on a stack of brackets, not of calls. */
function endOfJson(b: Uint8Array, from: number, to: number): number {
  const closers: number[] = [];
  let at = skipSpace(b, from, to);
  let wantsValue = true;
  while (at < to) {
    const c = b[at] as number;
    if (wantsValue) {
      if (c === 0x7b || c === 0x5b) {
        closers.push(c + 2);
        at = skipSpace(b, at + 1, to);
        if (b[at] === c + 2 && at < to) wantsValue = false;
        else if (c === 0x7b) {
          at = endOfName(b, at, to);
          if (at < 0) return -1;
        }
        continue;
      }
      if (closers.length === 0) return -1;
      at = endOfScalar(b, at, to);
      if (at < 0) return -1;
      at = skipSpace(b, at, to);
      wantsValue = false;
      continue;
    }
    const closer = closers[closers.length - 1] as number;
    if (c === closer) {
      closers.pop();
      if (closers.length === 0) return at + 1;
      at = skipSpace(b, at + 1, to);
    } else if (c === 0x2c) {
      at = skipSpace(b, at + 1, to);
      if (closer === 0x7d) {
        at = endOfName(b, at, to);
        if (at < 0) return -1;
      }
      wantsValue = true;
    } else return -1;
  }
  return -1;
}

/** After `"name" :` */
function endOfName(b: Uint8Array, from: number, to: number): number {
  if (b[from] !== 0x22) return -1;
  let at = endOfString(b, from, to);
  if (at < 0) return -1;
  at = skipSpace(b, at, to);
  return at < to && b[at] === 0x3a ? skipSpace(b, at + 1, to) : -1;
}

function endOfString(b: Uint8Array, from: number, to: number): number {
  for (let at = from + 1; at < to; at++) {
    const c = b[at];
    if (c === 0x22) return at + 1;
    if (c !== 0x5c) continue;
    const escaped = String.fromCharCode(b[++at] as number);
    if (escaped === "u") {
      if (at + 4 >= to || !/^[0-9a-fA-F]{4}$/.test(httpText(b, at + 1, at + 5))) return -1;
      at += 4;
    } else if (!'"\\/bfnrt'.includes(escaped)) return -1;
  }
  return -1;
}

function endOfScalar(b: Uint8Array, from: number, to: number): number {
  if (b[from] === 0x22) return endOfString(b, from, to);
  const text = httpText(b, from, Math.min(to, from + 64));
  const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)/.exec(text);
  return scalar ? from + scalar[0].length : -1;
}
