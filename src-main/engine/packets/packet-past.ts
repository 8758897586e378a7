/**
 * What the line about a packet says of packets before it: the request an echo reply answers, the TLS version a conversation's
 * server has chosen, the segment whose acknowledgment is said again. Two ways to know it, with the same limits, so that the list of the window and `hopscope packets` agree:
 *
 * ```
 * StreamedPast   packets pass in order: what was seen is kept
 * IndexedPast    any packets in any order: the index says which ones to decode, and those are kept
 * ```
 * Only packets of the same capture point count: a reply seen on another wire answers the request of that wire.
 */
import {
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_TCP,
  LAYER_TLS,
} from "../../../src-shared/model/layer-kind";
import type { PacketId } from "../../../src-shared/contract/results";
import { DUPLICATE_ACK_REACH, type DuplicateAck, DuplicateAcks } from "../fields/duplicate-acks";
import { captured, readUint } from "../fields/field";
import { ANALYSIS_DUPLICATE_ACK, LAYER_FLAG_QUOTED, NO_ROW, ROW_REPLY, TCP_HAS_STREAM } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT } from "../packet-index/packet-index";
import type { PacketReader } from "../packet-index/packet-reader";
import { layerKinds } from "../packet-index/paths";
import { helloVersion } from "./tls-line";

/** What summarise() asks. */
export interface PacketPast {
  /** frame.number of the request that the echo reply of `packet` answers, 0 if none is known. */
  requestOf(batch: Batch, packet: number): number;
  /** The version chosen in the stream of `packet` up to and with it, 0 if none is known. */
  tlsVersionOf(batch: Batch, packet: number): number;
  /** Of a packet whose TCP layer at `row` is a duplicate acknowledgment; undefined if the first one is too far away. */
  duplicateAckOf(batch: Batch, packet: number, row: number): DuplicateAck | undefined;
}

/** Packets between a reply and its request, at most. */
const REACH = 1 << 16;
/** Packets of a stream with TLS that are looked at for a ServerHello. */
const FIRST_RECORDS = 4;

const ECHO_TYPES: ReadonlyMap<number, readonly [request: number, reply: number]> = new Map([
  [LAYER_ICMP, [8, 0]],
  [LAYER_ICMPV6, [128, 129]],
]);

