/**
 * Where the flow table's rows lie and how a key finds its row.
 *
 * Open addressing over 8-byte slots (hash, row); rows are 128 bytes, two cache lines, in segments that never move. Streams have
 * rows of 32 bytes in the same table.
 */
import {
  E_HASH,
  E_KEY,
  F_A,
  F_CARRIER,
  F_PORTS,
  FLOW_SEGMENT_SHIFT,
  NO_ROW,
} from "./abi";
import { zeroed } from "./hash";
import { allocate } from "./host";

const SEGMENT_SHIFT: u32 = FLOW_SEGMENT_SHIFT; // 16384 rows of 128 bytes: 2 MiB
const SEGMENT_MASK: u32 = (1 << SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS: u32 = 8192;

/** Rows of the flow table have 128 bytes. */
const FLOW_ROW_SHIFT: u32 = 7;

/** In stream mode 32: the key, then S_* of flow-streams.ts. */
const STREAM_ROW_SHIFT: u32 = 5;

const IDENTIFIER_BYTES: u32 = 20;
let rows: u32 = 0;
let segments: usize = 0; // directory of row segments
let rowShift: u32 = FLOW_ROW_SHIFT;
let table: usize = 0;
let tableMask: u32 = 0;
let identifiers: usize = 0; // directory of Community ID segments; none in stream mode
let maxProbe: u32 = 0;

/** Begins a table without rows; `streams`: of short rows. */
export function configureRows(streams: bool): void {
  rows = 0;
  segments = allocate(MAX_SEGMENTS * 4);
  rowShift = streams ? STREAM_ROW_SHIFT : FLOW_ROW_SHIFT;
  identifiers = streams ? 0 : allocate(MAX_SEGMENTS * 4);
  tableMask = 0xffff;
  table = zeroed((tableMask + 1) << 3);
}

export function flowCount(): u32 {
  return rows;
}

/** Longest search for a slot so far: a weak hash shows here first. */
export function longestProbe(): u32 {
  return maxProbe;
}

// @ts-ignore: decorator
@inline
export function flowRow(row: u32): usize {
  return (load<u32>(segments + ((row >> SEGMENT_SHIFT) << 2)) as usize) + ((row & SEGMENT_MASK) << rowShift);
}

/** Appends a row for the event's key and points slot `i` at it. */
export function newRow(e: usize, i: u32): u32 {
  const row = rows++;
  if (!(row & SEGMENT_MASK)) {
    const s = row >> SEGMENT_SHIFT;
    store<u32>(segments + (s << 2), allocate(1 << (SEGMENT_SHIFT + rowShift)) as u32);
    if (identifiers) store<u32>(identifiers + (s << 2), allocate(IDENTIFIER_BYTES << SEGMENT_SHIFT) as u32);
  }
  const f = flowRow(row);
  store<u64>(f + F_A, load<u64>(e + E_KEY));
  store<u64>(f + F_PORTS, load<u64>(e + E_KEY + 8));
  if (!identifiers) memory.fill(f + 16, 0, 16);
  else {
    memory.fill(f + 16, 0, 112);
    store<u32>(f + F_CARRIER, NO_ROW);
  }
  store<u64>(table + (i << 3), ((load<u32>(e + E_HASH) as u64) << 32) | ((row + 1) as u64));
  if (rows << 1 > tableMask) growTable();
  return row;
}

function growTable(): void {
  const old = table;
  const oldMask = tableMask;
  tableMask = (tableMask << 1) | 1;
  table = zeroed((tableMask + 1) << 3);
  for (let k: u32 = 0; k <= oldMask; k++) {
    const v = load<u64>(old + (k << 3));
    if (!v) continue;
    let j = ((v >> 32) as u32) & tableMask;
    while (load<u64>(table + (j << 3))) j = (j + 1) & tableMask;
    store<u64>(table + (j << 3), v);
  }
}

/** Slot of the event's key, or of the hole where it belongs. */
export function find(e: usize): u32 {
  const hash = load<u32>(e + E_HASH);
  const k0 = load<u64>(e + E_KEY);
  const k1 = load<u64>(e + E_KEY + 8);
  let i = hash & tableMask;
  let probes: u32 = 0;
  for (;;) {
    const v = load<u64>(table + (i << 3));
    if (!v) break;
    if (((v >> 32) as u32) == hash) {
      const f = flowRow((v as u32) - 1);
      if (load<u64>(f + F_A) == k0 && load<u64>(f + F_PORTS) == k1) break;
    }
    i = (i + 1) & tableMask;
    probes++;
  }
  if (probes > maxProbe) maxProbe = probes;
  return i;
}

/** Of a hash: the bits that number the slot where the search for its key begins. */
// @ts-ignore: decorator
@inline
export function slotMask(): u32 {
  return tableMask;
}

/** Slot `i`: the row's number plus one below, its key's hash above; 0 if it is free. */
// @ts-ignore: decorator
@inline
export function slotAt(i: u32): u64 {
  return load<u64>(table + (i << 3));
}

/** Where the 20 bytes of a row's Community ID lie (flow mode). */
// @ts-ignore: decorator
@inline
export function identifierAt(row: u32): usize {
  return (load<u32>(identifiers + ((row >> SEGMENT_SHIFT) << 2)) as usize) + (row & SEGMENT_MASK) * IDENTIFIER_BYTES;
}
