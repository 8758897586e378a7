/** Names of numbers in network-layer headers, as Wireshark 4.0 writes them. */
import { type NameTable, nameTable } from "./layout";

export const IP_PROTOCOLS = nameTable([
  [0, "IPv6 Hop-by-Hop Option"],
  [1, "ICMP"],
  [2, "IGMP"],
  [4, "IPIP"],
  [6, "TCP"],
  [8, "EGP"],
  [9, "IGRP"],
  [17, "UDP"],
  [33, "DCCP"],
  [41, "IPv6"],
  [43, "Routing Header for IPv6"],
  [44, "Fragment Header for IPv6"],
  [46, "Reservation Protocol"],
  [47, "Generic Routing Encapsulation"],
  [50, "Encap Security Payload"],
  [51, "Authentication Header"],
  [58, "ICMPv6"],
  [59, "No Next Header for IPv6"],
  [60, "Destination Options for IPv6"],
  [88, "EIGRP"],
  [89, "OSPF IGP"],
  [94, "IPIP"],
  [97, "Ethernet within IP"],
  [103, "PIM"],
  [108, "IPComp"],
  [112, "VRRP"],
  [115, "Layer 2 Tunneling"],
  [132, "SCTP"],
  [135, "Mobile IPv6"],
  [136, "UDPlite"],
  [137, "MPLS-in-IP"],
]);

export const DSCP_NAMES = nameTable([
  [0, "Default"],
  [1, "Lower Effort"],
  [8, "Class Selector 1"],
  [10, "Assured Forwarding 11"],
  [12, "Assured Forwarding 12"],
  [14, "Assured Forwarding 13"],
  [16, "Class Selector 2"],
  [18, "Assured Forwarding 21"],
  [20, "Assured Forwarding 22"],
  [22, "Assured Forwarding 23"],
  [24, "Class Selector 3"],
  [26, "Assured Forwarding 31"],
  [28, "Assured Forwarding 32"],
  [30, "Assured Forwarding 33"],
  [32, "Class Selector 4"],
  [34, "Assured Forwarding 41"],
  [36, "Assured Forwarding 42"],
  [38, "Assured Forwarding 43"],
  [40, "Class Selector 5"],
  [44, "Voice Admit"],
  [46, "Expedited Forwarding"],
  [48, "Class Selector 6"],
  [56, "Class Selector 7"],
]);

/** "CS0", "AF11", "EF PHB": the short form in the header line of the field. */
export function dscpShort(value: number): string {
  if (value === 1) return "LE";
  if (value === 44) return "VOICE-ADMIT";
  if (value === 46) return "EF PHB";
  if (value % 8 === 0) return `CS${value / 8}`;
  const low = value & 7;
  const high = value >> 3;
  if (high >= 1 && high <= 4 && (low === 2 || low === 4 || low === 6)) return `AF${high}${low / 2}`;
  return "Unknown";
}

export const ECN_NAMES = nameTable([
  [0, "Not ECN-Capable Transport"],
  [1, "ECN-Capable Transport codepoint '01'"],
  [2, "ECN-Capable Transport codepoint '10'"],
  [3, "Congestion Experienced"],
]);

export const ECN_SHORT: readonly string[] = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];

export const ICMP_TYPES = nameTable([
  [0, "Echo (ping) reply"],
  [3, "Destination unreachable"],
  [4, "Source quench"],
  [5, "Redirect"],
  [8, "Echo (ping) request"],
  [9, "Router advertisement"],
  [10, "Router solicitation"],
  [11, "Time-to-live exceeded"],
  [12, "Parameter problem"],
  [13, "Timestamp request"],
  [14, "Timestamp reply"],
  [15, "Information request"],
  [16, "Information reply"],
  [17, "Address mask request"],
  [18, "Address mask reply"],
  [42, "Extended Echo request"],
  [43, "Extended Echo reply"],
]);

/** Of extended echo (RFC 8335 section 3). */
const EXTENDED_ECHO_CODES = nameTable([
  [0, "No error"],
  [1, "Malformed Query"],
  [2, "No Such Interface"],
  [3, "No Such Table Entry"],
  [4, "Multiple Interfaces Satisfy Query"],
]);

