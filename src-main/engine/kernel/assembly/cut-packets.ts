/**
 * Packets of which one point captured more than another: what a capture of 96 bytes keeps of a datagram fits at a veth, and behind a
 * tunnel's headers no more; of a TCP segment not even its header may be left. Their keys differ then (picks.ts); the identification tells,
 * with the length and what else both have; of an echo its number:
 *
 * ```
 *   veth   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, payload 5e1f…
 *   card   10.1.0.5 > 10.1.9.9  identification 77, 68 bytes, cut
 * ```
 */
import { F_TAG, NO_ROW, SIGHTING_CUT } from "./abi";
import { isActive, nextOfTuple, tupleOf } from "./flow-matching";
import { flowRow } from "./flow-rows";
import { rootOf } from "./flow-sets";
import { allocate } from "./host";
import { ICMP, ICMP6, TCP, directionOf, protocolOf, rowIn, rowsFrom, rowsTo } from "./matched-flows";
import { isWithoutSequence } from "./picks";
import { joinBy } from "./same-tuple";

/** Packets of a flow that are looked at. */
const LOOKED_AT: u32 = 64;

/** Above identifications: what tells an echo that has none. */
const ECHO: u32 = 1 << 16;

/** By row of the first flow: identification * 2 + direction. */
let keys: usize = 0;

/** Tries the rows of two flows of one tuple, one of them cut, that can be one packet, until they join. */
export function compareCut(f: u32, g: u32, weak: bool): void {
  const fromF = rowsFrom(f);
  const toF = lookedTo(f);
  const toG = lookedTo(g);
  if (!anyCut(fromF, toF) && !anyCut(rowsFrom(g), toG)) return;
  if (!keys) keys = allocate(LOOKED_AT << 2);
  const protocol = protocolOf(f);
  const icmp = protocol == ICMP || protocol == ICMP6;
  const tcp = protocol == TCP;
  for (let i = fromF; i < toF; i++) store<u32>(keys + ((i - fromF) << 2), keyOf(rowIn(i), icmp));
  for (let k = rowsFrom(g); k < toG; k++) {
    const y = rowIn(k);
    const key = keyOf(y, icmp);
    if (!(key >> 1)) continue;
    // The last that has it.
    let i = toF;
    while (i > fromF && load<u32>(keys + ((i - 1 - fromF) << 2)) != key) i--;
    if (i == fromF) continue;
    const x = rowIn(i - 1);
    if (!(isCut(y) || isCut(x)) || load<u32>(x + 40) != load<u32>(y + 40)) continue;
    if (tcp && load<u32>(x + 16) != load<u32>(y + 16) && !isWithoutSequence(x) && !isWithoutSequence(y)) continue;
    if (icmp && load<u32>(x + 24) != load<u32>(y + 24)) continue;
    if (tcp && unitesUses(f, g)) return;
    if (joinBy(f, g, x, y, weak)) return;
  }
}

/** Some of the flow's packets are cut. */
export function isCutFlow(flow: u32): bool {
  return anyCut(rowsFrom(flow), lookedTo(flow));
}

/** Identification and direction of a row, of an echo without one its number; 0: it has neither. */
export function identificationOf(r: usize, icmp: bool): u32 {
  const key = keyOf(r, icmp);
  return key >> 1 ? key : 0;
}

export function lookedTo(flow: u32): u32 {
  const from = rowsFrom(flow);
  const to = rowsTo(flow);
  return to - from > LOOKED_AT ? from + LOOKED_AT : to;
}

// @ts-ignore: decorator
@inline
function keyOf(r: usize, icmp: bool): u32 {
  let told = load<u16>(r + 38) as u32;
  // Of one tuple, which has the echo's identifier.
  if (!told && icmp && load<u16>(r + 24)) told = ECHO | (load<u16>(r + 24) as u32);
  return (told << 1) | directionOf(r);
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

/**
 * The sets of two flows of one tuple have a flow each of one point at one depth: these are two uses of the ports, which a point that saw
 * the SYNs told apart. Where their headers were cut one flow may be of both.
 */
function unitesUses(f: u32, g: u32): bool {
  const a = rootOf(f) >> 1;
  const b = rootOf(g) >> 1;
  for (let x = tupleOf(f); x != NO_ROW; x = nextOfTuple(x)) {
    if (!isActive(x) || rootOf(x) >> 1 != a) continue;
    const tag = load<u32>(flowRow(x) + F_TAG);
    for (let y = tupleOf(f); y != NO_ROW; y = nextOfTuple(y))
      if (isActive(y) && load<u32>(flowRow(y) + F_TAG) == tag && rootOf(y) >> 1 == b) return true;
  }
  return false;
}
