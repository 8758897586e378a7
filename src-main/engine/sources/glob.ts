/**
 * Expands patterns such as `captures/*.pcap`, for shells that do not (Windows) and for quoted patterns. Understands
 * `*`, `?`, `[abc]`, `[a-z]`, `[!abc]` and `**` (any folders, none included). As in a shell, a pattern does not match
 * hidden names unless it names the dot.
 */
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { join, parse, sep } from "node:path";

/** True if `input` has characters that make it a pattern. */
export function isGlob(input: string): boolean {
  return /[*?[]/.test(input);
}

/**
 * Files and folders that match, in no particular order, possibly repeated. A `**` at the end matches files only: all
 * below. Folders that cannot be listed match nothing.
 */
export function expandGlob(pattern: string): string[] {
  const { root } = parse(pattern);
  const segments = pattern
    .slice(root.length)
    .split(sep === "\\" ? /[\\/]+/ : /\/+/)
    .filter((segment) => segment !== "");
  return [...matches(root, segments)];
}

function* matches(folder: string, segments: readonly string[]): Generator<string> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  if (segment === "**") {
    if (rest.length > 0) yield* matches(folder, rest);
    for (const entry of list(folder)) {
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      // Links to folders are not followed: they may lead back up.
      if (entry.isDirectory()) yield* matches(path, segments);
      else if (rest.length === 0 && isFile(path)) yield path;
    }
    return;
  }
  for (const name of isGlob(segment) ? matchingNames(folder, segment) : [segment]) {
    const path = join(folder, name);
    if (rest.length > 0) yield* matches(path, rest);
    else if (existsSync(path)) yield path;
  }
}

function matchingNames(folder: string, segment: string): string[] {
  const expression = toExpression(segment);
  return list(folder)
    .map((entry) => entry.name)
    .filter((name) => expression.test(name) && (segment.startsWith(".") || !name.startsWith(".")));
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder === "" ? "." : folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The regular expression of one segment. A "[" without its "]" stands for itself. */
function toExpression(segment: string): RegExp {
  const source = segment.replaceAll(/\[(!?)([^\]]+)\]|\*+|\?|[\\^$.|+()[\]{}]/g, (found, not: string, set?: string) => {
    if (set !== undefined) return `[${not === "" ? "" : "^"}${set.replaceAll(/[\\^[]/g, "\\$&")}]`;
    if (found.startsWith("*")) return ".*";
    return found === "?" ? "." : `\\${found}`;
  });
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    // A range that runs backwards, such as [z-a], holds nothing.
    return /(?!)/;
  }
}
