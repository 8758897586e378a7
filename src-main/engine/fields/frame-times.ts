/**
 * Times of a packet beside those of its file's others: since the first packet, since the packet before.
 *
 * ```
 * file      12.000   12.250   12.250   12.100        batches come in order, and each is begun here once
 * relative   0        0.250    0.250    0.100        packets without a time (simple packet blocks) have none of these, but
 * delta      0        0.250    0       -0.150        count as 0 for the packet behind them, as in Wireshark
 * ```
 * Where packets are decoded again in any order, the packet index is asked instead (`FieldContext.times`).
 */
import { type ValueColumn, appendValue } from "../../../src-shared/tables/value-column";
import { PACKET_NO_TIME } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type Field, packetField } from "./field";
import type { FieldContext, PacketTime } from "./field-context";

const ZERO: PacketTime = [0, 0];

class FrameTimes {
  private file = -1;
  private first: PacketTime | undefined;
  /** Of the packet before the batch, and how many there are before it; undefined where the batch before was not seen. */
  private before: PacketTime | undefined;
  private numberBefore = -1;
  private numberAfter = -1;
  private last: PacketTime = ZERO;

  private static readonly all = new WeakMap<FieldContext, FrameTimes>();

  static of(context: FieldContext): FrameTimes {
    let times = FrameTimes.all.get(context);
    if (!times) FrameTimes.all.set(context, (times = new FrameTimes()));
    return times;
  }

  begin(batch: Batch): void {
    if (batch.packetCount === 0) return;
    if (batch.file !== this.file || batch.numberBefore === 0) {
      this.file = batch.file;
      this.first = batch.numberBefore === 0 ? timeOf(batch, 0) : undefined;
      this.numberAfter = batch.numberBefore === 0 ? 0 : -1;
      this.last = ZERO;
    }
    if (batch.numberBefore !== this.numberBefore) {
      this.before = batch.numberBefore === this.numberAfter ? this.last : undefined;
      this.numberBefore = batch.numberBefore;
    }
    this.numberAfter = batch.numberBefore + batch.packetCount;
    this.last = timeOf(batch, batch.packetCount - 1);
  }

  /** Of the file's first packet. */
  firstOf(batch: Batch, context: FieldContext): PacketTime | undefined {
    return context.times ? context.times(batch.file, 1) : this.first;
  }

  /** Of the packet before this one. */
  beforeOf(batch: Batch, packet: number, context: FieldContext): PacketTime | undefined {
    if (packet > 0) return timeOf(batch, packet - 1);
    return context.times ? context.times(batch.file, batch.numberBefore) : this.before;
  }
}

/** Tells that a batch begins whose fields may be asked for: called for every batch, in order. */
export function beginFrameTimes(batch: Batch, context: FieldContext): void {
  FrameTimes.of(context).begin(batch);
}

function timeOf(batch: Batch, packet: number): PacketTime {
  if (batch.packetFlags(packet) & PACKET_NO_TIME) return ZERO;
  return [batch.seconds(packet), batch.nanoseconds(packet)];
}

function appendSince(batch: Batch, packet: number, since: PacketTime | undefined, out: ValueColumn): void {
  if (!since) return;
  let seconds = batch.seconds(packet) - since[0];
  let nanoseconds = batch.nanoseconds(packet) - since[1];
  if (nanoseconds < 0) {
    seconds--;
    nanoseconds += 1e9;
  }
  appendValue(out, packet, 1, seconds, nanoseconds);
}

export const FRAME_TIME_FIELDS: readonly Field[] = [
  packetField(
    { name: "frame.time_relative", label: "Time since the file's first packet, seconds", kind: "time" },
    (batch, packet, out, context) => {
      if (batch.packetFlags(packet) & PACKET_NO_TIME) return;
      appendSince(batch, packet, FrameTimes.of(context).firstOf(batch, context), out);
    },
  ),
  packetField(
    { name: "frame.time_delta", label: "Time since the packet before, seconds", kind: "time" },
    (batch, packet, out, context) => {
      if (batch.packetFlags(packet) & PACKET_NO_TIME) return;
      const isFirst = batch.numberBefore + packet === 0;
      const before = isFirst ? timeOf(batch, packet) : FrameTimes.of(context).beforeOf(batch, packet, context);
      appendSince(batch, packet, before, out);
    },
  ),
];
