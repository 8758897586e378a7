/**
 * What offload hardware does on the way out: cuts a TCP super-packet into frames and finishes checksums that were left partial.
 * The identification counts up from frame to frame, FIN and PSH stay with the last one.
 */
import { checksum, fold16, putU16, putU32, sum16, u16, u32 } from "./bytes";
import { IPV6_BYTES, Packet, PROTOCOL_TCP, PROTOCOL_UDP } from "./packet";
import { pseudoHeaderSum } from "./pseudo-header";

const FIN_PSH = 0x09;

/** `headerBytes`: what stands before the IP header, 14 or 0. */
export function splitSegments(packet: Packet, headerBytes = 14): readonly Packet[] {
  const { buffer, start, end, segmentBytes } = packet;
  const ipAt = start + headerBytes;
  const { isIpv6, protocol, headerBytes: ipBytes } = new Packet(buffer, ipAt, end);
  const transportAt = ipAt + ipBytes;
  if (protocol !== PROTOCOL_TCP || segmentBytes === 0) {
    finishChecksum(packet, ipAt);
    return [packet];
  }
  const payloadAt = transportAt + (((buffer[transportAt + 12] as number) >> 4) << 2);
  if (end - payloadAt <= segmentBytes) {
    packet.segmentBytes = 0;
    finishChecksum(packet, ipAt);
    return [packet];
  }
  const frames: Packet[] = [];
  for (let at = payloadAt; at < end; at += segmentBytes) {
    const piece = Math.min(segmentBytes, end - at);
    const frame = Packet.withRoom(payloadAt - start + piece);
    frame.markAs(packet);
    frame.partialChecksum = true;
    frame.buffer.set(buffer.subarray(start, payloadAt), frame.start);
    frame.buffer.set(buffer.subarray(at, at + piece), frame.start + payloadAt - start);
    const shift = frame.start - start;
    const ip = ipAt + shift;
    const tcp = transportAt + shift;
    if (isIpv6) putU16(frame.buffer, ip + 4, frame.end - ip - IPV6_BYTES);
    else {
      putU16(frame.buffer, ip + 2, frame.end - ip);
      putU16(frame.buffer, ip + 4, (u16(buffer, ipAt + 4) + frames.length) & 0xffff);
      putU16(frame.buffer, ip + 10, 0);
      putU16(frame.buffer, ip + 10, checksum(frame.buffer, ip, ip + ipBytes));
    }
    putU32(frame.buffer, tcp + 4, (u32(buffer, transportAt + 4) + (at - payloadAt)) >>> 0);
    if (at + piece < end) frame.buffer[tcp + 13] = (frame.buffer[tcp + 13] as number) & ~FIN_PSH;
    finishChecksum(frame, ip);
    frames.push(frame);
  }
  return frames;
}

/** Makes a partial checksum a sound one. */
function finishChecksum(packet: Packet, ipAt: number): void {
  if (!packet.partialChecksum) return;
  packet.partialChecksum = false;
  const { buffer, end } = packet;
  const { source, destination, protocol, transportAt } = new Packet(buffer, ipAt, end);
  const field = transportAt + (protocol === PROTOCOL_UDP ? 6 : 16);
  putU16(buffer, field, 0);
  const pseudo = pseudoHeaderSum(source, destination, protocol, end - transportAt);
  const value = ~fold16(pseudo + sum16(buffer, transportAt, end)) & 0xffff;
  putU16(buffer, field, value === 0 && protocol === PROTOCOL_UDP ? 0xffff : value);
}
