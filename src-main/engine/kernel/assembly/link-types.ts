/**
 * The beginning of a packet by link type, but for Ethernet and raw IP (https://www.tcpdump.org/linktypes.html), and the link
 * layer headers that also occur further inside: PPP, Cisco HDLC, Frame Relay, LLC, 802.11.
 */
import { STOP_CAPTURE, STOP_LENGTH, STOP_LINK_TYPE, STOP_NONE, STOP_PROTOCOL } from "./abi";
import {
  LAYER_CISCO_HDLC,
  LAYER_FRAME_RELAY,
  LAYER_LLC,
  LAYER_LOOP,
  LAYER_NULL,
  LAYER_OTHER_LINK,
  LAYER_PPP,
  LAYER_SLL,
  LAYER_SLL2,
} from "../../../../src-shared/model/layer-kind";
import { be16, be24 } from "./bytes";
import {
  FIRST_ETHERTYPE,
  NEXT_CISCO_HDLC,
  NEXT_DONE,
  NEXT_ETHERNET,
  NEXT_FRAME_RELAY,
  NEXT_IP,
  NEXT_IPV4,
  NEXT_IPV6,
  NEXT_LLC,
  NEXT_PAYLOAD,
  NEXT_PPP,
  NEXT_WLAN,
  addLayer,
  cut,
  halt,
  leave,
  pass,
} from "./layers";

const LINK_NULL: u32 = 0;
const LINK_ETHERNET: u32 = 1;
const LINK_ARCNET_BSD: u32 = 7;
const LINK_PPP: u32 = 9;
const LINK_PPP_HDLC: u32 = 50;
const LINK_C_HDLC: u32 = 104;
const LINK_WLAN: u32 = 105;
const LINK_FRAME_RELAY: u32 = 107;
const LINK_LOOP: u32 = 108;
const LINK_SLL: u32 = 113;
const LINK_RADIOTAP: u32 = 127;
const LINK_ARCNET_LINUX: u32 = 129;
/** A private number that Apple's tcpdump used for PKTAP. */
const LINK_USER2: u32 = 149;
const LINK_JUNIPER_ETHERNET: u32 = 178;
const LINK_PPI: u32 = 192;
const LINK_IPNET: u32 = 226;
const LINK_NFLOG: u32 = 239;
const LINK_IPOIB: u32 = 242;
const LINK_PKTAP: u32 = 258;
const LINK_SLL2: u32 = 276;

const PKTAP_HEADER: u32 = 108;
/** What a row can say. */
const LONGEST_HEADER: u32 = 0xffff;
const PPI_HEADER: u32 = 8;
const RADIOTAP_HEADER: u32 = 8;
/** Data is padded to four bytes behind the 802.11 header. */
const RADIOTAP_PADDED: u32 = 0x20;
const JUNIPER_MAGIC: u32 = 0x4d4743;
const NFULA_PAYLOAD: u32 = 9;

let padded: bool = false;

