/**
 * What the first bytes of a UDP payload say. A port only proposes: tunnels run on any port, and so do the ports that NAT and
 * clients choose.
 *
 * ```
 *  bytes that leave no doubt (a whole IP packet, a frame with one)   win over every port
 *  else the header that the destination's port proposes, if it fits
 *  else what the bytes look like, else what the source's port proposes, if that fits
 *  else payload where a tunnel was proposed; DNS and DHCP stay, as damaged ones
 * ```
 */
import {
  PORT_AUTO,
  PORT_DATA,
  PORT_DHCP,
  PORT_DNS,
  PORT_GENEVE,
  PORT_GTPU,
  PORT_IP,
  PORT_LISP,
  PORT_LISP_CONTROL,
  PORT_MPLS,
  PORT_VXLAN,
  PORT_VXLAN_GPE,
  PORT_WIREGUARD,
} from "./abi";
import { be16, be32, sum16 } from "./bytes";
import { FIRST_ETHERTYPE } from "./layers";

/**
 * PORT_* of a payload whose ports propose `proposed` and `other` (the less likely of the two, or PORT_AUTO); PORT_AUTO: take
 * what saidByBytes() tells. `whole`: the datagram is no first fragment, so that lengths can be held against it.
 */
export function settlePayload(proposed: u32, other: u32, p: usize, left: u32, end: usize, whole: bool): u32 {
  // Most datagrams of a known port are VXLAN: nothing else begins so.
  if (proposed == PORT_VXLAN && end - p >= 8 && load<u32>(p) == 0x00000008) return proposed;
  const said = saidByBytes(p, left, end);
  if (said == proposed || (said == PORT_VXLAN && proposed == PORT_VXLAN_GPE)) return proposed;
  if (said && isSure(said, p, end)) return PORT_AUTO;
  if (!said && proposed == PORT_DNS && !other) return proposed;
  if (headerFits(proposed, p, left, end)) return proposed;
  if (said) return PORT_AUTO;
  if (other && other != proposed && headerFits(other, p, left, end)) return other;
  return whole && isTunnel(proposed) ? PORT_DATA : proposed;
}

/** What a payload on a port that proposes nothing looks like: PORT_IP, PORT_VXLAN, PORT_GENEVE, PORT_WIREGUARD or PORT_AUTO. */
export function saidByBytes(p: usize, left: u32, end: usize): u32 {
  if (looksLikeIp(p, left, end)) return PORT_IP;
  if (looksLikeVxlan(p, left, end)) return PORT_VXLAN;
  if (looksLikeGeneve(p, left, end)) return PORT_GENEVE;
  return looksLikeWireguard(p, left, end) ? PORT_WIREGUARD : PORT_AUTO;
}

function isTunnel(kind: u32): bool {
  return (
    kind == PORT_VXLAN ||
    kind == PORT_VXLAN_GPE ||
    kind == PORT_GENEVE ||
    kind == PORT_GTPU ||
    kind == PORT_LISP ||
    kind == PORT_LISP_CONTROL ||
    kind == PORT_MPLS
  );
}

/** Whether bytes that look like `said` can hardly be anything else: lengths and checksums of what they carry agree. */
function isSure(said: u32, p: usize, end: usize): bool {
  if (said == PORT_IP) return true;
  if (said == PORT_VXLAN) return carriesPacket(p + 8, end);
  return said == PORT_GENEVE && carriesPacket(p + geneveHeader(p), end);
}

/** A captured Ethernet frame of ARP or of an IP header that is right in itself. */
function carriesPacket(p: usize, end: usize): bool {
  let at = p + 12;
  while (at + 6 < end && (be16(at) == 0x8100 || be16(at) == 0x88a8)) at += 4;
  if (at + 10 > end) return false;
  const type = be16(at);
  at += 2;
  if (type == 0x0806) return be32(at) == 0x00010800 && be16(at + 4) == 0x0604;
  if (type == 0x0800) {
    const header = ((load<u8>(at) & 15) as u32) << 2;
    return end >= at + 20 && end >= at + header && sum16(at, header, 0) == 0xffff;
  }
  return end >= at + 40 && knownNext(load<u8>(at + 6));
}

