/** Link types (https://www.tcpdump.org/linktypes.html): names, and which are decoded. */

/** Those that this program asks for by name. */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_WLAN = 105;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;
/** LINKTYPE_RAW is written as DLT_RAW by some: 12, on OpenBSD 14. */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;

const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "NULL"],
  [1, "ETHERNET"],
  [3, "AX25"],
  [6, "IEEE802_5"],
  [7, "ARCNET_BSD"],
  [8, "SLIP"],
  [9, "PPP"],
  [10, "FDDI"],
  [12, "RAW"],
  [14, "RAW"],
  [50, "PPP_HDLC"],
  [51, "PPP_ETHER"],
  [100, "ATM_RFC1483"],
  [101, "RAW"],
  [104, "C_HDLC"],
  [105, "IEEE802_11"],
  [107, "FRELAY"],
  [108, "LOOP"],
  [113, "LINUX_SLL"],
  [114, "LTALK"],
  [117, "PFLOG"],
  [119, "IEEE802_11_PRISM"],
  [122, "IP_OVER_FC"],
  [123, "SUNATM"],
  [127, "IEEE802_11_RADIOTAP"],
  [129, "ARCNET_LINUX"],
  [138, "APPLE_IP_OVER_IEEE1394"],
  [139, "MTP2_WITH_PHDR"],
  [140, "MTP2"],
  [141, "MTP3"],
  [143, "DOCSIS"],
  [144, "LINUX_IRDA"],
  [147, "USER0"],
  [163, "IEEE802_11_AVS"],
  [165, "BACNET_MS_TP"],
  [166, "PPP_PPPD"],
  [178, "JUNIPER_ETHER"],
  [187, "BLUETOOTH_HCI_H4"],
  [189, "USB_LINUX"],
  [192, "PPI"],
  [195, "IEEE802_15_4_WITHFCS"],
  [201, "BLUETOOTH_HCI_H4_WITH_PHDR"],
  [220, "USB_LINUX_MMAPPED"],
  [224, "FC_2"],
  [226, "IPNET"],
  [228, "IPV4"],
  [229, "IPV6"],
  [230, "IEEE802_15_4_NOFCS"],
  [239, "NFLOG"],
  [240, "NETANALYZER"],
  [242, "IPOIB"],
  [247, "INFINIBAND"],
  [249, "USBPCAP"],
  [251, "BLUETOOTH_LE_LL"],
  [253, "NETLINK"],
  [254, "BLUETOOTH_LINUX_MONITOR"],
  [258, "PKTAP"],
  [276, "LINUX_SLL2"],
]);

const SUPPORTED: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 12, 14, 50, 101, 104, 105, 107, 108, 113, 127, 129, 178, 192, 226, 228, 229, 239, 242, 258, 276,
]);

/** What a TUN device gives: packets begin with their IP header. */
const IP_ONLY: ReadonlySet<number> = new Set([DLT_RAW, DLT_RAW_OPENBSD, LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6]);

/** As the tcpdump project writes it, without LINKTYPE_: "ETHERNET"; "unknown". */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? "unknown";
}

/** True if packets of it begin with an IP header. */
export function isIpOnly(linkType: number): boolean {
  return IP_ONLY.has(linkType);
}

/** True if the decoder reads it. */
export function linkTypeSupported(linkType: number): boolean {
  return SUPPORTED.has(linkType);
}
