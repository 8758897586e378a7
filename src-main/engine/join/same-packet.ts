/** Compares two sightings whose keys are equal. */
import {
  EVIDENCE_ACK,
  EVIDENCE_ICMP_SEQ,
  EVIDENCE_ID,
  EVIDENCE_PAYLOAD,
  EVIDENCE_SEQ,
  EVIDENCE_TIMESTAMP,
} from "./evidence";
import { PROTOCOL_TCP, type SightingColumns, W_EXTRA, W_HASH, W_ID, W_LENGTH } from "./sighting-columns";

/**
 * Whether two rows with equal keys can be the same packet: evidence bits, 0 if something contradicts it. Different non-zero
 * identifications are a retransmission, not another sighting.
 */
export function samePacket(columns: SightingColumns, a: number, b: number, protocol: number): number {
  const { words } = columns;
  const x = columns.at(a);
  const y = columns.at(b);
  const idX = (words[x + W_ID] as number) >>> 16;
  const idY = (words[y + W_ID] as number) >>> 16;
  if (idX !== idY) return 0;
  let bits = idX ? EVIDENCE_ID : 0;
  const hashX = words[x + W_HASH] as number;
  const hashY = words[y + W_HASH] as number;
  const lengthX = (words[x + W_LENGTH] as number) >>> 8;
  const lengthY = (words[y + W_LENGTH] as number) >>> 8;
  // Without payload TCP's hash is one of window and options, which decide only between candidates (repeated-packets.ts).
  if (hashX && hashY && (protocol !== PROTOCOL_TCP || lengthX || lengthY)) {
    if (hashX === hashY) bits |= EVIDENCE_PAYLOAD;
    // Pieces of a super-packet share their first bytes only.
    else if (lengthX === lengthY || (lengthX >= 256 && lengthY >= 256)) return 0;
  }
  if (protocol === PROTOCOL_TCP) {
    const tsX = words[x + W_EXTRA] as number;
    const tsY = words[y + W_EXTRA] as number;
    if (tsX && tsY) {
      if (tsX !== tsY) return 0;
      bits |= EVIDENCE_TIMESTAMP;
    }
    bits |= EVIDENCE_SEQ;
    if ((words[x + W_LENGTH] as number) & 16) bits |= EVIDENCE_ACK;
  } else if (protocol === 1 || protocol === 58) bits |= EVIDENCE_ICMP_SEQ;
  return bits;
}
