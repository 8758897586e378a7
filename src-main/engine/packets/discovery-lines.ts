/** Lines about neighbours that tell themselves: LLDP (IEEE 802.1AB section 8), PPPoE discovery (RFC 2516), spanning tree. */
import { decodeUtf8 } from "../../../src-shared/base/text";
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { readUint } from "../fields/field";
import { MOST_MESSAGES, type MessageBytes, hexDigits, u16, u32, u8 } from "./message-line";

/** Prefixes of identifiers, by their subtype. */
const CHASSIS_KINDS = ["", "CC", "IA", "PC", "MA", "NA", "IN", "LA"];
const PORT_KINDS = ["", "IA", "PC", "MA", "NA", "IN", "AC", "LA"];
const CHASSIS_MAC = 4;
const CHASSIS_ADDRESS = 5;
const PORT_MAC = 3;
const PORT_ADDRESS = 4;

/** type(7 bits) length(9 bits) value … */
export function lldpLine(m: MessageBytes): string {
  const parts: string[] = [];
  let at = m.at;
  for (let count = 0; at + 2 <= m.end && count < MOST_MESSAGES; count++) {
    const head = u16(m, at);
    const type = head >> 9;
    const body = at + 2;
    const next = body + (head & 0x1ff);
    if (type === 0 || next > m.end) break;
    if (type === 1) parts.push(identifier(m, body, next, CHASSIS_KINDS, CHASSIS_MAC, CHASSIS_ADDRESS));
    else if (type === 2) parts.push(identifier(m, body, next, PORT_KINDS, PORT_MAC, PORT_ADDRESS));
    else if (type === 3) parts.push(String(u16(m, body)));
    else if (type === 5) parts.push(`SysN=${decodeUtf8(m.bytes, body, next)}`);
    else if (type === 6) parts.push(`SysD=${decodeUtf8(m.bytes, body, next)}`);
    at = next;
  }
  return parts.filter((p) => p !== "").join(" ");
}

function identifier(
  m: MessageBytes,
  body: number,
  next: number,
  kinds: readonly string[],
  mac: number,
  address: number,
): string {
  const subtype = u8(m, body);
  const kind = kinds[subtype] ?? "";
  if (kind === "" || next <= body + 1) return "";
  const from = body + 1;
  if (subtype === mac && next - from === 6) return `${kind}/${formatMac(m.bytes, from)}`;
  if (subtype === address) {
    if (m.bytes[from] === 1 && next - from === 5) return `${kind}/${formatIpv4(readUint(m.bytes, from + 1, 4))}`;
    if (m.bytes[from] === 2 && next - from === 17) return `${kind}/${formatIpv6(m.bytes, from + 1)}`;
    return `${kind}/${hexDigits(m.bytes, from, next)}`;
  }
  return `${kind}/${decodeUtf8(m.bytes, from, next)}`;
}

const PPPOE_CODES: ReadonlyMap<number, string> = new Map([
  [0x07, "Active Discovery Offer (PADO)"],
  [0x09, "Active Discovery Initiation (PADI)"],
  [0x0a, "Active Discovery Session-Grant (PADG)"],
  [0x0b, "Active Discovery Session-Credit Response (PADC)"],
  [0x0c, "Active Discovery Quality (PADQ)"],
  [0x19, "Active Discovery Request (PADR)"],
  [0x65, "Active Discovery Session-confirmation (PADS)"],
  [0xa7, "Active Discovery Terminate (PADT)"],
  [0xd3, "Active Discovery Message (PADM)"],
  [0xd4, "Active Discovery Network (PADN)"],
]);
const TAG_AC_NAME = 0x0102;

/** version type(1) code(1) session(2) length(2), then tags: type(2) length(2) value */
export function pppoedLine(m: MessageBytes): string {
  const code = u8(m, m.at + 1);
  if (code < 0) return "";
  let text = PPPOE_CODES.get(code) ?? "Unknown";
  const end = Math.min(m.end, m.at + 6 + Math.max(u16(m, m.at + 4), 0));
  let at = m.at + 6;
  for (let count = 0; at + 4 <= end && count < MOST_MESSAGES; count++) {
    const next = at + 4 + u16(m, at + 2);
    if (next > end) break;
    if (u16(m, at) === TAG_AC_NAME) text += ` AC-Name='${decodeUtf8(m.bytes, at + 4, next)}'`;
    at = next;
  }
  return text;
}

const BPDU_TOPOLOGY_CHANGE = 0x80;
const BPDU_RAPID = 2;

/** protocol(2) version(1) type(1) flags(1) root(8) cost(4) bridge(8) port(2) … (IEEE 802.1D-2004 section 9.3) */
export function stpLine(m: MessageBytes): string {
  const type = u8(m, m.at + 3);
  if (type === BPDU_TOPOLOGY_CHANGE) return "Topology Change Notification";
  const cost = u32(m, m.at + 13);
  const port = u16(m, m.at + 25);
  if (cost < 0 || port < 0) return "";
  const version = u8(m, m.at + 2);
  const name = type === 0 ? "Conf." : type !== BPDU_RAPID ? "" : version > 3 ? "SPT." : version === 3 ? "MST." : "RST.";
  if (name === "") return "";
  const flags = u8(m, m.at + 4);
  const changing = flags & 1 ? "TC + " : "";
  const root = u16(m, m.at + 5);
  const id = `${root & 0xf000}/${root & 0xfff}/${formatMac(m.bytes, m.at + 7)}`;
  return `${name} ${changing}Root = ${id}  Cost = ${cost}  Port = 0x${port.toString(16).padStart(4, "0")}`;
}