/** Headers behind IPv6's that tunnels carry. */
function knownNext(next: u32): bool {
  return next == 6 || next == 17 || next == 58 || next == 0 || next == 44 || next == 132 || next == 4 || next == 41;
}

/** A TUN device behind socat: the UDP payload is one whole IP packet. Length and checksum must both be right. */
function looksLikeIp(p: usize, left: u32, end: usize): bool {
  const here = (end - p) as u32;
  if (left < 20 || here < 20) return false;
  const version = load<u8>(p) >> 4;
  if (version == 4) {
    const header = ((load<u8>(p) & 15) as u32) << 2;
    if (header < 20 || here < header || be16(p + 2) != left) return false;
    return sum16(p, header, 0) == 0xffff;
  }
  if (version != 6 || here < 40 || be16(p + 4) + 40 != left || !load<u8>(p + 7)) return false;
  // An extension header has eight bytes at least; a short DNS answer reads like one that has fewer.
  const next = load<u8>(p + 6) as u32;
  return knownNext(next) && (next != 0 || left >= 48);
}

/** Eight VXLAN header bytes as senders write them, then a frame that could be one (RFC 7348 section 5). */
function looksLikeVxlan(p: usize, left: u32, end: usize): bool {
  if (left < 22 || end - p < 22) return false;
  if ((load<u32>(p) & 0xffffffff) != 0x00000008 || load<u8>(p + 7)) return false;
  return looksLikeFrame(p + 8, left - 8, end);
}

/** Bytes of a Geneve header: options length in words in the low 6 bits of the first byte (RFC 8926 section 3.4). */
// @ts-ignore: decorator
@inline
export function geneveHeader(p: usize): u32 {
  return 8 + (((load<u8>(p) & 63) as u32) << 2);
}

/** A Geneve header of version 0 with nothing reserved set that says Ethernet, then a frame that could be one (RFC 8926 section 3.4). */
function looksLikeGeneve(p: usize, left: u32, end: usize): bool {
  if (end - p < 22 || be16(p + 2) != 0x6558) return false;
  const header = geneveHeader(p);
  if (left < header + 14 || end - p < header + 14) return false;
  if (load<u8>(p) >> 6 || load<u8>(p + 1) & 63 || load<u8>(p + 7)) return false;
  return looksLikeFrame(p + header, left - header, end);
}

/** At least 14 bytes that could begin an Ethernet frame of what tunnels carry. */
function looksLikeFrame(p: usize, left: u32, end: usize): bool {
  const type = be16(p + 12);
  const rest = p + 14;
  if (type == 0x0806) return left >= 42 && (end - rest < 4 || be32(rest) == 0x00010800);
  if (type == 0x0800) return end > rest && load<u8>(rest) >> 4 == 4 && (load<u8>(rest) & 15) >= 5;
  if (type == 0x86dd) return end > rest && load<u8>(rest) >> 4 == 6;
  return type == 0x8100 && end - rest >= 4 && be16(rest + 2) >= 0x0800;
}

/** The frame behind a header of `header` bytes; `left` counts from where that begins. */
function carriesFrame(p: usize, left: u32, header: u32, end: usize): bool {
  return left >= header + 14 && p + 14 <= end && looksLikeFrame(p, left - header, end);
}

/** WireGuard messages have a type, three zero bytes and, but for data, a fixed length. */
export function looksLikeWireguard(p: usize, left: u32, end: usize): bool {
  if (left < 32 || end - p < 4) return false;
  const head = load<u32>(p);
  return (
    (head == 1 && left == 148) || (head == 2 && left == 92) || (head == 3 && left == 64) || (head == 4 && !(left & 15))
  );
}

