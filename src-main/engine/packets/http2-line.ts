/**
 * A line about HTTP/2 frames, gRPC's among them (RFC 9113 section 4.1), in clear text on any port. Each segment is told by itself:
 * it is HTTP/2 if it begins with the client's preface, or if it is nothing but whole frames whose kinds, lengths and streams agree.
 *
 * ```
 * Magic, SETTINGS[0], WINDOW_UPDATE[0]
 * HEADERS[1], DATA[1]                     names of headers are compressed by what came before: they are not told
 * ```
 */
import { MOST_MESSAGES, type MessageBytes, u24, u32, u8 } from "./message-line";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER = 9;
const KINDS = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
];
const SETTINGS = 4;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
/** Kinds of one length; where the stream must be 0, and where it may be either. */
const LENGTHS: ReadonlyMap<number, number> = new Map([
  [2, 5],
  [3, 4],
  [6, 8],
  [WINDOW_UPDATE, 4],
]);
const CONNECTION_KINDS: ReadonlySet<number> = new Set([SETTINGS, 6, GOAWAY]);

/** "" for bytes that are not HTTP/2, or not sure to be. */
export function http2Line(m: MessageBytes): string {
  const hasPreface = startsWithPreface(m);
  const frames = hasPreface ? ["Magic"] : [];
  let at = hasPreface ? m.at + PREFACE.length : m.at;
  while (at < m.end) {
    const frame = frameAt(m, at);
    // Behind a preface the last frame may be cut.
    if (!frame) return hasPreface ? frames.join(", ") : "";
    if (frames.length < MOST_MESSAGES) frames.push(frame.text);
    at = frame.next;
  }
  return at === m.statedEnd || hasPreface ? frames.join(", ") : "";
}

/** length(3) kind(1) flags(1) stream(4, its highest bit 0) */
function frameAt(m: MessageBytes, at: number): { readonly text: string; readonly next: number } | undefined {
  const length = u24(m, at);
  const kind = u8(m, at + 3);
  const name = KINDS[kind];
  const stream = u32(m, at + 5);
  const next = at + FRAME_HEADER + length;
  if (name === undefined || stream < 0 || stream > 0x7fffffff || next > m.end) return undefined;
  const fixed = LENGTHS.get(kind);
  if (fixed !== undefined && fixed !== length) return undefined;
  if (kind === SETTINGS && length % 6 !== 0) return undefined;
  if (kind === GOAWAY && length < 8) return undefined;
  if (kind !== WINDOW_UPDATE && CONNECTION_KINDS.has(kind) !== (stream === 0)) return undefined;
  return { text: `${name}[${stream}]`, next };
}

function startsWithPreface(m: MessageBytes): boolean {
  if (m.at + PREFACE.length > m.end) return false;
  for (let i = 0; i < PREFACE.length; i++) if (m.bytes[m.at + i] !== PREFACE.charCodeAt(i)) return false;
  return true;
}
