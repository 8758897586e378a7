/**
 * What a header looks like, as data: one table of fields a protocol. The details tree, the packet diagram and the filter's
 * fields are made from the same table, so a field has one name, one place and one text.
 *
 * ```
 *  bit   0       4       8              16    19                   31
 *        ┌───────┬───────┬──────────────┬─────────────────────────┐
 *        │version│  IHL  │     TOS      │      total length       │   { name: "ip.len", label: "Total Length",
 *        ├───────┴───────┴──────────────┼─────┬───────────────────┤     at: 16, bits: 16, show: DECIMAL }
 *        │        identification        │flags│  fragment offset  │
 * ```
 * Bits are counted from the header's first byte, the most significant first, as RFCs draw them.
 */
import { hexText } from "../../../src-shared/base/hex";
import { formatHex, formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { type Available, readUint } from "../fields/field";
import type { Batch } from "../kernel/batch";

export type NameTable = ReadonlyMap<number, string>;

export const nameTable = (entries: readonly (readonly [number, string])[]): NameTable => new Map(entries);

/** How a value is written behind its label, and as a literal of the filter. */
export type Show =
  /** 63 */
  | { readonly as: "decimal"; readonly unit?: string }
  /** 0x1f, padded to the field's width */
  | { readonly as: "hex" }
  /** 0x14f7 (5367) */
  | { readonly as: "hex-decimal" }
  /** UDP (17); unknown: `unknown` (17) */
  | { readonly as: "names"; readonly names: NameTable; readonly unknown?: string; readonly hex?: boolean }
  /** one of two texts */
  | { readonly as: "flag"; readonly no: string; readonly yes: string }
  | { readonly as: "ipv4" }
  | { readonly as: "ipv6" }
  | { readonly as: "mac" }
  /** hex digits; shortened when long */
  | { readonly as: "bytes" }
  /** words of its own behind the label; `literal` tells the value the filter compares, if it is not the bits themselves */
  | {
      readonly as: "text";
      readonly text: (value: number) => string;
      readonly literal?: (value: number) => string;
      /** between label and text; ": " unless said otherwise */
      readonly join?: string;
    };

export interface BitField {
  /** Wireshark's name; left out where it has none. */
  readonly name?: string;
  readonly label: string;
  readonly at: number;
  readonly bits: number;
  readonly show: Show;
  /** Bits of this field that have meanings of their own. */
  readonly children?: readonly BitField[];
  /** Which bits the picture "0100 .... =" draws; by default the bytes the field lies in, and none if it fills them. */
  readonly picture?: readonly [at: number, bits: number];
  /** Least significant byte first. */
  readonly little?: boolean;
}

/** The fields of one kind of layer. */
export interface Layout {
  /** LAYER_* of layer-kind.ts. */
  readonly layer: number;
  /** Protocol in the filter's sense: what the layer operator counts. */
  readonly protocol: string;
  /** Wireshark's words for the protocol: the tree's line, with what the protocol adds to it. */
  readonly title: string;
  readonly fields: readonly BitField[];
  /** Bytes that may be read, if not all that were captured: a header that contradicts itself ends early. */
  readonly available?: Available;
  /** Of layers of this kind those that look so; all, if left out. */
  readonly applies?: (batch: Batch, row: number) => boolean;
}

export const DECIMAL: Show = { as: "decimal" };
export const HEX: Show = { as: "hex" };
export const HEX_DECIMAL: Show = { as: "hex-decimal" };
export const IPV4: Show = { as: "ipv4" };
export const IPV6: Show = { as: "ipv6" };
export const MAC: Show = { as: "mac" };
export const BYTES: Show = { as: "bytes" };
export const SET: Show = { as: "flag", no: "Not set", yes: "Set" };
export const TRUE: Show = { as: "flag", no: "False", yes: "True" };
export const named = (names: NameTable, unknown = "Unknown"): Show => ({ as: "names", names, unknown });
export const namedHex = (names: NameTable, unknown = "Unknown"): Show => ({ as: "names", names, unknown, hex: true });
export const flag = (no: string, yes: string): Show => ({ as: "flag", no, yes });
export const spoken = (text: (value: number) => string, literal?: (value: number) => string): Show => ({
  as: "text",
  text,
  ...(literal && { literal }),
});

/** "20 bytes (5)": a length that is told in 32-bit words; filters compare bytes. */
export const IN_WORDS: Show = spoken(
  (v) => `${v * 4} bytes (${v})`,
  (v) => String(v * 4),
);

/** A field of whole bytes. */
export function bytesAt(
  byteOffset: number,
  byteLength: number,
  name: string | undefined,
  label: string,
  show: Show,
  children?: readonly BitField[],
): BitField {
  return {
    ...(name !== undefined && { name }),
    label,
    at: byteOffset * 8,
    bits: byteLength * 8,
    show,
    ...(children && { children }),
  };
}

/** A field of some bits. */
export function bitsAt(
  at: number,
  bits: number,
  name: string | undefined,
  label: string,
  show: Show,
  more: { readonly picture?: readonly [number, number]; readonly children?: readonly BitField[] } = {},
): BitField {
  return { ...(name !== undefined && { name }), label, at, bits, show, ...more };
}

/** Bytes after the header's first one that the field needs. */
export function fieldEnd(field: BitField): number {
  return Math.ceil((field.at + field.bits) / 8);
}

/** The bits as an unsigned number (32 at most); `p` is the header's first byte. */
export function readBits(bytes: Uint8Array, p: number, field: BitField): number {
  const first = field.at >>> 3;
  const end = fieldEnd(field);
  if (field.little) {
    let value = 0;
    for (let i = end - 1; i >= first; i--) value = value * 256 + (bytes[p + i] as number);
    return value;
  }
  const value = readUint(bytes, p + first, end - first);
  const shift = end * 8 - field.at - field.bits;
  return field.bits === 32 ? value : (value >>> shift) % 2 ** field.bits;
}

/** Bytes shown of a long value: as many as tshark shows. */
const LONGEST_BYTES = 36;

/** Hex digits of bytes, "…" behind the first 36. */
export function shortHex(bytes: Uint8Array, start: number, end: number): string {
  return end - start <= LONGEST_BYTES
    ? formatHex(bytes, start, end)
    : `${formatHex(bytes, start, start + LONGEST_BYTES)}…`;
}

const hex = (value: number, bits: number): string => hexText(value, Math.ceil(bits / 4));

/** What stands behind the label. */
function valueText(bytes: Uint8Array, p: number, field: BitField): string {
  const { show } = field;
  const start = p + (field.at >>> 3);
  switch (show.as) {
    case "ipv4":
      return formatIpv4(readUint(bytes, start, 4));
    case "ipv6":
      return formatIpv6(bytes, start);
    case "mac":
      return formatMac(bytes, start);
    case "bytes":
      return shortHex(bytes, start, p + fieldEnd(field));
    default:
  }
  const value = readBits(bytes, p, field);
  switch (show.as) {
    case "decimal":
      return `${value}${show.unit ?? ""}`;
    case "hex":
      return hex(value, field.bits);
    case "hex-decimal":
      return `${hex(value, field.bits)} (${value})`;
    case "names": {
      const name = show.names.get(value) ?? show.unknown ?? "Unknown";
      return `${name} (${show.hex ? hex(value, field.bits) : value})`;
    }
    case "flag":
      return value ? show.yes : show.no;
    case "text":
      return show.text(value);
  }
}

/** The value as the filter reads it: `field == literal`. */
export function valueLiteral(bytes: Uint8Array, p: number, field: BitField): string {
  const { show } = field;
  const start = p + (field.at >>> 3);
  switch (show.as) {
    case "ipv4":
    case "ipv6":
    case "mac":
      return valueText(bytes, p, field);
    case "bytes":
      return bytesLiteral(bytes, start, p + fieldEnd(field));
    case "flag":
      return readBits(bytes, p, field) ? "1" : "0";
    case "hex":
    case "hex-decimal":
      return hex(readBits(bytes, p, field), field.bits);
    case "names": {
      const value = readBits(bytes, p, field);
      return show.hex ? hex(value, field.bits) : String(value);
    }
    case "text":
      return (show.literal ?? String)(readBits(bytes, p, field));
    case "decimal":
      return String(readBits(bytes, p, field));
  }
}

function bytesLiteral(bytes: Uint8Array, start: number, end: number): string {
  return formatHex(bytes, start, end).replace(/(..)(?=.)/g, "$1:");
}

/** ".... 0101 = ", or nothing for a field that fills its bytes. */
function bitPicture(bytes: Uint8Array, p: number, field: BitField): string {
  const [from, count] = field.picture ?? wholeBytes(field);
  if (count === 0 || (!field.picture && count === field.bits)) return "";
  let text = "";
  for (let i = 0; i < count; i++) {
    const bit = from + i;
    if (i > 0 && i % 4 === 0) text += " ";
    const inside = bit >= field.at && bit < field.at + field.bits;
    text += inside ? (((bytes[p + (bit >>> 3)] as number) >>> (7 - (bit & 7))) & 1 ? "1" : "0") : ".";
  }
  return `${text} = `;
}

function wholeBytes(field: BitField): readonly [number, number] {
  const from = field.at & ~7;
  return [from, fieldEnd(field) * 8 - from];
}

/** "0100 .... = Version: 4" */
export function fieldText(bytes: Uint8Array, p: number, field: BitField): string {
  const join = field.show.as === "text" ? (field.show.join ?? ": ") : ": ";
  return `${bitPicture(bytes, p, field)}${field.label}${join}${valueText(bytes, p, field)}`;
}
