/** A transport's name as people write it: "icmpv6" is ICMPv6, "tcp" TCP; one without a name of its own is "other". */
export function protocolWord(protocol: string): string {
  if (protocol === "icmpv6") return "ICMPv6";
  return protocol === "other" ? protocol : protocol.toUpperCase();
}
