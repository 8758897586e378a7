/** Compares two sightings whose keys are equal: in the kernel, which asks it of every flow. */
import type { SightingColumns } from "./sighting-columns";

/** Whether two rows with equal keys can be the same packet: EVIDENCE_* bits, 0 if something contradicts it. */
export function samePacket(columns: SightingColumns, a: number, b: number, protocol: number): number {
  return columns.handle.kernel.sameRows(a, b, protocol);
}
