/** How a filter asks for a tunnel that joining found, and for its number. */
import type { EncapsulationKind } from "./result";

/** A TUN device's datagrams in UDP have no name that a filter knows. */
const FILTERS: Readonly<Record<EncapsulationKind, readonly [there: string | null, number: string | null]>> = {
  vxlan: ["vxlan", "vxlan.vni"],
  geneve: ["geneve", "geneve.vni"],
  gre: ["gre", "gre.key"],
  gtpu: ["gtp", "gtp.teid"],
  ipip: ["ip.proto == 4", null],
  "6in4": ["ip.proto == 41", null],
  "4in6": ["ipv6.nxt == 4", null],
  "6in6": ["ipv6.nxt == 41", null],
  "ip-udp": [null, null],
  wireguard: ["wg", null],
  esp: ["esp", null],
};

/** "vxlan"; with its number "vxlan.vni == 7"; null: no filter asks for such a tunnel. */
export function tunnelValueFilter(kind: EncapsulationKind, vni: number | null): string | null {
  const [there, number] = FILTERS[kind];
  // GRE without a key has the number 0; whether it has one the packets tell.
  return number === null || vni === null || (kind === "gre" && vni === 0) ? there : `${number} == ${vni}`;
}
