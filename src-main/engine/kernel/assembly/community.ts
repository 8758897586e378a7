/**
 * Community ID v1 (corelight/community-id-spec): SHA-1 over seed, addresses, protocol and ports, smaller endpoint first.
 * The result is the 20 bytes; the host adds "1:" and base64. A message is at most 2 + 32 + 4 + 2 + 2 bytes: one block.
 */

// @ts-ignore: decorator
@inline
function step(w: usize, t: u32): u32 {
  const v = rotl<u32>(
    load<u32>(w + (((t + 13) & 15) << 2)) ^
      load<u32>(w + (((t + 8) & 15) << 2)) ^
      load<u32>(w + (((t + 2) & 15) << 2)) ^
      load<u32>(w + ((t & 15) << 2)),
    1,
  );
  store<u32>(w + ((t & 15) << 2), v);
  return v;
}

/** SHA-1 (FIPS 180-4) of one padded block of 64 bytes at `block`, which is overwritten; 20 bytes go to `out`. */
function sha1Block(block: usize, out: usize): void {
  for (let i: u32 = 0; i < 64; i += 4) store<u32>(block + i, bswap<u32>(load<u32>(block + i)));
  let a: u32 = 0x67452301;
  let b: u32 = 0xefcdab89;
  let c: u32 = 0x98badcfe;
  let d: u32 = 0x10325476;
  let e: u32 = 0xc3d2e1f0;
  for (let t: u32 = 0; t < 16; t++) {
    const next = rotl<u32>(a, 5) + (d ^ (b & (c ^ d))) + 0x5a827999 + e + load<u32>(block + (t << 2));
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  for (let t: u32 = 16; t < 20; t++) {
    const next = rotl<u32>(a, 5) + (d ^ (b & (c ^ d))) + 0x5a827999 + e + step(block, t);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  for (let t: u32 = 20; t < 40; t++) {
    const next = rotl<u32>(a, 5) + (b ^ c ^ d) + 0x6ed9eba1 + e + step(block, t);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  for (let t: u32 = 40; t < 60; t++) {
    const next = rotl<u32>(a, 5) + ((b & c) | (d & (b | c))) + 0x8f1bbcdc + e + step(block, t);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  for (let t: u32 = 60; t < 80; t++) {
    const next = rotl<u32>(a, 5) + (b ^ c ^ d) + 0xca62c1d6 + e + step(block, t);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  store<u32>(out, bswap<u32>(a + 0x67452301));
  store<u32>(out + 4, bswap<u32>(b + 0xefcdab89));
  store<u32>(out + 8, bswap<u32>(c + 0x98badcfe));
  store<u32>(out + 12, bswap<u32>(d + 0x10325476));
  store<u32>(out + 16, bswap<u32>(e + 0xc3d2e1f0));
}

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
