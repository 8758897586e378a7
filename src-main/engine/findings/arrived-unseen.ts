/**
 * Whether a TCP segment that a capture point does not show got through all the same: the receiver acknowledged it before any other
 * packet could have brought the data.
 *
 * ```
 * X   GET ──►           GET again ──►
 * Y        ◄── ACK                    GET ──►       the ACK is older than the only GET at Y
 * ```
 */
import type { Journey } from "../../../src-shared/reconstruct/result";
import { type FindingContext, firstRow, TCP_ACK, TCP_FIN, TCP_SYN } from "./context";

const PROTOCOL_TCP = 6;

/** `lost` is a journey that is missing at `missingAt`. */
export function arrivedUnseen(context: FindingContext, journeys: readonly Journey[], lost: Journey): boolean {
  const { sightings } = context.join;
  const to = lost.missingAt;
  const row = firstRow(lost);
  if (to < 0 || sightings.protocol(row) !== PROTOCOL_TCP) return false;
  const flags = sightings.tcpFlags(row);
  const start = sightings.tcpSeq(row);
  const end = (start + lost.payloadLength + (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0)) >>> 0;
  if (end === start) return false;
  // Times at that very point: no clock but its own.
  const at = (journey: Journey): number | undefined => {
    const there = journey.sightings.find((r) => sightings.point(r) === to);
    return there === undefined ? undefined : context.ns(there);
  };
  let acknowledgedNs = Infinity;
  for (const journey of journeys) {
    if (journey.direction === lost.direction || journey.index < lost.index) continue;
    const answer = firstRow(journey);
    const seenNs = at(journey);
    if (seenNs === undefined || !(sightings.tcpFlags(answer) & TCP_ACK)) continue;
    if (((sightings.tcpAck(answer) - end) | 0) >= 0) acknowledgedNs = Math.min(acknowledgedNs, seenNs);
  }
  if (acknowledgedNs === Infinity) return false;
  return !journeys.some((journey) => {
    if (journey.direction !== lost.direction || journey === lost) return false;
    const seq = sightings.tcpSeq(firstRow(journey));
    const overlaps =
      ((seq - end) | 0) < 0 &&
      ((seq + Math.max(1, journey.payloadLength) - start) | 0) > 0 &&
      journey.payloadLength > 0;
    const sameFlags = seq === start && (sightings.tcpFlags(firstRow(journey)) & (TCP_SYN | TCP_FIN)) !== 0;
    const seenNs = at(journey);
    return (overlaps || sameFlags) && seenNs !== undefined && seenNs < acknowledgedNs;
  });
}
