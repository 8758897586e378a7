/** Zeek's words for how a flow went: conn_state and history (https://docs.zeek.org/, base/protocols/conn). */
import {
  END_CLOSED,
  END_ESTABLISHED,
  END_INACTIVE,
  END_PARTIAL,
  END_RESET,
  END_SYN_ACK_SENT,
  END_SYN_SENT,
  STATE_END_A_SHIFT,
  STATE_END_B_SHIFT,
  STATE_HISTORY_SHIFT,
  STATE_ORIGIN_B,
} from "../kernel/assembly/abi";

const LETTERS = "?shadfrcgtwiq^";

/** History letters from the two packed words: five bits each, oldest lowest, twelve a word; upper case for the originator. */
export function historyText(state: number, low: bigint, high: bigint): string {
  const n = (state >>> STATE_HISTORY_SHIFT) & 31;
  let out = "";
  for (let i = 0; i < n; i++) {
    const code = Number(((i < 12 ? low : high) >> BigInt((i % 12) * 5)) & 31n);
    const letter = LETTERS[code & 15] ?? "?";
    out += code & 16 ? letter.toUpperCase() : letter;
  }
  return out;
}

/** How a TCP or UDP flow ended; OTH for everything else. */
export function connState(
  protocol: number,
  state: number,
  originPackets: number,
  responderPackets: number,
  originPayload: number,
  responderPayload: number,
): string {
  if (protocol === 17) {
    if (originPackets) return responderPackets ? "SF" : "S0";
    return responderPackets ? "SHR" : "OTH";
  }
  if (protocol !== 6) return "OTH";
  const a = (state >>> STATE_END_A_SHIFT) & 7;
  const b = (state >>> STATE_END_B_SHIFT) & 7;
  const origin = state & STATE_ORIGIN_B ? b : a;
  const responder = state & STATE_ORIGIN_B ? a : b;
  const idle = (end: number): boolean => end === END_INACTIVE || end === END_PARTIAL;
  if (responder === END_RESET) {
    if (
      origin === END_SYN_SENT ||
      origin === END_SYN_ACK_SENT ||
      (origin === END_RESET && originPayload === 0 && responderPayload === 0)
    )
      return "REJ";
    return idle(origin) ? "RSTRH" : "RSTR";
  }
  if (origin === END_RESET) return idle(responder) ? "RSTOS0" : "RSTO";
  if (origin === END_CLOSED && responder === END_CLOSED) return "SF";
  if (origin === END_CLOSED) return idle(responder) ? "SH" : "S2";
  if (responder === END_CLOSED) return idle(origin) ? "SHR" : "S3";
  if (origin === END_SYN_SENT && responder === END_INACTIVE) return "S0";
  if (origin === END_ESTABLISHED && responder === END_ESTABLISHED) return "S1";
  return "OTH";
}
