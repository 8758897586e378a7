/** Where captures come from: the fixtures always, other projects' captures and the labs where they lie beside the repository. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FIXTURES = join(ROOT, "fixtures");
const CORPUS = process.env["HOPSCOPE_CORPUS"] ?? join(ROOT, "../shared/corpus");
const LABS = join(CORPUS, "../labs");

export interface CaptureOnDisk {
  /** Path for messages: "corpus/tcpdump/tests/x.pcap". */
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** Files that begin as a capture does, or as gzip, zstd and lz4 do; sorted by name, so that a seed says which was taken. */
function capturesBelow(folder: string, label: string, maxBytes: number): CaptureOnDisk[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  const found: CaptureOnDisk[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = statSync(path);
    if (size < 4 || size > maxBytes || !isCapture(path)) continue;
    found.push({ name: `${label}/${relative(folder, path)}`, path, size });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const MAGICS = new Set([
  "a1b2c3d4",
  "d4c3b2a1",
  "a1b23c4d",
  "4d3cb2a1",
  "a1b2cd34",
  "34cdb2a1",
  "0a0d0d0a",
  "28b52ffd",
  "04224d18",
]);

function isCapture(path: string): boolean {
  const magic = readFileSync(path).toString("hex", 0, 4);
  return MAGICS.has(magic) || magic.startsWith("1f8b");
}

export function fixtureCaptures(): CaptureOnDisk[] {
  return capturesBelow(FIXTURES, "fixtures", 1e6);
}

/** Empty where the corpus is not here. */
export function corpusCaptures(folder: string, maxBytes: number): CaptureOnDisk[] {
  return capturesBelow(join(CORPUS, folder), folder ? `corpus/${folder}` : "corpus", maxBytes);
}

export function labCaptures(maxBytes: number): CaptureOnDisk[] {
  return capturesBelow(LABS, "labs", maxBytes);
}
