/** TCP headers that a snapshot length cut: what of them a sighting still knows. */
import { SIGHTING_CUT } from "../../kernel/assembly/abi";
import { type SightingColumns, W_ID, W_LENGTH, W_SEQ } from "../sighting-columns";

/** Of a TCP header that was not captured whole neither flags nor payload length are known. `at`: the row's first word. */
export function isHeaderCut({ words }: SightingColumns, at: number): boolean {
  return words[at + W_LENGTH] === 0 && ((words[at + W_ID] as number) & SIGHTING_CUT) !== 0;
}

/** Of a TCP segment no more than its ports was captured. */
export function isWithoutSequence(columns: SightingColumns, at: number): boolean {
  return columns.words[at + W_SEQ] === 0 && isHeaderCut(columns, at);
}
