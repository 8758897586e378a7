/** The head of a pcapng block: type and length, and of a section its byte order (draft-ietf-opsawg-pcapng section 3.1). */
import { BLOCK_INTERFACE, BLOCK_SECTION, BLOCK_STATISTICS } from "../../../src-shared/model/header-numbers";
import { blockName } from "../readers/pcapng-blocks";
import { BYTE_ORDER_MAGIC } from "./capture-head";
import type { Damage } from "./record-damage";

export interface BlockHead {
  readonly type: number;
  /** As the block states it. */
  readonly total: number;
  /** Up to the next block, which begins at a multiple of 4. */
  readonly padded: number;
  /** Of this block, and of what follows it. */
  readonly bigEndian: boolean;
}

/** Bytes that a head needs. */
export const BLOCK_HEAD_BYTES = 12;

/** Fixed fields and the two lengths. */
function leastBytes(type: number): number {
  return type === BLOCK_SECTION ? 28 : type === BLOCK_INTERFACE ? 20 : type === BLOCK_STATISTICS ? 24 : 12;
}

/** Reads the head at `start`, which is byte `offset` of the file; `bigEndian`: of the section that this block may end. */
export function readBlockHead(view: DataView, start: number, offset: number, bigEndian: boolean): BlockHead | Damage {
  const isSection = view.getUint32(start, true) === BLOCK_SECTION;
  let order = bigEndian;
  if (isSection) {
    order = view.getUint32(start + 8, true) !== BYTE_ORDER_MAGIC;
    const magic = view.getUint32(start + 8, false);
    if (order && magic !== BYTE_ORDER_MAGIC) {
      const message = `expected the byte-order magic 1a2b3c4d of a section, found ${magic.toString(16).padStart(8, "0")}`;
      return { code: "bad-block", offset: offset + 8, message, fatal: true };
    }
  }
  const type = isSection ? BLOCK_SECTION : view.getUint32(start, !order);
  const total = view.getUint32(start + 4, !order);
  const least = leastBytes(type);
  if (total < least) {
    const message = `expected a block length of at least ${least} for ${blockName(type)}, found ${total}`;
    return { code: "bad-length", offset: offset + 4, message, fatal: true };
  }
  return { type, total, padded: total + (-total & 3), bigEndian: order };
}
