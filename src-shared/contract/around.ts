/**
 * Jumps in the packet list: where a packet stands and the rows that are drawn there, in one answer. Asked one after the other
 * (number, row, rows) a jump waited for three answers, and the window takes one only between two frames.
 */
import * as v from "valibot";
import { index, text, whole } from "../schema/limited";
import type { PacketId, PacketRow } from "./results";

export const aroundRequests = {
  /** `count` rows with the packet's in the middle, as far as there are rows on both sides; columns as in packets.rows. */
  "packets.around": v.strictObject({
    view: index,
    target: v.union([
      v.strictObject({ packet: index }),
      /** frame.number; the first file's unless told. */
      v.strictObject({ number: index, file: v.nullable(index) }),
    ]),
    count: whole(0, 1000),
    columns: v.pipe(v.array(text(200)), v.maxLength(60)),
  }),
} as const;

export interface RowsAround {
  /** -1: there is none of that number. */
  readonly packet: PacketId;
  /** -1: the view does not list it; then there are no rows. */
  readonly row: number;
  /** Row of the first of `rows`. */
  readonly from: number;
  readonly rows: readonly PacketRow[];
}

export interface AroundResults {
  "packets.around": RowsAround;
}
