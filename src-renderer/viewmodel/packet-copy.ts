/**
 * Packets, fields and bytes as text for the clipboard.
 *
 * ```
 * rows    text (columns apart by spaces), CSV (RFC 4180), JSON (an array of records)
 * bytes   hex stream, hex dump, printable text, escaped string, base64
 * field   text, name, literal, filter, JSON of it and everything below
 * ```
 */
import { HEX_OF_BYTE } from "../../src-shared/base/hex";
import { hostileCsvCell } from "../../src-shared/base/csv";
import type { DetailNode } from "../../src-shared/contract/results";

/** Rows with aligned columns; the last column is not padded. */
export function rowsAsText(labels: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = labels.map((label, column) =>
    Math.max(label.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column < widths.length - 1 ? cell.padEnd(widths[column] as number) : cell)).join("  ");
  return [line(labels), ...rows.map(line)].map((text) => `${text.trimEnd()}\n`).join("");
}

/** RFC 4180: quotes where needed, doubled inside; lines end with CR LF. */
export function rowsAsCsv(labels: readonly string[], rows: readonly (readonly string[])[]): string {
  return [labels, ...rows].map((row) => `${row.map(hostileCsvCell).join(",")}\r\n`).join("");
}

export function rowsAsJson(labels: readonly string[], rows: readonly (readonly string[])[]): string {
  const records = rows.map((row) => Object.fromEntries(labels.map((label, column) => [label, row[column] ?? ""])));
  return `${JSON.stringify(records, null, 2)}\n`;
}

/** "0a0b0c" */
export function bytesAsHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_OF_BYTE[byte];
  return text;
}

/**
 * Offset, sixteen bytes, their characters: what `text2pcap` reads.
 *
 * ```
 * 0010  45 00 00 54 00 00 40 00  40 01 26 a9 0a 00 00 01   E..T..@.@.&.....
 * ```
 */
export function bytesAsDump(bytes: Uint8Array, base = 0): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    let hex = "";
    for (let i = 0; i < 16; i++)
      hex += (i === 8 ? " " : "") + (i < row.length ? `${HEX_OF_BYTE[row[i] as number]} ` : "   ");
    text += `${(base + at).toString(16).padStart(4, "0")}  ${hex}  ${bytesAsPrintable(row)}\n`;
  }
  return text;
}

/** One character a byte: printable ASCII, "." for the rest. */
function bytesAsPrintable(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  return text;
}

/** As UTF-8 text; bytes that are none become U+FFFD, control characters but line ends and tabs are left out. */
export function bytesAsText(bytes: Uint8Array): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is meant
  return new TextDecoder().decode(bytes).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "");
}

/** A C string: "GET / HTTP/1.1\r\n\x00". */
export function bytesAsEscaped(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x0a) text += "\\n";
    else if (byte === 0x0d) text += "\\r";
    else if (byte === 0x09) text += "\\t";
    else if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${HEX_OF_BYTE[byte]}`;
  }
  return `"${text}"`;
}

export function bytesAsBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const value = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += BASE64[value >> 18];
    text += BASE64[(value >> 12) & 63];
    text += left > 1 ? BASE64[(value >> 6) & 63] : "=";
    text += left > 2 ? BASE64[value & 63] : "=";
  }
  return text;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Two hexadecimal digits of a byte. */
export function hexByte(byte: number): string {
  return HEX_OF_BYTE[byte & 255] as string;
}

/** What a person calls the value: the text behind the colon, else the literal, else the text. */
export function nodeValue(node: DetailNode): string {
  const colon = node.text.indexOf(": ");
  if (colon >= 0) return node.text.slice(colon + 2).replace(/\]$/, node.text.startsWith("[") ? "" : "]");
  return node.literal ?? node.text;
}

interface NodeJson {
  readonly text: string;
  readonly field?: string;
  readonly value?: string;
  readonly bytes?: readonly [offset: number, length: number];
  readonly children?: readonly NodeJson[];
}

export function nodeAsJson(node: DetailNode): string {
  return `${JSON.stringify(jsonOf(node), null, 2)}\n`;
}

function jsonOf(node: DetailNode): NodeJson {
  return {
    text: node.text,
    ...(node.field === null ? {} : { field: node.field }),
    ...(node.literal === null ? {} : { value: node.literal }),
    ...(node.length > 0 ? { bytes: [node.offset, node.length] as const } : {}),
    ...(node.children.length > 0 ? { children: node.children.map(jsonOf) } : {}),
  };
}

/** A node and everything below that is open, indented: Wireshark's "All Visible Items". */
export function nodesAsText(nodes: readonly DetailNode[], level = 0): string {
  return nodes.map((node) => `${"    ".repeat(level)}${node.text}\n${nodesAsText(node.children, level + 1)}`).join("");
}
