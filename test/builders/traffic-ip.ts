/** The IP header of a line in the traffic notation (traffic.ts): its words, and the layers they become. */
import { parseHex } from "../../src-shared/wire/write/address";
import { ipv4 } from "../../src-shared/wire/write/ipv4";
import { destinationOptions, hopByHop, ipv6, routing } from "../../src-shared/wire/write/ipv6";
import type { Layer } from "../../src-shared/wire/write/layer";
import { defined } from "./traffic-model";
import type { Pair } from "./traffic-names";
import type { Arguments, SourceLine } from "./traffic-text";

export interface IpFields {
  readonly ttl: number;
  readonly id: number;
  readonly df: boolean;
  readonly tos: number;
  readonly wrongSum: boolean;
  readonly options: Uint8Array | undefined;
  readonly flowLabel: number;
  readonly extensions: readonly string[];
  readonly frag: number | undefined;
}

export function defaultIp(df: boolean): IpFields {
  return {
    ttl: 64,
    id: 0,
    df,
    tos: 0,
    wrongSum: false,
    options: undefined,
    flowLabel: 0,
    extensions: [],
    frag: undefined,
  };
}

/** What the words of a line make of `base`. */
export function readIpFields(line: SourceLine, args: Arguments, base: IpFields, pair: Pair): IpFields {
  const extensions = args.value("ext");
  for (const name of extensions?.value.split(",") ?? []) {
    if (!["hop", "routing", "dst"].includes(name))
      line.fail(`"${name}" is none of the extension headers hop, routing, dst`, extensions?.token);
    if (!pair.src.address.includes(":")) line.fail("extension headers are IPv6's", extensions?.token);
  }
  const ipopts = args.value("ipopts");
  const frag = args.number("frag") ?? base.frag;
  const df = args.flag("df") ? true : args.flag("nodf") || frag !== undefined ? false : base.df;
  return {
    ttl: args.number("ttl") ?? base.ttl,
    id: args.number("id") ?? base.id,
    df,
    tos: args.number("tos") ?? base.tos,
    wrongSum: args.choice("ipsum", ["wrong", "right"]) === "wrong",
    options: ipopts === undefined ? base.options : line.check(ipopts.token, () => parseHex(ipopts.value)),
    flowLabel: args.number("flow") ?? base.flowLabel,
    extensions: extensions?.value.split(",") ?? base.extensions,
    frag,
  };
}

/** IP identifications, counted per pair of addresses. */
export class Identifications {
  readonly #next = new Map<string, number>();

  /** Counts up per pair of addresses, as Linux does for datagrams that may be fragmented; starts at a value that differs per pair. */
  next(pair: Pair): number {
    const key = `${pair.src.address}>${pair.dst.address}`;
    const id = this.#next.get(key) ?? 0x1000 + (hash(key) & 0x3fff);
    this.#next.set(key, id + 1);
    return id & 0xffff;
  }
}

export function ipLayers(pair: Pair, ip: IpFields): Layer[] {
  const { src, dst } = pair;
  if (src.address.includes(":")) {
    const extensions = ip.extensions.map((name): Layer => {
      if (name === "hop") return hopByHop({ options: [{ type: 5, data: Uint8Array.of(0, 0) }] }); // router alert
      if (name === "routing") return routing({ segmentsLeft: 0, segments: [dst.address] });
      return destinationOptions({ options: [] });
    });
    return [
      ipv6({ src: src.address, dst: dst.address, hopLimit: ip.ttl, trafficClass: ip.tos, flowLabel: ip.flowLabel }),
      ...extensions,
    ];
  }
  return [
    ipv4({
      src: src.address,
      dst: dst.address,
      ttl: ip.ttl,
      identification: ip.id,
      dontFragment: ip.df,
      tos: ip.tos,
      checksum: ip.wrongSum ? "wrong" : "right",
      ...defined("options", ip.options),
    }),
  ];
}

/** FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 16)) >>> 0;
}
