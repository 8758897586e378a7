/**
 * Lessons are written in files whose lines are wrapped; in notes a line end is a line end. This takes the wrapping out: a line is
 * joined with the one before, unless either is blank, code, or begins something of its own (list item, heading, quote, table).
 */
const OWN_LINE = /^\s*([-*+]\s|\d+[.)]\s|#{1,6}\s|>|\||```|~~~|$)/;
const FENCE = /^\s*(```|~~~)/;

export function unwrapMarkdown(text: string): string {
  const lines: string[] = [];
  let code = false;
  for (const line of text.split("\n")) {
    const before = lines.at(-1);
    const isFence = FENCE.test(line);
    const joins =
      !code &&
      !isFence &&
      before !== undefined &&
      before.trim() !== "" &&
      !FENCE.test(before) &&
      !/^\s*(#{1,6}\s|\|)/.test(before) &&
      !/( {2}|\\)$/.test(before) &&
      !OWN_LINE.test(line);
    if (joins) lines[lines.length - 1] = `${before} ${line.trim()}`;
    else lines.push(line);
    if (isFence) code = !code;
  }
  return lines.join("\n");
}
