/** Makes the packets of one connection: ports, options as agreed with the peer, timestamps, identification, checksum or what stands for it. */
import { fold16, putU16, putU32 } from "../../bytes";
import { newDatagram, sealDatagram, sealTransport } from "../../icmp";
import { ipHeaderBytes } from "../../ip-header";
import { type Packet, PROTOCOL_TCP } from "../../packet";
import { pseudoHeaderSum } from "../../pseudo-header";
import type { NetStack } from "../../parts";
import type { Random } from "../../random";
import type { TcpTuning } from "../../api/namespaces";
import type { Range, Ranges } from "./ranges";
import { ACK, type Segment, SYN, writeMss, writeTimestamps } from "./segment";
import type { SendBuffer } from "./send-buffer";

const MS = 1e6;
const TCP_BYTES = 20;
/** Of a SYN whose sender gives none (RFC 9293 section 3.7.1). */
const DEFAULT_MSS = 536;

export interface TcpIdentity {
  readonly localAddress: number;
  readonly localPort: number;
  readonly remoteAddress: number;
  readonly remotePort: number;
}

/** What a segment says beyond its options. */
export interface SegmentFields {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
}

export class SegmentWriter {
  sack: boolean;
  timestamps: boolean;
  scaling: boolean;
  peerScale = 0;
  peerMss = DEFAULT_MSS;
  /** The peer's timestamp to be echoed. */
  recentTimestamp = 0;
  readonly #stack: NetStack;
  readonly #identity: TcpIdentity;
  readonly #ttl: number | undefined;
  readonly #timestampOffset: number;
  readonly #ipBytes: number;
  #identification: number;

  constructor(stack: NetStack, identity: TcpIdentity, tuning: TcpTuning, random: Random) {
    this.#stack = stack;
    this.#identity = identity;
    this.#ipBytes = ipHeaderBytes(identity.remoteAddress);
    this.#ttl = tuning.ttl;
    this.#identification = random.integer(0x10000);
    this.#timestampOffset = random.u32();
    this.sack = tuning.sack !== false;
    this.timestamps = tuning.timestamps !== false;
    this.scaling = tuning.windowScaling !== false;
  }

  /** The peer's SYN says what it can do, too. */
  agree(segment: Segment): void {
    this.sack &&= segment.sackPermitted;
    this.timestamps &&= segment.hasTimestamps;
    this.scaling &&= segment.windowScale >= 0;
    this.peerScale = this.scaling ? segment.windowScale : 0;
    this.peerMss = segment.mss === 0 ? DEFAULT_MSS : segment.mss;
    this.recentTimestamp = segment.timestamp;
  }

