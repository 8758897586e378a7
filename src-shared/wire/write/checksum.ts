/**
 * Internet checksum (RFC 1071), with the wrong ones a capture may hold.
 *
 * | mode      | what ends up in the field |
 * |-----------|---------------------------|
 * | "right"   | the one's complement of the sum; 0xffff instead of 0 where 0 means "not computed" (UDP) |
 * | "wrong"   | a value that is neither right, nor partial, nor 0 |
 * | "partial" | the folded sum of the pseudo-header, **not** inverted: what Linux leaves for the NIC to finish (CHECKSUM_PARTIAL) |
 * | "none"    | 0 |
 * | a number  | that number |
 */
export type Checksum = "right" | "wrong" | "partial" | "none" | number;

/** The sum of 16-bit big-endian words, not folded; an odd last byte counts as the high half. Sums of parts may be added if all but the last part are even. */
export function sumWords(bytes: Uint8Array): number {
  let sum = 0;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return even < bytes.length ? sum + ((bytes[even] ?? 0) << 8) : sum;
}

export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/**
 * The value for a checksum field.
 *
 * @param pseudo sum of the pseudo-header, 0 for protocols without one
 * @param sum    sum of header and payload with the field itself 0
 * @param zeroMeansNone true for UDP, where a computed 0 is sent as 0xffff (RFC 768)
 */
export function checksumValue(mode: Checksum, pseudo: number, sum: number, zeroMeansNone = false): number {
  if (typeof mode === "number") return mode;
  if (mode === "none") return 0;
  const partial = foldSum(pseudo);
  if (mode === "partial") return partial;
  let right = ~foldSum(pseudo + sum) & 0xffff;
  if (zeroMeansNone && right === 0) right = 0xffff;
  if (mode === "right") return right;
  let wrong = right ^ 0x1111;
  while (wrong === 0 || wrong === 0xffff || wrong === partial) wrong = (wrong + 1) & 0xffff;
  return wrong;
}

/** CRC-32C (Castagnoli, reflected 0x82f63b78): SCTP's checksum (RFC 9260 appendix A). Bit by bit: it runs over a packet at a time. */
export function crc32c(bytes: Uint8Array): number {
  return crc(bytes, 0x82f63b78);
}

/** CRC-32 (IEEE 802.3, reflected 0xedb88320): the Ethernet frame check sequence. */
export function crc32(bytes: Uint8Array): number {
  return crc(bytes, 0xedb88320);
}

function crc(bytes: Uint8Array, polynomial: number): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  }
  return ~value >>> 0;
}
