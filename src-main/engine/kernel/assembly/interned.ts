/**
 * Numbers for what a flow's key names and has no room for: IPv6 addresses, and contexts (capture point, depth, tunnel, VNI).
 *
 * ```
 * addresses6   16 bytes each              slots6         open addressing, number + 1
 * contexts     CONTEXT_BYTES each (C_*)   contextSlots   the same
 * ```
 * Both tables grow: what is told to the host (K_*) moves then.
 */
import {
  C_ANY_POINT,
  C_DEPTH,
  C_POINT,
  C_VNI,
  CONTEXT_BYTES,
  K_ADDRESS6_COUNT,
  K_ADDRESSES6,
  K_CONTEXTS,
  K_CONTEXT_COUNT,
  NO_ROW,
} from "./abi";
import { mix, zeroed } from "./hash";
import { allocate } from "./host";

/** The context of a stream whatever its capture point: no interned context has this number. */
export const ANY_CONTEXT: u32 = 0x7fffff;

let interned: usize = 0;
let addresses6: usize = 0;
let address6Count: u32 = 0;
let address6Capacity: u32 = 0;
let slots6: usize = 0;
let mask6: u32 = 0;
let contexts: usize = 0;
let contextRows: u32 = 0;
let contextCapacity: u32 = 0;
let contextSlots: usize = 0;
let contextMask: u32 = 0;
let lastContextPoint: u32 = NO_ROW;
let lastContext: u32 = 0;

/** `block` tells what was interned (K_*). Forgets all of it. */
export function configureInterned(block: usize): void {
  interned = block;
  address6Count = 0;
  contextRows = 0;
  lastContextPoint = NO_ROW;
  address6Capacity = 4096;
  addresses6 = allocate(address6Capacity << 4);
  mask6 = 0x3fff;
  slots6 = zeroed((mask6 + 1) << 2);
  contextCapacity = 1024;
  contexts = allocate(contextCapacity * CONTEXT_BYTES);
  contextMask = 0xfff;
  contextSlots = zeroed((contextMask + 1) << 2);
  tellInterned();
}

function tellInterned(): void {
  store<u32>(interned + K_CONTEXTS, contexts as u32);
  store<u32>(interned + K_CONTEXT_COUNT, contextRows);
  store<u32>(interned + K_ADDRESSES6, addresses6 as u32);
  store<u32>(interned + K_ADDRESS6_COUNT, address6Count);
}

/** Number of the IPv6 address at `p`. */
export function intern6(p: usize): u32 {
  const a = load<u64>(p);
  const b = load<u64>(p + 8);
  let i = mix(a, b) & mask6;
  let v = load<u32>(slots6 + (i << 2));
  while (v) {
    const q = addresses6 + ((v - 1) << 4);
    if (load<u64>(q) == a && load<u64>(q + 8) == b) return v - 1;
    i = (i + 1) & mask6;
    v = load<u32>(slots6 + (i << 2));
  }
  if (address6Count == address6Capacity) {
    const bigger = allocate(address6Capacity << 5);
    memory.copy(bigger, addresses6, address6Capacity << 4);
    addresses6 = bigger;
    address6Capacity <<= 1;
  }
  store<u64>(addresses6 + (address6Count << 4), a);
  store<u64>(addresses6 + (address6Count << 4) + 8, b);
  store<u32>(slots6 + (i << 2), ++address6Count);
  const id = address6Count - 1;
  tellInterned();
  if (address6Count << 1 > mask6) {
    mask6 = (mask6 << 1) | 1;
    slots6 = zeroed((mask6 + 1) << 2);
    for (let k: u32 = 0; k < address6Count; k++) {
      let j = mix(load<u64>(addresses6 + (k << 4)), load<u64>(addresses6 + (k << 4) + 8)) & mask6;
      while (load<u32>(slots6 + (j << 2))) j = (j + 1) & mask6;
      store<u32>(slots6 + (j << 2), k + 1);
    }
  }
  return id;
}

/** Nearly every packet's: one context per capture point, the last one remembered. */
// @ts-ignore: decorator
@inline
export function plainContextOf(point: u32): u32 {
  if (point != lastContextPoint) {
    lastContext = contextOf(point, 1, 0);
    lastContextPoint = point;
  }
  return lastContext;
}

/** Number of a capture point (NO_ROW: any), a depth with its tunnel's kind (depth | kind << 8), and a VNI. */
export function contextOf(point: u32, depth: u32, vni: u32): u32 {
  const h = mix(((point as u64) << 32) | (depth as u64), vni as u64);
  let i = h & contextMask;
  let v = load<u32>(contextSlots + (i << 2));
  while (v) {
    const c = contexts + (v - 1) * CONTEXT_BYTES;
    if (load<u32>(c + C_POINT) == point && load<u32>(c + C_DEPTH) == depth && load<u32>(c + C_VNI) == vni) return v - 1;
    i = (i + 1) & contextMask;
    v = load<u32>(contextSlots + (i << 2));
  }
  // The key has 23 bits for it. More contexts than that share the last one.
  if (contextRows == 0x7ffffe) return contextRows - 1;
  if (contextRows == contextCapacity) {
    const bigger = allocate((contextCapacity * CONTEXT_BYTES) << 1);
    memory.copy(bigger, contexts, contextCapacity * CONTEXT_BYTES);
    contexts = bigger;
    contextCapacity <<= 1;
    contextMask = (contextMask << 1) | 1;
    contextSlots = zeroed((contextMask + 1) << 2);
    for (let k: u32 = 0; k < contextRows; k++) {
      const c = contexts + k * CONTEXT_BYTES;
      let j =
        mix(((load<u32>(c + C_POINT) as u64) << 32) | (load<u32>(c + C_DEPTH) as u64), load<u32>(c + C_VNI) as u64) &
        contextMask;
      while (load<u32>(contextSlots + (j << 2))) j = (j + 1) & contextMask;
      store<u32>(contextSlots + (j << 2), k + 1);
    }
    i = h & contextMask;
    while (load<u32>(contextSlots + (i << 2))) i = (i + 1) & contextMask;
  }
  const id = contextRows++;
  store<u32>(contextSlots + (i << 2), id + 1);
  const c = contexts + id * CONTEXT_BYTES;
  store<u32>(c + C_POINT, point);
  store<u32>(c + C_DEPTH, depth);
  store<u32>(c + C_VNI, vni);
  store<u32>(c + C_ANY_POINT, id);
  tellInterned();
  if (point != NO_ROW) {
    const any = contextOf(NO_ROW, depth, vni);
    store<u32>(contexts + id * CONTEXT_BYTES + C_ANY_POINT, any);
  }
  return id;
}
