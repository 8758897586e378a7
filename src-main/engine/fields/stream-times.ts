/**
 * tcp.time_delta, tcp.time_relative: time since the packet before of the same TCP stream, and since its first. Batches come in
 * order; where analysis is per capture point, so is the packet before. Where packets are decoded again in any order, the packet
 * index is asked instead (`FieldContext.streamTimes`).
 */
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import { type ValueColumn, appendValue } from "../../../src-shared/tables/value-column";
import { LAYER_FLAG_QUOTED, NO_ROW } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type Field, rowField } from "./field";
import type { FieldContext, PacketTime, StreamTime } from "./field-context";

/** Since the first and since the last packet, by row of a batch. */
class StreamTimes {
  private static readonly all = new WeakMap<FieldContext, StreamTimes>();
  private readonly streams = new Map<string, { readonly first: PacketTime; last: PacketTime }>();
  private readonly before = new Map<number, StreamTime>();
  private batch = "";
  private file = -1;

  static of(context: FieldContext, batch: Batch): StreamTimes {
    let times = StreamTimes.all.get(context);
    if (!times) StreamTimes.all.set(context, (times = new StreamTimes()));
    times.observe(batch, context);
    return times;
  }

  /** What was known of the row's stream before its packet; the packet itself for a stream's first. */
  at(row: number): StreamTime | undefined {
    return this.before.get(row);
  }

  private observe(batch: Batch, context: FieldContext): void {
    const key = `${batch.file} ${batch.numberBefore} ${batch.packetCount}`;
    if (key === this.batch) return;
    this.batch = key;
    this.before.clear();
    if (batch.file !== this.file) this.streams.clear();
    this.file = batch.file;
    for (let packet = 0; packet < batch.packetCount; packet++) {
      const first = batch.firstLayer[packet] as number;
      const now = [batch.seconds(packet), batch.nanoseconds(packet)] as const;
      for (let row = first + batch.layersOf(packet) - 1; row >= first; row--) {
        if (batch.layerKind[row] !== LAYER_TCP || batch.stream[row] === NO_ROW) continue;
        if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) continue;
        const stream = `${batch.stream[row]} ${context.pointStreams === true ? batch.point[packet] : 0}`;
        let times = this.streams.get(stream);
        if (!times) this.streams.set(stream, (times = { first: now, last: now }));
        this.before.set(row, { first: times.first, last: times.last });
        times.last = now;
      }
    }
  }
}

function since(name: string, label: string, from: "first" | "last"): Field {
  return rowField(
    { name, label, kind: "time", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    (batch, row, packet, ordinal, out: ValueColumn, context) => {
      if (batch.stream[row] === NO_ROW || (batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) return;
      const times = context.streamTimes
        ? context.streamTimes(batch.file, batch.numberBefore + packet + 1)
        : StreamTimes.of(context, batch).at(row);
      const [seconds, nanoseconds] = times?.[from] ?? [undefined, 0];
      if (seconds === undefined) return;
      let s = batch.seconds(packet) - seconds;
      let ns = batch.nanoseconds(packet) - nanoseconds;
      if (ns < 0) {
        s--;
        ns += 1e9;
      }
      appendValue(out, packet, ordinal, s, ns);
    },
  );
}

export const STREAM_TIME_FIELDS: readonly Field[] = [
  since("tcp.time_delta", "Time since the packet before in this TCP stream, seconds", "last"),
  since("tcp.time_relative", "Time since the first packet in this TCP stream, seconds", "first"),
];
