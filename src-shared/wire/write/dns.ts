/**
 * DNS messages (RFC 1035; AAAA: RFC 3596).
 *
 * ```
 *  0 id   2 QR OPCODE:4 AA TC RD RA Z:3 RCODE:4   4 questions   6 answers   8 authority   10 additional   12
 *  question: name type class      record: name type class TTL(4) length(2) data
 * ```
 * An owner name equal to the question's is written as a pointer to it (c0 0c), as servers do.
 */
import { type Address, parseIpv4, parseIpv6 } from "./address";
import { ByteBuilder, encodeUtf8 } from "./byte-builder";
import type { Layer } from "./layer";

export const DNS_PORT = 53;

export type DnsType = "A" | "AAAA" | "CNAME" | "PTR" | "SOA" | "SRV" | "TXT" | "NS";

export const DNS_TYPES: Readonly<Record<DnsType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
};

export const DNS_NOERROR = 0;
export const DNS_SERVFAIL = 2;
export const DNS_NXDOMAIN = 3;

export interface DnsQuestion {
  readonly name: string;
  readonly type: DnsType;
}

export type DnsRecord = { readonly name: string; readonly ttl?: number } & (
  | { readonly type: "A" | "AAAA"; readonly address: Address }
  | { readonly type: "CNAME" | "PTR" | "NS"; readonly target: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SOA";
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly negativeTtl: number;
    }
);

export interface DnsQueryOptions extends DnsQuestion {
  readonly id: number;
  /** Default true. */
  readonly recursionDesired?: boolean;
  /** Over TCP a message is preceded by its length. */
  readonly overTcp?: boolean;
}

export interface DnsResponseOptions extends DnsQueryOptions {
  readonly rcode?: number;
  readonly authoritative?: boolean;
  readonly truncated?: boolean;
  readonly answers?: readonly DnsRecord[];
  readonly authority?: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

export function dnsQuery(options: DnsQueryOptions): Layer {
  return message(options, 0);
}

export function dnsResponse(options: DnsResponseOptions): Layer {
  return message(
    options,
    0x8080 |
      (options.authoritative === true ? 0x0400 : 0) |
      (options.truncated === true ? 0x0200 : 0) |
      (options.rcode ?? DNS_NOERROR),
  );
}

function message(options: DnsResponseOptions, flags: number): Layer {
  const out = new ByteBuilder();
  const sections = [options.answers ?? [], options.authority ?? [], options.additional ?? []];
  out
    .u16(options.id)
    .u16(flags | (options.recursionDesired === false ? 0 : 0x0100))
    .u16(1);
  for (const section of sections) out.u16(section.length);
  appendName(out, options.name);
  out.u16(DNS_TYPES[options.type]).u16(1);
  for (const record of sections.flat()) {
    if (record.name === options.name) out.u16(0xc00c);
    else appendName(out, record.name);
    out
      .u16(DNS_TYPES[record.type])
      .u16(1)
      .u32(record.ttl ?? 30);
    const lengthAt = out.length;
    out.u16(0);
    appendData(out, record);
    out.setU16(lengthAt, out.length - lengthAt - 2);
  }
  const bytes = out.take();
  return {
    name: "dns",
    carriedAs: { port: DNS_PORT },
    append(packet) {
      if (options.overTcp === true) packet.u16(bytes.length);
      packet.bytes(bytes);
    },
  };
}

function appendData(out: ByteBuilder, record: DnsRecord): void {
  switch (record.type) {
    case "A":
      out.bytes(parseIpv4(record.address));
      break;
    case "AAAA":
      out.bytes(parseIpv6(record.address));
      break;
    case "CNAME":
    case "PTR":
    case "NS":
      appendName(out, record.target);
      break;
    case "SRV":
      out.u16(record.priority).u16(record.weight).u16(record.port);
      appendName(out, record.target);
      break;
    case "TXT": {
      const text = encodeUtf8(record.text);
      out.u8(text.length).bytes(text);
      break;
    }
    case "SOA":
      appendName(out, record.primary);
      appendName(out, record.mailbox);
      out.u32(record.serial).u32(7200).u32(1800).u32(86400).u32(record.negativeTtl);
      break;
  }
}

/** "a.b." and "a.b" are the same name here: on the wire every name is complete. */
function appendName(out: ByteBuilder, name: string): void {
  for (const label of name.replace(/\.$/, "").split(".")) {
    const bytes = encodeUtf8(label);
    if (bytes.length > 63 || (bytes.length === 0 && name !== "" && name !== "."))
      throw new RangeError(`dns: "${label}" in "${name}" is not a label of 1..63 bytes`);
    if (bytes.length > 0) out.u8(bytes.length).bytes(bytes);
  }
  out.u8(0);
}
