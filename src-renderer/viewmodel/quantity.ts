/** Counts, sizes and durations as people read them. */

const COUNT = new Intl.NumberFormat("en-US");
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 1234567 → "1,234,567" */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** "1 packet", "2,000 packets" */
export function formatNoun(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** 1536 → "1.5 KiB"; three digits at most. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${withoutZeros(value.toFixed(digits))} ${UNITS[unit]}`;
}

/** Seconds: 0.0000012 → "1.2 µs", 75.5 → "1 min 15.5 s", 90061 → "1 d 1 h 1 min" */
export function formatDuration(seconds: number): string {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "-" : "";
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${sign}${trimmed(size * 1e9)} ns`;
  if (size < 1e-3) return `${sign}${trimmed(size * 1e6)} µs`;
  if (size < 1) return `${sign}${trimmed(size * 1e3)} ms`;
  if (size < 60) return `${sign}${trimmed(size)} s`;
  if (size < 3600) return `${sign}${Math.floor(size / 60)} min${size % 60 === 0 ? "" : ` ${trimmed(size % 60)} s`}`;
  const minutes = Math.floor(size / 60);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${sign}${hours} h ${minutes % 60} min`;
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h ${minutes % 60} min`;
}

/** "42 %", "< 1 %"; never 100 before it is done, never 0 once it began. */
export function formatShare(done: number, total: number): string {
  if (total <= 0) return "0 %";
  if (done >= total) return "100 %";
  if (done > 0 && done / total < 0.01) return "< 1 %";
  return `${Math.min(99, Math.round((100 * Math.max(0, done)) / total))} %`;
}

function trimmed(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return withoutZeros(value.toFixed(digits));
}

/** "1.50" → "1.5", "2.00" → "2" */
function withoutZeros(number: string): string {
  return number.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}
