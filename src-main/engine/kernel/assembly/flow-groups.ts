/** Which rows of the flow table are one flow, seen at several capture points. */
import {
  C_ANY_POINT,
  C_POINT,
  CONTEXT_BYTES,
  F_ICMP,
  F_PORTS,
  F_STATE,
  F_TAG,
  FLOW_CONTEXT_SHIFT,
  STATE_CLOSED_ROW,
} from "./abi";
import { flowCount, flowRow } from "./flow-rows";
import { mix, zeroed } from "./hash";

/**
 * Groups rows that differ in the capture point only. Writes one u32 a row to `out`: the first row of its group. A tuple's
 * n-th connection at one point belongs with its n-th at the others only if it began within a second; so rows that were
 * superseded group by key and first time.
 */
export function groupRows(out: usize, contexts: usize): u32 {
  const rows = flowCount();
  let mask: u32 = 0xffff;
  while (mask < rows << 1) mask = (mask << 1) | 1;
  const slots = zeroed((mask + 1) << 2);
  let groups: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const f = flowRow(row);
    const tag = load<u32>(f + F_TAG);
    const any = load<u32>(contexts + (tag >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES + C_ANY_POINT);
    const point = load<u32>(contexts + (tag >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES + C_POINT);
    const k0 = load<u64>(f);
    const k1 = (load<u32>(f + F_PORTS) as u64) | ((((tag & 0x1ff) | (any << FLOW_CONTEXT_SHIFT)) as u64) << 32);
    // Connections that reuse a tuple are told apart by what their first SYN carried.
    const isn: u32 = (tag & 255) == 6 ? load<u32>(f + F_ICMP) : 0;
    let i = mix(k0, k1) & mask;
    let head: u32 = row;
    for (;;) {
      const v = load<u32>(slots + (i << 2));
      if (!v) {
        store<u32>(slots + (i << 2), row + 1);
        groups++;
        break;
      }
      const g = flowRow(v - 1);
      const gt = load<u32>(g + F_TAG);
      const gc = contexts + (gt >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES;
      if (
        load<u64>(g) == k0 &&
        load<u32>(g + F_PORTS) == load<u32>(f + F_PORTS) &&
        (gt & 0x1ff) == (tag & 0x1ff) &&
        load<u32>(gc + C_ANY_POINT) == any &&
        (load<u32>(gc + C_POINT) != point || row == v - 1) &&
        (!isn || isn == load<u32>(g + F_ICMP) || !((load<u32>(g + F_STATE) | load<u32>(f + F_STATE)) & STATE_CLOSED_ROW))
      ) {
        head = v - 1;
        break;
      }
      i = (i + 1) & mask;
    }
    store<u32>(out + (row << 2), head);
  }
  return groups;
}
