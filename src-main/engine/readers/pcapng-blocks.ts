/**
 * pcapng blocks that are not packets (draft-ietf-opsawg-pcapng): sections, interfaces, names, statistics.
 * Rare, so they are read here in plain TypeScript; packet blocks never leave the kernel.
 *
 * ```
 * block:   type(4) total(4) body … options … total(4)
 * option:  code(2) length(2) value(length, padded to 4) … until code 0 or the block's end
 * ```
 */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { decodeUtf8 } from "../../../src-shared/base/text";
import {
  BLOCK_CUSTOM,
  BLOCK_CUSTOM_NO_COPY,
  BLOCK_DECRYPTION_SECRETS,
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_NAME_RESOLUTION,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
} from "../../../src-shared/model/header-numbers";
import type { InterfaceStatistics, NameRecord } from "./capture-file";

const SHORT_NAMES: ReadonlyMap<number, string> = new Map([
  [BLOCK_SECTION, "SHB"],
  [BLOCK_INTERFACE, "IDB"],
  [BLOCK_OBSOLETE_PACKET, "PB"],
  [BLOCK_SIMPLE_PACKET, "SPB"],
  [BLOCK_NAME_RESOLUTION, "NRB"],
  [BLOCK_STATISTICS, "ISB"],
  [BLOCK_ENHANCED_PACKET, "EPB"],
  [BLOCK_DECRYPTION_SECRETS, "DSB"],
  [BLOCK_CUSTOM, "CB"],
  [BLOCK_CUSTOM_NO_COPY, "DCB"],
]);

/** "EPB", "IDB" …; the number in hex for types without a name. */
export function blockName(type: number): string {
  return SHORT_NAMES.get(type) ?? `0x${type.toString(16).padStart(8, "0")}`;
}

const OPTION_END = 0;
export const OPTION_COMMENT = 1;

export interface BlockOption {
  readonly code: number;
  /** Position of the value, and its length without padding. */
  readonly start: number;
  readonly length: number;
}

/** Walks the options in bytes[start, end). Stops at the end mark, or where a length does not fit. */
export function readOptions(bytes: Uint8Array, start: number, end: number, bigEndian: boolean): BlockOption[] {
  const options: BlockOption[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let p = start;
  while (p + 4 <= end) {
    const code = view.getUint16(p, !bigEndian);
    const length = view.getUint16(p + 2, !bigEndian);
    if (code === OPTION_END || p + 4 + length > end) break;
    options.push({ code, start: p + 4, length });
    p += 4 + ((length + 3) & ~3);
  }
  return options;
}

/** Text of an option; a terminating zero byte, which some writers add, is not part of it. */
export function optionText(bytes: Uint8Array, option: BlockOption): string {
  let end = option.start + option.length;
  while (end > option.start && bytes[end - 1] === 0) end--;
  return decodeUtf8(bytes, option.start, end);
}

function optionComments(bytes: Uint8Array, options: readonly BlockOption[]): string[] {
  return options.filter((o) => o.code === OPTION_COMMENT).map((o) => optionText(bytes, o));
}

function textOption(bytes: Uint8Array, options: readonly BlockOption[], code: number): string | undefined {
  const option = options.find((o) => o.code === code);
  return option ? optionText(bytes, option) : undefined;
}

export interface SectionHeader {
  readonly major: number;
  readonly minor: number;
  readonly comments: string[];
  readonly hardware: string | undefined;
  readonly operatingSystem: string | undefined;
  readonly application: string | undefined;
}

/** `start` is the block's first byte, `length` its total length. */
export function readSection(bytes: Uint8Array, start: number, length: number, bigEndian: boolean): SectionHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = readOptions(bytes, start + 24, start + length - 4, bigEndian);
  return {
    major: view.getUint16(start + 12, !bigEndian),
    minor: view.getUint16(start + 14, !bigEndian),
    comments: optionComments(bytes, options),
    hardware: textOption(bytes, options, 2),
    operatingSystem: textOption(bytes, options, 3),
    application: textOption(bytes, options, 4),
  };
}

