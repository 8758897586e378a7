/** Times as the settings say: what panes call to show one. Reactive. */
import type { TimeValue } from "../../src-shared/contract/results";
import { baseTime } from "../viewmodel/packet-time";
import { formatTime, type TimeStyle } from "../viewmodel/time-format";
import { selection } from "./selection.svelte";
import { timeFormat, timePrecision, timeZone } from "./settings.svelte";
import { workspace } from "./workspace.svelte";

/** How times are shown. Read it once per drawing, not per row. */
export function timeStyle(): TimeStyle {
  return { format: timeFormat.value, zone: timeZone.value, precision: timePrecision.value };
}

/** What relative times count from at `time`. */
export function timeBase(time: TimeValue): TimeValue {
  return baseTime(time, workspace.state.firstTime ?? time, selection.referenceTimes);
}

/** A time in the chosen format; "delta" without a row above is shown as relative. */
export function timeText(time: TimeValue): string {
  const style = timeStyle();
  const format = style.format === "delta" ? "relative" : style.format;
  return formatTime(time, { ...style, format }, timeBase(time), null);
}
