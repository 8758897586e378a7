/** File names that came from somewhere else (a dropped file, a typed export name) and how they may be used. */

/** Windows opens a device of that name, whatever the extension. */
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const MAX_LENGTH = 100;

/**
 * A name made of harmless characters that resembles `name`: its last path component, letters, digits and `. _ -` kept, all
 * else replaced by "_". Never empty, never hidden, never a device; at most 100 characters, of which the end is kept,
 * because the extension tells the format.
 *
 * @param fallback where nothing of the name can be used
 */
export function cleanFileName(name: string, fallback: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^[.]+/, "")
    .replace(/[.]+$/, "");
  const short = Array.from(clean).slice(-MAX_LENGTH).join("").replace(/^[.]+/, "");
  if (!/[\p{L}\p{N}]/u.test(short)) return fallback;
  return DEVICE_NAME.test(short) ? `_${short}` : short;
}

/** Content-Disposition for a download named so (RFC 6266): plain text for old browsers, UTF-8 for the others. */
export function attachmentHeader(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
  const utf8 = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${utf8}`;
}
