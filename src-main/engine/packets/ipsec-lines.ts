/** Lines about IKE (RFC 2408 section 3.1, RFC 7296 section 3.1) and what UDP carries of IPsec (RFC 3948 section 2). */
import { type MessageBytes, hexDigits, u32, u8 } from "./message-line";

const IKE1_EXCHANGES: ReadonlyMap<number, string> = new Map([
  [0, "NONE"],
  [1, "Base"],
  [2, "Identity Protection (Main Mode)"],
  [3, "Authentication Only"],
  [4, "Aggressive"],
  [5, "Informational"],
  [6, "Transaction (Config Mode)"],
  [32, "Quick Mode"],
  [33, "New Group Mode"],
]);
const IKE2_EXCHANGES: ReadonlyMap<number, string> = new Map([
  [34, "IKE_SA_INIT"],
  [35, "IKE_AUTH"],
  [36, "CREATE_CHILD_SA"],
  [37, "INFORMATIONAL"],
  [38, "IKE_SESSION_RESUME"],
]);
const INITIATOR = 0x08;
const RESPONSE = 0x20;

/** SPIs(16) next payload(1) version(1) exchange(1) flags(1) message ID(4) length(4) … */
export function isakmpLine(m: MessageBytes): string {
  const exchange = u8(m, m.at + 18);
  const flags = u8(m, m.at + 19);
  const id = u32(m, m.at + 20);
  if (id < 0) return "";
  if (u8(m, m.at + 17) >> 4 !== 2) return IKE1_EXCHANGES.get(exchange) ?? `Unknown ${exchange}`;
  const name = IKE2_EXCHANGES.get(exchange) ?? `Unknown ${exchange}`;
  const who = flags & INITIATOR ? "Initiator" : "Responder";
  return `${name} MID=${String(id).padStart(2, "0")} ${who} ${flags & RESPONSE ? "Response" : "Request"}`;
}

export interface EncapsulatedLine {
  readonly protocol: string;
  readonly info: string;
}

/** Port 4500: four zero bytes in front of IKE, a single 0xff, or the index of a security association. */
export function udpencapLine(m: MessageBytes): EncapsulatedLine {
  if (m.statedEnd - m.at === 1 && u8(m, m.at) === 0xff) return { protocol: "UDPENCAP", info: "NAT-keepalive" };
  const marker = u32(m, m.at);
  if (marker < 0) return { protocol: "UDPENCAP", info: "" };
  if (marker === 0) return { protocol: "ISAKMP", info: isakmpLine({ ...m, at: m.at + 4 }) };
  return { protocol: "ESP", info: `ESP (SPI=0x${hexDigits(m.bytes, m.at, m.at + 4)})` };
}
