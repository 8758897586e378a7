/** IPv6 ranges of a scenario: addresses by number, parts by number. Only the last 32 bits of an address and the last of a part's prefix count up. */
import { formatIpv6 } from "../../../../src-shared/model/address";
import { parseRange } from "../../../../src-shared/model/ip-range";

export interface Ipv6Range {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
  /** How many addresses can be given out by number: 2^32 at most. */
  readonly size: number;
}

/** Throws RangeError if it is no IPv6 range. */
export function ipv6Range(text: string): Ipv6Range {
  const range = parseRange(text);
  if (range?.bytes.length !== 16) throw new RangeError(`"${text}" is no IPv6 range`);
  const { bytes, prefixLength } = range;
  return { text: range.text, bytes, prefixLength, size: 2 ** Math.min(32, 128 - prefixLength) };
}

/** Address number `index`, less than `size`. */
export function ipv6At(range: Ipv6Range, index: number): string {
  const bytes = range.bytes.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(12, view.getUint32(12) + index);
  return formatIpv6(bytes, 0);
}

/** Part number `index` of the range, cut into parts of that prefix length. Throws RangeError if it has no such part. */
export function ipv6Part(range: Ipv6Range, prefixLength: number, index: number): Ipv6Range {
  if (prefixLength < range.prefixLength || index >= 2 ** (prefixLength - range.prefixLength))
    throw new RangeError(`${range.text} has no part number ${index} of prefix length ${prefixLength}`);
  const bytes = range.bytes.slice();
  const view = new DataView(bytes.buffer);
  const place = BigInt(index) << BigInt(128 - prefixLength);
  const low = view.getBigUint64(8) + (place & 0xffff_ffff_ffff_ffffn);
  view.setBigUint64(8, low);
  view.setBigUint64(0, view.getBigUint64(0) + (place >> 64n) + (low >> 64n));
  return ipv6Range(`${formatIpv6(bytes, 0)}/${prefixLength}`);
}
