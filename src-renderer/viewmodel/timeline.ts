/**
 * The timeline: packets or bytes in equal parts of a range of time. Series that are parts of a whole (points, protocols) are
 * stacked; filters may match the same packets, so theirs are lines beside each other.
 *
 * ```
 *   stats.timeline ─► series (Float64 as bytes) ─► buildTimeline ─► drawTimeline(canvas)
 *   pointer x ─► timeAt ─► brush [from, to] ─► zoom, filter, first packet
 * ```
 * Times are seconds since the capture's first packet: differences keep their nanoseconds in a double for 100 days.
 */
import { scaleLinear, ticks } from "d3";
import { timeLiteral } from "../../src-shared/model/filter-text";
import type { Timeline, TimeValue } from "../../src-shared/contract/results";
import type { FilterValue } from "./filter-value";
import { protocolNameFilter } from "./packet-filter";
import { formatBytes, formatCount } from "./quantity";

export type Measure = "packets" | "bytes";

export interface TimelineSeries {
  readonly label: string;
  /** As the engine tells it. */
  readonly filter: string | null;
  /** One value a bucket. */
  readonly values: Float64Array;
  readonly total: number;
}

export interface TimelineModel {
  /** Seconds since `base`. */
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
  readonly measure: Measure;
  readonly series: readonly TimelineSeries[];
  /** The series are no parts of a whole: lines, each from the bottom. */
  readonly overlapping: boolean;
  /** Upper edge of each series in each bucket; stacked with the first series lowest, unless they overlap. */
  readonly stacked: readonly Float64Array[];
  readonly most: number;
}

export function secondsSince(time: TimeValue, base: TimeValue): number {
  return time[0] - base[0] + (time[1] - base[1]) / 1e9;
}

export function timeAfter(base: TimeValue, seconds: number): TimeValue {
  const whole = Math.floor(seconds);
  let nanoseconds = base[1] + Math.round((seconds - whole) * 1e9);
  let carried = base[0] + whole;
  while (nanoseconds >= 1_000_000_000) {
    nanoseconds -= 1_000_000_000;
    carried++;
  }
  return [carried, nanoseconds];
}

/** A column of doubles as the contract carries it: little-endian bytes, wherever they lie in their buffer. */
function doublesOf(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.byteLength >> 3);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat64(i * 8, true);
  return values;
}

/**
 * Parts of a whole: series without a packet are left out, and the largest comes first (lowest in the stack). Overlapping series
 * stay all, in their order.
 */
export function buildTimeline(
  timeline: Timeline,
  base: TimeValue,
  measure: Measure,
  overlapping = false,
): TimelineModel {
  const all = timeline.series.map((one) => {
    const values = doublesOf(one[measure]);
    return { label: one.label, filter: one.filter, values, total: values.reduce((sum, value) => sum + value, 0) };
  });
  const series = overlapping
    ? all
    : all.filter((one) => one.total > 0).sort((a, b) => b.total - a.total || a.label.localeCompare(b.label));
  const stacked: Float64Array[] = [];
  const ground = new Float64Array(timeline.buckets);
  let most = 0;
  for (const one of series) {
    const below = overlapping ? ground : (stacked.at(-1) ?? ground);
    const top = below.map((value, i) => value + (one.values[i] ?? 0));
    for (const value of top) most = Math.max(most, value);
    stacked.push(top);
  }
  return {
    from: secondsSince(timeline.from, base),
    to: secondsSince(timeline.to, base),
    buckets: timeline.buckets,
    measure,
    series,
    overlapping,
    stacked,
    most,
  };
}

/** Seconds of one bucket: what a value of the plot is "per". */
export function bucketSeconds(model: TimelineModel): number {
  return (model.to - model.from) / model.buckets;
}

/** The series' sums in `parts` equal parts of the time shown, for a table. */
export function timelineParts(
  model: TimelineModel,
  parts: number,
): readonly { readonly from: number; readonly values: readonly number[] }[] {
  return Array.from({ length: parts }, (_, part) => {
    const first = Math.floor((part * model.buckets) / parts);
    const end = Math.floor(((part + 1) * model.buckets) / parts);
    const sum = (values: Float64Array): number => values.subarray(first, end).reduce((a, b) => a + b, 0);
    return {
      from: model.from + (part * (model.to - model.from)) / parts,
      values: model.series.map((series) => sum(series.values)),
    };
  });
}

