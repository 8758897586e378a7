/**
 * Reads DNS messages (RFC 1035 section 4): unicast DNS, mDNS and LLMNR over UDP, DNS over TCP (section 4.2.2).
 *
 * ```
 *   0                 15     TCP puts a 16-bit length before each message
 *  +-------------------+
 *  | id                |  0
 *  |QR op AA TC RD RA Z|  2   QR = bit 15, RCODE = bits 0-3
 *  | question count    |  4
 *  | answer count      |  6
 *  | authority count   |  8
 *  | additional count  | 10
 *  +-------------------+
 *  question: name, type(2), class(2)
 *  record:   name, type(2), class(2), ttl(4), data length(2), data
 *  name:     see dns-name.ts
 * ```
 *
 * What is reported, and where reading stops, is what tshark 4.0 shows: it reads a record's data by the record's type,
 * not by the data length, and gives up on the message at the first read past its end.
 */

import { beginNames, dnsNameEnd, type DnsNames, endNames } from "./dns-name";

export const DNS_TYPE_A = 1;
export const DNS_TYPE_CNAME = 5;
export const DNS_TYPE_AAAA = 28;

export const DNS_OPCODE_UPDATE = 5;

export const DNS_ANSWER = 0;
export const DNS_AUTHORITY = 1;
export const DNS_ADDITIONAL = 2;

/** One object is reused for all messages: copy what is to be kept. */
export interface DnsMessage extends DnsNames {
  readonly id: number;
  readonly flags: number;
  readonly isResponse: boolean;
  readonly rcode: number;
  readonly opcode: number;
  /** -1 where the message ends before the count. */
  readonly questionCount: number;
  /** In a dynamic update (opcode 5) these are prerequisites, which `dns.count.answers` does not count. */
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
}

/** One object is reused for all questions. */
export interface DnsQuestion {
  /** Position of the name, for `dnsName`. */
  readonly name: number;
  /** Position of the two type bytes; the class follows. */
  readonly typeAt: number;
  readonly type: number;
  readonly class: number;
}

/** One object is reused for all records. */
export interface DnsRecord {
  readonly section: typeof DNS_ANSWER | typeof DNS_AUTHORITY | typeof DNS_ADDITIONAL;
  readonly name: number;
  readonly typeAt: number;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Position of the data: the address of A and AAAA, the name of CNAME (for `dnsName`). */
  readonly data: number;
  readonly dataLength: number;
  /** False if the data is empty or runs past the end of the message: then there is no value to show. */
  readonly hasValue: boolean;
}

export interface DnsVisitor {
  message?(message: DnsMessage): void;
  question?(question: DnsQuestion, message: DnsMessage): void;
  record?(record: DnsRecord, message: DnsMessage): void;
}

interface Mutable {
  message: { -readonly [K in keyof DnsMessage]: DnsMessage[K] };
  question: { -readonly [K in keyof DnsQuestion]: DnsQuestion[K] };
  record: { -readonly [K in keyof DnsRecord]: DnsRecord[K] };
}

const reused: Mutable = {
  message: {
    start: 0,
    end: 0,
    id: 0,
    flags: 0,
    isResponse: false,
    rcode: 0,
    opcode: 0,
    questionCount: 0,
    answerCount: 0,
    authorityCount: 0,
    additionalCount: 0,
    length: 0,
  },
  question: { name: 0, typeAt: 0, type: 0, class: 0 },
  record: { section: 0, name: 0, typeAt: 0, type: 0, class: 0, ttl: 0, data: 0, dataLength: 0, hasValue: false },
};

/**
 * Reads one message.
 *
 * @param claimedEnd end of the message on the wire, if more than `end` (a snapshot length cut it off)
 * @returns false if it stopped early: the message ends inside something it announced
 */
export function visitDns(
  bytes: Uint8Array,
  start: number,
  end: number,
  visitor: DnsVisitor,
  claimedEnd: number = end,
): boolean {
  beginNames();
  try {
    return visitMessage(bytes, start, end, visitor, claimedEnd);
  } finally {
    endNames();
  }
}

