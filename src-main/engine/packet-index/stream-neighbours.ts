/**
 * The packets of a TCP stream that times are counted from, at one capture point: its first, and the one before a packet. Found
 * in the index for the rows that are shown, whatever their order.
 *
 * ```
 * ids      7   8   9  10  11  12      stream 3 at point 0: 7, 9, 12
 * first    ▲───────────────────12     forwards from the beginning, kept
 * before               ▲───────12     backwards from the packet
 * ```
 * The columns are searched by the typed arrays' own methods: 10 M packets take 5 ms (`PacketIndex.rowsOfStream`).
 */
import type { PacketId } from "../../../src-shared/contract/results";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import { type IndexSegment, type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT, type StreamId } from "./packet-index";

/** Streams whose first packet is kept. */
const MOST_KEPT = 1 << 16;

export class StreamNeighbours {
  private readonly firsts = new Map<string, PacketId>();
  /** By path: 1 where an ICMP error quotes what follows. */
  private quotes = new Uint8Array(0);
  private pathsKnown = 0;

  constructor(private readonly index: PacketIndex) {}

  /** The first packet of the stream of packet `id` at its capture point: `id` itself where it is that. */
  firstOf(id: PacketId): PacketId {
    const { index } = this;
    const stream = index.streamOf(id);
    const point = index.pointOf(id);
    const key = `${stream} ${point}`;
    const known = this.firsts.get(key);
    if (known !== undefined) return known;
    if (this.firsts.size >= MOST_KEPT) this.firsts.clear();
    const first = this.firstFrom(stream, point, id);
    this.firsts.set(key, first);
    return first;
  }

  /** The packet before `id` of its stream at its capture point; `id` itself where it is the first. */
  beforeOf(id: PacketId): PacketId {
    const { index } = this;
    const first = this.firstOf(id);
    const stream = index.streamOf(id);
    const point = index.pointOf(id);
    for (let at = id - 1; at >= first;) {
      const segment = index.segmentOf(at);
      const row = segment.stream.lastIndexOf(stream, at & SEGMENT_MASK);
      const base = at - (at & SEGMENT_MASK);
      if (row >= 0 && this.isAt(segment, row, point)) return base + row;
      at = row < 0 ? base - 1 : base + row - 1;
    }
    return id;
  }

  private firstFrom(stream: StreamId, point: number, last: PacketId): PacketId {
    const { index } = this;
    for (let at = index.rangeOf(index.fileOf(last))[0]; at < last;) {
      const segment = index.segmentOf(at);
      const row = segment.stream.indexOf(stream, at & SEGMENT_MASK);
      const base = (at >>> SEGMENT_SHIFT) << SEGMENT_SHIFT;
      if (row >= 0 && base + row < last && this.isAt(segment, row, point)) return base + row;
      at = row < 0 ? base + SEGMENT_MASK + 1 : base + row + 1;
    }
    return last;
  }

  /** A segment of its own, seen at the point: the index has ICMP errors that quote one in its stream too. */
  private isAt(segment: IndexSegment, row: number, point: number): boolean {
    const path = segment.path[row] as number;
    if (this.index.paths.pointOf(path) !== point) return false;
    this.updateQuotes();
    return this.quotes[path] === 0;
  }

  private updateQuotes(): void {
    const { paths } = this.index;
    if (this.pathsKnown === paths.count) return;
    if (this.quotes.length < paths.count) {
      const quotes = new Uint8Array(Math.max(paths.count, this.quotes.length * 2));
      quotes.set(this.quotes);
      this.quotes = quotes;
    }
    paths.forEachBatch((batch, first) => {
      for (let i = 0; i < batch.packetCount && first + i < paths.count; i++) {
        const from = batch.firstLayer[i] as number;
        for (let row = from; row < from + batch.layersOf(i); row++)
          if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) this.quotes[first + i] = 1;
      }
    }, this.pathsKnown);
    this.pathsKnown = paths.count;
  }
}
