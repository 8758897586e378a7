/**
 * A clock offset as a person types it: seconds with a point or comma, or a number with its unit.
 *
 * ```
 * "1.5"  "-0,25"  "+12 ms"  "300us"  "2 min"      ──► seconds
 * ```
 */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ns: 1e-9,
  min: 60,
  h: 3600,
};

/** null: no number of seconds. */
export function parseOffset(text: string): number | null {
  const match = /^\s*([+-]?)\s*(\d+(?:[.,]\d*)?|[.,]\d+)\s*([a-zµμ]*)\s*$/i.exec(text);
  if (!match) return null;
  const unit = UNITS[(match[3] ?? "").toLowerCase()];
  const amount = Number((match[2] ?? "").replace(",", "."));
  if (unit === undefined || !Number.isFinite(amount)) return null;
  return (match[1] === "-" ? -1 : 1) * amount * unit;
}