  /** Milliseconds on this machine's clock, with the connection's own offset. */
  timestampNow(): number {
    const ms = Math.floor((this.#stack.world.nowNs + this.#stack.clockOffsetNs) / MS);
    return (ms + this.#timestampOffset) >>> 0;
  }

  sendSyn(fields: SegmentFields, mss: number, scale: number): void {
    const isAnswer = (fields.flags & ACK) !== 0;
    const optionBytes = 4 + (this.sack ? 2 : 0) + (this.timestamps ? 10 : 0) + (this.scaling ? 4 : 0);
    const padded = (optionBytes + 3) & ~3;
    const packet = this.#begin(fields, padded, 0);
    const { buffer } = packet;
    let option = packet.start + this.#ipBytes + TCP_BYTES;
    writeMss(buffer, option, mss);
    option += 4;
    // SACK permitted and timestamps fill twelve bytes together; alone, each gets padding.
    if (this.sack) {
      buffer[option] = 4;
      buffer[option + 1] = 2;
      option += 2;
    } else if (this.timestamps) {
      buffer.fill(1, option, option + 2);
      option += 2;
    }
    if (this.timestamps) {
      writeTimestamps(buffer, option, this.timestampNow(), isAnswer ? this.recentTimestamp : 0);
      option += 10;
    } else if (this.sack) {
      buffer.fill(1, option, option + 2);
      option += 2;
    }
    if (this.scaling) buffer.set([1, 3, 3, scale], option);
    sealTransport(packet);
    // Linux answers a SYN without a socket of its own: identification 0.
    sealDatagram(packet, isAnswer ? 0 : this.#nextIdentification(1));
    this.#stack.outputIp(packet);
  }

  /** `bytes` of `data` from `offset` on; more than `mss` is a super-packet (offload). */
  send(
    fields: SegmentFields,
    islands: Ranges | undefined,
    data: SendBuffer,
    offset: number,
    bytes: number,
    mss: number,
  ): void {
    const { world } = this.#stack;
    const holes = this.sack && islands !== undefined ? islands.list : [];
    const blocks = Math.min(holes.length, this.timestamps ? 3 : 4);
    const optionBytes = (this.timestamps ? 12 : 0) + (blocks > 0 ? 4 + 8 * blocks : 0);
    const packet = this.#begin(fields, optionBytes, bytes);
    const { buffer } = packet;
    const at = packet.start + this.#ipBytes;
    let option = at + TCP_BYTES;
    if (this.timestamps) {
      buffer[option] = buffer[option + 1] = 1;
      writeTimestamps(buffer, option + 2, this.timestampNow(), this.recentTimestamp);
      option += 12;
    }
    if (blocks > 0) option = writeSack(buffer, option, holes, islands?.latest, blocks);
    if (bytes > 0) data.copyTo(offset, bytes, buffer, option);
    if (world.offload) leaveToHardware(packet, at, bytes > mss ? mss : 0);
    else sealTransport(packet);
    sealDatagram(packet, this.#nextIdentification(world.offload ? Math.max(1, Math.ceil(bytes / mss)) : 1));
    packet.confirms = true;
    this.#stack.outputIp(packet);
  }

  #begin(fields: SegmentFields, optionBytes: number, payloadBytes: number): Packet {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#identity;
    const ttl = this.#ttl ?? this.#stack.defaultTtl;
    const bytes = TCP_BYTES + optionBytes + payloadBytes;
    const packet = newDatagram(PROTOCOL_TCP, localAddress, remoteAddress, ttl, bytes, true);
    const { buffer } = packet;
    const at = packet.start + this.#ipBytes;
    putU16(buffer, at, localPort);
    putU16(buffer, at + 2, remotePort);
    putU32(buffer, at + 4, fields.sequence);
    putU32(buffer, at + 8, fields.flags === SYN ? 0 : fields.acknowledgment);
    buffer[at + 12] = (TCP_BYTES + optionBytes) << 2;
    buffer[at + 13] = fields.flags;
    putU16(buffer, at + 14, fields.window);
    return packet;
  }

  /** Each segment of a connection counts one; a super-packet as many as it will be cut into. */
  #nextIdentification(count: number): number {
    const identification = this.#identification;
    this.#identification = (this.#identification + count) & 0xffff;
    return identification;
  }
}

/** RFC 2018 section 4: the range that was added to last comes first. Returns where the options end. */
function writeSack(
  buffer: Uint8Array,
  at: number,
  holes: readonly Range[],
  latest: Range | undefined,
  blocks: number,
): number {
  buffer.set([1, 1, 5, 2 + 8 * blocks], at);
  let option = at + 4;
  const ordered = latest === undefined ? holes : [latest, ...holes.filter((range) => range !== latest)];
  for (const { start, end } of ordered.slice(0, blocks)) {
    putU32(buffer, option, start);
    putU32(buffer, option + 4, end);
    option += 8;
  }
  return option;
}

/** The checksum field holds the pseudo-header's sum only, as Linux leaves it for the NIC. */
function leaveToHardware(packet: Packet, at: number, segmentBytes: number): void {
  const sum = pseudoHeaderSum(packet.source, packet.destination, PROTOCOL_TCP, packet.end - at);
  putU16(packet.buffer, at + 16, fold16(sum));
  packet.partialChecksum = true;
  packet.segmentBytes = segmentBytes;
}
