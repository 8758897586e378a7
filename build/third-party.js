/**
 * Writes out/third-party.txt: the licences of the packages whose code is bundled into the application.
 * Run by `npm run dist`; the file is packed with it.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A development dependency, and yet its run-time part is in the bundle. */
const ALSO_BUNDLED = ["svelte"];

/**
 * @param {string} name
 * @param {string} from folder of the package that depends on it
 * @returns {string | undefined} its folder
 */
function folderOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/** @type {Map<string, { readonly licence: string, readonly text: string }>} */
const packages = new Map();

/**
 * @param {readonly string[]} names
 * @param {string} from
 */
function collect(names, from) {
  for (const name of names) {
    const folder = folderOf(name, from);
    // Optional, and not installed.
    if (folder === undefined) continue;
    /** @type {{ version: string, license?: string, dependencies?: Record<string, string> }} */
    const description = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const key = `${name} ${description.version}`;
    if (packages.has(key)) continue;
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
    packages.set(key, { licence: description.license ?? "see below", text });
    // Svelte's own dependencies are its compiler's.
    if (!ALSO_BUNDLED.includes(name)) collect(Object.keys(description.dependencies ?? {}), folder);
  }
}

/** @type {{ dependencies: Record<string, string> }} */
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
collect([...Object.keys(dependencies), ...ALSO_BUNDLED], resolve(root));

const rule = "-".repeat(100);
const entries = [...packages].sort(([a], [b]) => a.localeCompare(b));
const text = entries.map(([name, p]) => `${rule}\n${name} (${p.licence})\n\n${p.text}\n`).join("\n");
writeFileSync(join(root, "out/third-party.txt"), `Hopscope contains code of these packages.\n\n${text}`);
