/** ICMP that asks and answers, as against ICMP that reports: NAT rewrites a report's addresses so that the sender understands it. */
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";

const ECHO_REQUESTS: readonly number[] = [8 << 8, 128 << 8];

/** Echo request and reply, in ICMP and ICMPv6: type << 8 | code. */
export const ECHO_TYPES: readonly number[] = [8 << 8, 0, 128 << 8, 129 << 8];

/** A ping, as against its answer seen alone. */
export function isEchoRequest(join: JoinResult, connection: Connection): boolean {
  if (connection.protocol !== "icmp" && connection.protocol !== "icmpv6") return false;
  return ECHO_REQUESTS.includes(join.sightings.icmpTypeCode(connection.firstSighting));
}

/** Errors, neighbour discovery and the like: no conversation between two ends. */
export function isIcmpReport(join: JoinResult, connection: Connection): boolean {
  if (connection.protocol !== "icmp" && connection.protocol !== "icmpv6") return false;
  return !ECHO_TYPES.includes(join.sightings.icmpTypeCode(connection.firstSighting));
}
