/**
 * The same recording with other names for everything that is only a name: addresses, ports, tunnel ports, VNIs. Packets are rewritten byte
 * by byte, as deep as they are nested; checksums that were right stay right, those left to the device (partial) stay partial.
 */
import type { CaptureContent } from "./shift-capture";

export interface Renumbering {
  /** IPv4 address, as a number, to another one. */
  readonly address: (address: number) => number;
  readonly port: (port: number) => number;
  readonly vni: (vni: number) => number;
  /** UDP ports behind which VXLAN or IP itself lies. */
  readonly tunnelPorts: ReadonlySet<number>;
}

const ETHERNET = 1;
/** Checksum fields: as computed, the bare pseudo-header's sum, anything else. */
type ChecksumState = "right" | "partial" | "other";

/** Throws for link types other than Ethernet and raw IP. */
export function renumberCapture(content: CaptureContent, names: Renumbering): CaptureContent {
  return {
    interfaces: content.interfaces,
    packets: content.packets.map((packet) => {
      // A Buffer's slice() would be the recording's own bytes.
      const bytes = Uint8Array.from(packet.bytes);
      const linkType = content.interfaces[packet.interfaceId]?.linkType;
      if (linkType === ETHERNET) rewriteEthernet(bytes, names);
      else if (linkType === 101 || linkType === 12 || linkType === 228) rewriteIp(bytes, names);
      else throw new Error(`link type ${linkType} is not rewritten`);
      return { ...packet, bytes };
    }),
  };
}

export function addressNumber(text: string): number {
  return text.split(".").reduce((n, part) => n * 256 + Number(part), 0);
}

export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function rewriteEthernet(frame: Uint8Array, names: Renumbering): void {
  if (frame.length < 14) return;
  const view = viewOf(frame);
  const type = view.getUint16(12);
  if (type === 0x0800) rewriteIp(frame.subarray(14), names);
  else if (type === 0x0806 && frame.length >= 42)
    for (const at of [28, 38]) view.setUint32(at, names.address(view.getUint32(at)));
}

/** `packet`: an IPv4 packet and what may follow it; anything else is left alone. */
function rewriteIp(packet: Uint8Array, names: Renumbering, isQuoted = false): void {
  if (packet.length < 20 || (packet[0] ?? 0) >> 4 !== 4) return;
  const view = viewOf(packet);
  const headerLength = ((packet[0] ?? 0) & 15) * 4;
  const totalLength = view.getUint16(2);
  const payload = packet.subarray(headerLength, totalLength || packet.length);
  const protocol = packet[9] ?? 0;
  const isWhole = !isQuoted && totalLength <= packet.length && (view.getUint16(6) & 0x3fff) === 0;
  const checksumAt = protocol === 6 ? 16 : protocol === 17 ? 6 : -1;
  const state = isWhole && checksumAt > 0 ? checksumState(packet, payload, checksumAt) : "other";
  for (const at of [12, 16]) view.setUint32(at, names.address(view.getUint32(at)));
  view.setUint16(10, 0);
  view.setUint16(10, ~sumOf(packet.subarray(0, headerLength)) & 0xffff);
  if (view.getUint16(6) & 0x1fff) return;
  rewritePayload(payload, protocol, names, isQuoted, isWhole);
  if (state === "other") return;
  const at = viewOf(payload);
  at.setUint16(checksumAt, 0);
  const pseudo = pseudoSum(packet, payload.length);
  at.setUint16(checksumAt, state === "partial" ? pseudo : ~sumOf(payload, pseudo) & 0xffff || 0xffff);
}

function rewritePayload(
  payload: Uint8Array,
  protocol: number,
  names: Renumbering,
  isQuoted: boolean,
  isWhole: boolean,
): void {
  const view = viewOf(payload);
  if (protocol === 4) rewriteIp(payload, names, isQuoted);
  else if ((protocol === 6 || protocol === 17) && payload.length >= 4) {
    const to = view.getUint16(2);
    for (const at of [0, 2]) view.setUint16(at, names.port(view.getUint16(at)));
    if (protocol !== 17 || !names.tunnelPorts.has(to) || payload.length < 16) return;
    if (payload[8] === 8) {
      const vni = names.vni(view.getUint32(12) >>> 8);
      view.setUint32(12, (vni << 8) | (payload[15] ?? 0));
      rewriteEthernet(payload.subarray(16), names);
    } else rewriteIp(payload.subarray(8), names, isQuoted);
  } else if (protocol === 1 && [3, 4, 5, 11, 12].includes(payload[0] ?? 0)) {
    rewriteIp(payload.subarray(8), names, true);
    if (!isWhole) return;
    view.setUint16(2, 0);
    view.setUint16(2, ~sumOf(payload) & 0xffff);
  }
}

function checksumState(packet: Uint8Array, payload: Uint8Array, at: number): ChecksumState {
  if (payload.length < at + 2) return "other";
  const field = viewOf(payload).getUint16(at);
  // UDP over IPv4 without one.
  if (at === 6 && field === 0) return "other";
  const pseudo = pseudoSum(packet, payload.length);
  return sumOf(payload, pseudo) === 0xffff ? "right" : field === pseudo ? "partial" : "other";
}

function pseudoSum(packet: Uint8Array, length: number): number {
  return fold(sumOf(packet.subarray(12, 20)) + (packet[9] ?? 0) + length);
}

/** RFC 1071, before it is inverted. */
function sumOf(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return fold(sum);
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 65536);
  return folded;
}
