/**
 * Splits a key that more sets share than NAT can make of one: heartbeats, metrics and pings say the same in call after call, each call from
 * a port or an address of its own. What else NAT keeps says which belong together.
 *
 * ```
 * sets of one key ─┬─ identification of the packet, not 0     ─► of one value and few: partners
 *                  └─ the end that sent first, of datagrams   ─► of one value and few: partners, crowded: weighPair() asks for more
 * ```
 * A generator's constant identification and a scanner's port are of many again, and pair nobody. Of TCP the sequence number is the
 * key: shared by many it was made by hand.
 */
import { PICK_BYTES, PICK_CLASS_BYTES } from "./abi";
import { setFlows, setStart } from "./flow-sets";
import { stir } from "./hash";
import { allocate } from "./host";
import { rowAt } from "./joining";
import { ICMP, ICMP6, UDP, addressOf, apartNs, directionOf, portsOf, protocolOf, rowIn, rowsFrom, rowsTo } from "./matched-flows";
import { MAX_TUPLES, pairThem } from "./partner-lists";
import { picksOf } from "./picks";
import { sortByUpper } from "./radix-sort";
import { borrowed } from "./scratch";

/** Below a value: it is that of an end. */
const OF_END: u32 = 1;

/** u64: value << 32 | set; two for each set at most. */
let entries: usize = 0;
let room: u32 = 0;
let different: usize = 0;

/** Before candidates are looked for. */
export function beginCrowds(): void {
  room = 0;
}

/** Pairs the sets of a run of `length` entries (u64: key << 32 | set, by set) of one key; `placed` as pairThem. */
export function pairsOfCrowd(run: usize, length: u32, placed: bool): void {
  const key = load<u32>(run + 4);
  const protocol = protocolOf(firstOf(load<u32>(run)));
  if (protocol != UDP && protocol != ICMP && protocol != ICMP6) return;
  if (length > room) {
    room = 1024;
    while (room < length) room <<= 1;
    entries = borrowed(room << 5);
  }
  if (!different) different = allocate(MAX_TUPLES << 2);
  let count: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const set = load<u32>(run + (i << 3));
    if (i > 0 && load<u32>(run + ((i - 1) << 3)) == set) continue;
    const row = rowOf(set, key);
    const id = row ? (load<u16>(row + 38) as u32) : 0;
    if (id) add(count++, stir(0x2545f491, id) & ~OF_END, set);
    if (protocol == UDP) add(count++, firstSender(set) | OF_END, set);
  }
  const sorted = sortByUpper(entries, entries + ((room as usize) << 4), count);
  for (let i: u32 = 0; i < count; ) {
    const value = load<u32>(sorted + (i << 3) + 4);
    const from = i;
    while (i < count && load<u32>(sorted + (i << 3) + 4) == value) i++;
    const found = i - from;
    if (found < 2 || found > MAX_TUPLES) continue;
    for (let k: u32 = 0; k < found; k++) store<u32>(different + (k << 2), load<u32>(sorted + ((from + k) << 3)));
    pairThem(different, found, placed, (value & OF_END) != 0);
  }
}

function add(at: u32, value: u32, set: u32): void {
  store<u64>(entries + (at << 3), ((value as u64) << 32) | (set as u64));
}

/** The set's lowest flow. */
// @ts-ignore: decorator
@inline
function firstOf(set: u32): u32 {
  return load<u32>(setFlows() + (load<u32>(setStart() + (set << 2)) << 2));
}

/** The first row that a flow of the set picked with this key, 0 none. */
export function rowOf(set: u32, key: u32): usize {
  const last = load<u32>(setStart() + ((set + 1) << 2));
  for (let i = load<u32>(setStart() + (set << 2)); i < last; i++) {
    const picks = picksOf(load<u32>(setFlows() + (i << 2)));
    for (let c: u32 = 0; c < 4; c++) {
      const from = picks + c * PICK_CLASS_BYTES;
      const end = from + 4 + load<u32>(from) * PICK_BYTES;
      for (let p = from + 4; p < end; p += PICK_BYTES) if (load<u32>(p) == key) return rowAt(load<u32>(p + 4));
    }
  }
  return 0;
}

/** Address and port that sent the earliest datagram of the set, as 32 bits: answers may have passed where the question did not. */
function firstSender(set: u32): u32 {
  const last = load<u32>(setStart() + ((set + 1) << 2));
  let flow: u32 = 0;
  let earliest: usize = 0;
  for (let i = load<u32>(setStart() + (set << 2)); i < last; i++) {
    const f = load<u32>(setFlows() + (i << 2));
    const from = rowsFrom(f);
    if (from == rowsTo(f) || (earliest && apartNs(earliest, rowIn(from)) >= 0)) continue;
    earliest = rowIn(from);
    flow = f;
  }
  if (!earliest) return 0;
  const end = directionOf(earliest);
  const ports = portsOf(flow);
  return stir(stir(0x9e6c63d0, addressOf(flow, end)), end ? ports & 0xffff : ports >> 16);
}
