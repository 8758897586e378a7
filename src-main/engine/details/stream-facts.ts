/**
 * What the details of a TCP segment tell of its conversation, at the same capture point: how complete it is, times since the
 * packets before, bytes in flight, the segment it acknowledges. Read from the packet index: nothing is decoded but the SYNs.
 */
import { ACK, FIN, RST, SYN } from "../../../src-shared/model/header-numbers";
import type { PacketId } from "../../../src-shared/contract/results";
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import { visitTcpOptions } from "../fields/transport-fields";
import { ROW_REPLY, TCP_HAS_LENGTH, TCP_HAS_STREAM } from "../kernel/assembly/abi";
import { type IndexSegment, type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT } from "../packet-index/packet-index";
import type { PacketReader } from "../packet-index/packet-reader";

/** Window scaling of the segment's sender, where it is no number (Wireshark's words for them below). */
const SCALING_UNKNOWN = -1;
const SCALING_UNUSED = -2;

export interface StreamFacts {
  /** tcp.stream */
  readonly stream: number;
  /** COMPLETE_* of all packets of the conversation. */
  readonly completeness: number;
  /** Nanoseconds since the stream's first packet, and since the one before; 0 for the first. */
  readonly sinceFirstNs: number;
  readonly sinceBeforeNs: number;
  /** 2 to the shift count, SCALING_*. */
  readonly scaling: number;
  /** Unacknowledged bytes of the sender, this segment's among them; 0 where it carries none. */
  readonly inFlight: number;
  /** Of the sender, since a segment with PSH; this segment's among them. */
  readonly sincePush: number;
  /** The segment this one acknowledges first, and how long that took; undefined where it acknowledges nothing new. */
  readonly acknowledges: { readonly number: number; readonly afterNs: number } | undefined;
}

const PSH = 8;

const COMPLETE_SYN = 1;
const COMPLETE_SYN_ACK = 2;
const COMPLETE_ACK = 4;
const COMPLETE_DATA = 8;
const COMPLETE_FIN = 16;
const COMPLETE_RST = 32;
const OPTION_WINDOW_SCALE = 3;
const LARGEST_SHIFT = 14;

/** Segments of the other side that wait for their acknowledgment: more are not kept. */
const MOST_PENDING = 10_000;

/** Undefined for a packet without TCP analysis. Decodes other packets: call it before the packet itself is decoded. */
export function streamFacts(index: PacketIndex, reader: PacketReader, id: PacketId): StreamFacts | undefined {
  const here = index.segmentOf(id);
  if (!((here.tcp[id & SEGMENT_MASK] as number) & TCP_HAS_STREAM)) return undefined;
  const point = index.pointOf(id);
  const mine = isReply(here, id & SEGMENT_MASK);
  const walk = new StreamWalk(id, mine);
  const syns: (PacketId | undefined)[] = [undefined, undefined];
  let first = -1;
  let before = -1;
  // A stream can have millions of packets: one pass, nothing kept of each.
  for (const other of index.rowsOfStream(index.streamOf(id))) {
    const s = index.segments[other >>> SEGMENT_SHIFT] as IndexSegment;
    const r = other & SEGMENT_MASK;
    if (index.paths.pointOf(s.path[r] as number) !== point) continue;
    if (first < 0) first = other;
    if (other < id) before = other;
    walk.visit(other, s, r);
    const side = isReply(s, r) ? 1 : 0;
    if ((s.tcp[r] as number) & SYN) syns[side] ??= other;
  }
  const answered = walk.acknowledged;
  return {
    stream: index.tcpStreamOf(id),
    completeness: walk.completeness,
    sinceFirstNs: elapsedNs(index, first, id),
    sinceBeforeNs: before < 0 ? 0 : elapsedNs(index, before, id),
    scaling: scalingOf(reader, syns, mine ? 1 : 0),
    inFlight: walk.inFlight,
    sincePush: walk.inFlight > 0 ? walk.sincePush : 0,
    acknowledges:
      answered < 0 ? undefined : { number: index.number(answered), afterNs: elapsedNs(index, answered, id) },
  };
}

const isReply = (s: IndexSegment, r: number): boolean => ((s.flags[r] as number) & ROW_REPLY) !== 0;

function elapsedNs(index: PacketIndex, from: PacketId, to: PacketId): number {
  return (index.seconds(to) - index.seconds(from)) * 1e9 + index.nanoseconds(to) - index.nanoseconds(from);
}

const HANDSHAKE = COMPLETE_SYN | COMPLETE_SYN_ACK | COMPLETE_ACK;

