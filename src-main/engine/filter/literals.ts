/**
 * Constants, each read as the kind of what it is compared with: "10" is a number beside tcp.port, one byte beside a slice,
 * text beside http.host.
 */
import { decodeUtf8 } from "../../../src-shared/base/text";
import type { ValueKind } from "../../../src-shared/tables/value-column";

/** Largest integer a column can hold exactly. */
const MAX_UINT = Number.MAX_SAFE_INTEGER;

/** One value, or with a prefix length all values from `low` to `high`. */
export type Constant =
  /** uint, bool, ipv4, mac (its 48 bits). */
  | { readonly domain: "number"; readonly low: number; readonly high: number }
  /** `seconds` whole and rounded down, `nanoseconds` 0 to 999,999,999. */
  | { readonly domain: "time"; readonly seconds: number; readonly nanoseconds: number }
  /** ipv6 (16 bytes), bytes. */
  | { readonly domain: "bytes"; readonly low: Uint8Array; readonly high: Uint8Array }
  | { readonly domain: "string"; readonly text: string };

/** As the user wrote it. */
export interface Literal {
  readonly type: "word" | "string" | "char";
  /** Of a word without the ":" in front that says it is no field. */
  readonly text: string;
  /** Of a string and a char. */
  readonly bytes: Uint8Array | undefined;
}

/** What a message calls a value of the kind. */
export const KIND_NAMES: Readonly<Record<ValueKind, string>> = {
  uint: "an unsigned integer",
  time: "a time",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  mac: "a MAC address",
  bytes: "a byte string",
  string: "text",
  none: "a flag without a value",
  bool: "a boolean",
};

/** The constant, or why it is none: "" where there is nothing more to say than that it is not one. */
export function readConstant(literal: Literal, kind: ValueKind): Constant | string {
  switch (kind) {
    case "uint":
      return readUint(literal);
    case "bool":
      return readBool(literal);
    case "time":
      return readTime(literal);
    case "ipv4":
      return literal.type === "word" ? readIpv4Network(literal.text) : "";
    case "ipv6":
      return literal.type === "word" ? readIpv6Network(literal.text) : "";
    case "mac":
      return literal.type === "word" ? readMac(literal.text) : "";
    case "bytes": {
      const bytes = literal.bytes ?? readBytes(literal.text);
      return bytes
        ? { domain: "bytes", low: bytes, high: bytes }
        : "bytes are pairs of hex digits, as in 0a:1f or 0x1f; text needs quotes";
    }
    case "string":
      return {
        domain: "string",
        text: literal.bytes ? decodeUtf8(literal.bytes, 0, literal.bytes.length) : literal.text,
      };
    case "none":
      return "";
  }
}

function number(value: number): Constant {
  return { domain: "number", low: value, high: value };
}

function readUint(literal: Literal): Constant | string {
  if (literal.type === "char") return number(literal.bytes?.[0] ?? 0);
  const value = literal.type === "word" ? readInteger(literal.text) : undefined;
  if (value === undefined) return "";
  return value > MAX_UINT ? `it is more than ${MAX_UINT}` : number(value);
}

/** Decimal, 0x hex, 0b binary, and as in C a leading 0 means octal. */
function readInteger(text: string): number | undefined {
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[bB][01]+)$/.test(text) ? Number(text) : undefined;
}

function readBool(literal: Literal): Constant | string {
  if (/^(true|True|TRUE)$/.test(literal.text)) return number(1);
  if (/^(false|False|FALSE)$/.test(literal.text)) return number(0);
  const value = readUint(literal);
  return typeof value === "string"
    ? "write True, False, 1 or 0"
    : number(value.domain === "number" && value.low !== 0 ? 1 : 0);
}

function readIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    // A leading zero means octal to some programs: inet_pton refuses it, and so do we.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

function readPrefix(text: string, most: number): { address: string; prefix: number } | string {
  const slash = text.indexOf("/");
  if (slash < 0) return { address: text, prefix: most };
  const digits = text.slice(slash + 1);
  if (!/^\d+$/.test(digits) || (digits.length > 1 && digits.startsWith("0")))
    return `"${digits}" is not a prefix length`;
  if (Number(digits) > most) return `its prefix may have at most ${most} bits`;
  return { address: text.slice(0, slash), prefix: Number(digits) };
}

function readIpv4Network(text: string): Constant | string {
  const parts = readPrefix(text, 32);
  if (typeof parts === "string") return parts;
  const address = readIpv4(parts.address);
  if (address === undefined) return "";
  const size = 2 ** (32 - parts.prefix);
  const low = Math.floor(address / size) * size;
  return { domain: "number", low, high: low + size - 1 };
}

