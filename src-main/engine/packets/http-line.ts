/**
 * Protocol and line of a segment with HTTP/1: its first line, then what its body is, as Wireshark's dissectors of bodies add it.
 *
 * ```
 * HTTP       HTTP/1.1 200 OK  (text/html)
 * HTTP/JSON  POST /orders HTTP/1.1 , JavaScript Object Notation (application/json)
 * HTTP/XML   HTTP/1.1 200 OK
 * ```
 */
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import { httpLayers } from "../fields/media-layers";
import type { Batch } from "../kernel/batch";

export interface HttpLine {
  readonly protocol: string;
  /** "" for a segment that goes on with a message begun before. */
  readonly info: string;
}

/** Bodies that are named by what they are, not by their media type. */
const BODY_NAMES: ReadonlyMap<string, string> = new Map([
  ["image-jfif", "JPEG JFIF image"],
  ["png", "PNG"],
]);
/** Bodies that add nothing to the line. */
const SILENT: ReadonlySet<string> = new Set(["", "data", "xml", "mime_multipart"]);

export function httpLine(batch: Batch, row: number): HttpLine {
  const { bytes } = batch;
  const from = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  let line = "";
  let type = "";
  let bodies = 0;
  let body = -1;
  const begin = (lineEnd: number): void => {
    if (line === "") line = httpText(bytes, from, lineEnd);
    else bodies = Math.max(bodies, 1);
  };
  visitHttp(bytes, from, end, {
    request: (_method, _methodEnd, _target, targetEnd) => begin(endOfLine(bytes, targetEnd, end)),
    response: (_code, at) => begin(endOfLine(bytes, at, end)),
    header(name, nameEnd, value, valueEnd) {
      if (bodies === 0 && nameEnd - name === 12 && isHttpHeader(bytes, name, nameEnd, "content-type"))
        type = httpText(bytes, value, valueEnd).split(/[;\s]/, 1)[0] as string;
    },
    body(start, to) {
      if (bodies === 0 && start < to) body = start;
      bodies++;
    },
  });
  // Only the first message of a segment is told: what its body is, is the first name behind "http".
  if (line === "" || type === "" || body < 0) return { protocol: "HTTP", info: line };
  const kind = httpLayers(bytes, from, end).split(":")[1] ?? "";
  if (kind === "json") return { protocol: "HTTP/JSON", info: `${line} , JavaScript Object Notation (${type})` };
  if (kind === "xml") return { protocol: "HTTP/XML", info: line };
  if (SILENT.has(kind)) return { protocol: "HTTP", info: line };
  return { protocol: "HTTP", info: `${line}  (${bodyName(kind, bytes, body) ?? type})` };
}

/** A GIF is named by its version. A name that its bytes do not tell (they are compressed) is the media type. */
function bodyName(kind: string, bytes: Uint8Array, at: number): string | undefined {
  if (kind !== "image-gif") return BODY_NAMES.get(kind);
  return bytes[at] === 0x47 && bytes[at + 1] === 0x49 ? httpText(bytes, at, at + 6) : undefined;
}

function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== 13 && bytes[at] !== 10) at++;
  return at;
}
