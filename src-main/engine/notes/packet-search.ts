/**
 * Packets that notes were written on in another recording, found again by their bytes.
 *
 * ```
 * by time     a filtered, cut, merged or converted recording: one walk over the index, bytes of those at that microsecond
 * by ordinal  a recording whose clock was shifted: bytes of the packet at the same place of every file
 * ```
 * Where another packet fits as well, that is told: which of them was meant cannot be known.
 */
import type { PacketAnchor } from "../../../src-shared/annotations/annotation";
import type { PacketId } from "../../../src-shared/contract/results";
import { timeSeconds } from "../kernel/batch";
import { SEGMENT_MASK, SEGMENT_ROWS } from "../packet-index/packet-index";
import type { OpenCaptures, RequestContext } from "../service/handlers";
import { packetCheck } from "./recording-hash";

export interface FoundPackets {
  /** -1: none */
  readonly packets: PacketId[];
  /** Others that fit as well. */
  readonly alike: number[];
}

const MICROSECONDS = 1_000_000;
/** Packets of the same length that are read to tell whether a packet is the only one of its kind: about 0.1 s. */
const MOST_COMPARED = 5000;

/** 10 M packets take about 150 ms, and the bytes of those that fit. */
export async function searchByTime(
  captures: OpenCaptures,
  anchors: readonly PacketAnchor[],
  context: RequestContext,
): Promise<FoundPackets> {
  const found = nothing(anchors);
  const wanted = new Map<number, number[]>();
  anchors.forEach(({ time }, at) => {
    const [seconds = "0", fraction = "0"] = time.split(".");
    const key = Number(seconds) * MICROSECONDS + Math.floor(Number(fraction) / 1000);
    const others = wanted.get(key);
    if (others) others.push(at);
    else wanted.set(key, [at]);
  });
  if (wanted.size === 0) return found;
  const exact = new Set<number>();
  const { index } = captures;
  for (const [s, segment] of index.segments.entries()) {
    const rows = Math.min(SEGMENT_ROWS, index.count - s * SEGMENT_ROWS);
    for (let row = 0; row < rows; row++) {
      const nanoseconds = (segment.time[row * 2] as number) & 0x3fffffff;
      const key = timeSeconds(segment.time, row) * MICROSECONDS + Math.floor(nanoseconds / 1000);
      const candidates = wanted.get(key);
      if (!candidates) continue;
      const packet = s * SEGMENT_ROWS + row;
      const check = checkOf(captures, packet);
      for (const at of candidates) {
        const anchor = anchors[at];
        if (anchor?.check !== check) continue;
        // Points of one node see a packet within a microsecond: the one at the very nanosecond is meant, where there is one.
        const isExact = Number(anchor.time.split(".")[1]) === nanoseconds;
        if (found.packets[at] !== -1 && isExact === exact.has(at)) found.alike[at] = (found.alike[at] as number) + 1;
        else if (isExact || !exact.has(at)) {
          found.packets[at] = packet;
          found.alike[at] = 0;
          if (isExact) exact.add(at);
        }
      }
    }
    await context.breathe();
  }
  return found;
}

/** @param counts looks for others with the same bytes, which takes a walk over the file for each anchor */
export async function searchByOrdinal(
  captures: OpenCaptures,
  anchors: readonly PacketAnchor[],
  counts: boolean,
  context: RequestContext,
): Promise<FoundPackets> {
  const found = nothing(anchors);
  let left = MOST_COMPARED;
  for (const [at, { ordinal, check }] of anchors.entries()) {
    for (let file = 0; file < captures.index.filesBegun; file++) {
      const [from, to] = captures.index.rangeOf(file);
      const packet = from + ordinal - 1;
      if (packet >= to || checkOf(captures, packet) !== check) continue;
      found.packets[at] = packet;
      if (counts) {
        const { alike, compared } = await othersAlike(captures, packet, file, check, left, context);
        left -= compared;
        found.alike[at] = alike;
      }
      break;
    }
    await context.breathe();
  }
  return found;
}

/**
 * Whether another packet of the same capture point has the same bytes (at others it is the same packet, seen on its way); also 1 where
 * more would have to be read than `most`.
 */
async function othersAlike(
  { index, reader }: OpenCaptures,
  packet: PacketId,
  file: number,
  check: string,
  most: number,
  context: RequestContext,
): Promise<{ readonly alike: 0 | 1; readonly compared: number }> {
  const length = lengthOf(index, packet);
  const point = index.pointOf(packet);
  const [from, to] = index.rangeOf(file);
  let compared = 0;
  if (most <= 0) return { alike: 1, compared };
  for (let other = from; other < to; other++) {
    if (other === packet || lengthOf(index, other) !== length || index.pointOf(other) !== point) continue;
    if (compared++ >= most || packetCheck(reader.decode(other).batch, 0) === check) return { alike: 1, compared };
    await context.breathe();
  }
  return { alike: 0, compared };
}

function nothing(anchors: readonly PacketAnchor[]): FoundPackets {
  return { packets: anchors.map(() => -1), alike: anchors.map(() => 0) };
}

function checkOf({ reader }: OpenCaptures, packet: PacketId): string {
  return packetCheck(reader.decode(packet).batch, 0);
}

function lengthOf(index: OpenCaptures["index"], packet: PacketId): number {
  return index.segmentOf(packet).length[packet & SEGMENT_MASK] as number;
}
