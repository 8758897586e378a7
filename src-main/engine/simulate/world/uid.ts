/** Identifiers of API objects, made from what they are of: the same in every run. */

/** "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx" */
export function uid(kind: string, name: string): string {
  let hex = "";
  for (let part = 0; part < 4; part++) {
    let hash = 0x811c9dc5 ^ part;
    for (const char of `${kind}/${name}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    hash ^= hash >>> 15;
    hex += (Math.imul(hash, 0x2c1b3c6d) >>> 0).toString(16).padStart(8, "0");
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
