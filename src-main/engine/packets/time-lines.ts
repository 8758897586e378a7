/** Lines about NTP (RFC 5905 section 7.3) and the Precision Time Protocol (IEEE 1588-2008 section 13.3). */
import { type MessageBytes, u8 } from "./message-line";

const NTP_MODES = [
  "reserved",
  "symmetric active",
  "symmetric passive",
  "client",
  "server",
  "broadcast",
  "control",
  "private",
];

/** leap(2 bits) version(3) mode(3) … */
export function ntpLine(m: MessageBytes): string {
  const first = u8(m, m.at);
  if (first < 0) return "";
  return `NTP Version ${(first >> 3) & 7}, ${NTP_MODES[first & 7]}`;
}

const PTP_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "Sync"],
  [1, "Delay_Req"],
  [2, "Peer_Delay_Req"],
  [3, "Peer_Delay_Resp"],
  [8, "Follow_Up"],
  [9, "Delay_Resp"],
  [10, "Peer_Delay_Resp_Follow_Up"],
  [11, "Announce"],
  [12, "Signalling"],
  [13, "Management"],
]);
const PTP1_CONTROLS = ["Sync", "Delay_Request", "Follow_Up", "Delay_Response", "Management"];
const PTP1_CONTROL = 32;

export const ptpVersion = (m: MessageBytes): number => u8(m, m.at + 1) & 15;

/** transport(4 bits) type(4) reserved(4) version(4) …; version 1 has its type elsewhere. */
export function ptpLine(m: MessageBytes): string {
  if (ptpVersion(m) === 1) {
    const control = PTP1_CONTROLS[u8(m, m.at + PTP1_CONTROL)];
    return control === undefined ? "Other Message" : `${control} Message`;
  }
  const type = u8(m, m.at);
  return type < 0 ? "" : `${PTP_TYPES.get(type & 15) ?? "Unknown"} Message`;
}
