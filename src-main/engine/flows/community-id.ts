/** Community IDs as text: "1:" and the base64 of what the kernel computed. */
import type { TextWriter } from "../../../src-shared/base/text-writer";

const BASE64 = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/** Writes "1:" and the base64 of the 20 bytes at `at`. */
export function writeCommunityId(out: TextWriter, bytes: Uint8Array, at: number): void {
  out.byte(49);
  out.byte(58);
  out.reserve(28);
  const b = out.buffer;
  let p = out.length;
  for (let i = 0; i < 18; i += 3) {
    const v = ((bytes[at + i] as number) << 16) | ((bytes[at + i + 1] as number) << 8) | (bytes[at + i + 2] as number);
    b[p++] = BASE64[v >>> 18] as number;
    b[p++] = BASE64[(v >>> 12) & 63] as number;
    b[p++] = BASE64[(v >>> 6) & 63] as number;
    b[p++] = BASE64[v & 63] as number;
  }
  const v = ((bytes[at + 18] as number) << 8) | (bytes[at + 19] as number);
  b[p++] = BASE64[v >>> 10] as number;
  b[p++] = BASE64[(v >>> 4) & 63] as number;
  b[p++] = BASE64[(v & 15) << 2] as number;
  b[p++] = 61;
  out.length = p;
}