export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function plotOf(widthPx: number, heightPx: number): Plot {
  return { left: 64, right: Math.max(65, widthPx - 12), top: 10, bottom: Math.max(11, heightPx - 26) };
}

export function timeAt(xPx: number, model: TimelineModel, plot: Plot): number {
  const share = Math.max(0, Math.min(1, (xPx - plot.left) / (plot.right - plot.left)));
  return model.from + share * (model.to - model.from);
}

export function xOf(seconds: number, model: TimelineModel, plot: Plot): number {
  const span = model.to - model.from || 1;
  return plot.left + ((seconds - model.from) / span) * (plot.right - plot.left);
}

/** Bucket at a place of the plot, -1 beside it. */
export function bucketAt(xPx: number, model: TimelineModel, plot: Plot): number {
  if (xPx < plot.left || xPx > plot.right) return -1;
  return Math.min(model.buckets - 1, Math.floor(((xPx - plot.left) / (plot.right - plot.left)) * model.buckets));
}

/** Range after zooming by `factor` around `centre`, inside the whole; never shorter than a microsecond. */
export function zoomRange(
  range: readonly [number, number],
  whole: readonly [number, number],
  centre: number,
  factor: number,
): readonly [number, number] {
  const span = Math.min(whole[1] - whole[0], Math.max(1e-6, (range[1] - range[0]) * factor));
  const share = (centre - range[0]) / (range[1] - range[0] || 1);
  return moveRange([centre - share * span, centre - share * span + span], whole, 0);
}

export function moveRange(
  range: readonly [number, number],
  whole: readonly [number, number],
  by: number,
): readonly [number, number] {
  const span = range[1] - range[0];
  const from = Math.max(whole[0], Math.min(whole[1] - span, range[0] + by));
  return [from, from + span];
}

/** `frame.time_epoch >= a && frame.time_epoch <= b` */
export function timeFilter(from: TimeValue, to: TimeValue): string {
  return `frame.time_epoch >= ${timeLiteral(from)} && frame.time_epoch <= ${timeLiteral(to)}`;
}

/** What a series stands for; of all packets the time that is shown. */
export function seriesValue(
  { label, filter }: Pick<TimelineSeries, "label" | "filter">,
  by: "all" | "point" | "protocol" | "filters",
  shown: readonly [from: TimeValue, to: TimeValue],
): FilterValue {
  if (by === "all") return { label: "Time range", text: label, filter: timeFilter(...shown) };
  if (by === "protocol") return { label: "Protocol", text: label, filter: protocolNameFilter(label) };
  return { label: by === "point" ? "Capture point" : "Filter", text: label, filter };
}

export function formatMeasure(value: number, measure: Measure): string {
  return measure === "bytes" ? formatBytes(value) : formatCount(value);
}

/** A time on the axis: as many digits as the distance of the ticks needs. */
export function tickText(seconds: number, step: number): string {
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step) - 1e-9)));
  return `${seconds.toFixed(digits)} s`;
}

export interface TimelineColours {
  readonly text: string;
  readonly grid: string;
  readonly brush: string;
  readonly cursor: string;
  readonly series: readonly string[];
}

/**
 * Okabe and Ito's palette, told apart by all common kinds of colour vision; darkened and lightened so that each has a contrast
 * of 3 to its background. The second eight are for those who have more series: hues between. Then the colours begin again.
 */
export const LIGHT_SERIES = [
  ...["#0072b2", "#c25b00", "#00805f", "#b04f8a", "#8a6d00", "#3d7fa6", "#595959", "#7a3e00"],
  ...["#b3123f", "#6a3fb5", "#006f7d", "#5b7016", "#27408b", "#c2188f", "#4d6b57", "#a05a5a"],
];
export const DARK_SERIES = [
  ...["#56b4e9", "#e69f00", "#2fbf95", "#dd8fbb", "#f0e442", "#8ab6d6", "#b5b5b5", "#d55e00"],
  ...["#ff7a90", "#b79bff", "#4fd0d9", "#b5cc5a", "#8fa3ff", "#ff8ad8", "#9fc2ad", "#e0a3a3"],
];

