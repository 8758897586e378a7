/** How packets are decoded: settings of a workspace, plain data so that they cross to the decode thread. */
import {
  PORT_AUTO,
  PORT_DATA,
  PORT_DHCP,
  PORT_DNS,
  PORT_GENEVE,
  PORT_GTPU,
  PORT_HTTP,
  PORT_IP,
  PORT_LISP,
  PORT_LISP_CONTROL,
  PORT_MPLS,
  PORT_TLS,
  PORT_TOLD,
  PORT_VXLAN,
  PORT_VXLAN_GPE,
  PORT_WIREGUARD,
} from "../kernel/assembly/abi";

/** What a port can be decoded as; "data" means never anything but payload, "auto" forgets the default. */
export const DECODE_AS_PORT = {
  auto: PORT_AUTO,
  vxlan: PORT_VXLAN,
  geneve: PORT_GENEVE,
  ip: PORT_IP,
  wireguard: PORT_WIREGUARD,
  gtp: PORT_GTPU,
  mpls: PORT_MPLS,
  "vxlan-gpe": PORT_VXLAN_GPE,
  "lisp-data": PORT_LISP,
  lisp: PORT_LISP_CONTROL,
  dns: PORT_DNS,
  dhcp: PORT_DHCP,
  http: PORT_HTTP,
  tls: PORT_TLS,
  data: PORT_DATA,
} as const;
export type DecodeAsPort = keyof typeof DECODE_AS_PORT;

export interface DecodeOptions {
  /**
   * Rebuild fragmented IP datagrams. "ipv6": those of IPv6 only, and only the fragment that completes one shows what it carries;
   * tshark with ip.defragment:FALSE does so.
   */
  readonly reassemble: boolean | "ipv6";
  /** Recognise tunnels by their bytes on ports that do not say so. */
  readonly byBytes: boolean;
  readonly udpPorts: readonly (readonly [port: number, as: DecodeAsPort])[];
  readonly tcpPorts: readonly (readonly [port: number, as: DecodeAsPort])[];
  /** Link type to use for an interface whatever the file says, by interface name or number. */
  readonly interfaces: readonly (readonly [nameOrNumber: string, linkType: number])[];
}

export const DEFAULT_DECODE_OPTIONS: DecodeOptions = {
  reassemble: true,
  byBytes: true,
  udpPorts: [],
  tcpPorts: [],
  interfaces: [],
};

const DEFAULT_UDP: readonly (readonly [number, DecodeAsPort])[] = [
  [4789, "vxlan"],
  [8472, "vxlan"],
  [6081, "geneve"],
  [2152, "gtp"],
  [4790, "vxlan-gpe"],
  [4341, "lisp-data"],
  [4342, "lisp"],
  [6635, "mpls"],
  [53, "dns"],
  [5353, "dns"],
  [5355, "dns"],
  [67, "dhcp"],
  [68, "dhcp"],
  [51820, "wireguard"],
  [51871, "wireguard"],
];
const DEFAULT_TCP: readonly (readonly [number, DecodeAsPort])[] = [[53, "dns"]];

/** Fills the kernel's port tables (65536 bytes each). */
export function fillPortTables(options: DecodeOptions, udp: Uint8Array, tcp: Uint8Array): void {
  udp.fill(PORT_AUTO);
  tcp.fill(PORT_AUTO);
  for (const [port, as] of DEFAULT_UDP) udp[port] = DECODE_AS_PORT[as];
  for (const [port, as] of DEFAULT_TCP) tcp[port] = DECODE_AS_PORT[as];
  for (const [port, as] of options.udpPorts) udp[port] = DECODE_AS_PORT[as] | PORT_TOLD;
  for (const [port, as] of options.tcpPorts) tcp[port] = DECODE_AS_PORT[as] | PORT_TOLD;
}
