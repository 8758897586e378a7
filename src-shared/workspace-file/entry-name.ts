/** Names inside a workspace's zip: which are ours, and how a capture's own name becomes part of one. */

const ENTRY = /^(captures|cluster)\/(\d{1,5})\/([^/\\]{1,200})$/;

/**
 * The parts of the name of an entry that holds a file. Nothing else is ever taken out of a zip, and only under a folder and a
 * name that we choose: an entry "../../.profile" is no entry of a workspace.
 */
export function parseEntryName(
  name: string,
): { readonly kind: "captures" | "cluster"; readonly index: number; readonly file: string } | null {
  const match = ENTRY.exec(name);
  if (!match) return null;
  const file = match[3] as string;
  if (file !== safeFileName(file)) return null;
  return { kind: match[1] as "captures" | "cluster", index: Number(match[2]), file };
}

export function entryName(kind: "captures" | "cluster", index: number, name: string): string {
  return `${kind}/${index}/${safeFileName(name)}`;
}

/** Windows opens a device of that name, whatever the extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Letters, digits and `. _ - space` of `name`, all else "_"; never hidden, never a device, at most 100 characters (the end is kept). */
export function safeFileName(name: string): string {
  const clean = name
    .replaceAll(/[^\p{L}\p{N}._ -]/gu, "_")
    .replace(/^[. ]+/, "")
    .replace(/[. ]+$/, "");
  const short = Array.from(clean)
    .slice(-100)
    .join("")
    .replace(/^[. ]+/, "");
  if (!/[\p{L}\p{N}]/u.test(short)) return "capture";
  return DEVICE.test(short) ? `_${short}` : short;
}
