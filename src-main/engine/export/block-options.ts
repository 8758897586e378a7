/**
 * Adds options to a pcapng block behind those it has (draft-ietf-opsawg-pcapng section 3.5).
 *
 * ```
 * 0 type  4 length  … body │ options: code(2) length(2) value, padded to 4 … code 0 │ length again
 *                                                            ▲ new ones go here
 * ```
 */
export interface AddedOption {
  readonly code: number;
  readonly value: Uint8Array;
}

const OPTION_COMMENT = 1;
/** An option's length has 16 bits. */
const MOST_OPTION_BYTES = 65_535;

/** `optionsAt`: where the list begins. The list ends with code 0, or with the block; it gets an end in any case. */
export function withOptions(
  block: Uint8Array,
  optionsAt: number,
  added: readonly AddedOption[],
  little: boolean,
): Uint8Array {
  if (added.length === 0) return block;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let end = optionsAt;
  while (end + 4 <= block.length - 4 && view.getUint16(end, little) !== 0)
    end += 4 + ((view.getUint16(end + 2, little) + 3) & ~3);
  end = Math.min(end, block.length - 4);
  const more = added.reduce((sum, { value }) => sum + 4 + padded(value.length), 0);
  const length = end + more + 4 + 4;
  const out = new Uint8Array(length);
  out.set(block.subarray(0, end));
  const target = new DataView(out.buffer);
  let at = end;
  for (const { code, value } of added) {
    target.setUint16(at, code, little);
    target.setUint16(at + 2, value.length, little);
    out.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  target.setUint32(4, length, little);
  target.setUint32(length - 4, length, little);
  return out;
}

/** A comment as one option, or several where it is longer than 65,535 bytes; no character is cut in two. */
export function commentOptions(text: string): AddedOption[] {
  return commentParts(text).map((value) => ({ code: OPTION_COMMENT, value }));
}

export function commentParts(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    let to = Math.min(bytes.length, from + MOST_OPTION_BYTES);
    // UTF-8: bytes 10xxxxxx continue a character.
    while (to < bytes.length && ((bytes[to] as number) & 0xc0) === 0x80) to--;
    parts.push(bytes.subarray(from, to));
    from = to;
  }
  return parts;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
