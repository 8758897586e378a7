/**
 * The dictionary of *paths*: what the headers of a packet have in common with those of the packets before and after it: capture
 * point, kinds of layers, addresses, ports, VNIs, TTL … Lengths, checksums, sequence numbers and identifications are cleared.
 * A flow has one path in each direction, mostly, so a filter over addresses is a filter over the dictionary and one look-up a
 * packet.
 *
 * ```
 * path record   path 4 │ 0 4 │ key: point 4 │ bytes of the key, layer count << 16  4 │ layers … │ stream of each UDP layer 4 …
 * layer         kind 1 │ flags 1 │ header bytes kept 2 │ aux 4 │ header, cleared, padded to 8
 * ```
 * Made by the decode stage, whose cache holds the headers (in the flow stage it took 320 ns a packet, a third of all its work).
 * Records never move; a directory in segments tells where each lies. The flow stage fills in the streams.
 */
import {
  H_PACKETS,
  K_PATH_DIRECTORY,
  L_AUX,
  L_END,
  L_FLAGS,
  L_KIND,
  L_PTR,
  LAYER_FLAG_CUT,
  NO_ROW,
  P_FIRST_LAYER,
  P_META,
  P_PATH,
  P_POINT,
  PACKET_CUSTOM_BLOCK,
  PATH_CUSTOM_BLOCK,
  PATH_KEY_BYTES,
  PATH_POINT,
  PATH_SIZES,
} from "./abi";
import {
  LAYER_ARP,
  LAYER_DNS,
  LAYER_ERSPAN,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
} from "../../../../src-shared/model/layer-kind";
import { be16 } from "./bytes";
import { zeroed } from "./hash";
import { allocate } from "./host";

export const DIRECTORY_SHIFT: u32 = 14;
export const DIRECTORY_MASK: u32 = (1 << DIRECTORY_SHIFT) - 1;
export const MAX_DIRECTORIES: u32 = 16384;
/** In front of the key: the path's number. */
const PATH_HEAD: u32 = 8;
/** Records are cut from pieces of this size. */
const CHUNK_BYTES: u32 = 1 << 20;
/** Of the one layer that can be longer than the others; nothing follows ARP. */
const ARP_MOST: u32 = 1032;

/** Packets of a pass: their keys (5 KiB), slots and records stay in the first-level cache until they are compared. */
const PASS: u32 = 64;
const ENTRY_KEY: u32 = 0;
const ENTRY_BYTES: u32 = 4;
const ENTRY_DATAGRAMS: u32 = 8;
const ENTRY_HASH: u32 = 12;
/** Key in the first slot, if its hash is the same; else 0. */
const ENTRY_CANDIDATE: u32 = 16;
const ENTRY_BYTES_EACH: u32 = 20;

let active: bool = false;
let keys: usize = 0;
let entries: usize = 0;
/** Keeps the touching loads alive. */
let touched: u32 = 0;
let paths: u32 = 0;
let directory: usize = 0;
let chunk: usize = 0;
let chunkLeft: u32 = 0;
let table: usize = 0; // slots of 8 bytes: place of the key, hash
let tableMask: u32 = 0;
let seed: u64 = 0;

/** Begins an empty dictionary; `block` tells where its directory is (K_*). `hashSeed` makes slots unguessable. */
export function configurePaths(block: usize, hashSeed: u32): void {
  active = true;
  seed = hashSeed as u64;
  directory = load<u32>(block + K_PATH_DIRECTORY);
  keys = allocate(PASS * (PATH_KEY_BYTES + ARP_MOST));
  entries = allocate(PASS * ENTRY_BYTES_EACH);
  paths = 0;
  chunkLeft = 0;
  tableMask = 0xfff;
  table = zeroed((tableMask + 1) << 3);
}

/** Where the address lies that an IPv4 packet is for: the last of a source route that has hops to go (RFC 791 section 3.1). */
function finalDestination(p: usize, end: usize): usize {
  let stop = p + (((load<u8>(p) & 15) as u32) << 2);
  if (stop > end) stop = end;
  let at = p + 20;
  while (at + 2 < stop) {
    const kind = load<u8>(at);
    if (!kind) break;
    if (kind == 1) {
      at++;
      continue;
    }
    const length = load<u8>(at + 1) as u32;
    if (length < 2 || at + length > stop) break;
    if ((kind == 131 || kind == 137) && length >= 7 && (load<u8>(at + 2) as u32) + 3 <= length) return at + length - 4;
    at += length;
  }
  return p + 16;
}

