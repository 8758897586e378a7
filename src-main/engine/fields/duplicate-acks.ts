/**
 * Which acknowledgment a duplicate one says again, and the how manyth duplicate it is: by stream and direction, of packets that
 * pass in order.
 *
 * ```
 * packet   5        6        8                10
 *          Ack=100  Ack=100  Ack=100          Ack=200      of one direction; others between them
 *                   5#1      5#2              the first that says 200
 * ```
 */
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import { ANALYSIS_DUPLICATE_ACK, ANALYSIS_REPLY, NO_ROW } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";

export interface DuplicateAck {
  /** frame.number of the first segment that acknowledged this. */
  readonly number: number;
  /** 1 for the first duplicate. */
  readonly count: number;
}

/** Packets between an acknowledgment and its duplicate, at most: a screen of the list looks so far back for every one it shows. */
export const DUPLICATE_ACK_REACH = 1 << 12;
/** More capture points than any workspace has: with it, stream, direction and point are one number below 2^53. */
const POINTS = 1 << 19;

/** What a direction of a stream acknowledged last: since which packet, and how many duplicates there were. */
interface Acknowledged {
  ack: number;
  number: number;
  count: number;
}

export class DuplicateAcks {
  private readonly acknowledged = new Map<number, Acknowledged>();
  /** Of this batch: by packet. */
  private readonly duplicates = new Map<number, DuplicateAck>();
  private file = -1;

  /** `perPoint`: TCP streams are analysed per capture point. */
  constructor(private readonly perPoint: boolean) {}

  /** Takes notice of a batch; each is given once, in order. */
  observe(batch: Batch): void {
    this.duplicates.clear();
    if (batch.file !== this.file) this.acknowledged.clear();
    this.file = batch.file;
    for (let packet = 0; packet < batch.packetCount; packet++) {
      const row = analysedTcpRow(batch, packet);
      if (row >= 0) this.take(batch, packet, row);
    }
  }

  /** Undefined for a packet that is no duplicate, and where the first one is too far away. */
  of(packet: number): DuplicateAck | undefined {
    return this.duplicates.get(packet);
  }

  private take(batch: Batch, packet: number, row: number): void {
    const analysis = batch.analysis[row] as number;
    const side = (batch.stream[row] as number) * 2 + (analysis & ANALYSIS_REPLY ? 1 : 0);
    const key = side * POINTS + (this.perPoint ? (batch.point[packet] as number) : 0);
    const number = batch.numberBefore + packet + 1;
    const ack = batch.relativeAck[row] as number;
    const last = this.acknowledged.get(key);
    if (!last) this.acknowledged.set(key, { ack, number, count: 0 });
    else if (last.ack !== ack) {
      last.ack = ack;
      last.number = number;
      last.count = 0;
    } else if (analysis & ANALYSIS_DUPLICATE_ACK) {
      last.count++;
      if (number - last.number <= DUPLICATE_ACK_REACH)
        this.duplicates.set(packet, { number: last.number, count: last.count });
    }
  }
}

/** Row of the innermost TCP layer that was analysed, -1 if there is none. */
function analysedTcpRow(batch: Batch, packet: number): number {
  const first = batch.firstLayer[packet] as number;
  for (let row = first + batch.layersOf(packet) - 1; row >= first; row--)
    if (batch.layerKind[row] === LAYER_TCP && batch.stream[row] !== NO_ROW) return row;
  return -1;
}
