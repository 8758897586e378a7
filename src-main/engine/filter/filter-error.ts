/**
 * What is wrong with a filter, and where.
 *
 * ```
 *     ip.src == 10.0.0.0/99        the source, indented
 *               ^~~~~~~~~~~        the characters meant
 * ```
 */
export class FilterError extends Error {
  override readonly name = "FilterError";

  /**
   * @param start Offset of the first character meant, in UTF-16 units of the source.
   * @param end Offset after the last one; equal to `start` where something is missing.
   */
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message);
  }
}

const INDENT = "    ";
/** Characters shown on either side of the place in a filter too long for one line. */
const CONTEXT = 60;

/** The two lines a terminal shows below `error.message`: the source and, under the characters meant, `^~~~`. No line end after the last. */
export function formatFilterError(source: string, error: FilterError): string {
  // By code point: a terminal gives most of them one column, whatever UTF-16 makes of them.
  const shown = Array.from(source, (c) => (/\p{Cc}/u.test(c) ? " " : c));
  const start = Array.from(source.slice(0, error.start)).length;
  const length = Math.max(1, Array.from(source.slice(error.start, error.end)).length);
  let from = 0;
  let to = shown.length;
  if (to > 4 * CONTEXT) {
    from = Math.max(0, start - CONTEXT);
    to = Math.min(to, start + Math.min(length, CONTEXT) + CONTEXT);
  }
  const before = from > 0 ? "…" : "";
  const after = to < shown.length ? "…" : "";
  const carets = Math.max(1, Math.min(length, to - start));
  return (
    `${INDENT}${before}${shown.slice(from, to).join("")}${after}\n` +
    `${INDENT}${" ".repeat(before.length + start - from)}^${"~".repeat(carets - 1)}`
  );
}
