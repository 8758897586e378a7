/**
 * Finding by a few letters: all of them in order, better the closer together and the nearer to the starts of words.
 *
 * ```
 * "gtp"  in "Go to Packet…"        G o T o P acket   three word starts      good
 * "mark" in "Mark or Unmark …"     together, at the start                   better
 * ```
 */
export interface Match {
  /** Higher is better. */
  readonly score: number;
  /** Offsets of the letters in the text, to be drawn bold. */
  readonly at: readonly number[];
}

/** null: the letters are not there in this order. An empty query matches everything. */
export function matchFuzzy(query: string, text: string): Match | null {
  const letters = query.toLowerCase().replaceAll(/\s+/g, "");
  if (letters === "") return { score: 0, at: [] };
  const lower = text.toLowerCase();
  const whole = lower.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const length = query.trim().length;
    const start = isWordStart(text, whole);
    const score = 100 + (whole === 0 ? 50 : 0) + (start ? 30 : 0) - text.length / 100;
    return { score, at: Array.from({ length }, (_, index) => whole + index) };
  }
  return bestFrom(letters, text, lower);
}

/** Greedy from every place the first letter occurs, preferring word starts for the rest: exact enough for short titles. */
function bestFrom(letters: string, text: string, lower: string): Match | null {
  let best: Match | null = null;
  for (let start = lower.indexOf(letters[0] ?? ""); start >= 0; start = lower.indexOf(letters[0] ?? "", start + 1)) {
    const at = [start];
    let score = isWordStart(text, start) ? 10 : 0;
    for (const letter of letters.slice(1)) {
      const from = (at.at(-1) ?? 0) + 1;
      let found = lower.indexOf(letter, from);
      if (found < 0) break;
      if (found !== from) {
        for (let other = found; other >= 0; other = lower.indexOf(letter, other + 1)) {
          if (!isWordStart(text, other)) continue;
          found = other;
          break;
        }
      }
      score += found === from ? 6 : isWordStart(text, found) ? 8 : 0;
      score -= Math.min(3, (found - from) / 10);
      at.push(found);
    }
    if (at.length === letters.length && (best === null || score > best.score)) best = { score, at };
  }
  return best;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");
}
