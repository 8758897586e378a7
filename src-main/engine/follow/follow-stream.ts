/**
 * Follows a stream: what client and server said to each other, in order, as one capture point saw it.
 *
 * ```
 * segments of one direction, by raw sequence number
 *   1000 ─────── 1100      1200 ── 1250          1050 ───── 1180 (sent again, more of it)
 *   kept   1000-1100  gap?   1200-1250  ◄─ waits    1100-1180 fills a part, 1180-1200 stays a gap
 * ```
 * A segment that comes early waits for the ones before it, as a receiver would let it. It is given up as a gap when the other
 * side has acknowledged it (the capture missed bytes that arrived), or at the end. Bytes sent again are shown once.
 */
import { ACK, RST, SYN } from "../../../src-shared/model/header-numbers";
import type { FollowedStream, PacketId, StreamSegment, TimeValue } from "../../../src-shared/contract/results";
import { ContractError } from "../../../src-shared/contract/messages";
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_IPV4, LAYER_IPV6, LAYER_TCP, LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { LAYER_FLAG_QUOTED, ROW_REPLY } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { SEGMENT_MASK } from "../packet-index/packet-index";
import type { OpenCaptures, RequestContext } from "../service/handlers";

/** Packets decoded between two turns of others. */
const AT_ONCE = 512;
/** Bytes that may wait for a missing segment, for each direction. */
const WAITING_LIMIT = 4_000_000;

interface Waiting {
  readonly seq: number;
  readonly packet: PacketId;
  readonly time: TimeValue;
  readonly bytes: Uint8Array;
}

/** `a` comes after `b` in sequence space. */
const after = (a: number, b: number): boolean => ((a - b) | 0) > 0;

/** One direction of a TCP stream being put in order. */
class DirectionAssembler {
  /** Sequence number expected next; undefined before the first segment. */
  private next: number | undefined;
  private readonly waiting: Waiting[] = [];
  private waitingBytes = 0;

  constructor(private readonly emit: (segment: Waiting, gap: number) => void) {}

  /** Where the stream begins, if nothing told so before: behind a SYN, or with what is seen first, were it without data. */
  begin(seq: number): void {
    this.next ??= seq;
  }

  take(segment: Waiting): void {
    this.next ??= segment.seq;
    if (after(segment.seq, this.next)) {
      this.waiting.push(segment);
      this.waitingBytes += segment.bytes.length;
      if (this.waitingBytes > WAITING_LIMIT) this.skipGap();
      return;
    }
    this.accept(segment, 0);
    this.drain();
  }

  /** The other side has everything before `ack`: what is not here by now was not captured. */
  acknowledged(ack: number): void {
    while (this.waiting.length > 0 && this.next !== undefined && after(ack, this.next)) {
      const first = this.first();
      if (first === undefined || !after(ack, first.seq)) return;
      this.skipGap();
    }
  }

  /** Gives up all gaps. */
  end(): void {
    while (this.waiting.length > 0) this.skipGap();
  }

  private first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const w of this.waiting) if (!first || after(first.seq, w.seq)) first = w;
    return first;
  }

  private skipGap(): void {
    const first = this.first();
    if (!first) return;
    const gap = (first.seq - (this.next ?? first.seq)) >>> 0;
    this.next = first.seq;
    this.remove(first);
    this.accept(first, gap);
    this.drain();
  }

  private drain(): void {
    for (;;) {
      const ready = this.waiting.find((w) => !after(w.seq, this.next as number));
      if (!ready) return;
      this.remove(ready);
      this.accept(ready, 0);
    }
  }

  private remove(segment: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(segment), 1);
    this.waitingBytes -= segment.bytes.length;
  }

  /** Emits what is new of a segment that begins at or before `next`. */
  private accept(segment: Waiting, gap: number): void {
    const next = this.next as number;
    const known = (next - segment.seq) >>> 0;
    if (known >= segment.bytes.length) return;
    this.emit({ ...segment, seq: next, bytes: segment.bytes.subarray(known) }, gap);
    this.next = (next + segment.bytes.length - known) >>> 0;
  }
}

interface Ends {
  readonly source: string;
  readonly destination: string;
}

