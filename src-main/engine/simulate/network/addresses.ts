/**
 * Addresses as the simulator holds them: numbers (IPv4 as its 32 bits, unsigned; IPv6 as ipv6-addresses.ts says), prefixes, MAC addresses as
 * six bytes.
 */
import { formatIpv4, formatMac } from "../../../../src-shared/model/address";
import { parseIpv4, parseMac } from "../../../../src-shared/wire/write/address";
import { u32 } from "./bytes";
import { FIRST_IPV6, ipv6Network, ipv6Text, isIpv6Multicast, parseIpv6Number, sameIpv6Prefix } from "./ipv6-addresses";

export interface Prefix {
  /** With the host's bits zero. */
  readonly network: number;
  readonly length: number;
  /** Of IPv4. */
  readonly mask: number;
  readonly isIpv6: boolean;
}

export const BROADCAST_IP = 0xffffffff;
export const BROADCAST_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255);
export const ZERO_MAC = new Uint8Array(6);

export function ipNumber(text: string): number {
  if (text.includes(":")) return parseIpv6Number(text);
  return u32(parseIpv4(text), 0);
}

export function ipText(address: number): string {
  return address < FIRST_IPV6 ? formatIpv4(address) : ipv6Text(address);
}

function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** Class D, or ff00::/8. */
export function isMulticast(address: number): boolean {
  return address < FIRST_IPV6 ? address >>> 28 === 14 : isIpv6Multicast(address);
}

/** "10.0.0.1/24" or "fd00::1/64" to the address and its prefix; without a length it is the address alone. */
export function parseInterfaceAddress(text: string): { readonly address: number; readonly prefix: Prefix } {
  const slash = text.indexOf("/");
  const isIpv6 = text.includes(":");
  const bits = isIpv6 ? 128 : 32;
  const length = slash < 0 ? bits : Number(text.slice(slash + 1));
  if (!Number.isInteger(length) || length < 0 || length > bits)
    throw new RangeError(`"${text}": the length of a prefix is 0 to ${bits}`);
  const address = ipNumber(slash < 0 ? text : text.slice(0, slash));
  if (isIpv6) return { address, prefix: { network: ipv6Network(address, length), length, mask: 0, isIpv6 } };
  const mask = maskOf(length);
  return { address, prefix: { network: (address & mask) >>> 0, length, mask, isIpv6 } };
}

export function parsePrefix(text: string): Prefix {
  return parseInterfaceAddress(text).prefix;
}

export function prefixText(prefix: Prefix): string {
  // The network of ::/0 has the number of 0.0.0.0.
  return `${prefix.isIpv6 && prefix.network === 0 ? "::" : ipText(prefix.network)}/${prefix.length}`;
}

export function contains(prefix: Prefix, address: number): boolean {
  if (prefix.isIpv6) return address >= FIRST_IPV6 && sameIpv6Prefix(prefix.network, address, prefix.length);
  return address < FIRST_IPV6 && (address & prefix.mask) >>> 0 === prefix.network;
}

export function macBytes(text: string): Uint8Array {
  return parseMac(text);
}

export function macText(bytes: Uint8Array, at = 0): string {
  return formatMac(bytes, at);
}

/** The 48 bits as a number, for keys. */
export function macKey(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) * 256 + (bytes[at + 1] as number)) * 0x100000000 + u32(bytes, at + 2);
}