/** RFC 4291 section 2.2, all three forms. */
function readIpv6(text: string): Uint8Array | undefined {
  let words = text;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const tail = readIpv4(text.slice(lastColon + 1));
    if (tail === undefined || lastColon < 0) return undefined;
    words = `${text.slice(0, lastColon + 1)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`;
  }
  const halves = words.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!head || [...head, ...(tail ?? [])].some((word) => !/^[0-9a-fA-F]{1,4}$/.test(word))) return undefined;
  const given = head.length + (tail?.length ?? 0);
  // "::" stands for one word of zeros at least.
  if (tail ? given > 7 : given !== 8) return undefined;
  const all = [...head, ...Array.from({ length: 8 - given }, () => "0"), ...(tail ?? [])];
  return Uint8Array.from(all.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 255]));
}

function readIpv6Network(text: string): Constant | string {
  const parts = readPrefix(text, 128);
  if (typeof parts === "string") return parts;
  const address = readIpv6(parts.address);
  if (!address) return "";
  const mask = (i: number): number => (0xff00 >> Math.min(8, Math.max(0, parts.prefix - i * 8))) & 0xff;
  return {
    domain: "bytes",
    low: address.map((b, i) => b & mask(i)),
    high: address.map((b, i) => b | (~mask(i) & 0xff)),
  };
}

function readMac(text: string): Constant | string {
  const bytes = readBytes(text);
  if (!bytes) return "";
  if (bytes.length !== 6) return `it has ${bytes.length === 1 ? "one byte" : `${bytes.length} bytes`}, not 6`;
  return number(bytes.reduce((value, b) => value * 256 + b, 0));
}

/**
 * Hex digits, in pairs or, at the end and before a separator, alone; ":", "-" or "." may separate them: 0a1f, 0a:1f, a.1f,
 * 0a1f.0203. Also 0x and two digits.
 */
export function readBytes(text: string): Uint8Array | undefined {
  if (/^0[xX][0-9a-fA-F]{2}$/.test(text)) return Uint8Array.of(parseInt(text.slice(2), 16));
  const separator = /[:.-]/.exec(text)?.[0];
  const groups = separator === undefined ? [text] : text.split(separator);
  if (!groups.every((group) => /^[0-9a-fA-F]+$/.test(group))) return undefined;
  return Uint8Array.from(
    groups.flatMap((group) => group.match(/..?/g) ?? []),
    (pair) => parseInt(pair, 16),
  );
}

const MONTHS: readonly string[] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const CLOCK = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d+))?)?";
const ZONE = "\\s*(Z|UTC|[+-]\\d{2}:?\\d{2})?";
const ISO_DATE = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})(?:(?:T|\\s+)${CLOCK})?${ZONE}$`);
const NAMED_DATE = new RegExp(`^([A-Z][a-z]{2})\\s+(\\d{1,2}),\\s*(\\d{4})(?:\\s+${CLOCK})?${ZONE}$`);

function readTime(literal: Literal): Constant | string {
  if (literal.type === "char") return "";
  const text = literal.bytes ? decodeUtf8(literal.bytes, 0, literal.bytes.length).trim() : literal.text;
  const decimal = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (decimal) {
    const seconds = Number(decimal[1]);
    const nanoseconds = readFraction(decimal[2]);
    if (nanoseconds === undefined) return "a second has nine decimals";
    return seconds > MAX_UINT ? `it is more than ${MAX_UINT} seconds` : { domain: "time", seconds, nanoseconds };
  }
  const hint = 'write seconds, as in 1795177371.846294151, or a date, as in "2026-11-20 16:00:00"';
  const iso = ISO_DATE.exec(text);
  const named = iso ? null : NAMED_DATE.exec(text);
  const match = iso ?? named;
  if (!match) return hint;
  const year = Number(iso ? iso[1] : match[3]);
  const month = iso ? Number(iso[2]) : MONTHS.indexOf(match[1] ?? "") + 1;
  const day = Number(iso ? iso[3] : match[2]);
  const [hour, minute, second] = [match[4], match[5], match[6]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const nanoseconds = readFraction(match[7]);
  if (nanoseconds === undefined) return "a second has nine decimals";
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return "there is no such time of day";
  const date = new Date(Date.UTC(year, month - 1, day));
  if (month < 1 || month > 12 || date.getUTCDate() !== day) return "there is no such day";
  const zone = match[8];
  let milliseconds: number;
  if (zone === undefined) milliseconds = new Date(year, month - 1, day, hour, minute, second).getTime();
  else {
    const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
    const minutes = offset ? (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === "-" ? -1 : 1) : 0;
    milliseconds = Date.UTC(year, month - 1, day, hour, minute, second) - minutes * 60_000;
  }
  return { domain: "time", seconds: Math.floor(milliseconds / 1000), nanoseconds };
}

/** The digits after the point as nanoseconds; undefined if they say more than that. */
function readFraction(digits = ""): number | undefined {
  return /[^0]/.test(digits.slice(9)) ? undefined : Number(digits.slice(0, 9).padEnd(9, "0"));
}
