/** Addresses as text: IPv4 dotted, IPv6 as RFC 5952 writes it, MAC with colons. */
import { HEX_OF_BYTE } from "../base/hex";

/** `value` is the address as an unsigned 32-bit integer in network order (10.0.0.1 is 0x0a000001). */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The 16 bytes at `start`: lower case, longest run of zero words (two at least, the first of equals) as "::" (RFC 5952 section 4). */
export function formatIpv6(bytes: Uint8Array, start: number): string {
  let bestAt = -1;
  let bestLength = 1;
  let runAt = -1;
  for (let i = 0; i <= 8; i++) {
    const zero = i < 8 && bytes[start + i * 2] === 0 && bytes[start + i * 2 + 1] === 0;
    if (zero) {
      if (runAt < 0) runAt = i;
    } else if (runAt >= 0) {
      if (i - runAt > bestLength) {
        bestAt = runAt;
        bestLength = i - runAt;
      }
      runAt = -1;
    }
  }
  // IPv4-mapped addresses keep their dotted form (RFC 5952 section 5), as do the deprecated IPv4-compatible ones.
  const low =
    ((bytes[start + 12] as number) << 24) |
    ((bytes[start + 13] as number) << 16) |
    ((bytes[start + 14] as number) << 8) |
    (bytes[start + 15] as number);
  if (bestAt === 0 && bestLength === 5 && bytes[start + 10] === 0xff && bytes[start + 11] === 0xff)
    return `::ffff:${formatIpv4(low)}`;
  if (bestAt === 0 && bestLength === 6) return `::${formatIpv4(low)}`;
  let out = "";
  for (let i = 0; i < 8; i++) {
    if (bestAt >= 0 && i === bestAt) {
      out += i === 0 ? "::" : ":";
      i += bestLength - 1;
      continue;
    }
    out += (((bytes[start + i * 2] as number) << 8) | (bytes[start + i * 2 + 1] as number)).toString(16);
    if (i < 7) out += ":";
  }
  return out;
}

export function formatMac(bytes: Uint8Array, start: number): string {
  let out = HEX_OF_BYTE[bytes[start] as number] as string;
  for (let i = 1; i < 6; i++) out += `:${HEX_OF_BYTE[bytes[start + i] as number] as string}`;
  return out;
}

/** Two lower-case hex digits a byte, no separator. */
export function formatHex(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  for (let i = start; i < end; i++) out += HEX_OF_BYTE[bytes[i] as number] as string;
  return out;
}
