/**
 * IP reassembly (RFC 791 section 3.2, RFC 8200 section 4.5), bounded in memory and time.
 *
 * A fixed set of entries, each with room for one datagram and 64 pieces. A datagram that is not whole after 30 seconds of
 * capture time, overlaps itself with other bytes, or is pushed out by newer ones is given up: its fragments stay visible as
 * fragments. Nothing here allocates.
 *
 * entry: key 48 bytes │ first time │ total, received, pieces │ piece list 64 × (offset, length) │ 65,536 bytes
 */
import { H_REASSEMBLED_USED, REASSEMBLED_BYTES, S_REASSEMBLED } from "./abi";

const ENTRIES: u32 = 64;
const PIECES: u32 = 64;
const DATAGRAM: u32 = 65536;
const E_KEY: u32 = 0;
const E_TIME: u32 = 48;
const E_TOTAL: u32 = 56;
const E_RECEIVED: u32 = 60;
const E_PIECES: u32 = 64;
const E_USED: u32 = 68;
const E_LIST: u32 = 72;
const E_BYTES: u32 = 72 + PIECES * 8;
const ENTRY: u32 = E_BYTES + DATAGRAM;
const TIMEOUT: i64 = (30 as i64) << 30;

let memoryStart: usize = 0;
let key: usize = 0;
let resultBytes: usize = 0;
let resultLength: u32 = 0;
/** IPv4 fragments are left as they are; of IPv6 fragments, only the one that completes the datagram shows it. */
let onlySix: bool = false;

/** `base` 0: nothing is put together. `sixAlone`: IPv6 only, over all capture points of a file, as tshark's ip.defragment:FALSE. */
export function configureReassembly(base: usize, sixAlone: bool): void {
  memoryStart = base;
  onlySix = sixAlone;
  key = base + ENTRIES * ENTRY;
  if (!base) return;
  for (let i: u32 = 0; i < ENTRIES; i++) store<u32>(base + i * ENTRY + E_USED, 0);
}

export function reassemblesFour(): bool {
  return memoryStart != 0 && !onlySix;
}

export function reassemblesSix(): bool {
  return memoryStart != 0;
}

export function sixOnly(): bool {
  return onlySix;
}

export function reassembledBytes(): usize {
  return resultBytes;
}

export function reassembledLength(): u32 {
  return resultLength;
}

/**
 * Adds `length` bytes at `data`, the piece at `offset` of the datagram with this identification between the two addresses
 * at `addresses` (each `width` bytes). True when the datagram is whole: reassembledBytes() and reassembledLength() tell it.
 */
export function addFragment(
  slot: usize,
  point: u32,
  time: i64,
  addresses: usize,
  width: u32,
  identification: u32,
  protocol: u32,
  offset: u32,
  length: u32,
  more: bool,
  data: usize,
): bool {
  if (!length || length > DATAGRAM || offset + length > DATAGRAM || (more && length & 7)) return false;
  memory.fill(key, 0, 48);
  memory.copy(key, addresses, width << 1);
  store<u32>(key + 32, identification);
  store<u32>(key + 36, protocol | (width << 8));
  store<u32>(key + 40, point);

  let entry: usize = 0;
  let oldest: usize = 0;
  let oldestTime: i64 = i64.MAX_VALUE;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const e = memoryStart + i * ENTRY;
    if (!load<u32>(e + E_USED)) {
      if (oldestTime != i64.MIN_VALUE) {
        oldest = e;
        oldestTime = i64.MIN_VALUE;
      }
      continue;
    }
    if (time - load<i64>(e + E_TIME) > TIMEOUT) {
      store<u32>(e + E_USED, 0);
      oldest = e;
      oldestTime = i64.MIN_VALUE;
      continue;
    }
    if (sameKey(e)) {
      entry = e;
      break;
    }
    if (load<i64>(e + E_TIME) < oldestTime) {
      oldestTime = load<i64>(e + E_TIME);
      oldest = e;
    }
  }
  if (!entry) {
    entry = oldest;
    memory.copy(entry, key, 48);
    store<i64>(entry + E_TIME, time);
    store<u32>(entry + E_TOTAL, 0);
    store<u32>(entry + E_RECEIVED, 0);
    store<u32>(entry + E_PIECES, 0);
    store<u32>(entry + E_USED, 1);
  }

  const pieces = load<u32>(entry + E_PIECES);
  for (let i: u32 = 0; i < pieces; i++) {
    const o = load<u32>(entry + E_LIST + (i << 3));
    const n = load<u32>(entry + E_LIST + (i << 3) + 4);
    if (o == offset && n == length) return false; // the same fragment again: a second sighting
    if (offset < o + n && o < offset + length) {
      store<u32>(entry + E_USED, 0); // overlapping fragments are dropped whole (RFC 5722)
      return false;
    }
  }
  let furthest: u32 = offset + length;
  for (let i: u32 = 0; i < pieces; i++) {
    const to = load<u32>(entry + E_LIST + (i << 3)) + load<u32>(entry + E_LIST + (i << 3) + 4);
    if (to > furthest) furthest = to;
  }
  const known = load<u32>(entry + E_TOTAL);
  if ((known && (furthest > known || (!more && offset + length != known))) || (!more && furthest > offset + length)) {
    store<u32>(entry + E_USED, 0); // two ends, or bytes behind the end
    return false;
  }
  if (pieces == PIECES) {
    store<u32>(entry + E_USED, 0);
    return false;
  }
  store<u32>(entry + E_LIST + (pieces << 3), offset);
  store<u32>(entry + E_LIST + (pieces << 3) + 4, length);
  store<u32>(entry + E_PIECES, pieces + 1);
  memory.copy(entry + E_BYTES + offset, data, length);
  const received = load<u32>(entry + E_RECEIVED) + length;
  store<u32>(entry + E_RECEIVED, received);
  if (!more) store<u32>(entry + E_TOTAL, offset + length);
  const total = load<u32>(entry + E_TOTAL);
  if (!total || received != total) return false;

  store<u32>(entry + E_USED, 0);
  const used = load<u32>(slot + H_REASSEMBLED_USED);
  if (used + total > (REASSEMBLED_BYTES as u32)) return false;
  resultBytes = slot + S_REASSEMBLED + used;
  resultLength = total;
  memory.copy(resultBytes, entry + E_BYTES, total);
  store<u32>(slot + H_REASSEMBLED_USED, used + total);
  return true;
}

function sameKey(entry: usize): bool {
  for (let i: u32 = 0; i < 48; i += 8) if (load<u64>(entry + i) != load<u64>(key + i)) return false;
  return true;
}
