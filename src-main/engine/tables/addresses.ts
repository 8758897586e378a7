/** Addresses of the workspace as small numbers: equal addresses have one number, whatever layer they are of. */
import { HEX_OF_BYTE } from "../../../src-shared/base/hex";
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";

export type AddressKind = "mac" | "ipv4" | "ipv6";

export class Addresses {
  private readonly ipv4s = new Map<number, number>();
  private readonly macs = new Map<number, number>();
  private readonly ipv6s = new Map<string, number>();
  private readonly kinds: AddressKind[] = [];
  /** IPv4 and MAC as numbers; IPv6 as its 16 bytes in hex. */
  private readonly values: (number | string)[] = [];
  private readonly texts: (string | undefined)[] = [];

  get count(): number {
    return this.kinds.length;
  }

  ipv4(value: number): number {
    return this.intern(this.ipv4s, value, "ipv4");
  }

  mac(bytes: Uint8Array, at: number): number {
    let value = 0;
    for (let i = 0; i < 6; i++) value = value * 256 + (bytes[at + i] as number);
    return this.intern(this.macs, value, "mac");
  }

  ipv6(bytes: Uint8Array, at: number): number {
    let text = "";
    for (let i = 0; i < 16; i++) text += HEX_OF_BYTE[bytes[at + i] as number] as string;
    return this.intern(this.ipv6s, text, "ipv6");
  }

  private intern<K extends number | string>(map: Map<K, number>, value: K, kind: AddressKind): number {
    let id = map.get(value);
    if (id === undefined) {
      id = this.kinds.length;
      map.set(value, id);
      this.kinds.push(kind);
      this.values.push(value);
    }
    return id;
  }

  kind(id: number): AddressKind {
    return this.kinds[id] as AddressKind;
  }

  text(id: number): string {
    return (this.texts[id] ??= this.format(id));
  }

  private format(id: number): string {
    const value = this.values[id] as number | string;
    if (typeof value === "string") return formatIpv6(bytesOf(value), 0);
    if (this.kinds[id] === "ipv4") return formatIpv4(value);
    return formatMac(bytesOf(value.toString(16).padStart(12, "0")), 0);
  }

  /** 1 for each address whose text holds `needle`. */
  holding(needle: string): Uint8Array {
    return Uint8Array.from({ length: this.count }, (_, id) => (this.text(id).includes(needle) ? 1 : 0));
  }

  /** Place of each address in their order: MAC, IPv4, IPv6, each by value. */
  ranks(): Float64Array {
    const order = Array.from({ length: this.count }, (_, i) => i).sort((a, b) => {
      const kinds = KIND_ORDER.indexOf(this.kind(a)) - KIND_ORDER.indexOf(this.kind(b));
      if (kinds !== 0) return kinds;
      const x = this.values[a] as number | string;
      const y = this.values[b] as number | string;
      return x < y ? -1 : x > y ? 1 : 0;
    });
    const ranks = new Float64Array(this.count);
    order.forEach((id, rank) => (ranks[id] = rank));
    return ranks;
  }
}

const KIND_ORDER: readonly AddressKind[] = ["mac", "ipv4", "ipv6"];

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}
