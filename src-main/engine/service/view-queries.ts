/** Questions about the rows of a view: where the next match is, the next packet of a conversation, a time; its colours. */
import { ContractError } from "../../../src-shared/contract/messages";
import type { Params } from "../../../src-shared/contract/requests";
import type { PacketId, TimeValue } from "../../../src-shared/contract/results";
import { NO_COLOUR } from "../../../src-shared/contract/colours";
import { FieldColumns } from "../fields/field-columns";
import { readBytes } from "../filter/literals";
import type { Batch } from "../kernel/batch";
import { ColumnFilter } from "../packet-index/column-filter";
import { SEGMENT_MASK, SEGMENT_ROWS, SEGMENT_SHIFT } from "../packet-index/packet-index";
import { summarise } from "../packets/summary";
import { Breather } from "./breather";
import type { RequestContext } from "./handlers";
import { compile, joinFor } from "./packet-matcher";
import type { PacketView } from "./packet-view";

/** Rows looked at between two looks at the clock. */
const ROWS_AT_ONCE = 256;
/** Rows looked at for a bucket of the minimap. */
const SAMPLES = 64;
/** A rule that tells of trouble shows if one sample in so many has it; others where they are most frequent. */
const TROUBLE_SHARE = 16;
/** Rules up to this index tell of trouble (bad TCP, ICMP errors), and these. */
const TROUBLE: ReadonlySet<number> = new Set([0, 1, 4, 5, 6]);

export type FindParams = Params<"packets.find">;

/** Says of the packets of a batch which match; `matches[i]` is for row i. */
type Test = (batch: Batch, from: PacketId, context: DecodedContext, matches: Uint8Array) => void;
type DecodedContext = ConstructorParameters<typeof FieldColumns>[0];

/** The next row behind `from` (before it, backwards) whose packet matches; -1 if there is none. */
export async function findRow(view: PacketView, params: FindParams, context: RequestContext): Promise<number> {
  const step = params.backwards ? -1 : 1;
  const end = params.backwards ? -1 : view.rows;
  const start = params.from < 0 ? (params.backwards ? view.rows - 1 : 0) : params.from + step;
  if (params.backwards ? start < 0 : start >= end) return -1;
  const total = Math.abs(end - start);
  if (params.by === "filter") {
    const quick = ColumnFilter.of(compile(params.query), view.captures);
    if (quick) return findInIndex(view, quick, start, end, step, context);
    await joinFor(view.captures, compile(params.query), context.signal);
  }
  const test = testOf(params);
  const matches = new Uint8Array(ROWS_AT_ONCE);
  for (let row = start; row !== end;) {
    const count = Math.min(ROWS_AT_ONCE, Math.abs(end - row));
    const low = step > 0 ? row : row - count + 1;
    const ids = view.ids(low, low + count);
    matches.fill(0);
    view.captures.reader.decodeAll(ids, (run, at) =>
      test(run.batch, run.from, run.context, matches.subarray(at, at + run.batch.packetCount)),
    );
    for (let i = 0; i < count; i++) {
      const at = step > 0 ? i : count - 1 - i;
      if (matches[at]) return low + at;
    }
    row += count * step;
    context.progress(Math.abs(row - start), total, "searching");
    await context.breathe();
  }
  return -1;
}

async function findInIndex(
  view: PacketView,
  filter: ColumnFilter,
  start: number,
  end: number,
  step: number,
  context: RequestContext,
): Promise<number> {
  const { index } = view.captures;
  // Segments are evaluated as rows ask for them; in a view sorted by a column that can be all of them.
  const known = new Map<number, Uint8Array>();
  for (let row = start, n = 0; row !== end; row += step, n++) {
    const id = view.idAt(row);
    const segment = id >>> SEGMENT_SHIFT;
    let matches = known.get(segment);
    if (!matches) {
      matches = new Uint8Array(SEGMENT_ROWS);
      filter.evaluate(segment, Math.min(SEGMENT_ROWS, index.count - segment * SEGMENT_ROWS), matches);
      known.set(segment, matches);
    }
    if (matches[id & SEGMENT_MASK]) return row;
    if (n % SEGMENT_ROWS === 0) await context.breathe();
  }
  return -1;
}

function testOf({ by, query, caseSensitive }: FindParams): Test {
  switch (by) {
    case "filter": {
      const filter = compile(query);
      let columns: FieldColumns | undefined;
      return (batch, _from, context, matches) => {
        columns ??= new FieldColumns(context);
        columns.begin(batch);
        filter.evaluate(columns, matches);
      };
    }
    case "hex": {
      const needle = readBytes(query.replace(/\s+/g, "").replace(/^0x/i, ""));
      if (!needle || needle.length === 0)
        throw new ContractError(
          "invalid-request",
          `"${query}" is not hex: write pairs of hex digits, as in 0a 1f or 0a:1f`,
        );
      return (batch, _from, _context, matches) => {
        const memory = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
        for (let i = 0; i < batch.packetCount; i++) {
          const at = batch.data[i] as number;
          const end = at + (batch.captured[i] as number);
          // Searched within the packet only: a search of the rest of the memory would find others.
          if (memory.subarray(at, end).indexOf(needle) >= 0) matches[i] = 1;
        }
      };
    }
    case "text": {
      if (query === "") throw new ContractError("invalid-request", "write a text to search for");
      const needle = caseSensitive ? query : query.toLowerCase();
      const holds = (text: string): boolean => (caseSensitive ? text : text.toLowerCase()).includes(needle);
      const bytes = Buffer.from(query);
      return (batch, _from, context, matches) => {
        const memory = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
        for (let i = 0; i < batch.packetCount; i++) {
          const s = summarise(batch, i, context.points[batch.point[i] as number]);
          if (holds(s.info) || holds(s.source) || holds(s.destination) || holds(s.protocol)) matches[i] = 1;
          else {
            const at = batch.data[i] as number;
            const end = at + (batch.captured[i] as number);
            if (caseSensitive ? memory.subarray(at, end).includes(bytes) : holds(memory.toString("latin1", at, end)))
              matches[i] = 1;
          }
        }
      };
    }
  }
}