function visitMessage(bytes: Uint8Array, start: number, end: number, visitor: DnsVisitor, claimedEnd: number): boolean {
  const { message, question, record } = reused;
  // tshark puts the id and the flags on show together.
  if (end - start < 4) return false;
  const flags = u16(bytes, start + 2);
  message.start = start;
  message.end = end;
  message.length = Math.max(claimedEnd, end) - start;
  message.id = u16(bytes, start);
  message.flags = flags;
  message.isResponse = flags >= 0x8000;
  message.rcode = flags & 15;
  message.opcode = (flags >> 11) & 15;
  message.questionCount = end - start >= 6 ? u16(bytes, start + 4) : -1;
  message.answerCount = end - start >= 8 ? u16(bytes, start + 6) : -1;
  message.authorityCount = end - start >= 10 ? u16(bytes, start + 8) : -1;
  message.additionalCount = end - start >= 12 ? u16(bytes, start + 10) : -1;
  visitor.message?.(message);
  if (end - start < 12) return false;

  const questions = message.questionCount;
  let at = start + 12;
  for (let i = 0; i < questions; i++) {
    const nameEnd = dnsNameEnd(bytes, at, message);
    if (nameEnd < 0 || nameEnd + 4 > end) return false;
    question.name = at;
    question.typeAt = nameEnd;
    question.type = u16(bytes, nameEnd);
    question.class = u16(bytes, nameEnd + 2);
    at = nameEnd + 4;
    visitor.question?.(question, message);
  }

  for (let section: 0 | 1 | 2 = 0; section <= 2; section++) {
    const count =
      section === DNS_ANSWER
        ? message.answerCount
        : section === DNS_AUTHORITY
          ? message.authorityCount
          : message.additionalCount;
    for (let i = 0; i < count; i++) {
      const nameEnd = dnsNameEnd(bytes, at, message);
      if (nameEnd < 0 || nameEnd + 10 > end) return false;
      const data = nameEnd + 10;
      const length = u16(bytes, data - 2);
      record.section = section as 0 | 1 | 2;
      record.name = at;
      record.typeAt = nameEnd;
      record.type = u16(bytes, nameEnd);
      record.class = u16(bytes, nameEnd + 2);
      record.ttl = u16(bytes, nameEnd + 4) * 0x10000 + u16(bytes, nameEnd + 6);
      record.data = data;
      record.dataLength = length;
      const fits = data + length <= end && dataFits(bytes, record.type, data, length, message);
      record.hasValue = fits && length > 0;
      visitor.record?.(record, message);
      if (!fits) return false;
      at = data + length;
    }
  }
  return true;
}

/**
 * Reads the messages of one TCP segment, each behind its length. The last may be cut by the segment's end.
 *
 * @returns false if a message, or its length, was cut or could not be read to its end
 */
export function visitDnsOverTcp(bytes: Uint8Array, start: number, end: number, visitor: DnsVisitor): boolean {
  let complete = true;
  let at = start;
  while (at < end) {
    if (end - at < 2) return false;
    const body = at + 2;
    const claimedEnd = body + u16(bytes, at);
    if (!visitDns(bytes, body, Math.min(claimedEnd, end), visitor, claimedEnd)) complete = false;
    at = claimedEnd;
  }
  return complete;
}

/**
 * Whether reading a record's data by its type stays inside the message. Covers the types made of names and strings;
 * the data of other types is taken as it is.
 */
function dataFits(bytes: Uint8Array, type: number, data: number, length: number, message: DnsMessage): boolean {
  if (length === 0) return true;
  const end = message.end;
  switch (type) {
    case DNS_TYPE_A:
      return data + 4 <= end;
    case DNS_TYPE_AAAA:
      return data + 16 <= end;
    case 2: // NS
    case 3: // MD
    case 4: // MF
    case DNS_TYPE_CNAME:
    case 7: // MB
    case 8: // MG
    case 9: // MR
    case 12: // PTR
    case 39: // DNAME
      return dnsNameEnd(bytes, data, message) >= 0;
    case 15: // MX
    case 18: // AFSDB
    case 21: // RT
    case 36: // KX
      return dnsNameEnd(bytes, data + 2, message) >= 0;
    case 33: // SRV
      return dnsNameEnd(bytes, data + 6, message) >= 0;
    case 6: // SOA
    case 14: // MINFO
    case 17: {
      // RP
      const second = dnsNameEnd(bytes, data, message);
      const behind = second < 0 ? -1 : dnsNameEnd(bytes, second, message);
      return behind >= 0 && (type !== 6 || behind + 20 <= end);
    }
    case 16: // TXT
    case 99: {
      // SPF
      let at = data;
      while (at < data + length) {
        if (at >= end) return false;
        at += 1 + (bytes[at] ?? 0);
        if (at > end) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
