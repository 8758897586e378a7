/** What a flow at a capture point is to joining. */
export const FLOW_ACTIVE = 0;
/** Outer side of tunnels. */
export const FLOW_CARRIER = 1;
/** Quoted in ICMP errors. */
export const FLOW_QUOTED = 2;
/** IPv6 neighbour discovery: what ARP is to IPv4, between machines of one link, no conversation. */
export const FLOW_NEIGHBOURS = 3;

/** Cut before their ports: nothing tells whose they are. */
export const FLOW_CUT = 4;

export interface MatchOptions {
  /** File of each capture point: rows of one file have one clock. */
  readonly fileOfPoint: readonly number[];
}
