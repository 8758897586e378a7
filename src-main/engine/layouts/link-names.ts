/** Names of numbers in link-layer headers and ARP, as Wireshark 4.0 writes them. */
import { nameTable } from "./layout";

export const ETHER_TYPES = nameTable([
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

export const COOKED_TYPES = nameTable([
  [0, "Unicast to us"],
  [1, "Broadcast"],
  [2, "Multicast"],
  [3, "Unicast to another host"],
  [4, "Sent by us"],
]);

export const ARPHRD_NAMES = nameTable([
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

export const NULL_FAMILIES = nameTable([
  [2, "IP"],
  [10, "IPv6"],
  [23, "IPv6"],
  [24, "IPv6"],
  [28, "IPv6"],
  [30, "IPv6"],
]);

export const PPP_PROTOCOLS = nameTable([
  [0x0021, "Internet Protocol version 4"],
  [0x0057, "Internet Protocol version 6"],
  [0x0281, "MPLS Unicast"],
  [0x8021, "Internet Protocol Control Protocol"],
  [0x8057, "IPv6 Control Protocol"],
  [0xc021, "Link Control Protocol"],
  [0xc023, "Password Authentication Protocol"],
  [0xc223, "Challenge Handshake Authentication Protocol"],
]);

export const LLC_SAPS = nameTable([
  [0x00, "NULL LSAP"],
  [0x06, "TCP/IP"],
  [0x42, "Spanning Tree BPDU"],
  [0xaa, "SNAP"],
  [0xe0, "NetWare"],
  [0xf0, "NetBIOS"],
  [0xfe, "ISO Network Layer"],
  [0xff, "Global LSAP"],
]);

export const ARP_HARDWARE = nameTable([
  [1, "Ethernet"],
  [6, "IEEE 802"],
  [7, "ARCNET"],
  [15, "Frame Relay"],
  [24, "IEEE 1394.1995"],
  [32, "InfiniBand"],
]);

export const ARP_OPCODES = nameTable([
  [1, "request"],
  [2, "reply"],
  [3, "reverse request"],
  [4, "reverse reply"],
  [8, "inverse request"],
  [9, "inverse reply"],
]);
