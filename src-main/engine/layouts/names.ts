/** Names of numbers, as Wireshark 4.0 writes them: what the details tree shows before the number. */
import type { NameTable } from "./layout";

const table = (entries: readonly (readonly [number, string])[]): NameTable => new Map(entries);

export const ETHER_TYPES = table([
  [0x0800, "IPv4"],
  [0x0806, "ARP"],
  [0x0842, "Wake on LAN"],
  [0x22eb, "ERSPAN III"],
  [0x6558, "Transparent Ethernet bridging"],
  [0x8035, "RARP"],
  [0x8100, "802.1Q Virtual LAN"],
  [0x86dd, "IPv6"],
  [0x8808, "MAC Control"],
  [0x8809, "Slow Protocols"],
  [0x880b, "PPP"],
  [0x8847, "MPLS label switched packet"],
  [0x8848, "MPLS multicast label switched packet"],
  [0x8863, "PPPoE Discovery"],
  [0x8864, "PPPoE Session"],
  [0x888e, "802.1X Authentication"],
  [0x88a8, "802.1ad Provider Bridge (Q-in-Q)"],
  [0x88be, "ERSPAN"],
  [0x88cc, "802.1 Link Layer Discovery Protocol (LLDP)"],
  [0x88e5, "802.1AE (MACsec)"],
  [0x88e7, "802.1ah Provider Backbone Bridge (mac-in-mac)"],
  [0x88f7, "PTPv2 over Ethernet (IEEE1588)"],
  [0x8909, "CiscoMetaData"],
  [0x9000, "Configuration Test Protocol (loopback)"],
  [0x9100, "QinQ: old non-standard 802.1ad"],
]);

