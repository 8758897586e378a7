/**
 * Time zones for times of day: this machine's, UTC, or one by its name in the tz database ("Europe/Berlin").
 *
 * ```
 * 1711846800 s   Europe/Berlin   2024-03-31 01:00 → + 1 h → 03:00      (the clocks go forward)
 * ```
 * What a settings file or a person says is refused unless the browser knows it: the name goes nowhere but into Intl.
 */

/** "local", "utc", or a name of the tz database. */
export type TimeZone = string;

/** Date and time of day in a zone. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Names as people and settings write them: no control characters, no length that is none. */
const NAME = /^[A-Za-z][\w+\-/]{1,63}$/;

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Of a zone by its name; null: there is none of that name. */
function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format !== undefined) return format;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    format = null;
  }
  formats.set(zone, format);
  return format;
}

/** The zone that is meant; undefined: there is none of that name. "europe/berlin" is "Europe/Berlin". */
export function checkZone(told: unknown): TimeZone | undefined {
  if (typeof told !== "string") return undefined;
  const text = told.trim();
  if (/^(local|utc)$/i.test(text)) return text.toLowerCase();
  if (!NAME.test(text)) return undefined;
  // Names that are not listed are known all the same: Asia/Kolkata where Asia/Calcutta is, and the other way round.
  const zone = zoneNames().find((name) => name.toLowerCase() === text.toLowerCase()) ?? capitalised(text);
  // "+02:00" and the like are no zones: they know no summer.
  return formatOf(zone) === null ? undefined : zone;
}

/** "asia/kolkata" → "Asia/Kolkata"; what has capitals already stays as it is. */
function capitalised(text: string): string {
  if (text !== text.toLowerCase()) return text;
  return text.replace(/(^|[/_-])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}

let names: readonly string[] | undefined;

/** All zones that the browser knows, for choosing. */
export function zoneNames(): readonly string[] {
  return (names ??= Intl.supportedValuesOf("timeZone"));
}

/** "local time", "UTC", "Europe/Berlin" */
export function zoneLabel(zone: TimeZone): string {
  return zone === "local" ? "local time" : zone === "utc" ? "UTC" : zone;
}

/** @param seconds since 1970 */
export function wallTime(seconds: number, zone: TimeZone): WallTime {
  const date = new Date(seconds * 1000);
  if (zone === "local")
    return {
      year: date.getFullYear(),
      month: date.getMonth() + 1,
      day: date.getDate(),
      hour: date.getHours(),
      minute: date.getMinutes(),
      second: date.getSeconds(),
    };
  const format = zone === "utc" || Number.isNaN(date.getTime()) ? null : formatOf(zone);
  if (format === null)
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
    };
  const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  const year = part("year");
  return {
    year: parts.get("era") === "BC" ? 1 - year : year,
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
  };
}