/** Writes the eight bytes of a layer's head and what is kept of its header at `k`; returns where the next goes. */
function keepLayer(slot: usize, row: u32, kind: u32, k: usize): usize {
  const p: usize = load<u32>(slot + L_PTR + (row << 2));
  const end: usize = load<u32>(slot + L_END + (row << 2));
  const flags = load<u8>(slot + L_FLAGS + row) as u32;
  const here: u32 = end > p ? ((end - p) as u32) : 0;
  let kept: u32 = 0;
  let aux: u32 = 0;
  const h = k + 8;
  switch (kind) {
    case LAYER_ETHERNET:
      kept = 14;
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    case LAYER_SLL:
      kept = 16;
      break;
    case LAYER_SLL2:
      kept = 20;
      break;
    case LAYER_VLAN:
      kept = 4;
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    case LAYER_MPLS:
      kept = 4;
      break;
    case LAYER_ARP:
      aux = load<u32>(slot + L_AUX + (row << 2));
      // Both address lengths are a byte: 28 in Ethernet, 1028 at most.
      kept = here >= 8 ? 8 + (((load<u8>(p + 4) as u32) + (load<u8>(p + 5) as u32)) << 1) : 8;
      break;
    case LAYER_IPV4:
      kept = 20;
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    case LAYER_IPV6:
      kept = 40;
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    case LAYER_ICMP:
      kept = 6; // of fewer bytes no field is shown
      break;
    case LAYER_ICMPV6:
      kept = 2;
      break;
    case LAYER_TCP:
    case LAYER_SCTP:
      kept = 4;
      break;
    case LAYER_UDP:
      kept = 8; // an eighth byte decides whether the datagram has a stream
      break;
    case LAYER_VXLAN:
    case LAYER_GENEVE:
      kept = 8;
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    case LAYER_GRE: {
      const bits = here >= 2 ? be16(p) : 0;
      kept = 4 + (bits & 0xc000 ? 4 : 0) + (bits & 0x2000 ? 4 : 0);
      break;
    }
    case LAYER_ERSPAN:
      aux = load<u32>(slot + L_AUX + (row << 2));
      break;
    default:
      break;
  }
  if (kept > here) kept = here;
  const padded = (kept + 7) & ~7;
  for (let i: u32 = 0; i < padded; i += 8) store<u64>(h + i, load<u64>(p + i));
  for (let i: u32 = kept; i < padded; i++) store<u8>(h + i, 0);
  // What changes from packet to packet is cleared, unless the header is cut short: there it decides what can be read.
  if (!(flags & LAYER_FLAG_CUT)) {
    switch (kind) {
      case LAYER_IPV4:
        if (kept == 20) {
          store<u8>(h + 1, load<u8>(h + 1) & 0xfc); // ECN
          store<u32>(h + 2, 0); // length, identification
          store<u16>(h + 6, load<u8>(h + 6) & 0xe0); // fragment offset
          store<u16>(h + 10, 0);
          if ((load<u8>(p) & 15) > 5) store<u32>(h + 16, load<u32>(finalDestination(p, end)));
        }
        break;
      case LAYER_IPV6:
        if (kept == 40) store<u16>(h + 4, 0);
        break;
      case LAYER_UDP:
        if (kept == 8) store<u32>(h + 4, 0);
        break;
      case LAYER_ICMP:
        if (kept == 6) {
          store<u16>(h + 2, 0);
          const type = load<u8>(h) as u32;
          const identified = type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 || type == 43;
          if (!identified) store<u16>(h + 4, 0);
        }
        break;
      case LAYER_GRE:
        if (kept >= 8 && load<u8>(h) & 0xc0) store<u32>(h + 4, 0);
        break;
      default:
        break;
    }
  }
  store<u32>(k, kind | (flags << 8) | (kept << 16));
  store<u32>(k + 4, aux);
  return h + padded;
}

// @ts-ignore: decorator
@inline
function sameKey(a: usize, b: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  return true;
}

function growTable(): void {
  const old = table;
  const oldMask = tableMask;
  tableMask = (tableMask << 1) | 1;
  table = zeroed((tableMask + 1) << 3);
  for (let i: u32 = 0; i <= oldMask; i++) {
    const v = load<u64>(old + (i << 3));
    if (!v) continue;
    let j = ((v >> 32) as u32) & tableMask;
    while (load<u64>(table + (j << 3))) j = (j + 1) & tableMask;
    store<u64>(table + (j << 3), v);
  }
}

