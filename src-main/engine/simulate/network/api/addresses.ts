/** How addresses are written in the simulator's interface: IPv4 dotted, IPv6 with colons, prefixes "10.244.1.0/24", MAC "02:00:00:00:00:01". */

/** "10.244.1.5" or "fd00::5". */
export type AddressText = string;
/** "10.244.1.0/24"; a bare address is a /32, or /128. */
export type PrefixText = string;
export type MacText = string;

export interface Endpoint {
  readonly address: AddressText;
  readonly port: number;
}
