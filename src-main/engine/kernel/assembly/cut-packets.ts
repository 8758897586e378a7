/**
 * Packets of which one point captured more than another: what a capture of 96 bytes keeps of a datagram fits at a veth, and behind a
 * tunnel's headers no more; of a TCP segment not even its header may be left. Their keys differ then (picks.ts); the identification tells,
 * with the length and what else both have:
 *
 * ```
 *   veth   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, payload 5e1f…
 *   card   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, cut
 * ```
 */
import { SIGHTING_CUT } from "./abi";
import { allocate } from "./host";
import { TCP, directionOf, protocolOf, rowIn, rowsFrom, rowsTo } from "./matched-flows";
import { joinBy } from "./same-tuple";

/** Packets of a flow that are looked at. */
const LOOKED_AT: u32 = 64;

/** By row of the first flow: identification * 2 + direction. */
let keys: usize = 0;

/** Tries the rows of two flows of one tuple, one of them cut, that can be one packet, until they join. */
export function compareCut(f: u32, g: u32, weak: bool): void {
  const fromF = rowsFrom(f);
  const toF = lookedTo(f);
  const toG = lookedTo(g);
  if (!anyCut(fromF, toF) && !anyCut(rowsFrom(g), toG)) return;
  if (!keys) keys = allocate(LOOKED_AT << 2);
  for (let i = fromF; i < toF; i++) store<u32>(keys + ((i - fromF) << 2), keyOf(rowIn(i)));
  const tcp = protocolOf(f) == TCP;
  for (let k = rowsFrom(g); k < toG; k++) {
    const y = rowIn(k);
    const key = keyOf(y);
    if (!(key >> 1)) continue;
    // The last that has it.
    let i = toF;
    while (i > fromF && load<u32>(keys + ((i - 1 - fromF) << 2)) != key) i--;
    if (i == fromF) continue;
    const x = rowIn(i - 1);
    if (!(isCut(y) || isCut(x)) || load<u32>(x + 40) != load<u32>(y + 40)) continue;
    if (tcp && load<u32>(x + 16) != load<u32>(y + 16)) continue;
    if (joinBy(f, g, x, y, weak)) return;
  }
}

function lookedTo(flow: u32): u32 {
  const from = rowsFrom(flow);
  const to = rowsTo(flow);
  return to - from > LOOKED_AT ? from + LOOKED_AT : to;
}

// @ts-ignore: decorator
@inline
function keyOf(r: usize): u32 {
  return ((load<u16>(r + 38) as u32) << 1) | directionOf(r);
}

// @ts-ignore: decorator
@inline
function isCut(r: usize): bool {
  return (load<u32>(r + 36) & SIGHTING_CUT) != 0;
}

function anyCut(from: u32, to: u32): bool {
  for (let i = from; i < to; i++) if (isCut(rowIn(i))) return true;
  return false;
}
