/**
 * Big-endian numbers and Internet checksums in place. `patch…` change a field and the checksums over it by difference (RFC 1624, equation 3), as a
 * NAT does: a checksum that was wrong stays wrong.
 */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Sum of 16-bit words from `start` to `end`, not folded; exact for any packet. An odd last byte counts as a high half. */
export function sum16(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  const even = end - ((end - start) & 1);
  for (let i = start; i < even; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  return even < end ? sum + ((bytes[even] as number) << 8) : sum;
}

export function fold16(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

export function checksum(bytes: Uint8Array, start: number, end: number): number {
  return ~fold16(sum16(bytes, start, end)) & 0xffff;
}

/** The checksum field at `at`, after a 16-bit word it covers went from `before` to `after`. */
export function patchChecksum16(bytes: Uint8Array, at: number, before: number, after: number): void {
  const sum = (~u16(bytes, at) & 0xffff) + (~before & 0xffff) + after;
  putU16(bytes, at, ~fold16(sum) & 0xffff);
}

export function patchChecksum32(bytes: Uint8Array, at: number, before: number, after: number): void {
  const sum =
    (~u16(bytes, at) & 0xffff) + (~(before >>> 16) & 0xffff) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff);
  putU16(bytes, at, ~fold16(sum) & 0xffff);
}
