/**
 * Bundles the Node side and the window's preload script. Entry lists: build/outputs.js.
 *
 * ```
 * out/main/cli.js  out/main/decode-worker.js  out/main/<shared chunk>-<hash>.js   (one folder: a module finds
 * out/kernel/kernel.wasm beside it, whichever file it was bundled into)
 * out/preload/preload.cjs    one file, CommonJS: a sandboxed preload script may load nothing but electron
 * out/renderer/index.html, its script and style sheet    the user interface (src-renderer)
 * ```
 *
 * Packages are bundled in, so that the packaged application carries no node_modules.
 */
import { defineConfig, type UserConfig } from "electron-vite";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { mainEntries, preloadEntries } from "./build/outputs.js";

// electron-vite asks the installed electron package for its version, to choose defaults. The build does not need
// electron: the same output also runs in plain Node.
process.env.ELECTRON_MAJOR_VER ||= "45";

const main: NonNullable<UserConfig["main"]> = {
  build: {
    // The oldest Node that is supported; Electron's is newer.
    target: "node20.19",
    sourcemap: true,
    externalizeDeps: false,
    rolldownOptions: {
      input: mainEntries(),
      output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    },
  },
};

const preload: NonNullable<UserConfig["preload"]> = {
  build: {
    sourcemap: true,
    externalizeDeps: false,
    rolldownOptions: {
      input: preloadEntries(),
      output: { format: "cjs", entryFileNames: "[name].cjs" },
    },
  },
};

const renderer: NonNullable<UserConfig["renderer"]> = {
  root: "src-renderer",
  plugins: [svelte({ configFile: false })],
  build: {
    // Electron 45 has Chromium 15x; browsers of the last two years are meant too (popover, CSS nesting, color-mix).
    target: "chrome120",
    outDir: "out/renderer",
    emptyOutDir: true,
    sourcemap: true,
    // The content security policy has no place for data URLs of scripts and styles.
    assetsInlineLimit: 0,
    rolldownOptions: { input: "src-renderer/index.html", checks: { pluginTimings: false } },
  },
};

export default defineConfig({ main, preload, renderer });
