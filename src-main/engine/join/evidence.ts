/** Kinds of evidence as bits, so that a join keeps its evidence in one number. */
import type { Evidence } from "../../../src-shared/reconstruct/result";

export const EVIDENCE_SEQ = 1;
export const EVIDENCE_ACK = 2;
export const EVIDENCE_TIMESTAMP = 4;
export const EVIDENCE_PAYLOAD = 8;
export const EVIDENCE_ID = 16;
export const EVIDENCE_ICMP_SEQ = 32;
export const EVIDENCE_RANGE = 64;
export const EVIDENCE_QUOTED = 128;
export const EVIDENCE_TIME = 256;

const NAMES: readonly (readonly [number, Evidence])[] = [
  [EVIDENCE_SEQ, "tcp-seq"],
  [EVIDENCE_ACK, "tcp-ack"],
  [EVIDENCE_TIMESTAMP, "tcp-timestamp"],
  [EVIDENCE_PAYLOAD, "payload"],
  [EVIDENCE_ID, "ip-id"],
  [EVIDENCE_ICMP_SEQ, "icmp-seq"],
  [EVIDENCE_RANGE, "byte-range"],
  [EVIDENCE_QUOTED, "quoted-header"],
  [EVIDENCE_TIME, "time-order"],
];

const LISTS = new Map<number, readonly Evidence[]>();

/** Names of EVIDENCE_* bits; combinations are few: one list each. */
export function evidenceNames(bits: number): readonly Evidence[] {
  let list = LISTS.get(bits);
  if (!list) LISTS.set(bits, (list = NAMES.filter(([bit]) => bits & bit).map(([, name]) => name)));
  return list;
}