/** Next or previous row of the same stream; -1 if there is none, or the packet has no stream. */
export async function neighbourRow(
  view: PacketView,
  packet: PacketId,
  backwards: boolean,
  context: RequestContext,
): Promise<number> {
  const { index } = view.captures;
  const stream = packet < index.count ? index.streamOf(packet) : -1;
  const row = view.rowOf(packet);
  if (stream < 0 || row < 0) return -1;
  const step = backwards ? -1 : 1;
  for (let at = row + step, n = 1; at >= 0 && at < view.rows; at += step, n++) {
    const id = view.idAt(at);
    if (index.segments[id >>> SEGMENT_SHIFT]?.stream[id & SEGMENT_MASK] === stream) return at;
    if (n % SEGMENT_ROWS === 0) await context.breathe();
  }
  return -1;
}

/** The first row after `from` (before, backwards) of one of these packets, around the end of the view; -1: it has none of them. */
export async function nextRowOf(
  view: PacketView,
  packets: ReadonlySet<PacketId>,
  from: number,
  backwards: boolean,
  context: RequestContext,
): Promise<number> {
  const { rows } = view;
  const step = backwards ? rows - 1 : 1;
  let at = from >= 0 && from < rows ? from : backwards ? 0 : rows - 1;
  for (let n = 1; n <= rows; n++) {
    at = (at + step) % rows;
    if (packets.has(view.idAt(at))) return at;
    if (n % SEGMENT_ROWS === 0) await context.breathe();
  }
  return -1;
}

/**
 * The first row at or after a time: in views that are sorted otherwise, or of captures whose time runs backwards, the row
 * with the earliest such time. -1 if there is none. 10 M rows: 50 ms.
 */
export async function rowAtTime(view: PacketView, [seconds, nanoseconds]: TimeValue): Promise<number> {
  const { segments } = view.captures.index;
  const wantedHigh = Math.floor(seconds / 4);
  const wantedLow = ((seconds - wantedHigh * 4) * 0x40000000 + nanoseconds) >>> 0;
  let best = -1;
  let bestHigh = Infinity;
  let bestLow = 0;
  const breather = new Breather();
  for (let row = 0, n = view.rows; row < n; row++) {
    const id = view.idAt(row);
    const time = segments[id >>> SEGMENT_SHIFT]?.time as Uint32Array;
    const high = (time[(id & SEGMENT_MASK) * 2 + 1] as number) | 0;
    const low = time[(id & SEGMENT_MASK) * 2] as number;
    if (high > bestHigh || (high === bestHigh && low >= bestLow)) continue;
    if (high < wantedHigh || (high === wantedHigh && low < wantedLow)) continue;
    best = row;
    bestHigh = high;
    bestLow = low;
    if (high === wantedHigh && low === wantedLow) break;
    if ((row & SEGMENT_MASK) === 0) await breather.breathe();
  }
  return best;
}

/** One colour rule a bucket, of SAMPLES of its rows: trouble where there is a little of it, else the most frequent. */
export function minimap(view: PacketView, buckets: number): Uint8Array {
  const { segments } = view.captures.index;
  const { rows } = view;
  const colours = new Uint8Array(buckets).fill(NO_COLOUR);
  const counts = new Uint32Array(256);
  for (let b = 0; b < buckets && rows > 0; b++) {
    const from = Math.floor((b * rows) / buckets);
    const to = Math.max(from + 1, Math.floor(((b + 1) * rows) / buckets));
    const step = Math.max(1, Math.floor((to - from) / SAMPLES));
    counts.fill(0);
    let samples = 0;
    for (let row = from; row < to; row += step, samples++) {
      const id = view.idAt(row);
      const colour = segments[id >>> SEGMENT_SHIFT]?.colour[id & SEGMENT_MASK] ?? NO_COLOUR;
      counts[colour] = (counts[colour] as number) + 1;
    }
    let best = NO_COLOUR;
    let most = 0;
    for (let colour = 0; colour < 256; colour++) {
      const count = counts[colour] as number;
      if (count === 0) continue;
      if (TROUBLE.has(colour) && count * TROUBLE_SHARE >= samples) {
        best = colour;
        break;
      }
      if (count > most) {
        most = count;
        best = colour;
      }
    }
    colours[b] = best;
  }
  return colours;
}
