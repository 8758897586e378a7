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
 *  name:     [len 0-63][bytes] ... [0]      11xxxxxx xxxxxxxx = go on at that offset from the message's start
 * ```
 *
 * What is reported, and where reading stops, is what tshark 4.0 shows: it reads a record's data by the record's type,
 * not by the data length, and gives up on the message at the first read past its end.
 */

export const DNS_TYPE_A = 1;
export const DNS_TYPE_CNAME = 5;
export const DNS_TYPE_AAAA = 28;

export const DNS_OPCODE_UPDATE = 5;

export const DNS_ANSWER = 0;
export const DNS_AUTHORITY = 1;
export const DNS_ADDITIONAL = 2;

/** One object is reused for all messages: copy what is to be kept. */
export interface DnsMessage {
  /** Position of the id (over TCP: after the length). */
  readonly start: number;
  /** End of the message or of what was captured of it, whichever comes first. */
  readonly end: number;
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
  /** What loops are measured against: the length the message claims, even if less was captured. */
  readonly length: number;
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

const LONGEST_NAME = 253;
const NAME_LOOPS = "<Name contains a pointer that loops>";
const NAME_UNKNOWN_LABEL = "<Unknown extended label>";
const NAME_TOO_LONG = "<Name too long>";
const NAME_ROOT = "<Root>";

const NAME_OK = 0;
const NAME_CUT = 1;
const NAME_LOOPING = 2;
const NAME_UNKNOWN = 3;

/**
 * What is known of names that start where pointers of this message point to, so that following pointers costs no more
 * than the message is long: a hostile 64 KiB message can chain ten thousand names, each through all others. A pointer
 * has 14 bits, so there are 16,384 places.
 */
const PLACES = 1 << 14;
const place = {
  /** Equal to `messageSerial`: the other entries are of this message. */
  known: new Uint32Array(PLACES),
  /** Equal to `nameSerial`: this name has been here. */
  passed: new Uint32Array(PLACES),
  looping: new Uint8Array(PLACES),
  /** Bytes read from here on up to and with the name's last pointer; 0 without pointers. */
  toLastPointer: new Uint32Array(PLACES),
  /** Length of the name from here on, as text. */
  text: new Uint32Array(PLACES),
};
/** The places one name went through, with the bytes read and the length of the text on arrival. */
const trail = {
  length: 0,
  place: new Uint16Array(PLACES),
  read: new Uint32Array(PLACES),
  text: new Uint32Array(PLACES),
};
/** Bytes that may be read, in one message, for names that turn out to read more than there is. */
const BUDGET = 8_000_000;
let budget = BUDGET;
let messageSerial = 0;
let nameSerial = 0;
/** Between messages nothing is known: the bytes may have changed. */
let visiting = false;

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

// Results of `measureName`, beside its status: kept here so that thousands of names allocate nothing.
let nameEnd = 0;
let textLength = 0;
const nameBytes = new Uint8Array(LONGEST_NAME);

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
  messageSerial = nextSerial(messageSerial, place.known);
  budget = BUDGET;
  visiting = true;
  try {
    return visitMessage(bytes, start, end, visitor, claimedEnd);
  } finally {
    visiting = false;
    budget = BUDGET;
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
    if (!skipName(bytes, at, message) || nameEnd + 4 > end) return false;
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
      if (!skipName(bytes, at, message) || nameEnd + 10 > end) return false;
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

/** The name at a position, as tshark prints it. Meant for positions the visitor was given. */
export function dnsName(bytes: Uint8Array, at: number, message: DnsMessage): string {
  const status = measureName(bytes, at, message);
  if (status === NAME_CUT) return "";
  if (status === NAME_LOOPING) return NAME_LOOPS;
  if (status === NAME_UNKNOWN) return NAME_UNKNOWN_LABEL;
  if (textLength > LONGEST_NAME) return NAME_TOO_LONG;
  const length = copyName(bytes, at, message);
  // A name that is one pointer, to text that begins with NUL, passes for the root in tshark.
  if (length === 0 || (nameBytes[0] === 0 && nameEnd - at <= 2)) return NAME_ROOT;
  return printable(nameBytes, length);
}

/** Where a name ends in the message (after its 0 or its first pointer), or -1 if the message ends first. */
export function dnsNameEnd(bytes: Uint8Array, at: number, message: DnsMessage): number {
  return skipName(bytes, at, message) ? nameEnd : -1;
}

function skipName(bytes: Uint8Array, at: number, message: DnsMessage): boolean {
  return measureName(bytes, at, message) !== NAME_CUT;
}

/** Follows a name to its end; sets `nameEnd`, and `textLength` if it has one. */
function measureName(bytes: Uint8Array, from: number, message: DnsMessage): number {
  if (!visiting) messageSerial = nextSerial(messageSerial, place.known);
  nameSerial = nextSerial(nameSerial, place.passed);
  trail.length = 0;
  const end = message.end;
  let at = from;
  let after = -1;
  let read = 0;
  let lastPointer = 0;
  let text = 0;
  for (;;) {
    if (at >= end) return NAME_CUT;
    const length = bytes[at++] ?? 0;
    read++;
    if (length === 0) break;
    const kind = length & 0xc0;
    if (kind === 0) {
      at += length;
      read += length;
      text += text > 0 ? length + 1 : length;
      if (at > end) return NAME_CUT;
    } else if (kind === 0xc0) {
      if (at >= end) return NAME_CUT;
      const target = ((length & 0x3f) << 8) + (bytes[at++] ?? 0);
      read++;
      if (after < 0) after = at;
      nameEnd = after;
      // No loop, but tshark takes a pointer to four bytes further on for one.
      if (message.start + target === at + 2) return loops();
      // A name that has read more than there is must have read something twice.
      if (read >= message.length) return tooMuch(read);
      lastPointer = read;
      if (place.known[target] === messageSerial) {
        if (place.looping[target] === 1) return loops();
        const more = place.toLastPointer[target] ?? 0;
        if (more > 0 && read + more >= message.length) return tooMuch(read);
        if (more > 0) lastPointer = read + more;
        const rest = place.text[target] ?? 0;
        text += text > 0 && rest > 0 ? rest + 1 : rest;
        return ends(text, lastPointer);
      }
      // Back where it was, it cannot but go round until it has read enough.
      if (place.passed[target] === nameSerial) return loops();
      place.passed[target] = nameSerial;
      trail.place[trail.length] = target;
      trail.read[trail.length] = read;
      trail.text[trail.length] = text;
      trail.length++;
      at = message.start + target;
    } else if (length === BIT_STRING) {
      if (at >= end) return NAME_CUT;
      const size = bitStringSize(bytes[at++] ?? 0);
      at += size;
      read += 1 + size;
      text += bitStringText(bytes, at - size - 1).length;
      if (at > end) return NAME_CUT;
    } else {
      // tshark goes on after this label even if a pointer led to it, unless that would be going back.
      if (kind === 0x80 || at - from < 2) return NAME_CUT;
      nameEnd = at;
      return NAME_UNKNOWN;
    }
  }
  nameEnd = after < 0 ? at : after;
  return ends(text, lastPointer);
}

/** The name measured last ends: so do those that start at the places it went through. */
function ends(text: number, lastPointer: number): number {
  textLength = text;
  for (let i = 0; i < trail.length; i++) {
    const at = trail.place[i] ?? 0;
    const before = trail.text[i] ?? 0;
    place.known[at] = messageSerial;
    place.looping[at] = 0;
    place.toLastPointer[at] = lastPointer - (trail.read[i] ?? 0);
    place.text[at] = before > 0 && text > before ? text - before - 1 : text - before;
  }
  return NAME_OK;
}

function loops(): number {
  for (let i = 0; i < trail.length; i++) {
    const at = trail.place[i] ?? 0;
    place.known[at] = messageSerial;
    place.looping[at] = 1;
  }
  return NAME_LOOPING;
}

/** Nothing can be remembered of such a name, since a shorter way in may not be too much: it goes on the budget. */
function tooMuch(read: number): number {
  if (visiting) budget -= read;
  return budget < 0 ? NAME_CUT : NAME_LOOPING;
}

/** Counts on; starts over, with the marks wiped, before the numbers run out. */
function nextSerial(serial: number, marks: Uint32Array): number {
  if (serial < 0xffffffff) return serial + 1;
  marks.fill(0);
  return 1;
}

/** Puts the text of a name that was found to end, and not to be too long, in `nameBytes`. */
function copyName(bytes: Uint8Array, from: number, message: DnsMessage): number {
  let at = from;
  let text = 0;
  for (;;) {
    const length = bytes[at++] ?? 0;
    if (length === 0) return text;
    if (length >= 0xc0) {
      at = message.start + ((length & 0x3f) << 8) + (bytes[at] ?? 0);
    } else if (length === BIT_STRING) {
      const label = bitStringText(bytes, at);
      for (let i = 0; i < label.length; i++) nameBytes[text++] = label.charCodeAt(i);
      at += 1 + bitStringSize(bytes[at] ?? 0);
    } else {
      if (text > 0) nameBytes[text++] = 0x2e;
      for (let i = 0; i < length; i++) nameBytes[text++] = bytes[at + i] ?? 0;
      at += length;
    }
  }
}

/** Bit string label (RFC 2673, obsolete): 0x41, bits(1), as many bytes as they need. */
const BIT_STRING = 0x41;

function bitStringSize(bits: number): number {
  return bits === 0 ? 1 : ((bits - 1) >> 3) + 1;
}

/** Shown as \[x<hex>/<bits>], without a dot before it. tshark also loses some of the text around it. */
function bitStringText(bytes: Uint8Array, at: number): string {
  const bits = bytes[at] ?? 0;
  let text = "\\[x";
  for (let i = 1; i <= bitStringSize(bits); i++) text += (bytes[at + i] ?? 0).toString(16).padStart(2, "0");
  return `${text}/${bits}]`;
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
      return skipName(bytes, data, message);
    case 15: // MX
    case 18: // AFSDB
    case 21: // RT
    case 36: // KX
      return skipName(bytes, data + 2, message);
    case 33: // SRV
      return skipName(bytes, data + 6, message);
    case 6: // SOA
    case 14: // MINFO
    case 17: // RP
      return skipName(bytes, data, message) && skipName(bytes, nameEnd, message) && (type !== 6 || nameEnd + 20 <= end);
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

const ESCAPES = ["\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"];
/** Not to be printed: controls, format characters, unassigned. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}]/u;

/**
 * Bytes of a name as text: UTF-8 where it is valid enough, U+FFFD for each stretch that is not, escapes for what cannot
 * be printed. Over-long forms are accepted, and a sequence that breaks off yields one U+FFFD, because tshark does so.
 */
function printable(bytes: Uint8Array, length: number): string {
  let out = "";
  let plainFrom = 0;
  for (let i = 0; i < length;) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) {
      i++;
      continue;
    }
    out += plain(bytes, plainFrom, i);
    if (byte < 0x80) {
      out += ESCAPES[byte - 7] ?? `\\${byte.toString(8).padStart(3, "0")}`;
      i++;
    } else {
      const more = continuationBytes(byte);
      let point = more === 0 ? -1 : byte & (0x3f >> more);
      let used = 1;
      while (used <= more && i + used < length) {
        const next = bytes[i + used] ?? 0;
        if ((next & 0xc0) !== 0x80) break;
        point = point * 64 + (next & 0x3f);
        used++;
      }
      const broken = used <= more || point < 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000);
      out += broken ? "\ufffd" : shown(point);
      i += used;
    }
    plainFrom = i;
  }
  return plainFrom === 0 ? plain(bytes, 0, length) : out + plain(bytes, plainFrom, length);
}

function continuationBytes(lead: number): number {
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 1;
  if (lead < 0xf0) return 2;
  if (lead < 0xf8) return 3;
  if (lead < 0xfc) return 4;
  return lead < 0xfe ? 5 : 0;
}

function shown(point: number): string {
  const text = String.fromCodePoint(point);
  if (!UNPRINTABLE.test(text)) return text;
  const hex = point.toString(16).toUpperCase();
  return point > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

function plain(bytes: Uint8Array, from: number, to: number): string {
  let out = "";
  for (let i = from; i < to; i++) out += String.fromCharCode(bytes[i] ?? 0);
  return out;
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
