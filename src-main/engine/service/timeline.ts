/** Packets and bytes in equal parts of a time range, one series for everything, each point, each protocol or each filter. */
import type { Params } from "../../../src-shared/contract/requests";
import type { Timeline, TimeValue } from "../../../src-shared/contract/results";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { SEGMENT_MASK, SEGMENT_ROWS } from "../packet-index/packet-index";
import { PathProtocols } from "../packets/path-protocols";
import type { RequestContext } from "./handlers";
import type { LoadedCaptures } from "./loaded-captures";
import { PacketMatcher } from "./packet-matcher";
import type { PacketView } from "./packet-view";
import { pointLabels } from "./point-label";

/** Series of a timeline by protocol; what is rarer is one series, "other". */
const MOST_PROTOCOLS = 12;
const OTHER = "other";
/** Series of a timeline by capture point: as many as there are colours. */
const MOST_POINTS = 16;

interface Series {
  readonly label: string;
  readonly filter: string | null;
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
}

/** Ids of the packets that count: all of enabled points, or those of a view. */
type Visit = (id: number, bucket: number, bytes: number, path: number, application: number) => void;

/** @throws ContractError "invalid-filter", "cancelled" */
export async function timelineOf(
  captures: LoadedCaptures,
  params: Params<"stats.timeline">,
  view: PacketView | undefined,
  context: RequestContext,
): Promise<Timeline> {
  const { index } = captures;
  const { buckets } = params;
  const first: TimeValue = index.earliest ? valueOf(index.earliest) : [0, 0];
  const last: TimeValue = index.latest ? valueOf(index.latest) : [0, 0];
  const from = params.from ?? first;
  const to = params.to ?? last;
  const series = new Map<number | string, Series>();
  const seriesOf = (key: number | string, label: string, filter: string | null = null): Series => {
    let s = series.get(key);
    if (!s) {
      s = { label, filter, packets: new Float64Array(buckets), bytes: new Float64Array(buckets) };
      series.set(key, s);
    }
    return s;
  };
  const add = (s: Series, bucket: number, bytes: number): void => {
    s.packets[bucket] = (s.packets[bucket] as number) + 1;
    s.bytes[bucket] = (s.bytes[bucket] as number) + bytes;
  };
  const each = (visit: Visit): Promise<void> => visitPackets(captures, view, params, from, to, context, visit);

  switch (params.by) {
    case "all": {
      const s = seriesOf(0, "all packets");
      await each((_id, bucket, bytes) => add(s, bucket, bytes));
      break;
    }
    case "point": {
      const label = pointLabels(captures);
      for (let point = 0; point < captures.workspace.points.length; point++)
        if (captures.enabledPoints[point] !== false)
          seriesOf(point, label(point), `point.id == ${textLiteral(captures.workspace.pointId(point))}`);
      await each((_id, bucket, bytes, path) => {
        const s = series.get(index.paths.pointOf(path));
        if (s) add(s, bucket, bytes);
      });
      for (const [point, s] of series) if (!s.packets.some((packets) => packets > 0)) series.delete(point);
      foldRare(series, buckets, MOST_POINTS, `${series.size - MOST_POINTS + 1} other capture points`);
      break;
    }
    case "protocol": {
      const protocols = new PathProtocols(index, captures.workspace, captures.reader);
      protocols.update();
      await each((id, bucket, bytes, path, application) => {
        const name = protocols.of(id, path, application);
        add(seriesOf(name, protocols.names[name] as string), bucket, bytes);
      });
      foldRare(series, buckets, MOST_PROTOCOLS, OTHER);
      break;
    }
    case "filters": {
      if (params.filters.length > 0) await captures.loaded(context.signal);
      for (const [i, filter] of params.filters.entries()) {
        const s = seriesOf(i, filter, filter);
        const matches = await matchesOf(captures, filter, context.signal);
        await each((id, bucket, bytes) => {
          if (!matches || matches[id]) add(s, bucket, bytes);
        });
      }
      break;
    }
  }
  return {
    from,
    to,
    buckets,
    series: [...series.values()].map((s) => ({
      label: s.label,
      filter: s.filter,
      packets: bytesOf(s.packets),
      bytes: bytesOf(s.bytes),
    })),
  };
}

/** One byte a packet; undefined: all match. */
async function matchesOf(
  captures: LoadedCaptures,
  filter: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (filter.trim() === "") return undefined;
  const all = new Uint8Array(captures.index.count);
  await new PacketMatcher(captures, filter).scan(0, all.length, (at, matches) => all.set(matches, at), signal);
  return all;
}

async function visitPackets(
  captures: LoadedCaptures,
  view: PacketView | undefined,
  params: Params<"stats.timeline">,
  from: TimeValue,
  to: TimeValue,
  context: RequestContext,
  visit: Visit,
): Promise<void> {
  const { index, enabledPoints } = captures;
  const { buckets } = params;
  // Whole nanoseconds, exact for 100 days: seconds as a float would put what lies at the edge of a bucket into the one before.
  const spanNs = (to[0] - from[0]) * 1e9 + (to[1] - from[1]);
  const bucketNs = spanNs > 0 ? spanNs / buckets : Infinity;
  // The window draws whole buckets: what is at the end of one is in the next.
  const endNs = params.to === null ? spanNs : spanNs - 1;
  const allOn = !enabledPoints.includes(false);
  const total = view ? view.rows : index.count;
  for (let at = 0; at < total; at += SEGMENT_ROWS) {
    const n = Math.min(SEGMENT_ROWS, total - at);
    const points = index.paths.pointColumn();
    for (let i = at; i < at + n; i++) {
      const id = view ? view.idAt(i) : i;
      const s = index.segments[id >>> 16];
      if (!s) break;
      const row = id & SEGMENT_MASK;
      const path = s.path[row] as number;
      if (!view && !allOn && enabledPoints[points[path] as number] === false) continue;
      const low = s.time[row * 2] as number;
      const high = s.time[row * 2 + 1] as number;
      const ns = ((high | 0) * 4 + (low >>> 30) - from[0]) * 1e9 + ((low & 0x3fffffff) - from[1]);
      if (ns < 0 || ns > endNs) continue;
      const bucket = Math.min(buckets - 1, Math.floor(ns / bucketNs));
      visit(id, bucket, s.length[row] as number, path, s.application[row] as number);
    }
    await context.breathe();
  }
}

/** Keeps the series with most packets, `most` with the one that is the sum of the others, called `label`. */
function foldRare(series: Map<number | string, Series>, buckets: number, most: number, label: string): void {
  if (series.size <= most) return;
  const sum = (s: Series): number => s.packets.reduce((a, b) => a + b, 0);
  const sorted = [...series].sort(([, a], [, b]) => sum(b) - sum(a));
  const other: Series = {
    label,
    filter: null,
    packets: new Float64Array(buckets),
    bytes: new Float64Array(buckets),
  };
  for (const [key, s] of sorted.slice(most - 1)) {
    for (let b = 0; b < buckets; b++) {
      other.packets[b] = (other.packets[b] as number) + (s.packets[b] as number);
      other.bytes[b] = (other.bytes[b] as number) + (s.bytes[b] as number);
    }
    series.delete(key);
  }
  series.set(OTHER, other);
}

function valueOf([low, high]: readonly [low: number, high: number]): TimeValue {
  return [high * 4 + (low >>> 30), low & 0x3fffffff];
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
