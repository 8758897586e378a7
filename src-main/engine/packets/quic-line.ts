/** A line about QUIC packets (RFC 9000 section 17), as far as they can be read without keys: kind and connection identifiers. */
import { type MessageBytes, hexDigits, u32, u8 } from "./message-line";

const VERSIONS: ReadonlySet<number> = new Set([1, 0x6b3343cf]);
const LONG_HEADER = 0x80;
const FIXED_BIT = 0x40;
const VERSION_2 = 0x6b3343cf;
const LONGEST_ID = 20;
const KINDS = ["Initial", "0-RTT", "Handshake", "Retry"];

/** "" where the bytes cannot be QUIC: a known version, or the fixed bit of a short header, must be there. */
export function quicLine(m: MessageBytes): string {
  const first = u8(m, m.at);
  if (first < 0) return "";
  if (!(first & LONG_HEADER)) {
    // Shorter than a number, a sample and a tag: no QUIC (RFC 9001 section 5.4.2).
    return first & FIXED_BIT && m.statedEnd - m.at >= 21 ? "Protected Payload (KP0)" : "";
  }
  const version = u32(m, m.at + 1);
  const draft = version >= 0xff000017 && version <= 0xff000022;
  if (version !== 0 && !draft && !VERSIONS.has(version)) return "";
  const destination = u8(m, m.at + 5);
  const source = u8(m, m.at + 6 + destination);
  if (destination < 0 || destination > LONGEST_ID || source < 0 || source > LONGEST_ID) return "";
  const from = m.at + 6;
  const sourceFrom = from + destination + 1;
  if (sourceFrom + source > m.end) return "";
  // Version 2 counts the kinds from another one on (RFC 9369 section 3.2).
  const kind = version === VERSION_2 ? ((first >> 4) + 3) & 3 : (first >> 4) & 3;
  let text = version === 0 ? "Version Negotiation" : (KINDS[kind] as string);
  if (destination > 0) text += `, DCID=${hexDigits(m.bytes, from, from + destination)}`;
  if (source > 0) text += `, SCID=${hexDigits(m.bytes, sourceFrom, sourceFrom + source)}`;
  return text;
}
