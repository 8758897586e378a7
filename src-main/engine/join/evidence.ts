/** Names of the kinds of evidence, which the kernel keeps as bits. */
import type { Evidence } from "../../../src-shared/reconstruct/result";
import {
  EVIDENCE_ACK,
  EVIDENCE_ICMP_SEQ,
  EVIDENCE_ID,
  EVIDENCE_PAYLOAD,
  EVIDENCE_QUOTED,
  EVIDENCE_RANGE,
  EVIDENCE_SEQ,
  EVIDENCE_TIME,
  EVIDENCE_TIMESTAMP,
} from "../kernel/assembly/abi";

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
