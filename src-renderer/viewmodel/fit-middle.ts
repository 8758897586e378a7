/**
 * A text that fits into a width by leaving out its middle. The end keeps up to 14 characters: what numbers a file, and how it ends.
 *
 * ```
 * "service-vxlan-node2.pcapng"  in 130 px  →  "servi…-node2.pcapng"
 * ```
 */
const END = 14;
/** Of what two names have in common, what is left before the place where they differ. */
const BEFORE = 2;

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

/**
 * As fitMiddle, but where another text would look the same, what tells them apart is kept, and their beginning is left out:
 *
 * ```
 * "client-1.pcapng", "client-2.pcapng"  in 60 px  →  "…t-1.p…", "…t-2.p…"     not twice "c….pcapng"
 * ```
 */
export function fitDistinct(
  text: string,
  others: readonly string[],
  widthPx: number,
  widthOf: (text: string) => number,
): string {
  const plain = fitMiddle(text, widthPx, widthOf);
  if (plain === text) return text;
  const [head = "", end = ""] = plain.split("…");
  const alike = others.filter((other) => other !== text && other.startsWith(head) && other.endsWith(end));
  if (alike.length === 0) return plain;
  const letters = [...text];
  const differs = Math.max(...alike.map((other) => commonStart(letters, [...other])));
  const rest = letters.slice(Math.max(0, differs - BEFORE));
  let shown = rest.length;
  while (shown > BEFORE + 1 && widthOf(cut(rest, shown)) > widthPx) shown--;
  return cut(rest, shown);
}

function cut(letters: readonly string[], count: number): string {
  return `…${letters.slice(0, count).join("")}${count < letters.length ? "…" : ""}`;
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