/** The first step of a packet of `have` captured bytes. */
export function linkStep(linkType: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  padded = false;
  switch (linkType) {
    case LINK_SLL:
      return cooked(LAYER_SLL, 16, 14, p, granted, have, end);
    case LINK_SLL2:
      return cooked(LAYER_SLL2, 20, 0, p, granted, have, end);
    case LINK_NULL:
    case LINK_LOOP:
      return loopback(linkType ? LAYER_LOOP : LAYER_NULL, p, granted, have, end);
    case LINK_C_HDLC:
      return pass(NEXT_CISCO_HDLC, granted);
    case LINK_FRAME_RELAY:
      return pass(NEXT_FRAME_RELAY, granted);
    case LINK_PPP_HDLC:
      // Either PPP or Cisco's HDLC, told apart by the address byte (0x0f and 0x8f are Cisco's).
      return pass(have >= 1 && (load<u8>(p) == 0x0f || load<u8>(p) == 0x8f) ? NEXT_CISCO_HDLC : NEXT_PPP, granted);
    case LINK_PPP:
      return pass(NEXT_PPP, granted);
    case LINK_WLAN:
      return pass(NEXT_WLAN, granted);
    case LINK_ARCNET_BSD:
    case LINK_ARCNET_LINUX:
      return arcnet(linkType, p, granted, have, end);
    case LINK_IPNET:
      if (have < 24) return cut(LAYER_OTHER_LINK, p, 24, granted, have, end, linkType);
      addLayer(LAYER_OTHER_LINK, p, 24, granted, end, linkType);
      return leave(
        load<u8>(p + 1) == 2 ? NEXT_IPV4 : load<u8>(p + 1) == 26 ? NEXT_IPV6 : NEXT_PAYLOAD, 24, granted - 24);
    case LINK_IPOIB: {
      if (have < 44) return cut(LAYER_OTHER_LINK, p, 44, granted, have, end, linkType);
      addLayer(LAYER_OTHER_LINK, p, 44, granted, end, linkType);
      return leave(etherTypeOrPayload(be16(p + 40)), 44, granted - 44);
    }
    case LINK_RADIOTAP: {
      // version(1) pad(1) length(2, little) fields present(4) …
      const header: u32 = have >= RADIOTAP_HEADER ? (load<u16>(p + 2) as u32) : RADIOTAP_HEADER;
      if (have < header || header < RADIOTAP_HEADER) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, linkType);
      padded = (radiotapFlags(p, header) & RADIOTAP_PADDED) != 0;
      addLayer(LAYER_OTHER_LINK, p, header, granted, end, linkType);
      return leave(NEXT_WLAN, header, granted - header);
    }
    case LINK_PPI: {
      // version(1) flags(1) length(2, little) link type(4, little), then fields of their own lengths.
      const header: u32 = have >= PPI_HEADER ? (load<u16>(p + 2) as u32) : PPI_HEADER;
      if (have < header || header < PPI_HEADER) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, linkType);
      addLayer(LAYER_OTHER_LINK, p, header, granted, end, linkType);
      return leave(carriedLink(load<u32>(p + 4)), header, granted - header);
    }
    case LINK_PKTAP:
    case LINK_USER2: {
      // length(4) record type(4) link type(4) …, in the capturing host's byte order: little.
      let header: u32 = have >= 12 ? load<u32>(p) : PKTAP_HEADER;
      if (header > LONGEST_HEADER) header = LONGEST_HEADER;
      if (linkType == LINK_USER2 && (have < 12 || header < PKTAP_HEADER || header > 1024 || load<u32>(p + 4) > 1))
        return halt(granted, STOP_LINK_TYPE);
      if (have < header || header < PKTAP_HEADER) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, linkType);
      addLayer(LAYER_OTHER_LINK, p, header, granted, end, linkType);
      return leave(load<u32>(p + 4) == 1 ? carriedLink(load<u32>(p + 8)) : NEXT_PAYLOAD, header, granted - header);
    }
    case LINK_JUNIPER_ETHERNET: {
      // "MGC"(3) flags(1: 2 no link layer, 128 extensions) extension length(2) extensions.
      let header: u32 = 4;
      if (have >= 6 && load<u8>(p + 3) & 128) header = 6 + be16(p + 4);
      if (have < header) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, linkType);
      if (be24(p) != JUNIPER_MAGIC) return halt(granted, STOP_LINK_TYPE);
      const bare = (load<u8>(p + 3) & 2) != 0;
      addLayer(LAYER_OTHER_LINK, p, header, granted, end, linkType);
      return leave(bare ? NEXT_PAYLOAD : NEXT_ETHERNET, header, granted - header);
    }
    case LINK_NFLOG:
      return nflog(p, granted, have, end);
    default:
      return halt(granted, STOP_LINK_TYPE);
  }
}

function etherTypeOrPayload(type: u32): u32 {
  return type < FIRST_ETHERTYPE ? NEXT_PAYLOAD : type;
}

/** What a header that states a link type carries. */
function carriedLink(linkType: u32): u32 {
  switch (linkType) {
    case LINK_ETHERNET:
      return NEXT_ETHERNET;
    case LINK_WLAN:
      return NEXT_WLAN;
    case 12:
    case 14:
    case 101:
      return NEXT_IP;
    default:
      return NEXT_PAYLOAD;
  }
}

function cooked(kind: u32, header: u32, typeAt: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < header) return cut(kind, p, header, granted, 1, end, 0);
  const type = be16(p + typeAt);
  addLayer(kind, p, header, granted, end, type);
  return leave(type >= FIRST_ETHERTYPE ? type : type == 4 ? NEXT_LLC : NEXT_PAYLOAD, header, granted - header);
}

