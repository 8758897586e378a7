/**
 * The first bytes of a file: which capture format it is.
 *
 * ```
 * pcap    magic(4)  major(2) minor(2)  zone(4)  accuracy(4)  snap length(4)  link type and FCS(4)
 * pcapng  0a0d0d0a  length(4)  byte-order magic(4)  …                       draft-ietf-opsawg-pcapng section 4.1
 * ```
 */
import type { Problem } from "../../../src-shared/model/problem";
import { BLOCK_SECTION } from "../../../src-shared/model/header-numbers";
import { type InterfaceDescription } from "../readers/pcapng-blocks";

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Of a pcap file. */
export const PCAP_HEAD_BYTES = 24;
/** Where a pcap file tells its link type. */
export const PCAP_LINK_TYPE_OFFSET = 20;

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/** Kuznetzov's: every record has 8 more bytes. */
const MAGIC_LONG_RECORDS = 0xa1b2cd34;

export type CaptureHead =
  /** More bytes are needed. */
  | { readonly format: "unknown" }
  | { readonly format: "none"; readonly problem: Pick<Problem, "code" | "offset" | "message"> }
  | { readonly format: "pcapng"; readonly bigEndian: boolean }
  | {
      readonly format: "pcap";
      readonly bigEndian: boolean;
      readonly nanoseconds: boolean;
      /** Captured length before wire length (0), after it (1), or either, the smaller being the captured one (2). */
      readonly lengthOrder: number;
      /** Bytes of a record's head after the 16 that all have. */
      readonly extraBytes: number;
      readonly interface: InterfaceDescription;
    };

/** The first four bytes of a pcap file, read in its byte order. */
export function isPcapMagic(m: number): boolean {
  return m === MAGIC_MICROSECONDS || m === MAGIC_NANOSECONDS || m === MAGIC_LONG_RECORDS;
}

/** What the magic of a pcap file says of its records. `extraBytes`: of a record's head, after the 16 that all have. */
export function pcapRecords(magic: number): { readonly nanoseconds: boolean; readonly extraBytes: number } {
  return { nanoseconds: magic === MAGIC_NANOSECONDS, extraBytes: magic === MAGIC_LONG_RECORDS ? 8 : 0 };
}

/** The one interface of a pcap file, of whose head at `at` all bytes are there. */
export function pcapInterface(
  view: DataView,
  at: number,
  bigEndian: boolean,
  nanoseconds: boolean,
): InterfaceDescription {
  const link = view.getUint32(at + PCAP_LINK_TYPE_OFFSET, !bigEndian);
  return {
    linkType: link & 0x03ffffff,
    snapLength: view.getUint32(at + 16, !bigEndian),
    name: undefined,
    description: undefined,
    filter: undefined,
    operatingSystem: undefined,
    comments: [],
    binaryTime: false,
    exponent: nanoseconds ? 9 : 6,
    offsetSeconds: 0n,
    fcsLength: link & 0x04000000 ? (link >>> 28) * 2 : 0,
  };
}

/** Reads the head at `at`, of which `have` bytes are there. */
export function readCaptureHead(view: DataView, at: number, have: number): CaptureHead {
  if (have < 4) return { format: "unknown" };
  const little = view.getUint32(at, true);
  if (little === BLOCK_SECTION) {
    if (have < 12) return { format: "unknown" };
    return { format: "pcapng", bigEndian: view.getUint32(at + 8, true) !== BYTE_ORDER_MAGIC };
  }
  const bigEndian = !isPcapMagic(little);
  const magic = view.getUint32(at, !bigEndian);
  if (!isPcapMagic(magic)) {
    const found = Array.from({ length: 4 }, (_, i) =>
      view
        .getUint8(at + i)
        .toString(16)
        .padStart(2, "0"),
    ).join(" ");
    const message = `expected a pcap or pcapng capture (also gzip, zstd or lz4 of one), found bytes ${found}`;
    return { format: "none", problem: { code: "unknown-format", offset: 0, message } };
  }
  if (have < PCAP_HEAD_BYTES) return { format: "unknown" };
  const major = view.getUint16(at + 4, !bigEndian);
  const minor = view.getUint16(at + 6, !bigEndian);
  if (major !== 2 && major !== 543) {
    const message = `expected pcap version 2, found ${major}.${minor}`;
    return { format: "none", problem: { code: "unsupported-version", offset: 4, message } };
  }
  const { nanoseconds, extraBytes } = pcapRecords(magic);
  return {
    format: "pcap",
    bigEndian,
    nanoseconds,
    lengthOrder: major === 543 || minor < 3 ? 1 : minor === 3 ? 2 : 0,
    extraBytes,
    interface: pcapInterface(view, at, bigEndian, nanoseconds),
  };
}
