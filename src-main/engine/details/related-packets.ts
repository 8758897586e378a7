/**
 * Packets that belong to one: request and response, the segment an acknowledgment is for, the ends of its stream. Only what
 * the same capture point saw: other sightings are the joining's business.
 */
import { ACK } from "../../../src-shared/model/header-numbers";
import type { PacketId, RelatedPacket } from "../../../src-shared/contract/results";
import {
  LAYER_DNS,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
} from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { LAYER_FLAG_QUOTED, ROW_REPLY, TCP_HAS_LENGTH, TCP_HAS_STREAM } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type PacketIndex, SEGMENT_MASK } from "../packet-index/packet-index";
import type { PacketReader } from "../packet-index/packet-reader";

/** Packets of the stream, or of the file, looked at on either side. */
const REACH = 256;
const FIN_OR_SYN = 3;

interface Row {
  readonly reply: boolean;
  readonly tcp: number;
  readonly seq: number;
  readonly ack: number;
  readonly segment: number;
  readonly application: number;
}

function rowOf(index: PacketIndex, id: PacketId): Row {
  const s = index.segmentOf(id);
  const r = id & SEGMENT_MASK;
  return {
    reply: ((s.flags[r] as number) & ROW_REPLY) !== 0,
    tcp: s.tcp[r] as number,
    seq: s.seq[r] as number,
    ack: s.ack[r] as number,
    segment: s.segment[r] as number,
    application: s.application[r] as number,
  };
}

/** What an echo or a DNS message is matched by; undefined for other packets. */
interface Question {
  readonly key: string;
  readonly isRequest: boolean;
}

/** Reads the reader's packets anew: what was decoded before is gone. */
export function relatedPackets(index: PacketIndex, reader: PacketReader, id: PacketId): RelatedPacket[] {
  const found: RelatedPacket[] = [];
  const add = (packet: PacketId | undefined, relation: RelatedPacket["relation"]): void => {
    if (packet !== undefined && packet !== id) found.push({ packet, number: index.number(packet), relation });
  };
  const stream = index.streamOf(id);
  const point = index.pointOf(id);
  const here = rowOf(index, id);
  if (stream < 0) {
    add(counterpart(index, reader, id, near(index, id)), here.reply ? "request" : "response");
    const decoded = reader.decode(id);
    const question = questionOf(decoded.batch, decoded.packet);
    return question === undefined
      ? []
      : found.map((f) => ({ ...f, relation: question.isRequest ? "response" : "request" }));
  }
  const rows = index.rowsOfStream(stream).filter((other) => index.pointOf(other) === point);
  const at = rows.indexOf(id);
  if (here.application === LAYER_DNS) {
    const window = rows.subarray(Math.max(0, at - REACH), at + REACH);
    add(counterpart(index, reader, id, window), here.reply ? "request" : "response");
  } else if (here.application === LAYER_HTTP) {
    const step = here.reply ? -1 : 1;
    for (let i = at + step; i >= 0 && i < rows.length && Math.abs(i - at) < REACH; i += step) {
      const other = rowOf(index, rows[i] as number);
      if (other.reply === here.reply || other.application !== LAYER_HTTP) continue;
      add(rows[i], here.reply ? "request" : "response");
      break;
    }
  }
  if (here.tcp & TCP_HAS_STREAM && here.tcp & ACK) add(acknowledged(index, rows, at, here), "acknowledged");
  add(rows[0], "first-of-stream");
  add(rows[rows.length - 1], "last-of-stream");
  return found;
}

/** The latest segment of the other side that ends where this acknowledges. */
function acknowledged(index: PacketIndex, rows: Uint32Array, at: number, here: Row): PacketId | undefined {
  for (let i = at - 1; i >= 0 && at - i < REACH * 4; i--) {
    const other = rowOf(index, rows[i] as number);
    if (other.reply === here.reply || !(other.tcp & TCP_HAS_LENGTH)) continue;
    const length = other.segment + (other.tcp & FIN_OR_SYN ? 1 : 0);
    if (length > 0 && (other.seq + length) >>> 0 === here.ack) return rows[i];
  }
  return undefined;
}

/** Ids around a packet that no stream has, of its file. */
function near(index: PacketIndex, id: PacketId): Uint32Array {
  const [from, to] = index.rangeOf(index.fileOf(id));
  const first = Math.max(from, id - REACH);
  const last = Math.min(to, id + REACH);
  return Uint32Array.from({ length: last - first }, (_, i) => first + i);
}

/** The nearest packet among `ids` that answers this one, or that this one answers. */
function counterpart(index: PacketIndex, reader: PacketReader, id: PacketId, ids: Uint32Array): PacketId | undefined {
  const decoded = reader.decode(id);
  const question = questionOf(decoded.batch, decoded.packet);
  if (question === undefined) return undefined;
  const point = index.pointOf(id);
  const candidates = ids.filter(
    (other) => (question.isRequest ? other > id : other < id) && index.pointOf(other) === point,
  );
  let best: PacketId | undefined;
  reader.decodeAll(candidates, (run) => {
    for (let packet = 0; packet < run.batch.packetCount; packet++) {
      const other = questionOf(run.batch, packet);
      if (other?.key !== question.key || other.isRequest === question.isRequest) continue;
      const candidate = run.from + packet;
      if (best === undefined || Math.abs(candidate - id) < Math.abs(best - id)) best = candidate;
    }
  });
  return best;
}

/** Echo: addresses without direction, identifier, sequence number. DNS: the transaction's number. */
function questionOf(batch: Batch, packet: number): Question | undefined {
  const { bytes } = batch;
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  let question: Question | undefined;
  for (let row = first; row < last; row++) {
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) return undefined;
    const kind = batch.layerKind[row];
    const p = batch.layerPtr[row] as number;
    const here = captured(batch, row);
    if (kind === LAYER_DNS && here >= 4) {
      const at = batch.layerAux[row] === 1 ? p + 2 : p;
      return { key: `dns ${readUint(bytes, at, 2)}`, isRequest: (bytes[at + 2] as number) < 0x80 };
    }
    if ((kind === LAYER_ICMP || kind === LAYER_ICMPV6) && here >= 8) {
      const type = bytes[p] as number;
      const request = kind === LAYER_ICMP ? type === 8 || type === 13 : type === 128;
      const reply = kind === LAYER_ICMP ? type === 0 || type === 14 : type === 129;
      if (request || reply)
        question = { key: `echo ${readUint(bytes, p + 4, 4)} ${addressesOf(batch, first, row)}`, isRequest: request };
    }
  }
  return question;
}

/** Both addresses of the network layer before `row`, the same text for either direction. */
function addressesOf(batch: Batch, first: number, row: number): string {
  for (let at = row - 1; at >= first; at--) {
    const kind = batch.layerKind[at];
    if (kind !== LAYER_IPV4 && kind !== LAYER_IPV6) continue;
    const p = batch.layerPtr[at] as number;
    const [offset, size] = kind === LAYER_IPV4 ? [12, 4] : [8, 16];
    const part = (from: number): string => batch.bytes.subarray(p + from, p + from + size).join(".");
    return [part(offset), part(offset + size)].sort().join(" ");
  }
  return "";
}
