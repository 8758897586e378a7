/** Unchecked reads of network-order integers. Callers check lengths once per header, then read without checks. */

// @ts-ignore: decorator
@inline
export function be16(p: usize): u32 {
  return bswap<u16>(load<u16>(p)) as u32;
}

// @ts-ignore: decorator
@inline
export function be24(p: usize): u32 {
  return ((load<u8>(p) as u32) << 16) | be16(p + 1);
}

// @ts-ignore: decorator
@inline
export function be32(p: usize): u32 {
  return bswap<u32>(load<u32>(p));
}

/** Integer of the file's byte order. */
// @ts-ignore: decorator
@inline
export function order32(p: usize, swap: bool): u32 {
  const v = load<u32>(p);
  return swap ? bswap<u32>(v) : v;
}

/**
 * Ones' complement sum of `n` bytes at `p`, folded to 16 bits, not inverted (RFC 1071), in memory order: equal sums mean
 * equal checksums whatever the machine's byte order.
 */
export function sum16(p: usize, n: u32, initial: u32): u32 {
  let sum: u64 = initial;
  while (n >= 4) {
    sum += load<u32>(p) as u64;
    p += 4;
    n -= 4;
  }
  if (n >= 2) {
    sum += load<u16>(p) as u64;
    p += 2;
    n -= 2;
  }
  if (n) sum += load<u8>(p) as u64;
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return sum as u32;
}
