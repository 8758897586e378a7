/** When a note was written: in words while that is near, else the date. */
import { formatAge } from "../viewmodel/age";

const WEEK_MS = 7 * 24 * 3_600_000;

export function age(timeMs: number, nowMs: number = Date.now()): string {
  if (nowMs - timeMs < WEEK_MS && timeMs <= nowMs) return formatAge(nowMs - timeMs);
  return dateText(timeMs);
}

/** "2026-11-21 15:04" in local time; a damaged clock's number as it is. */
export function dateText(timeMs: number): string {
  if (timeMs > 8.64e15) return String(timeMs);
  const date = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16).replace("T", " ");
}
