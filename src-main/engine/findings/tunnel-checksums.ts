/**
 * Whether the outer UDP checksum of tunnelled packets is right (RFC 768, RFC 8200 section 8.1).
 *
 * ```
 * sum = ~fold( source + destination + 17 + UDP length  +  UDP header and payload )
 *              └────────── pseudo-header ──────────┘
 * stored = 0                     not computed: what VXLAN does over IPv4 unless told otherwise
 * stored = fold(pseudo-header)   to be filled in by the device (offload): seen on the sender only, no fault
 * stored ≠ sum                   wrong: the receiving kernel drops the packet, and nothing says so
 * ```
 * Data segments of TCP are not summed: a connection whose SYN does not get through has none, and summing everything would
 * cost as much as decoding (2 GB/s at best).
 */
import { LAYER_IPV4, LAYER_IPV6, LAYER_TCP, LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { LAYER_FLAG_FRAGMENT, LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import type { ObservedPacket } from "./observed-packet";

export type ChecksumState = "none" | "right" | "wrong" | "partial";

export class TunnelChecksums {
  /** Packets whose outer checksum is wrong, by index over the workspace. */
  readonly wrong = new Set<number>();
  /** By capture point: how many were looked at, and how they were. */
  readonly counts = new Map<number, Record<ChecksumState, number>>();

  /** `udp` is the row of a UDP layer that carries a tunnel, `end` the packet's last layer row + 1. */
  take({ batch, packet, point }: ObservedPacket, udp: number, end: number): void {
    if (isTcpData(batch, udp, end)) return;
    const state = udpChecksumState(batch, udp);
    if (state === undefined) return;
    let counts = this.counts.get(point);
    if (!counts) this.counts.set(point, (counts = { none: 0, right: 0, wrong: 0, partial: 0 }));
    counts[state]++;
    if (state === "wrong") this.wrong.add(packet);
  }
}

/** The innermost transport is TCP without SYN. */
function isTcpData(batch: Batch, udp: number, end: number): boolean {
  for (let layer = end - 1; layer > udp; layer--) {
    const kind = batch.layerKind[layer];
    if (kind === LAYER_TCP) {
      const at = batch.layerPtr[layer] as number;
      return at + 14 <= (batch.layerEnd[layer] as number) && !((batch.bytes[at + 13] as number) & 2);
    }
    if (kind === LAYER_UDP) return false;
  }
  return false;
}

/** Undefined: it cannot be told (cut short by the capture, a fragment, quoted). */
function udpChecksumState(batch: Batch, udp: number): ChecksumState | undefined {
  const { bytes, view } = batch;
  const at = batch.layerPtr[udp] as number;
  if ((batch.layerFlags[udp] as number) & (LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT)) return undefined;
  const network = batch.layerAux[udp] as number;
  const kind = batch.layerKind[network];
  if (kind !== LAYER_IPV4 && kind !== LAYER_IPV6) return undefined;
  const ip = batch.layerPtr[network] as number;
  if (at + 8 > (batch.layerEnd[udp] as number)) return undefined;
  const length = view.getUint16(at + 4);
  if (length < 8 || at + length > (batch.layerEnd[udp] as number)) return undefined;
  const stored = view.getUint16(at + 6);
  if (stored === 0) return "none";
  // Addresses lie side by side in both headers: 8 bytes from 12, 32 bytes from 8.
  const addresses = kind === LAYER_IPV4 ? 12 : 8;
  const pseudo = fold(sum(bytes, ip + addresses, ip + addresses + (kind === LAYER_IPV4 ? 8 : 32)) + 17 + length);
  if (stored === pseudo) return "partial";
  // Everything with the stored checksum in it sums to all ones.
  return fold(pseudo + sum(bytes, at, at + length)) === 0xffff ? "right" : "wrong";
}

/** Sum of 16-bit words, an odd last byte padded with zero. */
function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  let at = from;
  for (; at + 1 < to; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < to) total += (bytes[at] as number) << 8;
  return total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}
