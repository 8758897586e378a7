/** When a note was written: in words while that is near, else the date. */
import { timeZone } from "../state/settings.svelte";
import { formatAge } from "../viewmodel/age";
import { formatTime } from "../viewmodel/time-format";

const WEEK_MS = 7 * 24 * 3_600_000;

export function age(timeMs: number, nowMs: number = Date.now()): string {
  if (nowMs - timeMs < WEEK_MS && timeMs <= nowMs) return formatAge(nowMs - timeMs);
  return dateText(timeMs);
}

/** "2026-11-21 15:04" in the zone of the settings; a damaged clock's number as it is. */
export function dateText(timeMs: number): string {
  if (timeMs > 8.64e15) return String(timeMs);
  const style = { format: "date-time", zone: timeZone.value, precision: 0 } as const;
  return formatTime([Math.floor(timeMs / 1000), 0], style, null, null).slice(0, -3);
}
