/** A line about a DHCPv6 message (RFC 8415 sections 8, 9 and 21): type, transaction, client's identifier, addresses. */
import { formatIpv6 } from "../../../src-shared/model/address";
import { MOST_MESSAGES, type MessageBytes, hexDigits, u16, u24, u8 } from "./message-line";

const TYPES = [
  "",
  "Solicit",
  "Advertise",
  "Request",
  "Confirm",
  "Renew",
  "Rebind",
  "Reply",
  "Release",
  "Decline",
  "Reconfigure",
  "Information-request",
  "Relay-forw",
  "Relay-reply",
  "Leasequery",
  "Leasequery-reply",
  "Leasequery-done",
  "Leasequery-data",
];
const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
const OPTION_CLIENT_ID = 1;
const OPTION_IA_NA = 3;
const OPTION_IA_TA = 4;
const OPTION_IA_ADDRESS = 5;
const OPTION_RELAY_MESSAGE = 9;
/** Relays that are followed (HOP_COUNT_LIMIT is 8). */
const MOST_RELAYS = 8;

export function dhcpv6Line(m: MessageBytes): string {
  return message(m, m.at, m.end, 0);
}

/** type(1) transaction(3) options; of relays: type(1) hops(1) link address(16) peer address(16) options */
function message(m: MessageBytes, at: number, end: number, relays: number): string {
  const type = u8(m, at);
  const name = TYPES[type] ?? "Message Type";
  if (type === RELAY_FORWARD || type === RELAY_REPLY) {
    if (at + 34 > end) return name;
    const link = formatIpv6(m.bytes, at + 2);
    return `${name} L: ${link} ${options(m, at + 34, end, relays)}`.trimEnd();
  }
  const transaction = u24(m, at + 1);
  if (transaction < 0) return name;
  return `${name} XID: 0x${transaction.toString(16).padStart(6, "0")} ${options(m, at + 4, end, relays)}`.trimEnd();
}

function options(m: MessageBytes, from: number, end: number, relays: number): string {
  let text = "";
  let at = from;
  for (let count = 0; at + 4 <= end && count < MOST_MESSAGES; count++) {
    const code = u16(m, at);
    const body = at + 4;
    const next = body + u16(m, at + 2);
    if (next > end) break;
    if (code === OPTION_CLIENT_ID) text += `CID: ${hexDigits(m.bytes, body, next)} `;
    else if (code === OPTION_IA_ADDRESS && next - body >= 24) text += `IAA: ${formatIpv6(m.bytes, body)} `;
    else if (code === OPTION_IA_NA && next - body > 12) text += options(m, body + 12, next, relays);
    else if (code === OPTION_IA_TA && next - body > 4) text += options(m, body + 4, next, relays);
    else if (code === OPTION_RELAY_MESSAGE && relays < MOST_RELAYS) text += `${message(m, body, next, relays + 1)} `;
    at = next;
  }
  return text;
}
