/**
 * What is known of a transport checksum, below the line that shows it: wrong, or left to the device. A right one and one that cannot
 * be verified say nothing; the words of that line stay Wireshark's.
 */
import { CHECKSUM_BAD, CHECKSUM_ILLEGAL, CHECKSUM_PARTIAL, verifyChecksum } from "../fields/checksum-fields";
import type { OpenNode } from "./detail-tree";
import type { Drawing } from "./drawing";

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
