/** Packets of each capture point over the workspace's time span: the small curves in the tree of capture points. */
import type { PacketIndex } from "../packet-index/packet-index";
import { SEGMENT_ROWS } from "../packet-index/packet-index";
import type { Breather } from "./breather";

export const SPARKLINE_PARTS = 48;

/** A tick of the time column's high word is four seconds. */
const HIGH_SECONDS = 4;

/** Seconds since the epoch of a time column's words, as a float: good to 0.2 µs, enough to draw. */
function approximateSeconds(low: number, high: number): number {
  return (high | 0) * HIGH_SECONDS + (low >>> 30) + (low & 0x3fffffff) / 1e9;
}

/** By capture point: packets in each part. 10 M packets: about 0.1 s. */
export async function pointActivity(index: PacketIndex, breather: Breather): Promise<Uint32Array[]> {
  const activity: Uint32Array[] = index.pointPackets.map(() => new Uint32Array(SPARKLINE_PARTS));
  const { earliest, latest, count } = index;
  if (!earliest || !latest) return activity;
  const from = approximateSeconds(...earliest);
  const span = approximateSeconds(...latest) - from;
  const scale = span > 0 ? SPARKLINE_PARTS / span : 0;
  for (let s = 0; s * SEGMENT_ROWS < count; s++) {
    const segment = index.segments[s];
    if (!segment) break;
    const { time, path } = segment;
    const points = index.paths.pointColumn();
    const n = Math.min(SEGMENT_ROWS, count - s * SEGMENT_ROWS);
    for (let i = 0; i < n; i++) {
      const at = (approximateSeconds(time[i * 2] as number, time[i * 2 + 1] as number) - from) * scale;
      const part = at < 0 ? 0 : at >= SPARKLINE_PARTS ? SPARKLINE_PARTS - 1 : at | 0;
      const parts = activity[points[path[i] as number] as number];
      if (parts) parts[part] = (parts[part] as number) + 1;
    }
    await breather.breathe();
  }
  return activity;
}
