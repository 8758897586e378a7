#!/usr/bin/env node
/**
 * Stands in for Electron's binary where there is none: started like it (`electron [switches] <application's folder> [files]`), it
 * runs the application's main module in plain Node, with the module "electron" resolved to electron-module.ts.
 *
 * ```
 * playwright's _electron.launch, or `hopscope open` (ELECTRON_EXEC_PATH)
 *   └─► this process: Node inspector, out/main/electron.js ── import "electron" ──► electron-module.ts
 *          └─► Chromium (headless), spoken to over CDP: every BrowserWindow is one of its windows,
 *              the preload script runs in an isolated world of its page
 * ```
 *
 * It cannot show native menus and dialogs, fuses, the operating system's sandbox, or Electron's own enforcement of web preferences.
 */
import { readFileSync } from "node:fs";
import inspector from "node:inspector";
import Module, { register } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runnerImport } from "vite";

const switches = process.argv.slice(2).filter((argument) => argument.startsWith("-"));
const [folder, ...files] = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
if (folder === undefined) throw new Error("electron stand-in: name the application's folder");

if (switches.some((name) => name.startsWith("--inspect"))) inspector.open(0);

/** @type {{ module: Record<string, unknown> }} */
const { module: electron } = await runnerImport(resolve(import.meta.dirname, "electron-module.ts"), {
  configFile: false,
  logLevel: "error",
});

// import … from "electron": a module of the same names, that takes the values from here.
Object.assign(globalThis, { electronStandIn: electron });
const names = Object.keys(electron);
const source = names.map((name) => `export const ${name} = globalThis.electronStandIn.${name};`).join("\n");
const loader = `export async function resolve(specifier, context, next) {
  if (specifier !== "electron") return next(specifier, context);
  return { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(source)}`)}, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(loader)}`);
// require("electron"): Playwright's app.evaluate.
const cjs = /** @type {{ _load: (request: string, ...more: unknown[]) => unknown }} */ (
  /** @type {unknown} */ (Module)
);
const load = cjs._load;
cjs._load = (request, ...more) => (request === "electron" ? electron : load.call(Module, request, ...more));

process.argv = [process.argv[0] ?? "node", folder, ...files];
// For tests that need to reach into the process before the application starts.
const before = process.env.ELECTRON_STAND_IN_IMPORT;
if (before) await import(pathToFileURL(before).href);
const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
await import(pathToFileURL(resolve(folder, main)).href);
