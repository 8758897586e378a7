/** Addresses as the simulator holds them: IPv4 as unsigned 32-bit numbers, prefixes with their mask, MAC addresses as six bytes. */
import { formatIpv4, formatMac } from "../../../../src-shared/model/address";
import { parseIpv4, parseMac } from "../../../../src-shared/wire/write/address";
import { u32 } from "./bytes";

export interface Prefix {
  /** With the host's bits zero. */
  readonly network: number;
  readonly length: number;
  readonly mask: number;
}

export const BROADCAST_IP = 0xffffffff;
export const BROADCAST_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255);
export const ZERO_MAC = new Uint8Array(6);

export function ipNumber(text: string): number {
  return u32(parseIpv4(text), 0);
}

export function ipText(address: number): string {
  return formatIpv4(address);
}

export function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** "10.0.0.1/24" to the address and its prefix; without a length it is a /32. */
export function parseInterfaceAddress(text: string): { readonly address: number; readonly prefix: Prefix } {
  const slash = text.indexOf("/");
  const length = slash < 0 ? 32 : Number(text.slice(slash + 1));
  if (!Number.isInteger(length) || length < 0 || length > 32)
    throw new RangeError(`"${text}": the length of a prefix is 0 to 32`);
  const address = ipNumber(slash < 0 ? text : text.slice(0, slash));
  const mask = maskOf(length);
  return { address, prefix: { network: (address & mask) >>> 0, length, mask } };
}

export function parsePrefix(text: string): Prefix {
  return parseInterfaceAddress(text).prefix;
}

export function prefixText(prefix: Prefix): string {
  return `${ipText(prefix.network)}/${prefix.length}`;
}

export function contains(prefix: Prefix, address: number): boolean {
  return (address & prefix.mask) >>> 0 === prefix.network;
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
