/** Numbers the tuples of flows (addresses, ports, protocol): flows of one tuple at several points are candidates for one connection. */
import type { SightingColumns } from "../sighting-columns";

/** Equal addresses, ports and protocol get equal numbers. */
export function numberTuples(columns: SightingColumns): Int32Array {
  const count = columns.flowCount;
  const tuple = new Int32Array(count);
  let mask = 1023;
  while (mask < count * 2) mask = mask * 2 + 1;
  const slots = new Int32Array(mask + 1);
  for (let f = 0; f < count; f++) {
    const a = columns.address(f, 0);
    const b = columns.address(f, 1);
    const ports = columns.ports(f);
    const tag = columns.protocol(f) | (columns.v6(f) ? 256 : 0);
    let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35) ^ tag;
    h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
    let i = (h ^ (h >>> 13)) & mask;
    for (;;) {
      const other = (slots[i] as number) - 1;
      if (other < 0) {
        slots[i] = f + 1;
        tuple[f] = f;
        break;
      }
      if (
        columns.address(other, 0) === a &&
        columns.address(other, 1) === b &&
        columns.ports(other) === ports &&
        (columns.protocol(other) | (columns.v6(other) ? 256 : 0)) === tag
      ) {
        tuple[f] = other;
        break;
      }
      i = (i + 1) & mask;
    }
  }
  return tuple;
}
