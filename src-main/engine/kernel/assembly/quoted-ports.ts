/**
 * What tells ICMP errors between the same two ends apart: the ports of the packet that each quotes (RFC 792, RFC 4443 section 3). NAT gives many hosts
 * one address, and errors to it are for one or the other of them:
 *
 * ```
 *   outside    server > gateway   quotes gateway:40000 …   ──►  server > pod 1   quotes pod 1:40000 …
 *              server > gateway   quotes gateway:61007 …   ──►  server > pod 2   quotes pod 2:40000 …
 * ```
 * Ports only: of addresses NAT changes more, and what keeps its key need not be weighed.
 */
import { be16, be32 } from "./bytes";
import { stir } from "./hash";

const BITS: u32 = 0x1fff;

/** BITS of the ports, or the echo's identifier, that the message of `here` bytes at `t` quotes; 0: it is no error, or quotes none. */
export function quotedPorts(t: usize, here: u32, v6: bool): u32 {
  const type = load<u8>(t) as u32;
  // Unreachable, time exceeded, parameter problem; packet too big. A redirect complains about no packet.
  if (v6 ? type == 0 || type > 4 : type != 3 && type != 11 && type != 12) return 0;
  if (here < 28) return 0;
  const p = t + 8;
  let protocol: u32;
  let header: u32;
  if (v6) {
    protocol = load<u8>(p + 6);
    header = 40;
  } else {
    // Later fragments have no ports.
    if (be16(p + 6) & 0x1fff) return 0;
    protocol = load<u8>(p + 9);
    header = ((load<u8>(p) & 15) as u32) << 2;
  }
  if (here < 8 + header + 8) return 0;
  const q = p + header;
  if (protocol == 6 || protocol == 17 || protocol == 132) return stir(protocol, be32(q)) & BITS;
  return protocol == 1 || protocol == 58 ? stir(protocol, be16(q + 4)) & BITS : 0;
}
