/** What is wrong with a filter, and where. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  /** The filter: filled in where the whole of it is known, by `compileFilter`. */
  source = "";

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

/**
 * The message and below it, as tshark prints them, the source and a caret line. No line end after the last.
 *
 * ```
 * ip.src is an IPv4 address: "10.0.0.0/99" is not one (its prefix may have at most 32 bits)
 *     ip.src == 10.0.0.0/99
 *               ^~~~~~~~~~~
 * ```
 */
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
  return [
    error.message,
    `${INDENT}${before}${shown.slice(from, to).join("")}${after}`,
    `${INDENT}${" ".repeat(before.length + start - from)}^${"~".repeat(carets - 1)}`,
  ].join("\n");
}