/** "Complete, WITH_DATA (31)", in Wireshark's words. */
export function completenessText(value: number): string {
  const ended = (value & (COMPLETE_FIN | COMPLETE_RST)) !== 0;
  const whole = (value & HANDSHAKE) === HANDSHAKE;
  const withData = (value & COMPLETE_DATA) !== 0;
  if (whole && ended) return `Complete, ${withData ? "WITH_DATA" : "NO_DATA"} (${value})`;
  if (value === HANDSHAKE) return `Incomplete, ESTABLISHED (${value})`;
  if (value === (HANDSHAKE | COMPLETE_DATA)) return `Incomplete, DATA (${value})`;
  if (value === (COMPLETE_SYN | COMPLETE_SYN_ACK)) return `Incomplete, CLIENT_ESTABLISHED (${value})`;
  return value === COMPLETE_SYN ? `Incomplete, SYN_SENT (${value})` : `Incomplete (${value})`;
}

export function scalingText(scaling: number): string {
  if (scaling === SCALING_UNKNOWN) return "-1 (unknown)";
  return scaling === SCALING_UNUSED ? "-2 (no window scaling used)" : String(scaling);
}

/** Both sides must have offered it in their SYN (RFC 7323 section 2.2). */
function scalingOf(reader: PacketReader, syns: readonly (PacketId | undefined)[], side: number): number {
  const shifts = syns.map((syn) => (syn === undefined ? undefined : shiftOf(reader, syn)));
  const mine = shifts[side];
  if (shifts.includes(-1)) return SCALING_UNUSED;
  return mine === undefined ? SCALING_UNKNOWN : 2 ** mine;
}

/** The shift count that a SYN offers, -1 without the option. */
function shiftOf(reader: PacketReader, syn: PacketId): number {
  const { batch, packet } = reader.decode(syn);
  const first = batch.firstLayer[packet] as number;
  let shift = -1;
  for (let row = first + batch.layersOf(packet) - 1; row >= first; row--) {
    if (batch.layerKind[row] !== LAYER_TCP) continue;
    visitTcpOptions(batch, row, (kind, at, length, here) => {
      if (kind === OPTION_WINDOW_SCALE && length === 3 && here >= 3)
        shift = Math.min(batch.bytes[at + 2] as number, LARGEST_SHIFT);
    });
    break;
  }
  return shift;
}

/** Sequence numbers wrap at 32 bits. */
const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;

/** Goes through the conversation of packet `id`, whose direction is `mine`. */
class StreamWalk {
  completeness = 0;
  /** Bytes that packet `id` leaves unacknowledged, 0 if it carries none. */
  inFlight = 0;
  sincePush = 0;
  /** The packet that `id` acknowledges, -1 if none. */
  acknowledged = -1;
  private next = -1;
  private acked = -1;
  /** Of the other side: by where a segment ends, the packet that sent it first. In order. */
  private readonly pending = new Map<number, PacketId>();

  constructor(
    private readonly id: PacketId,
    private readonly mine: boolean,
  ) {}

  visit(other: PacketId, s: IndexSegment, r: number): void {
    const tcp = s.tcp[r] as number;
    const length = tcp & TCP_HAS_LENGTH ? (s.segment[r] as number) : 0;
    this.complete(tcp, length);
    if (other > this.id) return;
    const end = ((s.seq[r] as number) + length + (tcp & (SYN | FIN) ? 1 : 0)) >>> 0;
    // Bytes in flight are bytes: Wireshark does not count a FIN among them.
    const sent = (end - (tcp & FIN ? 1 : 0)) >>> 0;
    const ack = tcp & ACK ? (s.ack[r] as number) : -1;
    const occupies = length > 0 || (tcp & (SYN | FIN)) !== 0;
    if (isReply(s, r) !== this.mine) {
      if (ack >= 0 && (this.acked < 0 || isAfter(ack, this.acked))) this.acked = ack;
      // Of a segment that was sent again the first is taken: nobody can tell which one is acknowledged.
      if (occupies && this.pending.size < MOST_PENDING && !this.pending.has(end)) this.pending.set(end, other);
      return;
    }
    if (occupies && (this.next < 0 || isAfter(sent, this.next))) this.next = sent;
    this.sincePush += length;
    if (other === this.id) {
      if (ack >= 0) this.acknowledged = this.pending.get(ack) ?? -1;
      if (length > 0 && this.acked >= 0) this.inFlight = Math.max((this.next - this.acked) | 0, 0);
    } else if (tcp & PSH) this.sincePush = 0;
    if (ack < 0) return;
    for (const at of this.pending.keys()) {
      if (isAfter(at, ack)) break;
      this.pending.delete(at);
    }
  }

  private complete(tcp: number, length: number): void {
    if (tcp & SYN) this.completeness |= tcp & ACK ? COMPLETE_SYN_ACK : COMPLETE_SYN;
    else {
      if (tcp & ACK) this.completeness |= COMPLETE_ACK;
      if (length > 0 && !(tcp & RST)) this.completeness |= COMPLETE_DATA;
    }
    if (tcp & FIN) this.completeness |= COMPLETE_FIN;
    if (tcp & RST) this.completeness |= COMPLETE_RST;
  }
}
