/** What tshark adds to frame.protocols for the body of an HTTP message. */
import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { httpText, isHttpHeader } from "../../../src-shared/wire/http";

/** Media types with a dissector of their own; all others are "media". */
const MEDIA: ReadonlyMap<string, string> = new Map(
  (
    "data-text-lines text/plain text/html text/css text/richtext text/enriched text/parameters " +
    "text/vnd.wap.wmlscript application/vnd.wap.wmlscript text/vnd.wap.si text/vnd.wap.sl text/vnd.wap.co " +
    "text/vnd.wap.emn application/x-wms-logconnectstats application/x-wms-logplaystats application/x-wms-sendevent|" +
    "data application/octet-stream|" +
    "image-gif image/gif|" +
    "image-jfif image/jpg image/jpeg|" +
    "png image/png|" +
    "json application/json application/json-rpc application/jsonrequest application/senml+json " +
    "application/sensml+json application/dds-web+json application/x-javascript-json application/vnd.oma.lwm2m+json " +
    "application/problem+json application/merge-patch+json application/json-patch+json|" +
    "urlencoded-form application/x-www-form-urlencoded|" +
    "xml text/xml text/vnd.wap.wml text/vnd.wap.si+xml text/vnd.wap.sl+xml text/vnd.wap.co+xml " +
    "text/vnd.wap.emn+xml application/xml application/soap+xml application/xhtml+xml application/rdf+xml " +
    "application/rss+xml application/atom+xml application/vnd.wv.csp+xml application/x-crd+xml " +
    "application/vnd.wv.csp.xml application/xml-dtd application/xcap-diff+xml application/xcap-el+xml " +
    "application/xcap-error+xml application/xcap-att+xml application/xcap-caps+xml application/xcap-ns+xml " +
    "application/pidf+xml application/pidf-diff+xml application/reginfo+xml application/simservs+xml " +
    "application/resource-lists+xml application/rls-services+xml application/sparql-results+xml " +
    "application/auth-policy+xml application/ccmp+xml application/conference-info+xml application/cpim-pidf+xml " +
    "application/mathml+xml application/mbms-register+xml application/media_control+xml application/note+xml " +
    "application/watcherinfo+xml application/x-wms-logconnectstats+xml application/smil application/vnd.syncml+xml " +
    "application/vnd.ms-sync+xml application/x-ms-application application/x-gpx+xml image/svg+xml|" +
    "ocsp application/ocsp-request application/ocsp-response|" +
    "mp4 video/mp4 audio/mp4|" +
    "wbxml application/vnd.wap.wmlc application/vnd.wap.wbxml application/vnd.ms-sync.wbxml application/vnd.syncml+wbxml|" +
    "pkixcrl application/pkix-crl|" +
    "x509af application/pkix-cert|" +
    "ipp application/ipp|" +
    "mp2t video/mp2t"
  )
    .split("|")
    .flatMap((line) => {
      const [name, ...types] = line.split(" ");
      return types.map((type): [string, string] => [type, name as string]);
    }),
);
const INFLATED = 1 << 20;

/** The headers of a message that say what its body is. */
export class BodyHeaders {
  type: string | undefined;
  private transferEncoding = "";
  private contentEncoding = "";

  clear(): void {
    this.type = undefined;
    this.transferEncoding = "";
    this.contentEncoding = "";
  }

  take(bytes: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number): void {
    const length = nameEnd - name;
    if (length === 12 && isHttpHeader(bytes, name, nameEnd, "content-type")) {
      const text = httpText(bytes, value, valueEnd).toLowerCase();
      this.type = (/^[^;\s]*/.exec(text) as RegExpExecArray)[0];
    } else if (length === 16 && isHttpHeader(bytes, name, nameEnd, "content-encoding")) {
      this.contentEncoding = httpText(bytes, value, valueEnd).trim().toLowerCase();
    } else if (length === 17 && isHttpHeader(bytes, name, nameEnd, "transfer-encoding")) {
      this.transferEncoding = httpText(bytes, value, valueEnd).trim().toLowerCase();
    }
  }

  get chunked(): boolean {
    return this.transferEncoding.includes("chunked");
  }

  /** The layers of the body, joined by ":". */
  layers(bytes: Uint8Array, start: number, end: number): string {
    let body = bytes;
    let from = start;
    let to = end;
    if (this.chunked) {
      body = dechunk(bytes, start, end);
      from = 0;
      to = body.length;
      if (to === 0) return "";
    } else if (/gzip|deflate|compress/.test(this.transferEncoding)) return "data";
    const encoding = this.contentEncoding;
    if (encoding !== "" && encoding !== "identity") {
      const plain = inflate(body.subarray(from, to), encoding);
      if (!plain || plain.length === 0) return "data";
      body = plain;
      from = 0;
      to = plain.length;
    }
    return mediaLayers(this.type, body, from, to);
  }
}

function mediaLayers(type: string | undefined, body: Uint8Array, from: number, to: number): string {
  if (type !== undefined) {
    const name = MEDIA.get(type) ?? (type.startsWith("multipart/") ? "mime_multipart:data" : undefined);
    if (name === "json") return jsonLayers(body, from, to);
    if (name !== undefined && !(name.startsWith("image-") || name === "png")) return name;
    if (name !== undefined && isImage(body, from, to) === name) return name;
  }
  return isImage(body, from, to) ?? (type === undefined ? "data" : "media");
}

/** The images tshark recognises by their first bytes. */
function isImage(b: Uint8Array, at: number, end: number): string | undefined {
  const n = end - at;
  const text = String.fromCharCode(...b.subarray(at, Math.min(end, at + 8)));
  if (n >= 10 && (text.startsWith("GIF87a") || text.startsWith("GIF89a"))) return "image-gif";
  if (n >= 3 && text.startsWith("\xff\xd8\xff")) return "image-jfif";
  if (n >= 8 && text === "\x89PNG\r\n\x1a\n") return "png";
  return undefined;
}

/** The chunks of a body that are here, put together; nothing if the first is cut. */
function dechunk(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = start;
  while (at < end) {
    const head = /^\s*([0-9a-fA-F]+)[^\n]*\n/.exec(httpText(bytes, at, Math.min(end, at + 64)));
    if (!head) break;
    const size = Number.parseInt(head[1] as string, 16);
    const data = at + head[0].length;
    if (size === 0 || (parts.length === 0 && data + size > end)) break;
    parts.push(bytes.subarray(data, Math.min(end, data + size)));
    at = data + size + 2;
  }
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
    if (next < 0 || next === at) break;
    at = next;
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
    if (b[at] === 0x5c) at++;
    else if (b[at] === 0x22) return at + 1;
  }
  return -1;
}

function endOfScalar(b: Uint8Array, from: number, to: number): number {
  if (b[from] === 0x22) return endOfString(b, from, to);
  let at = from;
  while (at < to && /[-+.0-9a-zA-Z]/.test(String.fromCharCode(b[at] as number))) at++;
  return at > from ? at : -1;
}