/** Writes the key of a packet at `at`, its hash and what else must be known of it into `entry`; returns where the key ends. */
function makeKey(slot: usize, packet: u32, at: usize, entry: usize): usize {
  const first = load<u32>(slot + P_FIRST_LAYER + (packet << 2));
  const meta = load<u32>(slot + P_META + (packet << 2));
  const end = first + (meta & 0xff);
  let k = at + 8;
  let layers: u32 = 0;
  let datagrams: u32 = 0;
  for (let row = first; row < end; row++) {
    const kind = load<u8>(slot + L_KIND + row) as u32;
    if (kind >= (LAYER_DNS as u32)) break;
    if (kind == LAYER_UDP) datagrams++;
    k = keepLayer(slot, row, kind, k);
    layers++;
  }
  const bytes = (k - at) as u32;
  const custom: u32 = ((meta >> 16) & PACKET_CUSTOM_BLOCK) == PACKET_CUSTOM_BLOCK ? PATH_CUSTOM_BLOCK : 0;
  store<u32>(at + PATH_POINT, load<u32>(slot + P_POINT + (packet << 2)));
  store<u32>(at + PATH_SIZES, bytes | (layers << 16) | custom);
  let h: u64 = seed ^ 0x9e3779b97f4a7c15;
  for (let i: u32 = 0; i < bytes; i += 8) {
    h = (h ^ load<u64>(at + i)) * 0xbf58476d1ce4e5b9;
    h ^= h >> 32;
  }
  store<u32>(entry + ENTRY_KEY, at as u32);
  store<u32>(entry + ENTRY_BYTES, bytes);
  store<u32>(entry + ENTRY_DATAGRAMS, datagrams);
  store<u32>(entry + ENTRY_HASH, (h >> 16) as u32);
  return k;
}

/**
 * Finds or makes the paths of a slot's packets from row `from` on. In passes: make keys, touch the table's slots, touch the
 * records, compare; the misses of a pass overlap.
 */
export function packetPaths(slot: usize, from: u32): void {
  if (!active) return;
  const n = load<u32>(slot + H_PACKETS);
  for (let row = from; row < n; row += PASS) {
    const count = n - row < PASS ? n - row : PASS;
    let k = keys;
    for (let i: u32 = 0; i < count; i++) k = makeKey(slot, row + i, k, entries + i * ENTRY_BYTES_EACH);
    for (let i: u32 = 0; i < count; i++) {
      const entry = entries + i * ENTRY_BYTES_EACH;
      const hash = load<u32>(entry + ENTRY_HASH);
      const v = load<u64>(table + ((hash & tableMask) << 3));
      store<u32>(entry + ENTRY_CANDIDATE, ((v >> 32) as u32) == hash ? (v as u32) : 0);
    }
    let acc: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const candidate: usize = load<u32>(entries + i * ENTRY_BYTES_EACH + ENTRY_CANDIDATE);
      if (candidate) acc ^= load<u32>(candidate - PATH_HEAD) ^ load<u32>(candidate + 48);
    }
    touched ^= acc;
    for (let i: u32 = 0; i < count; i++) {
      const entry = entries + i * ENTRY_BYTES_EACH;
      const key: usize = load<u32>(entry + ENTRY_KEY);
      let at: usize = load<u32>(entry + ENTRY_CANDIDATE);
      if (!at || !sameKey(at, key, load<u32>(entry + ENTRY_BYTES))) at = find(entry, key);
      store<u32>(slot + P_PATH + ((row + i) << 2), load<u32>(at - PATH_HEAD));
    }
  }
}

/** Place of the record with the same key, found or made. */
function find(entry: usize, key: usize): usize {
  const bytes = load<u32>(entry + ENTRY_BYTES);
  const datagrams = load<u32>(entry + ENTRY_DATAGRAMS);
  const hash = load<u32>(entry + ENTRY_HASH);
  let i = hash & tableMask;
  let v = load<u64>(table + (i << 3));
  while (v) {
    if (((v >> 32) as u32) == hash && sameKey(v as u32, key, bytes)) return v as u32;
    i = (i + 1) & tableMask;
    v = load<u64>(table + (i << 3));
  }

  const path = paths++;
  const segment = directory + ((path >> DIRECTORY_SHIFT) << 2);
  if (!(path & DIRECTORY_MASK)) store<u32>(segment, allocate(4 << DIRECTORY_SHIFT) as u32);
  const size = (PATH_HEAD + bytes + (datagrams << 2) + 7) & ~7;
  if (chunkLeft < size) {
    chunk = allocate(CHUNK_BYTES);
    chunkLeft = CHUNK_BYTES;
  }
  const at = chunk + PATH_HEAD;
  chunk += size;
  chunkLeft -= size;
  store<u32>(at - PATH_HEAD, path);
  memory.copy(at, key, bytes);
  for (let d: u32 = 0; d < datagrams; d++) store<u32>(at + bytes + (d << 2), NO_ROW);
  store<u32>(load<u32>(segment) + ((path & DIRECTORY_MASK) << 2), at as u32);
  store<u64>(table + (i << 3), ((hash as u64) << 32) | (at as u64));
  if (paths << 1 > tableMask) growTable();
  return at;
}