export interface InterfaceDescription {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly filter: string | undefined;
  readonly operatingSystem: string | undefined;
  readonly comments: string[];
  readonly binaryTime: boolean;
  readonly exponent: number;
  readonly offsetSeconds: bigint;
  readonly fcsLength: number;
}

export function readInterface(
  bytes: Uint8Array,
  start: number,
  length: number,
  bigEndian: boolean,
): InterfaceDescription {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = readOptions(bytes, start + 16, start + length - 4, bigEndian);
  // Where an option that may be there once is there twice, the first one counts, as in Wireshark.
  const first = (code: number, bytesNeeded: number): number | undefined =>
    options.find((o) => o.code === code && o.length >= bytesNeeded)?.start;
  const resolutionAt = first(9, 1);
  const resolution = resolutionAt === undefined ? 6 : (bytes[resolutionAt] as number);
  const offsetAt = first(14, 8);
  const fcsAt = first(13, 1);
  const filter = options.find((o) => o.code === 11 && o.length > 1 && bytes[o.start] === 0);
  return {
    linkType: view.getUint16(start + 8, !bigEndian),
    snapLength: view.getUint32(start + 12, !bigEndian),
    name: textOption(bytes, options, 2),
    description: textOption(bytes, options, 3),
    filter: filter && optionText(bytes, { code: 11, start: filter.start + 1, length: filter.length - 1 }),
    operatingSystem: textOption(bytes, options, 12),
    comments: optionComments(bytes, options),
    binaryTime: (resolution & 0x80) !== 0,
    exponent: resolution & 0x7f,
    offsetSeconds: offsetAt === undefined ? 0n : view.getBigInt64(offsetAt, !bigEndian),
    fcsLength: fcsAt === undefined ? 0 : (bytes[fcsAt] as number),
  };
}

/** Name resolution: records of type 1 (IPv4) and 2 (IPv6), each an address and its names, zero-terminated. */
export function readNames(
  bytes: Uint8Array,
  start: number,
  length: number,
  bigEndian: boolean,
): { records: NameRecord[]; comments: string[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = start + length - 4;
  const records: NameRecord[] = [];
  let p = start + 8;
  while (p + 4 <= end) {
    const type = view.getUint16(p, !bigEndian);
    const n = view.getUint16(p + 2, !bigEndian);
    if (type === 0) {
      p += 4;
      break;
    }
    if (p + 4 + n > end) return { records, comments: [] };
    const width = type === 1 ? 4 : type === 2 ? 16 : 0;
    if (width && n > width) {
      const address = width === 4 ? formatIpv4(view.getUint32(p + 4)) : formatIpv6(bytes, p + 4);
      const names: string[] = [];
      let s = p + 4 + width;
      for (let q = s; q < p + 4 + n; q++) {
        if (bytes[q] !== 0) continue;
        if (q > s) names.push(decodeUtf8(bytes, s, q));
        s = q + 1;
      }
      records.push({ address, names });
    }
    p += 4 + ((n + 3) & ~3);
  }
  return { records, comments: optionComments(bytes, readOptions(bytes, p, end, bigEndian)) };
}

/** Statistics; `interface` is the number within the section. */
export function readStatistics(
  bytes: Uint8Array,
  start: number,
  length: number,
  bigEndian: boolean,
): InterfaceStatistics {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = readOptions(bytes, start + 20, start + length - 4, bigEndian);
  const count = (code: number): number | undefined => {
    const o = options.find((x) => x.code === code && x.length >= 8);
    return o && Number(view.getBigUint64(o.start, !bigEndian));
  };
  return {
    interface: view.getUint32(start + 8, !bigEndian),
    received: count(4),
    dropped: count(5),
    filterAccepted: count(6),
    osDropped: count(7),
    delivered: count(8),
    comments: optionComments(bytes, options),
  };
}
