/**
 * What the build writes, from what, and whether it is up to date.
 *
 * ```
 * asconfig.json, engine/kernel/assembly, layer-kind.ts ──asc──► out/kernel/kernel.wasm
 * src-shared, src-main, src-renderer, configuration ──electron-vite──► out/main/<entry>.js, out/preload/preload.cjs,
 *                                                                     out/renderer/index.html
 * ```
 *
 * As a program (`node build/outputs.js`) it exits with 0 if everything is up to date, otherwise with 1, naming the output.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export const kernelOutput = "out/kernel/kernel.wasm";

/** The import rules let the kernel reach no other file outside its folder. */
const kernelInputs = [
  "asconfig.json",
  "package-lock.json",
  "src-main/engine/kernel/assembly",
  "src-shared/model/layer-kind.ts",
];
const mainInputs = [
  "electron.vite.config.ts",
  "tsconfig.base.json",
  "package-lock.json",
  "build/outputs.js",
  "src-main",
  "src-shared",
];

/** Files of out/main (without ".js") and the source each starts from. */
const entries = {
  cli: "src-main/hosts/cli/main.ts",
  "decode-worker": "src-main/engine/decode/decode-worker.ts",
  "engine-thread": "src-main/engine/service/engine-thread.ts",
  electron: "src-main/hosts/electron/main.ts",
  "analysis-thread": "src-main/engine/analysis/analysis-thread.ts",
  "generator-thread": "src-main/engine/live/generator-thread.ts",
};

/** Files of out/preload (without ".cjs"). */
const preloads = { preload: "src-main/hosts/electron/preload.ts" };

/**
 * The entries whose source exists: name of the output -> source, relative to the root.
 * @returns {Record<string, string>}
 */
export function mainEntries() {
  return Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(root, source))));
}

/** @returns {Record<string, string>} */
export function preloadEntries() {
  return preloads;
}

/** @returns {boolean} */
export function isKernelStale() {
  return isStale([kernelOutput], kernelInputs);
}

/** @returns {boolean} */
export function isMainStale() {
  return isStale(
    [
      ...Object.keys(mainEntries()).map((name) => `out/main/${name}.js`),
      ...Object.keys(preloadEntries()).map((name) => `out/preload/${name}.cjs`),
    ],
    mainInputs,
  );
}

/** @returns {boolean} */
export function isRendererStale() {
  return isStale(
    ["out/renderer/index.html"],
    ["electron.vite.config.ts", "tsconfig.base.json", "package-lock.json", "src-renderer", "src-shared"],
  );
}

/**
 * True if an output is missing or older than the newest input.
 * @param {string[]} outputs
 * @param {string[]} inputs
 */
function isStale(outputs, inputs) {
  const newest = Math.max(...inputs.map((input) => newestTimeMs(join(root, input))));
  return outputs.some((output) => newestTimeMs(join(root, output)) < newest);
}

/**
 * Of a file, or of everything below a folder (folders count too: a deletion changes them); 0 if there is none.
 * @param {string} path
 * @returns {number}
 */
function newestTimeMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestTimeMs(join(path, name))), stat.mtimeMs);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const stale = [
    isKernelStale() && kernelOutput,
    isMainStale() && "out/main",
    isRendererStale() && "out/renderer",
  ].filter(Boolean);
  if (stale.length > 0) {
    console.log(`to be built: ${stale.join(", ")}`);
    process.exitCode = 1;
  }
}
