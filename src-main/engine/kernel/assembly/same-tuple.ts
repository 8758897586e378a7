/** Whether rows of two flows of one tuple say that the flows are one conversation. */
import {
  EVIDENCE_ID,
  EVIDENCE_PAYLOAD,
  EVIDENCE_SEQ,
  EVIDENCE_TIMESTAMP,
} from "./abi";
import { joinSets } from "./flow-sets";
import { TCP, apartNs, depthsOf, fileOf, pointOf, protocolOf, ttlOf, vniOf } from "./matched-flows";
import { samePacket } from "./same-packet";

/** Two sightings of one packet may lie so far apart on one clock. */
const MAX_APART_NS: i64 = 10000000000;

/** Rows with one key were not the same packet. */
let weakSeen: bool = false;

export function beginTuple(): void {
  weakSeen = false;
}
/** Since `beginTuple` there were rows that are worth a second look, `weak`. */
export function sawWeak(): bool {
  return weakSeen;
}

/**
 * Joins the flows if the rows `x` of `f` and `y` of `g`, with one key, are the same packet. `weak`, when all of the tuple have been
 * tried so: rows that are not may still say that it is the same conversation, sent again and seen elsewhere. True: they are joined.
 */
export function joinBy(f: u32, g: u32, x: usize, y: usize, weak: bool): bool {
  const protocol = protocolOf(f);
  let bits = samePacket(x, y, protocol);
  if (weak) {
    // A payload that differs says it is not.
    if (bits || protocol != TCP || !sameContent(x, y)) return false;
    bits = EVIDENCE_SEQ;
  } else if (!bits) {
    weakSeen = weakSeen || protocol == TCP;
    return false;
  }
  if (!plausible(f, g, x, y, bits)) return false;
  joinSets(f, g, 0, bits);
  return true;
}

function sameContent(x: usize, y: usize): bool {
  const hx = load<u32>(x + 28);
  const hy = load<u32>(y + 28);
  const lx = load<u32>(x + 32) >> 8;
  const ly = load<u32>(y + 32) >> 8;
  return !hx || !hy || hx == hy || (!lx && !ly) || (lx != ly && (lx < 256 || ly < 256));
}

/**
 * One tuple may be two connections: the same addresses in two virtual networks, one tuple used again. Flows in different
 * networks at the same depth need more than numbers that a generator may repeat.
 */
function plausible(f: u32, g: u32, x: usize, y: usize, bits: u32): bool {
  const pf = pointOf(f);
  const pg = pointOf(g);
  if (fileOf(pf) == fileOf(pg) && bits != EVIDENCE_SEQ) {
    const apart = apartNs(x, y);
    if (apart > MAX_APART_NS || apart < -MAX_APART_NS) return false;
  }
  const df = depthsOf(f);
  const dg = depthsOf(g);
  const otherNetwork =
    (df & 127) == (dg & 127) && (df & 127) > 1 && (vniOf(f) != vniOf(g) || (((df ^ dg) >> 8) & 127) != 0);
  if (!otherNetwork) return true;
  if (!(bits & (EVIDENCE_ID | EVIDENCE_TIMESTAMP)) && !(bits & EVIDENCE_PAYLOAD && protocolOf(f) != TCP)) return false;
  // A gateway between the two networks routes: fewer hops are left behind it.
  return pf != pg || ttlOf(x) != ttlOf(y);
}
