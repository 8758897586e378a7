/**
 * Exchanges of datagrams or echoes that two machines recorded on two sides of a router that changed both ends. No clock is shared, so time tells
 * only how long each side waited; what is equal is every identification, of questions and, chosen by another machine, of answers.
 *
 * ```
 *   x  client > service   64 hops, id 20591 ──┐                            ┌── 63 hops, id 64259    waits longer than
 *   y                     63 hops, id 20591   └─ server        server ─────┘   64 hops, id 64259    y does
 * ```
 * Two captures of different calls do not agree in all of this: a program that passes a question on gives it an identification of its own.
 */
import { NO_ROW } from "./abi";
import { rowAt } from "./joining";
import { apartNs, directionOf, fileOf, pointOf, rowsFrom, rowsTo, ttlOf } from "./matched-flows";
import { samePacket } from "./same-packet";

/** Lower ones are counted from 0 by many machines alike. */
const TELLING_ID: u32 = 256;
/** What lies between the two sides takes no longer, there and back. */
const FARTHEST_NS: i64 = 50000000;
/** Clocks of a µs, and drift while an exchange lasts. */
const JITTER_NS: i64 = 1000000;

/** Whether the flows of `list` (as in weighPair) hold the same packets, each by its identification, mirrored so. */
export function isMirroredExchange(list: usize, count: u32, swapped: u32, protocol: u32): bool {
  /** Row that told of each direction of x, and which way it was routed: 1, from x to y. */
  let there = NO_ROW;
  let back = NO_ROW;
  let routedThere: i32 = 0;
  let routedBack: i32 = 0;
  /** y behind x, by the two clocks: least and most, by direction. */
  let leastThere: i64 = i64.MAX_VALUE;
  let mostThere: i64 = i64.MIN_VALUE;
  let leastBack: i64 = i64.MAX_VALUE;
  let mostBack: i64 = i64.MIN_VALUE;
  for (let i: u32 = 0; i < count; i++) {
    const rowX = load<u32>(list + (i << 3));
    const x = rowAt(rowX);
    const y = rowAt(load<u32>(list + (i << 3) + 4));
    const fx = load<u32>(x + 12) >> 1;
    const fy = load<u32>(y + 12) >> 1;
    if (fileOf(pointOf(fx)) == fileOf(pointOf(fy))) return false;
    if (rowsTo(fx) - rowsFrom(fx) != rowsTo(fy) - rowsFrom(fy)) return false;
    if ((directionOf(x) ^ directionOf(y)) != swapped || !samePacket(x, y, protocol)) return false;
    const id = load<u16>(x + 38) as u32;
    if (id < TELLING_ID || id != (load<u16>(y + 38) as u32)) return false;
    const routed: i32 = ttlOf(x) > ttlOf(y) ? 1 : ttlOf(x) < ttlOf(y) ? -1 : 0;
    if (routed == 0) return false;
    const apart = apartNs(x, y);
    if (directionOf(x)) {
      if (routedBack == -routed) return false;
      back = rowX;
      routedBack = routed;
      leastBack = min<i64>(leastBack, apart);
      mostBack = max<i64>(mostBack, apart);
    } else {
      if (routedThere == -routed) return false;
      there = rowX;
      routedThere = routed;
      leastThere = min<i64>(leastThere, apart);
      mostThere = max<i64>(mostThere, apart);
    }
  }
  if (there == NO_ROW || back == NO_ROW || routedThere != -routedBack) return false;
  // Which clock is ahead is not known; what the two ways add is.
  const least = routedThere > 0 ? leastThere - mostBack : leastBack - mostThere;
  const most = routedThere > 0 ? mostThere - leastBack : mostBack - leastThere;
  return least >= -JITTER_NS && most <= FARTHEST_NS;
}
