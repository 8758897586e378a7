/**
 * What an ICMP error says. The numbers of ICMP (RFC 792) and ICMPv6 (RFC 4443) mean different things:
 *
 * ```
 *                          ICMP      ICMPv6
 * network unreachable      3/0       1/0
 * host unreachable         3/1       1/3
 * port unreachable         3/3       1/4
 * prohibited               3/9,10,13 1/1        a firewall's rule (RFC 1812 section 5.2.7.1)
 * too big                  3/4       2/0
 * time to live exceeded    11/0      3/0      ◄─ the "network unreachable" of the other one
 * ```
 */
import type { Complaint } from "./attempts";

type Numbers = Pick<Complaint, "version" | "typeCode">;

function isOneOf(error: Numbers, type4: number, code4: number, type6: number, code6: number): boolean {
  return error.typeCode === (error.version === 4 ? (type4 << 8) | code4 : (type6 << 8) | code6);
}

export const isNetworkUnreachable = (error: Numbers): boolean => isOneOf(error, 3, 0, 1, 0);
export const isHostUnreachable = (error: Numbers): boolean => isOneOf(error, 3, 1, 1, 3);
export const isPortUnreachable = (error: Numbers): boolean => isOneOf(error, 3, 3, 1, 4);
export const isProhibited = (error: Numbers): boolean => [9, 10, 13].some((code4) => isOneOf(error, 3, code4, 1, 1));
export const isTooBig = (error: Numbers): boolean => isOneOf(error, 3, 4, 2, 0);
export const isExpired = (error: Numbers): boolean => isOneOf(error, 11, 0, 3, 0);
