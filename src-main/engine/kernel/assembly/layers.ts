/**
 * What the decoding steps share: the row writer, the flags that rows are written with, and the answer of a step.
 *
 * A *step* reads one header at `p`. It returns what comes next (an EtherType in the low 16 bits, or NEXT_*) and leaves with
 * leave() how many bytes it used up, and what is left; or with halt() why decoding stops there. Only headers that few packets
 * have are steps of their own; the others lie in the loop of decode.ts, whose cursor lives in registers.
 */
import {
  L_AUX,
  L_END,
  L_FLAGS,
  L_HEADER,
  L_KIND,
  L_LENGTH,
  L_PTR,
  LAYER_FLAG_CUT,
  STOP_CAPTURE,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_NONE,
} from "./abi";
import { FIRST_ETHERTYPE as FIRST } from "../../../../src-shared/model/header-numbers";

export const NEXT_DONE: u32 = 0;
export const NEXT_ETHERNET: u32 = 0x10000;
export const NEXT_IP: u32 = 0x10001;
export const NEXT_IP_PROTOCOL: u32 = 0x10002;
export const NEXT_PPP: u32 = 0x10003;
export const NEXT_PAYLOAD: u32 = 0x10004;
export const NEXT_LLC: u32 = 0x10005;
export const NEXT_TCP_PAYLOAD: u32 = 0x10006;
export const NEXT_UDP_PAYLOAD: u32 = 0x10007;
export const NEXT_CISCO_HDLC: u32 = 0x10008;
export const NEXT_FRAME_RELAY: u32 = 0x10009;
export const NEXT_WLAN: u32 = 0x1000a;
export const NEXT_IPV4: u32 = 0x0800;
export const NEXT_IPV6: u32 = 0x86dd;
export const FIRST_ETHERTYPE: u32 = FIRST;

let slotBase: usize = 0;
let nextRow: u32 = 0;
let flags: u32 = 0;

/** Rows from `row` on, without flags. */
export function beginLayers(slot: usize, row: u32): void {
  slotBase = slot;
  nextRow = row;
  flags = 0;
}

// @ts-ignore: decorator
@inline
export function layerNext(): u32 {
  return nextRow;
}

// @ts-ignore: decorator
@inline
export function layerFlags(): u32 {
  return flags;
}

// @ts-ignore: decorator
@inline
export function setLayerFlags(value: u32): void {
  flags = value;
}

// @ts-ignore: decorator
@inline
export function addLayerFlags(bits: u32): void {
  flags |= bits;
}

// @ts-ignore: decorator
@inline
export function dropLayerFlags(bits: u32): void {
  flags &= ~bits;
}

/** Appends a row: `length` bytes as the carriers state them, `end` the address after the last captured byte. */
// @ts-ignore: decorator
@inline
export function addLayer(kind: u32, p: usize, header: u32, length: u32, end: usize, aux: u32): void {
  const row = nextRow;
  const s = slotBase;
  store<u8>(s + L_KIND + row, kind as u8);
  store<u8>(s + L_FLAGS + row, flags as u8);
  store<u16>(s + L_HEADER + (row << 1), header as u16);
  store<u32>(s + L_PTR + (row << 2), p as u32);
  store<u32>(s + L_LENGTH + (row << 2), length);
  const stated = p + length;
  store<u32>(s + L_END + (row << 2), (stated < end ? stated : end) as u32);
  store<u32>(s + L_AUX + (row << 2), aux);
  nextRow = row + 1;
}

let used: u32 = 0;
let left: u32 = 0;
let stop: u32 = STOP_NONE;

/** Bytes the step used up. */
export function stepUsed(): u32 {
  return used;
}
/** Bytes that the carriers grant to what follows. */
export function stepLeft(): u32 {
  return left;
}
/** Why decoding stops: STOP_*. */
export function stepStop(): u32 {
  return stop;
}

/** Ends a step behind a header of `bytes`; `rest` bytes are granted to what follows, none of them ends the packet. */
export function leave(next: u32, bytes: u32, rest: u32, why: u32 = STOP_NONE): u32 {
  used = bytes;
  left = rest;
  stop = why;
  return rest ? next : NEXT_DONE;
}

/** A step without a header: `next` is looked for here, even where no byte is left. */
export function pass(next: u32, granted: u32): u32 {
  used = 0;
  left = granted;
  stop = STOP_NONE;
  return next;
}

/** Ends a step where it began, with the packet: `why` is one of STOP_*. */
export function halt(granted: u32, why: u32): u32 {
  used = 0;
  left = granted;
  stop = why;
  return NEXT_DONE;
}

/**
 * A header that needs `header` bytes where fewer are, or that states fewer than it must have: its row, marked as cut, if there
 * is a byte of it at all.
 */
export function cut(kind: u32, p: usize, header: u32, granted: u32, have: u32, end: usize, aux: u32): u32 {
  if (have) {
    addLayerFlags(LAYER_FLAG_CUT);
    addLayer(kind, p, header, granted, end, aux);
  }
  return halt(granted, have >= header ? STOP_HEADER : granted < header ? STOP_LENGTH : STOP_CAPTURE);
}
