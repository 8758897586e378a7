/**
 * Notes on the timeline: a mark where a note's packet or time is, a band for a range. Marks that fall on the same three pixels
 * are one, with how many there are: 50,000 notes are as quick to draw as there are pixels.
 *
 * ```
 *   ▾   ▾▾      ▾₁₂          ▾         marks, in the colour of the first note there
 *   │   ░░░░░░░░░            │         ranges
 * ```
 */
import { firstIndex } from "../../src-shared/base/search";
import { type Annotation, timeOf } from "../../src-shared/annotations/annotation";
import type { TimeValue } from "../../src-shared/contract/results";
import { secondsSince, xOf, type Plot, type TimelineModel } from "./timeline";

export interface TimelineNote {
  readonly id: string;
  /** Seconds since the first packet. */
  readonly from: number;
  /** Where a range ends; else as `from`. */
  readonly to: number;
  readonly colour: string;
}

/** Notes that have a time, the earliest first. */
export function timelineNotes(notes: readonly Annotation[], base: TimeValue): TimelineNote[] {
  const found: TimelineNote[] = [];
  for (const { id, subject, colour } of notes) {
    const from = timeOf(subject);
    if (from === null) continue;
    const start = secondsOf(from, base);
    found.push({ id, from: start, to: subject.kind === "time-range" ? secondsOf(subject.to, base) : start, colour });
  }
  return found.sort((a, b) => a.from - b.from);
}

export interface NoteMark {
  readonly xPx: number;
  readonly colour: string;
  readonly count: number;
}

/** A mark needs this much room: notes closer together are one mark. */
const MARK_PX = 6;

/** Marks inside the plot. `notes` as timelineNotes gives them. */
function noteMarks(notes: readonly TimelineNote[], model: TimelineModel, plot: Plot): NoteMark[] {
  const marks: { xPx: number; colour: string; count: number }[] = [];
  for (
    let at = firstIndex(notes.length, (index) => (notes[index] as TimelineNote).from >= model.from);
    at < notes.length;
    at++
  ) {
    const { from, colour } = notes[at] as TimelineNote;
    if (from > model.to) break;
    const xPx = xOf(from, model, plot);
    const last = marks[marks.length - 1];
    if (last && xPx - last.xPx < MARK_PX) last.count++;
    else marks.push({ xPx, colour, count: 1 });
  }
  return marks;
}

/** Ranges that reach into the plot, cut to it. */
function noteBands(
  notes: readonly TimelineNote[],
  model: TimelineModel,
  plot: Plot,
): { readonly fromPx: number; readonly toPx: number; readonly colour: string }[] {
  return notes
    .filter(({ from, to }) => to > from && to >= model.from && from <= model.to)
    .slice(0, 200)
    .map(({ from, to, colour }) => ({
      fromPx: xOf(Math.max(from, model.from), model, plot),
      toPx: xOf(Math.min(to, model.to), model, plot),
      colour,
    }));
}

/** What drawing notes needs of a canvas. */
export type NotesCanvas = Pick<
  CanvasRenderingContext2D,
  "beginPath" | "closePath" | "fill" | "fillRect" | "fillStyle" | "globalAlpha" | "lineTo" | "moveTo"
>;

/** Draws bands and marks at the plot's upper edge; `colour` gives a token's value ("--note-red"). */
export function drawTimelineNotes(
  canvas: NotesCanvas,
  notes: readonly TimelineNote[],
  model: TimelineModel,
  plot: Plot,
  colour: (token: string) => string,
): void {
  for (const band of noteBands(notes, model, plot)) {
    const width = Math.max(2, band.toPx - band.fromPx);
    canvas.fillStyle = colour(`--note-${band.colour}`);
    canvas.globalAlpha = 0.16;
    canvas.fillRect(band.fromPx, plot.top, width, plot.bottom - plot.top);
    canvas.globalAlpha = 1;
    canvas.fillRect(band.fromPx, plot.top - 3, width, 3);
  }
  for (const mark of noteMarks(notes, model, plot)) {
    canvas.fillStyle = colour(`--note-${mark.colour}`);
    canvas.beginPath();
    canvas.moveTo(mark.xPx - 4, plot.top - 9);
    canvas.lineTo(mark.xPx + 4, plot.top - 9);
    canvas.lineTo(mark.xPx, plot.top);
    canvas.closePath();
    canvas.fill();
  }
}

/** Ids of notes between two times, for the pointer. */
export function notesBetween(notes: readonly TimelineNote[], from: number, to: number, limit: number): string[] {
  const ids: string[] = [];
  for (
    let at = firstIndex(notes.length, (index) => (notes[index] as TimelineNote).from >= from);
    at < notes.length && ids.length < limit;
    at++
  ) {
    const note = notes[at] as TimelineNote;
    if (note.from > to) break;
    ids.push(note.id);
  }
  return ids;
}

function secondsOf(time: string, base: TimeValue): number {
  const point = time.indexOf(".");
  return secondsSince([Number(time.slice(0, point)), Number(time.slice(point + 1))], base);
}
