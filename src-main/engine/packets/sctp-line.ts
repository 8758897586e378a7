/** A line about an SCTP packet (RFC 9260 section 3): its chunks by name. Numbers are those of the wire: nothing is kept of associations. */
import { SCTP_CHUNKS } from "../layouts/transport-names";
import { MOST_MESSAGES, type MessageBytes, u16, u32, u8 } from "./message-line";

const DATA = 0;
const SACK = 3;
const COMMON_HEADER = 12;

/** ports(4) tag(4) checksum(4), then type(1) flags(1) length(2) value, each filled up to four bytes. "" where no chunk begins. */
export function sctpLine(m: MessageBytes): string {
  const names: string[] = [];
  let at = m.at + COMMON_HEADER;
  while (at + 4 <= m.end && names.length < MOST_MESSAGES) {
    const type = u8(m, at);
    const length = u16(m, at + 2);
    if (length < 4) break;
    names.push((SCTP_CHUNKS.get(type) ?? `Unknown chunk (${type})`) + numbers(m, at, type));
    at += (length + 3) & ~3;
  }
  return names.join(" ");
}

/** A transmission sequence number, or what is acknowledged; "" where it is cut off. */
function numbers(m: MessageBytes, at: number, type: number): string {
  const first = u32(m, at + 4);
  const second = u32(m, at + 8);
  if (type === DATA && first >= 0) return ` (TSN=${first})`;
  if (type === SACK && second >= 0) return ` (Ack=${first}, Arwnd=${second})`;
  return "";
}
