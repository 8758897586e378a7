/**
 * Addresses as people write them, to the bytes that go on the wire.
 *
 * ```
 * "10.244.1.11"         4 bytes
 * "fd00::1"             16 bytes (also "::ffff:10.0.0.1")
 * "02:42:0a:f4:01:0b"   6 bytes (also with "-")
 * ```
 * Every function takes bytes as well as text, and throws a RangeError that quotes what it could not read.
 */
export type Address = string | Uint8Array;

export function parseIpv4(address: Address): Uint8Array {
  if (typeof address !== "string") return checkLength(address, 4, "an IPv4 address");
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255))
    throw new RangeError(`"${address}" is not an IPv4 address`);
  return Uint8Array.from(parts);
}

/** RFC 4291 section 2.2. */
export function parseIpv6(address: Address): Uint8Array {
  if (typeof address !== "string") return checkLength(address, 16, "an IPv6 address");
  const bad = (): RangeError => new RangeError(`"${address}" is not an IPv6 address`);
  const halves = address.split("::");
  if (halves.length > 2) throw bad();
  const [head, tail] = halves.map((half): number[] => {
    if (half === "") return [];
    const groups = half.split(":");
    return groups.flatMap((group, i) => {
      if (i === groups.length - 1 && group.includes(".")) return [...parseIpv4(group)];
      if (!/^[0-9a-f]{1,4}$/i.test(group)) throw bad();
      const value = parseInt(group, 16);
      return [value >> 8, value & 255];
    });
  });
  if (head === undefined) throw bad();
  if (tail === undefined) {
    if (head.length !== 16) throw bad();
    return Uint8Array.from(head);
  }
  if (head.length + tail.length > 14) throw bad();
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

export function parseMac(address: Address): Uint8Array {
  if (typeof address !== "string") return checkLength(address, 6, "a MAC address");
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(address)) throw new RangeError(`"${address}" is not a MAC address`);
  return Uint8Array.from(address.split(/[:-]/), (part) => parseInt(part, 16));
}

/** 4 or 16 bytes, by the look of it: an IPv6 address always has a colon. */
export function parseIp(address: Address): Uint8Array {
  if (typeof address === "string") return address.includes(":") ? parseIpv6(address) : parseIpv4(address);
  return address.length === 4 ? address : checkLength(address, 16, "an IP address");
}

/** Hexadecimal digits, with or without spaces and colons between bytes. */
export function parseHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new RangeError(`"${text}" is not a run of hexadecimal bytes`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function checkLength(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes, not ${bytes.length}`);
  return bytes;
}
