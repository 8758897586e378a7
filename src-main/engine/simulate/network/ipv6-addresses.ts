/**
 * IPv6 addresses as numbers: 2^32 + place in a table of all that were ever named in this process, so that routes, sockets and connection
 * tracking compare, hash and keep addresses of both families alike. IPv4 addresses are below 2^32.
 *
 * ```
 *  fd00::5  ── fromBytes ──► 0x1_0000_0003     the fourth one named
 * ```
 * The numbers depend on who was named first: they are for telling addresses apart, never for order, bytes or random choices.
 */
import { formatIpv6 } from "../../../../src-shared/model/address";
import { parseIpv6 } from "../../../../src-shared/wire/write/address";
import { u32 } from "./bytes";

export const FIRST_IPV6 = 0x1_0000_0000;
export const IPV6_ADDRESS_BYTES = 16;

let capacity = 256;
let count = 0;
/** Four words an address. */
let words = new Uint32Array(capacity * 4);
/** Open addressing: place + 1, 0 where free. */
let slots = new Int32Array(capacity * 2);

/** 0 for "::", as for 0.0.0.0: no address. */
export function ipv6Number(bytes: Uint8Array, at: number): number {
  const a = u32(bytes, at);
  const b = u32(bytes, at + 4);
  const c = u32(bytes, at + 8);
  const d = u32(bytes, at + 12);
  if ((a | b | c | d) === 0) return 0;
  let slot = slotOf(a, b, c, d);
  for (let known = slots[slot] as number; known !== 0; known = slots[slot] as number) {
    const word = (known - 1) * 4;
    if (words[word] === a && words[word + 1] === b && words[word + 2] === c && words[word + 3] === d)
      return FIRST_IPV6 + known - 1;
    slot = (slot + 1) & (slots.length - 1);
  }
  if (count === capacity) {
    grow();
    return ipv6Number(bytes, at);
  }
  words.set([a, b, c, d], count * 4);
  slots[slot] = ++count;
  return FIRST_IPV6 + count - 1;
}

function slotOf(a: number, b: number, c: number, d: number): number {
  const hash = Math.imul(Math.imul(Math.imul(a ^ 0x9e3779b1, 31) ^ b, 0x85ebca6b) ^ c, 0x9e3779b1) ^ d;
  return (Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 7) & (slots.length - 1);
}

function grow(): void {
  capacity *= 2;
  const larger = new Uint32Array(capacity * 4);
  larger.set(words);
  words = larger;
  slots = new Int32Array(capacity * 2);
  for (let place = 0; place < count; place++) {
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(place * 4, place * 4 + 4);
    let slot = slotOf(a, b, c, d);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = place + 1;
  }
}

export function isIpv6(address: number): boolean {
  return address >= FIRST_IPV6;
}

/** Word `index` (0 to 3) of the address, unsigned; of 0 ("::") it is 0. */
export function ipv6Word(address: number, index: number): number {
  return address < FIRST_IPV6 ? 0 : (words[(address - FIRST_IPV6) * 4 + index] as number);
}

export function parseIpv6Number(text: string): number {
  return ipv6Number(parseIpv6(text), 0);
}

export function ipv6Text(address: number): string {
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  putIpv6(bytes, 0, address);
  return formatIpv6(bytes, 0);
}

/** Writes the 16 bytes; `address` 0 is "::". */
export function putIpv6(bytes: Uint8Array, at: number, address: number): void {
  for (let index = 0; index < 4; index++) {
    const word = ipv6Word(address, index);
    const to = at + index * 4;
    bytes[to] = word >>> 24;
    bytes[to + 1] = word >>> 16;
    bytes[to + 2] = word >>> 8;
    bytes[to + 3] = word;
  }
}

/** Sum of its eight 16-bit words: its part of pseudo-headers. */
export function ipv6Sum(address: number): number {
  let sum = 0;
  for (let index = 0; index < 4; index++) {
    const word = ipv6Word(address, index);
    sum += (word >>> 16) + (word & 0xffff);
  }
  return sum;
}

/** ff00::/8 (RFC 4291 section 2.7). */
export function isIpv6Multicast(address: number): boolean {
  return ipv6Word(address, 0) >>> 24 === 0xff;
}

/** Are the first `length` bits the same? */
export function sameIpv6Prefix(a: number, b: number, length: number): boolean {
  for (let index = 0; index < 4 && index * 32 < length; index++) {
    const kept = length - index * 32;
    const mask = kept >= 32 ? 0xffffffff : ~(0xffffffff >>> kept);
    if (((ipv6Word(a, index) ^ ipv6Word(b, index)) & mask) !== 0) return false;
  }
  return true;
}

/** The address with the bits behind `length` zero. */
export function ipv6Network(address: number, length: number): number {
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  putIpv6(bytes, 0, address);
  for (let i = 0; i < IPV6_ADDRESS_BYTES; i++)
    bytes[i] = (bytes[i] as number) & (0xff00 >> Math.min(8, Math.max(0, length - i * 8)));
  return ipv6Number(bytes, 0);
}
