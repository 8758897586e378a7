/**
 * Addresses and address ranges as text that compares: one address, one spelling.
 *
 * ```
 * parseAddress("FD00:0::1")        "fd00::1"          parseAddress("010.0.0.1")  undefined (octal or decimal? nobody knows)
 * parseRange("10.244.1.7/24")      10.244.1.0/24
 * ```
 */
import { formatIpv4, formatIpv6 } from "./address";

/** All addresses whose first `prefixLength` bits are those of `bytes`. */
export interface IpRange {
  /** "10.244.1.0/24", host bits zero. */
  readonly text: string;
  /** 4 or 16. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/** 4 or 16 bytes, network order; undefined if it is no address. A zone ("%eth0") is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

/** The canonical spelling (RFC 5952), undefined if it is no address. */
export function parseAddress(text: string): string | undefined {
  const bytes = addressBytes(text);
  return bytes && formatAddress(bytes);
}

/** 4 bytes dotted, 16 by RFC 5952. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4
    ? formatIpv4(new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0))
    : formatIpv6(bytes, 0);
}

/** "10.0.0.0/8", "fd00::/48"; host bits are cleared. Undefined if it is no range. */
export function parseRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const bytes = addressBytes(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!bytes || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bytes.length * 8) return undefined;
  const prefixLength = Number(length);
  for (let i = 0; i < bytes.length; i++) {
    const kept = Math.min(8, Math.max(0, prefixLength - i * 8));
    bytes[i] = (bytes[i] as number) & (0xff00 >> kept);
  }
  return { text: `${formatAddress(bytes)}/${prefixLength}`, bytes, prefixLength };
}

/** Whether `address` (bytes of addressBytes) is in the range; never, if one is IPv4 and the other IPv6. */
export function rangeContains(range: IpRange, address: Uint8Array): boolean {
  if (address.length !== range.bytes.length) return false;
  const whole = range.prefixLength >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== range.bytes[i]) return false;
  const rest = range.prefixLength & 7;
  return rest === 0 || (((address[whole] as number) ^ (range.bytes[whole] as number)) & (0xff00 >> rest) & 0xff) === 0;
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256)) return undefined;
  return Uint8Array.from(parts, Number);
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  // A dotted end stands for two words.
  const lastColon = text.lastIndexOf(":");
  const dotted = text.includes(".") ? ipv4Bytes(text.slice(lastColon + 1)) : undefined;
  if (text.includes(".") && !dotted) return undefined;
  const head = dotted ? text.slice(0, lastColon + 1) : text;
  const gap = head.indexOf("::");
  if (gap >= 0 && head.indexOf("::", gap + 1) >= 0) return undefined;
  const words = (part: string): number[] | undefined => {
    if (part === "") return [];
    const list = part.split(":");
    return list.every((w) => /^[0-9a-f]{1,4}$/i.test(w)) ? list.map((w) => parseInt(w, 16)) : undefined;
  };
  const tail: number[] = dotted
    ? [((dotted[0] as number) << 8) | (dotted[1] as number), ((dotted[2] as number) << 8) | (dotted[3] as number)]
    : [];
  // Before the dotted end stands one colon, unless it is the gap's second.
  const trimmed = dotted && !head.endsWith("::") ? head.slice(0, -1) : head;
  const left = words(gap >= 0 ? trimmed.slice(0, gap) : trimmed);
  const right = gap >= 0 ? words(trimmed.slice(gap + 2)) : [];
  if (!left || !right) return undefined;
  const given = left.length + right.length + tail.length;
  if (gap >= 0 ? given > 7 : given !== 8) return undefined;
  const all = [...left, ...Array.from({ length: 8 - given }, () => 0), ...right, ...tail];
  const bytes = new Uint8Array(16);
  all.forEach((w, i) => {
    bytes[i * 2] = w >> 8;
    bytes[i * 2 + 1] = w & 255;
  });
  return bytes;
}
