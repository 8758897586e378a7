/**
 * Community ID v1 (corelight/community-id-spec): SHA-1 over seed, addresses, protocol and ports, smaller endpoint first.
 * The result is the 20 bytes; the host adds "1:" and base64. A message is at most 2 + 32 + 4 + 2 + 2 bytes: one block.
 */
import { sha1Block } from "./sha1";

/** The type that answers an ICMP type (v4: 8↔0 …), or -1 for one-way types. */
function counterpart(type: u32, v6: bool): i32 {
  if (v6) {
    switch (type) {
      case 128:
        return 129;
      case 129:
        return 128;
      case 133:
        return 134;
      case 134:
        return 133;
      case 135:
        return 136;
      case 136:
        return 135;
      case 130:
        return 131;
      case 131:
        return 130;
      case 139:
        return 140;
      case 140:
        return 139;
      case 144:
        return 145;
      case 145:
        return 144;
      default:
        return -1;
    }
  }
  switch (type) {
    case 8:
      return 0;
    case 0:
      return 8;
    case 13:
      return 14;
    case 14:
      return 13;
    case 15:
      return 16;
    case 16:
      return 15;
    case 17:
      return 18;
    case 18:
      return 17;
    case 10:
      return 9;
    case 9:
      return 10;
    default:
      return -1;
  }
}

/**
 * Writes the 20 bytes for a packet from `source` to `destination` (network order, `width` 4 or 16) to `out`.
 * For ICMP `sourcePort` is the type and `destinationPort` the code. `scratch` is 64 bytes.
 */
export function communityId(
  source: usize,
  destination: usize,
  width: u32,
  protocol: u32,
  sourcePort: u32,
  destinationPort: u32,
  seed: u32,
  scratch: usize,
  out: usize,
): void {
  let a = source;
  let b = destination;
  let pa = sourcePort;
  let pb = destinationPort;
  let hasPorts = protocol == 6 || protocol == 17 || protocol == 132;
  let oneWay = false;
  if (protocol == 1 || protocol == 58) {
    hasPorts = true;
    const other = counterpart(pa, protocol == 58);
    if (other >= 0) pb = other as u32;
    else oneWay = true;
  }
  let order = memory.compare(a, b, width);
  if (!order && hasPorts) order = pa < pb ? -1 : pa > pb ? 1 : 0;
  if (!oneWay && order > 0) {
    const t = a;
    a = b;
    b = t;
    const q = pa;
    pa = pb;
    pb = q;
  }
  memory.fill(scratch, 0, 64);
  store<u16>(scratch, bswap<u16>(seed as u16));
  memory.copy(scratch + 2, a, width);
  memory.copy(scratch + 2 + width, b, width);
  let n: u32 = 2 + (width << 1);
  store<u8>(scratch + n, protocol as u8);
  n += 2;
  if (hasPorts) {
    store<u16>(scratch + n, bswap<u16>(pa as u16));
    store<u16>(scratch + n + 2, bswap<u16>(pb as u16));
    n += 4;
  }
  store<u8>(scratch + n, 0x80);
  store<u32>(scratch + 60, bswap<u32>(n << 3));
  sha1Block(scratch, out);
}
