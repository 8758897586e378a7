/** How addresses are written in the simulator's interface: IPv4 dotted, prefixes "10.244.1.0/24", MAC "02:00:00:00:00:01". */

/** Dotted decimal. */
export type Ipv4Text = string;
/** "10.244.1.0/24"; a bare address is a /32. */
export type PrefixText = string;
export type MacText = string;

export interface Endpoint {
  readonly address: Ipv4Text;
  readonly port: number;
}
