/** What a person can say that a port carries ("decode as"). */
export const DECODE_AS = [
  "vxlan",
  "geneve",
  "ip",
  "wireguard",
  "gtpu",
  "dns",
  "dhcp",
  "http",
  "tls",
  "data",
  "mpls",
] as const;