/** Whether the bytes can be a header of `kind` (PORT_*). What was not captured contradicts nothing. */
function headerFits(kind: u32, p: usize, left: u32, end: usize): bool {
  const here = end - p;
  switch (kind) {
    case PORT_VXLAN: {
      // The flag that says there is a VNI, the policy extension's bits, and its group where the first of them is set. Other bits mean nothing
      // (RFC 7348 section 5): what they lie in front of tells.
      if (here < 8) return true;
      const flags = load<u8>(p);
      const usual = (flags & 0x78) == 8 && !(load<u8>(p + 1) & 0xb7) && (flags & 0x80 || !be16(p + 2)) && !load<u8>(p + 7);
      return usual || carriesFrame(p + 8, left, 8, end);
    }
    case PORT_VXLAN_GPE:
      if (here < 8 || ((load<u8>(p) & 0xf8) == 8 && !be16(p + 1) && !load<u8>(p + 7))) return true;
      return carriesFrame(p + 8, left, 8, end);
    case PORT_GENEVE:
      return here < 8 || (load<u8>(p) >> 6 == 0 && be16(p + 2) >= FIRST_ETHERTYPE && geneveHeader(p) <= left);
    case PORT_GTPU: {
      // Version 1, and one of the messages that there are, or a length that counts from behind the eight bytes that all have (3GPP TS 29.281
      // sections 5.1 and 6.1).
      if (here < 8) return true;
      const message = load<u8>(p + 1);
      const known = message == 1 || message == 2 || message == 26 || message == 31 || message >= 253;
      return load<u8>(p) >> 5 == 1 && (known || be16(p + 2) + 8 <= left);
    }
    case PORT_LISP:
      return ipFits(p + 8, left < 8 ? 0 : left - 8, end);
    case PORT_LISP_CONTROL:
      return here < 4 || load<u8>(p) >> 4 != 8 || ipFits(p + 4, left < 4 ? 0 : left - 4, end);
    case PORT_MPLS:
      return labelsFit(p, left, end);
    case PORT_DNS:
      return dnsFits(p, left, end);
    case PORT_DHCP:
      // Request or reply, a kind of hardware address with its length, and the cookie (RFC 2131 section 2, RFC 1497).
      return (
        left >= 240 &&
        (here < 240 ||
          ((load<u8>(p) == 1 || load<u8>(p) == 2) &&
            load<u8>(p + 1) != 0 &&
            load<u8>(p + 2) <= 16 &&
            be32(p + 236) == 0x63825363))
      );
    case PORT_WIREGUARD:
      return looksLikeWireguard(p, left, end);
    default:
      return true;
  }
}

/** An IP header whose length does not exceed what is granted; offload leaves 0 there. */
function ipFits(p: usize, left: u32, end: usize): bool {
  if (p >= end) return true;
  const version = load<u8>(p) >> 4;
  if (version == 4) {
    if ((load<u8>(p) & 15) < 5 || left < 20) return false;
    return end - p < 4 || be16(p + 2) <= left;
  }
  return version == 6 && left >= 40 && (end - p < 6 || be16(p + 4) + 40 <= left);
}

/** A label stack that ends, then an IP packet, a pseudowire's control word (RFC 4385), or a frame (RFC 4448). */
function labelsFit(p: usize, left: u32, end: usize): bool {
  let at = p;
  do {
    if (left < 4) return false;
    if (end - at < 4) return true;
    at += 4;
    left -= 4;
  } while (!(load<u8>(at - 2) & 1));
  if (at >= end || !left || load<u8>(at) >> 4 < 2) return true;
  return ipFits(at, left, end) || (left >= 14 && end - at >= 14 && looksLikeFrame(at, left, end));
}

/** An operation that exists, records that have room in the message, a first name made of labels (RFC 1035 section 4.1). */
function dnsFits(p: usize, left: u32, end: usize): bool {
  if (left < 12) return false;
  if (end - p < 12) return true;
  const operation = (load<u8>(p + 2) >> 3) & 15;
  if (operation == 3 || operation > 6) return false;
  const questions = be16(p + 4);
  if (questions * 5 + (be16(p + 6) + be16(p + 8) + be16(p + 10)) * 11 > left - 12) return false;
  if (!questions) return true;
  let at = p + 12;
  const last = at + 255;
  while (at < end && at < last) {
    const label = load<u8>(at);
    if (!label) return at + 5 <= p + left;
    if (label > 63) return false;
    at += label + 1;
  }
  return at >= end && end < p + left;
}
