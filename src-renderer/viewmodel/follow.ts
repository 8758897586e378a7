/**
 * A followed stream as lines: text or hex, either or both directions, gaps told.
 *
 * ```
 * segment (client)  "GET / HTTP/1.1\r\n"   ─► block { side: client, lines }
 * gap of 1448       ─────────────────────► block { side: server, gap: 1448 }
 * ```
 */
import type { FollowedStream, StreamSegment, TimeValue } from "../../src-shared/contract/results";
import { textLiteral } from "../../src-shared/model/filter-text";
import { endpointTextValue, type FilterValue, timeValue } from "./filter-value";

export type StreamSide = "both" | "client" | "server";
export type StreamFormat = "text" | "hex";

export interface StreamBlock {
  readonly packet: number;
  readonly time: TimeValue;
  readonly fromServer: boolean;
  /** Bytes missing before it. */
  readonly gap: number;
  readonly text: string;
  /** Position of its first byte in its direction. */
  readonly offset: number;
  readonly length: number;
}

export function streamBlocks(
  segments: readonly StreamSegment[],
  side: StreamSide,
  format: StreamFormat,
): readonly StreamBlock[] {
  const offsets = { client: 0, server: 0 };
  const decoders = { client: new TextDecoder(), server: new TextDecoder() };
  const blocks: StreamBlock[] = [];
  for (const segment of segments) {
    const from = segment.fromServer ? "server" : "client";
    offsets[from] += segment.gap;
    const offset = offsets[from];
    offsets[from] += segment.bytes.length;
    if (side !== "both" && side !== from) continue;
    // A character may be cut in two by a segment's end; a gap ends what was begun.
    if (segment.gap > 0) decoders[from] = new TextDecoder();
    const text =
      format === "hex"
        ? hexDump(segment.bytes, offset)
        : printable(decoders[from].decode(segment.bytes, { stream: true }));
    blocks.push({
      packet: segment.packet,
      time: segment.time,
      fromServer: segment.fromServer,
      gap: segment.gap,
      text,
      offset,
      length: segment.bytes.length,
    });
  }
  return blocks;
}

/** Unicode's control and format characters, but for tab and line feed: a capture must not steer anything. */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cf}]/gu;

/** As a person can read it: what cannot be seen becomes a dot. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNPRINTABLE, "·");
}

/** `00000010  48 54 54 50 2f 31 2e 31  20 32 30 30 …  HTTP/1.1 200` */
export function hexDump(bytes: Uint8Array, offset: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    let hex = "";
    let text = "";
    for (let i = 0; i < 16; i++) {
      const byte = row[i];
      hex += `${i === 8 ? " " : ""}${byte === undefined ? "  " : byte.toString(16).padStart(2, "0")} `;
      if (byte !== undefined) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".";
    }
    lines.push(`${(offset + at).toString(16).padStart(8, "0")}  ${hex} ${text}`);
  }
  return lines.join("\n");
}

/** The bytes of one or both directions, as they were sent; gaps are left out. */
export function streamBytes(segments: readonly StreamSegment[], side: StreamSide): Uint8Array<ArrayBuffer> {
  const chosen = segments.filter((s) => side === "both" || s.fromServer === (side === "server"));
  const bytes = new Uint8Array(chosen.reduce((sum, s) => sum + s.bytes.length, 0));
  let at = 0;
  for (const segment of chosen) {
    bytes.set(segment.bytes, at);
    at += segment.bytes.length;
  }
  return bytes;
}

/** A text in parts, those that are `query` (case ignored) apart from the others. */
export function hitParts(text: string, query: string): readonly { readonly text: string; readonly hit: boolean }[] {
  const wanted = query.toLowerCase();
  const lower = text.toLowerCase();
  // Letters whose small form is longer would shift the places.
  if (wanted === "" || lower.length !== text.length) return [{ text, hit: false }];
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
    if (next > at) parts.push({ text: text.slice(at, next), hit: false });
    at = next + wanted.length;
    parts.push({ text: text.slice(next, at), hit: true });
  }
  if (at < text.length) parts.push({ text: text.slice(at), hit: false });
  return parts;
}

/** Indices of blocks that hold the text, case ignored. */
export function blocksWith(blocks: readonly StreamBlock[], query: string): readonly number[] {
  const wanted = query.toLowerCase();
  if (wanted === "") return [];
  return blocks.flatMap((block, at) => (block.text.toLowerCase().includes(wanted) ? [at] : []));
}

/** The stream itself, its ends, when it began. */
export function streamValues(stream: FollowedStream): readonly FilterValue[] {
  const { client, server, protocol, title, filter, segments } = stream;
  const first = segments[0];
  return [
    endpointTextValue("Client", client, protocol),
    endpointTextValue("Server", server, protocol),
    { label: "Stream", text: title, filter },
    ...(first ? [timeValue(first.time)] : []),
  ];
}

/** The packet of a piece of the stream: the one of that time. `marked`: text that a person marked in it, looked for everywhere. */
export function segmentValues(stream: FollowedStream, block: StreamBlock, marked: string): readonly FilterValue[] {
  const { filter } = timeValue(block.time);
  return [
    ...(marked === "" ? [] : [{ label: "Marked text", text: marked, filter: `frame contains ${textLiteral(marked)}` }]),
    { label: "Packet", text: block.text, filter: filter && `${stream.filter} && ${filter}` },
  ];
}