interface Payload extends Ends {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

/**
 * @param maxBytes of both directions together; the rest is left out, and `truncated` says so
 * @throws ContractError "gone" for an unknown packet, "invalid-request" for one that belongs to no stream
 */
export async function followStream(
  captures: OpenCaptures,
  packet: PacketId,
  maxBytes: number,
  request: Pick<RequestContext, "breathe" | "progress">,
): Promise<FollowedStream> {
  const { index, reader } = captures;
  if (packet >= index.count) throw new ContractError("gone", `there is no packet ${packet}`);
  const stream = index.streamOf(packet);
  if (stream < 0) throw new ContractError("invalid-request", "this packet belongs to no TCP or UDP stream");
  const protocol = stream % 2 === 0 ? "tcp" : "udp";
  const kind = protocol === "tcp" ? LAYER_TCP : LAYER_UDP;
  const point = index.pointOf(packet);
  const rows = index.rowsOfStream(stream).filter((id) => index.pointOf(id) === point);

  const segments: StreamSegment[] = [];
  const counts: [client: number, server: number] = [0, 0];
  let truncated = false;
  let ends: Ends | undefined;
  const say = (fromServer: boolean, one: Waiting, gap: number): void => {
    const room = maxBytes - counts[0] - counts[1];
    const bytes = one.bytes.length > room ? one.bytes.subarray(0, Math.max(room, 0)) : one.bytes;
    if (bytes.length < one.bytes.length) truncated = true;
    counts[fromServer ? 1 : 0] += bytes.length;
    if (bytes.length > 0 || gap > 0) segments.push({ packet: one.packet, time: one.time, fromServer, bytes, gap });
  };
  const directions = [false, true].map((fromServer) => new DirectionAssembler((s, gap) => say(fromServer, s, gap))) as [
    DirectionAssembler,
    DirectionAssembler,
  ];

  for (let at = 0; at < rows.length && !truncated; at += AT_ONCE) {
    const part = rows.subarray(at, at + AT_ONCE);
    reader.decodeAll(part, (run) => {
      for (let row = 0; row < run.batch.packetCount && !truncated; row++) {
        const id = run.from + row;
        const found = payloadOf(run.batch, row, kind);
        if (!found) continue;
        const fromServer = ((index.segmentOf(id).flags[id & SEGMENT_MASK] as number) & ROW_REPLY) !== 0;
        ends ??= fromServer ? { source: found.destination, destination: found.source } : found;
        const time: TimeValue = [run.batch.seconds(row), run.batch.nanoseconds(row)];
        const one: Waiting = { seq: found.seq, packet: id, time, bytes: found.bytes };
        if (protocol === "udp") {
          say(fromServer, one, 0);
          continue;
        }
        const own = directions[fromServer ? 1 : 0];
        const other = directions[fromServer ? 0 : 1];
        // What the other side has, it had before it said this.
        if (found.flags & ACK) other.acknowledged(found.ack);
        // Bytes behind a reset are no data of the stream, and its number may be anything.
        if (found.flags & RST) continue;
        const first = found.flags & SYN ? (found.seq + 1) >>> 0 : found.seq;
        own.begin(first);
        if (found.bytes.length > 0) own.take({ ...one, seq: first });
      }
    });
    request.progress(Math.min(at + AT_ONCE, rows.length), rows.length, "Following the stream");
    await request.breathe();
  }
  if (!truncated) for (const direction of directions) direction.end();
  const [client, server] = ends ? [ends.source, ends.destination] : ["", ""];
  return {
    title: `${protocol.toUpperCase()} stream ${stream >> 1} at ${captures.pointName(point)}`,
    protocol,
    filter: `${protocol}.stream == ${stream >> 1}`,
    client,
    server,
    segments,
    clientBytes: counts[0],
    serverBytes: counts[1],
    truncated,
  };
}

/** The payload of the packet's innermost layer of `kind`, copied; undefined if there is none or its header is cut short. */
function payloadOf(batch: Batch, packet: number, kind: number): Payload | undefined {
  const { bytes } = batch;
  const first = batch.firstLayer[packet] as number;
  let network = -1;
  let found: Payload | undefined;
  for (let row = first; row < first + batch.layersOf(packet); row++) {
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) break;
    const layer = batch.layerKind[row] as number;
    if (layer === LAYER_IPV4 || layer === LAYER_IPV6) network = row;
    if (layer !== kind || network < 0) continue;
    const p = batch.layerPtr[row] as number;
    const header = kind === LAYER_TCP ? (batch.layerHeader[row] as number) : 8;
    const end = batch.layerEnd[row] as number;
    if (captured(batch, row) < (kind === LAYER_TCP ? 20 : 8) || header < 8) continue;
    const [source, destination] = endpointsOf(batch, network, readUint(bytes, p, 2), readUint(bytes, p + 2, 2));
    found = {
      seq: kind === LAYER_TCP ? readUint(bytes, p + 4, 4) : 0,
      ack: kind === LAYER_TCP ? readUint(bytes, p + 8, 4) : 0,
      flags: kind === LAYER_TCP ? (bytes[p + 13] as number) : 0,
      bytes: bytes.slice(Math.min(p + header, end), end),
      source,
      destination,
    };
  }
  return found;
}

function endpointsOf(batch: Batch, row: number, sourcePort: number, destinationPort: number): [string, string] {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  if (batch.layerKind[row] === LAYER_IPV4)
    return [
      `${formatIpv4(readUint(bytes, p + 12, 4))}:${sourcePort}`,
      `${formatIpv4(readUint(bytes, p + 16, 4))}:${destinationPort}`,
    ];
  return [`[${formatIpv6(bytes, p + 8)}]:${sourcePort}`, `[${formatIpv6(bytes, p + 24)}]:${destinationPort}`];
}