/** The row of the innermost ICMP header of the packet itself, -1 if there is none. */
function echoRow(batch: Batch, packet: number): number {
  const first = batch.firstLayer[packet] as number;
  let row = first + batch.layersOf(packet) - 1;
  for (let steps = 0; row > first && steps < 4; row--, steps++) {
    const kind = batch.layerKind[row];
    if (kind !== LAYER_ICMP && kind !== LAYER_ICMPV6) continue;
    return (batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED ? -1 : row;
  }
  return -1;
}

/** Capture point and both addresses of what carries `row`, the same for either direction; "" without addresses. */
function wireOf(batch: Batch, packet: number, row: number): string {
  const carrier = row - 1;
  const kind = batch.layerKind[carrier];
  const p = batch.layerPtr[carrier] as number;
  const here = captured(batch, carrier);
  const [offset, size] = kind === LAYER_IPV4 ? [12, 4] : kind === LAYER_IPV6 ? [8, 16] : [0, 0];
  if (size === 0 || here < offset + 2 * size) return "";
  let a = "";
  let b = "";
  for (let i = 0; i < size; i++) {
    a += String.fromCharCode(batch.bytes[p + offset + i] as number);
    b += String.fromCharCode(batch.bytes[p + offset + size + i] as number);
  }
  return `${batch.point[packet]} ${a < b ? a + b : b + a}`;
}

/** 0 request, 1 reply, -1 neither. */
function echoSide(batch: Batch, row: number): number {
  if (captured(batch, row) < 8) return -1;
  const types = ECHO_TYPES.get(batch.layerKind[row] as number);
  return types ? types.indexOf(batch.bytes[batch.layerPtr[row] as number] as number) : -1;
}

/** Identifier and sequence number. */
const echoKey = (batch: Batch, row: number): number => readUint(batch.bytes, (batch.layerPtr[row] as number) + 4, 4);

/** Row of TLS in the packet itself, -1 if there is none. */
function tlsRow(batch: Batch, packet: number): number {
  const row = (batch.firstLayer[packet] as number) + batch.layersOf(packet) - 1;
  return row > 0 && batch.layersOf(packet) > 0 && batch.layerKind[row] === LAYER_TLS ? row : -1;
}

/** tcp.stream of a packet with TLS at `row`, -1 if it has none. */
function streamOf(batch: Batch, row: number): number {
  const tcp = row - 1;
  return batch.layerKind[tcp] === LAYER_TCP && batch.stream[tcp] !== NO_ROW ? (batch.stream[tcp] as number) : -1;
}

const versionAt = (batch: Batch, row: number): number =>
  helloVersion(batch.bytes, batch.layerPtr[row] as number, batch.layerEnd[row] as number);

interface Chosen {
  /** 0: none so far. */
  version: number;
  /** Packets with TLS looked at. */
  seen: number;
}

/** Of packets that pass in order, each batch once, before its packets are summarised. */
export class StreamedPast implements PacketPast {
  /** By wire: by identifier and number, the number of the latest request. */
  private readonly requests = new Map<string, Map<number, number>>();
  private readonly versions = new Map<number, Chosen>();
  /** Of this batch: by packet. */
  private readonly answered = new Map<number, number>();
  private readonly agreed = new Map<number, number>();
  private readonly duplicates: DuplicateAcks;
  private file = -1;

  /** `perPoint`: TCP streams are analysed per capture point. */
  constructor(perPoint: boolean) {
    this.duplicates = new DuplicateAcks(perPoint);
  }

  observe(batch: Batch): void {
    this.answered.clear();
    this.agreed.clear();
    this.duplicates.observe(batch);
    if (batch.file !== this.file) {
      this.file = batch.file;
      this.requests.clear();
      this.versions.clear();
    }
    for (let packet = 0; packet < batch.packetCount; packet++) {
      const tls = tlsRow(batch, packet);
      if (tls >= 0) this.tls(batch, packet, tls);
      else {
        const row = echoRow(batch, packet);
        if (row >= 0) this.echo(batch, packet, row);
      }
    }
  }

  requestOf(_batch: Batch, packet: number): number {
    return this.answered.get(packet) ?? 0;
  }

  tlsVersionOf(_batch: Batch, packet: number): number {
    return this.agreed.get(packet) ?? 0;
  }

  duplicateAckOf(_batch: Batch, packet: number): DuplicateAck | undefined {
    return this.duplicates.of(packet);
  }

  private echo(batch: Batch, packet: number, row: number): void {
    const side = echoSide(batch, row);
    const wire = side < 0 ? "" : wireOf(batch, packet, row);
    if (wire === "") return;
    let requests = this.requests.get(wire);
    if (!requests) this.requests.set(wire, (requests = new Map<number, number>()));
    const number = batch.numberBefore + packet + 1;
    const key = echoKey(batch, row);
    if (side === 0) {
      requests.delete(key);
      requests.set(key, number);
      // The oldest go as soon as no reply can ask for them.
      for (const [old, at] of requests) {
        if (number - at <= REACH) break;
        requests.delete(old);
      }
      return;
    }
    const request = requests.get(key);
    if (request !== undefined && number - request <= REACH) this.answered.set(packet, request);
  }

  private tls(batch: Batch, packet: number, row: number): void {
    const stream = streamOf(batch, row);
    if (stream < 0) return;
    let chosen = this.versions.get(stream);
    if (!chosen) this.versions.set(stream, (chosen = { version: 0, seen: 0 }));
    if (chosen.version === 0 && chosen.seen++ < FIRST_RECORDS) chosen.version = versionAt(batch, row);
    if (chosen.version > 0) this.agreed.set(packet, chosen.version);
  }
}

/** Where a stream's version was chosen. */
interface FoundVersion {
  readonly version: number;
  /** Packet of the ServerHello. */
  readonly at: number;
  /** Packets the index had: more may tell what these do not. */
  readonly known: number;
}

/** Streams whose version is kept, and replies whose request is. */
const MOST_KEPT = 1 << 16;
/** Kept for a duplicate whose first one is too far away. */
const NO_DUPLICATE: DuplicateAck = { number: 0, count: 0 };
/** Requests decoded at a time, the latest first. */
const AT_ONCE = 32;

/** Of the packets of an index. Finding out decodes other packets: what was decoded before is gone. */
export class IndexedPast {
  private static readonly all = new WeakMap<PacketIndex, IndexedPast>();

  /** What is known of the index's packets so far. */
  static ofIndex(index: PacketIndex, reader: PacketReader): IndexedPast {
    let past = IndexedPast.all.get(index);
    if (past?.reader !== reader) IndexedPast.all.set(index, (past = new IndexedPast(index, reader)));
    return past;
  }

  private readonly requests = new Map<PacketId, number>();
  /** Replies that were shown without their requests, with identifier and number. */
  private readonly unknown = new Map<PacketId, number>();
  private readonly duplicates = new Map<PacketId, DuplicateAck>();
  private readonly versions = new Map<number, FoundVersion>();
  private readonly records: FirstRecords;
  /** By path: which wire's echoes it is, 0 none. */
  private wires = new Uint32Array(0);
  private pathsKnown = 0;
  private readonly wireNumbers = new Map<string, number>();

  private constructor(
    private readonly index: PacketIndex,
    private readonly reader: PacketReader,
  ) {
    this.records = new FirstRecords(index);
  }

  /**
   * The past of packets `from` … of a run. Requests that are not known yet are asked for by resolve(); TLS must be prepared.
   */
  of(from: PacketId): PacketPast {
    return {
      requestOf: (batch, packet) => {
        const known = this.requests.get(from + packet);
        if (known !== undefined) return known;
        const row = echoRow(batch, packet);
        if (row >= 0 && echoSide(batch, row) === 1) this.unknown.set(from + packet, echoKey(batch, row));
        return 0;
      },
      tlsVersionOf: (batch, packet) => {
        const row = tlsRow(batch, packet);
        const found = row < 0 ? undefined : this.versions.get(streamOf(batch, row));
        return found && found.version > 0 && found.at <= from + packet ? found.version : 0;
      },
      duplicateAckOf: (_batch, packet) => {
        const known = this.duplicates.get(from + packet);
        if (known !== undefined) return known.count > 0 ? known : undefined;
        if (this.duplicates.size > MOST_KEPT) this.duplicates.clear();
        const found = duplicateAck(this.index, from + packet);
        this.duplicates.set(from + packet, found ?? NO_DUPLICATE);
        return found;
      },
    };
  }

  /** Finds out about packet `id`; one that is not there is passed over. */
  prepare(id: PacketId): void {
    if (id < 0 || id >= this.index.count) return;
    this.prepareTls([id]);
    const { batch, packet } = this.reader.decode(id);
    this.of(id - packet).requestOf(batch, packet);
    this.resolve();
  }

  /** Looks for the requests that were asked for. Returns the replies that have one: they are to be told again. */
  resolve(): PacketId[] {
    if (this.unknown.size === 0) return [];
    if (this.requests.size > MOST_KEPT) this.requests.clear();
    this.updateWires();
    const told: PacketId[] = [];
    for (const [id, key] of this.unknown) {
      const request = this.findRequest(id, key);
      this.requests.set(id, request);
      if (request > 0) told.push(id);
    }
    this.unknown.clear();
    return told;
  }

  /** Finds the versions that were chosen in the streams of packets `ids`. */
  prepareTls(ids: ArrayLike<PacketId>): void {
    const { index } = this;
    if (this.versions.size > MOST_KEPT) this.versions.clear();
    const wanted = new Set<number>();
    let last = -1;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (index.segmentOf(id).application[id & SEGMENT_MASK] !== LAYER_TLS) continue;
      const stream = index.tcpStreamOf(id);
      const found = this.versions.get(stream);
      if (stream < 0 || (found && (found.version > 0 || found.known >= id))) continue;
      wanted.add(stream);
      last = Math.max(last, id);
    }
    for (const stream of wanted) {
      let found: FoundVersion = { version: 0, at: 0, known: last };
      for (const id of this.records.of(stream, last)) {
        const { batch, packet } = this.reader.decode(id);
        const row = tlsRow(batch, packet);
        const version = row < 0 ? 0 : versionAt(batch, row);
        if (version === 0) continue;
        found = { version, at: id, known: last };
        break;
      }
      this.versions.set(stream, found);
    }
  }

  /** frame.number of the nearest request before packet `id`, 0 if none is near enough. */
  private findRequest(id: number, key: number): number {
    const { index } = this;
    const wire = this.wires[index.segmentOf(id).path[id & SEGMENT_MASK] as number];
    const stop = Math.max(index.rangeOf(index.fileOf(id))[0], id - REACH);
    for (let at = id - 1; at >= stop;) {
      const candidates: number[] = [];
      for (; at >= stop && candidates.length < AT_ONCE; at--) {
        const path = (index.segments[at >>> SEGMENT_SHIFT] as PacketIndex["segments"][number]).path[at & SEGMENT_MASK];
        if (this.wires[path as number] === wire) candidates.push(at);
      }
      let found = -1;
      this.reader.decodeAll(candidates.reverse(), ({ batch, from }) => {
        for (let packet = 0; packet < batch.packetCount; packet++) {
          const row = echoRow(batch, packet);
          if (row >= 0 && echoSide(batch, row) === 0 && echoKey(batch, row) === key) found = from + packet;
        }
      });
      if (found >= 0) return index.number(found);
    }
    return 0;
  }

  private updateWires(): void {
    const { paths } = this.index;
    if (this.pathsKnown === paths.count) return;
    if (this.wires.length < paths.count) {
      const wires = new Uint32Array(Math.max(paths.count, this.wires.length * 2));
      wires.set(this.wires);
      this.wires = wires;
    }
    paths.forEachBatch(
      (batch, first) => {
        for (let i = 0; i < batch.packetCount && first + i < paths.count; i++) {
          const row = echoRow(batch, i);
          const wire = row < 0 ? "" : wireOf(batch, i, row);
          if (wire === "") continue;
          let number = this.wireNumbers.get(wire);
          if (number === undefined) this.wireNumbers.set(wire, (number = this.wireNumbers.size + 1));
          this.wires[first + i] = number;
        }
      },
      this.pathsKnown,
      layerKinds([LAYER_ICMP, LAYER_ICMPV6, LAYER_IPV4, LAYER_IPV6]),
    );
    this.pathsKnown = paths.count;
  }
}

