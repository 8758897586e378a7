/** Layers whose conversations and endpoints can be counted; the ids are options of contract/tables.ts. */
export const LAYERS = [
  { id: "ipv4", label: "IPv4" },
  { id: "ipv6", label: "IPv6" },
  { id: "tcp", label: "TCP" },
  { id: "udp", label: "UDP" },
  { id: "sctp", label: "SCTP" },
  { id: "ethernet", label: "Ethernet" },
] as const;
