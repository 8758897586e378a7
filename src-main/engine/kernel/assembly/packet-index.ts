/**
 * The packet index's rows: what is kept of every packet, written once its path (paths.ts) and its streams (flows.ts) are known.
 * And the ways back: paths laid out as a batch, so that fields are read from them by the very code that reads them from
 * packets; single records decoded into a slot.
 */
import {
  A_ACK,
  A_FLAGS,
  A_IRTT,
  A_SEQ,
  A_STREAM,
  A_WINDOW,
  ANALYSIS_HAS_LENGTH,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_KEEP_ALIVE_ACK,
  ANALYSIS_REPLY,
  ANALYSIS_WINDOW_UPDATE,
  H_LAYERS,
  H_PACKETS,
  INDEX_AREA_BYTES,
  K_PATH_DIRECTORY,
  L_AUX,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  LAYERS_PER_PACKET,
  MAX_LAYERS,
  NO_ROW,
  P_CAPTURED,
  P_FIRST_LAYER,
  P_LENGTH,
  P_META,
  P_OPTIONS,
  P_OPTIONS_LENGTH,
  P_PATH,
  P_POINT,
  P_STOP_AT,
  PACKET_BIG_ENDIAN_OPTIONS,
  PACKET_CUSTOM_BLOCK,
  PATH_CUSTOM_BLOCK,
  PATH_POINT,
  PATH_SIZES,
  ROW_FRAGMENT,
  ROW_HAS_COMMENT,
  ROW_HAS_OPTIONS,
  ROW_HAS_RTT,
  ROW_PACKET_SHIFT,
  ROW_REASSEMBLED,
  ROW_REPLY,
  ROW_TCP_CUT,
  TCP_HAS_LENGTH,
  TCP_HAS_SEQ,
  TCP_HAS_STREAM,
  TCP_READABLE,
  X_ACK,
  X_ANALYSIS,
  X_APPLICATION,
  X_COLOUR,
  X_FLAGS,
  X_PATH,
  X_RTT,
  X_SEGMENT,
  X_SEQ,
  X_STREAM,
  X_TCP,
  X_WINDOW,
} from "./abi";
import {
  LAYER_ARP,
  LAYER_DNS,
  LAYER_ETHERNET,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_PIM,
  LAYER_TCP,
  LAYER_UDP,
} from "../../../../src-shared/model/layer-kind";
import { be16, be32, sum16 } from "./bytes";
import { decodePacket } from "./decode";
import { zeroed } from "./hash";
import { allocate } from "./host";
import { DIRECTORY_MASK, DIRECTORY_SHIFT, MAX_DIRECTORIES } from "./paths";

let area: usize = 0;
let directory: usize = 0;
/** Paths of the packets that were seen here; the decode stage is ahead. */
let known: u32 = 0;

/** Begins an empty index: must come before the decode stage's configurePaths(). Returns the area that indexSlot fills. */
export function configureIndex(block: usize): usize {
  area = allocate(INDEX_AREA_BYTES);
  directory = zeroed(MAX_DIRECTORIES << 2);
  store<u32>(block + K_PATH_DIRECTORY, directory as u32);
  known = 0;
  return area;
}

export function pathCount(): u32 {
  return known;
}

/** Where the key of a path lies. */
// @ts-ignore: decorator
@inline
export function pathAt(path: u32): usize {
  return load<u32>(load<u32>(directory + ((path >> DIRECTORY_SHIFT) << 2)) + ((path & DIRECTORY_MASK) << 2));
}

/** A UDP conversation keeps its number for ever, so it belongs to the path. */
function tellStreams(slot: usize, path: u32, first: u32, last: u32): void {
  const at = pathAt(path);
  let k = at + (load<u32>(at + PATH_SIZES) & 0xffff);
  for (let row = first; row < last; row++) {
    if (load<u8>(slot + L_KIND + row) != LAYER_UDP) continue;
    store<u32>(k, load<u32>(slot + A_STREAM + (row << 2)));
    k += 4;
  }
}

/** True if one of the record's pcapng options is a comment. */
function hasComment(options: usize, length: u32, big: bool): bool {
  let at: u32 = 0;
  while (at + 4 <= length) {
    let code = load<u16>(options + at) as u32;
    let size = load<u16>(options + at + 2) as u32;
    if (big) {
      code = bswap<u16>(code as u16) as u32;
      size = bswap<u16>(size as u16) as u32;
    }
    if (!code) return false;
    if (code == 1) return at + 4 + size <= length;
    at += 4 + ((size + 3) & ~3);
  }
  return false;
}

