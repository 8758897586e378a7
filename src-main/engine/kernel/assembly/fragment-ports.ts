/** Which ports a fragment belongs to that does not carry them: those of the datagram's first fragment, if it was seen before. */
import { H_LAYERS, L_KIND, L_PTR, NO_ROW } from "./abi";
import { LAYER_IPV4, LAYER_IPV6_FRAGMENT } from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import { stir, zeroed } from "./hash";

/** Ports of recent first fragments: the others of a datagram have none. An entry displaces another one that falls on its place. */
let fragments: usize = 0;

const FRAGMENT_SLOTS: u32 = 4096;
/** Addresses folded (8), identification, capture point + 1, ports. */
const FRAGMENT_BYTES: u32 = 24;

export function configureFragmentPorts(): void {
  fragments = zeroed(FRAGMENT_SLOTS * FRAGMENT_BYTES);
}

/** Row of the fragment header behind an IPv6 header: it follows, or nearly. NO_ROW: there is none. */
export function fragmentHeader(slot: usize, network: u32): u32 {
  let row = network + 1;
  const last = load<u32>(slot + H_LAYERS);
  while (row < last && load<u8>(slot + L_KIND + row) != LAYER_IPV6_FRAGMENT) row++;
  return row < last ? row : NO_ROW;
}

/**
 * Ports (of ICMP: what stands for them) of the first fragment of the datagram that `network` is a piece of, which `isFirst` has as `ports`; 0
 * if it was not seen.
 */
export function fragmentPorts(slot: usize, network: u32, isFirst: bool, ports: u32, point: u32): u32 {
  const p: usize = load<u32>(slot + L_PTR + (network << 2));
  const four = load<u8>(slot + L_KIND + network) == LAYER_IPV4;
  let identification: u32;
  let hash: u32;
  let check: u64;
  if (four) {
    identification = be16(p + 4);
    check = load<u64>(p + 12);
  } else {
    const row = fragmentHeader(slot, network);
    if (row == NO_ROW) return 0;
    identification = be32(load<u32>(slot + L_PTR + (row << 2)) + 4);
    check = load<u64>(p + 8) ^ (load<u64>(p + 16) * 31) ^ (load<u64>(p + 24) * 131) ^ (load<u64>(p + 32) * 731);
  }
  // Without the seed: entries displace each other, and which do must not differ from run to run.
  hash = stir(stir(stir(stir(0, check as u32), (check >> 32) as u32), identification), point);
  const entry = fragments + (hash & (FRAGMENT_SLOTS - 1)) * FRAGMENT_BYTES;
  if (isFirst) {
    store<u64>(entry, check);
    store<u32>(entry + 8, identification);
    store<u32>(entry + 12, point + 1);
    store<u32>(entry + 16, ports);
    return ports;
  }
  if (
    load<u32>(entry + 12) == point + 1 &&
    load<u32>(entry + 8) == identification &&
    load<u64>(entry) == check
  )
    return load<u32>(entry + 16);
  return 0;
}
