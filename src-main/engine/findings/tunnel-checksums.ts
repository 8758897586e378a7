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
 * Local checksum offload: where the checksum of what is carried is left to the device, the kernel does not wait for it. Once that one is
 * filled in, everything from its header on sums to the complement of its pseudo-header, so the outer checksum is known already, and right.
 * A capture taken before the device shows the inner field not filled in (Linux, Documentation/networking/checksum-offloads.rst, "LCO").
 *
 * ```
 * outer UDP header … inner IP | inner TCP or UDP header, payload         sum = ~fold( pseudo + left part + ~stored inner )
 * └────── left part ────────┘   └ counts as ~fold(its pseudo-header)
 * ```
 * Data segments of TCP are not summed: a connection whose SYN does not get through has none, and summing everything would
 * cost as much as decoding (2 GB/s at best).
 */
import { LAYER_IPV4, LAYER_IPV6, LAYER_TCP, LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { LAYER_FLAG_FRAGMENT, LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import type { ObservedPacket } from "./observed-packet";

/** What one's complement sums to where the checksum is right. */
const ALL_ONES = 0xffff;

export type ChecksumState = "none" | "right" | "wrong" | "partial";

export class TunnelChecksums {
  /** Packets whose outer checksum is wrong, by index over the workspace. */
  readonly wrong = new Set<number>();
  /** By capture point: how many were looked at, and how they were. */
  readonly counts = new Map<number, Record<ChecksumState, number>>();

  /** `udp` is the row of a UDP layer that carries a tunnel, `end` the packet's last layer row + 1. */
  take({ batch, packet, point }: ObservedPacket, udp: number, end: number): void {
    if (isTcpData(batch, udp, end)) return;
    const state = udpChecksumState(batch, udp, end);
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

/** Undefined: it cannot be told (cut short by the capture, a fragment, quoted). `end`: the packet's last layer row + 1. */
function udpChecksumState(batch: Batch, udp: number, end: number): ChecksumState | undefined {
  const { bytes, view } = batch;
  const at = batch.layerPtr[udp] as number;
  if ((batch.layerFlags[udp] as number) & (LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT)) return undefined;
  if (at + 8 > (batch.layerEnd[udp] as number)) return undefined;
  const length = view.getUint16(at + 4);
  if (length < 8 || at + length > (batch.layerEnd[udp] as number)) return undefined;
  const pseudo = pseudoHeaderSum(batch, udp, 17, length);
  if (pseudo === undefined) return undefined;
  const stored = view.getUint16(at + 6);
  if (stored === 0) return "none";
  if (stored === pseudo) return "partial";
  // Everything with the stored checksum in it sums to all ones.
  if (fold(pseudo + sum(bytes, at, at + length)) === ALL_ONES) return "right";
  for (let layer = udp + 1; layer < end; layer++) {
    const left = leftToDevice(batch, layer);
    if (left === undefined) continue;
    const inner = batch.layerPtr[layer] as number;
    if ((inner - at) % 2 === 0 && fold(pseudo + sum(bytes, at, inner) + (ALL_ONES - left)) === ALL_ONES) return "right";
  }
  return "wrong";
}

/** The pseudo-header's sum that a TCP or UDP header has in its checksum field for the device to go on from; undefined: it has another. */
function leftToDevice(batch: Batch, layer: number): number | undefined {
  const kind = batch.layerKind[layer];
  if (kind !== LAYER_TCP && kind !== LAYER_UDP) return undefined;
  if ((batch.layerFlags[layer] as number) & (LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT)) return undefined;
  const at = batch.layerPtr[layer] as number;
  const field = at + (kind === LAYER_TCP ? 16 : 6);
  const length = (batch.layerEnd[layer] as number) - at;
  if (length < (kind === LAYER_TCP ? 20 : 8)) return undefined;
  const pseudo = pseudoHeaderSum(batch, layer, kind === LAYER_TCP ? 6 : 17, length);
  return pseudo !== undefined && batch.view.getUint16(field) === pseudo ? pseudo : undefined;
}

/** Folded sum of addresses, protocol and length around a TCP or UDP header; undefined where no IP header is. */
function pseudoHeaderSum(batch: Batch, transport: number, protocol: number, length: number): number | undefined {
  const network = batch.layerAux[transport] as number;
  const kind = batch.layerKind[network];
  if (kind !== LAYER_IPV4 && kind !== LAYER_IPV6) return undefined;
  const ip = batch.layerPtr[network] as number;
  // Addresses lie side by side in both headers: 8 bytes from 12, 32 bytes from 8.
  const addresses = ip + (kind === LAYER_IPV4 ? 12 : 8);
  return fold(sum(batch.bytes, addresses, addresses + (kind === LAYER_IPV4 ? 8 : 32)) + protocol + length);
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
