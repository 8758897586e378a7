/** Lines about BGP (RFC 4271 section 4.1), OSPF (RFC 2328 appendix A.3.1), PIM (RFC 7761 section 4.9) and VRRP (RFC 5798). */
import { MOST_MESSAGES, type MessageBytes, u16, u8 } from "./message-line";

const BGP_HEADER = 19;
const BGP_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "OPEN"],
  [2, "UPDATE"],
  [3, "NOTIFICATION"],
  [4, "KEEPALIVE"],
  [5, "ROUTE-REFRESH"],
  [6, "CAPABILITY"],
  [128, "Cisco ROUTE-REFRESH"],
]);

/** marker(16, all ones) length(2) type(1) */
export function bgpLine(m: MessageBytes): string {
  const names: string[] = [];
  let at = m.at;
  while (at + BGP_HEADER <= m.end && names.length < MOST_MESSAGES && isMarker(m, at)) {
    const length = u16(m, at + 16);
    const type = u8(m, at + 18);
    if (length < BGP_HEADER) break;
    names.push(`${BGP_TYPES.get(type) ?? "Unknown"} Message`);
    at += length;
  }
  return names.length > 0 ? names.join(", ") : "Continuation";
}

function isMarker(m: MessageBytes, at: number): boolean {
  for (let i = at; i < at + 16; i++) if (m.bytes[i] !== 0xff) return false;
  return true;
}

const OSPF_TYPES = ["", "Hello Packet", "DB Description", "LS Request", "LS Update", "LS Acknowledge"];

/** version(1) type(1) length(2) … */
export function ospfLine(m: MessageBytes): string {
  const version = u8(m, m.at);
  return version === 2 || version === 3 ? (OSPF_TYPES[u8(m, m.at + 1)] ?? "Unknown packet type") : "";
}

const PIM_TYPES = [
  "Hello",
  "Register",
  "Register-stop",
  "Join/Prune",
  "Bootstrap",
  "Assert",
  "Graft",
  "Graft-Ack",
  "Candidate-RP-Advertisement",
];

/** version(4 bits) type(4 bits) … */
export function pimLine(m: MessageBytes): string {
  const first = u8(m, m.at);
  return first < 0 ? "" : (PIM_TYPES[first & 15] ?? `Unknown (${first & 15})`);
}

/** version(4 bits) type(4 bits) … */
export function vrrpLine(m: MessageBytes): string {
  const first = u8(m, m.at);
  return (first & 15) === 1 ? `Announcement (v${first >> 4})` : "";
}
