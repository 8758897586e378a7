/** Lines about what switches tell each other: LACP (IEEE 802.1AX section 6.4.2), CDP (Cisco). */
import { decodeUtf8 } from "../../../src-shared/base/text";
import { formatMac } from "../../../src-shared/model/address";
import { MOST_MESSAGES, type MessageBytes, u16, u8 } from "./message-line";

const LACP = 1;
/** Of a port's state, from the highest bit on: expired, defaulted, distributing, collecting, in sync, aggregable, short timeout, active. */
const STATE = "EFDCSGSA";

/** subtype(1) version(1), then of actor and partner: type(1) length(1) priority(2) system(6) key(2) priority(2) port(2) state(1) reserved(3) */
export function lacpLine(m: MessageBytes): string {
  if (u8(m, m.at) !== LACP || m.at + 42 > m.end) return "";
  return `v${u8(m, m.at + 1)} ACTOR ${port(m, m.at + 4)} PARTNER ${port(m, m.at + 24)}`;
}

/** `at`: the port's system priority. */
function port(m: MessageBytes, at: number): string {
  const flags = u8(m, at + 14);
  const state = Array.from(STATE, (letter, i) => (flags & (0x80 >> i) ? letter : "*")).join("");
  return `${formatMac(m.bytes, at + 2)} P: ${u16(m, at + 12)} K: ${u16(m, at + 8)} ${state}`;
}

const CDP_DEVICE = 1;
const CDP_PORT = 3;

/** version(1) lifetime(1) checksum(2), then type(2) length(2, itself and the type counted) value … */
export function cdpLine(m: MessageBytes): string {
  const parts: string[] = [];
  let at = m.at + 4;
  for (let count = 0; at + 4 <= m.end && count < MOST_MESSAGES; count++) {
    const type = u16(m, at);
    const next = at + u16(m, at + 2);
    if (next < at + 4 || next > m.end) break;
    if (type === CDP_DEVICE) parts.push(`Device ID: ${decodeUtf8(m.bytes, at + 4, next)}`);
    else if (type === CDP_PORT) parts.push(`Port ID: ${decodeUtf8(m.bytes, at + 4, next)}`);
    at = next;
  }
  return parts.join("  ");
}
