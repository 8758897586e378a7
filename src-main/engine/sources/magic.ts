/**
 * Tells from its first bytes what a file is: a capture, one of the compressions, or neither.
 * Names and extensions are not looked at: captures are renamed too often for them to mean anything.
 */
export type Compression = "gzip" | "zstd" | "lz4";

/** Bytes `compressionOf` and `looksReadable` need to decide; with fewer they can answer wrongly. */
export const MAGIC_LENGTH = 4;

/** As read big-endian from the file. */
const ZSTD = 0x28b52ffd;
const LZ4_FRAME = 0x04224d18;
const CAPTURES: ReadonlySet<number> = new Set([
  0xa1b2c3d4, // pcap, big-endian, microseconds
  0xd4c3b2a1, // pcap, little-endian, microseconds
  0xa1b23c4d, // pcap, big-endian, nanoseconds
  0x4d3cb2a1, // pcap, little-endian, nanoseconds
  0xa1b2cd34, // pcap as modified by Alexey Kuznetsov, big-endian
  0x34cdb2a1, // the same, little-endian
  0x0a0d0d0a, // pcapng, either byte order
]);

/** Which compression these first bytes of a file announce; undefined if none. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  // The gzip magic is two bytes long, the third (the method) has only ever been 8.
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  switch (bigEndian32(head)) {
    case ZSTD:
      return "zstd";
    case LZ4_FRAME:
      return "lz4";
    default:
      return undefined;
  }
}

/** True if these first bytes of a file are those of a capture or of a compressed file that may hold one. */
export function looksReadable(head: Uint8Array): boolean {
  return compressionOf(head) !== undefined || CAPTURES.has(bigEndian32(head) ?? 0);
}

function bigEndian32(head: Uint8Array): number | undefined {
  if (head.length < MAGIC_LENGTH) return undefined;
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
}