/** Walks back through the packets of the stream, of the same capture point and direction, as long as they acknowledge the same. */
function duplicateAck(index: PacketIndex, id: PacketId): DuplicateAck | undefined {
  const own = index.segmentOf(id);
  const stream = index.streamOf(id);
  if (stream < 0 || index.tcpStreamOf(id) < 0) return undefined;
  const point = index.pointOf(id);
  const ack = own.ack[id & SEGMENT_MASK];
  const side = (own.flags[id & SEGMENT_MASK] as number) & ROW_REPLY;
  const stop = Math.max(index.rangeOf(index.fileOf(id))[0], id - DUPLICATE_ACK_REACH - 1);
  let first = -1;
  let count = 1;
  for (let at = id - 1; at >= stop;) {
    const segment = index.segmentOf(at);
    const row = segment.stream.lastIndexOf(stream, at & SEGMENT_MASK);
    const base = at - (at & SEGMENT_MASK);
    at = row < 0 ? base - 1 : base + row - 1;
    if (row < 0 || base + row < stop) continue;
    // An ICMP error that quotes a segment is of the stream too.
    if (!((segment.tcp[row] as number) & TCP_HAS_STREAM)) continue;
    if (((segment.flags[row] as number) & ROW_REPLY) !== side) continue;
    if (index.paths.pointOf(segment.path[row] as number) !== point) continue;
    if (segment.ack[row] !== ack) break;
    first = base + row;
    if ((segment.analysis[row] as number) & ANALYSIS_DUPLICATE_ACK) count++;
  }
  return first < 0 || id - first > DUPLICATE_ACK_REACH ? undefined : { number: index.number(first), count };
}