/** The palette of the theme, and the colour of the n-th series. */
export function seriesColour(at: number, dark: boolean): string {
  const colours = dark ? DARK_SERIES : LIGHT_SERIES;
  return colours[at % colours.length] ?? "";
}

/** What drawing needs of a canvas: tests record these calls. */
export interface TimelineCanvas {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  textAlign: "left" | "right" | "center" | "start" | "end";
  textBaseline: "top" | "middle" | "bottom" | "alphabetic" | "hanging" | "ideographic";
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
  fillText(text: string, x: number, y: number): void;
}

export interface TimelineMarks {
  /** Selected range in seconds. */
  readonly brush: readonly [number, number] | null;
  /** Bucket under the pointer or the keyboard's cursor, -1 none. */
  readonly bucket: number;
  /** Time of the selected packet; null: none. */
  readonly packet: number | null;
}

export function drawTimeline(
  canvas: TimelineCanvas,
  model: TimelineModel,
  widthPx: number,
  heightPx: number,
  colours: TimelineColours,
  marks: TimelineMarks,
): void {
  const plot = plotOf(widthPx, heightPx);
  canvas.clearRect(0, 0, widthPx, heightPx);
  const y = scaleLinear()
    .domain([0, model.most || 1])
    .range([plot.bottom, plot.top])
    .nice(4);
  canvas.lineWidth = 1;
  canvas.textBaseline = "middle";
  canvas.textAlign = "right";
  for (const tick of y.ticks(4)) {
    const at = Math.round(y(tick)) + 0.5;
    canvas.strokeStyle = colours.grid;
    canvas.beginPath();
    canvas.moveTo(plot.left, at);
    canvas.lineTo(plot.right, at);
    canvas.stroke();
    canvas.fillStyle = colours.text;
    canvas.fillText(formatMeasure(tick, model.measure), plot.left - 8, at);
  }
  const steps = ticks(model.from, model.to, Math.max(2, Math.floor((plot.right - plot.left) / 120)));
  const step = steps.length > 1 ? (steps[1] as number) - (steps[0] as number) : model.to - model.from || 1;
  canvas.textBaseline = "top";
  canvas.textAlign = "center";
  canvas.fillStyle = colours.text;
  for (const tick of steps) {
    const at = xOf(tick, model, plot);
    // At the right edge there is no room for half of a text.
    const isLast = at > plot.right - 24;
    canvas.textAlign = isLast ? "right" : "center";
    canvas.fillText(tickText(tick, step), isLast ? widthPx - 2 : at, plot.bottom + 8);
  }

  const x = (bucket: number): number => plot.left + (bucket / model.buckets) * (plot.right - plot.left);
  // The highest first: each series covers what lies below it.
  for (let s = model.stacked.length - 1; s >= 0; s--) {
    const top = model.stacked[s] as Float64Array;
    const colour = colours.series[s % colours.series.length];
    canvas.fillStyle = colour;
    canvas.strokeStyle = colour;
    canvas.lineWidth = model.overlapping ? 1.5 : 1;
    canvas.beginPath();
    canvas.moveTo(plot.left, plot.bottom);
    for (let i = 0; i < model.buckets; i++) {
      const height = y(top[i] as number);
      canvas.lineTo(x(i), height);
      canvas.lineTo(x(i + 1), height);
    }
    canvas.lineTo(plot.right, plot.bottom);
    if (model.overlapping) canvas.stroke();
    else {
      canvas.closePath();
      canvas.fill();
    }
  }
  canvas.lineWidth = 1;
  if (marks.brush) {
    const a = Math.max(plot.left, xOf(marks.brush[0], model, plot));
    const b = Math.min(plot.right, xOf(marks.brush[1], model, plot));
    canvas.fillStyle = colours.brush;
    canvas.fillRect(a, plot.top, Math.max(1, b - a), plot.bottom - plot.top);
  }
  const line = (at: number): void => {
    canvas.strokeStyle = colours.cursor;
    canvas.beginPath();
    canvas.moveTo(at, plot.top);
    canvas.lineTo(at, plot.bottom);
    canvas.stroke();
  };
  if (marks.bucket >= 0) line(Math.round((x(marks.bucket) + x(marks.bucket + 1)) / 2) + 0.5);
  if (marks.packet !== null && marks.packet >= model.from && marks.packet <= model.to)
    line(Math.round(xOf(marks.packet, model, plot)) + 0.5);
}