export const IP_PROTOCOLS = table([
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

export const DSCP_NAMES = table([
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

export const ECN_NAMES = table([
  [0, "Not ECN-Capable Transport"],
  [1, "ECN-Capable Transport codepoint '01'"],
  [2, "ECN-Capable Transport codepoint '10'"],
  [3, "Congestion Experienced"],
]);
export const ECN_SHORT: readonly string[] = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];

export const ARP_HARDWARE = table([
  [1, "Ethernet"],
  [6, "IEEE 802"],
  [7, "ARCNET"],
  [15, "Frame Relay"],
  [24, "IEEE 1394.1995"],
  [32, "InfiniBand"],
]);

export const ARP_OPCODES = table([
  [1, "request"],
  [2, "reply"],
  [3, "reverse request"],
  [4, "reverse reply"],
  [8, "inverse request"],
  [9, "inverse reply"],
]);

export const COOKED_TYPES = table([
  [0, "Unicast to us"],
  [1, "Broadcast"],
  [2, "Multicast"],
  [3, "Unicast to another host"],
  [4, "Sent by us"],
]);

export const ARPHRD_NAMES = table([
  [0, "NETROM"],
  [1, "Ethernet"],
  [512, "PPP"],
  [768, "IPIP"],
  [769, "IP6IP6"],
  [772, "Loopback"],
  [776, "SIT"],
  [778, "GRE over IP"],
  [801, "IEEE 802.11"],
  [823, "GRE over IPv6"],
  [824, "Netlink"],
  [0xfffe, "No link-layer type"],
]);

export const NULL_FAMILIES = table([
  [2, "IP"],
  [10, "IPv6"],
  [23, "IPv6"],
  [24, "IPv6"],
  [28, "IPv6"],
  [30, "IPv6"],
]);

export const PPP_PROTOCOLS = table([
  [0x0021, "Internet Protocol version 4"],
  [0x0057, "Internet Protocol version 6"],
  [0x0281, "MPLS Unicast"],
  [0x8021, "Internet Protocol Control Protocol"],
  [0x8057, "IPv6 Control Protocol"],
  [0xc021, "Link Control Protocol"],
  [0xc023, "Password Authentication Protocol"],
  [0xc223, "Challenge Handshake Authentication Protocol"],
]);

export const LLC_SAPS = table([
  [0x00, "NULL LSAP"],
  [0x06, "TCP/IP"],
  [0x42, "Spanning Tree BPDU"],
  [0xaa, "SNAP"],
  [0xe0, "NetWare"],
  [0xf0, "NetBIOS"],
  [0xfe, "ISO Network Layer"],
  [0xff, "Global LSAP"],
]);

export const ICMP_TYPES = table([
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

export const ICMP_CODES: ReadonlyMap<number, NameTable> = new Map([
  [
    3,
    table([
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
    table([
      [0, "Redirect for network"],
      [1, "Redirect for host"],
      [2, "Redirect for TOS and network"],
      [3, "Redirect for TOS and host"],
    ]),
  ],
  [
    11,
    table([
      [0, "Time to live exceeded in transit"],
      [1, "Fragment reassembly time exceeded"],
    ]),
  ],
  [
    12,
    table([
      [0, "Pointer indicates the error"],
      [1, "Required option missing"],
      [2, "Bad length"],
    ]),
  ],
]);

export const ICMPV6_TYPES = table([
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
  [143, "Multicast Listener Report Message v2"],
]);

export const ICMPV6_CODES: ReadonlyMap<number, NameTable> = new Map([
  [
    1,
    table([
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
    table([
      [0, "hop limit exceeded in transit"],
      [1, "fragment reassembly time exceeded"],
    ]),
  ],
  [
    4,
    table([
      [0, "erroneous header field encountered"],
      [1, "unrecognized Next Header type encountered"],
      [2, "unrecognized IPv6 option encountered"],
    ]),
  ],
]);

export const ND_OPTIONS = table([
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

export const TCP_OPTIONS = table([
  [0, "End of Option List"],
  [1, "No-Operation"],
  [2, "Maximum Segment Size"],
  [3, "Window Scale"],
  [4, "SACK Permitted"],
  [5, "SACK"],
  [8, "Time Stamp Option"],
  [19, "MD5 Signature Option"],
  [28, "User Timeout Option"],
  [29, "TCP Authentication Option"],
  [30, "Multipath TCP"],
  [34, "TCP Fast Open Cookie"],
  [253, "RFC3692-style Experiment 1"],
  [254, "RFC3692-style Experiment 2"],
]);

export const SCTP_CHUNKS = table([
  [0, "DATA"],
  [1, "INIT"],
  [2, "INIT_ACK"],
  [3, "SACK"],
  [4, "HEARTBEAT"],
  [5, "HEARTBEAT_ACK"],
  [6, "ABORT"],
  [7, "SHUTDOWN"],
  [8, "SHUTDOWN_ACK"],
  [9, "ERROR"],
  [10, "COOKIE_ECHO"],
  [11, "COOKIE_ACK"],
  [12, "ECNE"],
  [13, "CWR"],
  [14, "SHUTDOWN_COMPLETE"],
  [15, "AUTH"],
  [64, "I_DATA"],
  [128, "ASCONF_ACK"],
  [130, "RE_CONFIG"],
  [192, "FORWARD_TSN"],
  [193, "ASCONF"],
]);

export const WIREGUARD_TYPES = table([
  [1, "Handshake Initiation"],
  [2, "Handshake Response"],
  [3, "Cookie Reply"],
  [4, "Transport Data"],
]);

export const GTP_MESSAGES = table([
  [1, "Echo request"],
  [2, "Echo response"],
  [26, "Error indication"],
  [31, "Supported extension headers notification"],
  [254, "End Marker"],
  [255, "T-PDU"],
]);

export const IGMP_TYPES = table([
  [0x11, "Membership Query"],
  [0x12, "Membership Report"],
  [0x16, "Membership Report"],
  [0x17, "Leave Group"],
  [0x22, "Membership Report"],
]);

export const DNS_TYPE_NAMES: ReadonlyMap<number, readonly [short: string, long: string]> = new Map([
  [1, ["A", "Host Address"]],
  [2, ["NS", "authoritative Name Server"]],
  [5, ["CNAME", "Canonical NAME for an alias"]],
  [6, ["SOA", "Start Of a zone of Authority"]],
  [12, ["PTR", "domain name PoinTeR"]],
  [13, ["HINFO", "host information"]],
  [15, ["MX", "Mail eXchange"]],
  [16, ["TXT", "Text strings"]],
  [28, ["AAAA", "IPv6 Address"]],
  [33, ["SRV", "Server Selection"]],
  [35, ["NAPTR", "Naming Authority Pointer"]],
  [41, ["OPT", ""]],
  [43, ["DS", "Delegation Signer"]],
  [46, ["RRSIG", ""]],
  [47, ["NSEC", ""]],
  [48, ["DNSKEY", ""]],
  [50, ["NSEC3", ""]],
  [64, ["SVCB", "General Purpose Service Endpoints"]],
  [65, ["HTTPS", "HTTPS Specific Service Endpoints"]],
  [252, ["AXFR", "transfer of an entire zone"]],
  [255, ["*", "A request for all records the server/cache has available"]],
  [257, ["CAA", "Certification Authority Restriction"]],
]);

export const DNS_CLASSES = table([
  [1, "IN"],
  [3, "CH"],
  [4, "HS"],
  [254, "NONE"],
  [255, "ANY"],
]);

export const DNS_OPCODES = table([
  [0, "Standard query"],
  [1, "Inverse query"],
  [2, "Server status request"],
  [4, "Zone change notification"],
  [5, "Dynamic update"],
]);

export const DNS_RCODES = table([
  [0, "No error"],
  [1, "Format error"],
  [2, "Server failure"],
  [3, "No such name"],
  [4, "Not implemented"],
  [5, "Refused"],
  [6, "Name exists"],
  [7, "RRset exists"],
  [8, "RRset does not exist"],
  [9, "Not authoritative"],
  [10, "Name out of zone"],
]);

export const DHCP_MESSAGE_TYPES = table([
  [1, "Discover"],
  [2, "Offer"],
  [3, "Request"],
  [4, "Decline"],
  [5, "ACK"],
  [6, "NAK"],
  [7, "Release"],
  [8, "Inform"],
]);

export const DHCP_OPTIONS = table([
  [1, "Subnet Mask"],
  [2, "Time Offset"],
  [3, "Router"],
  [6, "Domain Name Server"],
  [12, "Host Name"],
  [15, "Domain Name"],
  [26, "Interface MTU"],
  [28, "Broadcast Address"],
  [33, "Static Route"],
  [42, "Network Time Protocol Servers"],
  [43, "Vendor-Specific Information"],
  [50, "Requested IP Address"],
  [51, "IP Address Lease Time"],
  [53, "DHCP Message Type"],
  [54, "DHCP Server Identifier"],
  [55, "Parameter Request List"],
  [56, "Message"],
  [57, "Maximum DHCP Message Size"],
  [58, "Renewal Time Value"],
  [59, "Rebinding Time Value"],
  [60, "Vendor class identifier"],
  [61, "Client identifier"],
  [66, "TFTP Server Name"],
  [67, "Bootfile name"],
  [81, "Client Fully Qualified Domain Name"],
  [82, "Agent Information Option"],
  [119, "Domain Search"],
  [121, "Classless Static Route"],
  [249, "Private/Classless Static Route (Microsoft)"],
  [252, "Private/Proxy autodiscovery"],
  [255, "End"],
]);

export const TLS_CONTENT_TYPES = table([
  [20, "Change Cipher Spec"],
  [21, "Alert"],
  [22, "Handshake"],
  [23, "Application Data"],
  [24, "Heartbeat"],
  [25, "Connection ID"],
]);

export const TLS_VERSIONS = table([
  [0x0101, "TLCP"],
  [0x0300, "SSL 3.0"],
  [0x0301, "TLS 1.0"],
  [0x0302, "TLS 1.1"],
  [0x0303, "TLS 1.2"],
  [0x0304, "TLS 1.3"],
]);

export const TLS_HANDSHAKES = table([
  [0, "Hello Request"],
  [1, "Client Hello"],
  [2, "Server Hello"],
  [4, "New Session Ticket"],
  [8, "Encrypted Extensions"],
  [11, "Certificate"],
  [12, "Server Key Exchange"],
  [13, "Certificate Request"],
  [14, "Server Hello Done"],
  [15, "Certificate Verify"],
  [16, "Client Key Exchange"],
  [20, "Finished"],
  [24, "Key Update"],
]);

export const TLS_EXTENSIONS = table([
  [0, "server_name"],
  [1, "max_fragment_length"],
  [5, "status_request"],
  [10, "supported_groups"],
  [11, "ec_point_formats"],
  [13, "signature_algorithms"],
  [16, "application_layer_protocol_negotiation"],
  [18, "signed_certificate_timestamp"],
  [21, "padding"],
  [22, "encrypt_then_mac"],
  [23, "extended_master_secret"],
  [27, "compress_certificate"],
  [35, "session_ticket"],
  [41, "pre_shared_key"],
  [42, "early_data"],
  [43, "supported_versions"],
  [44, "cookie"],
  [45, "psk_key_exchange_modes"],
  [49, "post_handshake_auth"],
  [50, "signature_algorithms_cert"],
  [51, "key_share"],
  [0xff01, "renegotiation_info"],
]);

export const TLS_CIPHERS = table([
  [0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"],
  [0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"],
  [0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"],
  [0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"],
  [0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"],
  [0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"],
  [0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"],
  [0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"],
  [0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"],
  [0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"],
  [0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"],
  [0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"],
  [0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"],
  [0x1301, "TLS_AES_128_GCM_SHA256"],
  [0x1302, "TLS_AES_256_GCM_SHA384"],
  [0x1303, "TLS_CHACHA20_POLY1305_SHA256"],
  [0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"],
  [0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"],
  [0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"],
  [0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"],
  [0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"],
  [0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"],
  [0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"],
  [0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"],
  [0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  [0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
  [0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
  [0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
  [0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
  [0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
  [0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
]);

export const TLS_ALERTS = table([
  [0, "Close Notify"],
  [10, "Unexpected Message"],
  [20, "Bad Record MAC"],
  [40, "Handshake Failure"],
  [42, "Bad Certificate"],
  [45, "Certificate Expired"],
  [46, "Certificate Unknown"],
  [47, "Illegal Parameter"],
  [48, "Unknown CA"],
  [50, "Decode Error"],
  [51, "Decrypt Error"],
  [70, "Protocol Version"],
  [71, "Insufficient Security"],
  [80, "Internal Error"],
  [90, "User Canceled"],
  [112, "Unrecognized Name"],
  [116, "Certificate Required"],
  [120, "No application Protocol"],
]);
