/**
 * Whether something was said once: a datagram's payload that one clock's captures have only within one second is of one packet, seen
 * several times. A health check says the same again and again, and says nothing about which of its calls is which.
 *
 * ```
 * slot   hash of payload and clock     first and last second it was seen
 * ```
 * Built when it is first asked, which most recordings never do; one pass over the datagrams, 12 bytes a slot.
 */
import { SIGHTING_CARRIES } from "./abi";
import { flowCount } from "./flow-rows";
import { rowAt } from "./joining";
import { UDP, fileOf, pointOf, protocolOf, rowIn, rowsFrom, rowsTo } from "./matched-flows";
import { borrowed } from "./scratch";
import { earliestSeconds } from "./sightings";

/** Datagrams of a flow that are looked at. */
const LOOKED_AT: u32 = 64;
/** With more payloads than three quarters of this nothing counts as said once. */
const MOST_SLOTS: u32 = 1 << 22;
const ONE_PACKET_NS: f64 = 1000000000;

// A slot: u32 key (0: free), f32 first second, f32 last second
const SLOT_BYTES: u32 = 12;
let slots: usize = 0;
let mask: u32 = 0;
let isFull: bool = false;
let base: i64 = 0;

/** Before flows are matched. */
export function beginSaidOnce(): void {
  slots = 0;
}

/** True if the payload of `row`, a datagram's, was seen around its time only. */
export function isSaidOnce(row: u32): bool {
  if (!slots) collect();
  if (isFull) return false;
  const slot = slotOf(keyOf(rowAt(row)));
  return ((load<f32>(slot + 8) as f64) - (load<f32>(slot + 4) as f64)) * 1000000000 <= ONE_PACKET_NS;
}

function collect(): void {
  const flows = flowCount();
  let rows: u32 = 0;
  for (let f: u32 = 0; f < flows; f++) if (protocolOf(f) == UDP) rows += lookedTo(f) - rowsFrom(f);
  let total: u32 = 1024;
  while (total < rows << 1 && total < MOST_SLOTS) total <<= 1;
  mask = total - 1;
  slots = borrowed(total * SLOT_BYTES);
  memory.fill(slots, 0, total * SLOT_BYTES);
  isFull = false;
  const earliest = earliestSeconds();
  base = earliest == Infinity ? 0 : (earliest as i64);
  let left: u32 = (total >> 2) * 3;
  for (let f: u32 = 0; f < flows && !isFull; f++) {
    if (protocolOf(f) != UDP) continue;
    const to = lookedTo(f);
    for (let i = rowsFrom(f); i < to; i++) {
      const r = rowIn(i);
      if (!load<u32>(r + 28) || load<u32>(r + 36) & SIGHTING_CARRIES) continue;
      if (take(r)) left--;
    }
    if (left < LOOKED_AT) isFull = true;
  }
}

function lookedTo(flow: u32): u32 {
  const from = rowsFrom(flow);
  const to = rowsTo(flow);
  return to - from > LOOKED_AT ? from + LOOKED_AT : to;
}

/** True if its payload is new. */
function take(r: usize): bool {
  const key = keyOf(r);
  const slot = slotOf(key);
  const t = load<i64>(r);
  const seconds: f64 = ((((t >> 30) - base) * 1000000000 + (t & 0x3fffffff)) as f64) / 1000000000;
  if (!load<u32>(slot)) {
    store<u32>(slot, key);
    store<f32>(slot + 4, seconds as f32);
    store<f32>(slot + 8, seconds as f32);
    return true;
  }
  if (seconds < (load<f32>(slot + 4) as f64)) store<f32>(slot + 4, seconds as f32);
  if (seconds > (load<f32>(slot + 8) as f64)) store<f32>(slot + 8, seconds as f32);
  return false;
}

/** Of payload and clock; not 0. Points of one file have one clock. */
function keyOf(r: usize): u32 {
  const clock = fileOf(pointOf(load<u32>(r + 12) >> 1));
  let key: u32 = (load<u32>(r + 28) ^ ((clock + 1) * 0x9e3779b1)) * 0x85ebca6b;
  key ^= key >> 15;
  return key ? key : 1;
}

/** Where a key is kept, or would be. */
function slotOf(key: u32): usize {
  let slot = ((key * 0x9e3779b1) >> 7) & mask;
  let v = load<u32>(slots + slot * SLOT_BYTES);
  while (v && v != key) {
    slot = (slot + 1) & mask;
    v = load<u32>(slots + slot * SLOT_BYTES);
  }
  return slots + slot * SLOT_BYTES;
}