export const ICMP_CODES: ReadonlyMap<number, NameTable> = new Map([
  [
    3,
    nameTable([
      [0, "Network unreachable"],
      [1, "Host unreachable"],
      [2, "Protocol unreachable"],
      [3, "Port unreachable"],
      [4, "Fragmentation needed"],
      [5, "Source route failed"],
      [6, "Destination network unknown"],
      [7, "Destination host unknown"],
      [8, "Source host isolated"],
      [9, "Network administratively prohibited"],
      [10, "Host administratively prohibited"],
      [11, "Network unreachable for TOS"],
      [12, "Host unreachable for TOS"],
      [13, "Communication administratively filtered"],
      [14, "Host precedence violation"],
      [15, "Precedence cutoff in effect"],
    ]),
  ],
  [
    5,
    nameTable([
      [0, "Redirect for network"],
      [1, "Redirect for host"],
      [2, "Redirect for TOS and network"],
      [3, "Redirect for TOS and host"],
    ]),
  ],
  [
    11,
    nameTable([
      [0, "Time to live exceeded in transit"],
      [1, "Fragment reassembly time exceeded"],
    ]),
  ],
  [
    12,
    nameTable([
      [0, "Pointer indicates the error"],
      [1, "Required option missing"],
      [2, "Bad length"],
    ]),
  ],
  [42, EXTENDED_ECHO_CODES],
  [43, EXTENDED_ECHO_CODES],
]);

export const ICMPV6_TYPES = nameTable([
  [1, "Destination Unreachable"],
  [2, "Packet Too Big"],
  [3, "Time Exceeded"],
  [4, "Parameter Problem"],
  [128, "Echo (ping) request"],
  [129, "Echo (ping) reply"],
  [130, "Multicast Listener Query"],
  [131, "Multicast Listener Report"],
  [132, "Multicast Listener Done"],
  [133, "Router Solicitation"],
  [134, "Router Advertisement"],
  [135, "Neighbor Solicitation"],
  [136, "Neighbor Advertisement"],
  [137, "Redirect"],
  [138, "Router Renumbering"],
  [139, "Node Information Query"],
  [140, "Node Information Reply"],
  [141, "Inverse Neighbor Discovery Solicitation"],
  [142, "Inverse Neighbor Discovery Advertisement"],
  [143, "Multicast Listener Report Message v2"],
  [144, "Home Agent Address Discovery Request"],
  [145, "Home Agent Address Discovery Reply"],
  [146, "Mobile Prefix Solicitation"],
  [147, "Mobile Prefix Advertisement"],
  [148, "Certification Path Solicitation"],
  [149, "Certification Path Advertisement"],
  [150, "Experimental Mobility"],
  [151, "Multicast Router Advertisement"],
  [152, "Multicast Router Solicitation"],
  [153, "Multicast Router Termination"],
  [154, "FMIPv6"],
  [155, "RPL Control"],
  [156, "Locator Update"],
  [157, "Duplicate Address Request"],
  [158, "Duplicate Address Confirmation"],
  [159, "MPL Control Message"],
  [160, "Extended Echo request"],
  [161, "Extended Echo reply"],
]);

export const ICMPV6_CODES: ReadonlyMap<number, NameTable> = new Map([
  [
    1,
    nameTable([
      [0, "no route to destination"],
      [1, "communication with destination administratively prohibited"],
      [2, "Beyond scope of source address"],
      [3, "Address unreachable"],
      [4, "Port unreachable"],
      [5, "Source address failed ingress/egress policy"],
      [6, "Reject route to destination"],
    ]),
  ],
  [
    3,
    nameTable([
      [0, "hop limit exceeded in transit"],
      [1, "fragment reassembly time exceeded"],
    ]),
  ],
  [
    4,
    nameTable([
      [0, "erroneous header field encountered"],
      [1, "unrecognized Next Header type encountered"],
      [2, "unrecognized IPv6 option encountered"],
    ]),
  ],
  [160, EXTENDED_ECHO_CODES],
  [161, EXTENDED_ECHO_CODES],
]);

export const ND_OPTIONS = nameTable([
  [1, "Source link-layer address"],
  [2, "Target link-layer address"],
  [3, "Prefix information"],
  [4, "Redirected header"],
  [5, "MTU"],
  [14, "Nonce"],
  [24, "Route Information"],
  [25, "Recursive DNS Server"],
  [31, "DNS Search List Option"],
]);

export const IGMP_TYPES = nameTable([
  [0x11, "Membership Query"],
  [0x12, "Membership Report"],
  [0x16, "Membership Report"],
  [0x17, "Leave Group"],
  [0x22, "Membership Report"],
]);
