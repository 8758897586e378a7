/** The packet list's colour rules, Wireshark's; the first that matches wins. The engine evaluates them for every packet. */
export interface ColourRule {
  readonly id: string;
  readonly label: string;
  readonly background: string;
  readonly text: string;
}

export const COLOUR_RULES: readonly ColourRule[] = [
  { id: "bad-tcp", label: "Bad TCP", background: "#12272e", text: "#f78787" },
  { id: "icmp-error", label: "ICMP errors", background: "#12272e", text: "#b7f774" },
  { id: "arp", label: "ARP", background: "#faf0d7", text: "#12272e" },
  { id: "icmp", label: "ICMP", background: "#fce0ff", text: "#12272e" },
  { id: "tcp-reset", label: "TCP RST", background: "#a40000", text: "#fffc9c" },
  { id: "low-ttl", label: "Low TTL", background: "#a40000", text: "#ecf0eb" },
  { id: "bad-checksum", label: "Bad checksum", background: "#12272e", text: "#f78787" },
  { id: "http", label: "HTTP", background: "#e4ffc7", text: "#12272e" },
  { id: "tcp-syn-fin", label: "TCP SYN/FIN", background: "#a0a0a0", text: "#12272e" },
  { id: "tcp", label: "TCP", background: "#e7e6ff", text: "#12272e" },
  { id: "udp", label: "UDP", background: "#daeeff", text: "#12272e" },
  { id: "broadcast", label: "Broadcast", background: "#ffffff", text: "#babdb6" },
];
export const NO_COLOUR = 255;
