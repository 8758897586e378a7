/** Names of transports. */

/** By IP protocol number, as `hopscope connections --json` names them; all others are "other". */
export const TRANSPORT_NAMES: ReadonlyMap<number, "icmp" | "tcp" | "udp" | "icmpv6" | "sctp"> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
  [132, "sctp"],
]);

/** A transport's name as people write it: "icmpv6" is ICMPv6, "tcp" TCP; one without a name of its own is "other". */
export function protocolWord(protocol: string): string {
  if (protocol === "icmpv6") return "ICMPv6";
  return protocol === "other" ? protocol : protocol.toUpperCase();
}
