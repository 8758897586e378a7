/**
 * What is known of a transport checksum. The line that shows it says whether it is right, in Wireshark's words while it verifies
 * checksums (here they always are, for the packet that is looked at); below it, what is wrong or left to the device.
 */
import {
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_ILLEGAL,
  CHECKSUM_NOT_PRESENT,
  CHECKSUM_PARTIAL,
  verifyChecksum,
} from "../fields/checksum-fields";
import type { OpenNode } from "./detail-tree";
import type { Drawing } from "./drawing";

interface ChecksumWords {
  /** Behind the number, in brackets. */
  readonly word: string;
  readonly status: string;
}

/** A fragment, a cut or a quoted packet has not all of what the sum covers; of a device's own sum only the start is there. */
const UNVERIFIED: ChecksumWords = { word: "unverified", status: "Unverified" };
const WORDS: ReadonlyMap<number, ChecksumWords> = new Map([
  [CHECKSUM_GOOD, { word: "correct", status: "Good" }],
  [CHECKSUM_BAD, { word: "incorrect", status: "Bad" }],
  [CHECKSUM_PARTIAL, { word: "partial", status: "Partial" }],
  [CHECKSUM_NOT_PRESENT, { word: "zero-value ignored", status: "Not present" }],
  [CHECKSUM_ILLEGAL, { word: "zero-value", status: "Illegal" }],
]);

/** Of the TCP or UDP header `row`. */
export function checksumWords(d: Drawing, row: number): ChecksumWords {
  return WORDS.get(verifyChecksum(d.batch, row, d.context.kernel)) ?? UNVERIFIED;
}

/** `protocol`: "tcp" or "udp"; `node`: the header's. */
export function drawChecksumState(d: Drawing, node: OpenNode, row: number, protocol: "tcp" | "udp"): void {
  switch (verifyChecksum(d.batch, row, d.context.kernel)) {
    case CHECKSUM_BAD:
      d.tree.expert(
        node,
        "error",
        "Checksum",
        "Bad checksum: it is not the sum of what it covers",
        `${protocol}.checksum.bad`,
      );
      return;
    case CHECKSUM_ILLEGAL:
      d.tree.expert(node, "error", "Checksum", "No checksum: over IPv6 there must be one", undefined);
      return;
    case CHECKSUM_PARTIAL:
      d.tree.generated(node, {
        text: "Partial checksum (offload): the sender leaves it to the device, which is no error",
        field: `${protocol}.checksum.partial`,
        literal: undefined,
      });
  }
}