/** Null: the address family in the capturing host's byte order, which the file does not tell; it is below 65536. */
function loopback(kind: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 4) return cut(kind, p, 4, granted, 1, end, 0);
  let family = load<u32>(p);
  if (kind == LAYER_LOOP || (family & 0xffff0000) != 0) family = bswap<u32>(family);
  addLayer(kind, p, 4, granted, end, family);
  let next: u32 = NEXT_PAYLOAD;
  if (family == 2) next = NEXT_IPV4;
  else if (family == 10 || family == 23 || family == 24 || family == 28 || family == 30) next = NEXT_IPV6;
  // Some systems put an EtherType there.
  else if (family > 1500) next = etherTypeOrPayload(family & 0xffff);
  return leave(next, 4, granted - 4);
}

/** ARCnet (BSD 7, Linux 129: two more bytes). */
function arcnet(linkType: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  let header: u32 = linkType == LINK_ARCNET_BSD ? 3 : 5;
  let next: u32 = NEXT_PAYLOAD;
  if (have >= header) {
    const id = load<u8>(p + header - 1);
    next = id == 0xf0 || id == 0xd4 ? NEXT_IPV4 : id == 0xf1 || id == 0xd5 ? 0x0806 : id == 0xcd ? NEXT_LLC : NEXT_PAYLOAD;
    // RFC 1201: a split flag, four more bytes if it is 255, a sequence number.
    if (id == 0xd4 || id == 0xd5) {
      if (have > header && load<u8>(p + header) == 0xff) header += 4;
      header += 3;
    }
  }
  if (have < header) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, linkType);
  addLayer(LAYER_OTHER_LINK, p, header, granted, end, linkType);
  return leave(next, header, granted - header);
}

/** Netfilter's log: family(1) version(1) group(2), then values of length(2, header included) type(2) data, padded to four. */
function nflog(p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 4) return cut(LAYER_OTHER_LINK, p, 4, granted, have, end, LINK_NFLOG);
  const family = load<u8>(p);
  // Lengths are in the capturing host's byte order: the one in which the first value ends within the packet.
  const swap = have >= 6 && (load<u16>(p + 4) as u32) > granted;
  let at: u32 = 4;
  while (at + 4 <= have) {
    const length = (swap ? bswap<u16>(load<u16>(p + at)) : load<u16>(p + at)) as u32;
    const type = ((swap ? bswap<u16>(load<u16>(p + at + 2)) : load<u16>(p + at + 2)) as u32) & 0x7fff;
    if (length < 4) break;
    if (type == NFULA_PAYLOAD) {
      const next: u32 = family == 2 ? NEXT_IPV4 : family == 10 ? NEXT_IPV6 : NEXT_PAYLOAD;
      if (at + 4 > LONGEST_HEADER) break;
      addLayer(LAYER_OTHER_LINK, p, at + 4, granted, end, LINK_NFLOG);
      const rest = granted - at - 4;
      return leave(next, at + 4, length - 4 < rest ? length - 4 : rest);
    }
    at += (length + 3) & ~3;
  }
  const header: u32 = at < have ? at : have;
  addLayer(LAYER_OTHER_LINK, p, header < LONGEST_HEADER ? header : LONGEST_HEADER, granted, end, LINK_NFLOG);
  return halt(granted, at > have ? STOP_CAPTURE : STOP_NONE);
}

/** The byte "Flags", the second field there can be, behind the words that say which are there. */
function radiotapFlags(p: usize, header: u32): u32 {
  let at: u32 = 8;
  const present = load<u32>(p + 4);
  let words = present;
  while (words & 0x80000000 && at + 4 <= header) {
    words = load<u32>(p + at);
    at += 4;
  }
  if (!(present & 2)) return 0;
  // The first field, a timestamp, has eight bytes at a multiple of eight.
  if (present & 1) at = ((at + 7) & ~7) + 8;
  return at < header ? (load<u8>(p + at) as u32) : 0;
}

/**
 * 802.11 (IEEE 802.11-2020 section 9.3): frame control(2) duration(2) addresses(18) sequence(2), a fourth address between
 * access points, QoS control(2), HT control(4). Data that is neither encrypted nor a fragment is LLC.
 */
