/** How times can be shown: ids of settings and what they are called in menus, settings and the status bar. */

export const TIME_FORMATS = [
  { id: "relative", label: "Seconds since the first packet" },
  { id: "delta", label: "Seconds since the row above" },
  { id: "time", label: "Time of day" },
  { id: "date-time", label: "Date and time of day" },
  { id: "epoch", label: "Seconds since 1970" },
] as const;

export const TIME_PRECISIONS = [
  { digits: 0, label: "Seconds" },
  { digits: 3, label: "Milliseconds" },
  { digits: 6, label: "Microseconds" },
  { digits: 9, label: "Nanoseconds" },
] as const;

/** Zones with an entry of their own; any other is looked for in the settings. */
export const TIME_ZONES = [
  { id: "local", label: "Local time" },
  { id: "utc", label: "UTC" },
] as const;
