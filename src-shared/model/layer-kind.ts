/**
 * The kinds of layer a packet can be stacked from, as stored in `LayerTable.kind` (one byte).
 *
 * Plain constants rather than an enum: the kernel (AssemblyScript) and the engine (TypeScript) compile this same file,
 * so there is one list. Numbers are stable within a version only; nothing writes them to disk. 0 is none.
 */

// Link layer
export const LAYER_ETHERNET = 1;
export const LAYER_SLL = 2;
export const LAYER_SLL2 = 3;
export const LAYER_NULL = 4;
export const LAYER_LOOP = 5;
export const LAYER_RAW = 6;
export const LAYER_VLAN = 7;
export const LAYER_MPLS = 8;
export const LAYER_PPPOE = 9;
export const LAYER_PPP = 10;
export const LAYER_LLC = 11;
/** A tag with an EtherType of its own that leads to another: the 802.1ah I-TAG, Cisco metadata. */
export const LAYER_TAG = 12;
export const LAYER_CISCO_HDLC = 13;
export const LAYER_FRAME_RELAY = 14;
/** ARCnet, IP over InfiniBand, Solaris IPNET: a short header that names the protocol; L_AUX is the link type. */
export const LAYER_OTHER_LINK = 15;

// Network layer
export const LAYER_ARP = 16;
export const LAYER_IPV4 = 17;
export const LAYER_IPV6 = 18;
export const LAYER_IPV6_HOPOPTS = 19;
export const LAYER_IPV6_ROUTING = 20;
export const LAYER_IPV6_FRAGMENT = 21;
export const LAYER_IPV6_DSTOPTS = 22;
export const LAYER_AH = 23;
export const LAYER_ESP = 24;
export const LAYER_ICMP = 25;
export const LAYER_ICMPV6 = 26;
export const LAYER_IGMP = 27;
export const LAYER_PIM = 28;

// Transport layer
export const LAYER_TCP = 32;
export const LAYER_UDP = 33;
export const LAYER_SCTP = 34;

// Tunnels
export const LAYER_VXLAN = 40;
export const LAYER_GENEVE = 41;
export const LAYER_GRE = 42;
export const LAYER_ERSPAN = 43;
export const LAYER_WIREGUARD = 44;
export const LAYER_GTPU = 45;
/** Marks "the UDP payload is an IP packet" (a TUN device behind socat); it has no header bytes of its own. */
export const LAYER_IP_OVER_UDP = 46;

// Application layer
export const LAYER_DNS = 50;
export const LAYER_DHCP = 51;
export const LAYER_HTTP = 52;
export const LAYER_TLS = 53;
/** Bytes after the last header that was understood. */
export const LAYER_PAYLOAD = 60;
