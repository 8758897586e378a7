/**
 * Bundles the Node side. Entry list: build/outputs.js.
 *
 * ```
 * out/main/cli.js  out/main/decode-worker.js  out/main/<shared chunk>-<hash>.js   (one folder: a module finds
 * out/kernel/kernel.wasm beside it, whichever file it was bundled into)
 * ```
 *
 * Preload and renderer follow with the user interface.
 */
import { defineConfig, type UserConfig } from "electron-vite";
import { mainEntries } from "./build/outputs.js";

// electron-vite asks the installed electron package for its version, to choose defaults. The build does not need
// electron: the same output also runs in plain Node.
process.env.ELECTRON_MAJOR_VER ||= "45";

const input = mainEntries();

const main: NonNullable<UserConfig["main"]> = {
  build: {
    // The oldest Node that is supported; Electron's is newer.
    target: "node20.19",
    sourcemap: true,
    rolldownOptions: {
      input,
      output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    },
  },
};

export default defineConfig(Object.keys(input).length > 0 ? { main } : {});
