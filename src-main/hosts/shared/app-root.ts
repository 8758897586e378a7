/**
 * Where the built application lies: the folder that holds package.json and out/, in a checkout and in a packaged app alike.
 *
 * ```
 * <root>/package.json   <root>/out/main/*.js   <root>/out/preload/preload.cjs   <root>/out/renderer/index.html
 * ```
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Throws if this file lies outside of any checkout or package. */
export function appRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json above ${start}`);
  }
}

export function appVersion(): string {
  const { version } = JSON.parse(readFileSync(join(appRoot(), "package.json"), "utf8")) as { version?: unknown };
  return typeof version === "string" ? version : "0.0.0";
}
