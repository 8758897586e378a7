/**
 * Times of a report, in the zone it names: who reads it may be elsewhere, so "local time" gets its name, and outside of UTC every
 * time says how far it is from it (the clocks may have been changed between two of them).
 *
 * ```
 * 1709287200.000000001   UTC             2024-03-01 10:00:00.000000001
 *                        Europe/Berlin   2024-03-01 11:00:00.000000001 +01:00
 * ```
 */
import { type TimeZone, type WallTime, wallTime, zoneLabel } from "../base/time-zone";

/** A zone by its name, for "local" too where this machine's is known. */
export function namedZone(zone: TimeZone): TimeZone {
  if (zone !== "local") return zone;
  // "Etc/Unknown" where the machine does not say.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  if (timeZone === "Etc/Unknown") return zone;
  return /^(Etc\/)?(UTC|GMT|Zulu)$/.test(timeZone) ? "utc" : timeZone;
}

/** "2024-03-01 11:00:00.123456789 +01:00" of decimal seconds since the epoch, with as many digits as they have; "" for null. */
export function timeText(seconds: string | null, zone: TimeZone = "utc"): string {
  if (seconds === null) return "";
  const [whole = "0", part = ""] = seconds.split(".");
  if (Number.isNaN(new Date(Number(whole) * 1000).getTime())) return seconds;
  const wall = wallTime(Number(whole), zone);
  return `${minuteText(wall)}:${two(wall.second)}${part === "" ? "" : `.${part}`}${offsetSuffix(Number(whole), zone)}`;
}

/** "2024-03-01 10:00 UTC", "2024-03-01 11:00 +01:00"; "" for what is no time. */
export function minuteOf(ms: number, zone: TimeZone): string {
  if (Number.isNaN(new Date(ms).getTime())) return "";
  const seconds = Math.floor(ms / 1000);
  return `${minuteText(wallTime(seconds, zone))}${offsetSuffix(seconds, zone) || " UTC"}`;
}

/** What a report says at its end. */
export function timesNote(zone: TimeZone): string {
  if (zone === "utc") return "Times are UTC.";
  return `Times are ${zone === "local" ? "" : "those of "}${zoneLabel(zone)}, each with its distance from UTC.`;
}

/** " +01:00"; "" in UTC itself. */
function offsetSuffix(seconds: number, zone: TimeZone): string {
  if (zone === "utc") return "";
  const { year, month, day, hour, minute, second } = wallTime(seconds, zone);
  const here = new Date(0);
  // Not Date.UTC, to which the years 0 to 99 are 1900 to 1999.
  here.setUTCFullYear(year, month - 1, day);
  here.setUTCHours(hour, minute, second);
  const minutes = Math.round((here.getTime() / 1000 - seconds) / 60);
  return ` ${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

function minuteText({ year, month, day, hour, minute }: WallTime): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
