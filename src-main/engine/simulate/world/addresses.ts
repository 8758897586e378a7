/** Addresses of ranges, and giving them out: a range hands out its lowest free address, so a freed one is used again. */
import { formatIpv4 } from "../../../../src-shared/model/address";
import { addressBytes, parseRange, rangeContains } from "../../../../src-shared/model/ip-range";
import { ipv6At, type Ipv6Range } from "./ipv6-ranges";

/** "10.0.0.1" to 0x0a000001. Throws RangeError if it is no IPv4 address. */
export function ipv4Number(text: string): number {
  const bytes = addressBytes(text);
  if (bytes?.length !== 4) throw new RangeError(`"${text}" is no IPv4 address`);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

export interface Ipv4Range {
  readonly text: string;
  readonly first: number;
  readonly size: number;
  readonly prefixLength: number;
}

/** Throws RangeError if it is no IPv4 range. */
export function ipv4Range(text: string): Ipv4Range {
  const range = parseRange(text);
  if (range?.bytes.length !== 4) throw new RangeError(`"${text}" is no IPv4 range`);
  const first = new DataView(range.bytes.buffer, range.bytes.byteOffset, 4).getUint32(0);
  return { text: range.text, first, size: 2 ** (32 - range.prefixLength), prefixLength: range.prefixLength };
}

export type AddressRange = Ipv4Range | Ipv6Range;

/** Never, if one is IPv4 and the other IPv6. Throws RangeError if `address` is none. */
export function isInRange(range: AddressRange, address: string): boolean {
  if ("bytes" in range) {
    const bytes = addressBytes(address);
    return bytes !== undefined && rangeContains(range, bytes);
  }
  if (address.includes(":")) return false;
  const n = ipv4Number(address);
  return n >= range.first && n < range.first + range.size;
}

/** The range's address number `index`, from 0. */
export function addressAt(range: AddressRange, index: number): string {
  if (index < 0 || index >= range.size) throw new RangeError(`${range.text} has no address number ${index}`);
  if ("bytes" in range) return ipv6At(range, index);
  return formatIpv4(range.first + index);
}

/** Part number `index` of the range, cut into parts of that prefix length. */
export function subrange(range: Ipv4Range, prefixLength: number, index: number): Ipv4Range {
  const size = 2 ** (32 - prefixLength);
  if (prefixLength < range.prefixLength || (index + 1) * size > range.size)
    throw new RangeError(`${range.text} has no part number ${index} of prefix length ${prefixLength}`);
  const first = range.first + index * size;
  return { text: `${formatIpv4(first)}/${prefixLength}`, first, size, prefixLength };
}

/** Gives out addresses of a range, lowest first; the network's own, its broadcast and those below `from` never. */
export class AddressPool {
  readonly #taken = new Set<string>();

  constructor(
    private readonly range: AddressRange,
    private readonly from = 1,
  ) {}

  /** Marks one as taken. Throws RangeError if somebody has it. */
  reserve(address: string, who: string): string {
    if (this.#taken.has(address)) throw new RangeError(`${who}: address ${address} is taken`);
    this.#taken.add(address);
    return address;
  }

  take(who: string): string {
    for (let i = this.from; i < this.range.size - 1; i++) {
      const address = addressAt(this.range, i);
      if (!this.#taken.has(address)) return this.reserve(address, who);
    }
    throw new RangeError(`${who}: no address of ${this.range.text} is free`);
  }

  release(address: string): void {
    this.#taken.delete(address);
  }
}
