/** What checksums of TCP and UDP, over IPv6 also of ICMP, add of the addresses. */
import { FIRST_IPV6, ipv6Sum } from "./ipv6-addresses";

/** Sum over source, destination, protocol and length (RFC 9293 section 3.1, RFC 8200 section 8.1), not folded. */
export function pseudoHeaderSum(source: number, destination: number, protocol: number, length: number): number {
  if (destination >= FIRST_IPV6) return ipv6Sum(source) + ipv6Sum(destination) + protocol + length;
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length;
}
