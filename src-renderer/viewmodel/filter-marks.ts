/**
 * The filter's text in parts, so that the place of an error can be underlined: before, marked, after.
 *
 * ```
 * ip.addr = 10.0.0.1        problem 8…9        "ip.addr " | "=" | " 10.0.0.1"
 * ip.addr ==                problem 10…10      "ip.addr ==" | " " | ""           past the end: a place for the mark
 * ```
 */
export interface MarkedText {
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

/** `from` and `to` are character offsets into `text`; what lies outside of it is moved inside. */
export function markText(text: string, from: number, to: number): MarkedText {
  const start = Math.max(0, Math.min(from, text.length));
  const end = Math.max(start, Math.min(to, text.length));
  if (end > start) return { before: text.slice(0, start), marked: text.slice(start, end), after: text.slice(end) };
  // An empty range: the character there, or a blank past the end.
  return { before: text.slice(0, start), marked: text.slice(start, start + 1) || " ", after: text.slice(start + 1) };
}

/** The text and the place of the caret after a completion took the place of `from`…`to`. */
export function insertCompletion(
  text: string,
  from: number,
  to: number,
  completion: string,
): { readonly text: string; readonly caret: number } {
  return { text: text.slice(0, from) + completion + text.slice(to), caret: from + completion.length };
}