export function wlanStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 10) return cut(LAYER_OTHER_LINK, p, 10, granted, have, end, LINK_WLAN);
  const control = load<u8>(p) as u32;
  const bits = load<u8>(p + 1) as u32;
  const isData = (control & 12) == 8;
  let header: u32 = isData ? 24 : 10;
  if (isData && (bits & 3) == 3) header += 6;
  if (isData && control & 128) header += bits & 128 ? 6 : 2;
  if (padded) header = (header + 3) & ~3;
  if (have < header) return cut(LAYER_OTHER_LINK, p, header, granted, have, end, LINK_WLAN);
  const aggregate = isData && (control & 128) != 0 && (load<u8>(p + ((bits & 3) == 3 ? 30 : 24)) & 128) != 0;
  addLayer(LAYER_OTHER_LINK, p, header, granted, end, LINK_WLAN);
  if (!isData || control & 64 || have <= header) return halt(granted, STOP_NONE);
  const fragment = (bits & 4) != 0 || (load<u16>(p + 22) & 15) != 0;
  if ((bits & 64) != 0 || fragment || aggregate) return leave(NEXT_PAYLOAD, header, granted - header, STOP_PROTOCOL);
  return leave(NEXT_LLC, header, granted - header);
}

/** Cisco HDLC: address(1) control(1) EtherType(2). */
export function ciscoHdlcStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 4) return cut(LAYER_CISCO_HDLC, p, 4, granted, have, end, 0);
  const type = be16(p + 2);
  addLayer(LAYER_CISCO_HDLC, p, 4, granted, end, type);
  return leave(etherTypeOrPayload(type), 4, granted - 4);
}

/** Frame Relay: a Q.922 address whose last byte has its low bit set, control 3, then an NLPID (RFC 2427 section 3). */
export function frameRelayStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  let address: u32 = 2;
  while (address < 4 && have >= address && !(load<u8>(p + address - 1) & 1)) address++;
  let header = address + 2;
  if (have < header) return cut(LAYER_FRAME_RELAY, p, header, granted, have, end, 0);
  let next: u32 = NEXT_PAYLOAD;
  if (load<u8>(p + address) == 3) {
    let id = load<u8>(p + address + 1);
    if (!id && have > header) id = load<u8>(p + header++); // a padding byte
    if (id == 0xcc) next = NEXT_IPV4;
    else if (id == 0x8e) next = NEXT_IPV6;
    else if (id == 0x80 && have >= header + 5) {
      next = be24(p + header) == 0 ? etherTypeOrPayload(be16(p + header + 3)) : NEXT_PAYLOAD;
      header += 5;
    }
  }
  // Cisco's encapsulation has an EtherType there instead.
  else next = etherTypeOrPayload(be16(p + address));
  addLayer(LAYER_FRAME_RELAY, p, header, granted, end, 0);
  return leave(next, header, granted - header);
}

/** PPP; its address and control bytes may be there or not. The protocol may be compressed to one odd byte (RFC 1661 section 2). */
export function pppStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  const framing: u32 = have >= 2 && be16(p) == 0xff03 ? 2 : 0;
  const short = have > framing && (load<u8>(p + framing) & 1) != 0;
  const header: u32 = short ? 1 : 2;
  if (have < framing + header) return halt(granted, granted < framing + header ? STOP_LENGTH : STOP_CAPTURE);
  const protocol: u32 = short ? (load<u8>(p + framing) as u32) : be16(p + framing);
  addLayer(LAYER_PPP, p + framing, header, granted - framing, end, protocol);
  const rest = granted - framing - header;
  if (protocol == 0x21) return leave(NEXT_IPV4, framing + header, rest);
  if (protocol == 0x57) return leave(NEXT_IPV6, framing + header, rest);
  if (protocol == 0x281) return leave(0x8847, framing + header, rest);
  return leave(NEXT_PAYLOAD, framing + header, rest, rest ? STOP_PROTOCOL : STOP_NONE);
}

/** LLC: DSAP(1) SSAP(1) control(1); with SNAP (aa aa 03) OUI(3) and type(2) (RFC 1042). */
export function llcStep(p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < 3) {
    if (have) addLayer(LAYER_LLC, p, 3, granted, end, 0);
    return halt(granted, granted < 3 ? STOP_LENGTH : STOP_CAPTURE);
  }
  const snap = be24(p) == 0xaaaa03 && have >= 8;
  const header: u32 = snap ? 8 : 3;
  addLayer(LAYER_LLC, p, header, granted, end, snap ? be16(p + 6) : 0);
  let next: u32 = NEXT_PAYLOAD;
  if (snap) {
    const organisation = be24(p + 3);
    if (organisation == 0 || organisation == 0x0000f8) next = etherTypeOrPayload(be16(p + 6));
  } else if (load<u8>(p) == 0x06 && load<u8>(p + 2) == 3) next = NEXT_IPV4;
  const rest = granted - header;
  return leave(next, header, rest, rest && next == NEXT_PAYLOAD ? STOP_PROTOCOL : STOP_NONE);
}