// Colour rules, in the order of contract/colours.ts.
const COLOUR_BAD_TCP: u32 = 0;
const COLOUR_ICMP_ERROR: u32 = 1;
const COLOUR_ARP: u32 = 2;
const COLOUR_ICMP: u32 = 3;
const COLOUR_RESET: u32 = 4;
const COLOUR_LOW_TTL: u32 = 5;
const COLOUR_BAD_CHECKSUM: u32 = 6;
const COLOUR_HTTP: u32 = 7;
const COLOUR_SYN_FIN: u32 = 8;
const COLOUR_TCP: u32 = 9;
const COLOUR_UDP: u32 = 10;
const COLOUR_BROADCAST: u32 = 11;

/** Writes the index rows of a slot whose flow events were taken. */
export function indexSlot(slot: usize): void {
  const n = load<u32>(slot + H_PACKETS);
  const a = area;
  for (let packet: u32 = 0; packet < n; packet++) {
    const p4 = packet << 2;
    const p2 = packet << 1;
    const first = load<u32>(slot + P_FIRST_LAYER + p4);
    const meta = load<u32>(slot + P_META + p4);
    const last = first + (meta & 0xff);
    let row4: u32 = NO_ROW; // TCP layer
    let stream: u32 = NO_ROW;
    let flags: u32 = ((meta >> 8) & 15) | ((meta >> 16) << ROW_PACKET_SHIFT);
    let application: u32 = 0;
    let rules: u32 = 0; // colour rules that match, a bit each
    let multicast = false;
    let lowTtl = false;
    let routing = false; // a protocol whose packets have a low TTL by design
    for (let row = first; row < last; row++) {
      const kind = load<u8>(slot + L_KIND + row) as u32;
      const layerFlags = load<u8>(slot + L_FLAGS + row) as u32;
      if (layerFlags & (LAYER_FLAG_FRAGMENT | LAYER_FLAG_REASSEMBLED)) {
        if (layerFlags & LAYER_FLAG_REASSEMBLED) flags |= ROW_REASSEMBLED;
        if (layerFlags & LAYER_FLAG_FRAGMENT) flags |= ROW_FRAGMENT;
      }
      const p: usize = load<u32>(slot + L_PTR + (row << 2));
      const here: u32 = load<u32>(slot + L_END + (row << 2)) - (p as u32);
      switch (kind) {
        case LAYER_ETHERNET:
          if (here && load<u8>(p) & 1) rules |= 1 << COLOUR_BROADCAST;
          break;
        case LAYER_ARP:
          rules |= 1 << COLOUR_ARP;
          break;
        case LAYER_IPV4:
          if (here >= 20 && !(layerFlags & LAYER_FLAG_CUT)) {
            if (load<u8>(p + 8) < 5) lowTtl = true;
            if (load<u8>(p + 16) >> 4 == 14) multicast = true;
            const protocol = load<u8>(p + 9);
            if (protocol == 89 || protocol == 88 || protocol == 112) routing = true;
            // A quoted header was changed on its way; 0 is left to the network card.
            if (!(layerFlags & LAYER_FLAG_QUOTED) && load<u16>(p + 10)) {
              const header: u32 = ((load<u8>(p) & 15) as u32) << 2;
              if (here >= header && sum16(p, header, 0) != 0xffff) rules |= 1 << COLOUR_BAD_CHECKSUM;
            }
          }
          break;
        case LAYER_PIM:
          routing = true;
          break;
        case LAYER_ICMP: {
          const type: u32 = here ? load<u8>(p) : 255;
          rules |= 1 << COLOUR_ICMP;
          if ((type >= 3 && type <= 5) || type == 11) rules |= 1 << COLOUR_ICMP_ERROR;
          break;
        }
        case LAYER_ICMPV6: {
          const type: u32 = here ? load<u8>(p) : 255;
          rules |= 1 << COLOUR_ICMP;
          if (type >= 1 && type <= 4) rules |= 1 << COLOUR_ICMP_ERROR;
          break;
        }
        case LAYER_TCP:
          row4 = row;
          rules |= 1 << COLOUR_TCP;
          break;
        case LAYER_UDP: {
          rules |= 1 << COLOUR_UDP;
          const number = load<u32>(slot + A_STREAM + (row << 2));
          if (number != NO_ROW) {
            stream = (number << 1) | 1;
            if (load<u32>(slot + A_FLAGS + (row << 2)) & ANALYSIS_REPLY) flags |= ROW_REPLY;
            else flags &= ~ROW_REPLY;
          }
          break;
        }
        default:
          if (kind >= (LAYER_DNS as u32)) {
            application = kind;
            if (kind == LAYER_HTTP) rules |= 1 << COLOUR_HTTP;
          }
          break;
      }
    }
    let seq: u32 = 0;
    let ack: u32 = 0;
    let window: u32 = 0;
    let segment: u32 = 0;
    let rtt: u32 = 0;
    let analysis: u32 = 0;
    let tcp: u32 = 0;
    if (row4 != NO_ROW) {
      const p: usize = load<u32>(slot + L_PTR + (row4 << 2));
      const here: u32 = load<u32>(slot + L_END + (row4 << 2)) - (p as u32);
      const number = load<u32>(slot + A_STREAM + (row4 << 2));
      if (number != NO_ROW) {
        seq = load<u32>(slot + A_SEQ + (row4 << 2));
        ack = load<u32>(slot + A_ACK + (row4 << 2));
        window = load<u32>(slot + A_WINDOW + (row4 << 2));
        analysis = load<u32>(slot + A_FLAGS + (row4 << 2));
        stream = number << 1;
        if (analysis & ANALYSIS_REPLY) flags |= ROW_REPLY;
        else flags &= ~ROW_REPLY;
        tcp |= TCP_HAS_STREAM;
        const ns = load<i64>(slot + A_IRTT + (row4 << 3));
        if (ns > 0) {
          rtt = ns < (NO_ROW as i64) ? (ns as u32) : NO_ROW;
          flags |= ROW_HAS_RTT;
        }
      }
      const quotedByIcmp =
        (load<u8>(slot + L_FLAGS + row4) & LAYER_FLAG_QUOTED) != 0 &&
        row4 >= first + 2 &&
        load<u8>(slot + L_KIND + row4 - 1) == LAYER_IPV4 &&
        load<u8>(slot + L_KIND + row4 - 2) == LAYER_ICMP;
      if (quotedByIcmp ? here >= 8 : here >= 16) {
        tcp |= TCP_HAS_SEQ;
        if (quotedByIcmp) seq = be32(p + 4);
      }
      if (here >= 16) {
        const header: u32 = ((load<u8>(p + 12) >> 4) as u32) << 2;
        if (header >= 20) tcp |= TCP_READABLE;
        if (here < header) flags |= ROW_TCP_CUT;
        tcp |= be16(p + 12) & 0xfff;
        if (analysis & ANALYSIS_HAS_LENGTH) {
          tcp |= TCP_HAS_LENGTH;
          segment = load<u32>(slot + L_LENGTH + (row4 << 2)) - header;
        }
        if (tcp & 4) rules |= 1 << COLOUR_RESET;
        if (tcp & 3) rules |= 1 << COLOUR_SYN_FIN;
      }
      if (here >= 4) {
        const ports = be32(p);
        if (ports >> 16 == 80 || (ports & 0xffff) == 80) rules |= 1 << COLOUR_HTTP;
        if (ports >> 16 == 179 || (ports & 0xffff) == 179) routing = true;
      }
      const notes = analysis & 0x7fff;
      if (notes && !(notes & (ANALYSIS_WINDOW_UPDATE | ANALYSIS_KEEP_ALIVE | ANALYSIS_KEEP_ALIVE_ACK)))
        rules |= 1 << COLOUR_BAD_TCP;
    }
    if (lowTtl && !multicast && !routing) rules |= 1 << COLOUR_LOW_TTL;
    const options: usize = load<u32>(slot + P_OPTIONS + p4);
    if (options) {
      flags |= ROW_HAS_OPTIONS;
      const big = ((meta >> 16) & PACKET_BIG_ENDIAN_OPTIONS) != 0;
      if (hasComment(options, load<u32>(slot + P_OPTIONS_LENGTH + p4), big)) flags |= ROW_HAS_COMMENT;
    }
    const path = load<u32>(slot + P_PATH + p4);
    if (path >= known) {
      known = path + 1;
      tellStreams(slot, path, first, last);
    }
    store<u32>(a + X_PATH + p4, path);
    store<u32>(a + X_STREAM + p4, stream);
    store<u32>(a + X_SEQ + p4, seq);
    store<u32>(a + X_ACK + p4, ack);
    store<u32>(a + X_WINDOW + p4, window);
    store<u32>(a + X_SEGMENT + p4, segment);
    store<u32>(a + X_RTT + p4, rtt);
    store<u16>(a + X_ANALYSIS + p2, analysis as u16);
    store<u16>(a + X_TCP + p2, tcp as u16);
    store<u16>(a + X_FLAGS + p2, flags as u16);
    store<u8>(a + X_COLOUR + packet, rules ? (ctz(rules) as u8) : 255);
    store<u8>(a + X_APPLICATION + packet, application as u8);
  }
}

