/**
 * Names in DNS messages (RFC 1035 section 4.1.4): where one ends, and its text as tshark 4.0 prints it.
 *
 * ```
 *  [len 0-63][bytes] … [0]       labels, up to an empty one
 *  11xxxxxx xxxxxxxx             a pointer: go on at that offset from the message's start
 *  0x41 [bits] [bytes]           bit string label (RFC 2673, obsolete)
 * ```
 */
import { printableName } from "./dns-name-text";

/** The message that pointers point into. */
export interface DnsNames {
  /** Position of the id (over TCP: after the length). */
  readonly start: number;
  /** End of the message or of what was captured of it, whichever comes first. */
  readonly end: number;
  /** What loops are measured against: the length the message claims, even if less was captured. */
  readonly length: number;
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

// Results of `measureName`, beside its status: kept here so that thousands of names allocate nothing.
let nameEnd = 0;
let textLength = 0;
const nameBytes = new Uint8Array(LONGEST_NAME);

/** A message is read from here to `endNames`: what its names tell of each other is kept. */
export function beginNames(): void {
  messageSerial = nextSerial(messageSerial, place.known);
  budget = BUDGET;
  visiting = true;
}

export function endNames(): void {
  visiting = false;
  budget = BUDGET;
}

/** The name at a position, as tshark prints it. Meant for positions the visitor was given. */
export function dnsName(bytes: Uint8Array, at: number, message: DnsNames): string {
  const status = measureName(bytes, at, message);
  if (status === NAME_CUT) return "";
  if (status === NAME_LOOPING) return NAME_LOOPS;
  if (status === NAME_UNKNOWN) return NAME_UNKNOWN_LABEL;
  if (textLength > LONGEST_NAME) return NAME_TOO_LONG;
  const length = copyName(bytes, at, message);
  // A name that is one pointer, to text that begins with NUL, passes for the root in tshark.
  if (length === 0 || (nameBytes[0] === 0 && nameEnd - at <= 2)) return NAME_ROOT;
  return printableName(nameBytes, length);
}

/** Where a name ends in the message (after its 0 or its first pointer), or -1 if the message ends first. */
export function dnsNameEnd(bytes: Uint8Array, at: number, message: DnsNames): number {
  return measureName(bytes, at, message) === NAME_CUT ? -1 : nameEnd;
}

/** Follows a name to its end; sets `nameEnd`, and `textLength` if it has one. */
function measureName(bytes: Uint8Array, from: number, message: DnsNames): number {
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
function copyName(bytes: Uint8Array, from: number, message: DnsNames): number {
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
