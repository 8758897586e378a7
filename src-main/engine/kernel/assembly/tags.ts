/**
 * Headers between two others that are told by an EtherType and lead to another one: MPLS, PPPoE, the 802.1ah I-TAG, Cisco
 * metadata, Arista's timestamps, MACsec without encryption, the network service header.
 */
import { STOP_CAPTURE, STOP_NONE, STOP_PROTOCOL } from "./abi";
import { LAYER_MPLS, LAYER_PPPOE, LAYER_TAG } from "../../../../src-shared/model/layer-kind";
import { be16, be32 } from "./bytes";
import {
  FIRST_ETHERTYPE,
  NEXT_DONE,
  NEXT_ETHERNET,
  NEXT_IPV4,
  NEXT_IPV6,
  NEXT_PAYLOAD,
  NEXT_PPP,
  addLayer,
  cut,
  halt,
  leave,
} from "./layers";

export const TYPE_MPLS: u32 = 0x8847;
const TYPE_NSH: u32 = 0x894f;
const TYPE_MPLS_UPSTREAM: u32 = 0x8848;
const TYPE_PPPOE: u32 = 0x8864;
const TYPE_8021AH: u32 = 0x88e7;
const TYPE_MACSEC: u32 = 0x88e5;
const TYPE_CISCO_METADATA: u32 = 0x8909;
const TYPE_ARISTA: u32 = 0xd28b;

const MACSEC_CHECK_BYTES: u32 = 16;

/** The header that EtherType `type` names; an unknown one is payload. */
export function tagStep(type: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  switch (type) {
    case TYPE_MPLS:
    case TYPE_MPLS_UPSTREAM:
      return mpls(p, granted, have, end, type);
    case TYPE_PPPOE: {
      // version, type(1) code(1) session(2) length(2) (RFC 2516 section 4)
      if (have < 6) return cut(LAYER_PPPOE, p, 6, granted, have, end, 0);
      const stated = be16(p + 4);
      addLayer(LAYER_PPPOE, p, 6, granted, end, be16(p + 2));
      return leave(NEXT_PPP, 6, stated < granted - 6 ? stated : granted - 6);
    }
    case TYPE_8021AH:
      return tag(type, 18, p, granted, have, end); // I-TAG(4) customer addresses(12) EtherType
    case TYPE_CISCO_METADATA:
      return tag(type, 8, p, granted, have, end); // version(1) length(1) option(2) tag(2) EtherType
    case TYPE_ARISTA: {
      // subtype(2) version(2) seconds, nanoseconds(4 + 4, or 2 + 4) EtherType
      const version = have >= 4 && be16(p) == 1 ? be16(p + 2) & 0xff : 0;
      if (version != 0x10 && version != 0x20) return unknown(granted);
      return tag(type, version == 0x10 ? 14 : 12, p, granted, have, end);
    }
    case TYPE_MACSEC: {
      // control, association(1) short length(1) packet number(4), a channel(8) if bit 5 is set, then what is protected, then
      // a check value (IEEE 802.1AE-2018 clause 9). Encrypted: bits 2 and 3.
      if (have < 6) return unknown(granted);
      const control = load<u8>(p);
      const header: u32 = control & 0x20 ? 14 : 6;
      if (control & 0x8c || granted < header + 2 + MACSEC_CHECK_BYTES) return unknown(granted);
      return tag(type, header + 2, p, granted - MACSEC_CHECK_BYTES, have, end);
    }
    case TYPE_NSH:
      return serviceHeader(p, granted, have, end);
    default:
      return unknown(granted);
  }
}

function unknown(granted: u32): u32 {
  return leave(NEXT_PAYLOAD, 0, granted, STOP_PROTOCOL);
}

/** A header of `header` bytes that ends with an EtherType. */
function tag(type: u32, header: u32, p: usize, granted: u32, have: u32, end: usize): u32 {
  if (have < header) return cut(LAYER_TAG, p, header, granted, have, end, type);
  addLayer(LAYER_TAG, p, header, granted, end, type);
  const next = be16(p + header - 2);
  return leave(next < FIRST_ETHERTYPE ? NEXT_PAYLOAD : next, header, granted - header);
}

/** NSH: version, TTL, length in words(2) kind of metadata(1) next protocol(1) path(4) metadata (RFC 8300 section 2). */
function serviceHeader(p: usize, granted: u32, have: u32, end: usize): u32 {
  const header: u32 = have >= 8 ? (be16(p) & 63) << 2 : 8;
  if (have < header || header < 8) return cut(LAYER_TAG, p, header, granted, have, end, TYPE_NSH);
  addLayer(LAYER_TAG, p, header, granted, end, TYPE_NSH);
  return leave(serviceProtocol(load<u8>(p + 3)), header, granted - header);
}

/** The numbers that NSH and VXLAN-GPE share (RFC 8300 section 11.3, draft-ietf-nvo3-vxlan-gpe section 3.2). */
export function serviceProtocol(number: u32): u32 {
  switch (number) {
    case 1:
      return NEXT_IPV4;
    case 2:
      return NEXT_IPV6;
    case 3:
      return NEXT_ETHERNET;
    case 4:
      return TYPE_NSH;
    case 5:
      return TYPE_MPLS;
    default:
      return NEXT_PAYLOAD;
  }
}

function mpls(p: usize, granted: u32, have: u32, end: usize, type: u32): u32 {
  if (have < 4) return cut(LAYER_MPLS, p, 4, granted, have, end, 0);
  const label = be32(p);
  addLayer(LAYER_MPLS, p, 4, granted, end, label >> 12);
  if (!(label & 0x100)) return leave(type, 4, granted - 4); // not the bottom of the stack
  if (have < 5) return leave(NEXT_DONE, 4, granted - 4, granted > 4 ? STOP_CAPTURE : STOP_NONE);
  const first = load<u8>(p + 4) >> 4;
  if (first == 4) return leave(NEXT_IPV4, 4, granted - 4);
  if (first == 6) return leave(NEXT_IPV6, 4, granted - 4);
  // A pseudowire says nothing of what it carries: take it for Ethernet where a known EtherType lies (RFC 4448).
  if (have >= 26) {
    const control: u32 = first == 0 ? 4 : 0;
    const carried = be16(p + 4 + control + 12);
    if (carried == NEXT_IPV4 || carried == NEXT_IPV6 || carried == 0x0806 || carried == 0x8100)
      return leave(NEXT_ETHERNET, 4 + control, granted - 4 - control);
  }
  return leave(NEXT_PAYLOAD, 4, granted - 4);
}