/**
 * Lays `count` paths from `first` on out as packets of the slot; of their layers, those whose kind has its bit set in `kindsLow`
 * (0 to 31) or `kindsHigh`. Returns how many found room.
 */
export function pathsInto(slot: usize, first: u32, count: u32, kindsLow: u32, kindsHigh: u32): u32 {
  const wanted: u64 = (kindsLow as u64) | ((kindsHigh as u64) << 32);
  let layer: u32 = 0;
  let n: u32 = 0;
  while (n < count && layer + LAYERS_PER_PACKET <= (MAX_LAYERS as u32)) {
    const record = pathAt(first + n);
    const sizes = load<u32>(record + PATH_SIZES);
    const layers = (sizes >> 16) & 0xff;
    let k = record + 8;
    let streams = record + (sizes & 0xffff);
    store<u32>(slot + P_FIRST_LAYER + (n << 2), layer);
    store<u32>(slot + P_POINT + (n << 2), load<u32>(record + PATH_POINT));
    store<u32>(slot + P_STOP_AT + (n << 2), 0);
    store<u32>(slot + P_OPTIONS + (n << 2), 0);
    store<u32>(slot + P_CAPTURED + (n << 2), 0);
    store<u32>(slot + P_LENGTH + (n << 2), 0);
    for (let i: u32 = 0; i < layers; i++) {
      const head = load<u32>(k);
      const kept = head >> 16;
      const kind = head & 0xff;
      if (!((wanted >> (kind as u64)) & 1)) {
        if (kind == LAYER_UDP) streams += 4;
        k += 8 + ((kept + 7) & ~7);
        continue;
      }
      store<u8>(slot + L_KIND + layer, kind as u8);
      store<u8>(slot + L_FLAGS + layer, (head >> 8) as u8);
      store<u16>(slot + L_HEADER + (layer << 1), kept as u16);
      store<u32>(slot + L_PTR + (layer << 2), (k + 8) as u32);
      store<u32>(slot + L_LENGTH + (layer << 2), kept);
      store<u32>(slot + L_END + (layer << 2), (k + 8 + kept) as u32);
      store<u32>(slot + L_AUX + (layer << 2), load<u32>(k + 4));
      if (kind == LAYER_UDP) {
        store<u32>(slot + A_STREAM + (layer << 2), load<u32>(streams));
        streams += 4;
      } else store<u32>(slot + A_STREAM + (layer << 2), NO_ROW);
      k += 8 + ((kept + 7) & ~7);
      layer++;
    }
    const here = layer - load<u32>(slot + P_FIRST_LAYER + (n << 2));
    store<u32>(slot + P_META + (n << 2), here | (sizes & PATH_CUSTOM_BLOCK ? PACKET_CUSTOM_BLOCK << 16 : 0));
    n++;
  }
  store<u32>(slot + H_PACKETS, n);
  store<u32>(slot + H_LAYERS, layer);
  return n;
}

/**
 * Decodes one packet into the next row of the slot; its time, point and data columns are set, its record's bytes lie at
 * `data`. False if the slot has no room for its layers.
 */
export function decodeRow(
  slot: usize,
  linkType: u32,
  data: usize,
  captured: u32,
  length: u32,
  packetFlags: u32,
): bool {
  const row = load<u32>(slot + H_PACKETS);
  if (load<u32>(slot + H_LAYERS) + LAYERS_PER_PACKET > (MAX_LAYERS as u32)) return false;
  decodePacket(slot, row, linkType, data, captured, length, packetFlags);
  store<u32>(slot + H_PACKETS, row + 1);
  return true;
}
