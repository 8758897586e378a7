/**
 * Adds options to a pcapng block behind those it has, and takes out what they replace (draft-ietf-opsawg-pcapng section 3.5).
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

/**
 * `optionsAt`: where the list begins. The list ends with code 0, or with the block; it gets an end in any case. `isReplaced`: of an option
 * that is there, whether it goes.
 */
export function withOptions(
  block: Uint8Array,
  optionsAt: number,
  added: readonly AddedOption[],
  little: boolean,
  isReplaced?: (code: number, value: Uint8Array) => boolean,
): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  /** Where runs of options that stay begin and end. */
  const kept = [0];
  let end = optionsAt;
  while (end + 4 <= block.length - 4 && view.getUint16(end, little) !== 0) {
    const length = view.getUint16(end + 2, little);
    const next = Math.min(end + 4 + padded(length), block.length - 4);
    const value = block.subarray(end + 4, Math.min(end + 4 + length, next));
    if (isReplaced?.(view.getUint16(end, little), value)) kept.push(end, next);
    end = next;
  }
  kept.push(Math.min(end, block.length - 4));
  if (added.length === 0 && kept.length === 2) return block;
  const more = added.reduce((sum, { value }) => sum + 4 + padded(value.length), 0);
  const out = new Uint8Array(block.length + more + 4 + 4);
  let at = 0;
  for (let i = 0; i < kept.length; i += 2) {
    const run = block.subarray(kept[i], kept[i + 1]);
    out.set(run, at);
    at += run.length;
  }
  const target = new DataView(out.buffer);
  for (const { code, value } of added) {
    target.setUint16(at, code, little);
    target.setUint16(at + 2, value.length, little);
    out.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // End of options (code 0, length 0), then the length once more.
  const length = at + 4 + 4;
  target.setUint32(4, length, little);
  target.setUint32(length - 4, length, little);
  return out.subarray(0, length);
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
