/** Compares two sightings whose keys are equal. */
import {
  EVIDENCE_ACK,
  EVIDENCE_ICMP_SEQ,
  EVIDENCE_ID,
  EVIDENCE_PAYLOAD,
  EVIDENCE_SEQ,
  EVIDENCE_TIMESTAMP,
} from "./abi";
import { rowAt } from "./joining";
import { ICMP, ICMP6, TCP } from "./matched-flows";

/**
 * Whether the rows at `x` and `y`, with equal keys, can be the same packet: EVIDENCE_* bits, 0 if something contradicts it. Different
 * non-zero identifications are a retransmission, not another sighting.
 */
export function samePacket(x: usize, y: usize, protocol: u32): u32 {
  const idX = load<u16>(x + 38);
  if (idX != load<u16>(y + 38)) return 0;
  let bits: u32 = idX ? EVIDENCE_ID : 0;
  const hashX = load<u32>(x + 28);
  const hashY = load<u32>(y + 28);
  const lengthX = load<u32>(x + 32) >> 8;
  const lengthY = load<u32>(y + 32) >> 8;
  // Without payload TCP's hash is one of window and options, which decide only between candidates (repeated-packets.ts).
  if (hashX && hashY && (protocol != TCP || lengthX || lengthY)) {
    if (hashX == hashY) bits |= EVIDENCE_PAYLOAD;
    // Pieces of a super-packet share their first bytes only.
    else if (lengthX == lengthY || (lengthX >= 256 && lengthY >= 256)) return 0;
  }
  if (protocol == TCP) {
    const tsX = load<u32>(x + 24);
    const tsY = load<u32>(y + 24);
    if (tsX && tsY) {
      if (tsX != tsY) return 0;
      bits |= EVIDENCE_TIMESTAMP;
    }
    bits |= EVIDENCE_SEQ;
    if (load<u32>(x + 32) & 16) bits |= EVIDENCE_ACK;
  } else if (protocol == ICMP || protocol == ICMP6) {
    // Type, code and sequence; a later fragment has its offset there.
    if (load<u32>(x + 24) != load<u32>(y + 24)) return 0;
    bits |= EVIDENCE_ICMP_SEQ;
  }
  return bits;
}

/** As samePacket, of rows by number. */
export function sameRows(x: u32, y: u32, protocol: u32): u32 {
  return samePacket(rowAt(x), rowAt(y), protocol);
}
