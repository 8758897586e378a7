/**
 * Decodes one lz4 block: the format inside the frames. Every length and offset is checked against both buffers
 * before it is used, so that no input, however damaged, can read or write elsewhere or keep the loop from advancing.
 * Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { DamagedData } from "./compression-error";

/** Below this a loop beats the call of a native copy. */
const SHORT = 32;
const MINIMUM_MATCH = 4;

/**
 * Decodes `source` into `target` from `start` on, at most up to `limit`; returns where the output ends.
 * Bytes of `target` before `start` are the history that matches may refer to. Throws `DamagedData`.
 */
export function decodeLz4Block(source: Uint8Array, target: Uint8Array, start: number, limit: number): number {
  let from = 0;
  let to = start;

  while (from < source.length) {
    const token = source[from++]!;

    // A length of 15 in the token continues in the bytes that follow, up to the first that is not 255.
    let literals = token >> 4;
    for (let more = literals === 15; more;) {
      if (from === source.length) throw new DamagedData("an lz4 length runs past the end of its block");
      const byte = source[from++]!;
      literals += byte;
      more = byte === 255;
    }
    if (literals > source.length - from) throw new DamagedData("lz4 literals run past the end of their block");
    if (literals > limit - to) throw new DamagedData("an lz4 block decodes to more than its frame allows");
    if (literals < SHORT) {
      for (let end = from + literals; from < end;) target[to++] = source[from++]!;
    } else {
      target.set(source.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    }
    if (from === source.length) return to;

    if (source.length - from < 2) throw new DamagedData("an lz4 block ends inside a match");
    const offset = source[from]! | (source[from + 1]! << 8);
    from += 2;
    if (offset === 0 || offset > to) throw new DamagedData("an lz4 match refers to data before the beginning");
    let match = (token & 15) + MINIMUM_MATCH;
    for (let more = (token & 15) === 15; more;) {
      if (from === source.length) throw new DamagedData("an lz4 length runs past the end of its block");
      const byte = source[from++]!;
      match += byte;
      more = byte === 255;
    }
    if (match > limit - to) throw new DamagedData("an lz4 block decodes to more than its frame allows");
    if (match < SHORT || offset < match) {
      // Where the match overlaps its own output, the order of the copy makes the repetition.
      for (let end = to + match; to < end; to++) target[to] = target[to - offset]!;
    } else {
      target.copyWithin(to, to - offset, to - offset + match);
      to += match;
    }
  }
  throw new DamagedData("an lz4 block ends without its last literals");
}
