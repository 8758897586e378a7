/** Lines about SSH (RFC 4253) and PostgreSQL's protocol (version 3, its manual's chapter 55). */
import { decodeLatin1 } from "../../../src-shared/base/text";
import { MOST_MESSAGES, type MessageBytes, u32, u8 } from "./message-line";

const SSH_LONGEST_PACKET = 35000;
const SSH_NEW_KEYS = 21;
/** Messages before encryption begins: RFC 4253 section 12, RFC 5656 section 7.1, RFC 4419 section 5. */
const SSH_MESSAGES: ReadonlyMap<number, string> = new Map([
  [1, "Disconnect"],
  [2, "Ignore"],
  [3, "Unimplemented"],
  [4, "Debug"],
  [20, "Key Exchange Init"],
  [SSH_NEW_KEYS, "New Keys"],
  [30, "Elliptic Curve Diffie-Hellman Key Exchange Init"],
  [31, "Elliptic Curve Diffie-Hellman Key Exchange Reply"],
  [32, "Diffie-Hellman Group Exchange Init"],
  [33, "Diffie-Hellman Group Exchange Reply"],
  [34, "Diffie-Hellman Group Exchange Request"],
]);

/**
 * Version lines and key exchange are told by name; the rest is encrypted. Which it is, is told by the bytes alone: a length, a
 * padding and a message number that fit each other are no chance.
 */
export function sshLine(m: MessageBytes): string {
  const who = m.fromServer ? "Server" : "Client";
  const parts: string[] = [];
  let at = m.at;
  const line = versionLine(m, at);
  if (line !== undefined) {
    parts.push(`Protocol (${line})`);
    at += line.length;
    while (at < m.end && (m.bytes[at] === 13 || m.bytes[at] === 10)) at++;
  }
  while (at < m.end && parts.length < MOST_MESSAGES) {
    const length = u32(m, at);
    const padding = u8(m, at + 4);
    const name = SSH_MESSAGES.get(u8(m, at + 5));
    const fits = length >= 8 && length <= SSH_LONGEST_PACKET && padding >= 4 && padding < length - 1;
    if (!fits || name === undefined) break;
    parts.push(name);
    at += 4 + length;
    // What one side sends behind this is encrypted.
    if (name === "New Keys") break;
  }
  if (at < m.end) parts.push(`Encrypted packet (len=${m.statedEnd - at})`);
  return `${who}: ${parts.join(", ")}`;
}

/** "SSH-2.0-…" without the line's end; undefined if there is none. */
function versionLine(m: MessageBytes, at: number): string | undefined {
  const text = decodeLatin1(m.bytes, at, Math.min(m.end, at + 255));
  return /^SSH-[^\r\n]*/.exec(text)?.[0];
}

/** Startup messages have no type: length(4) code(4). */
const PGSQL_CODES: ReadonlySet<number> = new Set([196608, 80877102, 80877103, 80877104]);
const PGSQL_MESSAGE = /[A-Za-z0-9]/;

/** type(1) length(4, itself counted) …, as ">Q" of the client and "<T/D/C/Z" of the server. */
export function pgsqlLine(m: MessageBytes): string {
  const arrow = m.fromServer ? "<" : ">";
  if (!m.fromServer && PGSQL_CODES.has(u32(m, m.at + 4))) return arrow;
  const types: string[] = [];
  let at = m.at;
  while (at < m.end && types.length < MOST_MESSAGES) {
    const type = String.fromCharCode(m.bytes[at] as number);
    const length = u32(m, at + 1);
    if (!PGSQL_MESSAGE.test(type) || (length < 4 && at + 5 <= m.end)) break;
    types.push(type);
    if (length < 4) break;
    at += 1 + length;
  }
  return types.length > 0 ? arrow + types.join("/") : "";
}
