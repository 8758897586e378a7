/**
 * A text that fits into a width by leaving out its middle. The end keeps up to 14 characters: what numbers a file, and how it ends.
 *
 * ```
 * "service-vxlan-node2.pcapng"  in 130 px  →  "servi…-node2.pcapng"
 * ```
 */
const END = 14;

/** `widthOf` measures a text in pixels; it is asked about 6 times for a name of 60 characters. */
export function fitMiddle(text: string, widthPx: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= widthPx) return text;
  const letters = [...text];
  const end = letters.slice(-Math.min(END, letters.length >> 1)).join("");
  let low = 0;
  let high = letters.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${letters.slice(0, middle).join("")}…${end}`) <= widthPx) low = middle;
    else high = middle - 1;
  }
  return `${letters.slice(0, low).join("")}…${end}`;
}
