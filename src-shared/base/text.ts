/**
 * UTF-8 to string without TextDecoder, which refuses views on shared memory. Bytes that are no UTF-8 become U+FFFD, so
 * hostile text cannot throw.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  let p = start;
  while (p < end) {
    const b = bytes[p++] as number;
    if (b < 0x80) {
      out += String.fromCharCode(b);
      continue;
    }
    const extra = b >= 0xc2 && b < 0xe0 ? 1 : b >= 0xe0 && b < 0xf0 ? 2 : b >= 0xf0 && b < 0xf5 ? 3 : 0;
    let code = b & (extra === 1 ? 0x1f : extra === 2 ? 0x0f : 0x07);
    let n = 0;
    while (n < extra && p < end && ((bytes[p] as number) & 0xc0) === 0x80) {
      code = (code << 6) | ((bytes[p++] as number) & 0x3f);
      n++;
    }
    const whole = extra > 0 && n === extra;
    const least = extra === 1 ? 0x80 : extra === 2 ? 0x800 : 0x10000;
    if (!whole || code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) out += "\ufffd";
    else out += String.fromCodePoint(code);
  }
  return out;
}

/** Bytes as text, one character a byte (ISO 8859-1). */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  for (let p = start; p < end; p++) out += String.fromCharCode(bytes[p] as number);
  return out;
}

/** Text on one line: control characters and those that turn the direction of writing show as \xNN. For text from captures. */
export function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
