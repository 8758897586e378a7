/**
 * The order in which the packets of several files are shown: merged by time, each file in its own order. Where time runs
 * backwards inside a file its order stays, as it would if the file were alone.
 */
import { type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT } from "./packet-index";

/** Packets merged between two calls of `breathe`. */
const AT_ONCE = 1 << 17;

/**
 * Ids of all packets there are, in the order they are shown; undefined if that is the order of the ids.
 * 10 M packets of two files: about 0.2 s.
 * @param breathe lets others have their turn; may throw to end the work
 */
export async function mergeOrder(index: PacketIndex, breathe: () => Promise<void>): Promise<Uint32Array | undefined> {
  const { count } = index;
  const heads: number[] = [];
  const ends: number[] = [];
  for (let file = 0; file < index.filesBegun; file++) {
    const [from, to] = index.rangeOf(file);
    if (from >= to) continue;
    heads.push(from);
    ends.push(Math.min(to, count));
  }
  if (heads.length < 2) return undefined;
  const high = (id: number): number =>
    (index.segments[id >>> SEGMENT_SHIFT]?.time[(id & SEGMENT_MASK) * 2 + 1] as number) | 0;
  const low = (id: number): number => index.segments[id >>> SEGMENT_SHIFT]?.time[(id & SEGMENT_MASK) * 2] as number;
  const isBefore = (a: number, b: number): boolean => {
    const difference = high(a) - high(b) || low(a) - low(b);
    return difference < 0 || (difference === 0 && a < b);
  };
  // A heap of files by their next packet.
  const heap = heads.map((_, i) => i);
  const next = (i: number): number => heads[heap[i] as number] as number;
  const sink = (from: number): void => {
    let i = from;
    for (;;) {
      let least = i;
      const left = 2 * i + 1;
      if (left < heap.length && isBefore(next(left), next(least))) least = left;
      if (left + 1 < heap.length && isBefore(next(left + 1), next(least))) least = left + 1;
      if (least === i) return;
      const file = heap[i] as number;
      heap[i] = heap[least] as number;
      heap[least] = file;
      i = least;
    }
  };
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(i);

  const order = new Uint32Array(count);
  let at = 0;
  let pause = AT_ONCE;
  let sameAsIds = true;
  while (heap.length > 0) {
    const file = heap[0] as number;
    const end = ends[file] as number;
    let id = heads[file] as number;
    // The file goes on as long as its packets come before all others.
    const rival = heap.length === 1 ? -1 : heap.length > 2 && isBefore(next(2), next(1)) ? next(2) : next(1);
    do {
      if (id !== at) sameAsIds = false;
      order[at++] = id++;
    } while (id < end && (rival < 0 || isBefore(id, rival)) && at < pause);
    heads[file] = id;
    if (id === end) {
      const last = heap.pop() as number;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
    if (at >= pause) {
      pause = at + AT_ONCE;
      await breathe();
    }
  }
  return sameAsIds ? undefined : order;
}