/** The first packets with TLS of every stream, found in one pass over the index as far as it is asked for. */
class FirstRecords {
  /** Packets looked at. */
  private looked = 0;
  private counts = new Uint8Array(1024);
  private ids = new Uint32Array(1024 * FIRST_RECORDS);

  constructor(private readonly index: PacketIndex) {}

  /** Packets of a stream up to packet `last`, ascending. */
  of(stream: number, last: number): number[] {
    this.lookTo(last);
    const at = stream * FIRST_RECORDS;
    return Array.from(this.ids.subarray(at, at + (this.counts[stream] ?? 0))).filter((id) => id <= last);
  }

  private lookTo(last: number): void {
    while (this.looked <= last) {
      const segment = this.index.segments[this.looked >>> SEGMENT_SHIFT];
      if (!segment) return;
      const { application, stream } = segment;
      const base = (this.looked >>> SEGMENT_SHIFT) << SEGMENT_SHIFT;
      const end = Math.min(application.length, last - base + 1);
      for (let row = this.looked - base; row < end; row++) {
        if (application[row] !== LAYER_TLS) {
          row = application.indexOf(LAYER_TLS, row);
          if (row < 0 || row >= end) break;
        }
        if (stream[row] !== NO_ROW) this.note((stream[row] as number) >>> 1, base + row);
      }
      this.looked = base + end;
    }
  }

  private note(stream: number, id: number): void {
    if (stream >= this.counts.length) {
      const counts = new Uint8Array(Math.max(stream + 1, this.counts.length * 2));
      counts.set(this.counts);
      this.counts = counts;
      const ids = new Uint32Array(counts.length * FIRST_RECORDS);
      ids.set(this.ids);
      this.ids = ids;
    }
    const count = this.counts[stream] as number;
    if (count === FIRST_RECORDS) return;
    this.ids[stream * FIRST_RECORDS + count] = id;
    this.counts[stream] = count + 1;
  }
}
