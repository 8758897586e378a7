/** Bytes that programs send: readable, different at every place, so that joining and eyes can tell pieces apart. */
import { ByteBuilder, encodeUtf8 } from "../../../../src-shared/wire/write/byte-builder";
import type { Layer } from "../../../../src-shared/wire/write/layer";

const ZERO = 0x30;
const NINE = 0x39;

/** Bytes of one message, as a socket takes them. */
export function messageBytes(layer: Layer): Uint8Array {
  const out = new ByteBuilder();
  layer.append(out, undefined);
  return out.take();
}

/** `size` bytes of text that name who wrote them: "web-a 0000001 web-a 0000002 …". */
export function fill(who: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const word = encodeUtf8(`${who} 0000000 `);
  // The number is counted up in place: making it a text each time was a fifth of a busy simulation's time.
  const lastDigit = word.length - 2;
  for (let at = 0; at < size; at += word.length) {
    for (let digit = lastDigit; digit > lastDigit - 7; digit--) {
      word[digit] = (word[digit] as number) + 1;
      if ((word[digit] as number) <= NINE) break;
      word[digit] = ZERO;
    }
    bytes.set(size - at < word.length ? word.subarray(0, size - at) : word, at);
  }
  return bytes;
}
