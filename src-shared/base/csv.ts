/** Cells of CSV files (RFC 4180): quotes where needed, doubled inside. */

const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** For values that this program wrote, numbers and names of fields among them. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * For text that may come from a capture, which is hostile: what a spreadsheet would run as a formula gets an apostrophe in front.
 * Numbers stay as they are.
 */
export function hostileCsvCell(text: string): string {
  return csvCell(/^[=+\-@\t\r]/.test(text) && !NUMBER.test(text) ? `'${text}` : text);
}
