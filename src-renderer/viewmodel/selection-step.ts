/**
 * What is selected at one moment, and the way back: a list of steps that back and forward walk.
 *
 * ```
 * steps   packet 12   packet 57   connection 9f…   pod web-a      choose(packet 31) after back(): 12  57  9f…  31
 *                                      ▲ at
 * ```
 * A step is complete in itself: going back restores all of it. What merely follows from a choice (the connection of the chosen
 * packet) is written into the step it follows from and makes no step of its own.
 */
import type { PacketId, TimeValue } from "../../src-shared/contract/results";

/** A part of the picture that connections are limited to; `options` are those of the table "connections" (contract/tables.ts). */
export interface ConnectionScope {
  /** "pod", "endpoint", "hop" …: for words and marks. */
  readonly kind: string;
  /** "pod default/web-a": what a person reads. */
  readonly label: string;
  readonly options: Readonly<Record<string, string | number>>;
}

export interface TimeRange {
  readonly from: TimeValue;
  readonly to: TimeValue;
}

export interface SelectionStep {
  readonly packet: PacketId | null;
  /** Id of a joined connection. */
  readonly connection: string | null;
  /** Number of a journey of `connection`, and of a sighting in it; -1 none. */
  readonly journey: number;
  readonly hop: number;
  readonly scope: ConnectionScope | null;
  readonly range: TimeRange | null;
}

export const NOTHING_SELECTED: SelectionStep = {
  packet: null,
  connection: null,
  journey: -1,
  hop: -1,
  scope: null,
  range: null,
};

export interface StepHistory {
  readonly steps: readonly SelectionStep[];
  /** Index of the present step; -1 before the first. */
  readonly at: number;
}

export const NO_STEPS: StepHistory = { steps: [], at: -1 };

const MOST_STEPS = 500;

/** Goes on to `step`: what was ahead is forgotten. The same step again is none. */
export function pushStep(history: StepHistory, step: SelectionStep): StepHistory {
  const now = history.steps[history.at];
  if (now && sameStep(now, step)) return history;
  const steps = [...history.steps.slice(0, history.at + 1), step].slice(-MOST_STEPS);
  return { steps, at: steps.length - 1 };
}

/** Writes `step` over the present one. Before the first there is nothing to write over. */
export function amendStep(history: StepHistory, step: SelectionStep): StepHistory {
  if (history.at < 0) return history;
  return { steps: history.steps.map((other, i) => (i === history.at ? step : other)), at: history.at };
}

/** By -1 back, by 1 forward; the same history where that is not possible. */
export function moveStep(history: StepHistory, by: -1 | 1): StepHistory {
  const at = history.at + by;
  return at < 0 || at >= history.steps.length ? history : { ...history, at };
}

export function sameStep(a: SelectionStep, b: SelectionStep): boolean {
  return (
    a.packet === b.packet &&
    a.connection === b.connection &&
    a.journey === b.journey &&
    a.hop === b.hop &&
    sameScope(a.scope, b.scope) &&
    sameRange(a.range, b.range)
  );
}

export function sameScope(a: ConnectionScope | null, b: ConnectionScope | null): boolean {
  return a === b || (a !== null && b !== null && JSON.stringify(a.options) === JSON.stringify(b.options));
}

function sameRange(a: TimeRange | null, b: TimeRange | null): boolean {
  const text = (r: TimeRange | null): string => (r ? `${r.from.join(".")} ${r.to.join(".")}` : "");
  return text(a) === text(b);
}
