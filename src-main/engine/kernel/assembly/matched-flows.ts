/** What matching asks of flows and their rows. A flow and a row are numbers; what they say is read where it lies. */
import {
  C_DEPTH,
  C_VNI,
  CONTEXT_BYTES,
  F_PORTS,
  F_TAG,
  FLOW_CONTEXT_SHIFT,
  FLOW_V6,
  K_ADDRESSES6,
  K_CONTEXTS,
} from "./abi";
import { flowRow } from "./flow-rows";
import { order, rowAt, start } from "./joining";

export const TCP: u32 = 6;
export const UDP: u32 = 17;
export const SCTP: u32 = 132;
export const ICMP: u32 = 1;
export const ICMP6: u32 = 58;

let contexts: usize = 0;
let addresses6: usize = 0;
let files: usize = 0;
let points: usize = 0;

/** `interned` as configureFlows; u32 file by point, u32 point by flow. */
export function configureMatchedFlows(interned: usize, fileOfPoint: usize, pointOfFlow: usize): void {
  contexts = load<u32>(interned + K_CONTEXTS);
  addresses6 = load<u32>(interned + K_ADDRESSES6);
  files = fileOfPoint;
  points = pointOfFlow;
}

// @ts-ignore: decorator
@inline
export function contextOf(flow: u32): usize {
  return contexts + (load<u32>(flowRow(flow) + F_TAG) >> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES;
}
// @ts-ignore: decorator
@inline
export function pointOf(flow: u32): u32 {
  return load<u32>(points + (flow << 2));
}
// @ts-ignore: decorator
@inline
export function fileOf(point: u32): u32 {
  return load<u32>(files + (point << 2));
}
// @ts-ignore: decorator
@inline
export function protocolOf(flow: u32): u32 {
  return load<u8>(flowRow(flow) + F_TAG);
}
// @ts-ignore: decorator
@inline
export function isV6(flow: u32): bool {
  return (load<u32>(flowRow(flow) + F_TAG) & FLOW_V6) != 0;
}
/** Endpoint A (0) or B (1): IPv4 address, or number of an interned IPv6 address. */
// @ts-ignore: decorator
@inline
export function addressOf(flow: u32, end: u32): u32 {
  return load<u32>(flowRow(flow) + (end << 2));
}
// @ts-ignore: decorator
@inline
export function portsOf(flow: u32): u32 {
  return load<u32>(flowRow(flow) + F_PORTS);
}
// @ts-ignore: decorator
@inline
export function vniOf(flow: u32): u32 {
  return load<u32>(contextOf(flow) + C_VNI);
}
/** Depth, DEPTH_QUOTED, tunnel kind << 8. */
// @ts-ignore: decorator
@inline
export function depthsOf(flow: u32): u32 {
  return load<u32>(contextOf(flow) + C_DEPTH);
}
/** First byte of an interned IPv6 address. */
// @ts-ignore: decorator
@inline
export function firstByte6(address: u32): u32 {
  return load<u8>(addresses6 + (address << 4));
}

/** Place in `order` of the flow's first row, and behind its last. */
// @ts-ignore: decorator
@inline
export function rowsFrom(flow: u32): u32 {
  return load<u32>(start + (flow << 2));
}
// @ts-ignore: decorator
@inline
export function rowsTo(flow: u32): u32 {
  return load<u32>(start + ((flow + 1) << 2));
}
/** The row at a place of `order`. */
// @ts-ignore: decorator
@inline
export function rowNumber(place: u32): u32 {
  return load<u32>(order + (place << 2));
}
// @ts-ignore: decorator
@inline
export function rowIn(place: u32): usize {
  return rowAt(rowNumber(place));
}
/** 0: sent by endpoint A of the flow, 1: by B. */
// @ts-ignore: decorator
@inline
export function directionOf(r: usize): u32 {
  return load<u32>(r + 12) & 1;
}
/** Nanoseconds from row `x` to row `y`, each on its file's clock. */
// @ts-ignore: decorator
@inline
export function apartNs(x: usize, y: usize): i64 {
  const a = load<i64>(x);
  const b = load<i64>(y);
  return ((b >> 30) - (a >> 30)) * 1000000000 + ((b & 0x3fffffff) - (a & 0x3fffffff));
}
// @ts-ignore: decorator
@inline
export function ttlOf(r: usize): u32 {
  return load<u8>(r + 37);
}
