/** Names for addresses in the traffic notation (traffic.ts), and the MAC addresses that go with them. */
import { type Address, parseIp, parseMac } from "../../src-shared/wire/write/address";
import { MAC_BROADCAST } from "../../src-shared/wire/write/ethernet";
import { parseNumber, type SourceLine, type Token } from "./traffic-text";

export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
  readonly mac: string | undefined;
}

export interface Pair {
  readonly src: Endpoint;
  readonly dst: Endpoint;
}

/** A word of a line: what stands behind key=. */
export interface Given {
  readonly token: Token;
  readonly value: string;
}

/** The names that lines have defined so far. */
export class Names {
  readonly #endpoints = new Map<string, Endpoint>();

  define(line: SourceLine, name: Token, endpoint: Endpoint): void {
    if (this.#endpoints.has(name.word)) line.fail(`"${name.word}" is defined twice`, name);
    this.#endpoints.set(name.word, endpoint);
  }

  /** A name, `name:port`, an address, `address:port`. */
  endpoint(line: SourceLine, token: Token): Endpoint {
    const { word } = token;
    const known = this.#endpoints.get(word);
    if (known !== undefined) return known;
    const port = (text: string | undefined): number | undefined => {
      if (text === undefined) return undefined;
      const value = parseNumber(line, text, token);
      return value > 65535 ? line.fail(`${value} is not a port`, token) : value;
    };
    const address = (text: string): string => {
      line.check(token, () => parseIp(text));
      return text;
    };
    const [, v6, v6port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(word) ?? [];
    if (v6 !== undefined) return { address: address(v6), port: port(v6port), mac: undefined };
    const [, name, namePort] = /^([^:]+):(\d+)$/.exec(word) ?? [];
    const named = this.#endpoints.get(name ?? "");
    if (named !== undefined) return { ...named, port: port(namePort) };
    if (name !== undefined && name.includes("."))
      return { address: address(name), port: port(namePort), mac: undefined };
    if (/[.:]/.test(word)) return { address: address(word), port: undefined, mac: undefined };
    const names = [...this.#endpoints.keys()];
    return line.fail(
      `"${word}" is neither an address nor a name defined before${names.length > 0 ? ` (${names.join(", ")})` : ""}`,
      token,
    );
  }

  /** The address of a name, or what is no name as it stands. */
  address<T extends string | undefined>(value: T): string | T {
    return value === undefined ? value : (this.#endpoints.get(value)?.address ?? value);
  }

  /** A MAC, or that of a name. */
  mac(line: SourceLine, given: Given | undefined): string | undefined {
    if (given === undefined) return undefined;
    const named = this.#endpoints.get(given.value);
    if (named !== undefined) return macOf(named);
    line.check(given.token, () => parseMac(given.value));
    return given.value;
  }
}

export function portsOf(pair: Pair): { sport: number; dport: number } {
  return { sport: pair.src.port ?? 0, dport: pair.dst.port ?? 0 };
}

/** Broadcast and multicast MACs for such addresses (RFC 1112, RFC 2464), else 02:00 and the address's last four bytes. */
export function macOf(end: Endpoint): string {
  if (end.mac !== undefined) return end.mac;
  const bytes = parseIp(end.address);
  const hex = (part: Uint8Array): string => Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(":");
  if (end.address === "255.255.255.255") return MAC_BROADCAST;
  if (bytes.length === 4 && (bytes[0] ?? 0) >= 224)
    return `01:00:5e:${hex(Uint8Array.of((bytes[1] ?? 0) & 0x7f, bytes[2] ?? 0, bytes[3] ?? 0))}`;
  if (bytes.length === 16 && bytes[0] === 0xff) return `33:33:${hex(bytes.slice(12))}`;
  return `02:00:${hex(bytes.slice(-4))}`;
}

/** The multicast address that neighbours of an IPv6 address are asked at (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Address): string {
  const [a = 0, b = 0, c = 0] = parseIp(address).slice(13);
  const hex = (value: number): string => value.toString(16);
  return `ff02::1:ff${hex(a).padStart(2, "0")}:${hex((b << 8) | c)}`;
}

export function endpointKey(end: Endpoint): string {
  return `${end.address} ${end.port ?? ""}`;
}
