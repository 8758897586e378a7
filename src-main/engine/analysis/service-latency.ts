/**
 * How long the calls of a Service took, as the client's nearest capture point saw it: SYN to SYN-ACK, first byte asked to first
 * byte answered.
 */
import type { Latency } from "../../../src-shared/contract/map";
import { ACK, SYN } from "../../../src-shared/model/header-numbers";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";

/** What one connection's packets tell: milliseconds, NaN: not shown. */
export interface Measured {
  readonly handshakeMs: number;
  readonly firstByteMs: number;
  readonly statuses: readonly number[];
}

/**
 * Of connection `index`. It makes the connection's journeys.
 * @param statusOf HTTP status by packet (http-answers.ts)
 */
export function measure(
  join: JoinResult,
  statusOf: ReadonlyMap<number, number>,
  index: number,
  c: Connection,
): Measured {
  const s = join.sightings;
  const near = c.path[0];
  let synNs = NaN;
  let askedNs = NaN;
  let handshakeNs = NaN;
  let firstByteNs = NaN;
  const statuses: number[] = [];
  for (const journey of join.journeys(index)) {
    const row = journey.sightings.find((r) => s.point(r) === near);
    if (journey.direction === "to-client")
      for (const r of journey.sightings) {
        const status = statusOf.get(s.packet(r));
        if (status === undefined) continue;
        if (journey.retransmissionOf < 0) statuses.push(status);
        break;
      }
    if (row === undefined) continue;
    const ns = s.alignedNs(row);
    const flags = s.tcpFlags(row);
    if (journey.direction === "to-server") {
      if (c.protocol === "tcp" && (flags & (SYN | ACK)) === SYN && Number.isNaN(synNs)) synNs = ns;
      if (journey.payloadLength > 0 && Number.isNaN(askedNs)) askedNs = ns;
    } else {
      if ((flags & (SYN | ACK)) === (SYN | ACK) && Number.isNaN(handshakeNs)) handshakeNs = ns - synNs;
      if (journey.payloadLength > 0 && Number.isNaN(firstByteNs)) firstByteNs = ns - askedNs;
    }
  }
  return { handshakeMs: handshakeNs / 1e6, firstByteMs: firstByteNs / 1e6, statuses };
}

/** Median and 95th percentile by nearest rank. */
export function latencyOf(ms: readonly number[]): Latency {
  if (ms.length === 0) return { medianMs: null, p95Ms: null, count: 0 };
  const sorted = [...ms].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { medianMs: rank(0.5), p95Ms: rank(0.95), count: sorted.length };
}
