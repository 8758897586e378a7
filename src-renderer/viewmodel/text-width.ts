/**
 * How wide a text is before it is drawn, by classes of letters: a view model has no page to measure on. After the widest of the fonts that
 * `--font-ui` may be (DejaVu Sans), so that what is said to fit does.
 */

/** In ems. */
function letterEm(letter: string): number {
  if (/[ijl.,:;|' ·!()[\]/\\-]/.test(letter)) return 0.39;
  if (/[ftrsc"*]/.test(letter)) return 0.52;
  if (/[mwMW@#%→…]/.test(letter)) return 0.95;
  if (/[A-Z]/.test(letter)) return 0.72;
  return 0.635;
}

/** Bold letters are a tenth wider. */
const BOLD = 1.1;

export function textWidthPx(text: string, fontPx: number, isBold = false): number {
  let ems = 0;
  for (const letter of text) ems += letterEm(letter);
  return ems * fontPx * (isBold ? BOLD : 1);
}
