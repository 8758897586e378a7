/** Text of a DNS name's bytes, as tshark 4.0 prints what no host name has. */
const ESCAPES = ["\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"];
/** Not to be printed: controls, format characters, unassigned. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}]/u;

/**
 * Bytes of a name as text: UTF-8 where it is valid enough, U+FFFD for each stretch that is not, escapes for what cannot
 * be printed. Over-long forms are accepted, and a sequence that breaks off yields one U+FFFD, because tshark does so.
 */
export function printableName(bytes: Uint8Array, length: number): string {
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
